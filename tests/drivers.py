"""The two drivers of an exchange, with one face, so that a test can hold for both."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing
from typing import Any, TypeVar

import pytest

from airflow_provider_reach.client.aio import AsyncReachClient
from airflow_provider_reach.client.aiohttp_transport import find_route
from airflow_provider_reach.client.pool import SharedSession
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.api.exchange import AskContext, Exchange
from airflow_provider_reach.core.config import DEFAULT_OUTAGE_TOLERANCE, ReachConfig
from airflow_provider_reach.core.delivery.report import DeliveryReport

T = TypeVar("T")


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose clock can be put ahead."""

    ahead = 0.0

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        self.selector = selector or selectors.DefaultSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return super().time() + self.ahead

    async def all_closed(self) -> None:
        """Wait until all connections are closed: of TLS, the oldest aiohttp leaves that to the loop."""
        deadline = time.monotonic() + 1
        while len(self.selector.get_map()) > 1 and time.monotonic() < deadline:
            await asyncio.sleep(0.001)


def put_ahead(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    """Put the clock ahead of a loop of any kind."""
    if not hasattr(loop, "ahead"):
        really = loop.time
        loop.ahead = 0.0  # type: ignore[attr-defined]
        loop.time = lambda: really() + loop.ahead  # type: ignore[attr-defined,method-assign]
    loop.ahead += seconds  # type: ignore[attr-defined]


class ImpatientLoop(Loop):
    """A loop that puts its clock ahead to the next timer instead of waiting for it; it is for no input or output."""

    def __init__(self) -> None:
        super().__init__(_Selector(self))


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self.loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout:
            self.loop.ahead += timeout
            timeout = 0
        return super().select(timeout)


class LoopClient(ReachClient):
    """
    A ReachClient whose exchanges an AsyncReachClient drives, in an event loop of its own.

    Time spent in ``sleep`` passes in the loop, however long it really takes.
    """

    def __init__(
        self,
        config: ReachConfig,
        *,
        outage_tolerance: float = DEFAULT_OUTAGE_TOLERANCE,
        sleep: Callable[[float], None] = time.sleep,
        most: int = 10,
    ) -> None:
        super().__init__(config, outage_tolerance=outage_tolerance, sleep=sleep)
        self._loop = Loop()
        self._loop.run_until_complete(self._open(most))

    def do(self, exchange: Callable[[AskContext], Exchange[T]]) -> T:
        return self._loop.run_until_complete(self._now(self._asking.do(exchange)))

    def run(self, exchange: Exchange[T]) -> T:
        return self._loop.run_until_complete(self._now(self._asking.run(exchange)))

    def check_delivery(self, *args: Any, **given: Any) -> DeliveryReport:
        return self._loop.run_until_complete(self._now(self._asking.check_delivery(*args, **given)))

    def close(self) -> None:
        super().close()
        self._loop.run_until_complete(self._session_of_loop.close())
        self._loop.run_until_complete(self._loop.all_closed())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _open(self, most: int) -> None:
        self._session_of_loop = SharedSession(find_route(self.config.base_url), most)
        self._asking = AsyncReachClient(
            self.config, self._session_of_loop, outage_tolerance=self.outage_tolerance, sleep=self._wait
        )

    async def _now(self, asking: Awaitable[T]) -> T:
        await asyncio.sleep(0)  # a loop that runs all the time has seen which connections were closed meanwhile
        return await asking

    async def _wait(self, seconds: float) -> None:
        self._sleep(seconds)
        await self._answered()
        self._loop.ahead += seconds
        await asyncio.sleep(0)

    async def _answered(self) -> None:
        """Let what is under way beside it end, as it would in the time that is skipped; but do not wait for ever."""
        slots, deadline = self._session_of_loop._slots, time.monotonic() + 0.5
        while slots._free < self._session_of_loop.most and time.monotonic() < deadline:
            await asyncio.sleep(0.001)


Driver = Callable[..., ReachClient]

DRIVERS: list[Any] = [pytest.param(ReachClient, id="requests"), pytest.param(LoopClient, id="aiohttp")]


def run(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop | None = None) -> T:
    """As asyncio.run, also in a loop of a given kind."""
    with closing(loop or asyncio.SelectorEventLoop()) as loop:
        try:
            return loop.run_until_complete(work)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
