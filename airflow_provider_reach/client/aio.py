"""The client over ``aiohttp``, for an event loop: a small driver of :mod:`airflow_provider_reach.core.api.exchange`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from airflow_provider_reach.client.pool import SharedSession
from airflow_provider_reach.client.sync import USER_AGENT
from airflow_provider_reach.core.api.exchange import AskContext, Exchange, Send, Wait
from airflow_provider_reach.core.api.regions import with_hint
from airflow_provider_reach.core.api.request import request_for
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.api.retry import RetryBudget
from airflow_provider_reach.core.config import DEFAULT_OUTAGE_TOLERANCE, ReachConfig
from airflow_provider_reach.core.delivery.check import look
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.webhooks.ref import WebhookRef

T = TypeVar("T")

log = logging.getLogger(__name__)

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
    ) -> DeliveryReport:
        """As :meth:`airflow_provider_reach.client.calls.ReachCalls.check_delivery`."""
        ref, policy = WebhookRef(webhook_id, webhook_name), policy or DeliveryPolicy()
        return await self.do(partial(look, ref, policy, watched_from=watched_from, seen_id=seen_id))

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
        step = _next(exchange, None)
        while not isinstance(step, _Done):
            result = await self._carry_out(step)
            if isinstance(result, Answer) and len(result.body) > LARGE:
                step = await asyncio.to_thread(_next, exchange, result)
            else:
                step = _next(exchange, result)
        return step.result

    async def _carry_out(self, step: Send | Wait) -> Answer | Failure | None:
        if isinstance(step, Send):
            return await self._session.send(request_for(step.call, self.config, USER_AGENT), step.pool_timeout)
        log.warning("%s Next try in %.1f s.", step.reason, step.seconds)
        await self._sleep(step.seconds)
        return None


@dataclass(frozen=True)
class _Done(Generic[T]):
    result: T


def _next(exchange: Exchange[T], result: Answer | Failure | None) -> Send | Wait | _Done[T]:
    """The exchange's next step; a StopIteration could not leave a thread."""
    try:
        return exchange.send(result)
    except StopIteration as done:
        return _Done(done.value)
