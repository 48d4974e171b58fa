"""
The deferred watch, lived through: a real Airflow, each part a process, whose triggerer is killed while it watches.

All that Airflow says is kept in ``.airflow/live``, beside what is shown; its home is made anew each time.
"""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from airflow_provider_reach.sandbox import Sandbox
from scripts.live_airflow import DAG_RUNS, HOST, LOGS, ROOT, Airflow, NotAsItShouldBe, check, database_of
from scripts.telling import colour, say, step, wrapped

WEBHOOKS = ("deliveries", "bounces", "engagement")
BATCHES = 20

QUIET = 6.0
"""Seconds without a look, where one every two seconds is due, after which nobody looks any more."""


def main() -> int:
    """Play the story; return 0 only when all of it was as it should be."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to end as tidily as by Ctrl-C
    started = time.monotonic()
    say(
        f"A real Airflow {version('apache-airflow')}, each part a process of its own, watches three webhooks of an "
        "embedded Reach. No account, no network."
    )
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    try:
        with tempfile.TemporaryDirectory(prefix="reach-live-") as home:
            story(Path(home))
    except NotAsItShouldBe as error:
        say(colour(f"\nThis is not as it should be: {error}", "31"))
        say(f"All that Airflow said: {LOGS.relative_to(ROOT)}")
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted; every process is ended.")
        return 130
    say(
        f"\nIn {time.monotonic() - started:.0f} s: no watch was lost with its triggerer, each ended as it should, and "
        f"none went on after its end.\nAll that Airflow said: {LOGS.relative_to(ROOT)}"
    )
    return 0


def story(home: Path) -> None:
    """Tell it, in a new home of Airflow."""
    with Sandbox(target_timeout=10, batch_size=50) as reach:  # no target hangs, and none must seem late
        airflow = Airflow(home)
        try:
            step("Preparing Airflow's database")
            airflow.migrate()
            step(
                f"Starting an embedded Reach: three webhooks, each with {BATCHES} batches that its target answered 503"
            )
            looks = Looks(reach, {name: failing_webhook(reach, name) for name in WEBHOOKS})
            defer_watches(airflow, reach, looks)
            lose_the_triggerer(airflow, looks)
            tables = other_tables(home, reach.api_key)  # while the triggers' arguments lie there too
            say(f"    The API key lies in its connection, and in none of the {tables} other tables.")
            call_one_off(airflow, looks)
            decide_the_others(airflow, reach)
        finally:
            airflow.end()
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


def defer_watches(airflow: Airflow, reach: Sandbox, looks: Looks) -> None:
    """Let Airflow run the watches with no triggerer, so that every look is known to be the worker's."""
    step("Starting api-server, scheduler and dag-processor, and running the DAG live_watches")
    airflow.start("api-server", "--host", HOST, "--port", str(airflow.port))
    airflow.start("scheduler", "--skip-serve-logs")
    airflow.start("dag-processor")
    airflow.wait_until("the DAG is known", 90, airflow.has_dag)
    connection = {"connection_id": "reach_default", **reach.connection, "extra": json.dumps(reach.connection["extra"])}
    airflow.api("POST", "connections", connection)
    airflow.api("POST", DAG_RUNS, {"dag_run_id": "live", "logical_date": None})
    airflow.wait_until("all watches are deferred", 60, lambda: set(airflow.states().values()) == {"deferred"})
    seen = looks.so_far()
    check(all(seen[name] == 1 for name in WEBHOOKS), f"looks on the worker, not one each: {dict(seen)}")
    say("    Each watch looked once, on a worker, and is deferred: no triggerer runs yet. It said:")
    say(wrapped(first_line_with("Waiting, ", log_of("deliveries", "attempt=1.log")), 4))


def lose_the_triggerer(airflow: Airflow, looks: Looks) -> None:
    """Kill the triggerer while it watches, and start another one."""
    step("Starting a triggerer")
    first = airflow.start("triggerer", "--skip-serve-logs")
    airflow.wait_until("the triggerer looks at all", 60, looks.more_than(2))
    before = airflow.watches()
    say(f"    It watches: {looks}.")
    step("Killing it with SIGKILL")
    killed = first.kill()
    check(killed > 1, f"the triggerer was {killed} process, not two")
    check(not looks.within(QUIET), "somebody looks, though there is no triggerer")
    say(f"    Its {killed} processes are gone; not one look in {QUIET:.0f} s.")
    step("Starting another triggerer")
    airflow.start("triggerer", "--skip-serve-logs", name="triggerer-2")
    airflow.wait_until("the other triggerer looks at all", 60, looks.more_than(1))
    after = airflow.watches()
    check(len(before) == len(WEBHOOKS) and before.keys() == after.keys(), f"watches are missing: {before}, {after}")
    for name, watch in after.items():
        check(watch.kept == before[name].kept, f"{name}: {before[name]} became {watch}")
        check(watch.triggerer != before[name].triggerer, f"{name} is still the killed triggerer's")
    say(f"    It watches: {looks}.")
    say("    Each watch is the row it was, with the deadline it had:")
    for name, watch in after.items():
        handed_over = f"from triggerer {before[name].triggerer} to {watch.triggerer}"
        say(f"    {name:<12} row {watch.row}, until {watch.deadline:%H:%M:%S}, {handed_over}")


