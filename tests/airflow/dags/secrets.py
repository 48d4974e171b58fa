"""Everything by which a secret of the service could come to lie in Airflow's database or logs."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import redact, task

from airflow_provider_reach import ReachBatchStatusSensor, ReachHook, ReachListWebhooksOperator
from airflow_provider_reach.exceptions import reach_errors

with DAG(
    dag_id="secrets",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    default_args={"retries": 0, "retry_delay": timedelta(0)},
):
    webhooks = ReachListWebhooksOperator(task_id="list_webhooks")
    watch = ReachBatchStatusSensor.partial(task_id="watch", mode="reschedule").expand_kwargs(webhooks.output)

    ReachListWebhooksOperator(task_id="list_of_a_failing_service", reach_conn_id="reach_failing")
    ReachBatchStatusSensor(
        task_id="watch_at_a_failing_service", reach_conn_id="reach_failing", webhook_name="orders", outage_tolerance=0
    )

    @task(trigger_rule="all_done")
    def look_at_everything(found: Any) -> Any:
        """What somebody does who wants to see."""
        hook = ReachHook()
        seen = [hook.get_webhook(webhook["webhook_id"]) for webhook in found]
        for webhook in seen:
            hook.log.info("%s %r %s", webhook, webhook, webhook.label)
            hook.log.info("as Airflow would log its credentials: %s", redact(str(webhook.auth_credentials)))
            hook.log.info("and its headers: %s", redact(str(webhook.custom_headers)))
        hook.log.info("%s %r %s", hook, hook.get_conn(), hook.get_conn().config)
        return [webhook.to_dict() for webhook in seen]

    @task(trigger_rule="all_done")
    def create_with_secrets() -> str:
        """They come from a connection; the target refuses, and the service says with what it was asked."""
        hook = ReachHook()
        target = hook.get_connection("consumer")
        with reach_errors():
            return hook.create_webhook(
                "new",
                f"{target.host}/refuses?key={target.extra_dejson['key']}",
                ["bounce"],
                auth_type="basic",
                auth_credentials={"username": "reach", "password": str(target.password)},
                custom_headers={"X-Key": target.extra_dejson["header"]},
            )

    watch >> [look_at_everything(webhooks.output), create_with_secrets()]
