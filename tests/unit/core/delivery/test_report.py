from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.delivery.report import DeliveryReport, ago, span
from airflow_provider_reach.core.policy import DeliveryPolicy
from tests.unit.core.helpers import HOUR, ID, MINUTE, NOW, delivered, failed

WEBHOOK = Webhook(id=ID, name="orders", active=True, last_successful=NOW - 6 * HOUR)


def bad_night(**changes: object) -> DeliveryReport:
    rows = [
        failed("lost", 10 * HOUR, batch_size=1000),
        failed("risky", 5 * HOUR + 2 * MINUTE, response_code=None, failure_code=None, latency=10_000),
        delivered("fine"),
    ]
    report = assess(rows, NOW, DeliveryPolicy(), webhook=WEBHOOK)
    return msgspec.structs.replace(report, **changes)


def test_a_failed_report_as_text() -> None:
    assert str(bad_night()) == (
        "FAILED: webhook 'orders': 1 batch presumed lost, created at 2026-01-30 16:00 UTC; at most 2 h 58 "
        "min left for 1 batch about to be discarded (by 2026-01-31 04:58 UTC).\n"
        "What the target answered last, by number of batches: 503 (1), no response in time (1).\n"
        "The target is still not answering 200.\n"
        "Last success: 2026-01-30 20:00 UTC, 6 h ago.\n"
        "What to do:\n"
        "  - Reach does not send lost batches again: fetch the events of that time from wherever else you keep them, "
        "and look for the batch ids in the consumer's log to see what did arrive. Once that is settled, "
        "ignore_lost_before, set to the time of this look, keeps this loss from failing the next check.\n"
        "  - The consumer fails or is overloaded: look at its log; let it store the raw batch, answer 200, and work on "
        "it later.\n"
        "  - The target did not answer: check that it is up and reachable from the internet, its DNS, TLS certificate "
        "and firewall; it must answer within 10 s, so store the batch first and work on it later. With OAuth 2, check "
        "that its authorization server gives tokens.\n"
        "Batches of the last 24 hours that failed at least once: 1 lost, 1 at risk, 1 recovered.\n"
        "Events in undelivered and lost batches: at least 1,000.\n"
        "Oldest undelivered batch: 5 h 2 min.\n"
        "To look for in the consumer's log, as X-MessageSystems-Batch-ID, for example:\n"
        "  lost\n"
        "  risky\n"
        f"The webhook's id is {ID}."
    )


def test_a_healthy_report_as_text() -> None:
    assert str(assess([], NOW, DeliveryPolicy(), webhook=WEBHOOK)) == (
        "HEALTHY: webhook 'orders': nothing is undelivered; last success 6 h ago.\n"
        "Last success: 2026-01-30 20:00 UTC, 6 h ago.\n"
        "Batches of the last 24 hours that failed at least once: none.\n"
        f"The webhook's id is {ID}."
    )


def test_events_are_exact_where_they_are_known() -> None:
    assert "lost batches: 5." in str(bad_night(events=5, events_at_least=False))
    assert "Events" not in str(bad_night(events=None))


def test_whether_the_target_answers_is_said_where_it_matters() -> None:
    assert "The target is answering again." in str(bad_night(target_answers=True))
    assert "The target is" not in str(bad_night(target_answers=None))
    assert "The target is" not in str(bad_night(target_answers=True, undelivered=0, counts={"lost": 0}))
    assert "The target is" in str(bad_night(target_answers=True, undelivered=0, counts={"lost": 1}))
    assert "The target is" in str(bad_night(target_answers=True, undelivered=1, counts={"lost": 0}))


def test_a_report_as_plain_json() -> None:
    plain = bad_night().to_dict()
    assert list(plain) == list(DeliveryReport.__struct_fields__)
    assert (plain["outcome"], plain["looked_at"]) == ("failed", "2026-01-31T02:00:00Z")
    assert (plain["lost_from"], plain["first_discard_at"]) == ("2026-01-30T16:00:00Z", "2026-01-31T04:58:00Z")
    assert plain["counts"]["lost"] == 1


def test_a_report_that_an_older_version_wrote_is_read() -> None:
    added = {"last_successful", "taken", "next_retries"}
    older = {name: value for name, value in bad_night().to_dict().items() if name not in added}
    read = msgspec.convert(older, DeliveryReport)
    assert (read.last_successful, read.taken, read.next_retries, read.standing_still) == (None, 0, {}, 0)
    assert "Last success" not in str(read)


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=45.9), "45 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(seconds=90), "1 min 30 s"),
        (timedelta(minutes=4, seconds=59), "4 min 59 s"),
        (timedelta(minutes=5, seconds=59), "5 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=2, minutes=58), "2 h 58 min"),
        (timedelta(days=1, hours=2), "26 h"),
    ],
)
def test_a_duration_as_people_say_it(duration: timedelta, said: str) -> None:
    assert span(duration) == said


def test_how_long_ago_is_told_from_a_minute() -> None:
    assert ago(NOW - timedelta(seconds=59.9), NOW) == "less than a minute ago"
    assert ago(NOW - MINUTE, NOW) == "1 min ago"


def test_the_id_is_told_at_the_end_only_beside_a_name() -> None:
    assert "The webhook's id is" not in str(assess([], NOW, DeliveryPolicy(), webhook=Webhook(id=ID)))
    assert str(assess([], NOW, DeliveryPolicy(), webhook=Webhook(id=ID, name="n"))).endswith(f"webhook's id is {ID}.")
