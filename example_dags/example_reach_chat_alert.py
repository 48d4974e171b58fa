"""
Tell a chat when a webhook's batches are at risk or lost.

``tell_chat`` sends the first lines of the error to the incoming webhook of a chat (Slack, Mattermost, …): they say
which webhook it is, what is wrong and how long is left. The chat's URL is a secret: it is the password of the
connection ``reach_chat``, of any type.

It is the callback of the tasks and of the DAG: it reports a failed task, and then the task's run. When a task's process
is killed (for its memory, say), Airflow may call only the DAG's.

A loss is reported every hour while it can be seen; ``example_reach_hourly_health.py`` reports it once.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_reach import ReachBatchStatusSensor


def tell_chat(context: Any) -> None:
    """
    Send why a task or a DAG run failed to a chat.

    :param context: The context of the failed task, or of the run, which has a reason. For a task whose process was
        killed, the exception is a text, or missing.
    """
    from html import escape

    import requests

    where, reason, error = [context["dag"].dag_id, context["run_id"]], context.get("reason"), context.get("exception")
    if reason:
        said = f"The run failed ({reason}): see which of its tasks failed or were skipped."
    else:
        said = str(error) if isinstance(error, BaseException) else "The task failed, but gave no error: see its log."
        where.insert(1, context["ti"].task_id)
    lines = [*said.splitlines()[:3], f"({', '.join(where)})"]
    text = escape("\n".join(lines), quote=False)  # otherwise a webhook named <!channel> notifies everybody
    url = BaseHook.get_connection("reach_chat").password
    try:
        requests.post(str(url), json={"text": text}, timeout=10).raise_for_status()
    except requests.RequestException as why:  # its text holds the URL
        raise RuntimeError(f"The chat could not be reached: {type(why).__name__}") from None


with DAG(
    dag_id="example_reach_chat_alert",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "on_failure_callback": tell_chat},
    on_failure_callback=tell_chat,
    doc_md=__doc__,
    tags=["reach"],
) as dag:
    ReachBatchStatusSensor(task_id="watch_bounces", webhook_name="bounces", mode="reschedule")
