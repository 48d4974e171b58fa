"""
Check every night that no batch of e-mail events was or is about to be lost.

Reach retries a batch for 8 hours, then discards it, and shows the status of the last 24 hours only. So this check
*drains*: it watches until every batch that was in flight when it began is delivered or lost, up to 9 hours, and fails
as soon as one is at risk. What is lost in the daytime is reported in the afternoon or at night: there is a second run,
at 14:00, because 24 hours of status leave no room for a nightly run that begins a few minutes later than the last.

One task looks at every webhook of the workspace. Only those that failed, are not decided yet, or were not answered get
a task instance of their own; where all are well, ``watch_delivery`` is skipped and the run is green.

Waiting takes a worker for some seconds every ten minutes; or never, where a triggerer runs and Airflow's setting
``[operators] default_deferrable`` is on.

Each expected target is also sent a test batch: a quiet webhook says nothing about a target that is down. A target that
is only restarting gets the time of the retries.

To be told within the hour instead, see ``example_reach_hourly_health.py``.
"""

from datetime import datetime, timedelta, timezone

from airflow import DAG

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachCheckWorkspaceOperator,
    ReachValidateWebhookOperator,
)

EXPECTED = ["deliveries", "engagement", "bounces"]

with DAG(
    dag_id="example_reach_webhook_health",
    schedule="0 2,14 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,  # the status is always the current one
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},  # for failures to ask; a verdict is final
    doc_md=__doc__,
    tags=["reach"],
):
    check = ReachCheckWorkspaceOperator(
        task_id="check_workspace",
        expect=EXPECTED,  # a webhook that is missing fails
        drain=True,
    )
    ReachBatchStatusSensor.partial(
        task_id="watch_delivery",
        map_index_template="{{ task.webhook_name }}",  # the label while it waits, not only at the end
        mode="reschedule",  # where it is not deferrable
        poke_interval=timedelta(minutes=10),
    ).expand_kwargs(check.output)
    ReachValidateWebhookOperator.partial(task_id="validate_target").expand(webhook_name=EXPECTED)
