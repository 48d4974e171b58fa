"""Every cell of the table of watches: each in a process of its own, one after another."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from evidence.bench.server import ROOT, serving

GROWING = ("of-3", "of-100", "of-1000")
KINDS = {"ours": "this provider", "plain": "written by hand", "peer": "HttpSensorTrigger"}


@dataclass(frozen=True)
class Plan:
    """
    What is measured.

    :param numbers: Numbers of watches.
    :param warm_up: Seconds of warming up, at least.
    :param seconds: Seconds of measuring.
    """

    numbers: tuple[int, ...]
    warm_up: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Cell:
    """
    The cost of a number of watches of one kind.

    :param kind: One of KINDS.
    :param number: The number of watches.
    :param size: The answer: ``small``, ``full`` (the same at each look), ``changing`` (as long, another at each look),
        ``404``, or ``of-`` and the number of webhooks in the list, with a small answer.
    :param looks: Looks done.
    :param due: Looks due: one a second and watch.
    :param cpu: Seconds of CPU.
    :param took: Seconds measured.
    :param opened: Connections opened in all.
    :param opened_warm: Connections opened while it was measured.
    :param lag_p50: Seconds by which the loop was late, the median.
    :param lag_p99: The same, the 99th percentile.
    :param lag_max: The same, the most.
    :param memory: Bytes by which a watch made the process grow.
    :param ended: Watches that did not go on to the end, which is a fault of the benchmark.
    """

    kind: str
    number: int
    size: str
    looks: int
    due: float
    cpu: float
    took: float
    opened: int
    opened_warm: int
    lag_p50: float
    lag_p99: float
    lag_max: float
    memory: float
    ended: int

    @property
    def cpu_of_a_look(self) -> float:
        """Milliseconds of CPU, or seconds per 1000 looks."""
        return self.cpu / max(self.looks, 1) * 1000

    @property
    def done(self) -> float:
        """The share of the due looks that was done."""
        return self.looks / self.due


def measure(plan: Plan) -> Iterator[Cell]:
    """
    Measure one cell after another; those that are compared follow each other.

    :param plan: What to measure.
    """
    with serving() as url:
        for number in plan.numbers:
            for kind, size in (
                ("ours", "small"),
                ("plain", "small"),
                ("peer", "404"),
                ("ours", "full"),
                ("ours", "changing"),
                ("plain", "full"),
                *(("ours", size) for size in GROWING if number >= 100),
            ):
                yield _measured(plan, kind, number, size, url)


def _measured(plan: Plan, kind: str, number: int, size: str, url: str) -> Cell:
    warm_up = max(plan.warm_up, number / 125)  # a thousand watches take some seconds to start
    arguments = [kind, str(number), f"{url}/{size}", str(warm_up), str(plan.seconds)]
    command = [sys.executable, "-m", "evidence.bench.watches", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=plan.seconds + 60)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} did not end well: {done.stderr[-2000:]}")
    cell = Cell(kind=kind, number=number, size=size, **json.loads(done.stdout.splitlines()[-1]))
    if cell.ended or not cell.looks:
        raise RuntimeError(
            f"{' '.join(arguments)}: {cell.ended} watches ended, {cell.looks} looks: {done.stderr[-2000:]}"
        )
    return cell
