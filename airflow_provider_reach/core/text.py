"""Any text as a message may show it: on one line, quoted, bounded; and what text is a UUID."""

from __future__ import annotations

import re
from functools import lru_cache
from uuid import UUID

EXCERPT = 300
"""Characters of somebody else's text that a message quotes at most."""


@lru_cache(maxsize=1024)
def is_uuid(text: str) -> bool:
    """Whether the text is a UUID written with its four hyphens, so that it may become part of a path."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def shown(value: object, most: int = 60) -> str:
    """
    A value as a message may show it: quoted, on one line, bounded.

    :param value: What to show.
    :param most: Characters at the most.
    """
    try:
        text = unfolded(repr(value))
    except Exception:  # a number of too many digits, what is nested too deep, an object of anybody's
        text = f"a {type(value).__name__} that cannot be shown"
    return text if len(text) <= most else f"{text[: most - 1]}…"


def unfolded(text: str) -> str:
    """
    A text without the marks between which the log's page of Airflow folds lines away, wherever in a line they stand.

    :param text: Any text.
    """
    return _FOLD.sub(": :", text) if "group::" in text else text


_FOLD = re.compile(r"::(?=(?:end)?group::)")


def one_line(text: str, most: int = EXCERPT) -> str:
    """
    Text on one line, without control characters, bounded.

    :param text: Any text, also a hostile one.
    :param most: Characters at the most.
    """
    beginning = text[: most * 8]
    if not beginning.isprintable():
        beginning = "".join(c if c.isprintable() else " " for c in beginning)
    line = unfolded(" ".join(beginning.split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"
