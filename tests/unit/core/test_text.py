from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.text import is_uuid, one_line, shown, unfolded
from tests.unit.core.helpers import ID, bounded, nested


@pytest.mark.parametrize("text", [ID, ID.upper()])
def test_a_uuid(text: str) -> None:
    assert is_uuid(text)


@bounded
@given(st.text() | st.uuids().map(lambda uuid: "{" + str(uuid) + "}") | st.uuids().map(lambda uuid: uuid.hex))
def test_whatever_is_no_uuid_never_becomes_part_of_a_path(text: str) -> None:
    assert not is_uuid(text)


def test_a_long_value_in_a_message_is_cut() -> None:
    assert shown("a" * 100) == "'" + "a" * 58 + "…"
    assert shown("a" * 58) == "'" + "a" * 58 + "'"


@bounded
@given(st.text(max_size=300))
def test_a_value_in_a_message_is_one_bounded_line(text: str) -> None:
    assert len(shown(text)) <= 60
    assert shown(text).isprintable()


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


@pytest.mark.parametrize("value", [10**5000, nested(100_000), Mute()], ids=["number", "list", "object"])
def test_what_cannot_be_shown_is_named_by_its_type(value: object) -> None:
    assert shown(value) == f"a {type(value).__name__} that cannot be shown"


@pytest.mark.parametrize(
    ("text", "told"),
    [("::group::a", ": :group::a"), ("a ::endgroup::", "a : :endgroup::"), ("a::b", "a::b"), ("group::", "group::")],
)
def test_what_airflow_s_log_would_fold_away_is_told_apart(text: str, told: str) -> None:
    assert unfolded(text) == told


@bounded
@given(st.text(max_size=2000), st.integers(10, 400))
def test_one_line_is_one_printable_bounded_line(text: str, most: int) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert line.isprintable()
    assert line == line.strip()


def test_one_line_shows_that_it_was_cut() -> None:
    assert one_line("a" * 20, 10) == "aaaaaaaaa…"
    assert one_line("a" * 10, 10) == "a" * 10
    assert one_line("a\n\tb\x00c\u202ed  e") == "a b c d e"
