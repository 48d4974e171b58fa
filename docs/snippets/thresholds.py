"""Three webhooks with thresholds of their own: shown in docs/watching.md."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow import DAG

from airflow_provider_reach import ReachBatchStatusSensor

with DAG(dag_id="thresholds", schedule="@hourly", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False):
    every_event_counts = ReachBatchStatusSensor(
        task_id="every_event_counts",
        webhook_name="complaints",  # a batch now and then
        max_undelivered=0,  # one batch that has failed for 20 minutes is told
        min_age=timedelta(minutes=20),
        mode="reschedule",  # holds no worker while it waits
    )
    a_lot_of_traffic = ReachBatchStatusSensor(
        task_id="a_lot_of_traffic",
        webhook_name="deliveries",  # 200 batches an hour, and a consumer that takes 20 minutes to deploy
        max_undelivered=200,
        at_risk_after=timedelta(hours=2),  # five hours for the person who is on call: it is seen up to an hour later
        mode="reschedule",
    )
    nice_to_have = ReachBatchStatusSensor(
        task_id="nice_to_have",
        webhook_name="engagement",  # opens and clicks: a few lost batches wake nobody
        max_undelivered=500,
        max_at_risk=50,
        max_lost=50,
        mode="reschedule",
    )
