"""The example DAGs, as Airflow runs and parses them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow import __version__ as airflow_version

from airflow_provider_reach.sandbox import Sandbox
from airflow_provider_reach.sandbox.scenes import health_scene
from tests.airflow.real_airflow import EXAMPLES, RealAirflow, Run

HEALTH, ALERT = "example_reach_webhook_health", "example_reach_chat_alert"
DECLARE, HOURLY = "example_reach_declare_webhooks", "example_reach_hourly_health"
WORKSPACES = "example_reach_workspaces"


@pytest.fixture
def scene() -> Iterator[Sandbox]:
    with health_scene(target_timeout=5) as reach:  # a busy machine is no failing target
        yield reach


def test_the_health_check_before_and_after_a_repair(scene: Sandbox, airflow: RealAirflow) -> None:
    before = airflow.test_dag(HEALTH, EXAMPLES, reach_default=scene.connection_json)

    assert before.state == "failed"
    assert before.states == {
        "check_workspace": "success",
        "watch_delivery bounces": "failed",
        "validate_target deliveries": "success",
        "validate_target engagement": "success",
        "validate_target bounces": "failed",
    }
    tries = {
        task_id: max(task.tries for (of, _), task in before.tasks.items() if of == task_id)
        for task_id, _ in before.tasks
    }
    assert tries == {
        "check_workspace": 1,
        "watch_delivery": 1,  # though it has retries: a verdict is final
        "validate_target": 4,  # a target may be restarting
    }
    assert "the webhook's target answered HTTP 503: no database connection" in before.output
    whole = before.xcoms["check_workspace", -1, "report"]
    assert whole["counts"] == {"failed": 1, "unknown": 0, "wait": 0, "healthy": 2}
    assert "Webhooks looked at: 3 of the workspace's 3: 1 failed, 2 healthy." in before.output
    bounces = before.xcoms["watch_delivery", 0, "report"]
    assert whole["verdicts"][0]["webhook_id"] == bounces["webhook_id"]
    assert bounces["responses"] == {"503": 60}
    assert re.search(r"at most 3 h.* left for \d+ batches about to be discarded \(the first by ", bounces["headline"])
    assert "53 batches undelivered (and 7 in the early retries), over the limit of 10" in bounces["headline"]
    assert f"ReachDeliveryFailed: {bounces['headline']}\n" in before.output
    assert "\nWhat to do:\n  - The consumer fails or is overloaded: look at its log" in before.output
    looks = {key: value for (_, _, key), value in before.xcoms.items() if key.startswith("looked_at_")}
    assert looks == {f"looked_at_{bounces['webhook_id']}": bounces["looked_at"].replace("Z", "+00:00")}

    scene.target("bounces").answer(200)
    scene.advance(hours=8)
    after = airflow.test_dag(HEALTH, EXAMPLES, reach_default=scene.connection_json)

    assert after.state == "success"
    assert after.states == {
        **{task: "success" for task in before.states if task != "watch_delivery bounces"},
        "watch_delivery": "skipped",  # there is nothing to watch
    }
    assert "HEALTHY: all 3 webhooks" in after.output
    assert "WARNING - Reach" not in after.output  # such as Airflow 2.11's of an execute that a subclass calls


@pytest.mark.long
def test_a_webhook_that_is_missing_fails_by_its_name(reach: Sandbox, airflow: RealAirflow) -> None:
    for name in ("deliveries", "engagement"):
        reach.add_webhook(name, target=reach.target(name).url)

    run = airflow.test_dag(HEALTH, EXAMPLES, reach_default=reach.connection_json)

    assert run.states == {
        "check_workspace": "success",
        "watch_delivery bounces": "failed",
        "validate_target deliveries": "success",
        "validate_target engagement": "success",
        "validate_target bounces": "failed",
    }
    assert {task.tries for task in run.tasks.values()} == {1}
    assert "FAILED: webhook 'bounces': there is no webhook of this name." in run.output


def test_an_hourly_check_tells_a_loss_once(reach: Sandbox, airflow: RealAirflow) -> None:
    webhooks = {
        name: reach.add_webhook(name, target=reach.target(name).url) for name in ("deliveries", "engagement", "bounces")
    }
    reach.target("bounces").answer(503)
    reach.send(webhooks["bounces"], 1)
    reach.advance(hours=9)

    first = airflow.test_dag(HOURLY, EXAMPLES, reach_default=reach.connection_json)
    reach.delete_webhook(webhooks["deliveries"])  # so that the mapped watches come in another order
    reach.add_webhook("deliveries", target=reach.target("deliveries").url)
    reach.target("engagement").answer(503)
    reach.send(webhooks["engagement"], 1)
    reach.advance(hours=9)
    second = airflow.test_dag(HOURLY, EXAMPLES, reach_default=reach.connection_json)

    assert first.states == {"check_workspace": "success", "watch_delivery bounces": "failed"}
    assert second.states == {
        "check_workspace": "success",
        "watch_delivery engagement": "failed",
        "watch_delivery bounces": "success",
    }
    assert re.search("HEALTHY: webhook 'bounces': .*; 1 batch lost, already reported", second.output)


@pytest.mark.long
def test_a_chat_is_told_of_the_task_and_then_of_its_run(scene: Sandbox, airflow: RealAirflow) -> None:
    chat = json.dumps({"conn_type": "http", "password": scene.target("chat").url})

    run = airflow.test_dag(ALERT, EXAMPLES, reach_default=scene.connection_json, reach_chat=chat)

    assert run.states == {"watch_bounces": "failed"}
    told, of_run = scene.target("chat").received
    assert of_run.body["text"].startswith(
        "The run failed (task_failure): see which of its tasks failed or were skipped.\n"
        "(example_reach_chat_alert, manual__"
    )
    headline, *more = told.body["text"].splitlines()
    if airflow_version.startswith(("3.0.", "3.1.", "3.2.")):
        assert (
            headline == "The task failed, but gave no error: see its log."
        )  # their `dags test`, not their workers, tells no exception
        return
    assert headline == run.xcoms["watch_bounces", -1, "report"]["headline"]
    assert headline.startswith("FAILED: webhook 'bounces'")
    assert len(more) == 3
    assert "503 (60)" in more[0]
    assert more[2].startswith("(example_reach_chat_alert, watch_bounces, manual__")


@pytest.mark.long
def test_the_webhooks_of_several_workspaces_are_watched(reach: Sandbox, scene: Sandbox, airflow: RealAirflow) -> None:
    """``bounces`` of the scene piles up; the other workspace has a webhook of that name, too."""
    reach.add_webhook("bounces", target=reach.target("bounces").url)

    run = airflow.test_dag(
        WORKSPACES, EXAMPLES, reach_europe=reach.connection_json, reach_america=scene.connection_json
    )

    assert run.states == {
        "check_workspace reach_europe": "success",
        "check_workspace reach_america": "success",
        "flat": "success",
        "watch_delivery reach_america, bounces": "failed",
    }
    assert "HEALTHY: webhook 'bounces'" in run.output


@pytest.mark.long
def test_a_workspace_that_cannot_be_asked_leaves_the_others_watched(scene: Sandbox, airflow: RealAirflow) -> None:
    refused = json.dumps(scene.connection | {"password": "wrong"})

    run = airflow.test_dag(WORKSPACES, EXAMPLES, reach_europe=refused, reach_america=scene.connection_json)

    assert run.states["check_workspace reach_europe"] == "failed"
    assert run.states["watch_delivery reach_america, bounces"] == "failed"


@pytest.mark.long
def test_the_declared_webhooks_are_made_kept_and_restored_and_nobody_elses(
    reach: Sandbox, airflow: RealAirflow
) -> None:
    consumer = reach.target("consumer").url
    connection = json.dumps({"conn_type": "http", "login": "reach", "password": "consumers-password"})

    def declare(*, send_credentials: bool = False) -> Run:
        reach.forget_requests()
        return airflow.test_dag(
            DECLARE,
            EXAMPLES,
            {"consumer": consumer, "send_credentials": send_credentials},
            reach_default=reach.connection_json,
            reach_consumer=connection,
        )

    def changes() -> list[tuple[str, dict[str, Any]]]:
        done = [request for request in reach.requests if request.operation in ("create", "update", "delete")]
        return [(str(request.operation), json.loads(request.body or b"{}")) for request in done]

    def in_any_order(*done: tuple[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
        """Mapped tasks run in any."""
        return sorted(done, key=str)

    credentials = {"username": "reach", "password": "consumers-password"}
    declared = {
        name: {
            "name": name,
            "target": f"{consumer}/{name}",
            "events": events,
            "active": True,
            "auth_type": "basic",
            "auth_credentials": credentials,
        }
        for name, events in {
            "deliveries": ["delivery", "delay", "bounce", "out_of_band"],
            "engagement": ["open", "initial_open", "click"],
        }.items()
    }
    succeeded = {
        "declare deliveries": "success",
        "declare engagement": "success",
        "credentials deliveries": "success",
        "credentials engagement": "success",
        "validate deliveries": "success",
        "validate engagement": "success",
        "compare": "success",
    }

    first = declare(send_credentials=True)
    assert first.states == succeeded, first.output
    made = changes()
    assert in_any_order(*made[:2]) == in_any_order(*(("create", body) for body in declared.values()))
    assert made[2:] == [("update", {"auth_type": "basic", "auth_credentials": credentials})] * 2
    ids = {name: first.xcoms["declare", n, "return_value"]["webhook_id"] for n, name in enumerate(declared)}

    second = declare()
    assert second.states == succeeded, second.output
    assert changes() == []
    for name, webhook_id in ids.items():
        assert f"Webhook '{name}' ({webhook_id}) exists and is what was declared: nothing was sent." in second.output
    assert "What exists is what was declared." in second.output
    assert [second.xcoms["declare", n, "return_value"] for n in (0, 1)] == [
        {"webhook_id": webhook_id, "created": False, "changed": []} for webhook_id in ids.values()
    ]

    reach.update_webhook(ids["engagement"], target=f"{consumer}/else", events=("open", "unsubscribe"), active=False)
    reach.update_webhook(ids["deliveries"], auth_credentials={"username": "reach", "password": "not-the-consumers"})
    undeclared = reach.add_webhook("nobody declared it", target=reach.target("else").url)
    third = declare()
    assert third.states == {**succeeded, "compare": "failed"}, third.output
    assert in_any_order(*changes()) == in_any_order(
        ("update", {name: declared["engagement"][name] for name in ("target", "events", "active")}),
        ("update", {"auth_credentials": credentials}),
    )
    assert f"target: {consumer}/else → {consumer}/engagement" in third.output
    assert "events: add initial_open, click; drop unsubscribe" in third.output
    assert "active: False → True" in third.output
    assert "auth_credentials: password differs" in third.output
    assert third.tasks["compare", -1].tries == 1
    drift = third.xcoms["compare", -1, "drift"]
    assert drift["unexpected"] == [{"webhook_id": undeclared, "webhook_name": "nobody declared it", "doubled": False}]
    assert (drift["missing"], drift["different"], drift["unknown"]) == ([], {}, {})
    assert f"Unexpected: 'nobody declared it' ({undeclared}) was not declared." in third.output
    for run in (first, second, third):
        assert "consumers-password" not in run.output
        assert "WARNING - Reach" not in run.output


PARSE = """
import runpy, sys

