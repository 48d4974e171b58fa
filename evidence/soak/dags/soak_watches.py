"""Many deferred watches, a webhook each; ``evidence/soak/triggerers.py`` tells what becomes of them."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from airflow import DAG

from airflow_provider_reach import ReachBatchStatusSensor

WATCHES = int(os.environ.get("SOAK_WATCHES", "1"))
ENDED = Path(os.environ.get("SOAK_ENDED", "."))


def note_failure(context: Any) -> None:
    note("failed", context)


def note_success(context: Any) -> None:
    note("success", context)


def note(state: str, context: Any) -> None:
    """Add a line for this end of the watch to its file, so that a second end would be seen."""
    with (ENDED / str(context["ti"].map_index)).open("a", encoding="utf-8") as ends:
        ends.write(f"{state}\n")


with DAG(
    dag_id="soak_watches",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    max_active_tasks=WATCHES,
    default_args={"retries": 2, "retry_delay": timedelta(0)},  # which a verdict must not make use of
):
    ReachBatchStatusSensor.partial(
        task_id="watch",
        deferrable=True,
        max_undelivered=0,
        poke_interval=timedelta(seconds=10),
        on_failure_callback=note_failure,
        on_success_callback=note_success,
    ).expand(webhook_name=[f"webhook-{number:03d}" for number in range(WATCHES)])
