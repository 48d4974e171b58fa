"""The loop of a deferred watch: sleep, look, and so on until it has ended."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow_provider_reach.client.aio import AsyncReachClient
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachConnectionError, ReachError
from airflow_provider_reach.core.watch.events import End, event_of
from airflow_provider_reach.core.watch.step import Log, Look, Looks, Reconnect, Step
from airflow_provider_reach.core.watch.watch import Watch, unknown_scalars
from airflow_provider_reach.integration.reach_connection import max_list_age
from airflow_provider_reach.version import __version__

Sleep = Callable[[float], Awaitable[None]]
OpenClient = Callable[[Sleep], AbstractAsyncContextManager[AsyncReachClient]]

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0


def _now() -> datetime:
    return datetime.now(timezone.utc)


async def watch_to_its_end(
    open_client: OpenClient,
    scalars: Mapping[str, Any],
    log: logging.Logger,
    sleep: Sleep = asyncio.sleep,
    now: Callable[[], datetime] = _now,
) -> dict[str, Any]:
    """
    Watch until there is a verdict, the deadline, or no way to ask.

    :param open_client: Reads the Airflow connection and makes the client: a hook's ``async_client``.
    :param scalars: The watch, as the trigger keeps it.
    :param log: The task's log.
    :param sleep: What to wait with, so that a test need not.
    :param now: Returns the time.
    :return: The event that tells how it ended.
    """
    if unknown := unknown_scalars(scalars):
        names = ", ".join(unknown)
        log.warning("The watch has arguments that this version of airflow-provider-reach does not know: %s.", names)
    try:
        watch = Watch.from_scalars(scalars, __version__)
        watcher = Watcher(open_client, watch, log, sleep, now, max_list_age())
        return event_of(await watcher.until_end())
    except ReachError as error:
        return event_of(error)


class Watcher:
    """Looks at a webhook again and again."""

    def __init__(
        self,
        open_client: OpenClient,
        watch: Watch,
        log: logging.Logger,
        sleep: Sleep,
        now: Callable[[], datetime],
        max_list_age: float | None,
    ) -> None:
        self._open_client = open_client
        self._watch = watch
        self._log = log
        self._sleep = sleep
        self._now = now
        self._max_list_age = max_list_age
        self._client: AsyncReachClient | None = None
        self._in_use = AsyncExitStack()

    async def until_end(self) -> End:
        """Watch until it has ended; then everything it used is given back."""
        looks = Looks(self._watch, self._now, may_be_cut_short=True)
        async with self._in_use:
            pause = random.uniform(0.0, self._watch.next_look(self._now()))  # many watches begin in the same second
            while True:
                await self._sleep(pause)
                if end := await self._drive(looks.look()):
                    return end
                pause = self._watch.next_look(self._now())

    async def _drive(self, step: Step) -> End | None:
        try:
            action = next(step)
            while True:
                try:
                    result = await self._carry_out(action)
                except ReachError as error:
                    action = step.throw(error)
                else:
                    action = step.send(result)
        except StopIteration as done:
            end: End | None = done.value
            return end

    async def _carry_out(self, action: Look | Reconnect | Log) -> DeliveryReport | bool | None:
        if isinstance(action, Look):
            return await self._look(self._client or await self._open(), action.watch)
        if isinstance(action, Log):
            getattr(self._log, action.level)("%s", action.text)
            return None
        known, client = self._client, await self._open()
        return known is None or client.config != known.config

    async def _look(self, client: AsyncReachClient, watch: Watch) -> DeliveryReport:
        now = self._now()
        client.outage_tolerance = watch.tolerance_at(now)
        return await client.check_delivery(
            watch.webhook_id,
            watch.policy,
            webhook_name=watch.webhook_name,
            watched_from=watch.watched_from,
            seen_id=watch.seen_id,
            max_list_age=watch.list_age_at(now, self._max_list_age),
        )

    async def _open(self) -> AsyncReachClient:
        """
        Read the connection, again and again while it is not found: a backend that does not answer looks the same.

        :raises ReachConnectionError: once that has lasted as long as a look may keep asking.
        """
        self._client = None
        await self._in_use.aclose()
        give_up = self._now() + timedelta(seconds=self._watch.tolerance_at(self._now()))
        wait = _FIRST_WAIT
        while True:
            try:
                self._client = await self._in_use.enter_async_context(self._open_client(self._sleep))
                return self._client
            except ReachConnectionError as error:
                if self._now() + timedelta(seconds=wait) > give_up:
                    raise
                self._log.warning("%s Next try in %.1f s.", error, wait)
            await self._sleep(wait * random.uniform(0.7, 1.3))
            wait = min(2 * wait, _LONGEST_WAIT)
