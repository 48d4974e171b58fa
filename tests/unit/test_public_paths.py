"""
What people and Airflow's database rely on, held as literals: names, where they are imported from, and what is kept.

``written_before`` holds what version 0.1.0 wrote before its modules moved: a row of a deferred watch, its event, XComs.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import msgspec
import pytest

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachCheckWorkspaceOperator,
    ReachCreateWebhookOperator,
    ReachDeleteWebhookOperator,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)
from airflow_provider_reach.cli.definition import COMMANDS
from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.moved import RETURNED
from airflow_provider_reach.get_provider_info import get_provider_info
from airflow_provider_reach.integration.xcom import allow_in_xcoms
from airflow_provider_reach.sandbox import Sandbox
from tests.tasks import in_dag, resume, run

PATHS = {
    "airflow_provider_reach": """
        DeliveryPolicy EventType ReachBatchStatusSensor ReachBatchStatusTrigger ReachCheckWorkspaceOperator
        ReachCreateWebhookOperator ReachDeleteWebhookOperator ReachHook ReachListWebhooksOperator
        ReachUpdateWebhookOperator ReachValidateWebhookOperator ReachWorkspaceTrigger WebhookChanges WebhookSpec
        __version__
        """,
    "airflow_provider_reach.hooks": "ReachHook",
    "airflow_provider_reach.operators": """
        ReachCheckWorkspaceOperator ReachCreateWebhookOperator ReachDeleteWebhookOperator ReachListWebhooksOperator
        ReachUpdateWebhookOperator ReachValidateWebhookOperator
        """,
    "airflow_provider_reach.operators.check_workspace": "ReachCheckWorkspaceOperator",
    "airflow_provider_reach.operators.create": "ReachCreateWebhookOperator",
    "airflow_provider_reach.operators.delete": "ReachDeleteWebhookOperator",
    "airflow_provider_reach.operators.listing": "ReachListWebhooksOperator",
    "airflow_provider_reach.operators.update": "ReachUpdateWebhookOperator",
    "airflow_provider_reach.operators.validate": "ReachValidateWebhookOperator",
    "airflow_provider_reach.sensors": "ReachBatchStatusSensor",
    "airflow_provider_reach.triggers": "ReachBatchStatusTrigger ReachWorkspaceTrigger",
    "airflow_provider_reach.exceptions": """
        NO_VERDICT ReachDeliveryFailed airflow_error reach_errors tell_of told_to_callbacks
        """,
    "airflow_provider_reach.sandbox": "Fault RecordedRequest Sandbox Switches Target",
    "airflow_provider_reach.sandbox.scenes": "health_scene",
    "airflow_provider_reach.client": "ReachClient",
    "airflow_provider_reach.core.fields": "EventType",
    "airflow_provider_reach.core.policy": "DeliveryPolicy",
    "airflow_provider_reach.core.config": "ReachConfig",
    "airflow_provider_reach.core.errors": """
        ReachAuthError ReachCallError ReachConfigError ReachConnectionError ReachDecodeError ReachError ReachExistsError
        ReachInputError ReachLookupError ReachLostAnswerError ReachNotAppliedError ReachNotFoundError
        ReachRateLimitError ReachRequestError ReachServerError ReachSideEffectError ReachStatusError ReachTargetError
        ReachTimeoutError ReachUnreachableError ReachUnsettledError ReachVersionError restored
        """,
    "airflow_provider_reach.core.models": "BatchRow BatchStatus TargetResponse ValidationResult Webhook",
    "airflow_provider_reach.core.declare": "Declared",
    "airflow_provider_reach.core.report": "DeliveryReport",
    "airflow_provider_reach.core.drift": "Drift Named",
    "airflow_provider_reach.core.compare": "FieldComparison",
}
"""Those of the last five stand in XComs; the modules are made with the core."""
ENTRY_POINTS = {
    ("apache_airflow_provider", "provider_info", "airflow_provider_reach.get_provider_info:get_provider_info"),
    ("pytest11", "reach", "airflow_provider_reach.pytest_plugin"),
}
TRIGGER_ARGUMENTS = """
    reach_conn_id webhook_id webhook_name watched_from deadline limit poke_interval outage_tolerance silent_fail version
    delivered_by max_undelivered min_age min_attempts max_at_risk at_risk_after max_lost ignore_lost_before max_silence
    drain allow_inactive on_cut retry_window max_attempts
    """
LIMITS_OF_CHECK = """
    --delivered-by --max-undelivered --min-age --min-attempts --max-at-risk --at-risk-after --max-lost
    --ignore-lost-before --max-silence --on-cut --allow-inactive
    """
OPTIONS = {"list": {"--conn-id", "--patience", "--json"}, "check": {"webhooks", *LIMITS_OF_CHECK.split()}}


def written(name: str) -> Any:
    """What the code before the moves wrote."""
    return json.loads((Path(__file__).parent / "written_before" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("module", "name"), [(module, name) for module in PATHS for name in PATHS[module].split()])
def test_every_public_name_is_where_it_was(module: str, name: str) -> None:
    assert getattr(import_module(module), name)


def test_what_is_installed_is_found_by_its_names() -> None:
    info = get_provider_info()
    [connection] = info["connection-types"]

    found = {(point.group, point.name, point.value) for point in distribution("airflow-provider-reach").entry_points}
    assert found == ENTRY_POINTS
    assert (connection["connection-type"], connection["hook-name"]) == ("reach", "Reach")
    assert connection["hook-class-name"] == "airflow_provider_reach.hooks.ReachHook"
    assert {*connection["conn-fields"]} == {"workspace_id", "region", "auth_scheme", "timeout", "allow_http"}
    assert info["cli"] == ["airflow_provider_reach.cli.definition.get_commands"]
    assert import_module("airflow_provider_reach.__main__")


def test_the_commands_take_what_they_took() -> None:
    taken = {command.name: {flag for argument in command.arguments for flag in argument.flags} for command in COMMANDS}

    assert taken.keys() == OPTIONS.keys()
    assert taken["list"] >= OPTIONS["list"]
    assert taken["check"] >= OPTIONS["check"] | OPTIONS["list"]


def healthy(reach: Sandbox, name: str = "orders") -> str:
    return reach.add_webhook(name, target=reach.target(name).url, events=["delivery"])


def mapped_over(check: Any) -> Any:
    with check.dag:
        ReachBatchStatusSensor.partial(task_id="watch").expand_kwargs(check.output)
    return check


DECLARED = {"name": "orders", "target": "https://elsewhere.example", "events": ["delivery"]}
KEYS: dict[str, tuple[Callable[[], Any], list[str], list[str]]] = {
    "sensor": (
        lambda: in_dag(ReachBatchStatusSensor, webhook_name="orders"),
        ["report", "looked_at_{webhook_id}"],
        ["outcome", "headline", "webhook_id", "webhook_name", "counts", "looked_at"],
    ),
    "check": (
        lambda: mapped_over(in_dag(ReachCheckWorkspaceOperator, expect="gone", drain=True, with_conn_id=True)),
        ["report"],
        ["webhook_id", "webhook_name", "reach_conn_id", "drain"],
    ),
    "list": (
        lambda: in_dag(ReachListWebhooksOperator, declared=[DECLARED], with_conn_id=True, on_drift="warn"),
        ["webhooks", "drift"],
        ["webhook_id", "webhook_name", "reach_conn_id"],
    ),
    "create": (lambda: in_dag(ReachCreateWebhookOperator, **DECLARED), [], ["webhook_id", "created", "changed"]),
    "update": (
        lambda: in_dag(ReachUpdateWebhookOperator, webhook_name="orders", active=False),
        [],
        ["webhook_id", "changed"],
    ),
    "validate": (
        lambda: in_dag(ReachValidateWebhookOperator, webhook_name="orders"),
        [],
        ["webhook_id", "webhook_name", "status", "seconds", "headers", "body"],
    ),
    "delete": (lambda: in_dag(ReachDeleteWebhookOperator, webhook_name="orders"), [], ["webhook_id", "deleted"]),
}


@pytest.mark.parametrize("task", KEYS)
def test_xcoms_have_their_keys(task: str, connected: Sandbox, naps: list[float]) -> None:
    make, pushed, returned = KEYS[task]
    webhook_id = healthy(connected)

    ended = run(make())

    assert ended.raised is None, ended.said
    assert {*ended.xcoms} == {key.format(webhook_id=webhook_id) for key in pushed}
    value = ended.returned[0] if isinstance(ended.returned, list) else ended.returned
    assert value.keys() >= {*returned}
    if task != "sensor":
        assert [*value] == returned


def test_a_trigger_is_kept_by_the_same_arguments(connected: Sandbox) -> None:
    row = written("trigger")
    module, _, name = row["classpath"].rpartition(".")

    trigger = getattr(import_module(module), name)(**row["kwargs"])

    assert trigger.serialize() == (row["classpath"], row["kwargs"])
    assert [*row["kwargs"]] == TRIGGER_ARGUMENTS.split()


@pytest.mark.parametrize(("batches", "how"), [(0, "success"), (12, "ReachDeliveryFailed")])
def test_a_watch_that_was_deferred_before_goes_on(batches: int, how: str, connected: Sandbox) -> None:
    row, now = written("trigger"), datetime.now(timezone.utc)
    webhook_id = healthy(connected)
    connected.target("orders").answer(503)
    for _ in range(batches):
        connected.send(webhook_id, 1)
    connected.advance(hours=5)
    today = {"watched_from": now.isoformat(), "deadline": (now + timedelta(hours=1)).isoformat(), "poke_interval": 0.1}
    module, _, name = row["classpath"].rpartition(".")

    async def event() -> Any:
        trigger = getattr(import_module(module), name)(**row["kwargs"] | today)
        [fired] = [fired async for fired in trigger.run()]
        return fired.payload

    sensor = in_dag(ReachBatchStatusSensor, webhook_name="orders", deferrable=True)
    ended = resume(sensor, row["next_method"], {"event": asyncio.run(event())})

    assert ended.how == how, ended.said
    assert ended.xcoms["report"]["webhook_id"] == webhook_id


def test_an_event_that_was_fired_before_ends_the_task() -> None:
    event = written("event")

    ended = resume(in_dag(ReachBatchStatusSensor, webhook_name="orders"), "execute_complete", {"event": event})

    assert ended.how == "ReachDeliveryFailed"
    assert ended.said.startswith("FAILED: webhook 'orders': at most ")
    assert ended.xcoms["report"] == event["report"]


@pytest.mark.parametrize("name", ["BatchStatus", "Declared", "DeliveryReport", "Drift", "ValidationResult", "Webhook"])
def test_what_a_task_returned_before_is_taken_from_its_xcom(name: str) -> None:
    allow_in_xcoms()
    try:
        serde = import_module("airflow.sdk.serde")
    except ImportError:
        serde = import_module("airflow.serialization.serde")

    taken = serde.deserialize(written("serialized")[name])

    assert type(taken).__name__ == name
    assert {**taken.to_dict(), **written("plain")[name]} == taken.to_dict()


def test_xcoms_of_before_are_read() -> None:
    xcoms = written("xcoms")

    report = msgspec.convert(xcoms["report"], DeliveryReport)
    [webhook] = [msgspec.convert(row, Webhook) for row in xcoms["webhooks"]]

    assert report.to_dict() == xcoms["report"]
    assert webhook.to_dict() == xcoms["webhooks"][0]
    assert in_dag(ReachBatchStatusSensor, ignore_lost_before=xcoms[f"looked_at_{webhook.id}"], **_row(xcoms))


@pytest.mark.parametrize(("name", "module", "formerly"), RETURNED)
def test_a_former_path_leads_to_the_class_before_anything_else_is_imported(
    name: str, module: str, formerly: str
) -> None:
    """As where Airflow is set to take all classes of the core, and no file imports the hook."""
    program = f"from {formerly} import {name} as old; from {module} import {name} as new; assert old is new"

    subprocess.run([sys.executable, "-c", program], check=True)


def test_rows_that_were_listed_before_are_mapped(connected: Sandbox) -> None:
    healthy(connected)

    ended = run(in_dag(ReachBatchStatusSensor, **_row(written("xcoms")) | {"webhook_id": ""}))

    assert ended.how == "success"


def _row(xcoms: Any) -> dict[str, Any]:
    [row] = xcoms["return_value of list"]
    return {**row}
