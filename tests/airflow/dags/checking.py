"""One look at a whole workspace, and a watch for what is not well; the task's time may be too short for it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow import DAG

from airflow_provider_reach import ReachBatchStatusSensor, ReachCheckWorkspaceOperator

with DAG(
    dag_id="checking",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    default_args={"retries": 0},
):
    check = ReachCheckWorkspaceOperator(task_id="check_workspace", drain=True)
    ReachBatchStatusSensor.partial(
        task_id="watch_delivery",
        map_index_template="{{ task.webhook_name }}",
        mode="reschedule",
        poke_interval=timedelta(minutes=10),
    ).expand_kwargs(check.output)

with DAG(dag_id="checking_in_time", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)):
    ReachCheckWorkspaceOperator(
        task_id="check_workspace", retries=0, execution_timeout=timedelta(seconds=3), on_failed="fail"
    )
