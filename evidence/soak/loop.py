"""
A thousand watches at a time for days in one event loop, run by Airflow's own trigger runner; prints what it saw.

::

    python -m evidence.soak.loop WATCHES GENERATIONS
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta, timezone
from importlib import import_module
from typing import Any

import structlog
from airflow.jobs.triggerer_job_runner import TriggerRunner

from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachServerError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.watch.events import TimedOut, read_event
from airflow_provider_reach.core.webhooks.selection import Selection
from airflow_provider_reach.integration.workspace_look import WorkspaceLook, read_look
from airflow_provider_reach.triggers import ReachBatchStatusTrigger, ReachWorkspaceTrigger
from evidence.bench.watches import start
from evidence.soak.clock import BEGIN, SoakLoop, wall_clock_of
from evidence.soak.fates import (
    ALL_BEGUN,
    DOWN_FROM,
    DOWN_UNTIL,
    GENERATION,
    HOUR,
    MINUTE,
    NONE_LOST,
    OTHERS_ENDED,
    Script,
    scripts,
)
from evidence.soak.seen import LATE, LOOKS_EVERY, WORKSPACES, Seen
from evidence.soak.service import Outage, Protocol, Service, workspace_id
from evidence.soak.state import state

_SAYS = {
    "recovers": "nothing is undelivered",
    "patient": "nothing is undelivered",
    "at risk": "about to be discarded",
    "lost": "presumed lost",
    "deleted": "does not exist",
    "inactive": "it is inactive",
}


def connect(port: int, key: str) -> None:
    """Give every workspace its connection; that the key changes is a rotation."""
    for workspace in range(WORKSPACES):
        connection = {
            "conn_type": "reach",
            "host": f"http://127.0.0.1:{port}",
            "password": key,
            "extra": {"workspace_id": workspace_id(workspace)},
        }
        os.environ[f"AIRFLOW_CONN_REACH_{workspace}"] = json.dumps(connection)


def outages(first: float) -> Iterator[Outage]:
    """The outages of a generation."""
    yield Outage(first + 2 * HOUR, first + 2 * HOUR + 4 * MINUTE, "reset")
    yield Outage(first + 2.7 * HOUR, first + 2.7 * HOUR + 8 * MINUTE, 503)
    yield Outage(first + 3.2 * HOUR, first + 3.2 * HOUR + 3 * MINUTE, 429)
    yield Outage(first + DOWN_FROM, first + DOWN_UNTIL, 503, WORKSPACES - 1)


async def live(loop: SoakLoop, watches: int, generations: int) -> Seen:
    """Run one generation after another."""
    seen, service, runner, chance = Seen(), Service(loop.time), TriggerRunner(), random.Random(1)
    server = await loop.create_server(lambda: Protocol(service), "127.0.0.1", 0, backlog=4096)
    port = server.sockets[0].getsockname()[1]
    connect(port, service.key)
    import_module("airflow_provider_reach.hooks")  # what comes with it stays, and is no growth
    seen.between.append(state(loop))
    for generation in range(generations):
        first = generation * GENERATION
        await loop.until(first)
        of_it = list(scripts(generation, watches, WORKSPACES, chance))
        service.load(of_it, list(outages(first)))
        tasks = [begin(loop, runner, script) for script in of_it]
        await loop.until(first + ALL_BEGUN + LOOKS_EVERY)
        seen.wrong += await looked_at_all(generation % WORKSPACES, watches // WORKSPACES)
        seen.most_sessions = max(seen.most_sessions, len(loop.sessions))
        if generation == generations // 2:
            await loop.until(first + 1.5 * HOUR)
            service.key = "another-key"
            connect(port, service.key)
        await loop.until(first + OTHERS_ENDED)
        seen.early.append(state(loop))
        await loop.until(first + NONE_LOST)
        seen.late.append(state(loop))
        await asyncio.wait(tasks)
        await runner.cleanup_finished_triggers()
        judge(runner, of_it, service, seen)
        del tasks, of_it
        service.load((), ())
        await loop.until(first + GENERATION - MINUTE)
        seen.between.append(state(loop))
        told(f"generation {generation + 1} of {generations}: {service.looks} looks so far, {seen.between[-1]}")
    server.close()
    await server.wait_closed()
    seen.looks, seen.refused, seen.failed = service.looks, service.refused, service.failed
    seen.longest_gap, seen.most_open, seen.days = service.longest_gap, service.most_open, loop.time() / (24 * HOUR)
    return seen


async def looked_at_all(workspace: int, number: int) -> list[str]:
    """What is wrong with a check of a whole workspace, while all of its webhooks are watched and none is decided."""
    look = WorkspaceLook(DeliveryPolicy(drain=True), {}, Selection(), timedelta(minutes=2))
    deadline = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
    trigger = ReachWorkspaceTrigger(reach_conn_id=f"reach_{workspace}", deadline=deadline, **look.to_plain())
    reports = [read_look(json.loads(json.dumps(event.payload))) async for event in trigger.run()]
    counts = [report and report.counts for report in reports]
    right = counts == [{"failed": 0, "unknown": 0, "wait": number, "healthy": 0}]
    return [] if right else [f"the check of workspace {workspace}: {counts}"]


def begin(loop: SoakLoop, runner: TriggerRunner, script: Script) -> asyncio.Task[None]:
    """Let Airflow run the trigger of a watch, from its beginning."""
    trigger = ReachBatchStatusTrigger(reach_conn_id=f"reach_{script.workspace}", **script.watch())
    return start(runner, script.number, trigger, max(0.0, script.begins - loop.time()))


def judge(runner: TriggerRunner, of_it: Sequence[Script], service: Service, seen: Seen) -> None:
    """See whether each watch of a generation ended as it should, in time, and once."""
    fired: dict[int, list[Any]] = {script.number: [] for script in of_it}
    for entry in runner.events:
        fired[entry.trigger_id].append(entry.event.payload)
    seen.wrong += [f"trigger {number} broke off: {why!r}" for number, why in runner.failed_triggers]
    runner.events.clear()
    runner.failed_triggers.clear()
    for script in of_it:
        events = fired[script.number]
        why = problem(script, events[0], service) if len(events) == 1 else f"it fired {len(events)} times"
        seen.wrong += [f"watch {script.number} ({script.fate}): {why}"] if why else []
        seen.ends[script.fate] = seen.ends.get(script.fate, 0) + 1


def problem(script: Script, event: Any, service: Service) -> str:
    """What is wrong with the end of a watch; empty if nothing is."""
    end = read_event(json.loads(json.dumps(event)))
    if script.fate == "unanswered":
        return "" if isinstance(end, ReachServerError) else f"it ended with {end}"
    report = end.last if script.fate == "timeout" and isinstance(end, TimedOut) else end
    if not isinstance(report, DeliveryReport):
        return f"it ended with {end}"
    says = _SAYS.get(script.fate, "to be decided")
    if says not in report.headline:
        return f"it says {report.headline!r}, without {says!r}"
    late = service.waited(script, script.decided, (report.looked_at - BEGIN).total_seconds())
    return f"it saw that {late:.0f} s late" if late > LATE else ""


def told(text: str) -> None:
    """Say how it goes."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main() -> None:
    """Live, and print what was seen."""
    watches, generations = map(int, sys.argv[1:])
    logging.disable(logging.ERROR)  # of each outage, every watch would tell
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    random.seed(1)
    with closing(SoakLoop()) as loop, wall_clock_of(loop):
        asyncio.set_event_loop(loop)
        seen = loop.run_until_complete(live(loop, watches, generations))
        loop.run_until_complete(loop.shutdown_default_executor())
    sys.stdout.write(f"\n{json.dumps(dataclasses.asdict(seen))}\n")


if __name__ == "__main__":
    main()
