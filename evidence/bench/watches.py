"""
One cell of the table: so many watches in one event loop, run by Airflow's own trigger runner; prints what they cost.

::

    python -m evidence.bench.watches KIND NUMBER URL WARM_UP SECONDS
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from airflow.jobs.triggerer_job_runner import TriggerRunner
from airflow.providers.http.triggers.http import HttpSensorTrigger
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_reach import __version__
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.watch.watch import Watch
from airflow_provider_reach.integration.connection_form import DEFAULT_MAX_CONNECTIONS
from airflow_provider_reach.triggers import ReachBatchStatusTrigger
from evidence.bench.answers import WEBHOOKS, WORKSPACE, in_trouble, webhook_ids
from evidence.bench.server import counted
from evidence.bench.verdicts import read_plainly

LONGEST_WARM_UP = 15.0
TICK = 0.05


class PlainTrigger(BaseTrigger):
    """
    What anybody would write by hand: one request over a session that all share, JSON and times read, no verdict.

    :param url: The service's URL up to the workspace's API.
    :param webhook_id: The webhook.
    """

    session: aiohttp.ClientSession

    def __init__(self, url: str, webhook_id: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._url = f"{url}/webhooks/{webhook_id}/batch-status?limit=1000"

    def serialize(self) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.sleep(random.uniform(0, 1))
        while True:
            if not read_plainly(await self._get(self._url)):
                yield TriggerEvent("never")
            await asyncio.sleep(1)

    async def _get(self, url: str) -> bytes:
        async with self.session.get(url, headers={"Authorization": "AccessKey key"}) as response:
            response.raise_for_status()
            return await response.read()


def triggers(kind: str, number: int, url: str) -> Iterator[BaseTrigger]:
    """
    As many triggers as are measured.

    :param kind: ``ours``, ``plain`` or ``peer``.
    :param number: How many.
    :param url: The service's base URL.
    """
    now, ids = datetime.now(timezone.utc), watched(url)
    for index in range(number):
        webhook_id = ids[index % len(ids)]
        if kind == "peer":
            yield HttpSensorTrigger(endpoint="missing", http_conn_id="bench_peer", poke_interval=1.0)
        elif kind == "plain":
            yield PlainTrigger(f"{url}/workspaces/{WORKSPACE}/reach", webhook_id)
        else:
            watch = Watch(
                webhook_id=webhook_id,
                webhook_name="",
                policy=DeliveryPolicy(drain=True),
                watched_from=now,
                deadline=now + timedelta(hours=1),
                limit="timeout",
                poke_interval=timedelta(seconds=1),
                outage_tolerance=timedelta(minutes=15),
                silent_fail=False,
                version=__version__,
            )
            yield ReachBatchStatusTrigger(reach_conn_id="bench_ours", **watch.to_scalars())


def watched(url: str) -> Sequence[str]:
    """The webhooks that are watched: of a larger workspace those that are not in trouble, whose watches go on."""
    size = url.rpartition("/of-")[2]
    return [each for each in webhook_ids(int(size)) if not in_trouble(each)] if size.isdigit() else WEBHOOKS


def start(runner: TriggerRunner, number: int, trigger: BaseTrigger, delay: float) -> asyncio.Task[None]:
    """Run a trigger as ``TriggerRunner.create_triggers`` does."""

    async def run() -> None:
        await asyncio.sleep(delay)
        await runner.run_trigger(number, trigger)

    task = asyncio.create_task(run())
    runner.triggers[number] = {"task": task, "is_watcher": False, "name": f"ID {number}", "events": 0}
    return task


async def tick(lags: list[float]) -> None:
    """Record every 50 ms how late it is."""
    while True:
        due = time.perf_counter() + TICK
        await asyncio.sleep(TICK)
        lags.append(time.perf_counter() - due)


async def get_warm(url: str, number: int, shortest: float) -> None:
    """Wait until every watch may have looked twice, within a bearable time."""
    before = counted(url)["looks"]
    began = time.monotonic()
    await asyncio.sleep(shortest)
    while counted(url)["looks"] - before < 2 * number and time.monotonic() < began + LONGEST_WARM_UP:
        await asyncio.sleep(0.5)


def resident() -> int:
    """Bytes of memory in use; 0 if the system does not say."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if told.exists() else 0


async def measure(kind: str, number: int, url: str, warm_up: float, seconds: float) -> dict[str, float]:
    """
    Run the watches and measure them once they are warm.

    :param kind: ``ours``, ``plain`` or ``peer``.
    :param number: How many.
    :param url: The service's base URL.
    :param warm_up: Seconds to run before, at the least.
    :param seconds: How long to measure.
    """
    PlainTrigger.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=DEFAULT_MAX_CONNECTIONS))
    runner = TriggerRunner()
    at_first, memory = counted(url), resident()
    spread = 1.0 if kind == "peer" else 0.0  # the others begin at a moment of their own by themselves
    tasks = [start(runner, n, t, random.uniform(0, spread)) for n, t in enumerate(triggers(kind, number, url))]
    await get_warm(url, number, warm_up)
    lags: list[float] = []
    ticker = asyncio.create_task(tick(lags))
    before, cpu, began = counted(url), time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    cpu, took, after = time.process_time() - cpu, time.perf_counter() - began, counted(url)
    memory = resident() - memory
    ended = sum(task.done() for task in tasks)
    for task in (ticker, *tasks):
        task.cancel()
    await asyncio.gather(ticker, *tasks, return_exceptions=True)
    await PlainTrigger.session.close()
    lags.sort()
    return {
        "looks": after["looks"] - before["looks"],
        "due": number * took,
        "cpu": cpu,
        "took": took,
        "opened": after["connections"] - at_first["connections"],
        "opened_warm": after["connections"] - before["connections"],
        "lag_p50": lags[len(lags) // 2],
        "lag_p99": lags[len(lags) * 99 // 100],
        "lag_max": lags[-1],
        "memory": memory / number,
        "ended": ended,
    }


def main() -> None:
    """Measure one cell."""
    kind, number, url, warm_up, seconds = sys.argv[1:]
    os.environ["AIRFLOW_CONN_BENCH_OURS"] = json.dumps(
        {"conn_type": "reach", "host": url, "password": "no-real-key", "extra": {"workspace_id": WORKSPACE}}
    )
    os.environ["AIRFLOW_CONN_BENCH_PEER"] = json.dumps({"conn_type": "http", "host": url})
    # The peer warns at every poke; written nowhere, that costs it as little as can be.
    logging.disable(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    measured = asyncio.run(measure(kind, int(number), url, float(warm_up), float(seconds)))
    sys.stdout.write(f"\n{json.dumps(measured)}\n")


if __name__ == "__main__":
    main()
