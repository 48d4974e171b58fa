from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.target import advice
from tests.unit.core.helpers import HOUR, ID, MINUTE, NOW, failed, several

ORDERS = Webhook(id=ID, name="orders", active=True, last_successful=NOW - 2 * HOUR)


def test_the_moment_at_which_a_batch_is_discarded_leaves_no_time() -> None:
    headlines = [
        assess([failed(age=age)], NOW, DeliveryPolicy(), webhook=ORDERS).headline
        for age in (8 * HOUR - timedelta(seconds=1), 8 * HOUR)
    ]
    assert "at most 1 s left for 1 batch" in headlines[0]
    assert "no time left for 1 batch about to be discarded (at any moment)" in headlines[1]


def test_what_is_not_told_of_attempts_is_no_attempt() -> None:
    headline = assess([failed(age=5 * HOUR, attempts=None)], NOW, DeliveryPolicy(max_attempts=2)).headline
    assert "at most 3 h left for 1 batch" in headline


def test_of_two_batches_the_first_is_named_as_such() -> None:
    headline = assess(several(2, 5 * HOUR), NOW, DeliveryPolicy()).headline
    assert "2 batches about to be discarded (the first by 2026-01-31 05:00 UTC" in headline


def test_what_fails_comes_before_what_does_not() -> None:
    policy = DeliveryPolicy(max_lost=5, on_cut="warn")
    rows = [failed("a", 9 * HOUR), failed("b", 5 * HOUR)]
    headline = assess(rows, NOW, policy, webhook=ORDERS, complete=False).headline
    assert (
        headline.index("about to be discarded") < headline.index("presumed lost") < headline.index("cut by its limit")
    )


def test_the_time_that_is_left_is_of_the_oldest() -> None:
    rows = [failed("a", 5 * HOUR), failed("b", 7 * HOUR), failed("c", None)]
    assert (
        "at most 1 h left for 3 batches about to be discarded (the first by "
        in assess(rows, NOW, DeliveryPolicy()).headline
    )


@pytest.mark.parametrize("never", [datetime(1, 1, 1, tzinfo=timezone.utc), datetime(1970, 1, 1), NOW + 2 * HOUR, None])
def test_a_last_success_that_cannot_be_believed_is_none(never: datetime | None) -> None:
    webhook = Webhook(id=ID, name="orders", active=True, last_successful=never)
    report = assess([], NOW, DeliveryPolicy(max_silence=HOUR), webhook=webhook)
    assert (report.outcome, report.last_successful) == ("healthy", None)
    assert "max_silence cannot be judged" in report.headline


def test_a_last_success_ahead_of_the_services_clock_is_no_silence() -> None:
    webhook = Webhook(id=ID, name="orders", active=True, last_successful=NOW + MINUTE)
    headline = assess([], NOW, DeliveryPolicy(max_silence=HOUR), webhook=webhook).headline
    assert headline.endswith("; last success less than a minute ago.")


def test_what_is_not_said_to_be_inactive_may_be_silent() -> None:
    webhook = Webhook(id=ID, name="orders", active=None, last_successful=NOW - 26 * HOUR)
    report = assess([], NOW, DeliveryPolicy(max_silence=6 * HOUR), webhook=webhook)
    assert "no success for 26 h (limit 6 h), the last one at 2026-01-30 00:00 UTC" in report.headline
    assert report.advice == [advice.SILENT]


@pytest.mark.parametrize(("age", "told"), [(2 * HOUR, advice.advice_for(["503"])), (9 * HOUR, [advice.REPLAY])])
def test_why_nothing_succeeds_is_not_asked_where_batches_tell_it(age: timedelta, told: list[str]) -> None:
    webhook = Webhook(id=ID, name="orders", active=True, last_successful=NOW - 5 * HOUR)
    report = assess([failed(age=age)], NOW, DeliveryPolicy(max_silence=HOUR), webhook=webhook)

    assert "no success for 5 h (limit 1 h)" in report.headline
    assert report.advice == told
