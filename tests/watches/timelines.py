"""Stories of one webhook, from Monday 00:00 to Thursday 12:00, and checks that look at them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import product
from typing import Any

from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.sandbox import Switches
from evidence.simulation.play import Play, Target, times
from evidence.simulation.service import Service

SCHEDULES = ("doubling", "even", "early")
VIEWS = [
    Switches(rows=rows, ts=ts, kept_from=kept_from)  # type: ignore[arg-type]
    for rows, ts, kept_from in product(("batch", "attempt"), ("creation", "last_attempt"), ("creation", "last_change"))
]
STEP = timedelta(minutes=10)
_DAYS = ("Mon", "Tue", "Wed", "Thu")


def at(text: str) -> datetime:
    """A moment of the story, such as ``Mon 22:30``."""
    day, clock = text.split()
    hour, minute = clock.split(":")
    return datetime(2026, 3, 2 + _DAYS.index(day), int(hour), int(minute), tzinfo=timezone.utc)


def moments(first: str, last: str, step: timedelta) -> Iterator[datetime]:
    return times(at(first), at(last), step)


def down(*periods: str, status: int = 503) -> Target:
    """A target that answers 200 but in these periods, such as ``Mon 22:30 - Tue 10:00``."""
    spans = [tuple(at(end) for end in period.split(" - ")) for period in periods]
    return lambda now, _: status if any(first <= now < last for first, last in spans) else 200


@dataclass(frozen=True)
class Story:
    """
    What happens.

    :param target: What the target answers to a batch, when.
    :param batches_per_hour: How many are made, at equal distances.
    :param changes: What somebody does to the webhook, when; None deletes it.
    """

    target: Target
    batches_per_hour: float = 2
    changes: dict[str, dict[str, Any] | None] = field(default_factory=dict)

    def play(self, retry_schedule: str) -> Play:
        """The story as it goes under one retry schedule."""
        changes = {at(when): change for when, change in self.changes.items()}
        whole = list(moments("Mon 00:00", "Thu 12:00", STEP))
        return Play(self.target, self.batches_per_hour, changes, retry_schedule, whole)


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
