"""The trigger over real sockets; all that waits has its clock given."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from airflow.jobs.triggerer_job_runner import TriggerRunner
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    BaseHook,
    TaskDeferred,
)
from airflow.triggers.base import TriggerEvent

from airflow_provider_reach import ReachBatchStatusSensor, ReachBatchStatusTrigger, ReachHook, __version__
from airflow_provider_reach.client.pool import _open
from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.operations import get_batch_status
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import POLICY_FIELDS, DeliveryPolicy
from airflow_provider_reach.core.watch.events import TimedOut, event_of, read_event
from airflow_provider_reach.core.watch.watch import WATCH_FIELDS, Watch
from airflow_provider_reach.integration.watch_loop import watch_to_its_end
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.tasks import Clock, Ended, in_dag, resume, run

MINUTES = 60.0
LOG = logging.getLogger("tests.trigger")
DRAINS = DeliveryPolicy(drain=True)


def failing(reach: Sandbox, batches: int = 1) -> str:
    """The webhook ``orders``, of which so many batches have just failed for the first time."""
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.target("orders").answer(503)
    for _ in range(batches):
        reach.send(webhook_id, 1)
    return webhook_id


def trigger(webhook_id: str, reach_conn_id: str = "reach_default", **changes: Any) -> ReachBatchStatusTrigger:
    """A watch for an hour and a half that waits until every batch is decided."""
    now = datetime.now(timezone.utc)
    settings: dict[str, Any] = {
        "webhook_id": webhook_id,
        "webhook_name": "orders",
        "policy": DRAINS,
        "watched_from": now,
        "deadline": now + timedelta(minutes=90),
        "limit": "timeout",
        "poke_interval": timedelta(minutes=5),
        "outage_tolerance": timedelta(minutes=15),
        "silent_fail": False,
        "version": __version__,
        **changes,
    }
    return ReachBatchStatusTrigger(reach_conn_id=reach_conn_id, **Watch(**settings).to_scalars())


async def watched(trigger: ReachBatchStatusTrigger, clock: Clock, sleep: Any = None) -> dict[str, Any]:
    return await watch_to_its_end(
        ReachHook(trigger.reach_conn_id).async_client, trigger.watch, LOG, sleep or clock.asleep, clock.now
    )


def fired(trigger: ReachBatchStatusTrigger, clock: Clock) -> Any:
    """How its watch ended, as the task that resumes reads it."""
    return read_event(json.loads(json.dumps(asyncio.run(watched(trigger, clock)))))


def rebuilt(trigger: ReachBatchStatusTrigger) -> ReachBatchStatusTrigger:
    """As another triggerer builds it, of what is in the database."""
    classpath, arguments = trigger.serialize()
    assert classpath == f"{ReachBatchStatusTrigger.__module__}.{ReachBatchStatusTrigger.__qualname__}"
    return ReachBatchStatusTrigger(**json.loads(json.dumps(arguments)))


def looks(reach: Sandbox) -> int:
    return [request.operation for request in reach.requests].count("list")


@pytest.fixture
def clock(connected: Sandbox) -> Clock:
    return Clock(connected)


class Absent:
    """A connection that is not there, and how often it was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch, self.asked = monkeypatch, 0
        monkeypatch.setattr(BaseHook, "get_connection", staticmethod(self._get))
        monkeypatch.setattr(BaseHook, "aget_connection", staticmethod(self._aget), raising=False)

    def comes_back(self) -> None:
        self._monkeypatch.undo()

    def _get(self, conn_id: str) -> None:
        self.asked += 1
        assert self.asked < 100, "a busy loop"
        raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")

    async def _aget(self, conn_id: str) -> None:
        self._get(conn_id)


@pytest.fixture
def absent() -> Iterator[Absent]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Absent(monkeypatch)


# What lies in the database


