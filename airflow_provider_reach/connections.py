"""The connections that all watches of one event loop share, opened by the first and closed by the last."""

from __future__ import annotations

import asyncio
import random
from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from airflow_provider_reach.async_transport import Way, find_way, open_session, send
from airflow_provider_reach.core.answers import Answer, Failure
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.exchange import quiet_time
from airflow_provider_reach.core.request import Request


class Connections:
    """
    One aiohttp session, bounded in size; when the service says 429 to one who asks over it, all of them pause.

    :param way: How the service is reached.
    :param most: Connections that are open at once, at the most.
    """

    def __init__(self, way: Way, most: int) -> None:
        self._way = way
        self._session = open_session(way)
        self._slots = asyncio.Semaphore(most)
        self._quiet_until = 0.0
        self.users = 0

    async def close(self) -> None:
        """Close them."""
        await self._session.close()

    async def send(self, request: Request) -> Answer | Failure:
        """
        Send a request once it is its turn.

        :param request: What to send.
        :return: As from :func:`airflow_provider_reach.async_transport.send`.
        """
        async with self._slots:
            await self._pause()
            result = await send(self._session, self._way, request)
        if seconds := quiet_time(result):
            self._quiet_until = max(self._quiet_until, asyncio.get_running_loop().time() + seconds)
        return result

    async def _pause(self) -> None:
        """Wait out what the service asked for; a little longer each, so that not all begin at once."""
        now = asyncio.get_running_loop().time
        while (left := self._quiet_until - now()) > 0:
            await asyncio.sleep(left * random.uniform(1.0, 1.2))


_open: WeakKeyDictionary[AbstractEventLoop, dict[ReachConfig, Connections]] = WeakKeyDictionary()


@asynccontextmanager
async def shared_connections(config: ReachConfig, most: int) -> AsyncIterator[Connections]:
    """
    The connections of this event loop to a service.

    :param config: Whoever asks the same service with the same key shares them.
    :param most: Connections that are open at once, at the most; the first user's word counts.
    """
    way = await asyncio.to_thread(find_way, config.base_url)
    of_loop = _open.setdefault(asyncio.get_running_loop(), {})
    if config not in of_loop:
        of_loop[config] = Connections(way, most)
    connections = of_loop[config]
    connections.users += 1
    try:
        yield connections
    finally:
        connections.users -= 1
        if not connections.users:
            del of_loop[config]
            await connections.close()
