from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_provider_reach.core.errors import ReachInputError, ReachVersionError
from airflow_provider_reach.core.policy import POLICY_FIELDS, DeliveryPolicy
from airflow_provider_reach.core.watch.watch import WATCH_FIELDS, Watch, unknown_scalars

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def watch(**changes: Any) -> Watch:
    return Watch(
        **{
            "webhook_id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "webhook_name": "orders",
            "policy": DeliveryPolicy(),
            "watched_from": NOON,
            "deadline": NOON + timedelta(hours=9),
            "limit": "timeout",
            "poke_interval": timedelta(minutes=5),
            "outage_tolerance": timedelta(minutes=15),
            "silent_fail": False,
            "version": "0.1.0",
            **changes,
        }
    )


EVERY_FIELD_ANOTHER = watch(
    webhook_id="",
    webhook_name="bounces",
    policy=DeliveryPolicy(
        delivered_by="2xx",
        max_undelivered=1,
        min_age=timedelta(minutes=2),
        min_attempts=3,
        max_at_risk=4,
        at_risk_after=timedelta(minutes=5.5),
        max_lost=6,
        ignore_lost_before=NOON - timedelta(days=1),
        max_silence=timedelta(hours=6),
        drain=True,
        allow_inactive=True,
        on_cut="warn",
        retry_window=timedelta(hours=7),
        max_attempts=8,
    ),
    watched_from=NOON + timedelta(microseconds=1),
    deadline=NOON + timedelta(hours=1),
    limit="execution_timeout",
    poke_interval=timedelta(seconds=0.5),
    outage_tolerance=timedelta(0),
    silent_fail=True,
    version="0.0.9",
    seen_id="01234567-89ab-cdef-0123-456789abcdef",
)


@pytest.mark.parametrize("given", [watch(), EVERY_FIELD_ANOTHER])
def test_scalars_are_plain_and_say_it_all(given: Watch) -> None:
    scalars = given.to_scalars()

    assert json.loads(json.dumps(scalars)) == scalars
    assert not [value for value in scalars.values() if isinstance(value, (list, dict))]
    assert scalars.keys() == {*WATCH_FIELDS, *POLICY_FIELDS} - ({"seen_id"} if not given.seen_id else set())
    assert Watch.from_scalars(scalars, "0.1.0") == given


def test_no_field_of_that_watch_is_as_usual() -> None:
    usual, other = watch().to_scalars(), EVERY_FIELD_ANOTHER.to_scalars()

    assert [name for name in usual if usual[name] == other[name]] == []


def test_what_another_version_left_out_is_as_usual() -> None:
    given = {"webhook_id": watch().webhook_id, "watched_from": NOON.isoformat(), "deadline": "2026-03-01T21:00:00Z"}

    assert Watch.from_scalars(given, "0.1.0") == watch(webhook_name="", version="")


def test_a_row_that_the_version_before_wrote_goes_on_as_it_was_begun() -> None:
    row = {
        "webhook_id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "webhook_name": "orders",
        "watched_from": "2026-03-01T12:00:00+00:00",
        "deadline": "2026-03-01T21:00:00+00:00",
        "limit": "timeout",
        "poke_interval": 300.0,
        "outage_tolerance": 900.0,
        "silent_fail": False,
        "version": "0.1.0",
        "max_undelivered": 3,
        "min_age": 3600.0,
        "min_attempts": 6,
        "max_at_risk": 0,
        "at_risk_after": 14400.0,
        "max_lost": 0,
        "ignore_lost_before": None,
        "drain": True,
        "allow_inactive": False,
        "on_cut": "fail",
        "retry_window": 28800.0,
        "max_attempts": 12,
    }

    policy = DeliveryPolicy(max_undelivered=3, drain=True, delivered_by="200", max_silence=None)
    assert Watch.from_scalars(row, "0.1.0") == watch(policy=policy)
    assert unknown_scalars(row) == []


@pytest.mark.parametrize("missing", ["watched_from", "deadline"])
@pytest.mark.parametrize("instead", [None, "", "soon"])
def test_a_watch_without_its_times_is_refused(missing: str, instead: str | None) -> None:
    with pytest.raises(ReachInputError, match=f"{missing} must be a time, not "):
        Watch.from_scalars(watch().to_scalars() | {missing: instead}, "0.1.0")


def test_a_policy_that_cannot_be_is_refused() -> None:
    with pytest.raises(ReachInputError, match="max_lost"):
        Watch.from_scalars(watch().to_scalars() | {"max_lost": "many"}, "0.1.0")


@pytest.mark.parametrize("version", ["0.1.0", "0.0.9", "", "0.1.0.dev3"])
def test_what_an_older_version_gave_means_nothing_any_more(version: str) -> None:
    given = watch(version=version)

    assert Watch.from_scalars(given.to_scalars() | {"retired": 1}, "0.1.0") == given
    assert unknown_scalars(given.to_scalars() | {"retired": 1}) == ["retired"]


def test_what_a_newer_version_gave_may_be_what_the_check_is_for() -> None:
    given = watch(version="0.10.0")

    assert Watch.from_scalars(given.to_scalars(), "0.9.1") == given
    with pytest.raises(
        ReachVersionError, match=r"begun by .* 0.10.0. The one that runs here, 0.9.1, .*: max_slow"
    ) as no:
        Watch.from_scalars(given.to_scalars() | {"max_slow": 1}, "0.9.1")
    assert not no.value.final


