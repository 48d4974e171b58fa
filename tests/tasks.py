"""Operators and sensors run in this process: what of a context they use, and how they ended."""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest.mock import patch

import airflow
import pytest
from airflow import DAG
from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook, BaseOperator, TaskDeferred

from airflow_provider_reach.integration.compat import AirflowTaskTimeout
from airflow_provider_reach.sandbox import Sandbox
from tests.drivers import put_ahead

AIRFLOW_2 = airflow.__version__.startswith("2.")
AIRFLOW_3_0 = airflow.__version__.startswith("3.0.")
Happening = Callable[[], object]


def without_connections(environment: pytest.MonkeyPatch) -> None:
    """Have Airflow find no connection; its own search for one wants a database."""

    def missing(conn_id: str) -> None:
        raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")

    async def missing_too(conn_id: str) -> None:
        missing(conn_id)

    environment.setattr(BaseHook, "get_connection", staticmethod(missing))
    environment.setattr(BaseHook, "aget_connection", staticmethod(missing_too), raising=False)


@dataclass
class TaskInstance:
    """
    What the provider uses of Airflow's own.

    :param first_look: When the sensor was first rescheduled.
    :param xcoms: The pushed values, plain JSON only.
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
        """The class of what was raised, or ``success``."""
        return type(self.raised).__name__ if self.raised else "success"

    @property
    def said(self) -> str:
        return str(self.raised)


def run(task: BaseOperator, *, map_index: int = -1, first_look: datetime | None = None, **context: Any) -> Ended:
    """Execute a task as Airflow does, its templates rendered with the given context."""
    ti = TaskInstance(task, map_index, first_look)
    guarded = type(task).execute  # by Airflow, which lets its own runner in alone
    execute = inspect.unwrap(guarded, stop=lambda inner: inner is not guarded)
    with _first_looked(first_look):
        return _ended(ti, lambda everything: execute(task, everything), context)


def resume(task: BaseOperator, next_method: str, next_kwargs: dict[str, Any], **context: Any) -> Ended:
    """Go on with a task that was deferred, as Airflow does: what it goes on with has been in a database."""
    kept = json.loads(json.dumps(next_kwargs))
    return _ended(TaskInstance(task), lambda everything: task.resume_execution(next_method, kept, everything), context)


def _ended(ti: TaskInstance, act: Callable[[Any], Any], context: dict[str, Any]) -> Ended:
    everything: dict[str, Any] = {"ti": ti, "task": ti.task, **context}
    ti.task.render_template_fields(everything)
    returned, raised = None, None
    try:
        returned = act(everything)
    except (Exception, TaskDeferred, AirflowTaskTimeout) as error:
        raised = error
    return Ended(returned, raised, ti.xcoms, everything)


def _first_looked(when: datetime | None) -> AbstractContextManager[Any]:
    """Airflow 2.11 asks its database when a sensor was first rescheduled, not the task instance."""
    return patch("airflow.sensors.base._orig_start_date", lambda *_, **__: when) if AIRFLOW_2 else nullcontext()


def in_dag(make: Callable[..., BaseOperator], **arguments: Any) -> Any:
    """A task in a DAG, so that its templates can be rendered; its execution must call no other operator."""
    with DAG("a_dag", schedule=None):
        return make(task_id="a_task", allow_nested_operators=False, **arguments)


class Clock:
    """
    A clock for code that waits: a sleep takes no real time, and the sandbox's time moves with it.

    :param reach: The sandbox.
    """

    def __init__(self, reach: Sandbox) -> None:
        self._reach = reach
        self._to_come: list[tuple[float, Happening]] = []
        self.elapsed = 0.0
        self.naps: list[float] = []

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return time.monotonic() + self.elapsed

    def happens(self, after: float, what: Happening) -> None:
        """Let something happen once so many seconds have passed."""
        self._to_come = sorted([*self._to_come, (self.elapsed + after, what)], key=lambda happening: happening[0])

    def forget(self, what: Happening) -> None:
        """Let it not happen after all."""
        self._to_come = [happening for happening in self._to_come if happening[1] is not what]

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        assert len(self.naps) < 1000, "a busy loop"
        until = self.elapsed + seconds
        while self._to_come and self._to_come[0][0] <= until:
            when, what = self._to_come.pop(0)
            self._pass(when)
            what()
        self._pass(until)

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)
        put_ahead(asyncio.get_running_loop(), seconds)

    def _pass(self, until: float) -> None:
        self._reach.advance(seconds=until - self.elapsed)
        self.elapsed = until
