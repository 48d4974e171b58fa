"""Mails of failed tasks and failed runs: shown in docs/watching.md."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow import DAG
from airflow.providers.smtp.notifications.smtp import SmtpNotifier

from airflow_provider_reach import ReachBatchStatusSensor

tell_of_task = SmtpNotifier(
    to="on-call@example.com",
    from_email="airflow@example.com",
    subject="{{ dag.dag_id }}, {{ ti.task_id }} has failed",
    html_content="<pre>"
    "{% if exception is defined and exception and exception is not string %}{{ exception | e }}"
    "{% else %}The task failed, but gave no error: see its log.{% endif %}"
    "</pre>",
)
tell_of_run = SmtpNotifier(
    to="on-call@example.com",
    from_email="airflow@example.com",
    subject="{{ dag.dag_id }} has failed",
    html_content="The run {{ run_id | e }} failed ({{ reason | e }}): see which of its tasks failed or were skipped.",
)

with DAG(
    dag_id="tell_by_mail",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    default_args={"retries": 3, "on_failure_callback": tell_of_task},
    on_failure_callback=tell_of_run,
) as dag:
    ReachBatchStatusSensor(task_id="watch_bounces", webhook_name="bounces", mode="reschedule")