def test_its_arguments_are_plain_scalars() -> None:
    _, arguments = trigger(str(uuid4())).serialize()

    assert json.loads(json.dumps(arguments)) == arguments
    assert {type(value) for value in arguments.values()} <= {str, int, float, bool, type(None)}
    assert set(arguments) == {"reach_conn_id", *WATCH_FIELDS, *POLICY_FIELDS} - {"seen_id"}  # it watches by id
    assert rebuilt(trigger(str(uuid4()))).serialize()[1].keys() == arguments.keys()


def test_every_setting_of_the_sensor_reaches_the_watch(connected: Sandbox) -> None:
    webhook_id = failing(connected, 3)
    policy = DeliveryPolicy(
        delivered_by="2xx",
        max_undelivered=2,
        min_age=timedelta(hours=2),
        min_attempts=5,
        max_at_risk=1,
        at_risk_after=timedelta(hours=3),
        max_lost=7,
        ignore_lost_before=datetime(2026, 3, 1, tzinfo=timezone.utc),
        max_silence=timedelta(hours=12),
        drain=True,
        allow_inactive=True,
        on_cut="warn",
        retry_window=timedelta(hours=7),
        max_attempts=11,
    )
    given = {name: getattr(policy, name) for name in POLICY_FIELDS}
    assert all(value != getattr(DeliveryPolicy(), name) for name, value in given.items())
    begun = datetime.now(timezone.utc)

    ended = run(
        in_dag(
            ReachBatchStatusSensor,
            deferrable=True,
            reach_conn_id="{{ 'reach_default' }}",
            webhook_id=webhook_id,
            webhook_name="a label",
            outage_tolerance=timedelta(minutes=7),
            poke_interval=123,
            timeout=4567,
            execution_timeout=timedelta(seconds=1000),
            silent_fail=True,
            **given,
        )
    )

    assert isinstance(ended.raised, TaskDeferred)
    kept = rebuilt(ended.raised.trigger)
    watch = Watch.from_scalars(kept.watch, __version__)
    assert kept.reach_conn_id == "reach_default"
    assert begun <= watch.watched_from <= datetime.now(timezone.utc)
    assert watch == Watch(
        webhook_id=webhook_id,
        webhook_name="a label",
        policy=policy,
        watched_from=watch.watched_from,
        deadline=watch.watched_from + timedelta(seconds=940),  # a minute before Airflow would end it
        limit="execution_timeout",
        poke_interval=timedelta(seconds=123),
        outage_tolerance=timedelta(minutes=7),
        silent_fail=True,
        version=__version__,
    )


