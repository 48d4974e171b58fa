"""
What the service's own words say of a failed test: whose answer it is, and what was answered.

The words are those of the service's older documentation ("POST to webhook tokens URL failed"), of its web page and of
public reports ("POST to webhook target URL failed with non-2xx response code 404"). A target's own words are never
looked at: it may say anything, of tokens too.
"""

from __future__ import annotations

import re
from typing import Literal

Whose = Literal["target", "tokens"]

_DOCUMENTED = re.compile(r"\bPOST to webhook (?:(?P<tokens>tokens?)|target) URL failed\b", re.IGNORECASE)
_LIKE_IT = re.compile(
    r"(?P<tokens>\btokens? URL\b|\btoken\b|authori[sz]ation server|oauth)"
    r"|\b(?:target|endpoint|consumer)\b|\btest (?:post|batch|message|request)\b",
    re.IGNORECASE,
)
_STATUS = re.compile(r" with (?:non-2xx )?response code (\d{3})\b", re.IGNORECASE | re.ASCII)


def documented(said: str) -> Whose | None:
    """
    Whose failure the documented words tell; None where they are not there.

    :param said: What the service says.
    """
    return _first_of(_DOCUMENTED, said)


def whose(said: str) -> Whose:
    """
    Whose failure the service tells in whatever words: the first that it speaks of, else the target's.

    :param said: What the service says.
    """
    return documented(said) or _first_of(_LIKE_IT, said) or "target"


def answered_status(said: str) -> int | None:
    """
    The HTTP status that the documented words name.

    :param said: What the service says.
    """
    begins = _DOCUMENTED.search(said)
    found = _STATUS.match(said, begins.end()) if begins else None
    return int(found[1]) if found else None


def _first_of(words: re.Pattern[str], said: str) -> Whose | None:
    found = words.search(said)
    return None if found is None else "tokens" if found["tokens"] else "target"
