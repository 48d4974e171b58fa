from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.policy import DeliveryPolicy, read_duration, read_instant
from tests.core.helpers import HOUR, MINUTE, NOW, bounded


def test_the_defaults_are_those_of_the_design() -> None:
    policy = DeliveryPolicy()
    assert (policy.max_undelivered, policy.min_age, policy.min_attempts) == (10, HOUR, 6)
    assert (policy.max_at_risk, policy.at_risk_after, policy.max_lost) == (0, 4 * HOUR, 0)
    assert (policy.ignore_lost_before, policy.drain, policy.allow_inactive) == (None, False, False)
    assert (policy.on_cut, policy.retry_window, policy.max_attempts) == ("fail", 8 * HOUR, 12)


def test_what_follows_from_the_defaults() -> None:
    assert DeliveryPolicy().lost_after == 8 * HOUR + 15 * MINUTE
    assert DeliveryPolicy().longest_wait == HOUR + 15 * MINUTE
    assert DeliveryPolicy(drain=True).longest_wait == 8 * HOUR + 30 * MINUTE


def test_every_value_may_be_text_as_templates_render_it() -> None:
    given_: dict[str, Any] = {
        "max_undelivered": "3",
        "min_age": "1800",
        "min_attempts": " 2 ",
        "max_at_risk": "1",
        "at_risk_after": "7200.0",
        "max_lost": "0",
        "ignore_lost_before": "2026-01-31T03:00:00+01:00",
        "drain": "True",
        "allow_inactive": "false",
        "retry_window": 14400,
        "max_attempts": "8",
    }
    assert DeliveryPolicy(**given_) == DeliveryPolicy(
        max_undelivered=3,
        min_age=HOUR / 2,
        min_attempts=2,
        max_at_risk=1,
        at_risk_after=2 * HOUR,
        max_lost=0,
        ignore_lost_before=NOW,
        drain=True,
        allow_inactive=False,
        retry_window=4 * HOUR,
        max_attempts=8,
    )


@pytest.mark.parametrize("empty", [None, "", "  ", "None", "null"])
def test_no_time_to_ignore_losses_before(empty: Any) -> None:
    assert DeliveryPolicy(ignore_lost_before=empty).ignore_lost_before is None


@pytest.mark.parametrize(
    "instant",
    [
        NOW,
        NOW.replace(tzinfo=None),
        NOW.astimezone(timezone(timedelta(hours=9))),
        pendulum.instance(NOW),
        "2026-01-31T02:00:00Z",
        "2026-01-31 02:00:00",
        "2026-01-31T02:00:00.000000+00:00",
    ],
)
def test_a_time_to_ignore_losses_before(instant: Any) -> None:
    assert DeliveryPolicy(ignore_lost_before=instant).ignore_lost_before == NOW


@pytest.mark.parametrize("name", ["max_undelivered", "min_attempts", "max_at_risk", "max_lost", "max_attempts"])
@pytest.mark.parametrize("value", [-1, 1.5, "many", None, True, "", "9" * 5000])
def test_a_count_is_a_whole_number_from_0(name: str, value: Any) -> None:
    with pytest.raises(ReachInputError, match=rf"{name} must be a whole number from 0, not "):
        DeliveryPolicy(**{name: value})


@pytest.mark.parametrize("name", ["min_age", "at_risk_after", "retry_window"])
@pytest.mark.parametrize("value", [-1, timedelta(-1), "1 h", None, True, "nan", "inf", "1e300", []])
def test_a_duration_is_a_timedelta_or_seconds(name: str, value: Any) -> None:
    with pytest.raises(ReachInputError, match=rf"{name} must be a timedelta or a number of seconds from 0, not "):
        DeliveryPolicy(**{name: value})


@pytest.mark.parametrize("name", ["drain", "allow_inactive"])
@pytest.mark.parametrize("value", ["perhaps", None, 2, ""])
def test_a_flag_is_true_or_false(name: str, value: Any) -> None:
    with pytest.raises(ReachInputError, match=f"{name} must be True or False, not "):
        DeliveryPolicy(**{name: value})


@pytest.mark.parametrize(("value", "read"), [("1", True), (" TRUE ", True), (1, True), ("0", False), ("False", False)])
def test_a_flag_may_be_text(value: Any, read: bool) -> None:
    assert DeliveryPolicy(drain=value).drain is DeliveryPolicy(allow_inactive=value).allow_inactive is read


