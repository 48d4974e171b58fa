"""Which state each batch is in: recovered, in its early retries, ripe, at risk, or lost."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import datetime

from msgspec import Struct

from airflow_provider_reach.core.delivery.batches import Batch, Batches, created_of
from airflow_provider_reach.core.policy import GRACE, DeliveryPolicy


class Tally(Struct, frozen=True, kw_only=True):
    """
    The batches of a webhook by state; in each list, those without a time come first, then the oldest.

    :param recovered: How many were delivered after a failure.
    :param unripe: Undelivered, still in their early retries.
    :param ripe: Undelivered, past their early retries.
    :param at_risk: Undelivered, and discarded unless somebody acts; those of unknown age are among them.
    :param unknown_age: How many of those at risk have no readable time.
    :param lost: Presumed lost.
    :param lost_before: Presumed lost, and reported by an earlier check.
    :param in_flight: Every batch that is neither delivered nor presumed lost.
    """

    recovered: int
    unripe: list[Batch]
    ripe: list[Batch]
    at_risk: list[Batch]
    unknown_age: int
    lost: list[Batch]
    lost_before: list[Batch]
    in_flight: list[Batch]


def tally_of(batches: Batches, now: datetime, policy: DeliveryPolicy) -> Tally:
    """
    Sort batches by state.

    :param batches: The batches.
    :param now: The service's time.
    :param policy: The limits of the states.
    """
    undelivered = batches.undelivered
    undated = bisect_left(undelivered, True, key=lambda batch: batch.created is not None)
    unknown, dated = undelivered[:undated], undelivered[undated:]
    lost = dated[: bisect_left(dated, now - policy.lost_after, key=created_of)]
    told = _told(lost, now, policy)
    living = dated[len(lost) :]
    old = bisect_right(living, now - policy.at_risk_after, key=created_of)
    past_early = bisect_right(living, now - policy.min_age, key=created_of)
    at_risk_attempts, ripe_attempts = policy.at_risk_attempts, policy.min_attempts
    at_risk, ripe, unripe = unknown + living[:old], [], []
    for place, batch in enumerate(living[old:], old):
        attempts = batch.attempts or 0
        if attempts >= at_risk_attempts or batch.may_be_older:
            at_risk.append(batch)
        elif place < past_early or attempts >= ripe_attempts:
            ripe.append(batch)
        else:
            unripe.append(batch)
    return Tally(
        recovered=batches.recovered,
        unripe=unripe,
        ripe=ripe,
        at_risk=at_risk,
        unknown_age=sum([batch.may_be_older for batch in at_risk]),
        lost=lost[told:],
        lost_before=lost[:told],
        in_flight=unknown + living,
    )


def _told(lost: list[Batch], now: datetime, policy: DeliveryPolicy) -> int:
    """How many of these an earlier check reported; if a clock was wrong when it did, that would hide every loss."""
    told_before = policy.ignore_lost_before
    if told_before is None or told_before > now + GRACE:
        return 0
    return bisect_left(lost, told_before, key=lambda batch: created_of(batch) + policy.lost_after)
