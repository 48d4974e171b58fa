"""Every webhook there is, whatever it and its headers are called."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import XComArg, task

from airflow_provider_reach import ReachListWebhooksOperator, ReachValidateWebhookOperator

with DAG(
    dag_id="every_webhook",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    default_args={"retries": 1, "retry_delay": timedelta(0)},
):
    listing = ReachListWebhooksOperator(task_id="list_webhooks")
    validate = ReachValidateWebhookOperator.partial(
        task_id="validate_target", map_index_template="{{ task.webhook_name }}"
    ).expand_kwargs(listing.output)

    @task
    def header_names(webhooks: list[dict[str, Any]], answers: Any) -> list[list[str]]:
        return [
            sorted(name for webhook in webhooks for name in webhook["custom_headers"]),
            sorted(name for answered in answers for name in answered["headers"]),
        ]

    header_names(XComArg(listing, "webhooks"), validate.output)  # type: ignore[arg-type]

    @task
    def count(webhooks: Any) -> int:
        return len(webhooks)

    count(ReachListWebhooksOperator(task_id="list_once_more").output)

    some = ReachListWebhooksOperator(task_id="list_some", name_pattern="*-[123]", allow_empty=True)
    ReachValidateWebhookOperator.partial(task_id="validate_some").expand_kwargs(some.output)
