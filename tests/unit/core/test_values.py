from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Any

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.values import (
    UNNAMED,
    choice,
    count,
    duration,
    flag,
    is_not_given,
    is_rendered_none,
    no_text,
    read,
    read_duration,
    read_instant,
    read_text,
    text_of,
)
from tests.unit.core.helpers import HOUR, MINUTE, bounded

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (90 * MINUTE, 90 * MINUTE),
        (pendulum.duration(hours=1), HOUR),
        (0, timedelta(0)),
        (90, 90 * SECOND),
        (0.5, SECOND / 2),
        ("90", 90 * SECOND),
        (" 90.0 ", 90 * SECOND),
        ("1h", HOUR),
        ("90m", 90 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("1h 30m", 90 * MINUTE),
        ("1 h 30 min", 90 * MINUTE),
        ("45 min", 45 * MINUTE),
        ("1 hour 1 minute 1 second", HOUR + MINUTE + SECOND),
        ("2 hours  30\tminutes", 150 * MINUTE),
        ("1.5h", 90 * MINUTE),
        ("90s", 90 * SECOND),
        ("90 sec", 90 * SECOND),
        ("1d2h", 26 * HOUR),
        ("2 days", 48 * HOUR),
        ("1w", 168 * HOUR),
        ("1 day 2 hours", 26 * HOUR),
        ("01:30:00", 90 * MINUTE),
        ("1:30:00", 90 * MINUTE),
        ("26:00:00", 26 * HOUR),
        ("0:00:00.500000", SECOND / 2),
        ("1 day, 0:00:00", 24 * HOUR),
        ("2 days, 1:00:00", 49 * HOUR),
        ("PT45M", 45 * MINUTE),
        ("PT1H30M", 90 * MINUTE),
        ("P1DT2H", 26 * HOUR),
        ("P1D", 24 * HOUR),
        ("PT90S", 90 * SECOND),
        ("pt45m", 45 * MINUTE),
    ],
)
def test_a_duration_that_is_clear_is_taken(value: Any, read: timedelta) -> None:
    assert duration(value) == read


@pytest.mark.parametrize(
    "value",
    [
        *("90:00", "01:30", "1:60:00", "1:00:60", ":30:00", "1 day, ", "-1 day, 23:00:00"),
        *(
            "1M",
            "1 month",
            "1y",
            "P1M",
            "P1Y",
            "P1W",
            "1m1h",
            "1h1h",
            "1 h m",
            "h",
            "1,5h",
            "-1h",
            "PT-1H",
            "-PT1H",
        ),
        *(
            "P",
            "PT",
            "soon",
            "",
            " ",
            "nan",
            "inf",
            "-1",
            "1e300",
            f"{'9' * 400}h",
            f"P{'9' * 400}D",
            f"{'9' * 400}:00:00",
        ),
        *(None, True, False, -1, float("nan"), [], {}, timedelta(-1), b"90"[:0]),
    ],
)
def test_a_duration_that_is_not_clear_is_refused_with_the_forms(value: Any) -> None:
    with pytest.raises(ReachInputError) as refused:
        read_duration("min_age", value)
    said = str(refused.value)
    assert said.startswith("Nothing was sent: the watch was refused:")
    assert "min_age must be a duration from 0, such as " in said
    assert all(form in said for form in ("timedelta(hours=1)", "3600 (seconds)", "'1h'", "'01:00:00'", "'PT1H'"))
    assert len(said) < 600


@bounded
@given(st.timedeltas(min_value=timedelta(0)))
def test_what_a_template_makes_of_a_duration_is_that_duration(value: timedelta) -> None:
    assert duration(str(value)) == value


@pytest.mark.parametrize("value", [90 * SECOND, 26 * HOUR, timedelta(days=9, hours=2, seconds=3)])
def test_a_pendulum_duration_as_text_is_that_duration(value: timedelta) -> None:
    assert duration(str(pendulum.duration(seconds=value.total_seconds()))) == value


def test_a_long_text_is_refused_at_once() -> None:
    for text in ("1d" + " " * 50_000 + "x", "1" * 50_000 + "x", "1 " * 50_000, "1.0" * 20_000):
        with pytest.raises(ValueError, match="a duration from 0"):
            duration(text)


@pytest.mark.parametrize(
    ("value", "read"),
    [(10, 10), (10.0, 10), ("10", 10), (" 10.0 ", 10), ("10.000", 10), (Decimal("10.0"), 10), (0.0, 0), ("+2", 2)],
)
def test_a_count_may_be_written_as_json_and_templates_do(value: Any, read: int) -> None:
    assert count(value) == read


