"""
Check the webhooks of several workspaces every hour; each workspace has an Airflow connection.

One task checks each workspace, and names in every row the connection it came from; ``flat`` makes one list of them all,
and a watch is mapped over that. To add a workspace, add its connection to ``WORKSPACES``.
"""

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import task

from airflow_provider_reach import ReachBatchStatusSensor, ReachCheckWorkspaceOperator

WORKSPACES = ["reach_europe", "reach_america"]

with DAG(
    dag_id="example_reach_workspaces",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,  # the status is always the current one
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},  # for failures to ask; a verdict is final
    doc_md=__doc__,
    tags=["reach"],
):
    checks = ReachCheckWorkspaceOperator.partial(task_id="check_workspace", with_conn_id=True).expand(
        reach_conn_id=WORKSPACES
    )

    @task(trigger_rule="all_done")  # a workspace that cannot be asked fails the run, and the others are watched
    def flat(checks: Any) -> list[dict[str, Any]]:
        return [webhook for webhooks in checks for webhook in webhooks]

    ReachBatchStatusSensor.partial(
        task_id="watch_delivery",
        map_index_template="{{ task.reach_conn_id }}, {{ task.webhook_name }}",
        mode="reschedule",
    ).expand_kwargs(flat(checks.output))
