"""What tasks hand on: what the hook returns, single values of an operator's, and the report of a watch."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import task

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachCreateWebhookOperator,
    ReachDeleteWebhookOperator,
    ReachHook,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
    WebhookSpec,
)

with DAG(
    dag_id="handing_on",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={"consumer": "https://consumer.example.com"},
):
    # What the hook returns

    @task
    def a_webhook() -> Any:
        return ReachHook().find_webhook("orders")

    @task
    def all_webhooks() -> Any:
        return ReachHook().list_webhooks()

    @task
    def a_report() -> Any:
        return ReachHook().check_delivery(webhook_name="orders")

    @task
    def a_status() -> Any:
        return ReachHook().get_batch_status(ReachHook().list_webhooks()[0].id)

    @task
    def a_validation() -> Any:
        return ReachHook().validate_webhook(webhook_name="orders")

    @task
    def a_declaration(params: Any = None) -> Any:
        spec = WebhookSpec(name="orders", target=f"{params['consumer']}/else", events=["open"])
        return ReachHook().declare_webhook(spec)

    @task
    def a_drift(params: Any = None) -> Any:
        spec = WebhookSpec(name="nobody", target=params["consumer"], events=["open"])
        return ReachHook().find_drift([spec])

    @task
    def taken(*given: Any) -> list[Any]:
        return [[repr(one) for one in what] if isinstance(what, list) else repr(what) for what in given]

    returned = [a_webhook(), all_webhooks(), a_report(), a_status(), a_validation(), a_declaration(), a_drift()]
    taken(*returned)

    # Single values of an operator's

    created: Any = ReachCreateWebhookOperator(
        task_id="create", name="made", target="{{ params.consumer }}/made", events=["open"]
    )
    made_id = created.output["webhook_id"]
    updated: Any = ReachUpdateWebhookOperator(task_id="update", webhook_id=made_id, active=False)
    validated: Any = ReachValidateWebhookOperator(task_id="validate", webhook_id=updated.output["webhook_id"])
    deleted: Any = ReachDeleteWebhookOperator(task_id="delete", webhook_id=validated.output["webhook_id"])
    taken.override(task_id="values_taken")(
        created.output["created"], updated.output["changed"], validated.output["status"], deleted.output["deleted"]
    )

    mapped: Any = ReachCreateWebhookOperator.partial(
        task_id="create_mapped", target="{{ params.consumer }}/mapped", events=["open"]
    ).expand(name=["first", "second"])
    ReachValidateWebhookOperator.partial(task_id="validate_mapped").expand_kwargs(
        mapped.output.map(lambda made: {"webhook_id": made["webhook_id"]})
    )

    @task
    def ids_taken(ids: Any) -> list[str]:
        return list(ids)

    ids_taken(mapped.output["webhook_id"])

    # What a watch saw

    watches = ReachBatchStatusSensor.partial(task_id="watch").expand_kwargs(
        ReachListWebhooksOperator(task_id="list_webhooks", name_pattern="others-*").output
    )
    unmapped = ReachBatchStatusSensor(task_id="watch_one", webhook_name="orders", mode="reschedule")
    silent = ReachBatchStatusSensor(task_id="watch_silently", webhook_name="orders", do_xcom_push=False)

    @task
    def headlines(mapped: Any, one: Any, none: Any) -> list[Any]:
        return [[report["headline"] for report in mapped], one["headline"], none]

    headlines(watches.output, unmapped.output, silent.output)
