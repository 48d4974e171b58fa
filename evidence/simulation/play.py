"""
What becomes of one webhook and its batches over days, played in the sandbox's simulation.

A play remembers when everything happened, so that what was true at any of its moments can be told afterwards, in every
way in which the service may show it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_reach.sandbox.api.batch_status import KEPT
from airflow_provider_reach.sandbox.service.courier import failure_of
from airflow_provider_reach.sandbox.service.model import Batch, PostResult, Webhook
from airflow_provider_reach.sandbox.service.schedule import WINDOW
from airflow_provider_reach.sandbox.service.simulation import Simulation

WEBHOOK_ID, NAME = "5f0b3f0c-64a7-4f0e-9a54-0d4a7b3b7a11", "orders"
NO_RESPONSE = 0

Target = Callable[[datetime, Batch], int]
"""The status with which a target answers a batch at a time; ``NO_RESPONSE``: it does not."""

Changes = Mapping[datetime, dict[str, Any] | None]
"""What somebody does to the webhook, when; None deletes it."""


@dataclass(frozen=True)
class Moment:
    """What is true at a moment: the webhooks that exist, and every batch that failed at first and may still be seen."""

    now: datetime
    webhooks: list[Webhook]
    batches: list[Batch]


class Play:
    """
    What happens to one webhook, under one retry schedule.

    :param target: What the target answers.
    :param batches_per_hour: How many batches are created, at equal intervals.
    :param changes: What is done to the webhook.
    :param retry_schedule: How the service spreads its retries.
    :param times: When it can be looked at, the first one its beginning.
    :param delivered_by: Which answers the service counts as delivered.
    """

    def __init__(
        self,
        target: Target,
        batches_per_hour: float,
        changes: Changes,
        retry_schedule: str,
        times: list[datetime],
        delivered_by: str = "200",
    ) -> None:
        def deliver(batch: Batch) -> PostResult:
            return _answer(target(simulation.now, batch), delivered_by)

        simulation = Simulation(deliver, times[0], 1000, retry_schedule)
        simulation.add(Webhook(WEBHOOK_ID, NAME, "https://example.org/orders", ("delivery",), ready_at=times[0]))
        # A few seconds past the full minute, so that nothing hangs on what is done first within one.
        simulation.advance_to(times[0] + timedelta(seconds=20))
        simulation.set_traffic(WEBHOOK_ID, timedelta(hours=1) / batches_per_hour, events_per_batch=1)
        self._webhooks: dict[datetime, list[Webhook]] = {}
        for now in times[1:]:
            simulation.advance_to(now)
            if now in changes:
                _change(simulation, changes[now])
            self._webhooks[now] = simulation.webhooks()
        self.batches = simulation.batches(WEBHOOK_ID)
        self._failing = [batch for batch in self.batches if batch.answers[0][1].failure]
        self._created = [batch.created for batch in self._failing]

    def moment(self, now: datetime) -> Moment:
        """What was true at one of its times."""
        first = bisect_right(self._created, now - WINDOW - KEPT)
        seen = self._failing[first : bisect_right(self._created, now)]
        return Moment(now, self._webhooks[now], [as_of(batch, now) for batch in seen])


def as_of(batch: Batch, now: datetime) -> Batch:
    """The batch as it was then."""
    if batch.answers[-1][0] <= now:
        return batch
    return replace(batch, answers=tuple(answer for answer in batch.answers if answer[0] <= now))


def times(first: datetime, last: datetime, step: timedelta) -> Iterator[datetime]:
    """From the first to the last, at equal distances."""
    while first <= last:
        yield first
        first += step


def _answer(status: int, delivered_by: str) -> PostResult:
    if status == NO_RESPONSE:
        return PostResult(latency=10_000, failure="ETIMEDOUT")
    return PostResult(latency=20, status=status, failure=failure_of(status, delivered_by))


def _change(simulation: Simulation, change: dict[str, Any] | None) -> None:
    if change is None:
        simulation.remove(WEBHOOK_ID)
    else:
        simulation.change(WEBHOOK_ID, **change)
