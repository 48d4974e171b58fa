"""A DAG that renders natively, and webhooks whose names Python reads as numbers, or as texts without their quotes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import task

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachCreateWebhookOperator,
    ReachDeleteWebhookOperator,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)

NAMES = ["1.10", "2024_01", "'orders'"]

with DAG(
    dag_id="natively",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    render_template_as_native_obj=True,
    params={"consumer": "https://consumer.example.com", "name": "1e3", "number": 1.1},
    default_args={"retries": 0, "retry_delay": timedelta(0)},
):

    @task
    def names() -> list[str]:
        return NAMES

    @task
    def name() -> str:
        return "0x1F"

    @task
    def number() -> float:
        return 1.1

    named: Any = names()
    fields: dict[str, Any] = {"target": "{{ params.consumer }}", "events": ["open"], "extra": {"account": "007"}}
    create = ReachCreateWebhookOperator.partial(task_id="create", **fields).expand(name=named)
    literal = ReachCreateWebhookOperator(task_id="literal", name="1_0", **fields)
    by_params = ReachCreateWebhookOperator(task_id="by_params", name="{{ params.name }}", **fields)
    by_xcom = ReachCreateWebhookOperator(task_id="by_xcom", name=name(), **fields)  # type: ignore[arg-type]
    listing = ReachListWebhooksOperator(task_id="listing", name_pattern="1.10", expect=["1.10"])
    watch = ReachBatchStatusSensor.partial(task_id="watch", min_attempts="{{ 6 }}").expand(webhook_name=named)
    validate = ReachValidateWebhookOperator.partial(task_id="validate").expand_kwargs(listing.output)
    update = ReachUpdateWebhookOperator(task_id="update", webhook_name="1.10", active=False, extra=fields["extra"])
    delete = ReachDeleteWebhookOperator.partial(task_id="delete").expand(webhook_name=named)
    create >> [literal, by_params, by_xcom] >> listing >> watch >> validate >> update >> delete

    ReachDeleteWebhookOperator(task_id="number_by_params", webhook_name="{{ params.number }}")
    ReachDeleteWebhookOperator(task_id="number_by_xcom", webhook_name=number())  # type: ignore[arg-type]
    ReachDeleteWebhookOperator.partial(task_id="mapped_number").expand(webhook_name=[1.1])
