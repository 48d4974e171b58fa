"""
Every way in which a check of a whole workspace can end, on a worker and deferred.

The second table in ``docs/outcomes.md`` is made from what is asserted here. To write it anew:
``WRITE_DOCS=1 pytest tests/watches/test_check_outcomes.py -k documented``.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from airflow import DAG
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_reach import ReachBatchStatusSensor, ReachCheckWorkspaceOperator, ReachHook
from airflow_provider_reach.core.workspace.report import WorkspaceReport
from airflow_provider_reach.integration.compat import AirflowTaskTimeout
from airflow_provider_reach.integration.workspace_look import look_once
from airflow_provider_reach.sandbox import Fault, Sandbox
from airflow_provider_reach.triggers import ReachWorkspaceTrigger
from tests.tasks import Ended, in_dag, resume, run, without_connections
from tests.watches.test_outcomes import DOCUMENT, FINAL, RETRIED, SUCCESS, state

BEGIN = "<!-- This table is made by tests/watches/test_check_outcomes.py: WRITE_DOCS=1 writes it anew. -->"
END = "<!-- The end of the table of checks. -->"


@dataclass(frozen=True)
class Scene:
    """A workspace with two healthy webhooks; each story adds what is not well."""

    reach: Sandbox
    environment: pytest.MonkeyPatch

    def add(self, name: str, hours: float = 0, batches: int = 12) -> str:
        """A webhook whose batches have failed for so long."""
        target = self.reach.target("down")
        target.answer(503)
        webhook_id = self.reach.add_webhook(name, target=target.url)
        for _ in range(batches):
            self.reach.add_past_batch(webhook_id, self.reach.now - timedelta(hours=hours), 503)
        return webhook_id

    def fails(self) -> None:
        self.add("bounces", hours=5)

    def loses_what_is_known(self) -> None:
        self.add("bounces", hours=10, batches=1)

    def is_early(self) -> None:
        self.add("early")

    def is_silent(self) -> None:
        self.reach.fail(Fault.status(503), on="batch_status", times=None, webhook_id=self.add("silent", batches=0))

    def fails_and_is_silent(self) -> None:
        self.fails()
        self.is_silent()

    def is_inactive(self) -> None:
        self.reach.update_webhook(self.add("inactive", batches=0), active=False)

    def are_too_many(self) -> None:
        self.environment.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "1")
        self.fails()
        self.is_early()

    def all_are_silent(self) -> None:
        self.reach.fail(Fault.status(503), on="batch_status", times=None)

    def is_down(self) -> None:
        self.reach.fail(Fault.status(503), times=None)

    def refuses(self) -> None:
        self.reach.fail(Fault.status(401), times=None)

    def is_back(self) -> None:
        self.reach.fail(Fault.status(503), times=3)

    def hangs(self) -> None:
        self.reach.latency = 60

    def is_missing(self) -> None:
        """The connection."""
        without_connections(self.environment)


@dataclass(frozen=True)
class Story:
    """
    A way for a check to end.

    :param watched: How it ends where a sensor is mapped over its rows.
    :param alone: How it ends with ``on_failed="fail"``, or where no task takes the rows.
    :param says: What its error says.
    :param arrange: What is not well.
    :param rows: The names in the rows that it returns.
    :param settings: Of the operator.
    :param report: The outcome of the report that is left as an XCom; None where there is none.
    """

    watched: str
    alone: str
    says: str = ""
    arrange: Callable[[Scene], object] = lambda scene: None
    rows: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    report: str | None = None


def _story(watched: str, alone: str, says: str = "", **rest: Any) -> Story:
    return Story(watched, alone, says, **rest)


ONCE: dict[str, Any] = {"outage_tolerance": 0}
STORIES = {
    "all are healthy": _story(SUCCESS, SUCCESS, report="healthy"),
    "one has failed": _story(
        SUCCESS,
        FINAL,
        "FAILED: 1 of 3 webhooks: webhook 'bounces'",
        arrange=Scene.fails,
        rows=("bounces",),
        report="failed",
    ),
    "one has failed, within the limits of its own policy": _story(
        SUCCESS,
        SUCCESS,
        arrange=Scene.loses_what_is_known,
        settings={"policies": {"b*": {"max_lost": 1}}},
        report="healthy",
    ),
    "one is not decided yet": _story(SUCCESS, SUCCESS, arrange=Scene.is_early, rows=("early",), report="wait"),
    "one was not answered": _story(
        SUCCESS,
        RETRIED,
        "NOT ANSWERED: 1 of 3 webhooks: webhook 'silent'",
        arrange=Scene.is_silent,
        rows=("silent",),
        settings=ONCE,
        report="unknown",
    ),
    "one has failed, another was not answered": _story(
        SUCCESS,
        FINAL,
        "FAILED: 1 of 4 webhooks: webhook 'bounces'",
        arrange=Scene.fails_and_is_silent,
        rows=("bounces", "silent"),
        settings=ONCE,
        report="failed",
    ),
    "one is inactive": _story(
        SUCCESS,
        FINAL,
        "FAILED: 1 of 3 webhooks: webhook 'inactive'",
        arrange=Scene.is_inactive,
        rows=("inactive",),
        report="failed",
    ),
    "an expected one is missing": _story(
        SUCCESS,
        FINAL,
        "FAILED: 1 of 3 webhooks: webhook 'gone'",
        rows=("gone",),
        settings={"expect": ["orders", "gone"]},
        report="failed",
    ),
    "more are not well than Airflow maps a task over": _story(
        FINAL, FINAL, "FAILED: 1 of 4 webhooks", arrange=Scene.are_too_many, report="failed"
    ),
    "an expected one is left out by the filters": _story(
        FINAL, FINAL, "'orders' exists but is filtered out", settings={"expect": ["orders"], "name_pattern": "o"}
    ),
    "no webhook is found": _story(FINAL, FINAL, "No webhook was found", settings={"name_pattern": "x*"}),
    "no webhook is found, and that is allowed": _story(
        SUCCESS, SUCCESS, settings={"name_pattern": "x*", "allow_empty": True}, report="healthy"
    ),
    "none was answered": _story(RETRIED, RETRIED, "This is no verdict", arrange=Scene.all_are_silent, settings=ONCE),
    "the API is down, longer than `outage_tolerance`": _story(
        RETRIED, RETRIED, "Could not list webhooks", arrange=Scene.is_down, settings=ONCE
    ),
    "the API is down, and back in time": _story(SUCCESS, SUCCESS, arrange=Scene.is_back, report="healthy"),
    "it is not over within `execution_timeout`": _story(
        RETRIED,
        RETRIED,
        "not over within the execution_timeout",
        arrange=Scene.hangs,
        settings={"execution_timeout": timedelta(seconds=0.3)},
    ),
    "the connection is missing": _story(
        RETRIED, RETRIED, "make a connection of type 'reach'", arrange=Scene.is_missing, settings=ONCE
    ),
    "the key is refused, or the configuration is wrong": _story(
        FINAL, FINAL, "The API key was refused", arrange=Scene.refuses
    ),
}


@pytest.fixture
def scene(connected: Sandbox, monkeypatch: pytest.MonkeyPatch, naps: list[float]) -> Scene:
    for name in ("orders", "others"):
        connected.add_webhook(name, target=connected.target("up").url)
    return Scene(connected, monkeypatch)


def check(watched: bool, **settings: Any) -> Any:
    """The check, with a sensor mapped over its rows, or alone."""
    if not watched:
        return in_dag(ReachCheckWorkspaceOperator, **settings)
    with DAG("a_dag", schedule=None):
        task = ReachCheckWorkspaceOperator(task_id="a_task", **settings)
        ReachBatchStatusSensor.partial(task_id="watch").expand_kwargs(task.output)
    return task


def on_worker(watched: bool, settings: dict[str, Any]) -> Ended:
    with struck(settings.get("execution_timeout")):
        return run(check(watched, **settings))


def deferred(watched: bool, settings: dict[str, Any]) -> Ended:
    ended = run(check(watched, deferrable=True, **settings))
    if not isinstance(ended.raised, TaskDeferred):
        return ended
    assert ended.xcoms == {}
    trigger: Any = ended.raised.trigger
    kept = ReachWorkspaceTrigger(**json.loads(json.dumps(trigger.serialize()[1])))
    event = asyncio.run(look_once(partial(ReachHook(kept.reach_conn_id).async_client, _asleep), kept.look))
    return resume(check(watched, deferrable=True, **settings), ended.raised.method_name, {"event": event})


async def _asleep(seconds: float) -> None:
    """No test waits."""


@contextmanager
def struck(after: timedelta | None) -> Iterator[None]:
    """Airflow's execution timeout strikes, as it does: by a signal."""

    def strike(*_: Any) -> None:
        raise AirflowTaskTimeout("Timeout")

    before = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, after.total_seconds() if after else 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("place", [on_worker, deferred])
