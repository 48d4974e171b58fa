"""The tables of docs/proof/simulation.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from airflow_provider_reach.core.report import span
from tests.simulation.checks import HOURLY, TWICE_A_DAY
from tests.simulation.trials import CAPS, UNKNOWABLE, Trial
from tests.simulation.truth import Score

_HEADS = (
    "lost",
    "told in time",
    "of these < 2 h before",
    "least time left",
    "late",
    "missed",
    "alarms",
    "unneeded",
    "false",
)
_TWO_HOURS = timedelta(hours=2)
_SWITCHES: dict[str, Callable[[Trial], bool]] = {
    "a row is a batch, its time the creation": lambda t: (t.view.rows, t.view.ts) == ("batch", "creation"),
    "a row is a batch, its time the last attempt": lambda t: (t.view.rows, t.view.ts) == ("batch", "last_attempt"),
    "a row is an attempt, its time the creation": lambda t: (t.view.rows, t.view.ts) == ("attempt", "creation"),
    "a row is an attempt, its time that attempt": lambda t: (t.view.rows, t.view.ts) == ("attempt", "last_attempt"),
    "kept 24 h from the creation": lambda t: t.view.kept_from == "creation",
    "kept 24 h from the last change": lambda t: t.view.kept_from == "last_change",
    "retries at doubling distances": lambda t: t.view.retry_schedule == "doubling",
    "retries at even distances": lambda t: t.view.retry_schedule == "even",
    "retries early": lambda t: t.view.retry_schedule == "early",
    "the service's clock is off, no `Date`": lambda t: bool(t.life.clock_offset) and not t.life.dated,
    "the service's clock is off, with `Date`": lambda t: bool(t.life.clock_offset) and t.life.dated,
    "codes are numbers, no response is `0` or empty": lambda t: (
        t.view.codes == "number" or t.view.no_response != "missing"
    ),
    "Reach itself was down at times": lambda t: bool(t.life.unanswered),
}


def whole(tried: Sequence[Trial]) -> str:
    """
    All tables.

    :param tried: The trials.
    """
    of_schedules = [trial for trial in tried if trial.group == "schedule"]
    hourly = [trial for trial in of_schedules if trial.schedule == HOURLY]
    drained = [trial for trial in of_schedules if trial.schedule == TWICE_A_DAY]
    thresholds = [trial for trial in tried if trial.group == "threshold"]
    lives = len({trial.seed for trial in tried})
    caps = {
        f"{cap:,} rows{' (cannot be known)' if cap == UNKNOWABLE else ''}": total(
            trial for trial in tried if trial.group == f"cap {cap}"
        )
        for cap in CAPS
    }
    return "\n\n".join(
        (
            f"{lives} lives, {sum(trial.life.days for trial in hourly):,} days seen by each schedule.",
            "### Schedules",
            _table("schedule", _by_schedule(of_schedules)),
            "### What the documentation leaves open: the hourly check",
            _table("where", {name: total(filter(is_so, hourly)) for name, is_so in _SWITCHES.items()}),
            "### What the documentation leaves open: drained, twice a day",
            _table("where", {name: total(filter(is_so, drained)) for name, is_so in _SWITCHES.items()}),
            "### Thresholds of the hourly check",
            _table("policy", _by_schedule(thresholds)),
            "### A cap on the rows of an answer: the hourly check",
            _table("at the most", caps),
        )
    )


def total(tried: Iterable[Trial]) -> Score:
    """
    The scores of trials together.

    :param tried: The trials.
    """
    found = Score()
    for trial in tried:
        found.add(trial.score)
    return found


def _by_schedule(tried: Sequence[Trial]) -> dict[str, Score]:
    names = dict.fromkeys(trial.schedule.name for trial in tried)
    return {name: total(trial for trial in tried if trial.schedule.name == name) for name in names}


def _table(first: str, rows: dict[str, Score]) -> str:
    lines = [f"| {first} | {' | '.join(_HEADS)} |", f"| --- |{' ---: |' * len(_HEADS)}"]
    lines += [f"| {name} | {' | '.join(_cells(row))} |" for name, row in rows.items()]
    return "\n".join(lines)


def _cells(row: Score) -> list[str]:
    hundred_days = 100 / max(1, row.days)
    return [
        f"{row.lost:,}",
        f"{row.lost - row.late - row.missed:,}",
        f"{sum(left < _TWO_HOURS for left in row.spare):,}",
        span(min(row.spare)) if row.spare else "–",
        f"{row.late:,}",
        f"{row.missed:,}",
        f"{row.alarms * hundred_days:.1f}",
        f"{row.unneeded * hundred_days:.1f}",
        f"{row.false:,}",
    ]
