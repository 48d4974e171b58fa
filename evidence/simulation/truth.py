"""What a life of checks was worth, by what the service itself knows: losses told, in time or not, and false alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.sandbox.api.batch_status import KEPT
from airflow_provider_reach.sandbox.service.model import Batch
from evidence.simulation.checks import Check, Schedule
from evidence.simulation.life import HOUR, Life
from evidence.simulation.play import Moment
from evidence.simulation.service import Service

_LOST_AFTER = DeliveryPolicy().lost_after


@dataclass
class Score:
    """
    What a life of checks was worth, or many.

    :param days: Days that were watched.
    :param lost: Batches that the service discarded.
    :param late: Of those, told of only afterwards.
    :param missed: Of those, never told.
    :param spare: How long before the discard the others were told first.
    :param alarms: Times that somebody was woken: of failed checks in a row, the first.
    :param false: Failed checks when nothing was wrong; those of a round number of thousands of rows are no fault.
    :param unneeded: Alarms for what recovered by itself.
    :param hasty: Checks that drained and ended well though a batch of their first look was in flight.
    :param miscounted: Checks whose report counts other batches than the service shows.
    :param cut: Checks that ended with an answer that a cap had cut.
    :param unseen: Of these, taken for whole.
    :param doubted: False alarms whose report says that batches answered 201–299 may be delivered.
    :param still: Of these, those that say that attempts have stopped.
    :param undoubted: False alarms of a policy that does not count what the service counts, when the report raises no
        doubt.
    :param misled: Checks that say that the attempts of a batch have stopped which was not delivered.
    :param otherwise: Hourly checks at whose first look one at the whole workspace told something else.
    :param faults: What must not be: by which of these names it is counted, and in words.
    """

    days: int = 0
    lost: int = 0
    late: int = 0
    missed: int = 0
    spare: list[timedelta] = field(default_factory=list)
    alarms: int = 0
    false: int = 0
    unneeded: int = 0
    hasty: int = 0
    miscounted: int = 0
    cut: int = 0
    unseen: int = 0
    doubted: int = 0
    still: int = 0
    undoubted: int = 0
    misled: int = 0
    otherwise: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Count another one in."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def blame(self, name: str, text: str) -> None:
        """Count what must not be, and keep it in words."""
        setattr(self, name, getattr(self, name) + 1)
        self.faults.append((name, text))


@dataclass(frozen=True)
class Checked:
    """
    A check, and what was true when it ended.

    :param made: The check.
    :param service: What it asked.
    :param moment: What was true.
    :param rows: How many rows batch status had.
    :param shown: The batches of those rows that the service gave.
    """

    made: Check
    service: Service
    moment: Moment
    rows: int
    shown: list[Batch]

    @property
    def cut(self) -> bool:
        """Whether the service had more rows than it gave."""
        return self.rows > self.service.most

    @property
    def looks_cut(self) -> bool:
        """Whether it took a whole answer for cut that had by chance as many rows as a cap may have."""
        report = self.made.report
        return bool(report and not report.complete and self.rows and self.rows % 1000 == 0)

    @property
    def works(self) -> bool:
        """Whether the webhook existed, and was active."""
        return bool(self.moment.webhooks) and all(webhook.active for webhook in self.moment.webhooks)

    def stands_still_rightly(self, report: DeliveryReport) -> bool:
        """Whether every batch whose attempts are said to have stopped is delivered."""
        still = {batch_id for batch_id, retry in report.next_retries.items() if retry.due < report.looked_at}
        return all(batch.state == "delivered" for batch in self.shown if batch.batch_id in still)

    def lost_at(self, batch: Batch) -> datetime:
        """When a batch that is not delivered is presumed lost, by the times of the rows."""
        dated_by_last = (self.service.view.rows, self.service.view.ts) == ("batch", "last_attempt")
        seen = batch.answers[-1][0] if dated_by_last else batch.created
        return seen + self.service.clock_offset + _LOST_AFTER

    def was_told(self, batch: Batch) -> bool:
        """Whether the check was to take the loss of a batch for told."""
        return self.made.ignored_before is not None and self.lost_at(batch) < self.made.ignored_before


def score(life: Life, service: Service, schedule: Schedule) -> Score:
    """
    Let a schedule check a life, and hold what it told against the truth.

    :param life: The life.
    :param service: How it is shown.
    :param schedule: When it is checked, and how.
    """
    found = Score(days=life.days)
    checks = [_checked(made, service) for made in schedule.run(service, life)]
    _count_losses(found, checks, discarded(life, service), schedule.tells_once)
    for checked in checks:
        _count_faults(found, checked, schedule.policy)
    _count_alarms(found, checks)
    return found


def discarded(life: Life, service: Service) -> list[Batch]:
    """Every batch that was discarded so long before the end of the life that a check had its time to tell."""
    until = life.end - KEPT - 12 * HOUR
    return [b for b in service.play.batches if b.state == "discarded" and b.answers[-1][0] < until]


def is_wrong(checked: Checked, policy: DeliveryPolicy) -> bool:
    """Whether an alarm is right by the policy's own words, applied to what the service knows."""
    report, now = checked.made.report, checked.moment.now
    if not checked.works or (report and not report.complete and checked.cut):
        return True
    slack = abs(checked.service.clock_offset)
    piled_up = at_risk = 0
    for batch in checked.shown:
        age, attempts = now - batch.created + slack, len(batch.answers)
        if batch.state == "discarded" and not checked.was_told(batch):
            return True
        if batch.state == "pending":
            at_risk += age >= policy.at_risk_after or attempts >= policy.at_risk_attempts
            piled_up += age >= policy.min_age or attempts >= policy.min_attempts
    return piled_up > policy.max_undelivered or at_risk > policy.max_at_risk


