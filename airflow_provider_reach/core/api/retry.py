"""Whether to repeat a call, how long to wait before it, and for how long in all."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.errors import (
    ReachCallError,
    ReachDecodeError,
    ReachLostAnswerError,
    ReachRateLimitError,
    ReachServerError,
    ReachStatusError,
    ReachTimeoutError,
    ReachUnreachableError,
)

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
LONGEST_RETRY_AFTER = 300.0


@dataclass
class RetryBudget:
    """
    How long to keep asking while the service cannot be reached; all calls of one exchange draw on it.

    :param left: Seconds left; requests and waits use them up.
    """

    left: float

    def spend(self, seconds: float) -> None:
        """Subtract the time that a request or a wait took."""
        self.left -= seconds


# What was certainly not taken may be sent again, even a create; what was perhaps taken only if it is repeatable.
NOT_TAKEN = (ReachUnreachableError, ReachRateLimitError)
PERHAPS_TAKEN = (ReachTimeoutError, ReachLostAnswerError, ReachDecodeError, ReachServerError)


def may_repeat(call: Call[Any], error: ReachCallError) -> bool:
    """Whether to repeat a call is safe and may help."""
    if isinstance(error, NOT_TAKEN):
        return True
    return isinstance(error, PERHAPS_TAKEN) and call.repeatable


def wait_before_repeat(error: ReachCallError, tries: int) -> float:
    """
    Seconds to wait: as long as the service asked for, otherwise longer each time; with jitter, so that watchers spread.

    A ``Retry-After`` of less than a second counts as none: a service that always says 0 would be asked every second.
    """
    asked = error.retry_after if isinstance(error, ReachStatusError) else None
    ever_longer = min(FIRST_WAIT * 2.0 ** min(tries, 10), LONGEST_WAIT)
    if asked is None:
        return ever_longer * random.uniform(0.7, 1.3)
    return (_believed(asked) if asked >= FIRST_WAIT else ever_longer) * random.uniform(1.0, 1.2)


def quiet_time(result: Answer | Failure) -> float | None:
    """
    Seconds for which nobody must ask with this key, when the service says that it is asked too often; otherwise None.

    :param result: What came of a request.
    """
    if isinstance(result, Failure) or result.status != 429:
        return None
    return _believed(result.retry_after or 0.0)


def _believed(retry_after: float) -> float:
    return min(max(retry_after, FIRST_WAIT), LONGEST_RETRY_AFTER)
