"""
A workspace checked once: by this provider, by loops written by hand with as many connections, and as an earlier
revision did it.

::

    python -m evidence.bench.workspace NUMBER URL ROUNDS KIND [KIND ...]
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from io import BytesIO
from typing import Any

from evidence.bench.answers import WORKSPACE
from evidence.bench.server import ROOT, counted, serving

CONNECTIONS = 20
FEW = 100
"""Webhooks of the check beyond which memory is counted."""
KINDS = {
    "ours": "this provider",
    "plain": "by hand, JSON and times",
    "judged": "by hand, this package's decoding and verdict",
    "before": "webhook by webhook",
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """
    What it costs to check a workspace once; the best of some rounds.

    :param kind: One of KINDS.
    :param number: Webhooks in the workspace.
    :param latency: Milliseconds after which the service answers.
    :param wall: Seconds.
    :param cpu: Seconds of CPU.
    :param requests: Requests of one round.
    :param grown: Bytes by which a process that does nothing else grew at most, beyond a check of FEW webhooks.
    """

    kind: str
    number: int
    latency: int
    wall: float
    cpu: float
    requests: int
    grown: int

    @property
    def memory(self) -> float:
        """Bytes of a webhook."""
        return self.grown / max(self.number - FEW, 1)


def measure(numbers: Sequence[int], rounds: int, beside: str = "") -> Iterator[Checked]:
    """
    Check workspaces, with and without latency.

    :param numbers: Webhooks in each.
    :param rounds: How often each is checked.
    :param beside: An earlier revision, which checks the first of them too; it takes a minute.
    """
    with serving() as url:
        for number in numbers:
            for latency in (0, 20):
                yield from _in_turns(("ours", "plain", "judged"), number, latency, url, rounds)
        if beside:
            yield from _before(beside, numbers[0], url)


def _in_turns(kinds: Sequence[str], number: int, latency: int, url: str, rounds: int) -> Iterator[Checked]:
    """The times are those of one process, in turns, so that what disturbs one disturbs all."""
    at = f"{url}/of-{number}-{latency}ms"
    times = _process(number, at, rounds, *kinds)
    for kind in kinds:
        grown = _process(number, at, 1, kind)[kind]["grown"]
        yield Checked(kind=kind, number=number, latency=latency, **{**times[kind], "grown": grown})


def _process(number: int, at: str, rounds: int, *kinds: str) -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-m", "evidence.bench.workspace", str(number), at, str(rounds), *kinds]
    told: dict[str, dict[str, Any]] = _told(command, str(ROOT))
    return told


def _told(command: list[str], directory: str, **environment: str) -> Any:
    done = subprocess.run(
        command, cwd=directory, env={**os.environ, **environment}, capture_output=True, text=True, timeout=400
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[2:])} did not end well: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _before(revision: str, number: int, url: str) -> Iterator[Checked]:
    at = f"{url}/of-{number}-0ms"
    with _unpacked(revision) as directory:
        told = _told([sys.executable, "-c", AS_BEFORE, at, WORKSPACE], directory, PYTHONPATH=directory)
    yield Checked(kind="before", number=number, latency=0, requests=2 * number + 1, **told)


@contextmanager
def _unpacked(revision: str) -> Iterator[str]:
    archive = subprocess.run(
        ["git", "archive", revision, "airflow_provider_reach"], cwd=ROOT, capture_output=True, check=True
    )
    with tempfile.TemporaryDirectory() as directory, tarfile.open(fileobj=BytesIO(archive.stdout)) as packed:
        packed.extractall(directory, filter="data")
        yield directory


AS_BEFORE = """
import json, resource, sys, time
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.config import read_config

config = read_config(api_key="no-real-key", base_url=sys.argv[1], workspace_id=sys.argv[2])
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
cpu, began = time.process_time(), time.perf_counter()
with ReachClient(config) as client:
    kept = [client.check_delivery(webhook.id) for webhook in client.list_webhooks()]
told = {"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu}
told["grown"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024
print(json.dumps(told))
"""
"""What an earlier revision's command ``check`` did: it looked at one webhook after the other."""


def ours(url: str) -> Callable[[], Any]:
    """A check by the client of a task, from opening its connections to the report."""
    from airflow_provider_reach.client.sync import ReachClient
    from airflow_provider_reach.core.config import read_config

    config = read_config(api_key="no-real-key", base_url=url, workspace_id=WORKSPACE)

    def check() -> Any:
        with ReachClient(config, max_connections=CONNECTIONS) as client:
            return client.check_workspace()

    return check


def plain(url: str) -> Callable[[], Any]:
    """The same requests by hand, their JSON and times read: no retries, no bounds, no verdict, no report."""
    from evidence.bench.verdicts import read_plainly

    return _by_hand(url, lambda body: json.loads(body)["results"], lambda webhook, body: read_plainly(body))


def judged(url: str) -> Callable[[], Any]:
    """The same requests by hand, with this package's decoding and verdict, but no report on the workspace."""
    from airflow_provider_reach.core.api.decoding import batch_rows, webhooks
    from airflow_provider_reach.core.delivery.assess import assess
    from airflow_provider_reach.core.policy import DeliveryPolicy

    policy = DeliveryPolicy()

    def judge(webhook: Any, body: bytes) -> Any:
        return assess(batch_rows(body), datetime.now(timezone.utc), policy, webhook=webhook)

    return _by_hand(url, webhooks, judge)


def _by_hand(url: str, listed: Callable[[bytes], list[Any]], read: Callable[[Any, bytes], Any]) -> Callable[[], Any]:
    import aiohttp

    async def check() -> list[Any]:
        api = f"{url}/workspaces/{WORKSPACE}/reach/webhooks"
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        headers = {"Authorization": "AccessKey no-real-key"}
        async with aiohttp.ClientSession(headers=headers, connector=connector) as session:

            async def get(url: str) -> bytes:
                async with session.get(url) as answer:
                    answer.raise_for_status()
                    return await answer.read()

            waiting, found = iter(listed(await get(api))), []

            async def work() -> None:
                for webhook in waiting:
                    of = webhook["id"] if isinstance(webhook, dict) else webhook.id
                    found.append(read(webhook, await get(f"{api}/{of}/batch-status?limit=1000")))

            await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
            return found

    return lambda: asyncio.run(check())


CHECKS = {"ours": ours, "plain": plain, "judged": judged}


def main() -> None:
    """Measure some kinds, in turns."""
    number, url, rounds, *kinds = sys.argv[1:]
    logging.disable(logging.WARNING)
    checks = {kind: CHECKS[kind](url) for kind in kinds}
    for kind in kinds:
        CHECKS[kind](url.replace(f"of-{number}-", f"of-{FEW}-"))()  # imports, and opens, what any check does
    told: dict[str, dict[str, Any]] = {kind: {"wall": 1e9, "cpu": 1e9} for kind in kinds}
    memory = largest()
    for _ in range(int(rounds)):
        for kind, check in checks.items():
            before, cpu, began = counted(url)["requests"], time.process_time(), time.perf_counter()
            kept = check()
            wall, cpu = time.perf_counter() - began, time.process_time() - cpu
            best = told[kind]
            told[kind] = {"wall": min(wall, best["wall"]), "cpu": min(cpu, best["cpu"])}
            told[kind] |= {"requests": counted(url)["requests"] - before, "grown": largest() - memory}
            del kept
    sys.stdout.write(f"\n{json.dumps(told)}\n")


def largest() -> int:
    """Bytes of memory of this process, when it was largest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