def is_miscounted(checked: Checked, report: DeliveryReport) -> bool:
    """Whether a whole report leaves out a batch that the service shows, or takes another number for lost."""
    lost = [b for b in checked.shown if b.state == "discarded" and checked.lost_at(b) < report.looked_at]
    before = sum(checked.was_told(batch) for batch in lost)
    counts = report.counts
    counted = sum(counts.values()) - counts["unknown_age"]  # which are among those at risk
    return (counted, counts["lost"], counts["lost_before"]) != (len(checked.shown), len(lost) - before, before)


def _checked(made: Check, service: Service) -> Checked:
    moment = service.play.moment(made.ended)
    rows = service.rows(moment) if moment.webhooks else []
    given = {row["batch_id"] for row in rows[: service.most]}
    return Checked(made, service, moment, len(rows), [batch for batch in moment.batches if batch.batch_id in given])


def _count_losses(found: Score, checks: Sequence[Checked], lost: Sequence[Batch], tells_once: bool) -> None:
    first_told, last_told = _told(checks)
    for batch in lost:
        found.lost += 1
        first, at = first_told.get(batch.batch_id), batch.answers[-1][0]
        if first is None or (tells_once and last_told[batch.batch_id] < at):
            found.blame("missed", f"never told as lost: the batch of {batch.created}, discarded {at}")
        elif first >= at:
            found.blame("late", f"told {first}, too late: the batch of {batch.created}, discarded {at}")
        else:
            found.spare.append(at - first)


def _count_faults(found: Score, checked: Checked, policy: DeliveryPolicy) -> None:
    made = checked.made
    if made.otherwise:
        found.blame("otherwise", f"{made.begun}: {made.otherwise}")
    if made.outcome == "healthy" and policy.drain and _in_flight_from(made.begun, checked.moment):
        found.blame("hasty", f"{made.ended}: healthy though not all of {made.begun} was decided: {made.report}")
    if made.tells and (made.outcome == "timeout" or not is_wrong(checked, policy)):
        if checked.looks_cut:
            found.false += 1
        else:
            found.blame("false", f"{made.ended}: {made.outcome} though nothing was wrong: {made.report}")
            _count_doubt(found, checked, policy)
    if made.report and not checked.stands_still_rightly(made.report):
        found.blame("misled", f"{made.ended}: attempts are said to have stopped that have not: {made.report}")
    if made.report and checked.cut:
        found.cut += 1
        if made.report.complete:
            found.blame("unseen", f"{made.ended}: cut, and taken for whole: {made.report}")
    elif made.report and made.report.complete and is_miscounted(checked, made.report):
        found.blame(
            "miscounted", f"{made.ended}: not what the service shows, {len(checked.shown)} batches: {made.report}"
        )


def _count_doubt(found: Score, checked: Checked, policy: DeliveryPolicy) -> None:
    report = checked.made.report
    if report and report.taken:
        found.doubted += 1
        found.still += report.standing_still > 0
    elif policy.delivered_by != checked.service.view.delivered_by:
        found.blame("undoubted", f"{checked.made.ended}: a false alarm without a doubt: {report}")


def _count_alarms(found: Score, checks: Sequence[Checked]) -> None:
    for before, checked in pairwise([None, *checks]):
        if checked and checked.made.tells and not (before and before.made.tells):
            found.alarms += 1
            found.unneeded += not _was_needed(checked)


def _told(checks: Sequence[Checked]) -> tuple[dict[str, datetime], dict[str, datetime]]:
    """For each batch, when the first and the last check failed that counted it as not delivered."""
    first: dict[str, datetime] = {}
    last: dict[str, datetime] = {}
    for checked in checks:
        if checked.made.tells:
            told = dict.fromkeys(_told_by(checked), checked.made.ended)
            first, last = {**told, **first}, {**last, **told}
    return first, last


def _told_by(checked: Checked) -> Iterator[str]:
    report = checked.made.report
    if not checked.moment.webhooks or (report and not report.complete):
        # Of a webhook that is gone, and of an answer that was cut, everything is said to be wrong.
        return (batch.batch_id for batch in checked.moment.batches)
    return (batch.batch_id for batch in checked.shown if not checked.was_told(batch))


def _in_flight_from(begun: datetime, moment: Moment) -> bool:
    return any(batch.state == "pending" and batch.created <= begun for batch in moment.batches)


def _was_needed(checked: Checked) -> bool:
    """Whether anything that an alarm reported did not recover in the end."""
    ended = {batch.batch_id: batch.state for batch in checked.service.play.batches}
    return not checked.works or any(ended[batch.batch_id] != "delivered" for batch in checked.moment.batches)
