"""
Where the messages of ``docs/runbook.md`` are provoked, and what the provocations share.

What waits or asks the service does so on the embedded Reach, or by a script of answers; what ends a watch goes through
the sensor, as from its trigger. The name of a provocation is that of the block in the page that shows what it returns.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_reach import ReachBatchStatusSensor, ReachHook
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.api.exchange import Exchange
from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.delivery.check import look
from airflow_provider_reach.core.errors import ReachError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.watch.events import End, event_of
from airflow_provider_reach.core.webhooks.converge import converge
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from airflow_provider_reach.core.webhooks.spec import WebhookChanges
from airflow_provider_reach.exceptions import airflow_error
from airflow_provider_reach.operators.base import ReachOperator
from airflow_provider_reach.sandbox import Sandbox, Switches
from airflow_provider_reach.sandbox.api.operations import TEST_BATCH_ID
from tests.tasks import in_dag, resume, run
from tests.unit.core.helpers import HOUR, ID, MINUTE, NOW, OTHER_ID, Reply, answer, ask_context, play, results

NAME, URL = "bounces", "https://consumer.example.com/bounces"
TIMES = {"last_successful": NOW - 9 * HOUR, "last_failure": NOW - MINUTE}
WEBHOOK = Webhook(id=ID, name=NAME, target=URL, active=True, **TIMES)
ENTRY: dict[str, Any] = {"id": ID, "name": NAME, "target": URL, "events": ["bounce"], "active": True}
SPEC: dict[str, Any] = {"name": NAME, "target": URL, "events": ["bounce"]}
WRITTEN = results({"id": ID, "links": []})
KEPT = "-0000-4000-8000-"
"""In the middle of the ids of batches, which are the same in every run."""
CONFIG = ReachConfig(base_url="https://example.com", workspace_id=ID, api_key="k")
POLICY, DRAIN = DeliveryPolicy(), DeliveryPolicy(drain=True)


@dataclass(frozen=True)
class Told:
    """A message that a person gets, and the exception that carries it."""

    text: str
    raised: BaseException | None = None

    @property
    def errors(self) -> set[type[BaseException]]:
        """The classes of the exception and its causes."""
        found, error = set(), self.raised
        while error is not None:
            found.add(type(error))
            error = error.__cause__
        return found


@dataclass
class Stage:
    """Where a message is provoked; nothing on it waits."""

    environment: pytest.MonkeyPatch
    log: list[str] = field(default_factory=list)
    running: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.environment.setitem(ReachClient.__init__.__kwdefaults__, "sleep", lambda _: None)
        logger = logging.getLogger("airflow_provider_reach")
        level, handler = logger.level, _Remembering(self.log)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        self.running.callback(logger.setLevel, level)
        self.running.callback(logger.removeHandler, handler)
        for talks in (ReachOperator, ReachBatchStatusSensor, ReachHook):  # Airflow 3 and 2 log in different ways
            self.environment.setattr(talks, "log", logger)

    def connection(self, name: str = "reach_default", **fields: Any) -> None:
        """A connection in the environment."""
        self.environment.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps({"conn_type": "reach", **fields}))

    def reach(self, **switches: Any) -> Sandbox:
        """An embedded Reach to which the default connection leads."""
        reach = self.running.enter_context(Sandbox(switches=Switches(**switches), start=NOW, target_timeout=5))
        self.connection(**reach.connection)
        return reach

    def line(self, holding: str) -> Told:
        """The line of the log that holds this."""
        [*_, line] = [line for line in self.log if holding in line]
        return Told(line)


class _Remembering(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


Provocation = Callable[[Stage], Told]
MESSAGES: dict[str, Provocation] = {}


def message(provoke: Provocation) -> Provocation:
    """Note a message under the name of its function."""
    MESSAGES[provoke.__name__] = provoke
    return provoke


def sensor(**settings: Any) -> Any:
    return in_dag(ReachBatchStatusSensor, **{"webhook_name": NAME, "deferrable": True, **settings})


def watched(end: End, **settings: Any) -> Told:
    """How the task of a watch ends that its trigger ended so."""
    return failed(resume(sensor(**settings), "execute_complete", {"event": event_of(end)}).raised)


def failed(raised: BaseException | None) -> Told:
    assert raised is not None
    return Told(str(raised), raised)


def ran(make: Callable[..., BaseOperator], **arguments: Any) -> Told:
    """How a task fails."""
    return failed(run(in_dag(make, **arguments)).raised)


def asked(*script: Reply) -> Told:
    """How a watch ends whose look is answered so."""
    return watched(wrong(look(WebhookRef(name=NAME), POLICY, ask_context(0.0)), *script))


def wrong(exchange: Exchange[Any], *script: Reply, **more: Any) -> ReachError:
    """The error in which an exchange ends that is answered so."""
    error = play(exchange, *script, **more).error
    assert error is not None
    return error


def declared(exchange: Exchange[Any], *script: Reply, **more: Any) -> Told:
    """How an operator fails whose exchange is answered so."""
    error = wrong(exchange, *script, **more)
    raised = airflow_error(error)
    raised.__cause__ = error
    return failed(raised)


def updated(name: str = NAME, **changes: Any) -> Exchange[Any]:
    return converge(WebhookRef(name=name), WebhookChanges(**changes), ask_context(0.0))


def no(status: int, said: str = "", **headers: str) -> Answer:
    """An error in the contract's shape."""
    return answer({"errors": [{"message": said or HTTPStatus(status).phrase}]}, status, **headers)


def normal(text: str) -> str:
    """The text with what differs from run to run put to the same values."""
    for pattern, value in (
        (r"(127\.0\.0\.1):\d+", r"\1:8000"),
        (r"in a call of \d+\.\d s", "in a call of 0.1 s"),
        (r"Next try in \d+\.\d s", "Next try in 1.0 s"),
        (r"ends at \d\d:\d\d UTC", "ends at 02:15 UTC"),
        (r"request id sandbox-\d+", "request id sandbox-1"),
    ):
        text = re.sub(pattern, value, text)
    examples = [ID, OTHER_ID, "22222222-3333-4444-5555-666666666666"]
    for found in dict.fromkeys(re.findall(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", text)):
        if found not in (*examples, TEST_BATCH_ID) and KEPT not in found:
            text = text.replace(found, next(example for example in examples if example not in text))
    return text
