from __future__ import annotations

import re

from tests.docs.pages import DOCS, ROOT


def test_every_module_that_decides_was_broken_on_purpose() -> None:
    page = (DOCS / "proof" / "mutation.md").read_text(encoding="utf-8")
    modules = {path.stem for path in (ROOT / "airflow_provider_reach" / "core").glob("*.py")}

    assert set(re.findall(r"^\| `(\w+)` \| \d", page, re.MULTILINE)) == modules - {"__init__"}
