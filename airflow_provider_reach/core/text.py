"""Text as a message may show it: on one line, quoted, bounded; and whether a text is a UUID."""

from __future__ import annotations

import re
from functools import lru_cache
from uuid import UUID

EXCERPT = 300
"""The most characters that a message quotes of somebody else's text."""


@lru_cache(maxsize=1024)
def is_uuid(text: str) -> bool:
    """Whether a text is a UUID with its four hyphens, so that it may become part of a path."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def shown(value: object, most: int = 60) -> str:
    """A value as a message may show it: quoted, on one line, bounded."""
    try:
        text = unfolded(repr(value))
    except Exception:  # too many digits, nested too deeply, or an odd object
        text = f"a {type(value).__name__} that cannot be shown"
    return text if len(text) <= most else f"{text[: most - 1]}…"


def unfolded(text: str) -> str:
    """A text without the marks with which Airflow's log page folds lines, wherever they occur."""
    return re.sub(r"::(?=(?:end)?group::)", ": :", text) if "group::" in text else text


def one_line(text: str, most: int = EXCERPT) -> str:
    """Text on one line, without control characters, bounded."""
    beginning = text[: most * 8]
    if not beginning.isprintable():
        beginning = "".join(c if c.isprintable() else " " for c in beginning)
    line = unfolded(" ".join(beginning.split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"
