"""Every webhook there is, whatever it is called."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow import DAG

from airflow_provider_reach import ReachListWebhooksOperator, ReachValidateWebhookOperator

with DAG(dag_id="every_webhook", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)):
    ReachValidateWebhookOperator.partial(
        task_id="validate_target", map_index_template="{{ task.webhook_name }}"
    ).expand_kwargs(ReachListWebhooksOperator(task_id="list_webhooks").output)
