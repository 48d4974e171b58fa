"""
Two triggerers share a database, and one is killed under all its watches; later the other one, amid the verdicts.

All that Airflow says is kept in ``.airflow/soak``; its home and its database are made anew and removed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from airflow_provider_reach.sandbox import Sandbox
from evidence.soak.ends import Webhooks, check_ends
from evidence.soak.postgres import Postgres, postgres
from evidence.soak.tables import Row
from scripts.live_airflow import Airflow, DagRun
from scripts.playing import ROOT, check, play
from scripts.processes import Part
from scripts.telling import say, step

LOGS = ROOT / ".airflow" / "soak"
DAG_ID = "soak_watches"

HEARTBEAT_LIMIT = 12
"""Seconds without a sign of life after which a triggerer's watches are for another one to take."""

SETTINGS = {
    "core__dags_folder": str(ROOT / "evidence" / "soak" / "dags"),
    "core__fernet_key": "",
    "triggerer__triggerer_health_check_threshold": str(HEARTBEAT_LIMIT),
}

_HELD = "SELECT triggerer_id, count(*) FROM trigger JOIN task_instance ON trigger_id = trigger.id GROUP BY 1"
_LEFT = "SELECT count(*) FROM trigger"
_TRIGGERERS = "SELECT id FROM job WHERE job_type = 'TriggererJob' ORDER BY id"


@dataclass(frozen=True)
class Plan:
    """
    How much is tried.

    :param watches: How many there are.
    :param start: Seconds that they may take until all are deferred, and again until all have ended.
    """

    watches: int
    start: float


LONG, SHORT = Plan(watches=200, start=600), Plan(watches=40, start=240)


def run(plan: Plan) -> tuple[int, list[Row]]:
    """Try it; return the exit status, and what was seen."""
    seen: list[Row] = []
    status = play(LOGS, lambda home: story(home, plan, seen))
    return status, seen


def story(home: Path, plan: Plan, seen: list[Row]) -> None:
    """All of it, in a new home of Airflow."""
    ended = home / "ended"
    ended.mkdir()
    variables = {"SOAK_WATCHES": str(plan.watches), "SOAK_ENDED": str(ended)}
    with postgres(LOGS / "postgres.log") as database, Sandbox(target_timeout=10) as reach:
        settings = {
            **SETTINGS,
            "database__sql_alchemy_conn": database.url,
            "triggerer__capacity": str(plan.watches * 3 // 4),  # so that no triggerer has all of them
        }
        with Airflow(home, LOGS, settings, variables) as airflow:
            Soak(airflow, database, reach, plan, seen).play()
            airflow.wait_until("each callback has noted an end", 30, lambda: len(list(ended.iterdir())) >= plan.watches)
            airflow.wait_until("no trigger is left", 30, lambda: database.rows(_LEFT) == [(0,)])
            seen += check_ends(database, LOGS, ended, plan.watches)


class Soak:
    """
    The story's parts.

    :param airflow: An Airflow that has no database yet.
    :param database: The one that it is to have.
    :param reach: The service.
    :param plan: How much is tried.
    :param seen: What is seen is added here.
    """

    def __init__(self, airflow: Airflow, database: Postgres, reach: Sandbox, plan: Plan, seen: list[Row]) -> None:
        self._airflow, self._database, self._plan, self._seen = airflow, database, plan, seen
        self._webhooks = Webhooks(reach, plan.watches)
        self._triggerers: list[tuple[int, Part]] = []

    def play(self) -> None:
        """Defer, kill, decide, kill, and wait for the end."""
        step("Making Airflow's database, a PostgreSQL")
        self._airflow.migrate()
        run = self._defer()
        self._lose_the_first()
        self._lose_the_second(run)

    def _defer(self) -> DagRun:
        airflow, number = self._airflow, self._plan.watches
        step(f"Starting the parts of Airflow, two triggerers among them, and {number} watches")
        for part in ("api-server", "scheduler", "dag-processor"):
            airflow.start(part)
        self._start_triggerer()
        self._start_triggerer()
        airflow.wait_until("the DAG is known", 120, lambda: airflow.has_dags(DAG_ID))
        airflow.add_connection(self._webhooks.connection)
        began = time.monotonic()
        run = airflow.trigger(DAG_ID)
        airflow.wait_until(
            "all watches are deferred",
            self._plan.start,
            lambda: self._deferred() == number and None not in self._held(),
        )
        say(f"    After {time.monotonic() - began:.0f} s all are deferred; held by triggerer: {self._held()}.")
        check(len(self._held()) == 2, f"the watches are held by the triggerers {list(self._held())}, not by two")
        return run

    def _lose_the_first(self) -> None:
        """Kill one triggerer while every watch lives; another one is started in its place."""
        step("Killing a triggerer with SIGKILL while all watches live, and starting another one")
        before = self._held()
        lost = self._kill_a_triggerer()
        killed = time.monotonic()
        self._start_triggerer()
        limit = HEARTBEAT_LIMIT + 45
        self._airflow.wait_until("its watches have been taken over", limit, lambda: lost not in self._held())
        took = time.monotonic() - killed
        self._airflow.wait_until("every watch has looked again", 120, self._webhooks.all_looked_at_from_now())
        check(sum(self._held().values()) == self._plan.watches, f"watches are missing: {self._held()}")
        say(f"    After {took:.0f} s others had its {before[lost]} watches: {dict(self._held())}; all look on.")
        self._seen += [
            Row("live watches when a triggerer was killed", str(sum(before.values())), str(self._plan.watches)),
            Row("of these held by the killed one", str(before[lost]), "some, not all"),
            Row("seconds until others had taken them over", f"{took:.0f}", f"at most {limit}"),
        ]

    def _lose_the_second(self, run: DagRun) -> None:
        """Decide what becomes of each, and kill the other triggerer while the verdicts come in."""
        number = self._plan.watches
        step("Deciding the webhooks' fates, and killing the other triggerer while the verdicts come in")
        self._webhooks.decide()
        self._airflow.wait_until("a fifth of the watches have fired", 120, lambda: self._deferred() < 0.8 * number)
        left = self._held()
        self._kill_a_triggerer()
        say(f"    {sum(left.values())} watches had not fired; held by triggerer: {dict(left)}.")
        began = time.monotonic()
        self._airflow.wait_until("the DAG run is over", self._plan.start, run.has_ended)
        say(f"    {time.monotonic() - began:.0f} s later all have ended.")
        self._seen += [Row("live watches when the other was killed, amid the verdicts", str(sum(left.values())))]

    def _start_triggerer(self) -> None:
        known = self._database.rows(_TRIGGERERS)
        part = self._airflow.start("triggerer", name=f"triggerer-{len(known) + 1}")
        self._airflow.wait_until("the triggerer is there", 120, lambda: self._database.rows(_TRIGGERERS) != known)
        self._triggerers.append((self._database.rows(_TRIGGERERS)[-1][0], part))

    def _kill_a_triggerer(self) -> int:
        """Kill the oldest with SIGKILL, and return which one Airflow knew it as."""
        which, part = self._triggerers.pop(0)
        killed = part.kill()
        check(killed > 1, f"the triggerer was {killed} process, not two")
        return which

    def _deferred(self) -> int:
        query = "SELECT count(*) FROM task_instance WHERE state = 'deferred'"
        return int(self._database.rows(query)[0][0])

    def _held(self) -> dict[int | None, int]:
        """How many watches each triggerer has; None: nobody yet."""
        return dict(self._database.rows(_HELD))
