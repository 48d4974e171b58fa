"""
A deferred watch from beginning to end: a real Airflow, each part a process, whose triggerer is killed while it watches.

All that Airflow says is kept in ``.airflow/live``, in addition to what is shown; its home is created anew each time.
"""

from __future__ import annotations

import sys
import time
from importlib.metadata import version
from pathlib import Path

from airflow_provider_reach.sandbox import Sandbox
from scripts.live_airflow import Airflow, DagRun
from scripts.live_evidence import (
    LOGS,
    WEBHOOKS,
    Looks,
    first_line_with,
    log_of,
    logs_without,
    other_tables,
    watches,
)
from scripts.playing import ROOT, check, play
from scripts.telling import colour, say, step, wrapped

BATCHES = 20

SETTINGS = {
    "core__dags_folder": str(ROOT / "scripts" / "live_dags"),
    "core__fernet_key": "",  # nothing is encrypted, so that what is looked for in the database would be found
    "triggerer__triggerer_health_check_threshold": "6",  # then its watches are for another triggerer to take
}

QUIET = 6.0
"""Seconds without a look, where one every two seconds is due, after which nobody looks any more."""


def main() -> int:
    """Play the story; return 0 only when all of it was as it should be."""
    started = time.monotonic()
    say(
        f"A real Airflow {version('apache-airflow')}, each part a process of its own, watches three webhooks of an "
        "embedded Reach. No account, no network."
    )
    status = play(LOGS, story)
    if status == 0:
        say(
            f"\nIn {time.monotonic() - started:.0f} s: no watch was lost with its triggerer, each ended as it should, "
            f"and none went on after its end.\nAll that Airflow said: {LOGS.relative_to(ROOT)}"
        )
    return status


def story(home: Path) -> None:
    """Play the story in a new home of Airflow."""
    with Sandbox(target_timeout=10, batch_size=50) as reach:  # no target hangs, and none must seem late
        with Airflow(home, LOGS, SETTINGS) as airflow:
            step("Preparing Airflow's database")
            airflow.migrate()
            step(
                f"Starting an embedded Reach: three webhooks, each with {BATCHES} batches that its target answered 503"
            )
            looks = Looks(reach, {name: failing_webhook(reach, name) for name in WEBHOOKS})
            run = defer_watches(airflow, reach, looks)
            lose_the_triggerer(airflow, home, looks)
            tables = other_tables(home, reach.api_key)  # while the triggers' arguments lie there too
            say(f"    The API key lies in its connection, and in none of the {tables} other tables.")
            call_one_off(airflow, home, run, looks)
            decide_the_others(airflow, run, reach)
        step("Looking for the API key in all that Airflow wrote")
        tables, logs = other_tables(home, reach.api_key), logs_without(reach.api_key)
        say(f"    It lies in its connection alone: in none of the {tables} other tables, nor in {logs} log files.")


def failing_webhook(reach: Sandbox, name: str) -> str:
    """Make a webhook with batches in their early retries, and return its id."""
    target = reach.target(name)
    target.answer(503, "no database connection")
    webhook_id = reach.add_webhook(name, target=target.url)
    made = reach.send(webhook_id, events=BATCHES * 50)
    check(len(made) == BATCHES, f"{name} has {len(made)} batches")
    return webhook_id


def defer_watches(airflow: Airflow, reach: Sandbox, looks: Looks) -> DagRun:
    """Let Airflow run the watches with no triggerer, so that every look is known to be the worker's."""
    step("Starting api-server, scheduler and dag-processor, and running the DAG live_watches")
    for part in ("api-server", "scheduler", "dag-processor"):
        airflow.start(part)
    airflow.wait_until("the DAG is known", 90, lambda: airflow.has_dags("live_watches"))
    airflow.add_connection(reach.connection)
    run = airflow.trigger("live_watches")
    airflow.wait_until("all watches are deferred", 60, lambda: set(states(run).values()) == {"deferred"})
    seen = looks.so_far()
    check(all(seen[name] == 1 for name in WEBHOOKS), f"looks on the worker, not one each: {dict(seen)}")
    say("    Each watch looked once, on a worker, and is deferred: no triggerer runs yet. It said:")
    say(wrapped(first_line_with("Waiting, ", log_of("deliveries", "attempt=1.log")), 4))
    return run


