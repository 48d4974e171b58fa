"""Whether to repeat a call, how long to wait before it, and for how long in all."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Protocol

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


class Budget(Protocol):
    """How long to keep asking while the service cannot be reached."""

    @property
    def left(self) -> float:
        """Seconds left."""

    def spend(self, seconds: float, *, in_vain: bool = True) -> None:
        """
        Let the time of a request or a wait pass.

        :param seconds: How long it took.
        :param in_vain: Whether it was a request that failed, or a wait.
        """


@dataclass
class RetryBudget:
    """
    The budget of an exchange; all its calls draw on it, one after another.

    :param left: Seconds left; requests and waits use them up.
    """

    left: float

    def spend(self, seconds: float, *, in_vain: bool = True) -> None:
        """As :meth:`Budget.spend`; what succeeds takes its time too."""
        self.left -= seconds


class SharedBudget:
    """
    The budget of exchanges that go on at the same time.

    Only time in which one of them fails or waits is used up, and however many do so in a second, it is one second.

    :param seconds: The budget.
    """

    def __init__(self, seconds: float) -> None:
        self.latest = 0.0
        """How far the exchanges have come, in seconds since the first one began."""
        self._seconds = seconds
        self._used: list[tuple[float, float]] = []

    @property
    def left(self) -> float:
        """Seconds left."""
        return self._seconds - sum(end - begin for begin, end in self._used)

    def beginning(self, at: float = 0.0) -> Share:
        """
        What one of the exchanges draws on.

        :param at: When it begins, in seconds since the first one did.
        """
        return Share(self, at)

    def use(self, begin: float, end: float) -> None:
        """Use up the time from begin to end, as far as it is not used up."""
        apart = [(b, e) for b, e in self._used if e < begin or b > end]
        touching = [(b, e) for b, e in self._used if not (e < begin or b > end)]
        self._used = [*apart, (min([begin, *(b for b, _ in touching)]), max([end, *(e for _, e in touching)]))]


class Share:
    """
    What one of several exchanges draws on.

    :param whole: The budget of all.
    :param at: The time, in seconds since the first one began; it goes on with what is spent.
    """

    def __init__(self, whole: SharedBudget, at: float) -> None:
        self._whole, self.at = whole, at

    @property
    def left(self) -> float:
        """Seconds left, for all."""
        return self._whole.left

    def spend(self, seconds: float, *, in_vain: bool = True) -> None:
        """As :meth:`Budget.spend`."""
        begin, self.at = self.at, self.at + seconds
        self._whole.latest = max(self._whole.latest, self.at)
        if in_vain:
            self._whole.use(begin, self.at)


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
