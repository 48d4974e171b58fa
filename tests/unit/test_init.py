from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import airflow_provider_reach

PROGRAM = """
import sys
import airflow_provider_reach
import airflow_provider_reach.integration.connection_form
from airflow_provider_reach.get_provider_info import get_provider_info
get_provider_info()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
DAG_FILE = """
import sys
from airflow import DAG
from airflow.providers.common.compat.sdk import AirflowException, BaseHook, BaseOperator, BaseSensorOperator, conf
before = set(sys.modules)
from airflow_provider_reach import ReachBatchStatusSensor, ReachListWebhooksOperator, ReachValidateWebhookOperator
with DAG("health"):
    listed = ReachListWebhooksOperator(task_id="list_webhooks", expect=["orders"])
    ReachBatchStatusSensor(task_id="watch_one", webhook_name="orders", drain=True)
    ReachBatchStatusSensor.partial(task_id="watch_delivery", drain=True).expand_kwargs(listed.output)
    ReachValidateWebhookOperator.partial(task_id="validate_target").expand_kwargs(listed.output)
print(*sorted(set(sys.modules) - before))
"""
AT_RUN_TIME = """
api.decoding api.error_mapping api.exchange api.models api.operations delivery.assess delivery.batches
delivery.check delivery.report secrets.redact webhooks.actions webhooks.converge webhooks.diff
webhooks.drift webhooks.find webhooks.spec
"""


def loaded_by(program: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


def test_every_public_name_is_there() -> None:
    for name in airflow_provider_reach.__all__:
        assert getattr(airflow_provider_reach, name)
    assert set(airflow_provider_reach.__all__) <= set(dir(airflow_provider_reach))


def test_what_the_hook_is_given_is_exported() -> None:
    from airflow_provider_reach.core import fields
    from airflow_provider_reach.core.webhooks import spec

    assert airflow_provider_reach.WebhookSpec is spec.WebhookSpec
    assert airflow_provider_reach.WebhookChanges is spec.WebhookChanges
    assert airflow_provider_reach.EventType is fields.EventType
    assert {"WebhookSpec", "WebhookChanges", "EventType"} <= set(airflow_provider_reach.__all__)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'airflow_provider_reach' has no attribute 'ReachHok'"):
        _ = airflow_provider_reach.ReachHok


def test_the_version_is_the_distributions() -> None:
    assert airflow_provider_reach.__version__ == version("airflow-provider-reach")


def test_what_airflow_reads_at_its_start_imports_next_to_nothing() -> None:
    loaded = loaded_by(PROGRAM)

    assert "airflow_provider_reach" in loaded
    assert not {"airflow", "requests", "msgspec", "pendulum", "aiohttp", "wtforms"} & loaded


def test_a_dag_file_loads_only_what_its_tasks_are_declared_with() -> None:
    loaded = loaded_by(DAG_FILE)

    assert {"airflow_provider_reach.operators.listing", "airflow_provider_reach.sensors"} <= loaded
    core = {f"airflow_provider_reach.core.{name}" for name in AT_RUN_TIME.split()}
    face = {
        f"airflow_provider_reach.{name}"
        for name in ("client.sync", "client.requests_transport", "hooks", "triggers", "sandbox")
    }
    assert not {*core, *face} & loaded
    assert "airflow_provider_reach.operators.create" not in loaded
    assert not {"requests", "urllib3", "aiohttp", "msgspec", "pendulum"} & {name.partition(".")[0] for name in loaded}
