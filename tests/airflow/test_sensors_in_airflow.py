"""The sensor in a real Airflow, where modes, reschedules, retries and skips are Airflow's own."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.airflow.real_airflow import RealAirflow, Run

WAITING = ("waits_in_poke_mode", "waits_in_reschedule_mode", "waits_deferrable")
WATCHES = (*WAITING, "piles_up_deferrable", "gives_up", "cannot_ask_at_first", "is_soft")


def with_failures(reach: Sandbox, number: int) -> None:
    """A webhook with this many batches that have just failed for the first time."""
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.target("orders").answer(503)
    for _ in range(number):
        reach.send(webhook_id, 1)


def wait_for_looks(reach: Sandbox) -> None:
    """After three of them it waits: with a trigger, two are the trigger's."""
    give_up = time.monotonic() + 600
    while [request.operation for request in reach.requests].count("batch_status") < 3:
        assert time.monotonic() < give_up, "nobody looked three times"
        time.sleep(0.05)


def repair_once_it_waits(reach: Sandbox) -> None:
    wait_for_looks(reach)
    reach.target("orders").answer(200)
    reach.advance(minutes=30)


def leave_once_it_waits(reach: Sandbox) -> None:
    wait_for_looks(reach)
    reach.advance(hours=2)


@pytest.fixture
def sandboxes() -> Iterator[dict[str, Sandbox]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(Sandbox(target_timeout=5)) for name in WATCHES}


@pytest.fixture
def run(sandboxes: dict[str, Sandbox], airflow: RealAirflow) -> Run:
    """All watches in one run of Airflow, since each takes its time."""
    for name in ("gives_up", "piles_up_deferrable", *WAITING):
        with_failures(sandboxes[name], 20)
    with_failures(sandboxes["cannot_ask_at_first"], 1)
    sandboxes["cannot_ask_at_first"].fail(Fault.status(503))
    with_failures(sandboxes["is_soft"], 1)
    sandboxes["is_soft"].advance(hours=9)
    connections = {f"reach_{name}": reach.connection_json for name, reach in sandboxes.items()}
    with ThreadPoolExecutor(len(WAITING) + 1) as threads:
        helpers = [threads.submit(repair_once_it_waits, sandboxes[name]) for name in WAITING]
        helpers.append(threads.submit(leave_once_it_waits, sandboxes["piles_up_deferrable"]))
        run = airflow.test_dag("watches", **connections)
        for helper in helpers:
            helper.result()
    return run


@pytest.mark.long
def test_watches(run: Run) -> None:
    tasks = {task_id: (task.state, task.tries) for (task_id, _), task in run.tasks.items()}
    reports = {task_id: value for (task_id, _, key), value in run.xcoms.items() if key == "report"}

    assert tasks == {
        "waits_in_poke_mode": ("success", 1),
        "waits_in_reschedule_mode": ("success", 1),
        "waits_deferrable": ("success", 1),
        "piles_up_deferrable": ("failed", 1),
        "gives_up": ("failed", 1),
        "cannot_ask_at_first": ("success", 2),
        "is_soft": ("skipped", 1),
    }
    for waited in WAITING:
        assert reports[waited]["outcome"] == "healthy"
        assert reports[waited]["counts"] == reports[waited]["counts"] | {"recovered": 20, "retrying": 0}
        # At the first look that is now; Airflow notes the time of a reschedule a moment later.
        assert 1 <= len(set(re.findall(rf"{waited} has watched from (\S+ \S+)", run.output))) <= 2
    assert reports["piles_up_deferrable"]["outcome"] == "failed"
    assert "ReachDeliveryFailed: FAILED: webhook 'orders': 20 batches undelivered, over the limit of 10" in run.output
    for deferred in ("waits_deferrable", "piles_up_deferrable"):
        # Only the first of three looks was the sensor's; Airflow 2.11 tells each line twice.
        assert 3 * run.output.count(f"{deferred} has watched") <= run.output.count("waits_in_poke_mode has watched")
    assert reports["gives_up"]["outcome"] == "wait"
    assert "AirflowSensorTimeout: No verdict within the timeout of 2 s. The last look:" in run.output
    assert "NOT DECIDED YET: webhook 'orders'" in run.output
    assert "the service answered HTTP 503: Service Unavailable" in run.output
    assert reports["is_soft"]["counts"]["lost"] == 1
    assert "1 batch presumed lost" in run.output
