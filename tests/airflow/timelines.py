"""
Days and nights of one webhook, played in the sandbox's simulation, and checks that look at them.

A play is remembered moment by moment. So one play serves every way in which the service may show it: the answers of
the API are made from what was remembered, as bytes, and go through the whole look (decoding, verdict) without a socket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from itertools import product
from typing import Any

import msgspec

from airflow_provider_reach.core.answers import Answer
from airflow_provider_reach.core.calls import Call
from airflow_provider_reach.core.exchange import Exchange, Patience, Send
from airflow_provider_reach.core.look import look
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.report import DeliveryReport
from airflow_provider_reach.sandbox import Switches
from airflow_provider_reach.sandbox.model import Answer as TargetAnswer
from airflow_provider_reach.sandbox.model import Batch, Webhook
from airflow_provider_reach.sandbox.simulation import Simulation
from airflow_provider_reach.sandbox.status import status_rows
from airflow_provider_reach.sandbox.views import listed, retrieved

SCHEDULES = ("doubling", "even", "early")
VIEWS = [
    Switches(rows=rows, ts=ts, kept_from=kept_from)  # type: ignore[arg-type]
    for rows, ts, kept_from in product(("batch", "attempt"), ("creation", "last_attempt"), ("creation", "last_change"))
]
STEP = timedelta(minutes=10)
WEBHOOK_ID = "5f0b3f0c-64a7-4f0e-9a54-0d4a7b3b7a11"
_DAYS = ("Mon", "Tue", "Wed", "Thu")


def at(text: str) -> datetime:
    """A moment of the story, such as ``Mon 22:30``."""
    day, clock = text.split()
    hour, minute = clock.split(":")
    return datetime(2026, 3, 2 + _DAYS.index(day), int(hour), int(minute), tzinfo=timezone.utc)


Target = Callable[[datetime, Batch], int]


def down(*periods: str, status: int = 503) -> Target:
    """A target that answers 200 but in these periods, such as ``Mon 22:30 - Tue 10:00``."""
    spans = [tuple(at(end) for end in period.split(" - ")) for period in periods]
    return lambda now, _: status if any(first <= now < last for first, last in spans) else 200


@dataclass(frozen=True)
class Story:
    """
    What happens between Monday 00:00 and Thursday 12:00.

    :param target: What the target answers to a batch, when.
    :param batches_per_hour: How many are made, at equal distances.
    :param changes: What somebody does to the webhook, when; None deletes it.
    """

    target: Target
    batches_per_hour: float = 2
    changes: dict[str, dict[str, Any] | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """What is true at a moment: the webhooks that exist, and every batch so far."""

    now: datetime
    webhooks: list[Webhook]
    batches: list[Batch]


class Play:
    """A story as it went under one retry schedule."""

    def __init__(self, story: Story, retry_schedule: str) -> None:
        simulation = Simulation(
            lambda batch: _answer(story.target(simulation.now, batch)), at("Mon 00:00"), 1000, retry_schedule
        )
        simulation.add(
            Webhook(WEBHOOK_ID, "orders", "https://example.org/orders", ("delivery",), ready_at=simulation.now)
        )
        # A few seconds past the full minute, so that nothing hangs on what is done first within one.
        simulation.advance_to(at("Mon 00:00") + timedelta(seconds=20))
        simulation.set_traffic(WEBHOOK_ID, timedelta(hours=1) / story.batches_per_hour, events_per_batch=1)
        changes = {at(when): change for when, change in story.changes.items()}
        self.moments: dict[datetime, Moment] = {}
        for now in moments("Mon 00:10", "Thu 12:00", STEP):
            simulation.advance_to(now)
            if now in changes:
                _change(simulation, changes[now])
            self.moments[now] = Moment(now, simulation.webhooks(), simulation.batches(WEBHOOK_ID))

    @property
    def batches(self) -> list[Batch]:
        """Every batch, as it ended."""
        return self.moments[at("Thu 12:00")].batches


def moments(first: str, last: str, step: timedelta) -> Iterator[datetime]:
    now = at(first)
    while now <= at(last):
        yield now
        now += step


def _answer(status: int) -> TargetAnswer:
    return TargetAnswer(latency=20, status=status, failure=None if status == 200 else str(status))


def _change(simulation: Simulation, change: dict[str, Any] | None) -> None:
    if change is None:
        simulation.remove(WEBHOOK_ID)
    else:
        simulation.change(WEBHOOK_ID, **change)


@dataclass(frozen=True)
class Service:
    """
    How the service shows a play.

    :param clock_offset: How far its clock is off.
    :param dated: Whether its answers have a ``Date``.
    """

    play: Play
    view: Switches
    clock_offset: timedelta = timedelta(0)
    dated: bool = True

    def look(self, now: datetime, policy: DeliveryPolicy, watched_from: datetime | None) -> DeliveryReport:
        """One look, as every mode of the sensor has it."""
        exchange: Exchange[DeliveryReport] = look(WEBHOOK_ID, "", policy, Patience(0), watched_from=watched_from)
        step = next(exchange)
        while True:
            assert isinstance(step, Send)
            try:
                step = exchange.send(self._answer(step.call, self.play.moments[now]))
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]

    def _answer(self, call: Call[Any], moment: Moment) -> Answer:
        status, body = self._body(call, moment)
        date = format_datetime(moment.now + self.clock_offset, usegmt=True)
        return Answer(status, {"date": date} if self.dated else {}, msgspec.json.encode(body), received=moment.now)

    def _body(self, call: Call[Any], moment: Moment) -> tuple[int, Any]:
        if call.path == "/webhooks":
            return 200, {"results": [listed(w, "/", self.view, self.clock_offset) for w in moment.webhooks]}
        if not moment.webhooks:
            return 404, {"errors": [{"message": "no such webhook", "code": "not_found"}]}
        if call.path.endswith("/batch-status"):
            rows = status_rows(moment.batches, self.view, moment.now, self.clock_offset)
            return 200, {"results": rows[: int(call.query["limit"])]}
        return 200, {"results": retrieved(moment.webhooks[0], "/", self.view)}


@dataclass(frozen=True)
class Check:
    """
    A task that looks until there is a verdict, or its time is over.

    :param begun: Its first look.
    :param ended: Its last one.
    :param outcome: ``healthy``, ``failed``, or ``timeout``.
    """

    begun: datetime
    ended: datetime
    outcome: str
    report: DeliveryReport


def check(service: Service, begun: datetime, policy: DeliveryPolicy, timeout: timedelta) -> Check:
    """Look every ten minutes."""
    now = begun
    while True:
        report = service.look(now, policy, begun)
        if report.outcome != "wait":
            return Check(begun, now, report.outcome, report)
        if now - begun > timeout:
            return Check(begun, now, "timeout", report)
        now += STEP
