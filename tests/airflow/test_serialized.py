"""A DAG that nobody changed is the same each time it is parsed: otherwise each parse makes a new version of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.airflow.real_airflow import EXAMPLES, PROJECT, TEST_DAGS, RealAirflow


def parsed(home: Path, seed: str) -> dict[str, Any]:
    """What a process of its own makes of the examples, and of the DAGs of the tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY": "True",
        "PYTHONHASHSEED": seed,
    }
    command = [sys.executable, "-m", "tests.airflow.serialized", str(EXAMPLES), str(TEST_DAGS)]
    done = subprocess.run(
        command, env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {dag_id: dag for dags in lines for dag_id, dag in dags.items()}


def test_two_processes_make_the_same_of_each_dag(airflow: RealAirflow) -> None:
    one, other = (parsed(airflow.home, seed) for seed in ("1", "2"))

    assert {"declaring", "odd_values", "watches"} < one.keys()
    for dag_id, dag in one.items():
        kept = json.dumps(dag)
        assert kept == json.dumps(other[dag_id]), dag_id
        assert not re.findall(r".{60}0x[0-9a-f]{6,}", kept), dag_id
