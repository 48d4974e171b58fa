"""What a DAG file's imports of this package cost beyond those of Airflow itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

_IN_A_FRESH_PROCESS = """
import json, sys, time
began = time.perf_counter()
from airflow import DAG
from airflow.sdk import BaseHook, BaseOperator, BaseSensorOperator, Connection
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, AirflowSkipException
airflow, loaded, began = time.perf_counter() - began, set(sys.modules), time.perf_counter()
from airflow_provider_reach import ReachBatchStatusSensor, ReachListWebhooksOperator, ReachValidateWebhookOperator
ours = time.perf_counter() - began
new = [name for name in sys.modules if name not in loaded]
modules = sum(name.startswith("airflow_provider_reach") for name in new)
print("\\n" + json.dumps([ours * 1000, airflow * 1000, modules, len(new)]))
"""


@dataclass(frozen=True)
class Imports:
    """
    Milliseconds, the best of several fresh processes.

    :param ours: The health DAG's imports of this package.
    :param airflow: What Airflow's own cost before, in the same process.
    :param modules: How many modules of this package are loaded for it.
    :param others: How many of others.
    """

    ours: float
    airflow: float
    modules: int
    others: int


def measure(processes: int) -> Imports:
    """
    Measure it.

    :param processes: How many to start, after one that leaves the bytecode behind.
    """
    runs = [_run() for _ in range(processes + 1)][1:]
    _, _, modules, new = runs[0]
    return Imports(min(run[0] for run in runs), min(run[1] for run in runs), int(modules), int(new - modules))


def _run() -> list[float]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", _IN_A_FRESH_PROCESS]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    told: list[float] = json.loads(done.stdout.splitlines()[-1])
    return told
