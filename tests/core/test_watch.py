from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.policy import POLICY_FIELDS, DeliveryPolicy
from airflow_provider_reach.core.watch import WATCH_FIELDS, Watch

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
            **changes,
        }
    )


EVERY_FIELD_ANOTHER = watch(
    webhook_id="",
    webhook_name="bounces",
    policy=DeliveryPolicy(
        max_undelivered=1,
        min_age=timedelta(minutes=2),
        min_attempts=3,
        max_at_risk=4,
        at_risk_after=timedelta(minutes=5.5),
        max_lost=6,
        ignore_lost_before=NOON - timedelta(days=1),
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
)


@pytest.mark.parametrize("given", [watch(), EVERY_FIELD_ANOTHER])
def test_scalars_are_plain_and_say_it_all(given: Watch) -> None:
    scalars = given.to_scalars()

    assert json.loads(json.dumps(scalars)) == scalars
    assert not [value for value in scalars.values() if isinstance(value, (list, dict))]
    assert scalars.keys() == {*WATCH_FIELDS, *POLICY_FIELDS}
    assert Watch.from_scalars(scalars) == given


def test_no_field_of_that_watch_is_as_usual() -> None:
    usual, other = watch().to_scalars(), EVERY_FIELD_ANOTHER.to_scalars()

    assert [name for name in usual if usual[name] == other[name]] == []


def test_what_another_version_left_out_is_as_usual() -> None:
    given = {"webhook_id": watch().webhook_id, "watched_from": NOON.isoformat(), "deadline": "2026-03-01T21:00:00Z"}

    assert Watch.from_scalars(given) == watch(webhook_name="")


@pytest.mark.parametrize("missing", ["watched_from", "deadline"])
@pytest.mark.parametrize("instead", [None, "", "soon"])
def test_a_watch_without_its_times_is_refused(missing: str, instead: str | None) -> None:
    with pytest.raises(ReachInputError, match=f"{missing} must be a time, not "):
        Watch.from_scalars(watch().to_scalars() | {missing: instead})


def test_a_policy_that_cannot_be_is_refused() -> None:
    with pytest.raises(ReachInputError, match="max_lost"):
        Watch.from_scalars(watch().to_scalars() | {"max_lost": "many"})


@pytest.mark.parametrize(
    ("poke_interval", "left", "seconds"),
    [(300, 3600, 300), (300, 300, 300), (300, 20, 20), (300, 0, 1), (300, -5, 1), (0, 3600, 1), (0.5, 3600, 1)],
)
def test_the_next_look_is_at_the_deadline_at_the_latest_and_never_at_once(
    poke_interval: float, left: float, seconds: float
) -> None:
    given = watch(poke_interval=timedelta(seconds=poke_interval))

    assert given.next_look(given.deadline - timedelta(seconds=left)) == seconds
