from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.errors import (
    ReachAuthError,
    ReachCallError,
    ReachConfigError,
    ReachError,
    ReachServerError,
    ReachVersionError,
)
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.watch.events import TimedOut, event_of, read_event

REPORT = assess([], datetime(2026, 3, 1, 12, tzinfo=timezone.utc), DeliveryPolicy())
DOWN = ReachServerError("it is down", operation="list webhooks", status=503, service_message="busy", retry_after=1.5)


def through_the_database(event: dict[str, Any]) -> Any:
    return json.loads(json.dumps(event))


def test_a_verdict() -> None:
    assert read_event(through_the_database(event_of(REPORT))) == REPORT


@pytest.mark.parametrize(
    "error",
    [
        DOWN,
        ReachAuthError("refused", operation="list webhooks", status=401),
        ReachCallError("odd", operation="list webhooks"),
        ReachConfigError(["region is missing."], "Connection 'reach_default'"),
        errors.ReachInputError(["give webhook_id or webhook_name."], "the look"),
        errors.ReachLookupError("2 webhooks are named 'orders'"),
        ReachVersionError("what?"),
    ],
)
def test_an_error_keeps_its_type_its_message_and_what_it_carries(error: ReachError) -> None:
    again = read_event(through_the_database(event_of(error)))

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
    assert again.final == error.final


def test_what_is_not_plain_stays_behind() -> None:
    error = ReachError("odd")
    error.response = object()  # type: ignore[attr-defined]

    assert through_the_database(event_of(error))["details"] == {}


@pytest.mark.parametrize("limit", ["timeout", "execution_timeout"])
@pytest.mark.parametrize("last", [REPORT, DOWN])
def test_the_deadline(limit: Any, last: Any) -> None:
    again = read_event(through_the_database(event_of(TimedOut(limit, last))))

    assert isinstance(again, TimedOut)
    assert again.limit == limit
    assert str(again.last) == str(last)
    assert type(again.last) is type(last)


GOOD = event_of(REPORT)


@pytest.mark.parametrize(
    "event",
    [
        None,
        "success",
        [],
        {},
        {"status": "success"},
        {"kind": "success"},
        {"kind": "report"},
        {"kind": "report", "report": None},
        {"kind": "report", "report": {**GOOD["report"], "outcome": "fine"}},
        {"kind": "report", "report": {"outcome": "healthy"}},
        {"kind": "report", "report": {**GOOD["report"], "outcome": "wait"}},
        {"kind": "error", "type": "ReachError"},
        {"kind": "error", "type": "ReachUnheardOfError", "message": "", "details": {}},
        {"kind": "error", "type": "annotations", "message": "", "details": {}},
        {"kind": "error", "type": "Any", "message": "", "details": {}},
        {"kind": "error", "type": None, "message": "", "details": {}},
        {"kind": "error", "type": "ReachError", "message": "", "details": None},
        {"kind": "timeout", "limit": "timeout"},
        {"kind": "timeout", "limit": "patience", "last": GOOD},
        {"kind": "timeout", "limit": "timeout", "last": None},
        {"kind": "timeout", "limit": "timeout", "last": {"kind": "timeout", "limit": "timeout", "last": GOOD}},
    ],
)
def test_anything_else_is_refused_and_quoted(event: Any) -> None:
    with pytest.raises(ReachVersionError, match="an event that this version does not know: ") as refused:
        read_event(event)

    assert not refused.value.final
    assert len(str(refused.value)) < 700
    assert shown(event, 300) in str(refused.value)
