"""
Values as people and templates write them: each kind is read here, in one way everywhere.

``docs/values.md`` has the table of what is taken. A reader raises ``ValueError`` with what the value must be;
:func:`read` makes of it the error that names the argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.text import shown

_T = TypeVar("_T")

RENDERED_NONE = ("None", "null")
"""What a template makes of None."""
UNNAMED = ("None",)
"""The same for a webhook's name, which may well be ``null``."""
_NOT_GIVEN = ("", "none", "null")
_FLAGS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}

_UNITS = {
    "weeks": "w|weeks?",
    "days": "d|days?",
    "hours": "h|hours?",
    "minutes": "m|min|minutes?",
    "seconds": "s|sec|seconds?",
}
# Compiled when first used, to keep DAG files fast.
_IN_UNITS = " ?".join(  # 1h, 90m, 1h30m, 1 h 30 min, 2 hours
    rf"(?:(?P<{name}>\d+(?:\.\d+)?) ?(?:{unit}))?" for name, unit in _UNITS.items()
)
_BY_THE_CLOCK = (  # 01:30:00, and 1 day, 2:00:00, as a timedelta is written
    r"(?:(?P<days>\d+) days?, )?(?P<hours>\d+):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d(?:\.\d+)?)"
)


def read(reader: Callable[[Any], _T], name: str, value: Any, what: str) -> _T:
    """
    A value that may come from a template.

    :param reader: One of the functions below.
    :param name: The argument's name, for the message.
    :param value: What was given.
    :param what: What refuses it, such as ``task 'orders'``.
    :raises ReachInputError: with what the value must be.
    """
    try:
        return reader(value)
    except (ValueError, OverflowError) as why:
        raise ReachInputError([f"{name} must be {why}, not {shown(value)}."], what) from None


def read_duration(name: str, value: timedelta | float | str) -> timedelta:
    """
    A duration of a watch.

    :param name: The argument's name, for the message.
    :param value: As :func:`duration` takes it.
    :raises ReachInputError: when it is not a duration.
    """
    return read(duration, name, value, "the watch")


def read_instant(name: str, value: datetime | str | None) -> datetime:
    """
    A time of a watch, in UTC.

    :param name: The argument's name, for the message.
    :param value: A ``datetime``, or its text.
    :raises ReachInputError: when it is neither.
    """
    with suppress(ValueError, OverflowError):
        if when := instant(value):
            return when
    raise ReachInputError([f"{name} must be a time, not {shown(value)}."], "the watch")


def read_text(name: str, value: Any, what: str, none: Collection[str] = RENDERED_NONE) -> str:
    """
    A rendered text without the blanks around it; empty if it is not given.

    :param name: The argument's name, for the message.
    :param value: A text, or None.
    :param what: What refuses it.
    :param none: The texts that mean None.
    :raises ReachInputError: when it is not a text.
    """
    if not isinstance(value, (str, type(None))):
        raise ReachInputError([no_text(name, value)], what)
    return text_of(value, none)


def text_of(value: str | None, none: Collection[str] = RENDERED_NONE) -> str:
    """A text without the blanks around it; empty if it is not given."""
    text = (value or "").strip()
    return "" if text in none else text


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

    ``01:30`` is refused: it may be minutes and seconds as well as hours and minutes. So are months and years, which
    vary in length.

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
    A duration above 0, or None if there is no limit.

    :param value: As :func:`duration` takes it; what :func:`is_not_given` means none.
    :raises ValueError: with what it must be.
    """
    if is_not_given(value):
        return None
    try:
        read = duration(value)
    except ValueError as why:
        raise ValueError(f"{why}, or None for no limit") from None
    if not read:
        raise ValueError("a duration above 0, or None for no limit")
    return read


def flag(value: Any) -> bool | None:
    """
    True or False, or None if it is not given.

    :param value: Either, or 1 or 0, or a text: ``true``, ``yes``, ``on``, ``1`` or their opposites, in any case.
    :raises ValueError: with what it must be.
    """
    if is_not_given(value):
        return None
    text = ""
    if not isinstance(value, (Mapping, list, tuple)):
        with suppress(ValueError, RecursionError):
            text = str(value).strip().lower()
    if text not in _FLAGS:
        raise ValueError("True or False")
    return _FLAGS[text]


def choice(value: Any, known: Collection[str]) -> str:
    """
    One of several words, which a native template may have made a number.

    :param value: The word, in any case.
    :param known: The words to choose from.
    :raises ValueError: with these.
    """
    if isinstance(value, (int, str)):
        with suppress(ValueError):  # a number of too many digits
            if (word := str(value).strip().lower()) in known:
                return word
    *others, last = (f"'{word}'" for word in known)
    raise ValueError(f"{', '.join(others)} or {last}")


def instant(value: Any) -> datetime | None:
    """
    A time in UTC, or None if it is not given.

    :param value: A ``datetime``, or its text; naive means UTC. What :func:`is_not_given` takes for nothing is None.
    :raises ValueError: with what it must be.
    :raises OverflowError: when it is outside the calendar.
    """
    if is_not_given(value):
        return None
    from airflow_provider_reach.core.times import as_utc, parse_time  # here, to keep DAG files fast

    when = as_utc(value) if isinstance(value, datetime) else parse_time(value)
    if when is None:
        raise ValueError("a time such as 2026-01-31T02:00:00Z, or empty")
    return when


def is_not_given(value: Any) -> bool:
    """
    Whether a value is None or a text that stands for it: an empty one, or ``None`` or ``null`` in any case.

    :param value: Anything but free text, where such a word may be meant.
    """
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOT_GIVEN)


def is_rendered_none(value: Any) -> bool:
    """Whether a value is None, or what a template makes of None; an empty text is neither."""
    return value is None or (isinstance(value, str) and value.strip() in RENDERED_NONE)


def scalar(value: Any) -> Any:
    """A duration as seconds and a time as its text, for plain JSON; anything else as it is."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, datetime) else value


def no_text(what: str, value: object, *, secret: bool = False) -> str:
    """
    The sentence that refuses what is not a text: what arrived, and how to make it one.

    :param what: What must be a text.
    :param value: What arrived in its place.
    :param secret: Whether only its type may be shown.
    """
    kind = type(value).__name__
    said = f"a value of type {kind}" if secret else f"{shown(value)} ({kind})"
    cure = " Put it in quotes; in a template, end the expression with '| string'."
    return f"{what} must be a text, not {said}.{cure if isinstance(value, (int, float)) else ''}"


def _of_text(text: str) -> timedelta | None:
    """A duration with units, as on a clock, or in ISO 8601; None if the text is none of these."""
    for form in (_IN_UNITS, _BY_THE_CLOCK):
        if text and (said := re.fullmatch(form, text, re.ASCII)):
            with suppress(OverflowError):
                return timedelta(**{name: float(number or 0) for name, number in said.groupdict().items()})
    if text[:1] in ("P", "p"):
        import msgspec  # here, to keep DAG files fast

        with suppress(msgspec.ValidationError):
            return msgspec.convert(text, timedelta)
    return None
