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
from airflow_provider_reach.core.delivery.doubt import remembered
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachAuthError, ReachConnectionError, ReachError
from airflow_provider_reach.core.watch.events import End, ending, event_of
from airflow_provider_reach.core.watch.progress import Progress
from airflow_provider_reach.core.watch.watch import Watch, unknown_scalars
from airflow_provider_reach.version import __version__

Sleep = Callable[[float], Awaitable[None]]
OpenClient = Callable[[Sleep], AbstractAsyncContextManager[AsyncReachClient]]

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0


def _now() -> datetime:
    return datetime.now(timezone.utc)


async def watch_to_its_end(
    open_client: OpenClient,
    given: Mapping[str, Any],
    log: logging.Logger,
    sleep: Sleep = asyncio.sleep,
    now: Callable[[], datetime] = _now,
) -> dict[str, Any]:
    """
    Watch until there is a verdict, the deadline, or no way to ask.

    :param open_client: Reads the Airflow connection and makes the client: a hook's ``async_client``.
    :param given: The watch, as scalars.
    :param log: Where to tell how it goes.
    :param sleep: What to wait with, so that a test need not.
    :param now: The time.
    :return: The event that tells how it ended.
    """
    if unknown := unknown_scalars(given):
        names = ", ".join(unknown)
        log.warning("The watch has arguments that this version of airflow-provider-reach does not know: %s.", names)
    try:
        watcher = Watcher(open_client, Watch.from_scalars(given, __version__), log, sleep, now)
        return event_of(await watcher.until_end())
    except ReachError as error:
        return event_of(error)


class Watcher:
    """
    Looks at a webhook again and again.

    :param open_client: Reads the Airflow connection and makes the client; again when the key is refused.
    :param watch: What is watched, and how.
    :param log: Where to tell how it goes.
    :param sleep: What to wait with.
    :param now: The time.
    """

    def __init__(
        self, open_client: OpenClient, watch: Watch, log: logging.Logger, sleep: Sleep, now: Callable[[], datetime]
    ) -> None:
        self._open_client = open_client
        self._watch = watch
        self._log = log
        self._sleep = sleep
        self._now = now
        self._progress = Progress(watch.deadline)
        self._report: DeliveryReport | None = None
        self._client: AsyncReachClient | None = None
        self._in_use = AsyncExitStack()

    async def until_end(self) -> End:
        """Watch until it has ended; then all that it used is given back."""
        async with self._in_use:
            watch = self._watch
            pause = random.uniform(0.0, watch.next_look(self._now()))  # many watches begin in the same second
            while True:
                await self._sleep(pause)
                cut_short = watch.tolerance_at(self._now()) < watch.outage_tolerance.total_seconds()
                seen = await self._look()
                if end := ending(watch, seen, self._report, cut_short, self._now()):
                    return end
                self._tell(seen)
                pause = watch.next_look(self._now())

    def _tell(self, seen: DeliveryReport | ReachError) -> None:
        if isinstance(seen, ReachError):
            self._log.error("Not answered, and the watch goes on: %s", seen)
            return
        self._report = seen
        if line := self._progress.line(seen, self._now()):
            self._log.info("%s", line)

    async def _look(self) -> DeliveryReport | ReachError:
        try:
            client = self._client or await self._open()
            try:
                return await self._ask(client)
            except ReachAuthError:
                known, client = client.config, await self._open()
                if client.config == known:
                    raise
                self._log.info("The key was refused, and the connection has changed: asking as it says now.")
                return await self._ask(client)
        except ReachError as error:
            return error

    async def _ask(self, client: AsyncReachClient) -> DeliveryReport:
        watch = self._watch
        client.outage_tolerance = watch.tolerance_at(self._now())
        seen = await client.check_delivery(
            watch.webhook_id,
            watch.webhook_name,
            watch.policy,
            watched_from=watch.watched_from,
            seen_id=self._report.webhook_id if self._report else watch.seen_id,
        )
        return remembered(seen, self._report)

    async def _open(self) -> AsyncReachClient:
        """
        Read the connection, again and again: that there is none is said too when its backend does not answer.

        :raises ReachConnectionError: when that has lasted for as long as a look may keep asking.
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
