"""What a life of checks was worth, by what the service itself knows: losses told, in time or not, and false alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.sandbox.model import Batch
from airflow_provider_reach.sandbox.status import KEPT
from tests.simulation.checks import Check, Schedule
from tests.simulation.life import HOUR, Life
from tests.simulation.play import Moment
from tests.simulation.service import Service


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
    :param false: Failed checks when nothing was wrong.
    :param unlucky: Of these, since a whole answer had by chance a round number of thousands of rows, as a cap has.
    :param unneeded: Alarms for what recovered by itself.
    :param hasty: Checks that drained and ended well though a batch of their first look was in flight.
    :param faults: What must not be, in words.
    """

    days: int = 0
    lost: int = 0
    late: int = 0
    missed: int = 0
    spare: list[timedelta] = field(default_factory=list)
    alarms: int = 0
    false: int = 0
    unlucky: int = 0
    unneeded: int = 0
    hasty: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Count another one in."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def score(life: Life, service: Service, schedule: Schedule) -> Score:
    """
    Let a schedule check a life, and hold what it told against the truth.

    :param life: The life.
    :param service: How it is shown.
    :param schedule: When it is checked, and how.
    """
    found = Score(days=life.days)
    checks, policy = schedule.run(service, life), schedule.policy
    first_told, last_told = _told(service, checks)
    for batch in discarded(life, service):
        found.lost += 1
        first, at = first_told.get(batch.batch_id), batch.answers[-1][0]
        if first is None or (schedule.tells_once and last_told[batch.batch_id] < at):
            found.missed += 1
            found.faults.append(f"never told as lost: the batch of {batch.created}, discarded {at}")
        elif first >= at:
            found.late += 1
            found.faults.append(f"told {first}, too late: the batch of {batch.created}, discarded {at}")
        else:
            found.spare.append(at - first)
    for number, made in enumerate(checks):
        moment = service.play.moment(made.ended)
        if made.outcome == "healthy" and policy.drain and _in_flight_from(made.begun, moment):
            found.hasty += 1
            found.faults.append(f"{made.ended}: healthy though not all of {made.begun} was decided: {made.report}")
        if not made.tells:
            continue
        if made.outcome == "timeout" or not is_wrong(made, moment, service, policy):
            found.false += 1
            found.unlucky += bool(made.report and not made.report.complete and len(service.rows(moment)) % 1000 == 0)
            found.faults.append(f"{made.ended}: {made.outcome} though nothing was wrong: {made.report}")
        if number == 0 or not checks[number - 1].tells:
            found.alarms += 1
            found.unneeded += not _was_needed(moment, service)
    return found


def discarded(life: Life, service: Service) -> list[Batch]:
    """Every batch that was discarded so long before the end of the life that a check had its time to tell."""
    until = life.end - KEPT - 12 * HOUR
    return [b for b in service.play.batches if b.state == "discarded" and b.answers[-1][0] < until]


def is_wrong(made: Check, moment: Moment, service: Service, policy: DeliveryPolicy) -> bool:
    """Whether an alarm is right by the policy's own words, applied to what the service knows."""
    if not moment.webhooks or not all(webhook.active for webhook in moment.webhooks):
        return True
    if made.report and not made.report.complete and len(service.rows(moment)) > (service.view.limit_cap or 100_000):
        return True
    slack = abs(service.clock_offset)
    piled_up = at_risk = 0
    for batch in moment.batches:
        age, attempts = moment.now - batch.created + slack, len(batch.answers)
        if batch.state == "discarded" and moment.now - batch.answers[-1][0] < KEPT:
            return True
        if batch.state == "pending":
            at_risk += age >= policy.at_risk_after or attempts >= policy.at_risk_attempts
            piled_up += age >= policy.min_age or attempts >= policy.min_attempts
    return piled_up > policy.max_undelivered or at_risk > policy.max_at_risk


def _told(service: Service, checks: Sequence[Check]) -> tuple[dict[str, datetime], dict[str, datetime]]:
    """When a check failed first, and last, that counts a batch among what is not delivered, for each such batch."""
    first: dict[str, datetime] = {}
    last: dict[str, datetime] = {}
    for made in checks:
        if made.tells:
            told = dict.fromkeys(_told_by(made, service), made.ended)
            first, last = {**told, **first}, {**last, **told}
    return first, last


def _told_by(made: Check, service: Service) -> Iterator[str]:
    moment = service.play.moment(made.ended)
    whole = bool(moment.webhooks) and (made.report is None or made.report.complete)
    shown = {row["batch_id"] for row in service.rows(moment)[: service.view.limit_cap]} if whole else set()
    dated_by_last = service.view.ts == "last_attempt" and service.view.rows == "batch"
    lost_after = DeliveryPolicy().lost_after
    for batch in moment.batches:
        seen = batch.answers[-1][0] if dated_by_last else batch.created
        lost_at = seen + service.clock_offset + lost_after
        ignored = made.ignored_before is not None and lost_at < made.ignored_before
        # Of a webhook that is gone, and of an answer that was cut, everything is said to be wrong.
        if not whole or (batch.batch_id in shown and not ignored):
            yield batch.batch_id


def _in_flight_from(begun: datetime, moment: Moment) -> bool:
    return any(batch.state == "pending" and batch.created <= begun for batch in moment.batches)


def _was_needed(moment: Moment, service: Service) -> bool:
    """Whether something of what an alarm told was not well in the end."""
    if not moment.webhooks or not all(webhook.active for webhook in moment.webhooks):
        return True
    ended = {batch.batch_id: batch.state for batch in service.play.batches}
    return any(ended[batch.batch_id] != "delivered" for batch in moment.batches)
