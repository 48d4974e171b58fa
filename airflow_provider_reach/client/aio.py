"""The client over ``aiohttp``, for an event loop: a small driver of :mod:`airflow_provider_reach.core.api.exchange`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from airflow_provider_reach.client.pool import SharedSession
from airflow_provider_reach.client.user_agent import USER_AGENT
from airflow_provider_reach.core.api.exchange import AskContext, Exchange, Known, Send, Together, Wait, known
from airflow_provider_reach.core.api.regions import with_hint
from airflow_provider_reach.core.api.request import request_for
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.api.retry import RetryBudget
from airflow_provider_reach.core.config import DEFAULT_OUTAGE_TOLERANCE, ReachConfig
from airflow_provider_reach.core.delivery.check import look
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from airflow_provider_reach.core.workspace.check import CheckOptions, check_of
from airflow_provider_reach.core.workspace.report import WorkspaceReport

if TYPE_CHECKING:
    from typing_extensions import Unpack

T = TypeVar("T")

log = logging.getLogger(__name__)

Sent = Answer | Failure | Known | list[Any] | None

LARGE = 512 * 1024
"""Bytes from which an answer is read in a thread: it could block the event loop for more than a few milliseconds."""


class AsyncReachClient:
    """
    The Reach API in an event loop.

    :param config: Where the service is and who asks.
    :param session: The session; see :func:`airflow_provider_reach.client.pool.shared_session`.
    :param outage_tolerance: Seconds to keep asking while the service cannot be reached; 0 asks once.
    :param sleep: The function to wait with; a test may pass another one.
    """

    def __init__(
        self,
        config: ReachConfig,
        session: SharedSession,
        *,
        outage_tolerance: float = DEFAULT_OUTAGE_TOLERANCE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.config = config
        self.outage_tolerance = outage_tolerance
        self._session = session
        self._sleep = sleep

    async def check_delivery(
        self,
        webhook_id: str = "",
        policy: DeliveryPolicy | None = None,
        *,
        webhook_name: str = "",
        watched_from: datetime | None = None,
        seen_id: str = "",
        max_list_age: float | None = None,
    ) -> DeliveryReport:
        """
        As :meth:`airflow_provider_reach.client.calls.ReachCalls.check_delivery`.

        :param max_list_age: As of :func:`airflow_provider_reach.core.delivery.check.look`.
        """
        ref, policy = WebhookRef(webhook_id, webhook_name), policy or DeliveryPolicy()
        given: dict[str, Any] = {"watched_from": watched_from, "seen_id": seen_id, "max_list_age": max_list_age}
        return await self.do(partial(look, ref, policy, **given))

    async def check_workspace(
        self, policy: DeliveryPolicy | None = None, **options: Unpack[CheckOptions]
    ) -> WorkspaceReport:
        """As :meth:`airflow_provider_reach.client.calls.ReachCalls.check_workspace`."""
        return await self.do(check_of(policy, **options))

    async def do(self, exchange: Callable[[AskContext], Exchange[T]]) -> T:
        """
        Carry out an exchange, with one retry budget for all its calls.

        :param exchange: Makes the exchange, given the budget and the values to mask.
        """
        asked = exchange(AskContext(RetryBudget(self.outage_tolerance), (self.config.api_key,)))
        return await self.run(with_hint(asked, self.config))

    async def run(self, exchange: Exchange[T]) -> T:
        """
        Drive an exchange to its end.

        :param exchange: The exchange; its errors are raised as they are.
        """
        began = asyncio.get_running_loop().time()
        step = _next(exchange, None)
        while not isinstance(step, _Done):
            result = await self._carry_out(step, began)
            if isinstance(result, list) or _is_large(result):
                step = await asyncio.to_thread(_next, exchange, result)
            else:
                step = _next(exchange, result)
        return step.result

    async def _carry_out(self, step: Send | Wait | Together, began: float) -> Sent:
        if isinstance(step, Send):
            if step.max_age is None:
                return await self._send(step)
            return await self._session.list.get(began - step.max_age, partial(self._send_for_all, step))
        if isinstance(step, Together):
            return await self.together(step)
        log.warning("%s Next try in %.1f s.", step.reason, step.seconds)
        await self._sleep(step.seconds)
        return None

    async def _send(self, step: Send) -> Answer | Failure:
        return await self._session.send(request_for(step.call, self.config, USER_AGENT), step.pool_timeout)

    async def _send_for_all(self, step: Send) -> Answer | Failure | Known:
        """Send it, and read a good answer, so that it is read once."""
        result = await self._send(step)
        if _is_large(result):
            return await asyncio.to_thread(known, step.call, result) or result
        return known(step.call, result) or result

    async def together(self, step: Together) -> list[Any]:
        """
        Carry out several exchanges, as many at the same time as the session has connections.

        :param step: The exchanges.
        :return: In their order, the result of each, or the :class:`~airflow_provider_reach.core.errors.ReachError` that
            it raised.
        """
        results: list[Any] = [None] * step.number
        waiting, done, now = enumerate(step.beginnings), count(1), asyncio.get_running_loop().time
        began = now()

        async def work() -> None:
            for index, begin in waiting:  # which all workers share
                try:
                    results[index] = await self.run(begin(now() - began))
                except ReachError as error:
                    results[index] = error
                if step.progress:
                    step.progress(next(done), step.number)

        workers = [asyncio.create_task(work()) for _ in range(min(self._session.most, step.number))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return results


@dataclass(frozen=True)
class _Done(Generic[T]):
    result: T


def _is_large(result: Sent) -> bool:
    return isinstance(result, Answer) and len(result.body) > LARGE


def _next(exchange: Exchange[T], result: Sent) -> Send | Wait | Together | _Done[T]:
    """The exchange's next step; a StopIteration could not leave a thread."""
    try:
        return exchange.send(result)
    except StopIteration as done:
        return _Done(done.value)