def test_a_check_ends_alike_wherever_it_looks(
    story: str, place: Callable[[bool, dict[str, Any]], Ended], scene: Scene
) -> None:
    wanted = STORIES[story]
    wanted.arrange(scene)

    for watched, state_wanted in ((True, wanted.watched), (False, wanted.alone)):
        ended = place(watched, wanted.settings)

        assert state(ended) == state_wanted, ended.said
        assert ended.xcoms.get("report", {}).get("outcome") == wanted.report
        if ended.raised is None:
            assert [row["webhook_name"] for row in ended.returned] == [*wanted.rows]
        else:
            assert wanted.says
            assert wanted.says in ended.said
            report = ended.raised.report  # type: ignore[attr-defined]  # whatever it is, it has one, or None
            assert report is None or isinstance(report, WorkspaceReport)
            assert (report and report.outcome) == wanted.report


def test_no_check_that_a_failure_leaves_green_goes_without_a_watch() -> None:
    for story, wanted in STORIES.items():
        if wanted.report in ("failed", "unknown"):
            assert wanted.alone in (FINAL, RETRIED), story
            assert wanted.rows or wanted.watched == FINAL, story


def table() -> str:
    """What every cell of the test above says, for people."""
    lines = [
        '| What the check finds | a sensor takes its rows | alone, or `on_failed="fail"` | rows | XCom `report` |',
        "| --- " * 5 + "|",
    ]
    for story, wanted in STORIES.items():
        rows = len(wanted.rows) if SUCCESS in (wanted.watched, wanted.alone) else "–"
        lines.append(f"| {story} | {wanted.watched} | {wanted.alone} | {rows} | {wanted.report or '–'} |")
    return "\n".join(lines)


def test_the_table_is_documented() -> None:
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"
    if os.environ.get("WRITE_DOCS"):
        DOCUMENT.write_text(wanted)

    assert wanted == DOCUMENT.read_text(), "out of date; WRITE_DOCS=1 pytest -k documented writes it anew"
