"""The sandbox as another process controls it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests

from airflow_provider_reach.sandbox import Sandbox

Control = Callable[..., requests.Response]


@pytest.fixture
def control(reach: Sandbox) -> Control:
    def control(method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, f"{reach.root_url}/sandbox{path}", timeout=10, **options)

    return control


def test_time_can_be_advanced(reach: Sandbox, control: Control, start: datetime) -> None:
    answer = control("POST", "/advance", json={"hours": 3, "minutes": 0.5})
    assert answer.status_code == 200
    assert datetime.fromisoformat(answer.json()["now"].replace("Z", "+00:00")) == reach.now
    assert reach.now == start + timedelta(hours=3, seconds=30)


def test_targets_can_be_told_what_to_do(reach: Sandbox, control: Control) -> None:
    assert control("POST", "/targets/orders", json={"answer": 503, "body": "busy"}).json() == {
        "name": "orders",
        "url": reach.target("orders").url,
        "conduct": "answers 503",
    }
    assert requests.post(reach.target("orders").url, timeout=5).text == "busy"
    for order, conduct in (("refuse", "refuses"), ("hang", "hangs"), ("hang_up", "hangs up")):
        assert control("POST", "/targets/orders", json={"do": order}).json()["conduct"] == conduct
    control("POST", "/targets/orders", json={"answer": 200})
    assert reach.target("orders").conduct == "answers 200"


def test_events_can_be_sent(reach: Sandbox, control: Control) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    batch_ids = control("POST", f"/webhooks/{webhook_id}/send", json={"events": 5}).json()["batch_ids"]
    assert [batch.batch_id for batch in reach.batches(webhook_id)] == batch_ids
    assert control("POST", f"/webhooks/{uuid4()}/send", json={"events": 5}).status_code == 404


def test_the_state_is_shown(reach: Sandbox, control: Control) -> None:
    reach.target("orders").answer_in_turn(200, 503)
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    for _ in range(2):
        reach.send(webhook_id, 1)
    assert control("GET", "/state").json() == {
        "now": "2026-03-01T12:00:00Z",
        "webhooks": [
            {
                "id": webhook_id,
                "name": "orders",
                "active": True,
                "target": reach.target("orders").url,
                "batches": {"delivered": 1, "pending": 1, "discarded": 0},
            }
        ],
        "targets": {"orders": {"url": reach.target("orders").url, "conduct": "answers 503"}},
    }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/advance", {"weeks": 1}),
        ("/advance", {"hours": "3"}),
        ("/advance", {"hours": -1}),
        ("/advance", {"days": 1e12}),
        ("/targets/orders", {}),
        ("/targets/orders", {"answer": 200, "do": "hang"}),
        ("/targets/orders", {"do": "close"}),
        ("/webhooks/x/send", {}),
    ],
)
def test_what_it_does_not_understand_is_refused(control: Control, path: str, body: dict[str, Any]) -> None:
    answer = control("POST", path, json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "invalid_field"


def test_it_is_neither_recorded_nor_faulty(reach: Sandbox, control: Control) -> None:
    from airflow_provider_reach.sandbox import Fault

    reach.fail(Fault.status(503), times=None)
    assert control("GET", "/state").status_code == 200
    assert control("GET", "/nothing").status_code == 404
    assert reach.requests == []
