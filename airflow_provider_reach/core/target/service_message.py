"""
What the service's own message says about a failed test: who gave the answer, and what it was.

The wording is that of the service's older documentation ("POST to webhook tokens URL failed"), of its web page and of
public reports ("POST to webhook target URL failed with non-2xx response code 404"). A target's own text is never
considered: it may say anything, even about tokens.
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
    """Who failed, by the documented wording; None where it does not occur."""
    return _first_of(_DOCUMENTED, said)


def whose(said: str) -> Whose:
    """Who failed, by any wording: whichever of the two is mentioned first, otherwise the target."""
    return documented(said) or _first_of(_LIKE_IT, said) or "target"


def answered_status(said: str) -> int | None:
    """The HTTP status in the documented wording; None where there is none."""
    begins = _DOCUMENTED.search(said)
    found = _STATUS.match(said, begins.end()) if begins else None
    return int(found[1]) if found else None


def _first_of(words: re.Pattern[str], said: str) -> Whose | None:
    found = words.search(said)
    return None if found is None else "tokens" if found["tokens"] else "target"
