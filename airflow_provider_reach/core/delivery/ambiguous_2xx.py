"""
Batches answered 201–299: it is unclear whether Reach counts them as delivered.

Its contract says that anything but 200 is retried; an older guide says that anything but 2xx is. Whether the retries go
on tells which is true.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from operator import attrgetter

from msgspec import structs

from airflow_provider_reach.core.delivery.batches import Batch
from airflow_provider_reach.core.delivery.report import DeliveryReport, NextRetry
from airflow_provider_reach.core.policy import GRACE, DeliveryPolicy
from airflow_provider_reach.core.text import one_line

_MOST_RETRIES, _MOST_IDS = 20, 3


def next_retries(taken: Iterable[Batch], now: datetime, policy: DeliveryPolicy) -> dict[str, NextRetry]:
    """By when each of these batches must be tried again if only 200 counts."""
    oldest_first = sorted([batch for batch in taken if batch.created], key=attrgetter("created"))
    return dict(islice(_known(oldest_first, now, policy), _MOST_RETRIES))


def _known(taken: Iterable[Batch], now: datetime, policy: DeliveryPolicy) -> Iterator[tuple[str, NextRetry]]:
    """Without ids such as ``__type``: in an XCom, Airflow gives these keys a meaning of its own."""
    for batch in taken:
        shown = one_line(batch.batch_id or "", 64)
        if shown and not shown.startswith("__") and (retry := _due(batch, now, policy)):
            yield shown, retry


def _due(batch: Batch, now: datetime, policy: DeliveryPolicy) -> NextRetry | None:
    """
    The latest time of the next attempt, whether a row's time is the batch's creation or its last attempt.

    Retries come at ever longer intervals: with the window divided equally among all retries, the n-th attempt is made
    before n-1 parts are over; with it divided among the attempts that are left, the next one comes within one part. One
    more attempt than reported counts as made: the one answered 2xx may not be reported as a failure.
    """
    if batch.created is None or batch.last is None or batch.may_be_older or batch.attempts is None:
        return None
    made = max(0, batch.attempts) + 1
    if made >= policy.max_attempts:
        return None
    longest_gap = policy.retry_window / (policy.max_attempts - made)
    by_its_time = max(
        batch.created + policy.retry_window / (policy.max_attempts - 1) * made,
        batch.last + longest_gap,
    )
    return NextRetry(batch.attempts, min(by_its_time, now + longest_gap) + GRACE, batch.last)


def with_earlier_retries(seen: DeliveryReport, earlier: DeliveryReport | None) -> DeliveryReport:
    """The report, in which a batch that was not tried again since an earlier look is due when that look said."""
    if earlier is None:
        return seen
    retries = {
        batch_id: before
        if (before := earlier.next_retries.get(batch_id))
        and (before.attempts, before.last) == (retry.attempts, retry.last)
        else retry
        for batch_id, retry in seen.next_retries.items()
    }
    return structs.replace(seen, next_retries=retries)


def advice_on_2xx(taken: int, retries: Iterable[str]) -> str:
    """What to do about batches that may have been delivered."""
    ids = ", ".join(list(retries)[:_MOST_IDS])
    which = "1 of these batches was" if taken == 1 else f"{taken:,} of these batches were"
    return (
        f"{which} last answered 201–299. Reach's contract counts 200 alone as delivered, an older guide of Reach any "
        f"2xx, so they may be delivered. Look for their ids in the consumer's log{f' ({ids})' if ids else ''}, and "
        "look again after their next retry. If the consumer has them and their attempts have stopped rising, set "
        "delivered_by='2xx'. If their attempts still rise, let the target answer exactly 200."
    )