touched = []
sys.addaudithook(
    lambda event, of: touched.append((event, of))
    if event.startswith(("socket.connect", "socket.getaddrinfo", "sqlite3.connect"))
    else None
)
import airflow
touched.clear()
runpy.run_path(sys.argv[1])
assert not touched, touched
assert "airflow_provider_reach.client.sync" not in sys.modules
"""


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_a_dag_file_is_parsed_without_asking_anybody(path: Path, tmp_path: Path) -> None:
    _python(PARSE, str(path), home=tmp_path)


IMPORTS = """
import sys
from airflow import DAG
from airflow.providers.common.compat.sdk import BaseHook, BaseOperator, BaseSensorOperator

before = set(sys.modules)
from airflow_provider_reach import ReachBatchStatusSensor, ReachCheckWorkspaceOperator, ReachListWebhooksOperator
print(*(set(sys.modules) - before))
"""


def test_what_the_example_imports_loads_next_to_nothing(tmp_path: Path) -> None:
    loaded = {name for name in _python(IMPORTS, home=tmp_path).split() if not name.startswith("airflow_provider_reach")}

    assert {name.partition(".")[0] for name in loaded} <= {"msgspec"}


def _python(program: str, *arguments: str, home: Path) -> str:
    """What a program says in a process without any settings, whose Airflow has no database."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    environment = {**inherited, "AIRFLOW_HOME": str(home), "AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY": "True"}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=environment, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
