"""
A real Airflow to click through, with an embedded Reach behind it.

All that Airflow says is kept in ``.airflow/ui``; its home is made anew each time.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from contextlib import ExitStack, suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from airflow_provider_reach.integration.connection_form import EXTRA_FIELDS
from airflow_provider_reach.sandbox import Sandbox
from airflow_provider_reach.sandbox.scenes import health_scene
from scripts.health_check import DAG_ID as HEALTH
from scripts.health_check import set_up
from scripts.live_airflow import Airflow, DagRun, free_port
from scripts.playing import ROOT, check, play
from scripts.telling import say, step, wrapped

LOGS = ROOT / ".airflow" / "ui"
USUAL_PORT = 8080

HOURLY = "example_reach_hourly_health"
PLAY = "play_with_the_target"
DAG_FILES = [ROOT / "example_dags" / f"{HEALTH}.py", ROOT / "example_dags" / f"{HOURLY}.py"]
DAG_FILES += [ROOT / "scripts" / "ui_dags" / f"{PLAY}.py"]

SETTINGS = {
    "core__test_connection": "Enabled",
    "api__default_wrap": "True",  # the lines of a report are long
    "operators__default_deferrable": "True",
    "scheduler__use_job_schedule": "False",  # nothing runs but what is clicked
}


def main() -> int:
    """Run it until Ctrl-C or SIGTERM; return 0 when it did as it should."""
    parser = argparse.ArgumentParser(prog="make ui", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help=f"Airflow's (default: {USUAL_PORT}, or any free one)")
    parser.add_argument("--try", action="store_true", dest="only_try", help="click by itself, then end")
    options = parser.parse_args()
    say(f"A real Airflow {version('apache-airflow')} with an embedded Reach behind it. No account, no network.")
    return play(LOGS, partial(story, wanted_port=options.port, only_try=options.only_try))


def story(home: Path, wanted_port: int, only_try: bool) -> None:
    """Start all of it, in a new home of Airflow, and let people click."""
    started = time.monotonic()
    port = free_port(wanted_port or USUAL_PORT)
    check(wanted_port in (0, port), f"port {wanted_port} is not free")
    with ExitStack() as running:
        step("Preparing Airflow's database, and playing the last twelve hours of an embedded Reach")
        set_up(home)
        reach = running.enter_context(health_scene())
        settings = {**SETTINGS, "core__dags_folder": str(folder_of_dags(home))}
        airflow = running.enter_context(Airflow(home, LOGS, settings, {"REACH_SANDBOX": reach.root_url}, port))
        airflow.migrate()
        step("Starting Airflow's api-server, scheduler, dag-processor and triggerer")
        for part in ("api-server", "scheduler", "dag-processor", "triggerer"):
            airflow.start(part)
        airflow.wait_until("the DAGs are known", 120, lambda: airflow.has_dags(HEALTH, HOURLY, PLAY))
        airflow.add_connection(as_made_by_the_form(reach.connection))
        airflow.wait_until("all of it is well", 60, airflow.is_well)
        say(introduction(airflow.address, time.monotonic() - started))
        if only_try:
            click(airflow)
        else:
            with suppress(KeyboardInterrupt):
                let_time_flow(reach, airflow)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            say("\nEnding Airflow and the embedded Reach.")


def folder_of_dags(home: Path) -> Path:
    """Make a folder with the DAGs to click."""
    folder = home / "dags"
    folder.mkdir()
    for file in DAG_FILES:
        (folder / file.name).symlink_to(file)  # so that a change of it is seen
    return folder


def as_made_by_the_form(connection: dict[str, Any]) -> dict[str, Any]:
    """Name all extras, since the form has fields only for those, and the port that the Test button requires."""
    return {**connection, "port": 0, "extra": {**dict.fromkeys(EXTRA_FIELDS), **connection["extra"]}}


def introduction(address: str, seconds: float) -> str:
    """What there is to click."""
    steps = [
        f"Trigger {HEALTH}: {address}/dags/{HEALTH} . After some seconds it fails. Click the red 'bounces' of "
        "watch_delivery and read its log: the target answers 503, and events are about to be lost.",
        f"Trigger {PLAY}: {address}/dags/{PLAY} . As its form stands, the target of 'bounces' is repaired and eight "
        "hours pass in the embedded Reach.",
        f"Trigger {HEALTH} again: it succeeds.",
    ]
    connection = f"The connection, with a Test button: {address}/connections (Admin, Connections, reach_default)."
    return "\n".join(
        [
            f"\nReady after {seconds:.0f} s: {address}   Ctrl-C ends it.\n",
            *(wrapped(f"{number}. {text}", 2) for number, text in enumerate(steps, 1)),
            f"\n{wrapped(connection, 2)}",
        ]
    )


def let_time_flow(reach: Sandbox, airflow: Airflow) -> None:
    """Let the embedded Reach's time pass with the real one, for as long as Airflow runs."""
    before = time.monotonic()
    while True:
        time.sleep(0.5)
        airflow.check_that_it_runs("Ctrl-C")
        now = time.monotonic()
        reach.advance(seconds=now - before)
        before = now


def click(airflow: Airflow) -> None:
    """Take the three steps, and check that each ends as people are told it will."""
    step(f"Triggering {HEALTH}, {PLAY}, and the first again")
    before = ended(airflow, airflow.trigger(HEALTH))
    failed = {("watch_delivery", "bounces"), ("validate_target", "bounces")}
    check(failed_of(before) == failed, f"what failed before the repair: {failed_of(before)}")
    played = ended(airflow, airflow.trigger(PLAY))
    check(played.state == "success", f"{PLAY} ended as {played.state}")
    after = ended(airflow, airflow.trigger(HEALTH))
    check(after.state == "success", f"what failed after the repair: {failed_of(after)}")
    say("    It failed for 'bounces' alone, and succeeded after the repair.")


def ended(airflow: Airflow, run: DagRun) -> DagRun:
    """Wait for the end of a run."""
    airflow.wait_until(f"{run.path} is over", 90, run.has_ended)
    return run


def failed_of(run: DagRun) -> set[tuple[str, str]]:
    """The failed tasks, by id and label."""
    return {(task["task_id"], task["rendered_map_index"]) for task in run.tasks() if task["state"] == "failed"}


if __name__ == "__main__":
    sys.exit(main())
