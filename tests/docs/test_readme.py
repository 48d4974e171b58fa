from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_code_is_the_health_dag_as_it_is_in_its_file() -> None:
    quoted = re.search(r"<!-- (\S+) -->\n```python\n(.*?)```", README, re.DOTALL)
    assert quoted is not None
    assert quoted[2] == (ROOT / quoted[1]).read_text(encoding="utf-8")


def test_the_tasks_of_the_declare_dag_are_those_of_its_file() -> None:
    quoted = re.findall(r"<!-- (\S+) -->\n```python\n(.*?)```", README, re.DOTALL)[1]
    assert textwrap.indent(quoted[1], "    ") in (ROOT / quoted[0]).read_text(encoding="utf-8")


def test_every_file_it_names_is_there() -> None:
    named = re.findall(r"`((?:example_dags|airflow_provider_reach|scripts|tests)/[\w/.]+)`", README)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_make_target_it_names_is_there() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"make ([a-z]+)\b(?= +#|`)", README)) <= {*targets}


def test_the_template_of_the_docs_is_that_of_the_hourly_dag() -> None:
    quoted = re.search(
        r"<!-- (\S+) -->\n```python\n(.*?)```", (ROOT / "docs/watching.md").read_text("utf-8"), re.DOTALL
    )
    assert quoted is not None
    assert quoted[2] in (ROOT / quoted[1]).read_text(encoding="utf-8")


def test_every_page_it_links_is_there() -> None:
    linked = re.findall(r"\]\((?!http)([^)#]+)", README)
    assert linked
    assert [name for name in linked if not (ROOT / name).exists()] == []
