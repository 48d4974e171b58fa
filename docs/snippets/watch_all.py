"""A watch for every webhook, well or not: shown in docs/watching.md."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow import DAG

from airflow_provider_reach import ReachBatchStatusSensor, ReachListWebhooksOperator

with DAG(dag_id="watch_all", schedule="@hourly", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False):
    webhooks = ReachListWebhooksOperator(
        task_id="list_webhooks",
        expect=["deliveries", "engagement", "bounces"],  # fails when one of these is missing
    )
    ReachBatchStatusSensor.partial(
        task_id="watch_delivery",
        map_index_template="{{ task.webhook_name }}",  # the label while it waits, not only at the end
        mode="reschedule",
    ).expand_kwargs(webhooks.output)
