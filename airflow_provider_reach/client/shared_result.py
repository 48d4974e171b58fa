"""The result of a call that many make: one request serves them all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from airflow_provider_reach.core.api.exchange import Known
from airflow_provider_reach.core.api.responses import Answer, Failure

Result = Answer | Failure | Known


class SharedResult:
    """
    The latest result of a call, and the request that is under way for the next one.

    Whoever sends a request sends it for itself too: a failure is its own, and has each of the others ask for itself.
    """

    def __init__(self) -> None:
        self._latest: _Request | None = None
        self._under_way: _Request | None = None

    async def get(self, since: float, ask: Callable[[], Awaitable[Result]]) -> Result:
        """
        A result that was asked for late enough, by whomever.

        :param since: The earliest time of the request, by the event loop's clock.
        :param ask: Sends a request; what others may share is ``Known``.
        :return: What is shared; or the answer or failure of a request of one's own, whose seconds include the wait for
            those of others.
        """
        now = asyncio.get_running_loop().time
        came = now()
        while True:
            if self._latest and self._latest.sent >= since and self._latest.result:
                return self._latest.result
            other = self._under_way
            if other is None or other.sent < since:
                break
            await other.over.wait()
            if other.failed:
                break
        waited = now() - came
        result = await self._ask(ask)
        return result if isinstance(result, Known) else replace(result, seconds=result.seconds + waited)

    async def _ask(self, ask: Callable[[], Awaitable[Result]]) -> Result:
        mine = self._under_way = _Request(asyncio.get_running_loop().time())
        try:
            result = await ask()
            if isinstance(result, Known):
                mine.result = result
                self._latest = max(self._latest or mine, mine, key=lambda request: request.sent)
            mine.failed = mine.result is None
            return result
        finally:  # a cancelled one leaves it to the next to ask
            mine.over.set()
            if self._under_way is mine:
                self._under_way = None


@dataclass(eq=False)
class _Request:
    sent: float
    result: Known | None = None
    failed: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
