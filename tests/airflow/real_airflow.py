"""A real Airflow: its commands as subprocesses, in a home of its own, and what it left there."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = PROJECT / "example_dags"
TEST_DAGS = Path(__file__).resolve().parent / "dags"


@dataclass(frozen=True)
class Task:
    """
    How a task instance ended.

    :param label: What the Airflow UI shows instead of the map index.
    :param tries: How often it was tried.
    """

    state: str
    label: str | None
    tries: int


@dataclass(frozen=True)
class Run:
    """
    A DAG run that is over.

    :param output: All that Airflow said.
    :param tasks: By task id and map index (-1 where it is not mapped).
    :param xcoms: Their values as the database has them, by task id, map index and key.
    """

    state: str
    output: str
    tasks: dict[tuple[str, int], Task]
    xcoms: dict[tuple[str, int, str], Any]

    @property
    def states(self) -> dict[str, str]:
        """The state of every task, by its id, and what the UI shows of a mapped one."""
        return {f"{task_id} {task.label or ''}".strip(): task.state for (task_id, _), task in self.tasks.items()}


class RealAirflow:
    """
    Runs Airflow's commands.

    :param home: Its ``AIRFLOW_HOME``.
    """

    def __init__(self, home: Path) -> None:
        self.home = home

    @property
    def database(self) -> Path:
        """The file of its database."""
        return self.home / "airflow.db"

    def migrate(self) -> None:
        """Make the database."""
        done = self.command("db", "migrate")
        assert done.returncode == 0, done.stdout

    def test_dag(
        self,
        dag_id: str,
        folder: Path = TEST_DAGS,
        conf: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        **connections: str,
    ) -> Run:
        """
        Run a DAG by ``airflow dags test``.

        :param conf: The run's parameters.
        :param environment: More of Airflow's settings.
        :param connections: By their ids.
        """
        variables = {**(environment or {})} | {
            f"AIRFLOW_CONN_{name.upper()}": value for name, value in connections.items()
        }
        configured = () if conf is None else ("--conf", json.dumps(conf))
        output = self.command("dags", "test", dag_id, *configured, folder=folder, **variables).stdout
        with closing(sqlite3.connect(self.database)) as database:
            return _last_run(database, dag_id, output)

    def command(self, *arguments: str, folder: Path = TEST_DAGS, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command in an environment that holds no other Airflow's settings."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
        environment = {
            **inherited,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            **variables,
        }
        return subprocess.run(
            [sys.executable, "-m", "airflow", *arguments],
            env=environment,
            cwd=self.home,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=600,  # Airflow 3.0 to 3.2 take three seconds for a task alone, and more on a busy machine
            check=False,
        )

    def left_behind(self) -> dict[str, str]:
        """All that it wrote: every file, and every table of the database (pages of its file would cut values)."""
        files = {path for path in self.home.rglob("*") if path.is_file()} - {self.database}
        left = {str(path.relative_to(self.home)): path.read_text(errors="replace") for path in files}
        with closing(sqlite3.connect(self.database)) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                rows = database.execute(f"SELECT * FROM {table}").fetchall()
                left[f"table {table}"] = "\n".join(_text(value) for row in rows for value in row)
        return left


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _last_run(database: sqlite3.Connection, dag_id: str, output: str) -> Run:
    last = database.execute(
        "SELECT run_id, state FROM dag_run WHERE dag_id = ? ORDER BY id DESC LIMIT 1", (dag_id,)
    ).fetchone()
    assert last, f"{dag_id} did not run:\n{output}"
    run_id, state = last
    of_run = "WHERE dag_id = ? AND run_id = ?", (dag_id, run_id)
    tasks = database.execute(
        f"SELECT task_id, map_index, state, rendered_map_index, try_number FROM task_instance {of_run[0]}", of_run[1]
    )
    xcoms = database.execute(f"SELECT task_id, map_index, key, value FROM xcom {of_run[0]}", of_run[1])
    return Run(
        state=state,
        output=output,
        tasks={(task_id, map_index): Task(*rest) for task_id, map_index, *rest in tasks},
        xcoms={(task_id, map_index, key): _value(value) for task_id, map_index, key, value in xcoms},
    )


def _value(stored: Any) -> Any:
    """Airflow 3 stores JSON within JSON; SQLite turns what looks like a number into one."""
    value = json.loads(stored) if isinstance(stored, (str, bytes)) else stored
    return json.loads(value) if isinstance(value, str) and value.startswith(("{", "[", '"')) else value
