"""
One step of a watch, said once: a generator that yields what to do and is sent what came of it.

A driver carries out each step: it sends the report of a :class:`Look`, whether a :class:`Reconnect` found another
connection, and None after a :class:`Log`; it throws in the :class:`~airflow_provider_reach.core.errors.ReachError` that
a look or a reconnection raises. The sensor and the trigger drive the same steps, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from airflow_provider_reach.core.delivery.ambiguous_2xx import with_earlier_retries
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachAuthError, ReachError
from airflow_provider_reach.core.watch.events import End, TimedOut
from airflow_provider_reach.core.watch.progress import Progress
from airflow_provider_reach.core.watch.watch import Watch


@dataclass(frozen=True)
class Look:
    """Look at the webhook once."""

    watch: Watch


@dataclass(frozen=True)
class Reconnect:
    """Read the connection again."""


@dataclass(frozen=True)
class Log:
    """Write a line to the task's log."""

    level: Literal["info", "error"]
    text: str


Step = Generator[Look | Reconnect | Log, Any, End | None]


class Looks:
    """
    The looks of one watch, and what it remembers from one to the next.

    :param watch: What is watched, and how.
    :param now: Returns the time.
    :param may_be_cut_short: Whether a look ends with the watch, however long an outage it tolerates.
    """

    def __init__(self, watch: Watch, now: Callable[[], datetime], *, may_be_cut_short: bool = False) -> None:
        self.watch = watch
        self.report: DeliveryReport | None = None
        self.failure: ReachError | None = None
        self._now = now
        self._may_be_cut_short = may_be_cut_short
        self._progress = Progress(watch.deadline)

    @property
    def last(self) -> DeliveryReport | ReachError | None:
        """The last report, or why there has been none."""
        return self.report or self.failure

    def look(self) -> Step:
        """Look once; how the watch ends by it, or None where it goes on."""
        tolerance = self.watch.outage_tolerance.total_seconds()
        cut_short = self._may_be_cut_short and self.watch.tolerance_at(self._now()) < tolerance
        seen: DeliveryReport | ReachError
        try:
            seen = with_earlier_retries((yield from self._asked()), self.report)
        except ReachError as error:
            seen = error
        now = self._now()
        end = ending(self.watch, seen, self.report, cut_short, now)
        if end is None:
            yield from self._remember(seen, now)
        return end

    def _asked(self) -> Generator[Look | Reconnect | Log, Any, DeliveryReport]:
        """Look; where the key is refused, look once more with the one that the connection has by now."""
        try:
            report: DeliveryReport = yield Look(self.watch)
            return report
        except ReachAuthError:
            if not (yield Reconnect()):
                raise
        yield Log("info", "The key was refused, and the connection has changed: asking as it says now.")
        report = yield Look(self.watch)
        return report

    def _remember(self, seen: DeliveryReport | ReachError, now: datetime) -> Generator[Log, None, None]:
        if isinstance(seen, ReachError):
            self.failure = seen
            yield Log("error", f"Not answered, and the watch goes on: {seen}")
            return
        self.report = seen
        if not self.watch.webhook_id:
            self.watch = replace(self.watch, seen_id=seen.webhook_id)
        if line := self._progress.line(seen, now):
            yield Log("info", line)


def ending(
    watch: Watch, seen: DeliveryReport | ReachError, report: DeliveryReport | None, cut_short: bool, now: datetime
) -> End | None:
    """How a watch ends by a look; None where it goes on."""
    is_over = now >= watch.deadline
    if isinstance(seen, DeliveryReport):
        if seen.outcome != "wait":
            return seen
        return TimedOut(watch.limit, seen) if is_over else None
    if seen.final:
        return seen
    if is_over:
        return TimedOut(watch.limit, report or seen) if report or watch.silent_fail else seen
    return None if watch.silent_fail or cut_short else seen
