"""The messages of verdicts, and what they say of the target's answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from airflow_provider_reach.core.api.models import BatchRow, Gone, Webhook
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.watch.events import event_of
from airflow_provider_reach.core.webhooks.missing import diagnosed
from tests.docs.messages.stage import KEPT, MESSAGES, NAME, POLICY, WEBHOOK, Stage, Told, message, sensor, watched
from tests.tasks import resume
from tests.unit.core.helpers import HOUR, ID, MINUTE, NOW, OTHER_ID


def batches(number: int, age: timedelta | None, status: str | None = "503", **fields: Any) -> list[BatchRow]:
    """Undelivered batches of that age."""
    minutes = int(age / MINUTE) if age else 0
    return [
        BatchRow(
            **{
                "batch_id": f"{minutes:08d}{KEPT}{n:012d}",
                "ts": None if age is None else NOW - age,
                "attempts": 8,
                "response_code": status,
                "failure_code": status or "timeout",
                "batch_size": 40,
                **fields,
            }
        )
        for n in range(number)
    ]


def judged(rows: Sequence[BatchRow], policy: DeliveryPolicy = POLICY, **given: Any) -> DeliveryReport:
    return assess(rows, NOW, policy, **{"webhook": WEBHOOK, **given})


def in_short(told: Told) -> Told:
    """The part of a report that calls for something: up to the last advice."""
    lines = told.text.split("\n")
    last = max(number for number, line in enumerate(lines) if line.startswith("  - ") or number == 0)
    return Told("\n".join([*lines[: last + 1], "…"]), told.raised)


def verdict(rows: Sequence[BatchRow], policy: DeliveryPolicy = POLICY, **given: Any) -> Told:
    return in_short(watched(judged(rows, policy, **given)))


def healthy(stage: Stage, rows: Sequence[BatchRow], policy: DeliveryPolicy = POLICY, **given: Any) -> Told:
    event = event_of(judged(rows, policy, **given))
    assert resume(sensor(), "execute_complete", {"event": event}).raised is None
    return stage.line("HEALTHY")


@message
def piled_up(stage: Stage) -> Told:
    rows = [*batches(53, 2 * HOUR), *batches(7, 10 * MINUTE, attempts=3), BatchRow(batch_id="b", response_code="200")]
    return watched(judged(rows))


@message
def at_risk(stage: Stage) -> Told:
    return verdict(batches(3, 5 * HOUR))


@message
def at_any_moment(stage: Stage) -> Told:
    return verdict(batches(2, 7 * HOUR, attempts=11))


@message
def last_attempt_made(stage: Stage) -> Told:
    return verdict(batches(2, 8 * HOUR, attempts=12))


@message
def unknown_age(stage: Stage) -> Told:
    return verdict(batches(1, None))


@message
def lost(stage: Stage) -> Told:
    return verdict([*batches(2, 11 * HOUR), *batches(2, 9 * HOUR)])


@message
def answering_again(stage: Stage) -> Told:
    back = Webhook(id=ID, name=NAME, active=True, last_successful=NOW)
    return verdict(batches(3, 5 * HOUR), webhook=back)


@message
def inactive(stage: Stage) -> Told:
    return verdict([], webhook=Webhook(id=ID, name=NAME, active=False))


def absent(gone: Gone, *there: Webhook, seen_id: str = "") -> Told:
    return verdict([], webhook=diagnosed(gone, there, seen_id))


@message
def gone(stage: Stage) -> Told:
    return absent(Gone(id=ID, name=NAME))


@message
def gone_and_created_again(stage: Stage) -> Told:
    return absent(Gone(id=OTHER_ID, name=NAME), WEBHOOK)


@message
def misspelt(stage: Stage) -> Told:
    return absent(Gone(name="Bounces"), WEBHOOK)


@message
def looks_the_same(stage: Stage) -> Told:
    return absent(Gone(name="bounces eu"), Webhook(id=ID, name="bounces\u00a0eu"))


@message
def differs_far_behind(stage: Stage) -> Told:
    name = "bounces of " + "consumers" * 30
    return absent(Gone(name=f"{name} eu"), Webhook(id=ID, name=f"{name}\u00a0eu"))


@message
def similar_name(stage: Stage) -> Told:
    return absent(Gone(name="bounces-eu"), Webhook(id=ID, name="bounces-us"))


@message
def unknown_name(stage: Stage) -> Told:
    return absent(Gone(name="engagement"), WEBHOOK)


@message
def renamed(stage: Stage) -> Told:
    return absent(Gone(name="bounces-eu"), WEBHOOK, seen_id=ID)


@message
def cut(stage: Stage) -> Told:
    return verdict(batches(3, 10 * MINUTE, attempts=3), complete=False)


@message
def silent(stage: Stage) -> Told:
    quiet = Webhook(id=ID, name=NAME, active=True, last_successful=NOW - 26 * HOUR)
    return verdict([], DeliveryPolicy(max_silence=6 * HOUR), webhook=quiet)


@message
def passed_though_cut(stage: Stage) -> Told:
    return healthy(stage, batches(3, 10 * MINUTE, attempts=3), DeliveryPolicy(on_cut="warn"), complete=False)


@message
def passed_with_failures(stage: Stage) -> Told:
    rows = [*batches(4, 2 * HOUR), *batches(7, 10 * MINUTE, attempts=3), BatchRow(batch_id="b", response_code="200")]
    return healthy(stage, rows, watched_from=NOW - 2 * HOUR)


@message
def passed_told_before(stage: Stage) -> Told:
    return healthy(stage, batches(1, 10 * HOUR), DeliveryPolicy(ignore_lost_before=NOW - HOUR))


@message
def passed_without_traffic(stage: Stage) -> Told:
    return healthy(stage, [], webhook=Webhook(id=ID, name=NAME, active=True))


@message
def passed_unjudged(stage: Stage) -> Told:
    return healthy(stage, [], DeliveryPolicy(max_silence=6 * HOUR), webhook=Webhook(id=ID, name=NAME, active=True))


@message
def in_doubt(stage: Stage) -> Told:
    return verdict(batches(1, 5 * HOUR, "202", attempts=2), webhook=Webhook(id=ID, name=NAME, active=True))


def _answered(stage: Stage, status: str | None, **fields: Any) -> Told:
    """What a report says of the target's answers, and what to do about them."""
    lines = watched(judged(batches(3, 5 * HOUR, status, **fields))).text.split("\n")
    called_for = [line for line in lines if line.startswith(("What to do:", "  - "))]
    return Told("\n".join(["…", lines[1], *called_for, "…"]))


for _status in (None, "401", "404", "413", "503", "302", "204", "418"):
    MESSAGES[f"answered_{_status or 'not'}"] = partial(_answered, status=_status)

for _reason, _code in {
    "late": "ETIMEDOUT",
    "halfway": "ECONNRESET",
    "certificate": "CERT_HAS_EXPIRED",
    "tls": "EPROTO",
    "name": "ENOTFOUND",
    "refused": "ECONNREFUSED",
    "unreachable": "EHOSTUNREACH",
}.items():
    MESSAGES[f"answered_not_{_reason}"] = partial(_answered, status=None, failure_code=_code)
