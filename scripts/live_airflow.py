"""A real Airflow on this machine alone, whose parts are processes."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

from scripts.playing import ROOT, NotAsItShouldBe, check
from scripts.processes import Part

HOST = "127.0.0.1"

SETTINGS = {
    "core__load_examples": "False",
    "core__dags_are_paused_at_creation": "False",
    "core__parallelism": "4",
    "core__simple_auth_manager_all_admins": "True",  # on loopback, for a while
    "core__hostname_callable": "socket.gethostname",  # the default asks the network
    "scheduler__job_heartbeat_sec": "1",
    "scheduler__scheduler_heartbeat_sec": "1",
    "triggerer__job_heartbeat_sec": "1",
    "dag_processor__parsing_processes": "1",
}


class Airflow:
    """
    An Airflow on this machine alone.

    :param home: Its ``AIRFLOW_HOME``, which is empty.
    :param logs: A folder for everything it says.
    :param settings: Its settings, in addition to those above.
    :param variables: Environment variables for its tasks.
    :param port: Its port; 0 for any free one.
    """

    def __init__(
        self,
        home: Path,
        logs: Path,
        settings: Mapping[str, str],
        variables: Mapping[str, str] | None = None,
        port: int = 0,
    ) -> None:
        self.address = f"http://{HOST}:{port or free_port()}"
        self._logs = logs
        self._parts: list[Part] = []
        self._environment = environment(home, logs, self.address, settings) | dict(variables or {})
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy reaches this machine

    def __enter__(self) -> Airflow:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def migrate(self) -> None:
        """Make the database."""
        part = self._new_part("migrate", "db", "migrate")
        check(part.wait(90) == 0, "Airflow's database could not be made; why, is in migrate.log")
        self._parts.remove(part)

    def start(self, command: str, *, name: str = "") -> Part:
        """
        Start a part that is to run until the end.

        :param command: Its command; it must serve no logs, since it would serve them beyond this machine.
        """
        more = {
            "api-server": ["--host", HOST, "--port", self.address.rpartition(":")[2]],
            "scheduler": ["--skip-serve-logs"],
            "triggerer": ["--skip-serve-logs"],
        }
        return self._new_part(name or command, command, *more.get(command, []))

    def _new_part(self, name: str, *arguments: str) -> Part:
        part = Part(self._logs / f"{name}.log", arguments, self._environment)
        self._parts.append(part)
        return part

    def end(self) -> None:
        """End all parts, and kill those that do not obey."""
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
        until = time.monotonic() + seconds
        while not is_so():
            self.check_that_it_runs(what)
            check(time.monotonic() < until, f"it takes more than {seconds:.0f} s until {what}")
            time.sleep(0.3)

    def check_that_it_runs(self, until: str) -> None:
        """Fail when a part of it ended by itself."""
        ended = [part for part in self._parts if part.has_ended]
        logs = ", ".join(str(part.log.relative_to(ROOT)) for part in ended)
        check(not ended, f"{', '.join(part.name for part in ended)} ended before {until}; why, is in {logs}")

    def api(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a request to the API server."""
        try:
            answer = self._ask(method, path, body)
        except requests.RequestException as error:
            raise NotAsItShouldBe(f"{method} {path} was not answered: {error}") from error
        check(answer.ok, f"{method} {path} was answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def has_dags(self, *dag_ids: str) -> bool:
        """Whether the DAG processor has read the DAGs, and the API server is up to say so."""
        with suppress(requests.RequestException):
            return all(self._ask("GET", f"dags/{dag_id}").ok for dag_id in dag_ids)
        return False

    def is_well(self) -> bool:
        """Whether each part of it says so."""
        parts = self.api("GET", "monitor/health").values()
        return all(part["status"] == "healthy" for part in parts)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> requests.Response:
        return self._http.request(method, f"{self.address}/api/v2/{path}", json=body, timeout=30)

    def add_connection(self, connection: Mapping[str, Any]) -> None:
        """Put the connection of the embedded Reach into the database."""
        extra = json.dumps(connection["extra"])
        self.api("POST", "connections", {"connection_id": "reach_default", **connection, "extra": extra})

    def trigger(self, dag_id: str, **conf: Any) -> DagRun:
        """Let a DAG run."""
        made = self.api("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})
        return DagRun(self, f"dags/{dag_id}/dagRuns/{made['dag_run_id']}")


class DagRun:
    """
    A run of a DAG.

    :param airflow: Where it runs.
    :param path: The run's path in Airflow's API.
    """

    def __init__(self, airflow: Airflow, path: str) -> None:
        self.path = path
        self._airflow = airflow

    @property
    def state(self) -> str:
        """As Airflow calls it."""
        return str(self._airflow.api("GET", self.path)["state"])

    def has_ended(self) -> bool:
        """Whether it is over."""
        return self.state in ("success", "failed")

    def tasks(self) -> list[dict[str, Any]]:
        """Its task instances, those of mapped tasks too."""
        return list(self._airflow.api("GET", f"{self.path}/taskInstances")["task_instances"])


def environment(home: Path, logs: Path, address: str, more: Mapping[str, str]) -> dict[str, str]:
    """Return the variables Airflow runs under: none from another Airflow, and all that it leaves is in its home."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "_AIRFLOW_"))}
    settings = {
        **SETTINGS,
        "core__execution_api_server_url": f"{address}/execution/",
        "api__secret_key": secrets.token_hex(32),  # else each part makes up its own
        "api_auth__jwt_secret": secrets.token_hex(32),
        "logging__base_log_folder": str(logs / "tasks"),
        "logging__dag_processor_child_process_log_directory": str(logs / "dag_files"),
        **more,
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


def free_port(wanted: int = 0) -> int:
    """Return the wanted port if it is free, otherwise another one."""
    for port in (wanted, 0):
        with suppress(OSError, OverflowError), socket.create_server((HOST, port)) as free:
            return int(free.getsockname()[1])
    raise NotAsItShouldBe("no port of this machine is free")
