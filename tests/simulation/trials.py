"""Lives, shown in every way in which the service may show them, checked by every schedule, and scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from itertools import product
from random import Random

from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.sandbox import Switches
from tests.simulation.checks import HOURLY, POKE, SCHEDULES, TOLD_ONCE, TWICE_A_DAY, TWO_HOURLY, Schedule
from tests.simulation.life import BEGIN, HOUR, MINUTE, Life, Trouble, make_life
from tests.simulation.play import Play, times
from tests.simulation.service import Service
from tests.simulation.truth import Score, score

RETRY_SCHEDULES = ("doubling", "even", "early")
VIEWS = list(product(("batch", "attempt"), ("creation", "last_attempt"), ("creation", "last_change")))
CAPS = (1000, 5000, 1730)
UNKNOWABLE = 1730  # more than is asked for first, and no round number: it looks like a whole answer

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
    :param group: What it was tried for: the ``schedule``, a ``threshold``, a ``cap …``.
    :param schedule: Which one.
    :param view: How the service showed it.
    """

    seed: int
    group: str
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
        for number in (seed + 3 * turn, seed + 3 * turn + 4):
            view = view_of(retry_schedule, number, seed)
            service = Service(play, view, life.clock_offset, life.dated)
            found += [_trial(seed, "schedule", life, service, schedule) for schedule in SCHEDULES]
        if whole:
            tried = [Schedule(name, HOUR, policy) for name, policy in THRESHOLDS.items()]
            found += [_trial(seed, "threshold", life, service, schedule) for schedule in tried]
    if whole and seed % 20 == 5:
        found += _capped(seed)
    return found


def _capped(seed: int) -> Iterator[Trial]:
    """A life of so many failures that its status has thousands of rows."""
    calm = make_life(Random(seed))
    down = Trouble("long outage", BEGIN + 30 * HOUR, 20 * HOUR + seed * MINUTE, 503)
    life = replace(calm, batches_per_hour=40, troubles=(*calm.troubles, down), changes={}, days=4)
    retry_schedule = RETRY_SCHEDULES[seed // 20 % len(RETRY_SCHEDULES)]
    play = played(life, retry_schedule)
    for cap in CAPS:
        view = view_of(retry_schedule, 4 + seed // 20 % 4, seed, cap)
        yield _trial(seed, f"cap {cap}", life, Service(play, view, life.clock_offset, life.dated), HOURLY)


def _trial(seed: int, group: str, life: Life, service: Service, schedule: Schedule) -> Trial:
    return Trial(seed, group, schedule, service.view, life, score(life, service, schedule))


def played(life: Life, retry_schedule: str) -> Play:
    """
    A life as it goes under one retry schedule.

    :param life: The life.
    :param retry_schedule: As ``Switches.retry_schedule``.
    """
    whole = list(times(BEGIN, life.end + 12 * HOUR, POKE))
    return Play(life.target, life.batches_per_hour, life.changes, retry_schedule, whole)


def view_of(retry_schedule: str, number: int, seed: int, cap: int | None = None) -> Switches:
    """
    One of the eight views; what matters less takes turns.

    :param retry_schedule: As ``Switches.retry_schedule``.
    :param number: Which one.
    :param seed: Whose turn it is.
    :param cap: The most rows one answer gives.
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
        limit_cap=cap,
        # Less than the contract's default of 1000 cannot be refused.
        over_cap="refuse" if cap and cap >= 1000 and seed % 2 else "cut",
    )


def broken(schedule: Schedule, found: Score) -> list[str]:
    """
    What a schedule promises and did not keep.

    :param schedule: The schedule.
    :param found: How it did.
    """
    said = []
    if found.missed and schedule in NONE_MISSED:
        said.append(f"{found.missed} losses never told")
    if found.late and schedule in IN_TIME:
        said.append(f"{found.late} losses told too late")
    if found.false > found.unlucky:
        said.append(f"{found.false} false alarms")
    if found.hasty:
        said.append(f"{found.hasty} checks ended too soon")
    return [f"{schedule.name}: {what}: {found.faults[0]}" for what in said]
