"""
Every way in which a watch can end, in every mode, under every flag; all that waits has its clock given.

The table in ``docs/outcomes.md`` is made from what is asserted here. To write it anew:
``WRITE_DOCS=1 pytest tests/watches/test_outcomes.py -k documented``.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import runpy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial
from importlib import import_module
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    TaskDeferred,
)

from airflow_provider_reach import ReachBatchStatusSensor, ReachHook
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.integration.compat import AirflowTaskTimeout
from airflow_provider_reach.integration.watch_loop import watch_to_its_end
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.airflow.real_airflow import EXAMPLES
from tests.tasks import AIRFLOW_2, Clock, Ended, in_dag, resume, run, without_connections

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "outcomes.md"
BEGIN = "<!-- This table is made by tests/watches/test_outcomes.py: WRITE_DOCS=1 writes it anew. -->"
END = "<!-- The end of the table. -->"

MODES = ("poke", "reschedule", "deferrable")
FLAGS: dict[str, dict[str, bool]] = {
    "no flag": {},
    "soft_fail": {"soft_fail": True},
    "never_fail": {"never_fail": True},
    "silent_fail": {"silent_fail": True},
    "soft_fail and silent_fail": {"soft_fail": True, "silent_fail": True},
    "never_fail and silent_fail": {"never_fail": True, "silent_fail": True},
}
COLUMNS = {
    "no flag": ["no flag"],
    "`soft_fail` or `never_fail`": ["soft_fail", "never_fail"],
    "`silent_fail`": ["silent_fail"],
    "`silent_fail` with one of these": ["soft_fail and silent_fail", "never_fail and silent_fail"],
}
MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True)
class Scene:
    """Where a watch takes place: the webhook ``orders``, of which three batches have just failed for the first time."""

    reach: Sandbox
    clock: Clock
    environment: pytest.MonkeyPatch
    webhook_id: str

    def recovers(self) -> None:
        self.reach.target("orders").answer(200)

    def fails(self) -> None:
        self.reach.fail(Fault.status(503), times=None)

    def is_deactivated_in_a_blip(self) -> None:
        self.reach.update_webhook(self.webhook_id, active=False)
        self.reach.fail(Fault.status(503))

    def refuses(self) -> None:
        self.reach.fail(Fault.status(401), times=None)

    def is_missing(self) -> None:
        """The connection."""
        without_connections(self.environment)

    def key_is_wrong(self) -> None:
        connection = self.reach.connection | {"password": "wrong"}
        self.environment.setenv("AIRFLOW_CONN_REACH_DEFAULT", json.dumps(connection))


SUCCESS, FINAL, RETRIED, SKIPPED = "success", "failed for good", "failed, retried", "skipped"
HEALTHY = dict.fromkeys(FLAGS, SUCCESS)
VERDICT = {name: FINAL if name in ("no flag", "silent_fail") else SKIPPED for name in FLAGS}
LATE = {name: RETRIED if end == FINAL else end for name, end in VERDICT.items()}
UNASKED = {**VERDICT, "no flag": RETRIED}


@dataclass(frozen=True)
class Story:
    """
    A way for a watch to end.

    :param cells: How the task ends under each flag.
    :param says: What its error says.
    :param arrange: What happened before the watch begins.
    :param then: What happens so many minutes after, where the watch still goes on.
    :param settings: Of the sensor, beside those of :func:`sensor`.
    :param report: The outcome of the report that is left as an XCom; None where there is none.
    :param goes_on: What the error says under ``silent_fail``, where the watch goes on until its time is over.
    :param remembered: Whether an earlier look may have seen something, which is then told in its place.
    :param note: What a reader of the table should know.
    """

    cells: dict[str, str]
    says: str
    arrange: Callable[[Scene], object] = lambda scene: None
    then: dict[float, Callable[[Scene], object]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    report: str | None = None
    goes_on: str = ""
    remembered: bool = False
    note: str = ""


def hours_pass(hours: float) -> Callable[[Scene], object]:
    return lambda scene: scene.reach.advance(hours=hours)


def deactivated(scene: Scene) -> None:
    scene.reach.update_webhook(scene.webhook_id, active=False)


def deleted(scene: Scene) -> None:
    scene.reach.delete_webhook(scene.webhook_id)


def fails_for_a_while(scene: Scene) -> None:
    """It answers again within a minute of asking; so does the target."""
    scene.reach.fail(Fault.status(503), times=5)
    scene.recovers()


def is_said(what: str, text: str) -> bool:
    """Whether a text says it; […] is what was asked for: one webhook, or the list of them."""
    return re.search(".{1,90}".join(map(re.escape, what.split("[…]"))), text) is not None


NO_ANSWER = "Could not […]: the service answered HTTP 503"
SHORT = {"timeout": 30 * MINUTE}
TIMED_OUT = "No verdict within the timeout of 30 min"
UNANSWERED = f"{TIMED_OUT}, and whether the batches are delivered is not known. The last look was not answered:\n"
UNTIL_LOST: dict[str, Any] = {"drain": True, "max_undelivered": 9, "max_at_risk": 9, "poke_interval": 3 * HOUR}

WHILE_IT_WAITS = "no verdict within `execution_timeout`"

STORIES: dict[str, Story] = {
    "healthy at the first look": Story(HEALTHY, "", Scene.recovers, settings={"max_undelivered": 9}, report="healthy"),
    "healthy after waiting: the target recovers": Story(HEALTHY, "", then={20: Scene.recovers}, report="healthy"),
    "piled up at the first look": Story(
        VERDICT, "FAILED: webhook 'orders': 3 batches undelivered", hours_pass(2), report="failed"
    ),
    "piles up while it waits": Story(VERDICT, "FAILED: webhook 'orders': 3 batches undelivered", report="failed"),
    "lost at the first look": Story(
        VERDICT, "FAILED: webhook 'orders': 3 batches presumed lost", hours_pass(9), report="failed"
    ),
    "lost while it waits": Story(
        VERDICT, "FAILED: webhook 'orders': 3 batches presumed lost", settings=UNTIL_LOST, report="failed"
    ),
    "the webhook is inactive": Story(VERDICT, "it is inactive, nothing is delivered", deactivated, report="failed"),
    "it is deactivated while it waits": Story(
        VERDICT, "it is inactive, nothing is delivered", then={10: deactivated}, report="failed"
    ),
    "the webhook is deleted": Story(
        VERDICT, "it does not exist (or no longer does); its events go nowhere", deleted, report="failed"
    ),
    "it is deleted while it waits": Story(
        VERDICT, "it does not exist (or no longer does); its events go nowhere", then={10: deleted}, report="failed"
    ),
    "no verdict within `timeout`": Story(
        VERDICT,
        "No verdict within the timeout of 15 min. The last look:\nNOT DECIDED YET: webhook 'orders': ",
        settings={"timeout": 15 * MINUTE, "poke_interval": 10 * MINUTE},
        report="wait",
    ),
    WHILE_IT_WAITS: Story(
        LATE,
        "No verdict within the execution_timeout of 15 min. The last look:\nNOT DECIDED YET: webhook 'orders': ",
        settings={"execution_timeout": timedelta(minutes=15), "poke_interval": 10 * MINUTE},
        report="wait",
        note="Not in reschedule mode: there Airflow measures every look on its own, and the watch goes on.",
    ),
    "the first look hangs, longer than `execution_timeout`": Story(
        LATE,
        "No verdict within the execution_timeout of 1 min, and whether the batches are delivered is not known. No "
        "look was answered: raise execution_timeout.",
        Scene.fails,
        settings={"execution_timeout": timedelta(minutes=1)},
    ),
    "the API is down at the first look, longer than `outage_tolerance`": Story(
        UNASKED, NO_ANSWER, Scene.fails, settings=SHORT, goes_on=UNANSWERED + NO_ANSWER
    ),
    "the API goes down while it waits, longer than `outage_tolerance`": Story(
        UNASKED,
        NO_ANSWER,
        then={5: Scene.fails},
        settings=SHORT,
        goes_on=UNANSWERED + NO_ANSWER,
        remembered=True,
    ),
    "the API is down at the first look, and back in time": Story(HEALTHY, "", fails_for_a_while, report="healthy"),
    "the API goes down while it waits, and is back in time": Story(
        HEALTHY, "", then={20: fails_for_a_while}, report="healthy"
    ),
    "a verdict at the last look of all, after a blip of the API": Story(
        VERDICT,
        "FAILED: webhook 'orders': it is inactive",
        then={29: Scene.is_deactivated_in_a_blip},
        settings=SHORT,
        report="failed",
    ),
    "the connection is missing": Story(
        UNASKED,
        "Connection 'reach_default' cannot be used:\n  - it was not found",
        Scene.is_missing,
        settings=SHORT,
        goes_on=UNANSWERED + "Connection 'reach_default' cannot be used:\n  - it was not found",
    ),
    "the key is refused, or the configuration is wrong": Story(VERDICT, "The API key was refused", Scene.key_is_wrong),
    "the key is refused while it waits": Story(VERDICT, "The API key was refused", then={10: Scene.refuses}),
}


def sensor(**settings: Any) -> Any:
    """Made anew each time: every look in reschedule mode, and what resumes, is a process of its own."""
    usual: dict[str, Any] = {
        "webhook_name": "orders",
        "max_undelivered": 2,
        "poke_interval": 20 * MINUTE,
        "outage_tolerance": timedelta(minutes=5),
        "retries": 2,
    }
    return in_dag(ReachBatchStatusSensor, **{**usual, **settings})


@pytest.fixture
def scene(connected: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Scene:
    webhook_id = connected.add_webhook("orders", target=connected.target("orders").url)
    connected.target("orders").answer(503)
    for _ in range(3):
        connected.send(webhook_id, 1)
    clock = Clock(connected)
    monkeypatch.setitem(ReachClient.__init__.__kwdefaults__, "sleep", clock.sleep)
    # Airflow's sensor loop, not the package's: only it sleeps and looks at the clock in poke mode.
    monkeypatch.setattr(
        import_module(BaseSensorOperator.__module__),
        "time",
        SimpleNamespace(sleep=clock.sleep, monotonic=clock.monotonic),
    )
    # So long that in a triggerer nearly every look rests on a list that an earlier one has asked for.
    monkeypatch.setenv("AIRFLOW__REACH__MAX_LIST_AGE", "3600")
    return Scene(connected, clock, monkeypatch, webhook_id)


def watch(mode: str, scene: Scene, **settings: Any) -> Ended:
    settings["webhook_id"] = scene.webhook_id
    return {"poke": poked, "reschedule": rescheduled, "deferrable": deferred}[mode](scene, settings)


def poked(scene: Scene, settings: dict[str, Any]) -> Ended:
    scene.environment.setattr(ReachBatchStatusSensor, "_now", staticmethod(scene.clock.now))
    with at_most(settings.get("execution_timeout"), scene.clock):
        return run(sensor(mode="poke", **settings))


def rescheduled(scene: Scene, settings: dict[str, Any]) -> Ended:
    clock, first_look = scene.clock, None
    begun = clock.elapsed
    while True:
        with at_most(settings.get("execution_timeout"), clock):
            ended = run(sensor(mode="reschedule", **settings), first_look=first_look)
        if ended.how != "AirflowRescheduleException":
            return ended
        assert ended.xcoms == {}
        now = datetime.now(timezone.utc)
        clock.sleep((ended.raised.reschedule_date - now).total_seconds())  # type: ignore[union-attr]
        first_look = now - timedelta(seconds=clock.elapsed - begun)


def deferred(scene: Scene, settings: dict[str, Any]) -> Ended:
    clock, limit = scene.clock, settings.get("execution_timeout")
    begun = clock.elapsed
    with at_most(limit, clock):
        ended = run(sensor(deferrable=True, **settings))
    if not isinstance(ended.raised, TaskDeferred):
        return ended
    assert ended.xcoms == {}
    deferral, since = ended.raised, clock.elapsed

    event = asyncio.run(fired(deferral, clock))

    assert deferral.timeout
    assert clock.elapsed - since < deferral.timeout.total_seconds()  # else Airflow would have ended it, without a word
    left = limit and limit - timedelta(seconds=clock.elapsed - begun) if AIRFLOW_2 else limit
    with at_most(left, clock):
        return resume(sensor(deferrable=True, **settings), deferral.method_name, {"event": event})


async def fired(deferral: TaskDeferred, clock: Clock) -> dict[str, Any]:
    """The event of a trigger that a triggerer built of what was in the database."""
    classpath, arguments = deferral.trigger.serialize()
    kept = json.loads(json.dumps(arguments))
    assert kept == arguments
    module, _, name = classpath.rpartition(".")
    trigger = getattr(import_module(module), name)(**kept)
    open_client = ReachHook(trigger.reach_conn_id).async_client
    return await watch_to_its_end(open_client, trigger.watch, trigger.log, clock.asleep, clock.now)


@contextmanager
def at_most(limit: timedelta | None, clock: Clock) -> Iterator[None]:
    """Airflow's guard around a task's process: when its time is over, what it does is interrupted."""

    def interrupt() -> None:
        raise AirflowTaskTimeout("Timeout")

    if limit is not None:
        if limit <= timedelta(0):
            interrupt()
        clock.happens(limit.total_seconds(), interrupt)
    yield
    clock.forget(interrupt)


def carried(error: BaseException) -> dict[str, Any] | None:
    """The report that callbacks find on an exception."""
    report = error.report  # type: ignore[attr-defined]  # whatever it is, it has one, or None
    assert report is None or isinstance(report, DeliveryReport)
    return None if report is None else report.to_dict()


def state(ended: Ended) -> str:
    """What Airflow makes of it, on 2.11 and 3.x alike."""
    if ended.raised is None:
        return SUCCESS
    if isinstance(ended.raised, AirflowSkipException):
        return SKIPPED
    return FINAL if isinstance(ended.raised, (AirflowFailException, AirflowSensorTimeout)) else RETRIED


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize(
    ("story", "mode"),
    # There Airflow measures every look on its own: see the next test.
    [cell for cell in product(STORIES, MODES) if cell != (WHILE_IT_WAITS, "reschedule")],
)
def test_every_mode_ends_alike(story: str, mode: str, flags: str, scene: Scene) -> None:
    wanted = STORIES[story]
    wanted.arrange(scene)
    for minutes, what in wanted.then.items():
        scene.clock.happens(minutes * MINUTE, partial(what, scene))

    ended = watch(mode, scene, **wanted.settings, **FLAGS[flags])

    assert state(ended) == wanted.cells[flags], ended.said
    says = wanted.goes_on if wanted.goes_on and "silent_fail" in flags else wanted.says
    report = wanted.report
    remembers = mode == "poke" or (mode == "deferrable" and bool(ended.xcoms))  # where it looked before the outage
    if wanted.remembered and "silent_fail" in flags and remembers:
        says, report = f"{TIMED_OUT}. The last look:\nNOT DECIDED YET", "wait"
    assert is_said(says, ended.said)
    assert ended.said.startswith("No verdict within") is says.startswith("No verdict within")
    assert ended.xcoms.get("report", {}).get("outcome") == report
    assert set(ended.xcoms) == ({"report", f"looked_at_{scene.webhook_id}"} if report else set())
    if ended.raised is None:
        assert ended.returned == ended.xcoms["report"]
    else:
        assert carried(ended.raised) == ended.xcoms.get("report")


@pytest.mark.parametrize(
    ("story", "mode"),
    [
        (story, mode)
        for story, mode in product(STORIES, MODES)
        if STORIES[story].says and (story, mode) != (WHILE_IT_WAITS, "reschedule")
    ],
)
def test_a_chat_is_told_of_every_failure(story: str, mode: str, scene: Scene) -> None:
    wanted = STORIES[story]
    wanted.arrange(scene)
    for minutes, what in wanted.then.items():
        scene.clock.happens(minutes * MINUTE, partial(what, scene))
    failed = watch(mode, scene, **wanted.settings)
    scene.environment.undo()
    chat = scene.reach.target("chat")
    scene.environment.setenv("AIRFLOW_CONN_REACH_CHAT", json.dumps({"conn_type": "http", "password": chat.url}))

    example = runpy.run_path(str(EXAMPLES / "example_reach_chat_alert.py"))
    example["tell_chat"](
        {"dag": example["dag"], "run_id": "a_run", "ti": failed.context["ti"], "exception": failed.raised}
    )

    [told] = chat.received
    assert is_said(wanted.says, told.body["text"])
    assert told.body["text"].endswith("\n(example_reach_chat_alert, a_task, a_run)")


def test_in_reschedule_mode_the_execution_timeout_is_that_of_a_look(scene: Scene) -> None:
    scene.clock.happens(30 * MINUTE, scene.recovers)

    ended = watch("reschedule", scene, execution_timeout=timedelta(minutes=15))

    assert state(ended) == SUCCESS
    assert scene.clock.elapsed > 30 * MINUTE


@pytest.mark.parametrize("flags", FLAGS)
def test_a_watch_that_no_triggerer_runs_is_ended_by_airflow(flags: str, scene: Scene) -> None:
    ended = run(sensor(deferrable=True, **FLAGS[flags]))
    assert isinstance(ended.raised, TaskDeferred)
    assert ended.raised.timeout
    tolerated, slack = timedelta(minutes=5), timedelta(minutes=15)
    assert timedelta(seconds=-10) < ended.raised.timeout - timedelta(hours=1.25) - tolerated - slack < timedelta(0)

    error = "Trigger/execution timeout" if AIRFLOW_2 else "Trigger timeout"
    ended = resume(sensor(deferrable=True, **FLAGS[flags]), "__fail__", {"error": error})

    assert state(ended) == (UNASKED | {"silent_fail": RETRIED})[flags]
    assert f"The watch was ended by Airflow ({error})." in ended.said
    assert "check that a triggerer is running" in ended.said
    assert ended.xcoms == {}
    assert ended.raised is not None
    assert carried(ended.raised) is None


@pytest.mark.parametrize("flags", FLAGS)
def test_a_trigger_that_dies_is_no_verdict(flags: str) -> None:
    said = {"error": "Trigger failure", "traceback": ["Traceback:\n", "  ...\n", "MemoryError\n"]}

    ended = resume(sensor(deferrable=True, **FLAGS[flags]), "__fail__", said)

    assert state(ended) == (UNASKED | {"silent_fail": RETRIED})[flags]
    assert ended.said.startswith("The watch was ended by Airflow (Trigger failure). This is no verdict: ")
    assert ended.said.endswith("The triggerer's log has the cause.\nTraceback:\n  ...\nMemoryError")


def table() -> str:
    """What every cell of the tests above says, for people."""
    lines = ["| The watch ends because | " + " | ".join(COLUMNS) + " | XCom `report` |"]
    lines.append("| --- " * (len(COLUMNS) + 2) + "|")
    notes = []
    for story, wanted in STORIES.items():
        mark = ""
        if wanted.note:
            notes.append(wanted.note)
            mark = f" ({len(notes)})"
        cells = [_cell(wanted, names) for names in COLUMNS.values()]
        lines.append(f"| {story}{mark} | {' | '.join(cells)} | {wanted.report or '–'} |")
    return "\n".join([*lines, "", *(f"({number}) {note}" for number, note in enumerate(notes, 1))])


def _cell(wanted: Story, flags: list[str]) -> str:
    [cell] = {wanted.cells[name] for name in flags}
    return f"goes on; at its `timeout` {cell}" if wanted.goes_on and "silent_fail" in flags[0] else cell


def test_the_table_is_documented() -> None:
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"
    if os.environ.get("WRITE_DOCS"):
        DOCUMENT.write_text(wanted)

    assert wanted == DOCUMENT.read_text(), "out of date; WRITE_DOCS=1 pytest -k documented writes it anew"
