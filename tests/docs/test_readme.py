from __future__ import annotations

import re
import textwrap

import pytest

from airflow_provider_reach import DeliveryPolicy, ReachHook
from airflow_provider_reach.sandbox.scenes import health_scene
from tests.docs.pages import DOCS, README, ROOT, blocks
from tests.docs.test_commands import shows

TEXT = README.read_text(encoding="utf-8")


def test_every_python_block_is_a_part_of_the_file_it_names() -> None:
    quoted = re.findall(r"^<!-- (\S+) -->\n```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)

    assert len(quoted) == TEXT.count("```python") > 0
    for path, code in quoted:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert code in source or textwrap.indent(code, "    ") in source, path


def test_the_message_is_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with health_scene() as reach:
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
        said = str(ReachHook().check_delivery(webhook_name="bounces", policy=DeliveryPolicy()))

    for page in (README, DOCS / "index.md"):
        message = next(block.text for block in blocks(page) if not block.kind)
        assert message.startswith("FAILED: webhook 'bounces'")
        assert shows(said, (message,)), page


def test_every_file_it_names_is_there() -> None:
    named = re.findall(r"`((?:example_dags|airflow_provider_reach|scripts|tests)/[\w/.]+)`", TEXT)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_make_target_it_names_is_there() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = set(re.findall(r"make ([a-z]+)\b(?= +#|`)", TEXT))
    assert named
    assert named <= {*targets}


def test_every_page_it_links_is_there() -> None:
    linked = re.findall(r"\]\((?!http)([^)#]+)", TEXT)
    assert linked
    assert [name for name in linked if not (ROOT / name).exists()] == []


def test_it_leads_to_every_page() -> None:
    linked = {(ROOT / name).resolve() for name in re.findall(r"\]\((?!http)([^)#]+)", TEXT)}
    assert {*DOCS.glob("*.md")} - linked == {DOCS / "index.md", DOCS / "changelog.md"}


def test_it_is_one_screen_and_a_bit() -> None:
    assert len(TEXT.splitlines()) <= 100
