"""What comes of a request: an answer or a failure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Literal

from airflow_provider_reach.core.times import as_utc

_VERY_LONG = 1e9


@dataclass(frozen=True)
class Answer:
    """
    An HTTP answer, read to its end.

    :param status: The HTTP status.
    :param headers: Header values by lower-case name.
    :param body: The body, decompressed.
    :param received: When it came, by this machine's clock, in UTC.
    :param seconds: How long it took.
    :param too_large: Whether the body is larger than the client reads.
    :param unreadable: Why the body could not be read; empty where it could. Status and headers count in any case.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received: datetime
    seconds: float = 0.0
    too_large: bool = False
    unreadable: str = ""

    @property
    def at(self) -> datetime:
        """The service's own time of the answer, from its ``Date`` header; without one, this machine's."""
        return _http_date(self.headers.get("date", "")) or self.received

    @property
    def retry_after(self) -> float | None:
        """Seconds that the service asks to wait, as a number or as an HTTP date; None where it does not ask."""
        said = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"\d+(\.\d*)?", said, re.ASCII):
            return min(float(said), _VERY_LONG)
        when = _http_date(said)
        return max(0.0, (when - self.at) / timedelta(seconds=1)) if when else None


@dataclass(frozen=True)
class Failure:
    """
    No answer.

    :param kind: ``unreachable`` or ``busy``: certainly not sent; ``timeout`` or ``lost``: perhaps sent.
    :param detail: What the HTTP library said.
    :param seconds: How long it took.
    """

    kind: Literal["unreachable", "busy", "timeout", "lost"]
    detail: str
    seconds: float = 0.0


@lru_cache(maxsize=64)
def _http_date(text: str) -> datetime | None:
    try:
        when = as_utc(parsedate_to_datetime(text)) if text else None
    except (ValueError, TypeError, OverflowError):
        return None
    return when if when and 2000 <= when.year < 3000 else None
