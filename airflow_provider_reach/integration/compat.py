"""Differences between Airflow 2.11 and 3.x that common-compat does not cover."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk.exceptions import AirflowTaskTimeout
else:
    try:
        from airflow.sdk.exceptions import AirflowTaskTimeout
    except ImportError:
        from airflow.exceptions import AirflowTaskTimeout

__all__ = [
    "AirflowTaskTimeout",
    "as_written",
    "first_rescheduled_at",
    "mask_secret",
    "read_connection_async",
]


def mask_secret(secret: str) -> None:
    """
    Have Airflow mask a value in the logs of this task.

    :param secret: The value. One with fewer than 5 characters is not masked: masking every ``1`` would spoil the log.
    """
    if len(secret) < 5:
        return
    try:
        masker = import_module("airflow.sdk.log")
    except ImportError:
        masker = import_module("airflow.utils.log.secrets_masker")
    masker.mask_secret(secret)


async def read_connection_async(conn_id: str) -> Any:
    """
    Read an Airflow connection and its extras in an event loop.

    Airflow 3.3 can read both asynchronously; before, each may cause a deadlock there, and must run in a thread.
    """
    from airflow.providers.common.compat.sdk import BaseHook, Connection

    if hasattr(Connection, "aextra_dejson"):
        conn = await BaseHook.aget_connection(conn_id)
    else:
        conn = await _in_thread(BaseHook.get_connection, conn_id)
    in_loop = hasattr(conn, "aextra_dejson")
    extra = await (conn.aextra_dejson() if in_loop else _in_thread(getattr, conn, "extra_dejson"))
    fields = {name: getattr(conn, name) for name in ("conn_id", "host", "port", "schema", "login", "password", "extra")}
    return SimpleNamespace(**fields, extra_dejson=extra)


async def _in_thread(function: Any, *arguments: Any) -> Any:
    """Run it in a thread that Airflow can answer; it cannot answer those of asyncio."""
    from asgiref.sync import sync_to_async

    return await sync_to_async(function)(*arguments)


def first_rescheduled_at(context: Any) -> datetime | None:
    """When a sensor in reschedule mode looked for the first time; None during that first look."""
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
    A base class's ``execute``, for a subclass to call.

    Airflow 2.11 takes ``super().execute(context)`` for a call from outside a task: it warns in the task's log, or
    refuses the call where ``allow_nested_operators`` is off. The function inside its wrapper does not check.
    """
    return execute.__wrapped__.__get__(execute.__self__)
