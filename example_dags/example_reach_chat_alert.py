"""
Tell a chat when a webhook's batches are at risk or lost.

``tell_chat`` sends the first lines of the report to the incoming webhook of a chat (Slack, Mattermost, …): they
say which webhook, what is wrong and how long is left. The chat's URL is a secret: it lies in the password of the
connection ``reach_chat``, of any type.

A loss is told every hour while it can be seen; ``example_reach_hourly_health.py`` tells it once.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_reach import ReachBatchStatusSensor


def tell_chat(context: Any) -> None:
    """
    Send why a task failed to a chat.

    :param context: The failed task's context; the exception of a failed watch carries the report.
    """
    from html import escape

    import requests

    error = context.get("exception")  # none where the task's process was killed
    said = str(getattr(error, "report", error)) if error else "The task failed: see its log."
    ti = context["ti"]
    lines = [*said.splitlines()[:3], f"({ti.dag_id}, {ti.task_id}, {ti.run_id})"]
    text = escape("\n".join(lines), quote=False)  # else a webhook named <!channel> calls everybody
    url = BaseHook.get_connection("reach_chat").password
    try:
        requests.post(str(url), json={"text": text}, timeout=10).raise_for_status()
    except requests.RequestException as why:  # whose text holds the URL
        raise RuntimeError(f"The chat could not be told: {type(why).__name__}") from None


with DAG(
    dag_id="example_reach_chat_alert",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "on_failure_callback": tell_chat},
    doc_md=__doc__,
    tags=["reach"],
):
    ReachBatchStatusSensor(task_id="watch_bounces", webhook_name="bounces", mode="reschedule")
