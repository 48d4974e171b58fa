"""Rows of batch status → batches: what all rows of a batch say together, whatever their number and order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from operator import attrgetter
from typing import Literal, NamedTuple, TypeAlias

from msgspec import Struct

from airflow_provider_reach.core.api.models import BatchRow
from airflow_provider_reach.core.target.no_response_codes import code_in
from airflow_provider_reach.core.times import as_utc

Code: TypeAlias = "str | int | float | None"
DeliveredBy = Literal["200", "2xx"]

FURTHEST_AHEAD = timedelta(hours=1)
"""How far ahead of the service's time a time may be and still be plausible."""
_EARLIEST = datetime(2010, 1, 1, tzinfo=timezone.utc)
_SLOW = 10_000
_MOST_EVENTS = 1_000_000_000
_NUMBER = re.compile(r"[0-9]+(?:\.0*)?")
_NEVER = datetime(1, 1, 2, tzinfo=timezone.utc)


class Batch(Struct, frozen=True, gc=False):
    """
    What the rows of one undelivered batch say together.

    :param batch_id: Its id; None where its only row has none.
    :param created: The earliest time in its rows, or None. Even so it may be older: a row's time may be that of its
        last attempt.
    :param may_be_older: Whether a row has no plausible time, so that the batch may be much older than ``created``.
    :param last: The latest time in its rows, or None.
    :param answered: What the target answered, by the latest row: ``503``, or ``no response`` with its code.
    :param attempts: The highest number of failed attempts in its rows, or None.
    :param events: How many events it holds, where a plausible number is known.
    """

    batch_id: str | None
    created: datetime | None
    may_be_older: bool
    last: datetime | None
    answered: str
    attempts: int | None
    events: int | None


class Batches(NamedTuple):
    """
    The batches of a webhook.

    :param recovered: How many were delivered after a failure.
    :param undelivered: The others: those without a time first, then the oldest.
    """

    recovered: int
    undelivered: list[Batch]


def batches_of(rows: Iterable[BatchRow], now: datetime, delivered_by: DeliveredBy = "200") -> Batches:
    """
    Group rows by batch.

    A batch is delivered if any of its rows says so: success wins over a failure that looks later. Each row without an
    id is a batch of its own, except exact duplicates.

    :param rows: In any order.
    :param now: The service's time, to recognise an implausible time.
    :param delivered_by: Which answers deliver a batch. With ``2xx``, a failure code that is itself a 2xx only repeats
        the answer and is no failure; any other failure code is one.
    """
    rows = list(rows)
    statuses = {code: _status(code) for code in {row.response_code for row in rows}}
    delivering = range(200, 201 if delivered_by == "200" else 300)
    repeats = range(0) if delivered_by == "200" else delivering
    good = {code for code, status in statuses.items() if status in delivering}
    delivered: set[object] = set()
    failed: list[BatchRow] = [] if good else rows
    for row in rows if good else ():
        if row.response_code in good and not (row.failure_code and _is_failure(row.failure_code, repeats)):
            delivered.add(row.batch_id or row)
        else:
            failed.append(row)
    if delivered:
        failed = [row for row in failed if (row.batch_id or row) not in delivered]
    telling = {
        code: f"{status} with a failure code" if code in good else str(status)
        for code, status in statuses.items()
        if status
    }
    latest = now + FURTHEST_AHEAD
    in_order = _put_in_order(failed, latest)
    batches = _together(failed, _each(failed, telling, None if in_order else latest))
    return Batches(len(delivered), batches if in_order else _by_age(batches))


def _put_in_order(rows: list[BatchRow], latest: datetime) -> bool:
    """Sort rows by time; False where one has no time, or none that is plausible, or one that is not in UTC."""
    if not rows:
        return True
    try:
        rows.sort(key=_ts)
        plausible = _ts(rows[0]) >= _EARLIEST and _ts(rows[-1]) <= latest
    except TypeError:
        return False
    return plausible and {_ts(row).tzinfo for row in rows} == {timezone.utc}


