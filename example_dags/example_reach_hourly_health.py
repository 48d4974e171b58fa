"""
Check every hour that no batch of e-mail events was or is about to be lost, and report each loss once.

A run takes a moment: one task looks at every webhook of the workspace, and only those that are not well are watched. It
waits only while fresh failures are in their early retries.

A loss can be seen for as long as Reach shows the batch's status, most of a day, and would fail every run in that time.
So the watches have as ``ignore_lost_before`` the time of the last look at the same webhook, which the sensor pushes as
the XCom ``looked_at_<webhook_id>``, failed or not: what was lost before that has been reported. Pile-ups and batches at
risk fail every run until they are gone.
"""

from datetime import datetime, timedelta, timezone

from airflow import DAG

from airflow_provider_reach import ReachBatchStatusSensor, ReachCheckWorkspaceOperator

LAST_LOOK = (
    "{{ ti.xcom_pull(task_ids=[task.task_id], key='looked_at_' ~ task.webhook_id, include_prior_dates=True)"
    " | select | max | default('') }}"
)

with DAG(
    dag_id="example_reach_hourly_health",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,  # the status is always the current one
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},  # for failures to ask; a verdict is final
    doc_md=__doc__,
    tags=["reach"],
):
    check = ReachCheckWorkspaceOperator(
        task_id="check_workspace",
        expect=["deliveries", "engagement", "bounces"],  # a webhook that is missing fails
    )
    ReachBatchStatusSensor.partial(
        task_id="watch_delivery",
        map_index_template="{{ task.webhook_name }}",  # the label while it waits, not only at the end
        ignore_lost_before=LAST_LOOK,
        mode="reschedule",
    ).expand_kwargs(check.output)
