"""
The main job, watched: a real Airflow checks three webhooks of an embedded Reach, before and after a repair.

The whole output of Airflow is kept in ``.airflow/demo``, beside what is shown; its database is made anew each time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from airflow_provider_reach.sandbox import Sandbox
from airflow_provider_reach.sandbox.scenes import health_scene
from scripts.telling import colour, say, step, wrapped

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".airflow" / "demo"
DAG_ID = "example_reach_webhook_health"

_LOG_LINE = re.compile(r"^\[?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_HEALTHY = re.compile(r"HEALTHY: webhook '(\w+)'.*?\.(?= +\[|$)")
_ANSWERS = re.compile(r"The target of webhook '(\w+)' \(.*?\) answered HTTP 200")
_FAILED = re.compile(
    r"(?:ReachDeliveryFailed|ReachTargetError): ((FAILED|Could not validate)(?:: | )webhook '(\w+)'.*)"
)


def main() -> int:
    """Play the story; return 0 only when both checks end as they should."""
    started = time.monotonic()
    airflow_version = version("apache-airflow")
    say(f"A real Airflow {airflow_version} checks three webhooks of an embedded Reach. No account, no network.")
    LOGS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:  # of which Airflow wants that it has no '%' in its name
        os.environ["AIRFLOW_HOME"] = home
        let_retries_begin_at_once(Path(home))
        ended_well = story()
    if not ended_well:
        return 1
    say(
        f"\nIn {time.monotonic() - started:.0f} s: the check failed while events were about to be lost, said what to "
        "do, and passed after the repair.\n\nWhat to do next:\n"
        f"  - read the DAG that did it: example_dags/{DAG_ID}.py\n"
        "  - take it into your own Airflow: README.md, 'Install'\n"
        "  - try your own DAGs on it: .venv/bin/python -m airflow_provider_reach.sandbox --scene health\n"
        f"  - see all that Airflow said: {LOGS.relative_to(ROOT)}/before.log and after.log"
    )
    return 0


def let_retries_begin_at_once(home: Path) -> None:
    """Have Airflow not wait before it tests a target again, which would take the demo a quarter of an hour."""
    (home / "config").mkdir()
    (home / "config" / "airflow_local_settings.py").write_text(
        "from datetime import timedelta\n\n\ndef task_policy(task):\n    task.retry_delay = timedelta(0)\n"
    )


def story() -> bool:
    """Check, repair, check again; return whether it ended as it should."""
    step("Preparing Airflow's database")
    if airflow("migrate.log", ["db", "migrate"]):
        say(f"\nAirflow's database could not be made; why, is in {LOGS / 'migrate.log'}")
        return False
    step("Starting an embedded Reach and playing the last twelve hours of its three webhooks")
    with health_scene() as reach:
        say("    deliveries   the target is well")
        say("    engagement   the target failed for 20 minutes seven hours ago, and recovered")
        say("    bounces      the target has answered 503 for five hours")
        step(f"The health check, by Airflow itself: airflow dags test {DAG_ID}")
        before = check(reach, "before")
        step("Repairing the target of 'bounces', and letting eight hours pass in the embedded Reach")
        reach.target("bounces").answer(200)
        reach.advance(hours=8)
        step("The same check again")
        after = check(reach, "after")
    names = ("bounces", "deliveries", "engagement")
    healthy = {**dict.fromkeys(names, "healthy"), **{f"target of {name}": "answers" for name in names}}
    if before != {**healthy, "bounces": "failed", "target of bounces": "failed"} or after != healthy:
        say(f"\nThis did not end as it should: {before}, then {after}. All that Airflow said: {LOGS}")
        return False
    return True


def check(reach: Sandbox, name: str) -> dict[str, str]:
    """Run the health DAG, show its verdicts as they come, and return them by webhook and by target."""
    verdicts: dict[str, str] = {}
    in_report = False

    def show(line: str) -> None:
        nonlocal in_report
        if healthy := _HEALTHY.search(line):
            if healthy[1] not in verdicts:
                say(colour(wrapped(healthy[0], 4), "32"))
            verdicts[healthy[1]] = "healthy"
        elif answers := _ANSWERS.search(line):
            if f"target of {answers[1]}" not in verdicts:
                say(colour(wrapped(f"{answers[0]}.", 4), "32"))
            verdicts[f"target of {answers[1]}"] = "answers"
        elif failed := _FAILED.search(line):
            judged = failed[3] if failed[2] == "FAILED" else f"target of {failed[3]}"
            in_report = judged not in verdicts  # tests of targets are retried, and Airflow 2.11 says all more than once
            verdicts[judged] = "failed"
            if in_report:
                say(colour(wrapped(failed[1], 4), "31"))
        elif _LOG_LINE.match(line) or not line:
            in_report = False
        elif in_report:
            say(wrapped(line, 8))

    command = ["dags", "test", DAG_ID]
    status = airflow(f"{name}.log", command, show, AIRFLOW_CONN_REACH_DEFAULT=reach.connection_json)
    say(f"    The DAG run {'succeeded' if status == 0 else 'failed'}.")
    return verdicts if (status == 0) == ("failed" not in verdicts.values()) else {"exit status": str(status)}


def airflow(log: str, arguments: list[str], tell: Callable[[str], None] = lambda _: None, **variables: str) -> int:
    """Run an Airflow command, keep its output in a log, and return its exit status."""
    environment = {
        **os.environ,
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "example_dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONUNBUFFERED": "1",
        **variables,
    }
    command = [sys.executable, "-m", "airflow", *arguments]
    with (
        (LOGS / log).open("w", encoding="utf-8") as kept,
        subprocess.Popen(
            command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process,
    ):
        for line in process.stdout or ():
            kept.write(line)
            tell(line.rstrip())
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
