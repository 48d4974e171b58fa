"""Which state each batch is in: recovered, in its early retries, ripe, at risk, or lost."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from airflow_provider_reach.core.delivery.batches import Batch
from airflow_provider_reach.core.policy import GRACE, DeliveryPolicy


class Tally(Struct):
    """
    The batches of a webhook by state.

    :param recovered: How many were delivered after a failure.
    :param unripe: Undelivered, still in their early retries.
    :param ripe: Undelivered, past their early retries.
    :param at_risk: Undelivered, and discarded unless somebody acts; those of unknown age are among them.
    :param unknown_age: How many of those at risk have no readable time.
    :param lost: Presumed lost.
    :param lost_before: Presumed lost, and reported by an earlier check.
    """

    recovered: int
    unripe: list[Batch] = []
    ripe: list[Batch] = []
    at_risk: list[Batch] = []
    unknown_age: int = 0
    lost: list[Batch] = []
    lost_before: list[Batch] = []

    @property
    def in_flight(self) -> list[Batch]:
        """Every batch that is neither delivered nor presumed lost."""
        return self.at_risk + self.ripe + self.unripe


def tally_of(recovered: int, undelivered: list[Batch], now: datetime, policy: DeliveryPolicy) -> Tally:
    """Sort batches by state."""
    tally = Tally(recovered)
    lost_at, at_risk_at, ripe_at = now - policy.lost_after, now - policy.at_risk_after, now - policy.min_age
    at_risk_attempts, ripe_attempts = policy.at_risk_attempts, policy.min_attempts
    told_before = policy.ignore_lost_before
    if told_before and told_before > now + GRACE:  # a clock was wrong when it was told: it would hide every loss
        told_before = None
    for batch in undelivered:
        created, attempts = batch.created, batch.attempts or 0
        if created is not None and created < lost_at:
            told = told_before is not None and created + policy.lost_after < told_before
            (tally.lost_before if told else tally.lost).append(batch)
        elif created is None or batch.may_be_older:
            tally.at_risk.append(batch)
            tally.unknown_age += 1
        elif created <= at_risk_at or attempts >= at_risk_attempts:
            tally.at_risk.append(batch)
        elif created <= ripe_at or attempts >= ripe_attempts:
            tally.ripe.append(batch)
        else:
            tally.unripe.append(batch)
    return tally
