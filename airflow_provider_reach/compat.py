"""What Airflow 2.11 and 3.x keep in different places, beyond what common-compat evens out."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any


def mask_secret(secret: str) -> None:
    """
    Have Airflow hide a value in the logs of this task.

    :param secret: The value.
    """
    try:
        masker = import_module("airflow.sdk.log")
    except ImportError:
        masker = import_module("airflow.utils.log.secrets_masker")
    masker.mask_secret(secret)


def first_rescheduled_at(context: Any) -> datetime | None:
    """
    When a sensor in reschedule mode looked first; None at that look itself.

    :param context: The task's context.
    """
    ti = context["ti"]
    first: datetime | None
    if hasattr(ti, "get_first_reschedule_date"):
        first = ti.get_first_reschedule_date(context)
    else:
        first_try = (ti.max_tries or 0) - (ti.task.retries or 0) + 1
        started = import_module("airflow.sensors.base")._orig_start_date
        first = started(ti.dag_id, ti.task_id, ti.run_id, ti.map_index, first_try)
    return first
