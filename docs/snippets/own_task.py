"""A DAG with a task that asks by itself: shown in docs/validating.md."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import AirflowException, task

from airflow_provider_reach import DeliveryPolicy, ReachHook
from airflow_provider_reach.exceptions import ReachDeliveryFailed, reach_errors

with DAG(dag_id="own_task", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)) as dag:

    @task(retries=8, retry_delay=timedelta(minutes=10))
    def check_bounces() -> dict[str, Any]:
        with reach_errors():
            report = ReachHook().check_delivery(webhook_name="bounces", policy=DeliveryPolicy(max_undelivered=50))
        if report.outcome == "failed":
            raise ReachDeliveryFailed(report)  # final: a retry would delay the alarm
        if report.outcome == "wait":
            raise AirflowException(report.headline)  # not decided yet: the task's retries look again
        return report.to_dict()

    check_bounces()
