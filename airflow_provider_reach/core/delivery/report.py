"""What a verdict says: plain JSON for programs, and a text whose first line is what a person woken at night needs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from airflow_provider_reach.core.serializable import Serializable

Outcome = Literal["healthy", "wait", "failed"]


class NextRetry(Struct, frozen=True):
    """
    When a batch must be tried again.

    :param attempts: How many failed attempts the service reports.
    :param due: The latest time of the next one.
    :param last: The latest time that the service reports: if it changes, the batch was tried again.
    """

    attempts: int
    due: datetime
    last: datetime


class DeliveryReport(Serializable, Struct, frozen=True, kw_only=True):
    """
    A verdict and what it is based on: plain JSON by :meth:`to_dict`, text by ``str``. It holds no secret.

    :param outcome: ``healthy``, ``wait`` (no limit is passed: look again) or ``failed``.
    :param headline: The first line: which webhook, what is wrong, how long is left.
    :param webhook_id: The webhook's id, where known.
    :param webhook_name: The webhook's name, where known.
    :param looked_at: The service's time of the look.
    :param complete: False if the answer may leave out batches: then every count is a lower bound.
    :param counts: Batches by state: ``recovered``, ``retrying``, ``at_risk``, ``unknown_age`` (among those at risk),
        ``lost``, ``lost_before`` (reported before).
    :param undelivered: Batches in flight: retrying and at risk.
    :param events: Events in undelivered and lost batches; None if no size is known.
    :param events_at_least: Whether there may be more.
    :param oldest_seconds: Age of the oldest batch in flight.
    :param first_discard_at: When the first batch in flight will be discarded, at the latest.
    :param lost_from: Creation of the first lost batch (reported before or not).
    :param lost_until: Creation of the last lost batch.
    :param responses: What the target answered last, with the number of batches.
    :param target_answers: Whether the target is answering again, as far as the list of webhooks tells.
    :param batch_ids: A few ids to look for in the consumer's log.
    :param advice: What to do next, one sentence each.
    :param last_successful: When a batch was last delivered, as far as the list of webhooks tells.
    :param taken: Batches among the undelivered and lost that were last answered 201–299; it is unclear whether Reach
        counts them as delivered. 0 if the policy says that it does.
    :param next_retries: For some of these, by id: when they are due for a retry if Reach does not. Empty if the answer
        was cut: it may leave out the latest attempt.
    """

    outcome: Outcome
    headline: str
    webhook_id: str
    webhook_name: str
    looked_at: datetime
    complete: bool
    counts: dict[str, int]
    undelivered: int
    events: int | None
    events_at_least: bool
    oldest_seconds: float | None
    first_discard_at: datetime | None
    lost_from: datetime | None
    lost_until: datetime | None
    responses: dict[str, int]
    target_answers: bool | None
    batch_ids: list[str]
    advice: list[str]
    last_successful: datetime | None = None
    taken: int = 0
    next_retries: dict[str, NextRetry] = {}

    @property
    def standing_still(self) -> int:
        """How many of the batches answered 201–299 are overdue for a retry."""
        return sum(retry.due < self.looked_at for retry in self.next_retries.values())

    def __str__(self) -> str:
        lines = [self.headline]
        if self.responses:
            said = ", ".join(f"{answer} ({number})" for answer, number in self.responses.items())
            lines.append(f"What the target answered last, by number of batches: {said}.")
        if self.target_answers is not None and (self.undelivered or self.counts["lost"]):
            lines.append(f"The target is {'answering again' if self.target_answers else 'still not answering 200'}.")
        if self.last_successful is not None:
            lines.append(f"Last success: {clock(self.last_successful)}, {ago(self.last_successful, self.looked_at)}.")
        if still := self.standing_still:
            lines.append(
                f"Batches answered 201–299 that are overdue for a retry: {still} of {self.taken:,}. Their attempts "
                "have stopped, so Reach counts any 2xx as delivered, or Reach itself is stalled."
            )
        if self.advice:
            lines += ["What to do:", *(f"  - {sentence}" for sentence in self.advice)]
        counts = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in self.counts.items() if number)
        lines.append(f"Batches of the last 24 hours that failed at least once: {counts or 'none'}.")
        if self.events is not None:
            at_least = "at least " if self.events_at_least else ""
            lines.append(f"Events in undelivered and lost batches: {at_least}{self.events:,}.")
        if self.oldest_seconds is not None:
            lines.append(f"Oldest undelivered batch: {span(timedelta(seconds=self.oldest_seconds))}.")
        if self.batch_ids:
            lines.append("To look for in the consumer's log, as X-MessageSystems-Batch-ID, for example:")
            lines += (f"  {batch_id}" for batch_id in self.batch_ids)
        if self.webhook_name and self.webhook_id:
            lines.append(f"The webhook's id is {self.webhook_id}.")
        return "\n".join(lines)


def span(duration: timedelta) -> str:
    """
    A duration for people: ``2 h 58 min``, or with its seconds if it is below five minutes.

    :param duration: 0 or longer.
    """
    whole = int(duration.total_seconds())
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    parts = [(hours, "h"), (minutes, "min")] if whole >= 300 else [(minutes, "min"), (seconds, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def ago(when: datetime, now: datetime) -> str:
    """
    How long ago a time was: ``26 h ago``.

    :param when: The time.
    :param now: The time now.
    """
    past = now - when
    return f"{span(past) if past >= timedelta(minutes=1) else 'less than a minute'} ago"


def clock(when: datetime) -> str:
    """
    A time for people: ``2026-11-22 14:02 UTC``.

    :param when: The time, in UTC.
    """
    return f"{when:%Y-%m-%d %H:%M} UTC"
