"""Rows of batch status → batches: what all rows of one batch say together, whatever their number and order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from msgspec import Struct

from airflow_provider_reach.core.models import BatchRow, as_utc

_FURTHEST_AHEAD = timedelta(hours=1)
_FIRST_BELIEVED_YEAR = 2010
_SLOW = 10_000
_MOST_EVENTS = 1_000_000_000
_NEVER = datetime(1, 1, 2, tzinfo=timezone.utc)


class Batch(Struct, frozen=True, gc=False):
    """
    What the rows of one batch say together.

    :param batch_id: Its id; None where its only row has none.
    :param created: The earliest time its rows tell, or None. The batch may be older: a row's time may be that of its
        last attempt.
    :param doubtful: Whether a row has no time that can be read and believed: the batch may be older than ``created``.
    :param last: Of the latest row: its time, its attempts, and what the target answered (``503``, ``no response``).
    :param attempts: The most failed attempts a row tells, or None.
    :param delivered: Whether any row says delivered; success wins over a later-looking failure.
    :param events: Events in it, where known and believed.
    """

    batch_id: str | None
    created: datetime | None
    doubtful: bool
    last: tuple[datetime, int, str]
    attempts: int | None
    delivered: bool
    events: int | None

    @property
    def answered(self) -> str:
        """What the target answered last."""
        return self.last[2]


def batches_of(rows: Iterable[BatchRow], now: datetime) -> list[Batch]:
    """
    Group rows by batch.

    Rows without an id are a batch each, unless they are the same in everything.

    :param rows: In any order.
    :param now: The service's time, to tell a time that cannot be believed.
    """
    latest = now + _FURTHEST_AHEAD
    found: dict[object, Batch] = {}
    for row in rows:
        key = row.batch_id or row
        batch = _batch(row, latest)
        found[key] = batch if key not in found else _merged(found[key], batch)
    return list(found.values())


def _batch(row: BatchRow, latest: datetime) -> Batch:
    ts = row.ts
    if ts is not None:
        if ts.tzinfo is None:
            ts = ts.replace(tzinfo=timezone.utc)
        if ts.year < _FIRST_BELIEVED_YEAR or ts > latest:
            ts = None
        elif ts.tzinfo is not timezone.utc:
            ts = as_utc(ts)
    status = _status(row.response_code)
    delivered = status == 200 and not _is_failure(row.failure_code)
    answered = "" if delivered else _answered(status, row.failure_code, (row.latency or 0) >= _SLOW)
    return Batch(
        row.batch_id,
        ts,
        ts is None,
        (ts or _NEVER, row.attempts or 0, answered),
        row.attempts,
        delivered,
        row.batch_size if row.batch_size is not None and row.batch_size <= _MOST_EVENTS else None,
    )


def _merged(one: Batch, other: Batch) -> Batch:
    return Batch(
        one.batch_id,
        min((b.created for b in (one, other) if b.created is not None), default=None),
        one.doubtful or other.doubtful,
        max(one.last, other.last),
        _most(one.attempts, other.attempts),
        one.delivered or other.delivered,
        _most(one.events, other.events),
    )


def _most(one: int | None, other: int | None) -> int | None:
    return max((n for n in (one, other) if n is not None), default=None)


@lru_cache(maxsize=512)
def _status(code: str | int | float | None) -> int:
    """The HTTP status a code means; 0, for no response, where it is missing, empty, or no whole number."""
    try:
        number = float(code or 0)
    except (ValueError, OverflowError):
        return 0
    return int(number) if number.is_integer() and 0 < number < 1000 else 0


@lru_cache(maxsize=512)
def _is_failure(code: str | int | float | None) -> bool:
    return bool(code) and str(code).strip() not in ("", "0", "0.0")


@lru_cache(maxsize=512)
def _answered(status: int, failure_code: str | int | float | None, slow: bool) -> str:
    status = status or _status(failure_code)
    if status == 200:
        return "200 with a failure code"
    return str(status) if status else "no response in time" if slow else "no response"
