"""
A workspace checked once: this provider, a loop written by hand with as many connections, and an earlier revision.

::

    python -m evidence.bench.workspace KIND NUMBER URL ROUNDS
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.bench.answers import WORKSPACE
from evidence.bench.server import ROOT, counted, serving

CONNECTIONS = 20
KINDS = {"ours": "this provider", "plain": "a loop by hand", "base": "one webhook after the other, as before"}


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
    :param memory: Bytes by which the first round made the process grow, at its largest.
    """

    kind: str
    number: int
    latency: int
    wall: float
    cpu: float
    requests: int
    memory: int


def measure(numbers: Sequence[int], rounds: int) -> list[Checked]:
    """
    Check workspaces, with and without latency.

    :param numbers: Webhooks in each.
    :param rounds: How often each is checked.
    """
    with serving() as url:
        return [
            checked
            for number in numbers
            for latency in (0, 20)
            for checked in _in_turns(("ours", "plain"), number, latency, url, rounds)
        ]


def _in_turns(kinds: Sequence[str], number: int, latency: int, url: str, rounds: int) -> list[Checked]:
    """Several processes of each kind, by turns, so that what disturbs one disturbs all; the best of each."""
    runs = [[_process(kind, number, latency, url, rounds) for kind in kinds] for _ in range(2)]
    return [_best([run[index] for run in runs]) for index in range(len(kinds))]


def _best(runs: Sequence[Checked]) -> Checked:
    best = min(runs, key=lambda run: run.wall)
    cpu, memory = min(run.cpu for run in runs), min(run.memory for run in runs)
    return Checked(**{**vars(best), "cpu": cpu, "memory": memory})


def _process(kind: str, number: int, latency: int, url: str, rounds: int) -> Checked:
    at = f"{url}/of-{number}-{latency}ms"
    command = [sys.executable, "-m", "evidence.bench.workspace", kind, str(number), at, str(rounds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{kind} {number} did not end well: {done.stderr[-2000:]}")
    return Checked(kind=kind, number=number, latency=latency, **json.loads(done.stdout.splitlines()[-1]))


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
    import aiohttp

    from evidence.bench.verdicts import read_plainly

    async def check() -> list[Any]:
        api = f"{url}/workspaces/{WORKSPACE}/reach/webhooks"
        headers = {"Authorization": "AccessKey no-real-key"}
        async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

            async def get(url: str) -> bytes:
                async with session.get(url) as answer:
                    answer.raise_for_status()
                    return await answer.read()

            waiting = iter(json.loads(await get(api))["results"])
            times = []

            async def work() -> None:
                for webhook in waiting:
                    times.append(read_plainly(await get(f"{api}/{webhook['id']}/batch-status?limit=1000")))

            await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
            return times

    return lambda: asyncio.run(check())


def main() -> None:
    """Measure one kind."""
    kind, number, url, rounds = sys.argv[1:]
    logging.disable(logging.WARNING)
    check = {"ours": ours, "plain": plain}[kind](url)
    {"ours": ours, "plain": plain}[kind](url.replace(f"of-{number}-", "of-3-"))()  # imports what is imported late
    walls, cpus = [], []
    before, memory = counted(url)["requests"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for turn in range(int(rounds)):
        cpu, began = time.process_time(), time.perf_counter()
        kept = check()
        walls.append(time.perf_counter() - began)
        cpus.append(time.process_time() - cpu)
        if not turn:
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
        del kept
    requests = (counted(url)["requests"] - before) // int(rounds)
    told = {"wall": min(walls), "cpu": min(cpus), "requests": requests, "memory": grown * 1024}
    sys.stdout.write(f"\n{json.dumps(told)}\n")


if __name__ == "__main__":
    main()
