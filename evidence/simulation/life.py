"""
The life of a webhook, made up by chance: how much it delivers, and what befalls its target, itself and the service.

It is the same for the same ``Random``; where that is one of Hypothesis, a life that breaks a rule is made as small as
can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from airflow_provider_reach.sandbox.service.model import Batch
from evidence.simulation.play import NO_RESPONSE

BEGIN = datetime(2026, 3, 2, tzinfo=timezone.utc)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

_BATCHES_PER_HOUR = (0.5, 0.5, 2, 2, 2, 4, 4, 4, 12, 12, 12, 30)
_ANSWERS = (503, 500, 502, 404, 401, 429, 202, NO_RESPONSE)


@dataclass(frozen=True)
class Trouble:
    """
    A time in which a target fails.

    :param kind: What it is.
    :param begins: When the first POST may fail.
    :param lasts: How long.
    :param answer: What a POST gets that fails.
    :param share: How many of the POSTs fail at the beginning, from 0 to 1.
    :param share_at_end: How many at the end; between, it changes evenly.
    :param of_batches: Whether it is the batches made in that time that fail, for ever, and not the POSTs.
    """

    kind: str
    begins: datetime
    lasts: timedelta
    answer: int
    share: float = 1.0
    share_at_end: float = 1.0
    of_batches: bool = False

    def fails(self, now: datetime, batch: Batch, chance: float) -> bool:
        """
        Whether a POST fails.

        :param now: The time.
        :param batch: What is POSTed.
        :param chance: From 0 to 1, another one for each POST.
        """
        passed = ((batch.created if self.of_batches else now) - self.begins) / self.lasts
        return 0 <= passed < 1 and chance < self.share + (self.share_at_end - self.share) * passed


@dataclass(frozen=True)
class Life:
    """
    A life.

    :param days: How long it is.
    :param batches_per_hour: How many batches are made, at equal distances.
    :param troubles: What befalls its target.
    :param changes: What befalls the webhook: fields that change, None: it is deleted.
    :param unanswered: When the service itself cannot be asked.
    :param clock_offset: How far the service's clock is off.
    :param dated: Whether its answers have a ``Date``.
    :param minute: Of the hour, when checks are planned.
    :param taken_with: What its target answers to a batch that it takes.
    :param late: By how many minutes each check begins later, by turns.
    """

    days: int
    batches_per_hour: float
    troubles: tuple[Trouble, ...]
    changes: dict[datetime, dict[str, Any] | None] = field(default_factory=dict)
    unanswered: tuple[tuple[datetime, datetime], ...] = ()
    clock_offset: timedelta = timedelta(0)
    dated: bool = True
    minute: int = 0
    late: tuple[int, ...] = (0,)
    taken_with: int = 200

    @property
    def end(self) -> datetime:
        """When it ends."""
        return BEGIN + timedelta(days=self.days)

    def target(self, now: datetime, batch: Batch) -> int:
        """What the target answers to a batch."""
        for number, trouble in enumerate(self.troubles):
            # Not hash(): it is another one in each process.
            seed = f"{number} {batch.created.timestamp()} {len(batch.answers) * (not trouble.of_batches)}"
            chance = Random(seed).random() if min(trouble.share, trouble.share_at_end) < 1 else 0.0
            if trouble.fails(now, batch, chance):
                return trouble.answer
        return self.taken_with

    def is_answered(self, now: datetime) -> bool:
        """Whether the service can be asked."""
        return not any(begins <= now < ends for begins, ends in self.unanswered)


def make_life(random: Random, days: int = 6) -> Life:
    """
    A life by chance.

    :param random: The chance.
    :param days: Its length; what happens in the last of them is not counted, as nobody sees how it ends.
    """
    minutes = range(0, days * 24 * 60, 5)

    def some(chance_a_day: float) -> Iterator[datetime]:
        for day in range(days):
            if random.random() < chance_a_day:
                yield BEGIN + timedelta(days=day) + 5 * MINUTE * random.randrange(24 * 12)

    troubles = [make(random, begins) for make, chance in _TROUBLES.items() for begins in some(chance)]
    changes: dict[datetime, dict[str, Any] | None] = {}
    for begins in some(0.04):
        changes |= {begins + 5 * MINUTE: {"active": False}, begins + _span(random, 0.2, 12): {"active": True}}
    if random.random() < 0.08:
        deleted = BEGIN + 5 * MINUTE * random.randrange(1, len(minutes))
        changes = {when: change for when, change in changes.items() if when < deleted} | {deleted: None}
    return Life(
        days=days,
        batches_per_hour=random.choice(_BATCHES_PER_HOUR),
        troubles=tuple(troubles),
        changes=changes,
        unanswered=tuple((begins, begins + _span(random, 0.1, 3)) for begins in some(0.06)),
        clock_offset=random.choice((0, 0, 10, -10, 3, -3)) * MINUTE,
        dated=random.random() < 0.7,
        minute=random.choice((0, 0, 5, 25, 55)),
        late=tuple(random.choice((0, 0, 0, 5, 10)) for _ in range(7)),
    )


def _span(random: Random, hours_at_least: float, hours_at_most: float) -> timedelta:
    """A length in steps of five minutes; short ones come more often than long ones."""
    share = random.random() ** 2
    hours = hours_at_least + (hours_at_most - hours_at_least) * share
    return 5 * MINUTE * max(1, round(hours * 12))


def _deploy(random: Random, begins: datetime) -> Trouble:
    return Trouble("deploy", begins, MINUTE * random.randint(1, 10), random.choice((502, 503, NO_RESPONSE)))


def _short_outage(random: Random, begins: datetime) -> Trouble:
    return Trouble("short outage", begins, MINUTE * random.randint(10, 55), random.choice(_ANSWERS))


def _outage(random: Random, begins: datetime) -> Trouble:
    return Trouble("outage", begins, _span(random, 1, 7), random.choice(_ANSWERS))


def _long_outage(random: Random, begins: datetime) -> Trouble:
    return Trouble("long outage", begins, _span(random, 8, 36), random.choice(_ANSWERS))


def _slow_recovery(random: Random, begins: datetime) -> Trouble:
    return Trouble("slow recovery", begins, _span(random, 1, 10), random.choice((429, 503, NO_RESPONSE)), 1.2, 0.0)


def _flapping(random: Random, begins: datetime) -> Trouble:
    share = random.choice((0.05, 0.2, 0.5, 0.8))
    return Trouble("flapping", begins, _span(random, 1, 24), random.choice((503, NO_RESPONSE)), share, share)


def _poison(random: Random, begins: datetime) -> Trouble:
    share = random.choice((0.1, 0.5, 1.0))
    lasts = _span(random, 0.2, 3)
    return Trouble("batches it never takes", begins, lasts, random.choice((400, 413, 500)), share, share, True)


_TROUBLES: dict[Callable[[Random, datetime], Trouble], float] = {
    _deploy: 0.5,
    _short_outage: 0.15,
    _outage: 0.12,
    _long_outage: 0.05,
    _slow_recovery: 0.08,
    _flapping: 0.08,
    _poison: 0.06,
}
