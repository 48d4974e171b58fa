"""Watches that wait, give up, are retried, or are skipped; each asks a Reach of its own."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import airflow
from airflow import DAG

from airflow_provider_reach import ReachBatchStatusSensor

# `dags test` of 3.0, though not its workers, hands a sensor that was rescheduled a text for the time of its first look.
RESCHEDULE = "poke" if airflow.__version__.startswith("3.0.") else "reschedule"


class TellingSensor(ReachBatchStatusSensor):
    def _see(self, context: Any) -> Any:
        self.log.info("%s has watched from %s", self.task_id, self._watched_from)
        return super()._see(context)


with DAG(
    dag_id="watches",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={"name": "orders", "max_undelivered": 10},
    default_args={"retries": 1, "retry_delay": timedelta(0)},
):
    watches: list[tuple[str, dict[str, Any]]] = [
        ("waits_in_poke_mode", {"mode": "poke", "timeout": 40}),
        ("waits_in_reschedule_mode", {"mode": RESCHEDULE, "timeout": 40}),
        ("waits_deferrable", {"deferrable": True, "timeout": 40}),
        ("piles_up_deferrable", {"deferrable": True, "timeout": 40}),
        ("gives_up", {"mode": RESCHEDULE, "timeout": 2}),
        ("cannot_ask_at_first", {"mode": "poke", "outage_tolerance": 0}),
        ("is_soft", {"mode": "poke", "soft_fail": True}),
    ]
    for task_id, settings in watches:
        TellingSensor(
            task_id=task_id,
            reach_conn_id=f"reach_{task_id}",
            webhook_name="{{ params.name }}",
            max_undelivered="{{ params.max_undelivered }}",
            poke_interval=1,
            **settings,
        )
