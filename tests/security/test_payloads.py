"""Anyone who can write an XCom or a trigger's row: what they say is data, bounded, and never code."""

from __future__ import annotations

import builtins
import json
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachBatchStatusTrigger,
    ReachListWebhooksOperator,
    ReachValidateWebhookOperator,
    __version__,
)
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.errors import ReachError, ReachVersionError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.watch.events import event_of, read_event
from airflow_provider_reach.core.watch.watch import Watch
from airflow_provider_reach.integration.arguments import parsed
from airflow_provider_reach.sandbox import Sandbox
from tests.tasks import in_dag, resume, run

CODE = "__import__('os').environ.__setitem__('OWNED', '1')"
HEALTHY = event_of(assess([], datetime(2026, 1, 1, tzinfo=timezone.utc), DeliveryPolicy()))


@pytest.fixture(autouse=True)
def _no_code_has_run(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("OWNED", raising=False)
    yield
    assert "OWNED" not in os.environ


def error_event(**changes: Any) -> dict[str, Any]:
    return {"kind": "error", "type": "ReachTimeoutError", "message": "x", "details": {}, **changes}


@pytest.mark.parametrize(
    "event",
    [
        None,
        "report",
        [],
        {},
        {"kind": "__class__"},
        {"kind": ["report"]},
        {"kind": "report"},
        {"kind": "report", "report": CODE},
        {"kind": "report", "report": {**HEALTHY["report"], "outcome": "wait"}},
        {"kind": "report", "report": {**HEALTHY["report"], "outcome": "fine"}},
        {"kind": "report", "report": {"outcome": "healthy"}},
        error_event(type="Any"),
        error_event(type="TYPE_CHECKING"),
        error_event(type="__builtins__"),
        error_event(type="ReachError.__subclasses__"),
        error_event(type="os.system"),
        error_event(type=["ReachError"]),
        error_event(details=[CODE]),
        error_event(details=None),
        {"kind": "timeout", "limit": CODE, "last": HEALTHY},
        {"kind": "timeout", "limit": "timeout", "last": {"kind": "timeout", "limit": "timeout", "last": HEALTHY}},
        {"kind": "timeout", "limit": "timeout", "last": None},
    ],
)
def test_an_event_that_no_trigger_made_ends_no_watch_well(event: Any, connected: Sandbox) -> None:
    with pytest.raises(ReachVersionError) as refused:
        read_event(event)
    assert len(str(refused.value)) < 900

    ended = resume(in_dag(ReachBatchStatusSensor, webhook_name="x"), "execute_complete", {"event": event})

    assert ended.how == "AirflowException"
    assert "This is no verdict" in ended.said


def test_an_error_s_type_is_one_of_our_own() -> None:
    for name in (*vars(builtins), *(f"builtins.{name}" for name in vars(builtins))):
        with pytest.raises(ReachVersionError):
            read_event(error_event(type=name))


@pytest.mark.parametrize(
    "name", ["__class__", "__dict__", "args", "final", "__cause__", "with_traceback", "__reduce__"]
)
def test_what_an_error_is_given_along_cannot_make_it_another(name: str) -> None:
    end = read_event(error_event(type="ReachAuthError", details={name: CODE}))

    assert isinstance(end, ReachError)
    assert (type(end).__name__, str(end)) == ("ReachAuthError", "x")


def test_a_megabyte_of_an_event_is_not_repeated() -> None:
    with pytest.raises(ReachVersionError) as refused:
        read_event({"kind": "x" * 5_000_000})

    assert len(str(refused.value)) < 900


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook_id", CODE),
        ("webhook_id", "../../other"),
        ("webhook_id", {"a": 1}),
        ("max_lost", CODE),
        ("min_age", CODE),
        ("drain", CODE),
        ("ignore_lost_before", CODE),
        ("on_cut", CODE),
        ("deadline", CODE),
        ("watched_from", CODE),
        ("poke_interval", CODE),
        ("poke_interval", "inf"),
        ("outage_tolerance", -1),
    ],
)
def test_a_trigger_s_row_that_was_tampered_with_asks_nothing(name: str, value: Any, connected: Sandbox) -> None:
    row = {**a_row(), name: value}

    try:
        watch = Watch.from_scalars(row, __version__)
    except ReachError as refused:
        assert len(str(refused)) < 900
        return
    ended = run(in_dag(ReachBatchStatusSensor, webhook_id=watch.webhook_id))
    assert ("is not a UUID" if isinstance(value, str) else "webhook_id must be a text, not") in ended.said
    assert connected.requests == []


def test_what_a_trigger_keeps_is_plain_and_without_the_key(connected: Sandbox) -> None:
    path, kept = ReachBatchStatusTrigger(reach_conn_id="reach_default", **a_row()).serialize()

    assert json.loads(json.dumps(kept)) == kept
    assert all(value is None or isinstance(value, (str, int, float, bool)) for value in kept.values())
    assert connected.api_key not in json.dumps([path, kept])


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "text",
    [CODE, f"[{CODE}]", f"({CODE},)", f"{{{CODE}: 1}}", DEEP, "(" * 100_000, "{" * 100_000, f"(-{'-' * 100_000}1)"],
)
def test_a_text_that_is_read_as_a_list_is_never_run(text: str) -> None:
    assert parsed(text) == text


@pytest.mark.parametrize("declared", [f"[{CODE}]", CODE, DEEP, {"name": CODE}, [{"name": CODE, "__class__": "x"}]])
def test_nor_is_a_table_of_webhooks(declared: Any, connected: Sandbox) -> None:
    ended = run(in_dag(ReachListWebhooksOperator, declared=declared))

    assert ended.how == "AirflowFailException"
    assert connected.requests == []


@pytest.mark.parametrize("value", [{"a": 1}, ["x"], 7, b"x", CODE, "x" * 1_000_000])
def test_any_value_may_come_as_an_id(value: Any, connected: Sandbox) -> None:
    ended = run(in_dag(ReachValidateWebhookOperator, webhook_id=value))

    assert ("is not a UUID" if isinstance(value, str) else "webhook_id must be a text, not") in ended.said
    assert len(ended.said) < 900
    assert connected.requests == []


def a_row() -> dict[str, Any]:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc).isoformat()
    return {"webhook_id": "0b7ee2a5-6f4e-4e52-8ef8-3e2c1d9e6f10", "watched_from": now, "deadline": now, "version": "0"}
