from __future__ import annotations

import re

from tests.docs.pages import DOCS, ROOT

CORE = ROOT / "airflow_provider_reach" / "core"


def test_every_module_that_decides_was_broken_on_purpose() -> None:
    page = (DOCS / "proof" / "mutation.md").read_text(encoding="utf-8")
    modules = {".".join(path.relative_to(CORE).with_suffix("").parts) for path in CORE.rglob("*.py")}
    modules = {name for name in modules if not name.endswith("__init__")}

    assert set(re.findall(r"^\| `([\w.]+)` \| \d", page, re.MULTILINE)) == modules | {"client.body"}
