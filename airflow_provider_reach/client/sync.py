"""The client over ``requests``: a small driver of :mod:`airflow_provider_reach.core.api.exchange`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from airflow_provider_reach.client.calls import ReachCalls
from airflow_provider_reach.client.requests_transport import Session, send
from airflow_provider_reach.client.user_agent import USER_AGENT
from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.api.exchange import AskContext, Exchange, Send, Together, Wait
from airflow_provider_reach.core.api.regions import with_hint
from airflow_provider_reach.core.api.request import request_for
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.api.retry import RetryBudget
from airflow_provider_reach.core.config import DEFAULT_OUTAGE_TOLERANCE, ReachConfig
from airflow_provider_reach.core.webhooks.create import create
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec

T = TypeVar("T")

log = logging.getLogger(__name__)


class ReachClient(ReachCalls):
    """
    The Reach API over one ``requests`` session; proxies and the CA bundle come from the environment.

    :param config: Where the service is and who asks.
    :param outage_tolerance: Seconds to keep asking while the service cannot be reached; 0 asks once.
    :param patience: The former name of ``outage_tolerance``.
    :param max_connections: How many connections are open at once while several webhooks are asked about together.
    :param sleep: The function to wait with; a test may pass another one.
    """

    def __init__(
        self,
        config: ReachConfig,
        *,
        outage_tolerance: float = DEFAULT_OUTAGE_TOLERANCE,
        patience: float | None = None,
        max_connections: int = 20,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.config = config
        self.outage_tolerance = outage_tolerance if patience is None else patience
        self.max_connections = max_connections
        self._sleep = sleep
        self._session = Session()

    def __enter__(self) -> ReachClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the session's connections."""
        self._session.close()

    def create_webhook(self, spec: WebhookSpec) -> str:
        """
        Create a webhook and return its id; after a lost answer the webhook is looked for, never created again.

        :param spec: The webhook to create.
        :raises ReachInputError: before anything is sent, naming everything that is wrong with it.
        :raises ReachTargetError: when its target did not answer the service's test batch with 200.
        :raises ReachUnsettledError: when the answer was lost and no such webhook appears.
        """
        return self.do(partial(create, spec))

    def update_webhook(self, webhook_id: str, changes: WebhookChanges) -> str:
        """
        Change the given fields of a webhook and return its id.

        :param webhook_id: Its UUID.
        :param changes: The fields to change.
        :raises ReachInputError: before anything is sent, naming everything that is wrong with them.
        :raises ReachTargetError: when a changed target did not answer the service's test batch with 200.
        """
        return self._ask(operations.update_webhook(webhook_id, changes))

    def do(self, exchange: Callable[[AskContext], Exchange[T]]) -> T:
        """As :meth:`ReachCalls.do`."""
        asked = exchange(AskContext(RetryBudget(self.outage_tolerance), (self.config.api_key,)))
        return self.run(with_hint(asked, self.config))

    def run(self, exchange: Exchange[T]) -> T:
        """
        Drive an exchange to its end.

        :param exchange: The exchange; its errors are raised as they are.
        """
        step: Send | Wait | Together = next(exchange)
        while True:
            try:
                step = exchange.send(self._carry_out(step))
            except StopIteration as done:
                result: T = done.value
                return result

    def _carry_out(self, step: Send | Wait | Together) -> Answer | Failure | list[Any] | None:
        if isinstance(step, Send):
            return send(self._session, request_for(step.call, self.config, USER_AGENT))
        if isinstance(step, Together):
            from airflow_provider_reach.client.own_loop import in_own_loop  # here: most tasks need no aiohttp

            return in_own_loop(partial(self._together, step))
        log.warning("%s Next try in %.1f s.", step.reason, step.seconds)
        self._sleep(step.seconds)
        return None

    async def _together(self, step: Together) -> list[Any]:
        from airflow_provider_reach.client.aio import AsyncReachClient
        from airflow_provider_reach.client.pool import shared_session

        async with shared_session(self.config, self.max_connections) as session:
            return await AsyncReachClient(self.config, session, sleep=self._sleep_in_loop).together(step)

    async def _sleep_in_loop(self, seconds: float) -> None:
        if self._sleep is time.sleep:
            await asyncio.sleep(seconds)  # the others go on meanwhile
        else:
            self._sleep(seconds)
