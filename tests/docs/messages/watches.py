"""The messages of watches that wait, and of those that end without a verdict."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator, Sequence
from datetime import timedelta
from typing import NoReturn

import pytest

from airflow_provider_reach import (
    ReachListWebhooksOperator,
)
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.api.exchange import Send, Wait
from airflow_provider_reach.core.api.models import BatchRow, Webhook
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.delivery.check import look
from airflow_provider_reach.core.errors import ReachError
from airflow_provider_reach.core.watch.events import TimedOut
from airflow_provider_reach.core.watch.progress import Progress
from airflow_provider_reach.core.watch.watch import Watch
from airflow_provider_reach.core.webhooks.converge import declare
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from airflow_provider_reach.core.webhooks.spec import WebhookSpec
from airflow_provider_reach.hooks import ReachHook
from airflow_provider_reach.integration.compat import AirflowTaskTimeout
from airflow_provider_reach.integration.watch_loop import watch_to_its_end
from airflow_provider_reach.sandbox import Fault
from tests.docs.messages.stage import (
    CONFIG,
    DRAIN,
    ENTRY,
    NAME,
    POLICY,
    SPEC,
    URL,
    WRITTEN,
    Stage,
    Told,
    failed,
    message,
    no,
    sensor,
    updated,
    watched,
    wrong,
)
from tests.docs.messages.verdicts import batches, in_short, judged
from tests.tasks import in_dag, resume, run
from tests.unit.core.helpers import HOUR, ID, MINUTE, NOW, ask_context, listed, play, results

UNRIPE = batches(12, 10 * MINUTE, attempts=3)


@message
def timed_out(stage: Stage) -> Told:
    return in_short(watched(TimedOut("timeout", judged(UNRIPE)), timeout=1800))


@message
def timed_out_draining(stage: Stage) -> Told:
    return in_short(watched(TimedOut("timeout", judged(UNRIPE, DRAIN)), timeout=4 * HOUR, drain=True))


@message
def timed_out_unanswered(stage: Stage) -> Told:
    error = wrong(look(WebhookRef(name=NAME), POLICY, ask_context(0.0)), no(503))
    return watched(TimedOut("timeout", error), timeout=1800)


@message
def execution_timed_out(stage: Stage) -> Told:
    ended = TimedOut("execution_timeout", judged(UNRIPE))
    return in_short(watched(ended, execution_timeout=timedelta(minutes=15)))


@message
def nothing_seen(stage: Stage) -> Told:
    def interrupt(_: float) -> NoReturn:
        raise AirflowTaskTimeout("Timeout")

    stage.environment.setitem(ReachClient.__init__.__kwdefaults__, "sleep", interrupt)
    stage.reach().fail(Fault.status(503))
    return failed(run(sensor(execution_timeout=timedelta(minutes=1))).raised)


@message
def execution_timeout_is_short(stage: Stage) -> Told:
    with_failures(stage)
    run(sensor(execution_timeout=timedelta(minutes=15), exponential_backoff=True))
    return stage.line("by the task's execution_timeout")


@message
def without_backoff(stage: Stage) -> Told:
    with_failures(stage)
    run(sensor(exponential_backoff=True))
    return stage.line("exponential_backoff")


def with_failures(stage: Stage) -> None:
    """A webhook whose batches are in their early retries."""
    reach = stage.reach()
    target = reach.target(NAME)
    webhook_id = reach.add_webhook(NAME, target=target.url)
    target.answer(503)
    for _ in range(11):
        reach.send(webhook_id, 1)


@message
def ended_by_airflow(stage: Stage) -> Told:
    return failed(resume(sensor(), "__fail__", {"error": "Trigger timeout"}).raised)


@message
def trigger_died(stage: Stage) -> Told:
    said = {"error": "Trigger failure", "traceback": ["Traceback (most recent call last):\n", "  …\n", "MemoryError\n"]}
    return failed(resume(sensor(), "__fail__", said).raised)


@message
def unknown_event(stage: Stage) -> Told:
    return failed(resume(sensor(), "execute_complete", {"event": {"kind": "news"}}).raised)


NEWER = {"webhook_name": NAME, "version": "99.0.0", "max_delay": 60}


@message
def begun_by_newer(stage: Stage) -> Told:
    with pytest.raises(ReachError) as raised:
        Watch.from_scalars(NEWER, "1.0.0")
    return watched(raised.value)


@message
def unknown_arguments(stage: Stage) -> Told:
    asyncio.run(watch_to_its_end(ReachHook().async_client, NEWER, logging.getLogger("airflow_provider_reach")))
    return stage.line("does not know")


@message
def skipped(stage: Stage) -> Told:
    watched(judged(batches(3, 5 * HOUR)), soft_fail=True)
    return in_short(stage.line("Skipped"))


@message
def waiting(stage: Stage) -> Told:
    progress = Progress(NOW + 9 * HOUR)
    return Told(str(progress.line(judged(UNRIPE, DRAIN), NOW)))


@message
def waiting_with_news(stage: Stage) -> Told:
    progress = Progress(NOW + 9 * HOUR)
    progress.line(judged(UNRIPE, DRAIN), NOW)
    back = Webhook(id=ID, name=NAME, active=True, last_successful=NOW)
    recovered = [BatchRow(batch_id=row.batch_id, ts=row.ts, response_code="200") for row in UNRIPE[:9]]
    return Told(str(progress.line(judged([*recovered, *UNRIPE[9:]], DRAIN, webhook=back), NOW + HOUR)))


@message
def goes_on_unanswered(stage: Stage) -> Told:
    stage.reach().fail(Fault.status(503), times=None)
    run(sensor(silent_fail=True, outage_tolerance=0))
    return stage.line("the watch goes on")


@message
def asks_again(stage: Stage) -> Told:
    reach = stage.reach()
    reach.add_webhook(NAME, target=URL)
    reach.fail(Fault.status(503))
    run(sensor())
    return stage.line("Next try in")


def waits(stage: Stage, holding: str, waits: Sequence[Wait]) -> Told:
    """What the client says while an exchange waits."""

    def pauses() -> Generator[Send | Wait, Answer | Failure | None, None]:
        yield from waits

    with ReachClient(CONFIG) as client:
        client.run(pauses())
    return stage.line(holding)


@message
def looks_once_more(stage: Stage) -> Told:
    stage.reach()
    run(in_dag(ReachListWebhooksOperator, expect=[NAME]))
    return stage.line("not found")


@message
def looks_for_the_creation(stage: Stage) -> Told:
    script = (listed(), no(502), listed(), listed(ENTRY))
    return waits(
        stage, "not known", play(declare(WebhookSpec(**SPEC), "reuse", ask_context(0.0)), *script, listed()).waits
    )


@message
def update_not_seen_yet(stage: Stage) -> Told:
    script = (listed(ENTRY), results(ENTRY), WRITTEN, results(ENTRY), results({**ENTRY, "active": False}))
    return waits(stage, "does not show yet", play(updated(active=False), *script).waits)
