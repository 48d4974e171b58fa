"""Values as people and templates write them: counts, durations, flags and times, each read in one way everywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.text import shown

_UNITS = {
    "weeks": "w|weeks?",
    "days": "d|days?",
    "hours": "h|hours?",
    "minutes": "m|min|minutes?",
    "seconds": "s|sec|seconds?",
}
_IN_UNITS = re.compile(  # 1h, 90m, 1h30m, 1 h 30 min, 2 hours
    " ?".join(rf"(?:(?P<{name}>\d+(?:\.\d+)?) ?(?:{unit}))?" for name, unit in _UNITS.items()), re.ASCII
)
_BY_THE_CLOCK = re.compile(  # 01:30:00, and 1 day, 2:00:00, as a timedelta is written
    r"(?:(?P<days>\d+) days?, )?(?P<hours>\d+):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d(?:\.\d+)?)", re.ASCII
)
_NOTHING = ("", "None", "null")


def read_duration(name: str, value: timedelta | float | str) -> timedelta:
    """
    A duration that may come from a template.

    :param name: The parameter's name, for the message.
    :param value: As :func:`duration` takes it.
    :raises ReachInputError: when it is none.
    """
    try:
        return duration(value)
    except ValueError as why:
        raise ReachInputError([f"{name} must be {why}, not {shown(value)}."], "the watch") from None


def read_instant(name: str, value: datetime | str | None) -> datetime:
    """
    A time, in UTC.

    :param name: The parameter's name, for the message.
    :param value: A ``datetime``, or its text.
    :raises ReachInputError: when it is neither.
    """
    with suppress(ValueError, OverflowError):
        if when := instant(value):
            return when
    raise ReachInputError([f"{name} must be a time, not {shown(value)}."], "the watch")


def count(value: Any) -> int:
    """
    A whole number from 0; JSON and templates may write 10 as ``10.0``.

    :param value: A number, or its text.
    :raises ValueError: with what it must be.
    """
    number = -1
    if not isinstance(value, (Mapping, list, tuple)):
        with suppress(ValueError):
            number = int(re.sub(r"(?<=\d)\.0+(?=\s*$)", "", str(value)))
    if number < 0:
        raise ValueError("a whole number from 0")
    return number


def duration(value: Any) -> timedelta:
    """
    A duration from 0.

    ``01:30`` is none: it may be minutes and seconds as well as hours and minutes. Nor are months and years, which have
    no one length.

    :param value: A ``timedelta``; seconds, or their text; ``1h``, ``90m``, ``1h 30m``, ``2 hours``; ``01:30:00``,
        ``1 day, 2:00:00``; ``PT45M``, ``P1DT2H``.
    :raises ValueError: with what it must be.
    """
    read: timedelta | None = None
    if isinstance(value, timedelta):
        read = value
    elif not isinstance(value, bool):
        with suppress(TypeError, ValueError, OverflowError):
            read = timedelta(seconds=float(value))
        if read is None and isinstance(value, str):
            read = _of_text(" ".join(value.split()))
    if read is None or read < timedelta(0):
        raise ValueError("a duration from 0, such as timedelta(hours=1), 3600 (seconds), '1h', '01:00:00' or 'PT1H'")
    return read


def duration_or_none(value: Any) -> timedelta | None:
    """
    A duration above 0, or None where there is none.

    :param value: As :func:`duration` takes it; None, empty text, ``"None"`` and ``"null"`` mean none.
    :raises ValueError: with what it must be.
    """
    if is_nothing(value):
        return None
    try:
        read = duration(value)
    except ValueError as why:
        raise ValueError(f"{why}, or None for no limit") from None
    if not read:
        raise ValueError("a duration above 0, or None for no limit")
    return read


def flag(value: Any) -> bool:
    """
    True or False.

    :param value: Either, or 1 or 0, or the text of one of these.
    :raises ValueError: with what it must be.
    """
    known = {"true": True, "1": True, "false": False, "0": False}
    text = "" if isinstance(value, (Mapping, list, tuple)) else str(value).strip().lower()
    if text not in known:
        raise ValueError("True or False")
    return known[text]


def instant(value: Any) -> datetime | None:
    """
    A time in UTC, or None where there is none.

    :param value: A ``datetime``, or its text; naive means UTC. None, empty text, ``"None"`` and ``"null"`` mean none.
    :raises ValueError: with what it must be.
    :raises OverflowError: when it is outside of the calendar.
    """
    if is_nothing(value):
        return None
    from airflow_provider_reach.core.api.decoding import moment  # here, to keep DAG files fast
    from airflow_provider_reach.core.api.models import as_utc

    when = as_utc(value) if isinstance(value, datetime) else moment(value)
    if when is None:
        raise ValueError("a time such as 2026-01-31T02:00:00Z, or empty")
    return when


def is_nothing(value: Any) -> bool:
    """
    Whether a value is None, or what a template makes of None.

    :param value: Any.
    """
    return value is None or (isinstance(value, str) and value.strip() in _NOTHING)


def _of_text(text: str) -> timedelta | None:
    """The duration of a text with units, of one as on a clock, or of one of ISO 8601; None of any other."""
    for form in (_IN_UNITS, _BY_THE_CLOCK):
        if text and (said := form.fullmatch(text)):
            with suppress(OverflowError):
                return timedelta(**{name: float(number or 0) for name, number in said.groupdict().items()})
    if text[:1] in ("P", "p"):
        import msgspec  # here, to keep DAG files fast

        with suppress(msgspec.ValidationError):
            return msgspec.convert(text, timedelta)
    return None