def _each(rows: list[BatchRow], telling: Mapping[Code, str], latest: datetime | None) -> list[Batch]:
    """
    Each row as a batch of its own.

    :param rows: The rows.
    :param telling: What the target answered, by the response codes that alone say it.
    :param latest: The latest plausible time; None where every time is known to be plausible.
    """
    return [
        Batch(
            row.batch_id,
            (ts := plausible_time(row.ts, latest) if latest else row.ts),
            ts is None,
            ts,
            telling.get(row.response_code) or _answered(row.failure_code, (row.latency or 0) >= _SLOW),
            row.attempts,
            events if (events := row.batch_size) is None or events <= _MOST_EVENTS else None,
        )
        for row in rows
    ]


def _together(rows: list[BatchRow], batches: list[Batch]) -> list[Batch]:
    """The batches of these rows, after merging those with the same id."""
    keys = [row.batch_id or row for row in rows]
    if len(set(keys)) == len(keys):
        return batches
    parts: dict[object, list[Batch]] = {}
    for key, batch in zip(keys, batches, strict=True):
        parts.setdefault(key, []).append(batch)
    return [_merged(of_one) if len(of_one) > 1 else of_one[0] for of_one in parts.values()]


def _by_age(batches: list[Batch]) -> list[Batch]:
    dated = [batch for batch in batches if batch.created is not None]
    dated.sort(key=created_of)
    return [batch for batch in batches if batch.created is None] + dated


def _merged(parts: list[Batch]) -> Batch:
    """One batch from several with the same id."""
    # An attempt that delivers adds no failure: of otherwise equal rows, the one that the target accepted is the later.
    latest = max(
        parts, key=lambda part: (part.last or _NEVER, part.attempts or 0, is_other_2xx(part.answered), part.answered)
    )
    times = [part.created for part in parts if part.created is not None]
    attempts = [part.attempts for part in parts if part.attempts is not None]
    events = [part.events for part in parts if part.events is not None]
    return Batch(
        latest.batch_id,
        min(times, default=None),
        len(times) < len(parts),
        latest.last,
        latest.answered,
        max(attempts, default=None),
        max(events, default=None),
    )


_ts: Callable[[BatchRow], datetime] = attrgetter("ts")
created_of: Callable[[Batch], datetime] = attrgetter("created")
"""When a batch with a time was created, as far as its rows tell."""


def is_other_2xx(answered: str) -> bool:
    """Whether the target accepted a batch with a 2xx other than 200, the only one that counts by the contract."""
    return len(answered) == 3 and answered.startswith("2")


def plausible_time(ts: datetime | None, latest: datetime) -> datetime | None:
    """A time in UTC, or None if it is implausible."""
    if ts is None:
        return None
    if ts.tzinfo is None:
        ts = ts.replace(tzinfo=timezone.utc)
    return as_utc(ts) if ts.year >= _EARLIEST.year and ts <= latest else None


@lru_cache(maxsize=512)
def _status(code: Code) -> int:
    """The HTTP status that a code means; 0, for no response, if it is missing, empty, or not a whole number."""
    if isinstance(code, str) and not _NUMBER.fullmatch(code.strip()):  # float() takes more, such as "2_00"
        return 0
    try:
        number = float(code or 0)
    except OverflowError:
        return 0
    return int(number) if number.is_integer() and 0 < number < 1000 else 0


def _is_failure(code: Code, repeats: range) -> bool:
    return str(code).strip() not in ("", "0", "0.0") and _status(code) not in repeats


@lru_cache(maxsize=512)
def _answered(failure: Code, slow: bool) -> str:
    """What the target answered, where the response code does not tell."""
    status = _status(failure)
    if status == 200:
        return "200 with a failure code"
    if status:
        return str(status)
    if code := code_in(str(failure)):
        return f"no response ({code})"
    return "no response in time" if slow else "no response"
