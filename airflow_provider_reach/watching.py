"""The loop of a deferred watch: sleep, look, and so on until it has ended."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from airflow_provider_reach.async_client import AsyncReachClient
from airflow_provider_reach.core.errors import ReachConnectionError, ReachError
from airflow_provider_reach.core.events import End, TimedOut, event_of
from airflow_provider_reach.core.policy import POLICY_FIELDS
from airflow_provider_reach.core.progress import Progress
from airflow_provider_reach.core.report import DeliveryReport
from airflow_provider_reach.core.watch import WATCH_FIELDS, Watch
from airflow_provider_reach.hooks import ReachHook

Sleep = Callable[[float], Awaitable[None]]


def _now() -> datetime:
    return datetime.now(timezone.utc)


async def watch_to_its_end(
    reach_conn_id: str,
    given: Mapping[str, Any],
    log: logging.Logger,
    sleep: Sleep = asyncio.sleep,
    now: Callable[[], datetime] = _now,
) -> dict[str, Any]:
    """
    Watch until there is a verdict, the deadline, or no way to ask.

    :param reach_conn_id: The Airflow connection.
    :param given: The watch, as scalars.
    :param log: Where to tell how it goes.
    :param sleep: What to wait with, so that a test need not.
    :param now: The time.
    :return: The event that tells how it ended.
    """
    if unknown := sorted(given.keys() - {*WATCH_FIELDS, *POLICY_FIELDS}):
        log.warning("Arguments of another version of airflow-provider-reach, which mean nothing here: %s.", unknown)
    try:
        watcher = Watcher(Watch.from_scalars(given), log, sleep, now)
        return event_of(await watcher.watch(reach_conn_id))
    except ReachError as error:
        return event_of(error)


class Watcher:
    """
    Looks at a webhook again and again.

    :param watch: What is watched, and how.
    :param log: Where to tell how it goes.
    :param sleep: What to wait with.
    :param now: The time.
    """

    def __init__(self, watch: Watch, log: logging.Logger, sleep: Sleep, now: Callable[[], datetime]) -> None:
        self._watch = watch
        self._log = log
        self._sleep = sleep
        self._now = now
        self._progress = Progress(watch.deadline)

    async def watch(self, reach_conn_id: str) -> End:
        """
        Watch until it has ended.

        :param reach_conn_id: The Airflow connection. That there is none is said too when its backend does not answer,
            which may pass, as any outage.
        """
        give_up = self._now() + self._watch.outage_tolerance
        while True:
            try:
                hook = ReachHook(reach_conn_id, patience=self._watch.outage_tolerance.total_seconds())
                async with hook.async_client(self._sleep) as client:
                    return await self._until_end(client)
            except ReachConnectionError as error:
                if self._now() >= give_up:
                    raise
                self._log.warning("%s", error)
            await self._sleep(random.uniform(0.5, 1.0) * self._watch.next_look(self._now()))

    async def _until_end(self, client: AsyncReachClient) -> End:
        watch = self._watch
        pause = random.uniform(0.0, watch.next_look(self._now()))  # many watches begin in the same second
        while True:
            await self._sleep(pause)
            seen = await self._look(client)
            if _has_ended(seen, watch):
                return seen
            if self._now() >= watch.deadline:
                return TimedOut(watch.limit, seen)
            self._tell(seen)
            pause = watch.next_look(self._now())

    async def _look(self, client: AsyncReachClient) -> DeliveryReport | ReachError:
        watch = self._watch
        try:
            return await client.check_delivery(
                watch.webhook_id, watch.webhook_name, watch.policy, watched_from=watch.watched_from
            )
        except ReachError as error:
            return error

    def _tell(self, seen: DeliveryReport | ReachError) -> None:
        if isinstance(seen, ReachError):
            self._log.error("Not asked, and silent_fail says to go on: %s", seen)
        elif line := self._progress.line(seen, self._now()):
            self._log.info("%s", line)


def _has_ended(seen: DeliveryReport | ReachError, watch: Watch) -> bool:
    if isinstance(seen, ReachError):
        return seen.final or not watch.silent_fail
    return seen.outcome != "wait"
