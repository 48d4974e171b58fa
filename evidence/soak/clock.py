"""
A clock for days that pass in minutes.

An event loop that has nothing to do puts its clock ahead to the next timer instead of waiting for it. Over real sockets
it must not do so while an answer is on its way, else every time limit would be over at once: so it waits in earnest as
long as a request of the package is under way, or a thread works for the loop.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from unittest.mock import patch

from airflow_provider_reach.client import aiohttp_transport
from airflow_provider_reach.client.pool import SharedSession, _open
from airflow_provider_reach.integration import watch_loop
from tests.drivers import Loop

BEGIN = datetime(2026, 3, 1, tzinfo=timezone.utc)


class SoakLoop(Loop):
    """A loop whose days pass as fast as their work is done; its seconds are counted from 0."""

    def __init__(self) -> None:
        self._in_threads = 0
        super().__init__(_Selector(self))
        self.ahead = -super().time()

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        self._in_threads += 1
        future: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._out_of_thread)
        return future

    def _out_of_thread(self, _: object) -> None:
        self._in_threads -= 1

    @property
    def sessions(self) -> list[SharedSession]:
        """The package's sessions that are open in this loop."""
        return list(_open.get(self, {}).values())

    @property
    def waits_in_earnest(self) -> bool:
        """Whether something is under way that takes real time."""
        return self._in_threads > 0 or any(session._slots._free < session.most for session in self.sessions)

    @property
    def sockets(self) -> int:
        """How many are open in this loop."""
        return len(self.selector.get_map())

    async def until(self, second: float) -> None:
        """Sleep until that second of the loop's clock."""
        await asyncio.sleep(max(0.0, second - self.time()))


class _Selector(selectors.DefaultSelector):
    loop: SoakLoop

    def __init__(self, loop: SoakLoop) -> None:
        super().__init__()
        self.loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if (ready := super().select(0)) or timeout == 0:
            return ready
        if timeout is None or self.loop.waits_in_earnest:
            return super().select(timeout)
        self.loop.ahead += timeout
        return []


def moment(second: float) -> datetime:
    """The simulated time at a second of the loop's clock."""
    return BEGIN + timedelta(seconds=second)


@contextmanager
def wall_clock_of(loop: SoakLoop) -> Iterator[None]:
    """Let the package read the simulated time: in both places where its watches read this machine's."""

    class Simulated(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return moment(loop.time())

    with patch.object(watch_loop, "datetime", Simulated), patch.object(aiohttp_transport, "datetime", Simulated):
        yield