def test_nothing_of_it_is_secret(
    connected: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook_id = failing(connected)
    wrong = connected.connection | {"password": "planted-and-wrong-4711"}
    monkeypatch.setenv("AIRFLOW_CONN_REACH_WRONG", json.dumps(wrong))
    deferral = run(in_dag(ReachBatchStatusSensor, deferrable=True, webhook_id=webhook_id, drain=True)).raised
    assert isinstance(deferral, TaskDeferred)
    connected.fail(Fault.status(503, f"the key {connected.api_key} is fine, I am not"), on="batch_status", times=3)

    with caplog.at_level(logging.DEBUG):
        event = asyncio.run(watched(deferral.trigger, clock))
        refused = asyncio.run(watched(trigger(webhook_id, "reach_wrong"), clock))

    assert refused["type"] == "ReachAuthError"
    for kept in (repr(deferral.trigger.serialize()), json.dumps(event), json.dumps(refused), caplog.text):
        assert connected.api_key not in kept
        assert "planted-and-wrong-4711" not in kept
    assert "Next try in" in caplog.text


@pytest.mark.parametrize(
    ("then", "says"),
    [
        (
            lambda reach, webhook_id: reach.delete_webhook(webhook_id),
            "it does not exist (or no longer does); its events",
        ),
        (
            lambda reach, webhook_id: reach.update_webhook(webhook_id, name="Orders"),
            "The webhook is now named 'Orders'.",
        ),
    ],
    ids=["deleted", "renamed"],
)
def test_a_watch_by_name_knows_on_every_triggerer_what_the_worker_has_seen(
    then: Callable[[Sandbox, str], None], says: str, connected: Sandbox, clock: Clock
) -> None:
    webhook_id = failing(connected)
    connected.add_webhook("orders-eu", target=connected.target("orders").url)
    deferral = run(in_dag(ReachBatchStatusSensor, deferrable=True, webhook_name="orders", drain=True)).raised
    assert isinstance(deferral, TaskDeferred)
    then(connected, webhook_id)

    end = fired(rebuilt(deferral.trigger), clock)

    assert end.outcome == "failed"
    assert says in end.headline


def test_arguments_of_another_version(connected: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    webhook_id = failing(connected, 0)
    deadline = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
    known = {"webhook_id": webhook_id, "watched_from": deadline, "deadline": deadline}
    other = ReachBatchStatusTrigger(reach_conn_id="reach_default", **known, retired=1, added="later")

    end = fired(other, clock)

    assert end.outcome == "healthy"
    assert "this version of airflow-provider-reach does not know: added, retired." in caplog.text


def test_a_row_of_the_version_before_is_watched_with_the_defaults_of_what_it_lacks(
    connected: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    row = {
        "webhook_id": failing(connected, 0),
        "webhook_name": "orders",
        "watched_from": "2026-03-01T12:00:00+00:00",
        "deadline": "2026-03-01T21:00:00+00:00",
        "limit": "timeout",
        "poke_interval": 300.0,
        "outage_tolerance": 900.0,
        "silent_fail": False,
        "version": "0.1.0",
        "max_undelivered": 10,
        "min_age": 3600.0,
        "min_attempts": 6,
        "max_at_risk": 0,
        "at_risk_after": 14400.0,
        "max_lost": 0,
        "ignore_lost_before": None,
        "drain": True,
        "allow_inactive": False,
        "on_cut": "fail",
        "retry_window": 28800.0,
        "max_attempts": 12,
    }
    connected.target("orders").answer_in_turn(503, 202)
    connected.send(row["webhook_id"], 1)
    connected.advance(hours=5)

    end = fired(ReachBatchStatusTrigger(reach_conn_id="reach_default", **row), clock)

    assert (end.outcome, end.counts["at_risk"]) == ("failed", 1)
    assert "does not know" not in caplog.text


def test_arguments_of_a_newer_version(connected: Sandbox, clock: Clock) -> None:
    newer = trigger(failing(connected), version="99.0")
    newer.watch["max_slow"] = 1

    end = fired(newer, clock)

    assert isinstance(end, errors.ReachVersionError)
    assert connected.requests == []


def test_arguments_that_cannot_be(connected: Sandbox, clock: Clock) -> None:
    end = fired(ReachBatchStatusTrigger(reach_conn_id="reach_default", max_lost="many", min_attempts=-1), clock)

    assert isinstance(end, errors.ReachInputError)
    assert "min_attempts must be a whole number from 0, not -1.\n  - max_lost must" in str(end)
    assert connected.requests == []


# How often it looks


@pytest.mark.parametrize("poke_interval", [timedelta(minutes=5), timedelta(0)])
@pytest.mark.parametrize("silent", [False, True])
def test_it_sleeps_once_before_every_look(silent: bool, poke_interval: timedelta, connected: Sandbox) -> None:
    clock = Clock(connected)
    webhook_id = failing(connected)
    if silent:
        connected.fail(Fault.status(503), times=None)
    length = timedelta(seconds=20) if not poke_interval else timedelta(minutes=90)
    deadline = clock.now() + length

    end = fired(
        trigger(
            webhook_id,
            deadline=deadline,
            poke_interval=poke_interval,
            outage_tolerance=timedelta(0),
            silent_fail=silent,
        ),
        clock,
    )

    assert isinstance(end, TimedOut)
    assert type(end.last) is (errors.ReachServerError if silent else DeliveryReport)
    shortest = max(poke_interval.total_seconds(), 1.0)
    first, *between, last = clock.naps
    assert looks(connected) == len(clock.naps) == pytest.approx(length.total_seconds() / shortest, abs=3)
    assert 0 <= first <= shortest
    assert set(between) == {shortest}
    assert 1.0 <= last <= shortest
    assert timedelta(0) <= clock.now() - deadline < timedelta(seconds=2)


def test_while_there_is_no_connection_it_sleeps_as_well(connected: Sandbox, clock: Clock, absent: Absent) -> None:
    begun = clock.now()

    end = fired(trigger(failing(connected)), clock)

    assert isinstance(end, errors.ReachConnectionError)
    assert "Connection 'reach_default' cannot be used:\n  - it was not found" in str(end)
    assert len(clock.naps) == absent.asked >= 10
    assert timedelta(minutes=14) <= clock.now() - begun <= timedelta(minutes=20)
    assert all(0.7 <= nap <= 78 for nap in clock.naps[1:])


def test_a_connection_that_comes_back_in_time(connected: Sandbox, clock: Clock, absent: Absent) -> None:
    clock.happens(10 * MINUTES, absent.comes_back)
    clock.happens(30 * MINUTES, lambda: connected.target("orders").answer(200))

    end = fired(trigger(failing(connected)), clock)

    assert end.outcome == "healthy"
    assert looks(connected) == len(clock.naps) - absent.asked >= 4


def test_a_connection_that_is_wrong_is_final_at_once(
    connected: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", json.dumps(connected.connection | {"extra": {}}))

    end = fired(trigger(failing(connected)), clock)

    assert type(end) is errors.ReachConfigError
    assert len(clock.naps) == 1


def test_a_key_that_was_changed_in_the_connection_is_used(
    connected: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = connected.connection | {"extra": {**connected.connection["extra"], "auth_scheme": "Bearer"}}

    def rotate() -> None:
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", json.dumps(changed))
        connected.fail(Fault.status(401), times=1)

    clock.happens(20 * MINUTES, rotate)
    clock.happens(40 * MINUTES, lambda: connected.target("orders").answer(200))

    end = fired(trigger(failing(connected)), clock)

    assert end.outcome == "healthy"
    schemes = [request.headers["authorization"].split()[0] for request in connected.requests]
    assert schemes == sorted(schemes)
    assert set(schemes) == {"AccessKey", "Bearer"}


def test_an_outage_at_the_deadline_leaves_the_last_report(connected: Sandbox, clock: Clock) -> None:
    clock.happens(85 * MINUTES, lambda: connected.fail(Fault.status(503), times=None))
    webhook_id, begun = failing(connected), clock.now()

    end = fired(trigger(webhook_id), clock)

    assert isinstance(end, TimedOut)
    assert end.last.outcome == "wait"  # type: ignore[union-attr]
    assert timedelta(minutes=90) <= clock.now() - begun <= timedelta(minutes=92)


def test_one_look_keeps_asking_as_long_as_it_may(connected: Sandbox, clock: Clock) -> None:
    webhook_id = failing(connected)
    clock.happens(20 * MINUTES, lambda: connected.fail(Fault.status(502), times=None))

    end = fired(trigger(webhook_id), clock)

    assert isinstance(end, errors.ReachServerError)
    assert end.status == 502
    assert 30 * MINUTES < clock.elapsed < 41 * MINUTES


def test_many_watches_do_not_look_in_the_same_second(connected: Sandbox) -> None:
    webhook_id = failing(connected, 0)
    clocks = [Clock(connected) for _ in range(40)]

    async def all_at_once() -> None:
        await asyncio.gather(*(watched(trigger(webhook_id), clock) for clock in clocks))

    asyncio.run(all_at_once())

    firsts = [clock.naps[0] for clock in clocks]
    assert {len(clock.naps) for clock in clocks} == {1}
    assert 0 <= min(firsts) < max(firsts) <= 5 * MINUTES
    assert max(firsts) - min(firsts) > 2 * MINUTES


# When it ends


def test_started_after_its_deadline_it_looks_once(connected: Sandbox, clock: Clock) -> None:
    late = trigger(failing(connected))
    clock.sleep(100 * MINUTES)

    end = fired(rebuilt(late), clock)

    assert isinstance(end, TimedOut)
    assert end.limit == "timeout"
    assert isinstance(end.last, DeliveryReport)
    assert end.last.counts["retrying"] == 1
    assert looks(connected) == 1
    assert clock.elapsed <= 100 * MINUTES + 1


def test_started_after_its_deadline_it_may_still_find_a_verdict(connected: Sandbox, clock: Clock) -> None:
    late = trigger(failing(connected))
    connected.target("orders").answer(200)
    clock.sleep(100 * MINUTES)

    assert fired(late, clock).outcome == "healthy"


def test_what_failed_since_the_first_look_does_not_prolong_it(connected: Sandbox, clock: Clock) -> None:
    webhook_id = failing(connected, 20)

    end = fired(trigger(webhook_id, watched_from=clock.now() - timedelta(hours=5)), clock)

    assert end.outcome == "healthy"
    assert end.counts["retrying"] == 20


def test_a_webhook_of_this_name_that_an_earlier_look_has_seen_was_deleted(connected: Sandbox, clock: Clock) -> None:
    webhook_id = failing(connected)

    async def sleep(seconds: float) -> None:
        if len(clock.naps) == 3:
            connected.delete_webhook(webhook_id)
        await clock.asleep(seconds)

    event = asyncio.run(watched(trigger("", webhook_name="orders"), clock, sleep))

    assert "it does not exist (or no longer does); its events go nowhere" in event["report"]["headline"]
    assert "Find out who deleted it." in event["report"]["advice"][0]
    again = asyncio.run(watched(trigger("", webhook_name="orders"), clock))
    assert "there is no webhook of this name." in again["report"]["headline"]


def test_looks_share_the_list_and_none_is_deceived_by_it(connected: Sandbox) -> None:
    ids = [
        failing(connected),
        *(connected.add_webhook(f"w{n}", target=connected.target("orders").url) for n in range(7)),
    ]
    for webhook_id in ids[1:]:
        connected.send(webhook_id, 1)

    async def look_at_all() -> list[DeliveryReport]:
        async with ReachHook().async_client() as client:
            first = await asyncio.gather(*(client.check_delivery(each, DRAINS, max_list_age=30.0) for each in ids))
            assert {report.outcome for report in first} == {"wait"}
            assert (looks(connected), len(connected.requests)) == (1, 1 + len(ids))
            connected.delete_webhook(ids[0])
            return await asyncio.gather(*(client.check_delivery(each, DRAINS, max_list_age=30.0) for each in ids))

    gone, *others = asyncio.run(look_at_all())
    assert "it does not exist" in gone.headline
    assert {report.outcome for report in others} == {"wait"}
    assert looks(connected) <= 3


def test_in_another_triggerer_it_goes_on(connected: Sandbox, clock: Clock) -> None:
    first, begun = trigger(failing(connected)), clock.now()

    asyncio.run(cancelled(first, clock, naps=4))
    looked = looks(connected)
    end = fired(rebuilt(first), clock)

    assert looked == 4
    assert isinstance(end, TimedOut)
    assert timedelta(minutes=90) <= clock.now() - begun < timedelta(minutes=90, seconds=2)


async def cancelled(trigger: ReachBatchStatusTrigger, clock: Clock, naps: int) -> None:
    """Run it until it has slept so often, then end it as a triggerer that stops does."""
    asleep = asyncio.Event()

    async def sleep(seconds: float) -> None:
        if len(clock.naps) == naps:
            asleep.set()
            await asyncio.Event().wait()
        await clock.asleep(seconds)

    watch = asyncio.create_task(watched(trigger, clock, sleep))
    await asleep.wait()
    assert users() == [1]
    await ended(watch)


async def ended(watch: asyncio.Task[Any]) -> None:
    problems: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, problem: problems.append(problem))
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch
    assert users() == []
    del watch
    gc.collect()  # whatever is not closed complains now
    assert problems == []


def users() -> list[int]:
    """How many watches use each of the connections that are open in this loop."""
    return [session.users for session in _open.get(asyncio.get_running_loop(), {}).values()]


async def until(true: Callable[[], Any]) -> None:
    give_up = time.monotonic() + 10
    while not true():
        assert time.monotonic() < give_up
        await asyncio.sleep(0.005)


def test_ended_while_it_asks_it_gives_back_what_it_used(connected: Sandbox, clock: Clock) -> None:
    webhook_id = failing(connected)
    connected.fail(Fault.slow(20), times=None)

    async def end_it() -> None:
        watch = asyncio.create_task(watched(trigger(webhook_id), clock))
        await until(lambda: connected.requests)
        assert users() == [1]
        await ended(watch)

    asyncio.run(end_it())


# What watches share


class Gate:
    """Sleeps until it is opened."""

    def __init__(self) -> None:
        self._open, self.naps, self.waits = asyncio.Event(), 0, False

    def open(self) -> None:
        self._open.set()

    async def sleep(self, seconds: float) -> None:
        self.naps += 1
        if self.naps == 2:
            self.waits = True
            await self._open.wait()


def recover(reach: Sandbox) -> None:
    reach.target("orders").answer(200)
    reach.advance(minutes=30)


def test_watches_of_one_connection_share_it(connected: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook_id, clock = failing(connected), Clock(connected)
    monkeypatch.setenv("AIRFLOW_CONN_REACH_SAME", connected.connection_json)

    async def both() -> None:
        first, second = Gate(), Gate()
        watches = [
            asyncio.create_task(watched(trigger(webhook_id, conn_id), clock, gate.sleep))
            for conn_id, gate in (("reach_default", first), ("reach_same", second))
        ]
        await until(lambda: first.waits and second.waits)
        [shared] = _open[asyncio.get_running_loop()].values()
        assert users() == [2]
        recover(connected)
        first.open()
        await watches[0]
        assert users() == [1]
        assert not shared._session.closed
        second.open()
        assert (await watches[1])["report"]["outcome"] == "healthy"
        assert users() == []
        assert shared._session.closed

    asyncio.run(both())


def test_watches_of_different_connections_do_not(connected: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook_id, clock = failing(connected), Clock(connected)
    other = connected.connection | {"extra": {**connected.connection["extra"], "auth_scheme": "Bearer"}}
    monkeypatch.setenv("AIRFLOW_CONN_REACH_OTHER", json.dumps(other))

    async def both() -> list[Any]:
        gates = {"reach_default": Gate(), "reach_other": Gate()}
        watches = [
            asyncio.create_task(watched(trigger(webhook_id, conn_id), clock, gate.sleep))
            for conn_id, gate in gates.items()
        ]
        await until(lambda: all(gate.waits for gate in gates.values()))
        assert users() == [1, 1]
        recover(connected)
        for gate in gates.values():
            gate.open()
        return [event["kind"] for event in await asyncio.gather(*watches)]

    assert asyncio.run(both()) == ["report", "report"]
    assert len({request.headers["authorization"] for request in connected.requests}) == 2


# What the task that resumes makes of it


def resumed(event: Any, **settings: Any) -> Ended:
    task = in_dag(ReachBatchStatusSensor, webhook_name="orders", deferrable=True, **settings)
    return resume(task, "execute_complete", {"event": event})


UNDECIDED = assess([], datetime(2026, 3, 1, tzinfo=timezone.utc), DeliveryPolicy()).to_dict() | {"outcome": "wait"}


@pytest.mark.parametrize(
    "event",
    [
        None,
        {},
        [],
        "healthy",
        {"kind": "success"},
        {"kind": "report", "report": {"outcome": "healthy"}},
        {"kind": "timeout", "limit": "patience", "last": {"kind": "report"}},
        {"kind": "report", "report": UNDECIDED},
        {"kind": "timeout", "limit": "timeout", "last": {"kind": "timeout"}},
        {"kind": "error", "type": "SystemExit", "message": "", "details": {}},
        {"kind": "error", "type": "annotations", "message": "", "details": {}},
    ],
    ids=lambda event: str(event)[:60],
)
def test_an_event_that_is_not_known(event: Any) -> None:
    ended = resumed(event)

    assert ended.how == "AirflowException"
    assert ended.said.startswith("The watch's trigger ended with an event that this version does not know: ")
    assert "clearing it, begins a new watch." in ended.said
    assert "This is no verdict" in ended.said
    assert type(ended.raised and ended.raised.__cause__) is errors.ReachVersionError
    assert ended.xcoms == {}
    assert resumed(event, soft_fail=True).how == "AirflowSkipException"
    assert resumed(event, never_fail=True).how == "AirflowSkipException"


def test_no_event_at_all() -> None:
    ended = resume(in_dag(ReachBatchStatusSensor, webhook_name="orders"), "execute_complete", {})

    assert ended.how == "AirflowException"
    assert "does not know: None" in ended.said


@pytest.mark.parametrize(
    ("fault", "kind", "attributes"),
    [
        (Fault.status(503), errors.ReachServerError, {"status": 503, "operation": "list webhooks"}),
        (Fault.status(429, headers={"Retry-After": "7"}), errors.ReachRateLimitError, {"retry_after": 7.0}),
        (Fault.status(401), errors.ReachAuthError, {"status": 401, "operation": "list webhooks"}),
        (Fault.status(400), errors.ReachRequestError, {"status": 400}),
        (Fault.reset_before(), errors.ReachLostAnswerError, {"operation": "list webhooks"}),
        (Fault.cut_json(), errors.ReachDecodeError, {"operation": "list webhooks"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_error_is_raised_as_what_it_was(
    fault: Fault, kind: type[errors.ReachError], attributes: dict[str, Any], connected: Sandbox, clock: Clock
) -> None:
    webhook_id = failing(connected)
    connected.fail(fault, times=None)

    ended = resumed(asyncio.run(watched(trigger(webhook_id, outage_tolerance=timedelta(0)), clock)))

    cause = ended.raised and ended.raised.__cause__
    assert type(cause) is kind
    assert vars(cause) == vars(cause) | attributes
    assert str(cause).startswith("Could not list webhooks: ")
    assert type(ended.raised) is (AirflowFailException if kind.final else AirflowException)
    assert ended.said == f"{cause} This is no verdict: whether the batches are delivered is not known."


def test_an_error_of_several_problems_is_whole() -> None:
    ended = resumed(event_of(errors.ReachConfigError(["workspace_id is missing.", "password is."], "Connection 'a'")))

    assert ended.how == "AirflowFailException"
    assert vars(ended.raised.__cause__)["problems"] == ["workspace_id is missing.", "password is."]  # type: ignore[union-attr]
    assert ended.said == (
        "Connection 'a' cannot be used:\n  - workspace_id is missing.\n  - password is.\n"
        "This is no verdict: whether the batches are delivered is not known."
    )


# What a person sees meanwhile


def test_a_line_when_something_changed_and_one_every_half_hour(
    connected: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    webhook_id = failing(connected)
    clock.happens(12 * MINUTES, lambda: connected.send(webhook_id, 1))

    with caplog.at_level(logging.INFO, LOG.name):
        fired(trigger(webhook_id, watched_from=clock.now() + timedelta(hours=1)), clock)

    lines = [record.getMessage() for record in caplog.records if record.name == LOG.name]
    assert looks(connected) >= 18
    assert [re.split("[;.]", line.partition(" left: ")[2])[0] for line in lines] == [
        "1 retrying",
        "2 retrying (+1)",
        "2 retrying",
        "2 retrying",
    ]


def test_a_failure_to_ask_is_told_each_time(connected: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    webhook_id = failing(connected)
    connected.fail(Fault.status(503), times=3)

    fired(trigger(webhook_id, silent_fail=True, outage_tolerance=timedelta(0)), clock)

    told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(told) == 3
    assert told[0].startswith("Not answered, and the watch goes on: Could not list webhooks: ")


# In the triggerer's loop

ROW = '{"batch_id":"%032x","ts":"%s","attempts":2,"latency":20,"failure_code":"503","response_code":"503"}'


async def longest_step(work: Callable[[], Awaitable[Any]]) -> float:
    """How long the loop was held up at most while the work was done: what another watch would have waited."""
    loop, longest = asyncio.get_running_loop(), 0.0

    async def measure() -> None:
        nonlocal longest
        while True:
            before = loop.time()
            await asyncio.sleep(0.001)
            longest = max(longest, loop.time() - before - 0.001)

    measuring = asyncio.create_task(measure())
    await work()
    measuring.cancel()
    with suppress(asyncio.CancelledError):
        await measuring
    return longest


LIMIT = 0.05


def watch_with(trigger: ReachBatchStatusTrigger, sleep: Callable[[float], Awaitable[None]]) -> float:
    """How long it holds up its loop."""

    def now() -> datetime:
        return datetime.now(timezone.utc)

    return asyncio.run(
        longest_step(
            lambda: watch_to_its_end(ReachHook(trigger.reach_conn_id).async_client, trigger.watch, LOG, sleep, now)
        )
    )


async def at_once(seconds: float) -> None:
    await asyncio.sleep(0)


async def blocking(seconds: float) -> None:
    await asyncio.sleep(0.01)  # the measuring has begun
    time.sleep(2 * LIMIT)


@pytest.mark.parametrize("rows", [1_000, 100_000])
def test_no_step_holds_up_the_loop(rows: int, connected: Sandbox) -> None:
    """
    On a busy machine any step may take longer, but not each time; a slow one reads a large answer slowly. That a full
    garbage collection takes its time is due to all that Airflow has loaded.
    """
    webhook_id, now = failing(connected), connected.now
    when = (now - timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    body = '{"results":[' + ",".join(ROW % (number, when) for number in range(rows)) + "]}"
    connected.fail(Fault.body(body), on="batch_status", times=None)
    watch = trigger(webhook_id, policy=DeliveryPolicy(max_undelivered=1_000_000, on_cut="warn"))
    limit = max(LIMIT, 1.5 * time_to_read(Answer(200, {}, body.encode(), received=now)))

    gc.collect()
    gc.freeze()
    for _ in range(8):
        longest = watch_with(watch, at_once)
        if longest < limit:
            break
    gc.unfreeze()

    assert longest < limit
    assert looks(connected) >= 1


def time_to_read(answer: Answer) -> float:
    """One call of C code, which lets no other thread run."""
    taken = []
    for _ in range(3):
        begun = time.perf_counter()
        get_batch_status(str(uuid4()), 100_000).read(answer, ())
        taken.append(time.perf_counter() - begun)
    return min(taken)


def test_the_measure_sees_what_holds_up_the_loop(connected: Sandbox) -> None:
    assert watch_with(trigger(failing(connected, 0)), blocking) >= LIMIT


def test_airflow_s_own_runner_runs_it(connected: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda least, most: least)
    watch = rebuilt(trigger(failing(connected, 0)))

    async def run_it() -> Any:
        runner: Any = TriggerRunner()
        runner.triggers[1] = {"task": asyncio.current_task(), "name": "a watch", "events": 0}
        watch.trigger_id = 1
        await runner.run_trigger(1, watch)
        assert runner.triggers[1]["events"] == 1
        [event] = runner.events
        return event[1] if isinstance(event, tuple) else event.event  # until Airflow 3.1

    event = asyncio.run(run_it())

    assert isinstance(event, TriggerEvent)
    assert event.payload["report"]["outcome"] == "healthy"
