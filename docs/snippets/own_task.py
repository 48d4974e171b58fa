"""A DAG with a task that asks by itself: shown in docs/validating.md."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import task

from airflow_provider_reach import DeliveryPolicy, ReachHook
from airflow_provider_reach.exceptions import ReachDeliveryFailed, reach_errors

with DAG(dag_id="own_task", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)) as dag:

    @task
    def check_bounces() -> dict[str, Any]:
        with reach_errors():
            report = ReachHook().check_delivery(webhook_name="bounces", policy=DeliveryPolicy(max_undelivered=50))
        if report.outcome == "failed":
            raise ReachDeliveryFailed(report)  # final: a retry would delay the alarm
        return report.to_dict()

    check_bounces()
