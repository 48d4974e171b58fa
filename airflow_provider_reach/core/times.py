"""Times: from any text that the service or a person writes, and in UTC."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pendulum

_TIME = re.compile(
    r"(\d{4}[-/]?\d\d[-/]?\d\d)[Tt ]+(\d\d:?\d\d[\d:.,]*) *([Zz]|UTC|GMT|[+-]\d\d:?(?:\d\d)?|)", re.ASCII
)
_USUAL = re.compile(  # read without pendulum, which takes a hundred times as long
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)
_MICROSECOND = timedelta(microseconds=1)
_ROUNDS_UP = re.compile(r"[.,]\d{6}[5-9]", re.ASCII)


def parse_time(value: Any) -> datetime | None:
    """
    Read an instant, to the nearest microsecond, as UTC; None where it cannot be read.

    :param value: Text with at least a full date and a time of day, since nothing is guessed; without an offset, UTC.
    """
    if isinstance(value, str) and _USUAL.fullmatch(value):
        with suppress(msgspec.ValidationError, OverflowError):
            return as_utc(msgspec.convert(value, datetime))
    said = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if said is None:
        return None
    date, time, zone = said.groups()
    try:
        parsed = pendulum.parse(f"{date.replace('/', '-')}T{time}{zone if zone[:1] in ('+', '-') else 'Z'}")
        more = _MICROSECOND * bool(_ROUNDS_UP.search(time))  # pendulum cuts off, and msgspec rounds
        return as_utc(parsed) + more if isinstance(parsed, datetime) else None
    except (ValueError, TypeError, OverflowError):
        return None


def as_utc(when: datetime) -> datetime:
    """A time in UTC, as a plain ``datetime``: a pendulum one would lose this time zone in an addition."""
    if when.tzinfo is timezone.utc and type(when) is datetime:
        return when
    if when.tzinfo is not None:
        when = when.astimezone(timezone.utc)
    return datetime.combine(when.date(), when.time(), timezone.utc)
