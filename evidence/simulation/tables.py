"""The tables of docs/proof/simulation.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from airflow_provider_reach.core.delivery.report import span
from evidence.simulation.checks import HOURLY, SCHEDULES
from evidence.simulation.trials import ANSWERS, CAPS, UNKNOWABLE, Trial
from evidence.simulation.truth import Score

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
_OVER_CAP = {"cut": "the others left out", "refuse": "a larger limit refused"}
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
    thresholds = [trial for trial in tried if trial.group == "threshold"]
    caps = [trial for trial in tried if trial.group == "cap"]
    lives = len({trial.seed for trial in tried})
    parts = [
        f"{lives} lives, {sum(trial.life.days for trial in hourly):,} days seen by each schedule.",
        f"### Schedules\n\n{_scores('schedule', _by_schedule(of_schedules))}",
        f"### What the documentation leaves open: late / missed / false\n\n{_by_switch(of_schedules)}",
        f"### What the documentation leaves open: the hourly check\n\n{_scores('where', _where(hourly))}",
    ]
    if thresholds:
        parts.append(f"### Thresholds of the hourly check\n\n{_scores('policy', _by_schedule(thresholds))}")
    taken = [trial for trial in tried if trial.group == "answers"]
    if taken:
        parts.append(f"### A target that answers 202: the hourly check\n\n{_by_answers(taken)}")
    if caps:
        parts.append(f"### A cap on the rows of an answer: the hourly check\n\n{_by_cap(caps)}")
    return "\n\n".join(parts)


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


def _where(tried: Sequence[Trial]) -> dict[str, Score]:
    return {name: total(filter(is_so, tried)) for name, is_so in _SWITCHES.items()}


def _by_switch(tried: Sequence[Trial]) -> str:
    of_each = [_where([trial for trial in tried if trial.schedule == schedule]) for schedule in SCHEDULES]
    rows = {
        name: [f"{of_each[0][name].lost:,}"]
        + [f"{found[name].late:,} / {found[name].missed:,} / {found[name].false:,}" for found in of_each]
        for name in _SWITCHES
    }
    return _table(("where", "lost", *(schedule.name for schedule in SCHEDULES)), rows)


def _by_answers(tried: Sequence[Trial]) -> str:
    rows = {}
    for counted in ANSWERS:
        for policy in ANSWERS:
            found = total(
                trial
                for trial in tried
                if (trial.view.delivered_by, trial.schedule.policy.delivered_by) == (counted, policy)
            )
            name = f'Reach counts {counted}, `delivered_by="{policy}"`'
            cells = _cells(found)
            rows[name] = [cells[0], cells[1], *cells[4:], f"{found.doubted:,}", f"{found.still:,}"]
    heads = (
        "lost",
        "told in time",
        "late",
        "missed",
        "alarms",
        "unneeded",
        "false",
        "with the doubt",
        "standing still",
    )
    return _table(("where", *heads), rows)


def _by_cap(tried: Sequence[Trial]) -> str:
    rows = {}
    for cap, over_cap in CAPS:
        found = total(trial for trial in tried if (trial.view.limit_cap, trial.view.over_cap) == (cap, over_cap))
        name = f"{cap:,} rows, {_OVER_CAP[over_cap]}{' (cannot be known)' if (cap, over_cap) == UNKNOWABLE else ''}"
        seen = f"{found.cut - found.unseen:,}"
        rows[name] = [f"{found.cut:,}", seen, *(f"{n:,}" for n in (found.lost, found.late, found.missed, found.false))]
    return _table(("at most", "cut answers", "seen as cut", "lost", "late", "missed", "false"), rows)


def _scores(first: str, rows: dict[str, Score]) -> str:
    return _table((first, *_HEADS), {name: _cells(row) for name, row in rows.items()})


def _table(heads: Sequence[str], rows: dict[str, list[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"| --- |{' ---: |' * (len(heads) - 1)}"]
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
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