def begun(**lengths: Any) -> Watch:
    parameters = watch().__dict__.copy()
    for name in ("deadline", "limit", "watched_from"):
        del parameters[name]
    return Watch.begin(watched_from=NOON, **lengths, **parameters)


@pytest.mark.parametrize(
    ("execution_timeout", "length", "limit"),
    [
        (None, timedelta(hours=9), "timeout"),
        (timedelta(hours=10), timedelta(hours=9), "timeout"),
        (timedelta(hours=2), timedelta(hours=1, minutes=59), "execution_timeout"),
        (timedelta(minutes=1), timedelta(seconds=54), "execution_timeout"),
    ],
)
def test_the_deadline_is_the_earlier_of_two_and_leaves_time_to_tell(
    execution_timeout: timedelta | None, length: timedelta, limit: str
) -> None:
    given = begun(timeout=timedelta(hours=9), execution_timeout=execution_timeout)

    assert (given.deadline, given.limit) == (NOON + length, limit)


def test_a_watch_ends_some_day() -> None:
    with pytest.raises(ReachInputError, match="timeout is too long"):
        begun(timeout=timedelta(days=10**8), execution_timeout=None)


@pytest.mark.parametrize(
    ("limit", "tolerance", "left", "seconds"),
    [
        ("timeout", 900, 3600, 900),
        ("timeout", 900, 300, 300),
        ("timeout", 900, 60, 120),
        ("timeout", 900, -60, 120),
        ("timeout", 60, -60, 60),
        ("timeout", 0, 60, 0),
        ("execution_timeout", 900, 3600, 900),
        ("execution_timeout", 900, 60, 60),
        ("execution_timeout", 900, -60, 0),
    ],
)
def test_a_later_look_does_not_outlast_the_deadline_by_much(
    limit: str, tolerance: float, left: float, seconds: float
) -> None:
    given = watch(limit=limit, outage_tolerance=timedelta(seconds=tolerance))

    assert given.tolerance_at(given.deadline - timedelta(seconds=left)) == seconds


@pytest.mark.parametrize(
    ("poke_interval", "left", "seconds"),
    [(300, 3600, 300), (300, 300, 300), (300, 20, 20), (300, 0, 1), (300, -5, 1), (0, 3600, 1), (0.5, 3600, 1)],
)
def test_the_next_look_is_at_the_deadline_at_the_latest_and_never_at_once(
    poke_interval: float, left: float, seconds: float
) -> None:
    given = watch(poke_interval=timedelta(seconds=poke_interval))

    assert given.next_look(given.deadline - timedelta(seconds=left)) == seconds


def test_a_version_of_endless_digits_is_a_newer_one() -> None:
    with pytest.raises(ReachVersionError, match="does not know these"):
        Watch.from_scalars({**watch().to_scalars(), "version": "9" * 5000, "unknown": 1}, "1.2.3")


def test_a_watch_begins_with_its_first_look() -> None:
    given = {name: getattr(watch(), name) for name in WATCH_FIELDS if name not in ("watched_from", "deadline", "limit")}
    begun = Watch.begin(
        watched_from=NOON, timeout=timedelta(hours=9), execution_timeout=None, policy=DeliveryPolicy(), **given
    )
    assert begun == watch()


def test_a_list_may_be_a_tenth_of_the_interval_old_and_at_the_deadline_it_is_new() -> None:
    for minutes, seconds in ((1, 6.0), (5, 30.0), (10, 60.0), (120, 60.0)):
        assert watch(poke_interval=timedelta(minutes=minutes)).list_age_at(NOON, None) == seconds
    before = watch().deadline - timedelta(seconds=1)
    ages = [watch().list_age_at(before, configured) for configured in (None, 0.0, 90.0, 1e9)]
    assert ages == [30.0, 0.0, 90.0, 300.0]
    assert [watch().list_age_at(watch().deadline, configured) for configured in (None, 90.0)] == [0.0, 0.0]


def test_what_an_older_version_did_not_give_is_empty() -> None:
    given = {"watched_from": NOON.isoformat(), "deadline": NOON.isoformat()}
    assert Watch.from_scalars(given, "0.1.0").webhook_id == ""


@pytest.mark.parametrize("name", ["poke_interval", "outage_tolerance", "watched_from", "deadline"])
def test_what_cannot_be_read_is_named(name: str) -> None:
    with pytest.raises(ReachInputError, match=rf"  - {name} must be "):
        Watch.from_scalars(watch().to_scalars() | {name: "soon"}, "0.1.0")


def test_a_watch_beyond_the_calendar_is_refused_as_a_watch() -> None:
    with pytest.raises(ReachInputError, match="^Nothing was sent: the watch was refused:"):
        Watch.begin(watched_from=NOON, timeout=timedelta.max, execution_timeout=None)


def test_what_another_version_says_is_cut() -> None:
    given = watch().to_scalars() | {"n" * 50: 1, "version": "9." + "v" * 50}
    assert unknown_scalars(given) == ["n" * 39 + "…"]
    with pytest.raises(ReachVersionError, match=f"airflow-provider-reach 9.{'v' * 37}…[.] The one"):
        Watch.from_scalars(given, "0.1.0")
