"""Operators and sensors run in this process: what of a context they use, and how they ended."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest.mock import patch

import airflow
from airflow import DAG
from airflow.providers.common.compat.sdk import BaseOperator

AIRFLOW_2 = airflow.__version__.startswith("2.")


@dataclass
class TaskInstance:
    """
    What the provider uses of Airflow's own.

    :param first_look: When the sensor was first rescheduled.
    :param xcoms: What was pushed; only what is plain JSON.
    """

    task: BaseOperator
    map_index: int = -1
    first_look: datetime | None = None
    max_tries: int = 0
    dag_id: str = "a_dag"
    run_id: str = "a_run"
    xcoms: dict[str, Any] = field(default_factory=dict)

    @property
    def task_id(self) -> str:
        return self.task.task_id

    def xcom_push(self, key: str, value: Any) -> None:
        assert json.loads(json.dumps(value)) == value
        self.xcoms[key] = value

    def get_first_reschedule_date(self, context: Any) -> datetime | None:
        return self.first_look


@dataclass(frozen=True)
class Ended:
    """How a task ended: what it returned or raised, and what it pushed."""

    returned: Any
    raised: BaseException | None
    xcoms: dict[str, Any]
    context: dict[str, Any]

    @property
    def how(self) -> str:
        """The class of what was raised, else ``success``."""
        return type(self.raised).__name__ if self.raised else "success"

    @property
    def said(self) -> str:
        return str(self.raised)


def run(task: BaseOperator, *, map_index: int = -1, first_look: datetime | None = None, **context: Any) -> Ended:
    """Execute a task as Airflow does, its templates rendered with the given context."""
    ti = TaskInstance(task, map_index, first_look)
    everything: dict[str, Any] = {"ti": ti, "task": task, **context}
    task.render_template_fields(everything)
    execute = inspect.unwrap(type(task).execute)  # around it is a guard that knows Airflow's own runner alone
    returned, raised = None, None
    with _first_looked(first_look):
        try:
            returned = execute(task, everything)
        except Exception as error:
            raised = error
    return Ended(returned, raised, ti.xcoms, everything)


def _first_looked(when: datetime | None) -> AbstractContextManager[Any]:
    """Airflow 2.11 asks its database when a sensor was first rescheduled, not the task instance."""
    return patch("airflow.sensors.base._orig_start_date", lambda *_, **__: when) if AIRFLOW_2 else nullcontext()


def in_dag(make: Callable[..., BaseOperator], **arguments: Any) -> Any:
    """A task in a DAG, where its templates can be rendered; one that must not call other operators."""
    with DAG("a_dag", schedule=None):
        return make(task_id="a_task", allow_nested_operators=False, **arguments)
