from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.policy import DeliveryPolicy, default_timeout
from tests.unit.core.helpers import HOUR, MINUTE, NOW, bounded


def test_the_defaults_are_those_of_the_design() -> None:
    policy = DeliveryPolicy()
    assert (policy.max_undelivered, policy.min_age, policy.min_attempts) == (10, HOUR, 6)
    assert (policy.max_at_risk, policy.at_risk_after, policy.max_lost) == (0, 4 * HOUR, 0)
    assert (policy.ignore_lost_before, policy.drain, policy.allow_inactive) == (None, False, False)
    assert (policy.delivered_by, policy.max_silence) == ("200", None)
    assert (policy.on_cut, policy.retry_window, policy.max_attempts) == ("fail", 8 * HOUR, 12)


def test_what_follows_from_the_defaults() -> None:
    assert DeliveryPolicy().lost_after == 8 * HOUR + 15 * MINUTE
    assert DeliveryPolicy().longest_wait == HOUR + 15 * MINUTE
    assert DeliveryPolicy(drain=True).longest_wait == 8 * HOUR + 30 * MINUTE


def test_every_value_may_be_text_as_templates_render_it() -> None:
    given_: dict[str, Any] = {
        "max_undelivered": 3.0,
        "min_age": "PT30M",
        "min_attempts": " 2 ",
        "max_at_risk": "1",
        "at_risk_after": "7200.0",
        "max_lost": "0.0",
        "max_silence": "1 day, 2:00:00",
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
        max_silence=26 * HOUR,
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
@pytest.mark.parametrize("value", [-1, timedelta(-1), "1 x", None, True, "nan", "inf", "1e300", []])
def test_a_duration_is_a_timedelta_or_seconds_or_its_text(name: str, value: Any) -> None:
    with pytest.raises(ReachInputError, match=rf"{name} must be a duration from 0, such as .*'1h', .* or 'PT1H', not "):
        DeliveryPolicy(**{name: value})


@pytest.mark.parametrize("off", [None, "", " ", "None", "null"])
def test_no_limit_of_silence(off: Any) -> None:
    assert DeliveryPolicy(max_silence=off).max_silence is DeliveryPolicy().max_silence is None


@pytest.mark.parametrize("limit", ["6h", 21600, "21600.0", "06:00:00", "PT6H", timedelta(hours=6)])
def test_a_limit_of_silence(limit: Any) -> None:
    assert DeliveryPolicy(max_silence=limit).max_silence == 6 * HOUR


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (0, "max_silence must be a duration above 0, or None for no limit, not 0."),
        ("00:00:00", "max_silence must be a duration above 0, or None for no limit, not '00:00:00'."),
        ("soon", "or 'PT1H', or None for no limit, not 'soon'."),
        (-1, "or None for no limit, not -1."),
        (False, "or None for no limit, not False."),
    ],
)
def test_a_limit_of_silence_is_above_0(value: Any, says: str) -> None:
    with pytest.raises(ReachInputError) as refused:
        DeliveryPolicy(max_silence=value)
    assert refused.value.problems[0].endswith(says)


@pytest.mark.parametrize(
    ("given_", "read"), [("200", "200"), (200, "200"), (" 200 ", "200"), ("2xx", "2xx"), ("2XX", "2xx")]
)
def test_which_answers_deliver_as_templates_render_it(given_: Any, read: str) -> None:
    assert DeliveryPolicy(delivered_by=given_).delivered_by == read


@pytest.mark.parametrize("value", ["", None, 2, 202, "201", 200.5, True, ["200"], {"2xx"}])
def test_no_other_answers_deliver(value: Any) -> None:
    with pytest.raises(ReachInputError, match="delivered_by must be '200' or '2xx', not "):
        DeliveryPolicy(delivered_by=value)


@pytest.mark.parametrize("name", ["drain", "allow_inactive"])
@pytest.mark.parametrize("value", ["perhaps", None, 2, "", "None", "9" * 5000])
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
        ({"retry_window": timedelta(days=31)}, "at most 30 days"),
        ({"retry_window": timedelta.max}, "at most 30 days"),
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


@pytest.mark.parametrize(
    "name", ["max_undelivered", "min_age", "drain", "ignore_lost_before", "on_cut", "max_silence", "delivered_by"]
)
def test_a_value_nested_too_deep_is_refused_by_name(name: str) -> None:
    value: Any = 1
    for _ in range(3000):
        value = [value]
    with pytest.raises(ReachInputError, match=name):
        DeliveryPolicy(**{name: value})


@pytest.mark.parametrize(("most", "at_risk"), [(2, 1), (3, 1), (4, 2), (12, 10)])
def test_with_two_attempts_left_at_the_most_a_batch_is_at_risk(most: int, at_risk: int) -> None:
    assert DeliveryPolicy(max_attempts=most).at_risk_attempts == at_risk


@pytest.mark.parametrize(
    ("min_age", "drain", "retry_window", "timeout"),
    [
        (HOUR, False, 8 * HOUR, HOUR + 15 * MINUTE),
        ("2h", "False", 8 * HOUR, 2 * HOUR + 15 * MINUTE),
        (HOUR, True, 8 * HOUR, 9 * HOUR),
        (HOUR, True, "5h", 6 * HOUR),
        ("{{ params.min_age }}", False, 8 * HOUR, 9 * HOUR),
        (HOUR, "{{ params.drain }}", 5 * HOUR, 9 * HOUR),
    ],
)
def test_a_watch_waits_as_long_as_there_may_be_something_to_wait_for(
    min_age: Any, drain: Any, retry_window: Any, timeout: timedelta
) -> None:
    assert default_timeout(min_age, drain, retry_window) == timeout
