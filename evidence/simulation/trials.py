"""Lives, shown in every way in which the service may show them, checked by every schedule, and scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from itertools import product
from random import Random
from typing import Literal

from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.sandbox import Switches
from evidence.simulation.checks import HOURLY, POKE, SCHEDULES, TOLD_ONCE, TWICE_A_DAY, TWO_HOURLY, Schedule
from evidence.simulation.life import BEGIN, HOUR, MINUTE, Life, Trouble, make_life
from evidence.simulation.play import Play, times
from evidence.simulation.service import Service
from evidence.simulation.truth import Score, score

RETRY_SCHEDULES = ("doubling", "even", "early")
VIEWS = list(product(("batch", "attempt"), ("creation", "last_attempt"), ("creation", "last_change")))
CAPS = list(product((1000, 5000, 1730), ("cut", "refuse")))
UNKNOWABLE = (1730, "cut")  # more than is asked for first, and no round number: it looks like a whole answer
_CAPPED_EVERY = 30
_TAKEN_EVERY, _MOST_TAKEN = 5, 4.0
ANSWERS: tuple[Answers, ...] = ("200", "2xx")

Answers = Literal["200", "2xx"]
Group = Literal["schedule", "threshold", "cap", "answers"]

IN_TIME = (HOURLY, TOLD_ONCE)
NONE_MISSED = (*IN_TIME, TWO_HOURLY, TWICE_A_DAY)

THRESHOLDS = {
    "the defaults": DeliveryPolicy(),
    "`max_undelivered=5`": DeliveryPolicy(max_undelivered=5),
    "`max_undelivered=20`": DeliveryPolicy(max_undelivered=20),
    "`min_age` 30 min": DeliveryPolicy(min_age=timedelta(minutes=30)),
    "`min_age` 2 h": DeliveryPolicy(min_age=2 * HOUR),
    "`min_age` 2 h, `min_attempts=9`": DeliveryPolicy(min_age=2 * HOUR, min_attempts=9),
    "`min_attempts=4`": DeliveryPolicy(min_attempts=4),
    "`min_attempts=9`": DeliveryPolicy(min_attempts=9),
    "`at_risk_after` 3 h": DeliveryPolicy(at_risk_after=3 * HOUR),
    "`at_risk_after` 5 h": DeliveryPolicy(at_risk_after=5 * HOUR),
    "`at_risk_after` 6 h": DeliveryPolicy(at_risk_after=6 * HOUR),
}


@dataclass(frozen=True)
class Trial:
    """
    A life as one schedule checked it.

    :param seed: Of the life.
    :param group: What it was tried for.
    :param schedule: Which one.
    :param view: How the service showed it.
    :param life: The life.
    :param score: How the schedule did.
    """

    seed: int
    group: Group
    schedule: Schedule
    view: Switches
    life: Life
    score: Score

    @property
    def again(self) -> str:
        """How to try it alone."""
        usual = Switches()
        switched = {f.name: getattr(self.view, f.name) for f in fields(Switches)}
        shown = ", ".join(f"{name}={value}" for name, value in switched.items() if value != getattr(usual, name))
        return f"--seed {self.seed}, {self.schedule.name}, {shown or 'usual view'}"

    @property
    def faults(self) -> list[str]:
        """What it shows that must not be."""
        return broken(
            self.schedule,
            self.score,
            seen=(self.view.limit_cap, self.view.over_cap) != UNKNOWABLE,
            agreed=self.view.delivered_by == self.schedule.policy.delivered_by,
        )


def trials_of(seed: int, whole: bool = True) -> list[Trial]:
    """
    All trials of one life: every retry schedule, with another two of the eight views for each.

    :param seed: Of the life.
    :param whole: Whether thresholds are tried too, and now and then a cap.
    """
    life = make_life(Random(seed))
    found = []
    for turn, retry_schedule in enumerate(RETRY_SCHEDULES):
        play = played(life, retry_schedule)
        first, second = (
            Service(play, view_of(retry_schedule, number, seed), life.clock_offset, life.dated)
            for number in (seed + 3 * turn, seed + 3 * turn + 4)
        )
        found += [
            _trial(seed, "schedule", life, shown, schedule) for shown in (first, second) for schedule in SCHEDULES
        ]
        if whole:  # in one of the two views: thresholds are many
            tried = [Schedule(name, HOUR, policy) for name, policy in THRESHOLDS.items()]
            found += [_trial(seed, "threshold", life, second, schedule) for schedule in tried]
    if whole and seed % _CAPPED_EVERY == 5:
        found += _capped(seed)
    if seed % _TAKEN_EVERY == 3:
        found += _taken(seed)
    return found


def _taken(seed: int) -> Iterator[Trial]:
    """A life whose target takes with 202 what it takes, on a service of either kind, checked by either policy."""
    life = make_life(Random(seed))
    life = replace(life, batches_per_hour=min(life.batches_per_hour, _MOST_TAKEN), taken_with=202)
    retry_schedule = RETRY_SCHEDULES[seed % len(RETRY_SCHEDULES)]
    for counted in ANSWERS:
        view = replace(view_of(retry_schedule, seed, seed), delivered_by=counted)
        service = Service(played(life, retry_schedule, counted), view, life.clock_offset, life.dated)
        for policy in ANSWERS:
            yield _trial(seed, "answers", life, service, replace(HOURLY, policy=DeliveryPolicy(delivered_by=policy)))


def _capped(seed: int) -> Iterator[Trial]:
    """A life of so many failures that its status has thousands of rows."""
    calm, turn = make_life(Random(seed)), seed // _CAPPED_EVERY
    down = Trouble("long outage", BEGIN + 30 * HOUR, 20 * HOUR + seed * MINUTE, 503)
    life = replace(calm, batches_per_hour=40, troubles=(*calm.troubles, down), changes={}, days=4)
    retry_schedule = RETRY_SCHEDULES[turn % len(RETRY_SCHEDULES)]
    play = played(life, retry_schedule)
    for cap, over_cap in CAPS:
        view = replace(view_of(retry_schedule, 4 + turn % 4, turn), limit_cap=cap, over_cap=over_cap)
        yield _trial(seed, "cap", life, Service(play, view, life.clock_offset, life.dated), HOURLY)


def _trial(seed: int, group: Group, life: Life, service: Service, schedule: Schedule) -> Trial:
    return Trial(seed, group, schedule, service.view, life, score(life, service, schedule))


def played(life: Life, retry_schedule: str, delivered_by: Answers = "200") -> Play:
    """
    A life as it goes under one retry schedule.

    :param life: The life.
    :param retry_schedule: As ``Switches.retry_schedule``.
    :param delivered_by: As ``Switches.delivered_by``.
    """
    whole = list(times(BEGIN, life.end + 12 * HOUR, POKE))
    return Play(life.target, life.batches_per_hour, life.changes, retry_schedule, whole, delivered_by)


def view_of(retry_schedule: str, number: int, seed: int) -> Switches:
    """
    One of the eight views; what matters less takes turns.

    :param retry_schedule: As ``Switches.retry_schedule``.
    :param number: Which one.
    :param seed: Whose turn it is.
    """
    rows, ts, kept_from = VIEWS[number % len(VIEWS)]
    return Switches(
        rows=rows,  # type: ignore[arg-type]
        ts=ts,  # type: ignore[arg-type]
        kept_from=kept_from,  # type: ignore[arg-type]
        retry_schedule=retry_schedule,  # type: ignore[arg-type]
        codes=("string", "number")[seed % 2],  # type: ignore[arg-type]
        no_response=("missing", "zero", "empty")[seed % 3],  # type: ignore[arg-type]
        extra_fields=seed % 2 == 0,
    )


def broken(schedule: Schedule, found: Score, *, seen: bool = True, agreed: bool = True) -> list[str]:
    """
    The promises that a schedule did not keep.

    :param schedule: The schedule.
    :param found: What it found.
    :param seen: Whether it can be seen that an answer was cut.
    :param agreed: Whether policy and service count the same answers; else it may tell what is wrong, with a doubt.
    """
    said = {
        "misled": "checks said that attempts have stopped that have not",
        "undoubted": "false alarms without a doubt",
        "otherwise": "looks at the whole workspace told something else",
    }
    if agreed:
        said |= {
            "false": "false alarms",
            "hasty": "checks ended too soon",
            "miscounted": "checks counted other batches than the service shows",
        }
    if agreed and schedule.name in [promised.name for promised in NONE_MISSED]:
        said["missed"] = "losses never told"
    if agreed and schedule.name in [promised.name for promised in IN_TIME]:
        said["late"] = "losses told too late"
    if seen:
        said["unseen"] = "cut answers taken for whole"
    first = dict(reversed(found.faults))
    return [
        f"{schedule.name}: {getattr(found, name)} {what}: {first[name]}" for name, what in said.items() if name in first
    ]
