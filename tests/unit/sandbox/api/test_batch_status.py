"""What batch status shows of one and the same past, under every switch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from airflow_provider_reach.sandbox import Sandbox, Switches
from airflow_provider_reach.sandbox.api.batch_status import status_rows
from airflow_provider_reach.sandbox.service.model import Batch, PostResult, Webhook

Call = Callable[..., requests.Response]
OK = PostResult(latency=5, status=200)
BUSY = PostResult(latency=5, status=503, failure="503")
TIME_OUT = PostResult(latency=10_000, failure="ETIMEDOUT")


def batch(batch_id: str, created: datetime, *answers: tuple[int, PostResult]) -> Batch:
    webhook = Webhook("webhook", "orders", "http://consumer", ("bounce",), created)
    dated = tuple((created + timedelta(minutes=minutes), answer) for minutes, answer in answers)
    return Batch(batch_id, webhook, created, ({"msys": {}},) * 3, dated)


@pytest.fixture
def past(start: datetime) -> list[Batch]:
    return [
        batch("at once", start, (0, OK)),
        batch("recovered", start, (0, BUSY), (1, TIME_OUT), (3, OK)),
        batch("failing", start + timedelta(minutes=2), (0, BUSY), (1, BUSY)),
    ]


@pytest.fixture
def show(past: Sequence[Batch], start: datetime) -> Callable[..., list[dict[str, Any]]]:
    def show(after: timedelta = timedelta(hours=1), **switches: Any) -> list[dict[str, Any]]:
        return status_rows(past, Switches(**switches), start + after, timedelta(0))

    return show


Show = Callable[..., list[dict[str, Any]]]


def test_by_default_a_row_a_batch_as_of_its_creation(show: Show) -> None:
    assert show() == [
        {
            "batch_id": "failing",
            "ts": "2026-03-01T12:02:00.000Z",
            "attempts": 2,
            "response_code": "503",
            "failure_code": "503",
            "latency": 5,
        },
        {
            "batch_id": "recovered",
            "ts": "2026-03-01T12:00:00.000Z",
            "attempts": 2,
            "response_code": "200",
            "latency": 5,
        },
    ]


def test_ts_may_be_the_last_attempt(show: Show) -> None:
    assert [(row["batch_id"], row["ts"]) for row in show(ts="last_attempt")] == [
        ("failing", "2026-03-01T12:03:00.000Z"),
        ("recovered", "2026-03-01T12:03:00.000Z"),
    ]


@pytest.mark.parametrize("ts", ["creation", "last_attempt"])
def test_rows_may_be_attempts(show: Show, ts: str) -> None:
    rows = show(rows="attempt", ts=ts)
    assert [(row["batch_id"], row["ts"][14:16], row["attempts"], row.get("response_code")) for row in rows] == (
        [
            ("failing", "02", 2, "503"),
            ("failing", "02", 1, "503"),
            ("recovered", "00", 2, "200"),
            ("recovered", "00", 2, None),
            ("recovered", "00", 1, "503"),
        ]
        if ts == "creation"
        else [
            ("failing", "03", 2, "503"),
            ("recovered", "03", 2, "200"),
            ("failing", "02", 1, "503"),
            ("recovered", "01", 2, None),
            ("recovered", "00", 1, "503"),
        ]
    )


@pytest.mark.parametrize(
    ("kept_from", "after", "shown"),
    [
        ("creation", timedelta(hours=23, minutes=59), 2),
        ("creation", timedelta(hours=24), 1),
        ("creation", timedelta(hours=24, minutes=2), 0),
        ("last_change", timedelta(hours=24, minutes=2), 2),
        ("last_change", timedelta(hours=24, minutes=3), 0),
    ],
)
def test_rows_are_kept_for_24_hours(show: Show, kept_from: str, after: timedelta, shown: int) -> None:
    assert len(show(after=after, kept_from=kept_from)) == shown


@pytest.mark.parametrize(("no_response", "response_code"), [("missing", None), ("zero", "0"), ("empty", "")])
def test_an_attempt_without_response_has_a_word_for_it(show: Show, no_response: str, response_code: str | None) -> None:
    row = show(rows="attempt", ts="last_attempt", no_response=no_response)[3]
    assert (row.get("response_code"), row["failure_code"], row["latency"]) == (response_code, "ETIMEDOUT", 10_000)


def test_codes_may_be_numbers(show: Show) -> None:
    rows = show(rows="attempt", codes="number", no_response="zero")
    assert [(row["response_code"], row.get("failure_code")) for row in rows] == [
        (503, 503),
        (503, 503),
        (200, None),
        (0, "ETIMEDOUT"),
        (503, 503),
    ]
    [row] = [row for row in show(rows="attempt", codes="number", no_response="empty") if row["latency"] > 5]
    assert row["response_code"] == ""


def test_rows_may_carry_more_fields(show: Show) -> None:
    assert {(row["batch_size"], row["webhook_id"]) for row in show(extra_fields=True)} == {(3, "webhook")}


def test_a_clock_that_is_off_shows_in_ts_alone(past: list[Batch], start: datetime) -> None:
    now = start + timedelta(hours=23, minutes=59)
    rows = status_rows(past, Switches(), now, timedelta(minutes=-10))
    assert [row["ts"] for row in rows] == ["2026-03-01T11:52:00.000Z", "2026-03-01T11:50:00.000Z"]


def test_a_switch_refuses_an_answer_it_does_not_have() -> None:
    with pytest.raises(ValueError, match=r"rows='batches': choose one of 'batch', 'attempt'"):
        Switches(rows="batches")  # type: ignore[arg-type]


@pytest.fixture
def failing(reach: Sandbox) -> str:
    """A webhook with three failing batches, each made a minute after the other."""
    return fail_three_times(reach)


def fail_three_times(reach: Sandbox) -> str:
    target = reach.target("orders")
    webhook_id = reach.add_webhook("orders", target=target.url)
    target.answer(503)
    for _ in range(3):
        reach.send(webhook_id, 1)
        reach.advance(minutes=1)
    return webhook_id


@pytest.mark.parametrize(("limit", "rows"), [(1, 1), (2, 2), (3, 3), (100_000, 3), (None, 3)])
def test_limit_keeps_the_newest(reach: Sandbox, call: Call, failing: str, limit: int | None, rows: int) -> None:
    answer = call("GET", f"/{failing}/batch-status", params={"limit": limit})
    newest_first = [batch.batch_id for batch in reversed(reach.batches(failing))]
    assert answer.status_code == 200
    assert [row["batch_id"] for row in answer.json()["results"]] == newest_first[:rows]


@pytest.mark.parametrize("limit", ["0", "-1", "ten", "1.5", "", "9" * 19])
def test_a_limit_that_is_no_number_of_rows_is_refused(call: Call, failing: str, limit: str) -> None:
    answer = call("GET", f"/{failing}/batch-status", params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "invalid_limit"


def test_without_limit_a_thousand_rows(reach: Sandbox, call: Call) -> None:
    webhook_id = reach.add_webhook("orders", target="http://127.0.0.1:9")
    reach.traffic(webhook_id, 3600, 1)
    reach._simulation._deliver = lambda batch: BUSY
    reach.advance(minutes=20)
    assert len(reach.batches(webhook_id)) == 1200
    assert len(call("GET", f"/{webhook_id}/batch-status").json()["results"]) == 1000
    assert len(call("GET", f"/{webhook_id}/batch-status?limit=2000").json()["results"]) == 1200


@pytest.mark.parametrize(
    ("over_cap", "limit", "status", "rows"),
    [("cut", 3, 200, 2), ("cut", 2, 200, 2), ("refuse", 3, 400, 0), ("refuse", 2, 200, 2), ("cut", 1, 200, 1)],
)
def test_the_service_may_have_a_cap(
    calling: Callable[[Sandbox], Call], over_cap: Any, limit: int, status: int, rows: int
) -> None:
    with Sandbox(switches=Switches(limit_cap=2, over_cap=over_cap)) as reach:
        webhook_id = fail_three_times(reach)
        answer = calling(reach)("GET", f"/{webhook_id}/batch-status", params={"limit": limit})
        assert answer.status_code == status
        assert len(answer.json().get("results", [])) == rows
