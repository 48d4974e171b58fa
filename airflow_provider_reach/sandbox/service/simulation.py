"""The service itself, without HTTP: its clock, its webhooks, and what becomes of every batch."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any
from uuid import uuid4

from airflow_provider_reach.sandbox.service import events as event_maker
from airflow_provider_reach.sandbox.service.model import Batch, Event, PostResult, Webhook
from airflow_provider_reach.sandbox.service.schedule import attempt_offsets

Deliver = Callable[[Batch], PostResult]


class UnknownWebhook(LookupError):
    """There is no webhook of that id, or no longer."""


@dataclass(frozen=True, eq=False)
class _Traffic:
    interval: timedelta
    events_per_batch: int


def in_utc(moment: datetime) -> datetime:
    """
    The moment, in UTC.

    :raises ValueError: it has no time zone, so it could mean any hour.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(timezone.utc)


class Simulation:
    """
    Webhooks and their batches under a clock that moves only when told to.

    Two locks: ``_lock`` guards the state and is never held during a POST, since a consumer may call the API back;
    ``_turn`` makes senders take turns, so that time stands still during a POST.

    :param deliver: POSTs a batch once and returns what came of it.
    :param start: the simulated time at the start, with a time zone.
    :param batch_size: the maximum number of events in a batch.
    :param retry_schedule: a value of ``Switches.retry_schedule``.
    :raises ValueError: ``start`` has no time zone.
    """

    def __init__(self, deliver: Deliver, start: datetime, batch_size: int, retry_schedule: str) -> None:
        self._deliver = deliver
        self._now = in_utc(start)
        self._batch_size = batch_size
        self._offsets = attempt_offsets(retry_schedule)
        self._webhooks: dict[str, Webhook] = {}
        self._batches: dict[str, dict[str, Batch]] = {}
        self._traffic: dict[str, _Traffic] = {}
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._lock = threading.RLock()
        self._turn = threading.Lock()
        self._stopped = False

    @property
    def now(self) -> datetime:
        """The simulated time, in UTC."""
        return self._now

    def webhooks(self) -> list[Webhook]:
        """All webhooks, in the order of their creation."""
        with self._lock:
            return list(self._webhooks.values())

    def webhook(self, webhook_id: str) -> Webhook:
        """
        The webhook as it is now.

        :raises UnknownWebhook: there is none of that id.
        """
        with self._lock:
            if webhook_id not in self._webhooks:
                raise UnknownWebhook(f"no webhook {webhook_id}")
            return self._webhooks[webhook_id]

    def add(self, webhook: Webhook) -> None:
        """Add a new webhook."""
        with self._lock:
            self._webhooks[webhook.id] = webhook
            self._batches[webhook.id] = {}

    def change(self, webhook_id: str, **changes: Any) -> None:
        """
        Change fields of a webhook; what is queued keeps the old ones.

        :raises UnknownWebhook: there is none of that id.
        :raises TypeError: a webhook has no such field.
        """
        with self._lock:
            self._webhooks[webhook_id] = replace(self.webhook(webhook_id), **changes)

    def remove(self, webhook_id: str) -> None:
        """
        Forget a webhook; what is queued still goes out.

        :raises UnknownWebhook: there is none of that id.
        """
        with self._lock:
            del self._webhooks[self.webhook(webhook_id).id]
            self._traffic.pop(webhook_id, None)

    def batches(self, webhook_id: str) -> list[Batch]:
        """
        Every batch that the webhook ever made, oldest first, even if it is deleted.

        :raises UnknownWebhook: there never was one of that id.
        """
        with self._lock:
            if webhook_id not in self._batches:
                raise UnknownWebhook(f"no webhook {webhook_id}")
            return list(self._batches[webhook_id].values())

    def send(self, webhook_id: str, events: int | Iterable[dict[str, Any]]) -> list[str]:
        """
        Make batches of events and try each for the first time.

        :param events: how many to make up, or the events; those of types the webhook did not ask for are left out.
        :return: the batch ids; empty if the webhook is inactive or was created less than a minute ago.
        :raises UnknownWebhook: there is none of that id.
        """
        with self._turn:
            return self._emit(self.webhook(webhook_id), events)

    def add_past_batch(self, webhook_id: str, created: datetime, answer: PostResult, events: int) -> str:
        """
        Make a batch of the past: each attempt that was due by now got this answer, and nothing is POSTed.

        A batch that is still pending is retried from now on.

        :param created: when it was made, with a time zone.
        :param events: how many to make up.
        :return: its id.
        :raises UnknownWebhook: there is none of that id.
        :raises ValueError: ``created`` has no time zone, or is in the future.
        """
        created = in_utc(created)
        with self._turn:
            webhook = self.webhook(webhook_id)
            due = [at for offset in self._offsets if (at := created + offset) <= self._now]
            if not due:
                raise ValueError(f"created={created}: it is after the sandbox's now, {self._now}")
            made_up = tuple(event_maker.make_events(webhook.events, events, created))
            attempts = due if answer.failure else due[:1]
            batch = Batch(uuid4().hex, webhook, created, made_up, tuple((at, answer) for at in attempts))
            self._keep(batch)
            return batch.batch_id

    def set_traffic(self, webhook_id: str, interval: timedelta | None, events_per_batch: int) -> None:
        """
        Make batches at regular intervals from now on; this replaces an earlier rate.

        :param interval: the time between two batches; None: no more batches.
        :raises UnknownWebhook: there is none of that id.
        """
        with self._lock:
            webhook_id = self.webhook(webhook_id).id
            self._traffic.pop(webhook_id, None)
            if interval is not None:
                traffic = self._traffic[webhook_id] = _Traffic(interval, events_per_batch)
                self._plan(self._now + interval, partial(self._tick, webhook_id, traffic))

    def advance_to(self, moment: datetime) -> None:
        """
        Let time pass: everything due until then happens, in order, each at its own time.

        :raises ValueError: the moment has no time zone, or is in the past.
        """
        with self._turn:
            self._run_until(in_utc(moment))

    def advance(self, span: timedelta) -> None:
        """
        Let this much time pass, counted from this caller's turn.

        :raises ValueError: the span is negative.
        """
        with self._turn:
            self._run_until(self._now + span)

    def stop(self) -> None:
        """End a running advance after its current batch."""
        self._stopped = True

    def _run_until(self, moment: datetime) -> None:
        if moment < self._now:
            raise ValueError(f"{moment} is before the sandbox's now, {self._now}")
        while action := self._next_due(moment):
            action()
        with self._lock:
            self._now = moment

    def _plan(self, when: datetime, action: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._count), action))

    def _next_due(self, until: datetime) -> Callable[[], None] | None:
        with self._lock:
            if self._stopped or not self._agenda or self._agenda[0][0] > until:
                return None
            self._now, _, action = heapq.heappop(self._agenda)
            return action

    def _tick(self, webhook_id: str, traffic: _Traffic) -> None:
        with self._lock:
            if self._traffic.get(webhook_id) is not traffic:
                return
            self._plan(self._now + traffic.interval, partial(self._tick, webhook_id, traffic))
            webhook = self._webhooks[webhook_id]
        self._emit(webhook, traffic.events_per_batch)

    def _emit(self, webhook: Webhook, events: int | Iterable[dict[str, Any]]) -> list[str]:
        if not webhook.active or self._now < webhook.ready_at:
            return []
        wanted = self._wanted(webhook, events)
        batches = [
            Batch(uuid4().hex, webhook, self._now, tuple(wanted[first : first + self._batch_size]))
            for first in range(0, len(wanted), self._batch_size)
        ]
        for batch in batches:
            self._attempt(batch)
        return [batch.batch_id for batch in batches]

    def _wanted(self, webhook: Webhook, events: int | Iterable[dict[str, Any]]) -> Sequence[Event]:
        if isinstance(events, int):
            return event_maker.make_events(webhook.events, events, self._now)
        completed = event_maker.complete(events, self._now)
        return [event for event in completed if event_maker.kind_of(event) in webhook.events]

    def _attempt(self, batch: Batch) -> None:
        answer = self._deliver(batch)
        self._keep(batch.answered(self._now, answer))

    def _keep(self, batch: Batch) -> None:
        """Keep what became of a batch at its last attempt, and plan the next one."""
        at, answer = batch.answers[-1]
        with self._lock:
            self._batches[batch.webhook.id][batch.batch_id] = batch
            if batch.webhook.id in self._webhooks:
                outcome = "last_failure" if answer.failure else "last_successful"
                last = getattr(self._webhooks[batch.webhook.id], outcome)
                self.change(batch.webhook.id, **{outcome: max(at, last or at)})
            if batch.state == "pending":
                self._plan(batch.created + self._offsets[len(batch.answers)], partial(self._attempt, batch))