def call_one_off(airflow: Airflow, looks: Looks) -> None:
    """Mark a watch as failed, as a person does in the UI."""
    step("Marking watch_engagement as failed, as a person would")
    marked = time.monotonic()
    airflow.api("PATCH", f"{DAG_RUNS}/live/taskInstances/watch_engagement", {"new_state": "failed"})

    def cancelled() -> bool:
        return "Trigger cancelled by user action" in log_of("engagement", "attempt=1.log.trigger.*.log")

    airflow.wait_until("the triggerer says that it ended the watch", 30, cancelled)
    took = time.monotonic() - marked
    seen = looks.within(QUIET)
    check(not seen["engagement"], "engagement is still looked at")
    check(seen["deliveries"] > 0 and seen["bounces"] > 0, f"the others are not looked at any more: {dict(seen)}")
    check("engagement" not in airflow.watches(), "the watch still lies in the database")
    others = f"{seen['deliveries']} and {seen['bounces']} times at the others"
    told = f"After {took:.0f} s the triggerer said 'Trigger cancelled by user action'."
    say(wrapped(f"{told} In the next {QUIET:.0f} s it looked {others}, never at engagement.", 4))


def decide_the_others(airflow: Airflow, reach: Sandbox) -> None:
    """Repair one target alone, and let the retries decide."""
    step("Repairing the target of 'deliveries' alone, and letting 40 minutes pass in the embedded Reach")
    reach.target("deliveries").answer(200)
    reach.advance(minutes=40)
    airflow.wait_until("the DAG run is over", 60, airflow.has_ended)
    states, wanted = airflow.states(), {"deliveries": "success", "bounces": "failed", "engagement": "failed"}
    check(states == wanted, f"the watches ended as {states}")
    tries = airflow.tries()
    check(set(tries.values()) == {1}, f"a verdict was retried: {tries}")
    report = airflow.api("GET", f"{DAG_RUNS}/live/taskInstances/watch_deliveries/xcomEntries/report")["value"]
    check(report["outcome"] == "healthy", f"the XCom report of deliveries says {report}")
    say(colour(wrapped(report["headline"], 4), "32"))
    verdict = first_line_with("FAILED: webhook 'bounces'", log_of("bounces", "attempt=1.log"))
    say(colour(wrapped(verdict, 4), "31"))
    say("    Each after one try, though the DAG allows three.")


class Looks:
    """
    Counts how often the webhooks were looked at.

    :param reach: The sandbox, whose only clients are the watches.
    :param webhooks: Ids by name.
    """

    def __init__(self, reach: Sandbox, webhooks: Mapping[str, str]) -> None:
        self._reach = reach
        self._names = {webhook_id: name for name, webhook_id in webhooks.items()}

    def __str__(self) -> str:
        seen = self.so_far()
        return ", ".join(f"{seen[name]} looks at {name}" for name in WEBHOOKS)

    def so_far(self) -> Counter[str]:
        """How many there were, by name."""
        asked = [request.path.split("/")[-2] for request in self._reach.requests if request.operation == "batch_status"]
        return Counter(self._names[webhook_id] for webhook_id in asked)

    def more_than(self, number: int) -> Callable[[], bool]:
        """Whether, from now on, there were more than so many at each."""
        before = self.so_far()
        return lambda: all((self.so_far() - before)[name] > number for name in WEBHOOKS)

    def within(self, seconds: float) -> Counter[str]:
        """How many come, once what is under way has arrived."""
        time.sleep(0.5)
        before = self.so_far()
        time.sleep(seconds)
        return self.so_far() - before


def log_of(name: str, files: str) -> str:
    """All that a watch's log says, in the files of that pattern."""
    paths = sorted((LOGS / "tasks").glob(f"*/*/task_id=watch_{name}/{files}"))
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def first_line_with(text: str, log: str) -> str:
    """The line of a message or an error that begins with the text."""
    for line in log.splitlines():
        entry = json.loads(line)
        for said in (entry["event"], *(error["exc_value"] for error in entry.get("error_detail") or ())):
            if said.startswith(text):
                return str(said.splitlines()[0])
    raise NotAsItShouldBe(f"the task's log has no '{text}'")


def other_tables(home: Path, secret: str) -> int:
    """Check that the secret lies among Airflow's connections alone, and return how many other tables there are."""
    tables = dict(contents_of_tables(home))
    found = [table for table, content in tables.items() if secret in content]
    check(found == ["connection"], f"the API key lies in the tables {found}, and should in 'connection' alone")
    return len(tables) - 1


def logs_without(secret: str) -> int:
    """Check that the secret is in no log, and return how many there are."""
    logs = [path for path in LOGS.rglob("*") if path.is_file()]
    found = [str(path.relative_to(LOGS)) for path in logs if secret.encode() in path.read_bytes()]
    check(not found, f"the API key stands in {found}")
    return len(logs)


def contents_of_tables(home: Path) -> Iterator[tuple[str, str]]:
    """All that is in the database, by table."""
    with closing(sqlite3.connect(database_of(home))) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = database.execute(f"SELECT * FROM '{table}'").fetchall()  # noqa: S608
            yield table, "\n".join(str(value) for row in rows for value in row)


if __name__ == "__main__":
    sys.exit(main())
