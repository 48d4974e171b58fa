"""Everything by which a secret of the service could come to lie in Airflow's database or logs."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import redact, task

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachCreateWebhookOperator,
    ReachDeleteWebhookOperator,
    ReachHook,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)
from airflow_provider_reach.exceptions import reach_errors

with DAG(
    dag_id="secrets",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={"consumer": "https://consumer.example.com", "refuses": "https://refuses.example.com"},
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

    looked = [look_at_everything(webhooks.output), create_with_secrets()]
    watch >> looked

    connections = ["target_basic", "target_oauth"]
    consumer, refuses = "{{ params.consumer }}", "{{ params.refuses }}"
    declared = [
        {"name": conn_id, "target": consumer, "events": ["open"], "target_conn_id": conn_id} for conn_id in connections
    ]
    on_each = {"trigger_rule": "all_done"}
    declare = ReachCreateWebhookOperator.partial(task_id="declare", if_exists="update", **on_each).expand_kwargs(
        declared
    )
    as_declared = ReachListWebhooksOperator(
        task_id="as_declared", declared=declared, name_pattern="target_*", expect=connections, **on_each
    )
    rotate = ReachUpdateWebhookOperator.partial(task_id="rotate", webhook_name="target_basic", **on_each).expand(
        target_conn_id=["target_oauth", "target_headers"]
    )
    drifted = ReachListWebhooksOperator(task_id="drifted", declared=declared, name_pattern="target_*", **on_each)
    validate = ReachValidateWebhookOperator.partial(task_id="validate", **on_each).expand(
        webhook_name=["basic", "oauth2"]
    )
    refused = ReachCreateWebhookOperator.partial(
        task_id="refused", name="refused", target=refuses, events=["open"], **on_each
    ).expand(target_conn_id=connections[:1])
    echoed = ReachCreateWebhookOperator(
        task_id="create_at_an_echo",
        name="echoed",
        target=consumer,
        events=["open"],
        target_conn_id="target_basic",
        reach_conn_id="reach_echo",
        **on_each,
    )
    echoed_too = ReachUpdateWebhookOperator(
        task_id="update_at_an_echo",
        webhook_name="basic",
        target_conn_id="target_basic",
        reach_conn_id="reach_echo",
        **on_each,
    )
    no_connection = ReachUpdateWebhookOperator(
        task_id="contradict",
        webhook_name="basic",
        target_conn_id="target_basic",
        custom_headers={"x-conn": "a header of the connection too"},
        **on_each,
    )
    deleted = ReachDeleteWebhookOperator.partial(task_id="delete", **on_each).expand(webhook_name=["basic", "oauth2"])
    looked >> declare >> as_declared >> rotate >> drifted >> validate >> deleted
    looked >> refused
    looked >> echoed >> echoed_too >> no_connection >> deleted