@pytest.mark.parametrize("value", [10.5, "10.5", "10.", ".0", "1e1", 1e300, float("inf"), "ten", True, [10], -1, -1.0])
def test_what_is_no_whole_number_is_no_count(value: Any) -> None:
    with pytest.raises(ValueError, match="^a whole number from 0$"):
        count(value)


NOT_GIVEN = ["", " \n", None, "None", " NONE", "none", "null", "Null\n"]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        *((value, True) for value in (True, 1, "True", " TRUE\n", "1", "yes", "YES", "on")),
        *((value, False) for value in (False, 0, "False", " false", "0", "no", "No", "off")),
        *((value, None) for value in NOT_GIVEN),
    ],
)
def test_a_switch_is_read_by_one_rule(value: Any, read: bool | None) -> None:
    assert flag(value) is read


@pytest.mark.parametrize("value", ["perhaps", "y", "2", 2, 1.0, [True], (1,), {"true": 1}, "9" * 5000])
def test_what_is_no_switch_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="^True or False$"):
        flag(value)


class Endless:
    def __str__(self) -> str:
        raise RecursionError


@pytest.mark.parametrize(
    ("reader", "value", "says"),
    [
        (flag, 10**5000, "True or False"),
        (flag, Endless(), "True or False"),
        (partial(choice, known=("200", "2xx")), 10**5000, "'200' or '2xx'"),
    ],
    ids=["digits", "endless", "choice"],
)
def test_what_has_no_text_is_no_value_of_any_kind(reader: Any, value: object, says: str) -> None:
    with pytest.raises(ReachInputError, match=f"a_switch must be {says}"):
        read(reader, "a_switch", value, "a task")


@pytest.mark.parametrize("value", ["update", " Update\n", "UPDATE"])
def test_a_choice_is_read_in_any_case(value: str) -> None:
    assert choice(value, ("reuse", "update", "fail")) == "update"


def test_a_choice_may_have_become_a_number() -> None:
    assert choice(200, ("200", "2xx")) == "200"


@pytest.mark.parametrize("value", ["", None, "None", "updated", 200.0, True, ["update"]])
def test_no_other_choice_is_taken(value: Any) -> None:
    with pytest.raises(ValueError, match="^'reuse', 'update' or 'fail'$"):
        choice(value, ("reuse", "update", "fail"))


@pytest.mark.parametrize("value", NOT_GIVEN)
def test_what_is_not_given(value: Any) -> None:
    assert is_not_given(value)


@pytest.mark.parametrize("value", [0, False, [], {}, "nothing", "nulls", "None of them"])
def test_what_is_given(value: Any) -> None:
    assert not is_not_given(value)
    assert not is_rendered_none(value)


def test_only_what_a_template_renders_of_none_stands_for_it_in_a_free_text() -> None:
    assert [value for value in NOT_GIVEN if is_rendered_none(value)] == [None, "None", "null"]


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (" orders\n", "orders"), ("None", ""), ("null", ""), ("none", "none")]
)
def test_a_text_is_stripped(value: str | None, text: str) -> None:
    assert read_text("name_pattern", value, "a task") == text_of(value) == text


def test_a_webhook_may_be_named_null() -> None:
    assert [text_of(name, UNNAMED) for name in ("null", "None", " None ")] == ["null", "", ""]
    assert read_text("webhook_name", "null", "a task", UNNAMED) == "null"


@pytest.mark.parametrize(("value", "cure"), [(7, True), (1.5, True), (["orders"], False), (b"orders", False)])
def test_what_is_not_a_text_is_refused_with_how_to_make_it_one(value: Any, cure: bool) -> None:
    with pytest.raises(ReachInputError) as refused:
        read_text("webhook_name", value, "the look at a webhook")
    [problem] = refused.value.problems
    assert problem.startswith(f"webhook_name must be a text, not {value!r} ({type(value).__name__}).")
    assert ("end the expression with '| string'" in problem) is cure
    assert repr(value) not in no_text("webhook_name", value, secret=True)


def test_what_is_refused_of_a_watch_is_shown() -> None:
    with pytest.raises(ReachInputError) as refused_duration:
        read_duration("outage_tolerance", "soon")
    with pytest.raises(ReachInputError) as refused_instant:
        read_instant("deadline", "soon")
    for refused in (refused_duration, refused_instant):
        assert str(refused.value).startswith("Nothing was sent: the watch was refused:")
        assert str(refused.value).endswith(", not 'soon'.")


def test_a_time_before_the_calendar_is_refused() -> None:
    before = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
    with pytest.raises(ReachInputError, match="watched_from must be a time"):
        read_instant("watched_from", before)
