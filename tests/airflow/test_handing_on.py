"""What tasks of a real Airflow hand on to others."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pkgutil import walk_packages

import pytest

from airflow_provider_reach import core, hooks
from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.serializable import Serializable
from airflow_provider_reach.sandbox import Sandbox
from tests.airflow.real_airflow import RealAirflow


@pytest.mark.long
def test_what_tasks_hand_on(reach: Sandbox, airflow: RealAirflow) -> None:
    password, header = "planted-password", "planted-header"
    webhook_id = reach.add_webhook(
        "orders",
        target=reach.target("orders").url,
        auth_type="basic",
        auth_credentials={"username": "reach", "password": password},
        custom_headers={"__classname__": header, "__type": header},
    )
    for name in ("others-1", "others-2"):
        reach.add_webhook(name, target=reach.target("orders").url)

    run = airflow.test_dag(
        "handing_on", conf={"consumer": reach.target("consumer").url}, reach_default=reach.connection_json
    )

    assert set(run.states.values()) == {"success"}, run.output
    returned = {(task, index): value for (task, index, key), value in run.xcoms.items() if key == "return_value"}

    webhook, webhooks, report, status, validation, declared, drift = returned["taken", -1]
    assert webhook.startswith(f"Webhook(id='{webhook_id}', name='orders', ")
    assert "'password': '***'" in webhook
    assert "'__classname__': '***'" in webhook
    assert webhook in webhooks
    assert report.startswith("DeliveryReport(outcome='healthy', headline=\"HEALTHY: webhook 'orders'")
    assert status.startswith("BatchStatus(rows=[], complete=True, at=datetime.datetime(")
    assert validation.startswith("ValidationResult(message=")
    assert "TargetResponse(status=200" in validation
    assert declared.startswith(f"Declared(webhook_id='{webhook_id}', name='orders'")
    assert "FieldComparison(field='target', result='differs'" in declared
    assert drift.startswith("Drift(missing=['nobody']")

    assert returned["values_taken", -1] == ["True", ["'active'"], "200", "True"]
    ids = [returned["create_mapped", index]["webhook_id"] for index in (0, 1)]
    assert returned["ids_taken", -1] == ids
    assert [returned["validate_mapped", index]["webhook_id"] for index in (0, 1)] == ids

    watched, of_one, of_none = returned["headlines", -1]
    assert [headline.partition(": nothing")[0] for headline in watched] == [
        "HEALTHY: webhook 'others-1'",
        "HEALTHY: webhook 'others-2'",
    ]
    assert of_one.startswith("HEALTHY: webhook 'orders'")
    assert of_none is None
    for watch in (("watch", 0), ("watch", 1), ("watch_one", -1)):
        assert returned[watch] == run.xcoms[(*watch, "report")]
    assert ("watch_silently", -1) not in returned
    assert run.xcoms["watch_silently", -1, "report"]["headline"] == of_one
    for name, left in airflow.left_behind().items():
        assert password not in left, name
        assert header not in left, name


FORMERLY = """
compare.FieldComparison declare.Declared drift.Drift drift.Named models.BatchRow models.BatchStatus
models.TargetResponse models.ValidationResult models.Webhook report.DeliveryReport
"""


def test_airflow_takes_each_kind_of_what_the_hook_returns() -> None:
    """By its class; a refusal comes before anything in the object is read."""
    assert hooks.__name__  # it is what tells Airflow
    for module in walk_packages(core.__path__, "airflow_provider_reach.core."):
        import_module(module.name)
    try:
        serde = import_module("airflow.sdk.serde")
    except ImportError:
        serde = import_module("airflow.serialization.serde")
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in Serializable.__subclasses__()}
    formerly = {f"airflow_provider_reach.core.{name}" for name in FORMERLY.split()}
    webhook = Webhook(id="an id", name="orders")

    assert {name for name in serde._extra_allowed if name.startswith("airflow_provider_reach.")} == kinds | formerly
    assert serde.deserialize(json.loads(json.dumps(serde.serialize([webhook])))) == [webhook]


@pytest.mark.parametrize("name", ["ReachBatchStatusSensor", "ReachDeleteWebhookOperator", "ReachHook"])
def test_a_dag_file_needs_only_one_import_at_its_top(name: str) -> None:
    """Its tasks may import the hook where they use it, and each runs in a process of its own."""
    code = f"""
from airflow_provider_reach import {name}
try:
    from airflow.sdk import serde
except ImportError:
    from airflow.serialization import serde
kind = "airflow_provider_reach.core.api.models.Webhook"
print(serde.deserialize({{"__classname__": kind, "__version__": 1, "__data__": '{{"id": "an id"}}'}}).id)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "an id"


@pytest.mark.long
def test_more_webhooks_than_airflow_maps_over_fail_the_list_for_good(reach: Sandbox, airflow: RealAirflow) -> None:
    for number in range(4):
        reach.add_webhook(f"orders-{number}", target=reach.target("orders").url)

    run = airflow.test_dag(
        "every_webhook", environment={"AIRFLOW__CORE__MAX_MAP_LENGTH": "3"}, reach_default=reach.connection_json
    )

    assert run.states == {
        "list_webhooks": "failed",
        "validate_target": "upstream_failed",
        "header_names": "upstream_failed",
        "list_once_more": "success",  # nothing is mapped over what it returns
        "count": "success",
        "list_some": "success",
        **{f"validate_some orders-{number}": "success" for number in (1, 2, 3)},
    }
    assert run.tasks["list_webhooks", -1].tries == 1
    assert "4 webhooks were found, and Airflow maps a task over at most 3. Raise its setting" in run.output
    assert len(run.xcoms["list_webhooks", -1, "webhooks"]) == 4
    assert run.xcoms["count", -1, "return_value"] == 4
