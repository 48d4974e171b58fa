"""What Airflow 2.11 and 3.x keep in different places, beyond what common-compat evens out."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any


def mask_secret(secret: str) -> None:
    """
    Have Airflow hide a value in the logs of this task.

    :param secret: The value. One under 5 characters is left: to hide every ``1`` would hide what the log says.
    """
    if len(secret) < 5:
        return
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


def as_written(execute: Any) -> Any:
    """
    A base class's ``execute`` for a subclass to call.

    Airflow 2.11 takes ``super().execute(context)`` for a call from outside a task: it warns of it in the task's log, or
    refuses it where ``allow_nested_operators`` is off. What its check is wrapped around has no such opinion.

    :param execute: The bound method.
    """
    return execute.__wrapped__.__get__(execute.__self__)
