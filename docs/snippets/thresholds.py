"""Three webhooks with thresholds of their own: shown in docs/watching.md."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow import DAG

from airflow_provider_reach import ReachBatchStatusSensor, ReachCheckWorkspaceOperator

with DAG(dag_id="thresholds", schedule="@hourly", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False):
    check = ReachCheckWorkspaceOperator(
        task_id="check_workspace",
        max_undelivered=20,  # of every webhook that is not named below
        policies={
            "complaints": {  # a batch now and then, and every event counts
                "max_undelivered": 0,  # one batch that has failed for 20 minutes is told
                "min_age": "20 min",
            },
            "deliveries": {  # 200 batches an hour, and a consumer that takes 20 minutes to deploy
                "max_undelivered": 200,
                "at_risk_after": "2h",  # five hours for the person who is on call: it is seen up to an hour later
            },
            "engagement-*": {  # opens and clicks: a few lost batches wake nobody
                "max_undelivered": 500,
                "max_at_risk": 50,
                "max_lost": 50,
            },
        },
    )
    ReachBatchStatusSensor.partial(task_id="watch_delivery", mode="reschedule").expand_kwargs(check.output)
