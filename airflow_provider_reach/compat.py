"""What Airflow 2.11 and 3.x keep in different places, beyond what common-compat evens out."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def mask_secret(secret: str) -> None:
    """
    Have Airflow hide a value in the logs of this task.

    :param secret: The value.
    """
    try:
        from airflow.sdk import log as masker
    except ImportError:
        from airflow.utils.log import secrets_masker as masker
    masker.mask_secret(secret)


def first_rescheduled_at(context: Any) -> datetime | None:
    """
    When a sensor in reschedule mode looked first; None at that look itself.

    :param context: The task's context.
    """
    ti = context["ti"]
    if hasattr(ti, "get_first_reschedule_date"):
        first: datetime | None = ti.get_first_reschedule_date(context)
        return first
    from airflow.sensors.base import _orig_start_date

    first_try = (ti.max_tries or 0) - (ti.task.retries or 0) + 1
    started: datetime | None = _orig_start_date(ti.dag_id, ti.task_id, ti.run_id, ti.map_index, first_try)
    return started
