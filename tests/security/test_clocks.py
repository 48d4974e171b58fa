"""A ``Date`` that is wrong, by accident or on purpose, turns no loss into a healthy verdict."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from airflow_provider_reach.core.api.models import BatchRow
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.drivers import Driver
from tests.security.test_paths import config_of

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
HOURS = [-24 * 365 * 20, -24 * 365, -24, -12, -9, -8, -4, -2, -1, -0.5, 0, 0.5, 1, 4, 9, 24, 24 * 365, 24 * 365 * 500]
LOST = BatchRow(batch_id="a", ts=NOW - timedelta(hours=10), attempts=12, response_code="503")
AT_RISK = BatchRow(batch_id="b", ts=NOW - timedelta(hours=7.5), attempts=11, response_code="503")
FRESH = BatchRow(batch_id="c", ts=NOW - timedelta(minutes=1), attempts=1, response_code="503")
DRAIN = DeliveryPolicy(drain=True)


@pytest.mark.parametrize("off", HOURS)
@pytest.mark.parametrize("row", [LOST, AT_RISK], ids=["lost", "at risk"])
@pytest.mark.parametrize("policy", [DeliveryPolicy(), DRAIN], ids=["limits", "drain"])
def test_what_is_lost_or_about_to_be_is_told_by_any_clock(off: float, row: BatchRow, policy: DeliveryPolicy) -> None:
    assert assess([row], NOW + timedelta(hours=off), policy).outcome == "failed"


@pytest.mark.parametrize("off", [hours for hours in HOURS if hours < -1])
def test_a_batch_from_the_future_is_no_healthy_one(off: float) -> None:
    report = assess([FRESH], NOW + timedelta(hours=off), DeliveryPolicy())

    assert report.outcome == "failed"
    assert report.counts["unknown_age"] == 1


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=1), timedelta(days=365_000)])
def test_a_last_look_in_the_future_hides_no_loss(ahead: timedelta) -> None:
    """It is what a check told that was answered with such a ``Date``."""
    policy = DeliveryPolicy(ignore_lost_before=NOW + ahead)

    assert assess([LOST], NOW, policy).outcome == "failed"
    assert assess([LOST], NOW, DeliveryPolicy(ignore_lost_before=NOW + timedelta(minutes=5))).outcome == "healthy"


DATES = [
    "Mon, 01 Jan 0001 00:00:00 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Mon, 23 Nov 2026 12:00:00 +999999999",
    "Mon, 23 Nov -2026 12:00:00 GMT",
    "23 Nov 26 12:00",
    "99999999999999999999",
    "-1",
    "x" * 10_000,
    "\xb2\xb3",
    "",
]


@pytest.mark.parametrize(
    "date", [*DATES, *(format_datetime(NOW + timedelta(hours=h), usegmt=True) for h in HOURS[1:-1:3])]
)
def test_any_date_leaves_a_loss_a_loss(date: str, driver: Driver, reach: Sandbox) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    lost = {"batch_id": "a", "ts": (NOW - timedelta(hours=10)).isoformat(), "attempts": 12, "response_code": "503"}
    reach.fail(Fault.status(200, {"results": [lost]}, headers={"Date": date}), on="batch_status", times=None)

    with driver(config_of(reach), outage_tolerance=0) as client:
        assert client.check_delivery(webhook_id).outcome == "failed"


@pytest.mark.parametrize(
    "said", ["-1", "1e9", "999999999", "99999999999", "inf", "nan", "Fri, 31 Dec 9999 23:59:59 GMT", "\xb2", "x" * 9999]
)
@pytest.mark.parametrize("status", [429, 503])
def test_no_retry_after_holds_a_task_for_long(status: int, said: str, driver: Driver, reach: Sandbox) -> None:
    reach.fail(Fault.status(status, headers={"Retry-After": said}), times=1)
    waited: list[float] = []

    with driver(config_of(reach), outage_tolerance=3600, sleep=waited.append) as client:
        client.list_webhooks()

    assert sum(waited) <= 300 * 1.2


def test_the_worst_of_both() -> None:
    rows: list[Any] = [LOST, AT_RISK, FRESH]

    assert {assess(rows, NOW + timedelta(hours=off), DRAIN).outcome for off in HOURS} == {"failed"}
