"""
The batch status of a webhook, grouped by batch.

A watch often gets the same long answer again: what such a body says is remembered when it comes a second time, since
then only the time changes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from functools import lru_cache, partial

from msgspec import Struct

from airflow_provider_reach.core.api.decoding import batch_rows
from airflow_provider_reach.core.api.operations import Call, get_batch_status
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.delivery.batches import FURTHEST_AHEAD, Batches, DeliveredBy, batches_of

_MOST_KEPT, _END = 64, 1024
_SHORTEST, _LONGEST = 16 * 1024, 256 * 1024
_AT_THE_END_OF_TIME = datetime(9999, 1, 1, tzinfo=timezone.utc)


class Grouped(Struct, frozen=True):
    """
    What a body says.

    :param rows: How many rows it has.
    :param batches: What they say together.
    """

    rows: int
    batches: Batches


class _Kept(Struct, frozen=True):
    """
    What is remembered.

    :param body: The body.
    :param grouped: What it says if none of its times is too far ahead.
    :param newest: The latest of these times.
    """

    body: bytes
    grouped: Grouped
    newest: datetime | None


_KEPT: dict[tuple[int, bytes, DeliveredBy], _Kept | None] = {}
"""By length and end, which tell bodies apart faster than a hash of all; None for one that came once."""


class GroupedStatus(Struct, frozen=True, kw_only=True):
    """
    The batch status of a webhook, grouped by batch.

    :param grouped: Its batches.
    :param complete: False where there are as many rows as were asked for, so that there may be more.
    :param at: The service's time of the answer.
    :param received: This machine's time of the answer.
    """

    grouped: Grouped
    complete: bool
    at: datetime
    received: datetime


@lru_cache(maxsize=4096)  # a watch asks for the same again and again
def get_grouped_status(webhook_id: str, delivered_by: DeliveredBy, limit: int) -> Call[GroupedStatus]:
    """
    Get the batch status of a webhook, grouped by batch.

    :param webhook_id: The webhook's UUID.
    :param delivered_by: Which answers deliver a batch.
    :param limit: The most rows to ask for, at least 1.
    :raises ReachInputError: as :func:`~airflow_provider_reach.core.api.operations.get_batch_status` does.
    """
    read = partial(_read, limit=limit, delivered_by=delivered_by)
    return replace(get_batch_status(webhook_id, limit), read=read)  # type: ignore[arg-type,return-value]


def _read(answer: Answer, _secrets: tuple[str, ...], limit: int, delivered_by: DeliveredBy) -> GroupedStatus:
    found = grouped(answer.body, answer.at, delivered_by)
    return GroupedStatus(grouped=found, complete=found.rows < limit, at=answer.at, received=answer.received)


def grouped(body: bytes, now: datetime, delivered_by: DeliveredBy) -> Grouped:
    """
    Read a body, and group its rows.

    :param body: The body of an answer.
    :param now: The service's time.
    :param delivered_by: Which answers deliver a batch.
    :raises ContractViolation: when the body is no batch status.
    """
    if not _SHORTEST <= len(body) <= _LONGEST:
        return _grouped(body, now, delivered_by)
    key = (len(body), body[-_END:], delivered_by)
    if key not in _KEPT:
        _make_room()
        _KEPT[key] = None
        return _grouped(body, now, delivered_by)
    kept = _KEPT[key]
    if kept is None or kept.body != body:
        kept = _KEPT[key] = _kept(body, delivered_by)
    if kept.newest is None or kept.newest <= now + FURTHEST_AHEAD:
        return kept.grouped
    return _grouped(body, now, delivered_by)


def _make_room() -> None:
    while len(_KEPT) >= _MOST_KEPT:
        del _KEPT[next(iter(_KEPT))]


def _kept(body: bytes, delivered_by: DeliveredBy) -> _Kept:
    found = _grouped(body, _AT_THE_END_OF_TIME, delivered_by)
    return _Kept(body, found, max((batch.last for batch in found.batches.undelivered if batch.last), default=None))


def _grouped(body: bytes, now: datetime, delivered_by: DeliveredBy) -> Grouped:
    rows = batch_rows(body)
    return Grouped(len(rows), batches_of(rows, now, delivered_by))
