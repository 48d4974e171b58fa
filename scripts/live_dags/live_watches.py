"""Three deferred watches that look every two seconds; ``scripts/live.py`` tells what becomes of each."""

from datetime import datetime, timedelta, timezone

from airflow import DAG

from airflow_provider_reach import ReachBatchStatusSensor

with DAG(
    dag_id="live_watches",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    default_args={"retries": 2, "retry_delay": timedelta(0)},  # which a verdict must not make use of
):
    for webhook in ("deliveries", "bounces", "engagement"):
        ReachBatchStatusSensor(
            task_id=f"watch_{webhook}",
            webhook_name=webhook,
            deferrable=True,
            poke_interval=timedelta(seconds=2),
        )
