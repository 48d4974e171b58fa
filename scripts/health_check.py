"""The example's health check, run by a real Airflow, and its verdicts, read from what Airflow says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from airflow_provider_reach.sandbox import Sandbox
from scripts.telling import colour, say, wrapped

DAG_ID = "example_reach_webhook_health"
DAGS = Path(__file__).resolve().parent.parent / "example_dags"
WEBHOOKS = ("bounces", "deliveries", "engagement")

_TARGETS = {f"target of {name}": "answers" for name in WEBHOOKS}

AFTER = {"workspace": "3 healthy", **_TARGETS}
"""The verdicts, on the workspace and its targets, once all is repaired."""

BEFORE = {"workspace": "1 failed, 2 healthy", "bounces": "failed", **_TARGETS, "target of bounces": "failed"}
"""The verdicts on the sandbox's health scene as it begins, that of the watch of the failed webhook among them."""

_LOG_LINE = re.compile(r"^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_CHECKED = re.compile(r"Webhooks looked at: 3 of the workspace's 3: ([\w ,]+)\.")
_ANSWERS = re.compile(r"The target of webhook '(\w+)' \(.*?\) answered HTTP 200")
_FAILED = re.compile(
    r"(?:ReachDeliveryFailed|ReachTargetError): ((FAILED|Could not validate)(?:: | )webhook '(\w+)'.*)"
)


def set_up(home: Path) -> None:
    """
    Make Airflow test a target again without the quarter of an hour in between, and every version log in the same way.

    By itself, ``dags test`` of 3.0 folds each error into a box, and prints all that a task and its supervisor tell
    each other, the connection's password among it.

    :param home: ``AIRFLOW_HOME``.
    """
    (home / "config").mkdir()
    (home / "config" / "airflow_local_settings.py").write_text(_SETTINGS)


_SETTINGS = """
import logging
from datetime import timedelta

import airflow


def task_policy(task):
    task.retry_delay = timedelta(0)


if airflow.__version__.startswith("3.0."):
    import structlog

    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[*structlog.get_config()["processors"][:-1], plain],
    )
"""


def repair(reach: Sandbox) -> None:
    """Repair the target of 'bounces', and let eight hours pass."""
    reach.target("bounces").answer(200)
    reach.advance(hours=8)


def check(reach: Sandbox, log: Path) -> dict[str, str]:
    """Run the health DAG, show its verdicts as they come, and return them by what is judged."""
    verdicts: dict[str, str] = {}
    in_report = False

    def show(line: str) -> None:
        nonlocal in_report
        if checked := _CHECKED.search(line):
            if "workspace" not in verdicts:
                say(colour(wrapped(checked[0], 4), "31" if "failed" in checked[1] else "32"))
            verdicts["workspace"] = checked[1]
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
    status = airflow(log, command, show, AIRFLOW_CONN_REACH_DEFAULT=reach.connection_json)
    say(f"    The DAG run {'succeeded' if status == 0 else 'failed'}.")
    return verdicts if (status == 0) == ("failed" not in verdicts.values()) else {"exit status": str(status)}


def airflow(log: Path, arguments: list[str], tell: Callable[[str], None] = lambda _: None, **variables: str) -> int:
    """Run an Airflow command, keep its output in a log, and return its exit status."""
    return python(log, ["-m", "airflow", *arguments], tell, **variables)


def python(log: Path, arguments: list[str], tell: Callable[[str], None] = lambda _: None, **variables: str) -> int:
    """Run Python where Airflow knows the example DAGs, keep its output in a log, and return its exit status."""
    environment = {
        **os.environ,
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONUNBUFFERED": "1",
        **variables,
    }
    with (
        log.open("w", encoding="utf-8") as kept,
        subprocess.Popen(
            [sys.executable, *arguments], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process,
    ):
        for line in process.stdout or ():
            kept.write(line)
            tell(line.rstrip())
    return process.returncode