@pytest.mark.parametrize("value", ["yesterday", "2026-01-31", "10:00", 5, "9999-12-31T23:59:59-14:00"])
def test_a_time_has_a_date_and_a_time_of_day(value: Any) -> None:
    with pytest.raises(ReachInputError, match=r"ignore_lost_before must be a time such as 2026-01-31T02:00:00Z"):
        DeliveryPolicy(ignore_lost_before=value)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"on_cut": "ignore"}, "on_cut must be 'fail' or 'warn', not 'ignore'"),
        ({"min_age": 0, "at_risk_after": 0}, "at_risk_after must be above 0"),
        ({"at_risk_after": 8 * HOUR + timedelta(seconds=1)}, "within retry_window"),
        ({"retry_window": timedelta(days=31)}, "30 days at the most"),
        ({"retry_window": timedelta.max}, "30 days at the most"),
        ({"min_age": 4 * HOUR + timedelta(seconds=1)}, "min_age must not be above at_risk_after"),
        ({"max_attempts": 1}, "max_attempts must be 2 or more"),
    ],
)
def test_what_contradicts_itself_is_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ReachInputError, match="^Nothing was sent: the delivery policy was refused:") as refused:
        DeliveryPolicy(**values)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "values",
    [
        {"at_risk_after": 8 * HOUR},
        {"min_age": 4 * HOUR},
        {"min_age": 0},
        {"max_attempts": 2},
        {"retry_window": timedelta(days=30)},
        {"max_undelivered": 0, "min_attempts": 0},
        {"on_cut": "warn"},
    ],
)
def test_the_limits_themselves_are_allowed(values: dict[str, Any]) -> None:
    assert DeliveryPolicy(**values).lost_after > timedelta(0)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ReachInputError) as refused:
        DeliveryPolicy(max_lost="x", min_age="x", drain="x", ignore_lost_before="x", on_cut="x")  # type: ignore[arg-type]
    assert len(refused.value.problems) == 5
    assert all(problem.endswith(", not 'x'.") for problem in refused.value.problems)


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.timedeltas()
FIELDS = list(DeliveryPolicy.__dataclass_fields__)


@bounded
@given(st.dictionaries(st.sampled_from(FIELDS), anything | st.datetimes(timezones=st.none() | st.timezones())))
def test_any_value_is_taken_or_refused_in_a_bounded_message(values: dict[str, Any]) -> None:
    try:
        policy = DeliveryPolicy(**values)
    except ReachInputError as refused:
        assert len(str(refused)) < 3000
    else:
        assert isinstance(policy.longest_wait, timedelta)
        assert isinstance(datetime(2026, 1, 1) - policy.lost_after, datetime)


@pytest.mark.parametrize(("value", "seconds"), [(timedelta(minutes=2), 120), (0, 0), ("90", 90)])
def test_a_duration_may_come_from_a_template(value: timedelta | float | str, seconds: float) -> None:
    assert read_duration("outage_tolerance", value).total_seconds() == seconds


@pytest.mark.parametrize("value", ["abc", "", None, -1, True])
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(ReachInputError, match="outage_tolerance must be a timedelta or a number of seconds from 0"):
        read_duration("outage_tolerance", value)


def test_what_is_refused_of_a_watch_is_shown() -> None:
    with pytest.raises(ReachInputError) as duration:
        read_duration("outage_tolerance", "soon")
    with pytest.raises(ReachInputError) as instant:
        read_instant("deadline", "soon")
    for refused in (duration, instant):
        assert str(refused.value).startswith("Nothing was sent: the watch was refused:")
        assert str(refused.value).endswith(", not 'soon'.")


@pytest.mark.parametrize("name", ["max_undelivered", "min_age", "drain", "ignore_lost_before", "on_cut"])
def test_a_value_nested_too_deep_is_refused_by_name(name: str) -> None:
    value: Any = 1
    for _ in range(3000):
        value = [value]
    with pytest.raises(ReachInputError, match=name):
        DeliveryPolicy(**{name: value})


def test_a_time_before_the_calendar_is_refused() -> None:
    before = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
    with pytest.raises(ReachInputError, match="watched_from must be a time"):
        read_instant("watched_from", before)


@pytest.mark.parametrize(("most", "at_risk"), [(2, 1), (3, 1), (4, 2), (12, 10)])
def test_with_two_attempts_left_at_the_most_a_batch_is_at_risk(most: int, at_risk: int) -> None:
    assert DeliveryPolicy(max_attempts=most).at_risk_attempts == at_risk
