"""The aiohttp session that all watches in an event loop share; the first opens it, the last closes it."""

from __future__ import annotations

import asyncio
import random
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from weakref import WeakKeyDictionary

from airflow_provider_reach.client.aiohttp_transport import NetworkRoute, find_route, open_session, send
from airflow_provider_reach.client.shared_result import SharedResult
from airflow_provider_reach.core.api.request import Request
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.api.retry import quiet_time
from airflow_provider_reach.core.config import ReachConfig


class SharedSession:
    """
    An aiohttp session with a bounded number of connections; when the service answers 429 to one user, all pause.

    Its ``list`` is the list of webhooks that its users share.

    :param route: How to reach the service.
    :param most: The most connections that are open at once.
    """

    def __init__(self, route: NetworkRoute, most: int) -> None:
        self.users = 0
        self.list = SharedResult()
        self._route = route
        self._session = open_session(route)
        self.most = most
        self._slots = _Slots(most)
        self._quiet_until = 0.0
        self._refusal: Answer | None = None

    async def close(self) -> None:
        """Close its connections."""
        await self._session.close()

    async def send(self, request: Request, pool_timeout: float) -> Answer | Failure:
        """
        Send a request when it is its turn.

        :param request: The request.
        :param pool_timeout: Seconds to wait for its turn. If the service has asked for a longer pause, its refusal is
            the answer; if no connection becomes free, that is a failure; in both cases nothing is sent.
        :return: As from :func:`airflow_provider_reach.client.aiohttp_transport.send`; its seconds include the wait.
        """
        waited = 0.0
        if self._quiet_until or not self._slots.take_at_once():
            started = asyncio.get_running_loop().time()
            hindrance = await self._turn(request, pool_timeout)
            waited = asyncio.get_running_loop().time() - started
            if hindrance:
                return replace(hindrance, seconds=waited)
        try:
            result = await send(self._session, self._route, request)
        finally:
            self._slots.give_back()
        if isinstance(result, Answer) and (seconds := quiet_time(result)):
            ends = asyncio.get_running_loop().time() + seconds
            self._quiet_until, self._refusal = max(self._quiet_until, ends), result
        return replace(result, seconds=result.seconds + waited) if waited else result

    async def _turn(self, request: Request, pool_timeout: float) -> Answer | Failure | None:
        """Wait until a pause is over, and take a connection; or return what prevents that."""
        now = asyncio.get_running_loop().time
        until = now() + pool_timeout
        while True:
            while (left := self._quiet_until - now()) > 0:
                if now() + left > until:
                    return self._refusal
                await asyncio.sleep(left * random.uniform(1.0, 1.2))  # so that not all begin at once
            if not await self._slots.take(max(until - now(), request.connect_timeout)):
                return Failure("busy", f"none of the {self.most} connections became free")
            if self._quiet_until <= now():
                return None
            self._slots.give_back()


class _Slots:
    """
    The free connections: first come, first served, and each waits as long as it wants.

    ``anyio.CapacityLimiter`` does the same with a timeout around it, and takes 26 µs instead of 0.3 µs for one take.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: deque[asyncio.Future[bool]] = deque()

    def take_at_once(self) -> bool:
        """Take one, if one is free."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def take(self, within: float) -> bool:
        """Take one; False when none becomes free. ``asyncio.wait_for`` loses some cancellations before Python 3.12."""
        if self.take_at_once():
            return True
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        timer = asyncio.get_running_loop().call_later(within, _end_waiting, waiter, False)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.result():
                self.give_back()
            raise
        finally:
            timer.cancel()

    def give_back(self) -> None:
        """Hand it to the next one that is still waiting."""
        while self._waiting:
            if _end_waiting(self._waiting.popleft(), True):
                return
        self._free += 1


def _end_waiting(waiter: asyncio.Future[bool], taken: bool) -> bool:
    if waiter.done():
        return False
    waiter.set_result(taken)
    return True


_open: WeakKeyDictionary[AbstractEventLoop, dict[ReachConfig, SharedSession]] = WeakKeyDictionary()


@asynccontextmanager
async def shared_session(config: ReachConfig, most: int) -> AsyncIterator[SharedSession]:
    """
    The session of this event loop for a service.

    :param config: All users of the same service with the same key share a session.
    :param most: The most connections that are open at once; the first user decides.
    """
    of_loop = _open.setdefault(asyncio.get_running_loop(), {})
    if config not in of_loop:
        route = await asyncio.to_thread(find_route, config.base_url)
        if config not in of_loop:  # nobody has opened it meanwhile
            of_loop[config] = SharedSession(route, most)
    session = of_loop[config]
    session.users += 1
    try:
        yield session
    finally:
        session.users -= 1
        if not session.users:
            del of_loop[config]
            await session.close()
