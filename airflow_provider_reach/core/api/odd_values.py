"""Values that are not of the contract's type, read as far as they can be; what cannot be read is None."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def text(value: Any) -> str | None:
    """A text; a number may stand for one."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def code(value: Any) -> str | int | float | None:
    """Keep any odd value as a code, so that a failure that cannot be read stays a failure."""
    if value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool)):
        return value
    return "unreadable"


def integer(value: Any) -> int | None:
    """A whole number, or the text of one."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return None


def count(value: Any) -> int | None:
    """A whole number from 0, or the text of one."""
    number = integer(value)
    return number if number is not None and number >= 0 else None


def boolean(value: Any) -> bool | None:
    """True or False, or what stands for it."""
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).strip().lower())


def an_object(value: Any) -> Mapping[str, Any] | None:
    """A JSON object."""
    return value if isinstance(value, dict) else None
