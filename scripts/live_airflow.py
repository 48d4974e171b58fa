"""A real Airflow on this machine alone: its parts are processes, which are ended for certain, and can be killed."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import requests

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".airflow" / "live"
HOST = "127.0.0.1"
DAG_RUNS = "dags/live_watches/dagRuns"

LONGEST = 300.0
"""Seconds after which the story ends, whatever it waits for."""

SETTINGS = {
    "core__dags_folder": str(ROOT / "scripts" / "live_dags"),
    "core__load_examples": "False",
    "core__dags_are_paused_at_creation": "False",
    "core__parallelism": "4",
    "core__simple_auth_manager_all_admins": "True",  # on loopback, for two minutes
    "core__hostname_callable": "socket.gethostname",  # the default asks the network
    "core__fernet_key": "",  # nothing is encrypted, so that what is looked for in the database would be found
    "logging__base_log_folder": str(LOGS / "tasks"),
    "logging__dag_processor_child_process_log_directory": str(LOGS / "dag_files"),
    "scheduler__job_heartbeat_sec": "1",
    "scheduler__scheduler_heartbeat_sec": "1",
    "triggerer__job_heartbeat_sec": "1",
    "triggerer__triggerer_health_check_threshold": "6",  # then its watches are for another triggerer to take
    "dag_processor__parsing_processes": "1",
}


class NotAsItShouldBe(Exception):
    """The story went another way; the text is how."""


class Airflow:
    """
    An Airflow on this machine alone.

    :param home: Its ``AIRFLOW_HOME``, which is empty.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._parts: list[Part] = []
        self._over_at = time.monotonic() + LONGEST
        with socket.create_server((HOST, 0)) as free:
            self.port = int(free.getsockname()[1])
        self._environment = environment(home, self.port)
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy reaches this machine

    def migrate(self) -> None:
        """Make the database."""
        part = self._new_part("migrate", "db", "migrate")
        check(part.wait(90) == 0, "Airflow's database could not be made; why, is in migrate.log")
        self._parts.remove(part)

    def start(self, command: str, *arguments: str, name: str = "") -> Part:
        """Start a part of it, which is to run until the end."""
        return self._new_part(name or command, command, *arguments)

    def _new_part(self, name: str, *arguments: str) -> Part:
        part = Part(name, arguments, self._environment)
        self._parts.append(part)
        return part

    def end(self) -> None:
        """End all parts; what does not heed is killed."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # an impatient second Ctrl-C would leave some behind
        running = [part for part in self._parts if not part.killed]
        for part in running:
            part.terminate()
        until = time.monotonic() + 5
        for part in running:
            part.wait(max(0.1, until - time.monotonic()))
            part.kill()

    def wait_until(self, what: str, seconds: float, is_so: Callable[[], bool]) -> None:
        """Wait until it is so, as long as all parts run."""
        until = min(time.monotonic() + seconds, self._over_at)
        while not is_so():
            ended = [part.name for part in self._parts if part.has_ended]
            check(not ended, f"{ended} ended before {what}")
            check(time.monotonic() < until, f"it takes more than {seconds:.0f} s until {what}")
            time.sleep(0.3)

    def api(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the api-server for something that it will do."""
        try:
            answer = self._ask(method, path, body)
        except requests.RequestException as error:
            raise NotAsItShouldBe(f"{method} {path} was not answered: {error}") from error
        check(answer.ok, f"{method} {path} was answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def has_dag(self) -> bool:
        """Whether the dag-processor read the DAG, and the api-server is up to tell."""
        with suppress(requests.ConnectionError):
            return self._ask("GET", "dags/live_watches").ok
        return False

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> requests.Response:
        return self._http.request(method, f"http://{HOST}:{self.port}/api/v2/{path}", json=body, timeout=30)

    def has_ended(self) -> bool:
        """Whether the DAG run is over."""
        return self.api("GET", f"{DAG_RUNS}/live")["state"] in ("success", "failed")

    def states(self) -> dict[str, str]:
        """The state of each watch."""
        return {name: task["state"] for name, task in self._tasks().items()}

    def tries(self) -> dict[str, int]:
        """How often each watch was tried."""
        return {name: task["try_number"] for name, task in self._tasks().items()}

    def _tasks(self) -> dict[str, dict[str, Any]]:
        tasks = self.api("GET", f"{DAG_RUNS}/live/taskInstances")["task_instances"]
        return {task["task_id"].removeprefix("watch_"): task for task in tasks}

    def watches(self) -> dict[str, Watch]:
        """The deferred watches as they lie in the database."""
        query = (
            "SELECT task_id, trigger.id, kwargs, created_date, triggerer_id "
            "FROM trigger JOIN task_instance ON trigger_id = trigger.id"
        )
        with closing(sqlite3.connect(database_of(self._home))) as database:
            return {name.removeprefix("watch_"): Watch(*rest) for name, *rest in database.execute(query)}


@dataclass(frozen=True)
class Watch:
    """
    A trigger, as the database has it.

    :param triggerer: Which one has it; None: none yet.
    """

    row: int
    arguments: str
    created: str
    triggerer: int | None

    @property
    def kept(self) -> Sequence[object]:
        """What no triggerer may change."""
        return self.row, self.arguments, self.created

    @property
    def deadline(self) -> datetime:
        """When the watch gives up."""
        return datetime.fromisoformat(json.loads(self.arguments)["deadline"])


class Part:
    """
    A process of Airflow and all that it starts: they are one session, whatever groups they make.

    :param name: What its log is called.
    :param arguments: The command.
    :param variables: The environment.
    """

    def __init__(self, name: str, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        self.name = name
        self.killed = False
        with (LOGS / f"{name}.log").open("wb") as log:
            self._leader = subprocess.Popen(
                [sys.executable, "-m", "airflow", *arguments],
                env=variables,
                cwd=variables["AIRFLOW_HOME"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return not self.killed and self._leader.poll() is not None

    def terminate(self) -> None:
        """Ask it to end."""
        self._leader.terminate()

    def wait(self, seconds: float) -> int | None:
        """Wait for its end, and return its exit status; None when it did not end in time."""
        with suppress(subprocess.TimeoutExpired):
            return self._leader.wait(seconds)
        return None

    def kill(self) -> int:
        """Kill all of it, and return how many processes that were."""
        killed: set[int] = set()
        for _ in range(50):  # it may start one meanwhile
            found = self._processes()
            killed |= found
            for process in found:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            if not found:
                break
            time.sleep(0.1)
        self.wait(5)
        self.killed = True
        return len(killed)

    def _processes(self) -> set[int]:
        return {process for process in psutil.pids() if self._is_of_it(process)}

    def _is_of_it(self, process: int) -> bool:
        with suppress(OSError, psutil.Error):
            of_it = os.getsid(process) == self._leader.pid
            return of_it and psutil.Process(process).status() != psutil.STATUS_ZOMBIE
        return False


def environment(home: Path, port: int) -> dict[str, str]:
    """Return the variables Airflow runs under: none of another Airflow, and nothing it leaves is outside its home."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "_AIRFLOW_"))}
    settings = SETTINGS | {
        "core__execution_api_server_url": f"http://{HOST}:{port}/execution/",
        "api__secret_key": secrets.token_hex(32),  # else each part makes up its own
        "api_auth__jwt_secret": secrets.token_hex(32),
    }
    return {
        **inherited,
        **{f"AIRFLOW__{name.upper()}": value for name, value in settings.items()},
        "AIRFLOW_HOME": str(home),
        "TMPDIR": str(home),
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
        "PYTHONUNBUFFERED": "1",
    }


def database_of(home: Path) -> Path:
    """Its file."""
    return home / "airflow.db"


def check(is_so: object, otherwise: str) -> None:
    """Go on only when it is so."""
    if not is_so:
        raise NotAsItShouldBe(otherwise)
