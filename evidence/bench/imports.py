"""What a DAG file's imports of this package cost, beside a sensor of Airflow's own standard provider."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent.parent
HEAD = "what is imported after `from airflow.sdk import DAG` | best, ms | median, ms | modules of it, of others"

_OURS = """
from airflow_provider_reach import ReachBatchStatusSensor, ReachCheckWorkspaceOperator, ReachValidateWebhookOperator
"""
_PEER = "from airflow.providers.standard.sensors.filesystem import FileSensor"
_IN_A_FRESH_PROCESS = """
import json, sys, time
from airflow.sdk import DAG
loaded, began = set(sys.modules), time.perf_counter()
{statement}
took = time.perf_counter() - began
new = [name for name in sys.modules if name not in loaded]
print("\\n" + json.dumps([took * 1000, sum(name.startswith({package!r}) for name in new), len(new)]))
"""


@dataclass(frozen=True)
class Imports:
    """
    Of several fresh processes.

    :param what: What is imported.
    :param best: Milliseconds, the best.
    :param median: Milliseconds, the median.
    :param modules: How many modules of its own package are loaded for it.
    :param others: How many of others.
    """

    what: str
    best: float
    median: float
    modules: int
    others: int


def measure(processes: int) -> tuple[Imports, Imports]:
    """
    Measure this package's names of the health DAG, and the standard provider's filesystem sensor, in turns.

    :param processes: How many to start for each, after one that leaves the bytecode behind.
    """
    ours, peer = [], []
    for _ in range(processes + 1):
        ours.append(_run(_OURS, "airflow_provider_reach"))
        peer.append(_run(_PEER, "airflow.providers.standard"))
    return _imports("the health DAG's names of this package", ours), _imports("FileSensor", peer)


def _imports(what: str, runs: list[list[float]]) -> Imports:
    taken = [took for took, _, _ in runs[1:]]
    _, modules, new = runs[0]
    return Imports(what, min(taken), median(taken), int(modules), int(new - modules))


def _run(statement: str, package: str) -> list[float]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", _IN_A_FRESH_PROCESS.format(statement=statement, package=package)]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    told: list[float] = json.loads(done.stdout.splitlines()[-1])
    return told


def figures(imported: tuple[Imports, Imports]) -> list[tuple[str, str, bool]]:
    """The goal, what was measured, and whether it is met."""
    ours, peer = imported
    best, middle = ours.best / peer.best, ours.median / peer.median
    told = f"{best:.2f} (best), {middle:.2f} (median)"
    return [("imports: at most half of the filesystem sensor's", told, max(best, middle) <= 0.5)]


def rows(imported: tuple[Imports, Imports]) -> list[tuple[str, ...]]:
    """The table's rows."""
    return [(i.what, f"{i.best:.1f}", f"{i.median:.1f}", f"{i.modules}, {i.others}") for i in imported]