def lose_the_triggerer(airflow: Airflow, home: Path, looks: Looks) -> None:
    """Kill the triggerer while it watches, and start another one."""
    step("Starting a triggerer")
    first = airflow.start("triggerer")
    airflow.wait_until("the triggerer looks at all", 60, looks.more_than(2))
    before = watches(home)
    say(f"    It watches: {looks}.")
    step("Killing it with SIGKILL")
    killed = first.kill()
    check(killed > 1, f"the triggerer was {killed} process, not two")
    check(not looks.within(QUIET), "somebody looks, though there is no triggerer")
    say(f"    Its {killed} processes are gone; not one look in {QUIET:.0f} s.")
    step("Starting another triggerer")
    airflow.start("triggerer", name="triggerer-2")
    airflow.wait_until("the other triggerer looks at all", 60, looks.more_than(1))
    after = watches(home)
    check(len(before) == len(WEBHOOKS) and before.keys() == after.keys(), f"watches are missing: {before}, {after}")
    for name, watch in after.items():
        check(watch.kept == before[name].kept, f"{name}: {before[name]} became {watch}")
        check(watch.triggerer != before[name].triggerer, f"{name} is still the killed triggerer's")
    say(f"    It watches: {looks}.")
    say("    Each watch is the row it was, with the deadline it had:")
    for name, watch in after.items():
        handed_over = f"from triggerer {before[name].triggerer} to {watch.triggerer}"
        say(f"    {name:<12} row {watch.row}, until {watch.deadline:%H:%M:%S}, {handed_over}")


def call_one_off(airflow: Airflow, home: Path, run: DagRun, looks: Looks) -> None:
    """Mark a watch as failed, as a person does in the UI."""
    step("Marking watch_engagement as failed, as a person would")
    marked = time.monotonic()
    airflow.api("PATCH", f"{run.path}/taskInstances/watch_engagement", {"new_state": "failed"})

    def cancelled() -> bool:
        return "Trigger cancelled by user action" in log_of("engagement", "attempt=1.log.trigger.*.log")

    airflow.wait_until("the triggerer says that it ended the watch", 30, cancelled)
    took = time.monotonic() - marked
    seen = looks.within(QUIET)
    check(not seen["engagement"], "engagement is still looked at")
    check(seen["deliveries"] > 0 and seen["bounces"] > 0, f"the others are not looked at any more: {dict(seen)}")
    check("engagement" not in watches(home), "the watch still lies in the database")
    others = f"{seen['deliveries']} and {seen['bounces']} times at the others"
    told = f"After {took:.0f} s the triggerer said 'Trigger cancelled by user action'."
    say(wrapped(f"{told} In the next {QUIET:.0f} s it looked {others}, never at engagement.", 4))


def decide_the_others(airflow: Airflow, run: DagRun, reach: Sandbox) -> None:
    """Repair one target alone, and let the retries decide."""
    step("Repairing the target of 'deliveries' alone, and letting 40 minutes pass in the embedded Reach")
    reach.target("deliveries").answer(200)
    reach.advance(minutes=40)
    airflow.wait_until("the DAG run is over", 60, run.has_ended)
    ended, wanted = states(run), {"deliveries": "success", "bounces": "failed", "engagement": "failed"}
    check(ended == wanted, f"the watches ended as {ended}")
    tries = {task["task_id"]: task["try_number"] for task in run.tasks()}
    check(set(tries.values()) == {1}, f"a verdict was retried: {tries}")
    report = airflow.api("GET", f"{run.path}/taskInstances/watch_deliveries/xcomEntries/report")["value"]
    check(report["outcome"] == "healthy", f"the XCom report of deliveries says {report}")
    say(colour(wrapped(report["headline"], 4), "32"))
    verdict = first_line_with("FAILED: webhook 'bounces'", log_of("bounces", "attempt=1.log"))
    say(colour(wrapped(verdict, 4), "31"))
    say("    Each after one try, though the DAG allows three.")


def states(run: DagRun) -> dict[str, str]:
    """The state of each watch."""
    return {task["task_id"].removeprefix("watch_"): task["state"] for task in run.tasks()}


if __name__ == "__main__":
    sys.exit(main())
