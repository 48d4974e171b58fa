"""The API's own faults, as a client meets them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from time import monotonic
from typing import Any

import pytest
import requests

from airflow_provider_reach.sandbox import Fault, Sandbox

Call = Callable[..., requests.Response]


def spec(reach: Sandbox) -> dict[str, Any]:
    return {"name": "orders", "target": reach.target("orders").url, "events": ["bounce"]}


def names(call: Call) -> list[str]:
    return [webhook["name"] for webhook in call("GET").json()["results"]]


@pytest.mark.parametrize("code", [429, 500, 502, 503, 520])
def test_a_status_comes_in_the_shape_of_the_contract(reach: Sandbox, call: Call, code: int) -> None:
    reach.fail(Fault.status(code))
    answer = call("POST", json=spec(reach))
    assert answer.status_code == code
    assert answer.headers["Content-Type"] == "application/json"
    assert sorted(answer.json()["errors"][0]) == ["code", "message"]
    assert "Retry-After" not in answer.headers
    assert parsedate_to_datetime(answer.headers["Date"]) == reach.now
    assert names(call) == []


def test_a_status_may_say_when_to_come_back(reach: Sandbox, call: Call) -> None:
    reach.fail(Fault.status(429, headers={"Retry-After": "7"}))
    date = format_datetime(reach.now + timedelta(seconds=30), usegmt=True)
    reach.fail(Fault.status(503, headers={"Retry-After": date, "Date": "yesterday"}))
    assert call("GET").headers["Retry-After"] == "7"
    answer = call("GET")
    assert (answer.headers["Retry-After"], answer.headers["Date"]) == (date, "yesterday")


@pytest.mark.parametrize(
    ("fault", "content", "content_type"),
    [
        (Fault.status(502, "<html>Bad gateway</html>"), b"<html>Bad gateway</html>", "text/html; charset=utf-8"),
        (Fault.status(500, b""), b"", "application/json"),
        (Fault.status(500, {"error": "no"}), b'{"error":"no"}', "application/json"),
        (Fault.status(500, "oops", content_type="text/plain"), b"oops", "text/plain"),
        (Fault.body("<html>Sign in</html>"), b"<html>Sign in</html>", "text/html; charset=utf-8"),
        (Fault.body(b""), b"", "application/json"),
        (Fault.body({"results": "none"}), b'{"results":"none"}', "application/json"),
        (Fault.body([1, 2]), b"[1,2]", "application/json"),
        (Fault.body(None), b"null", "application/json"),
        (Fault.body(b"\x00\xff", "application/octet-stream"), b"\x00\xff", "application/octet-stream"),
    ],
)
def test_a_body_may_be_anything(reach: Sandbox, call: Call, fault: Fault, content: bytes, content_type: str) -> None:
    reach.fail(fault)
    answer = call("GET")
    assert answer.status_code == fault.code
    assert (answer.content, answer.headers["Content-Type"]) == (content, content_type)


def test_a_slow_answer_is_right(reach: Sandbox, call: Call) -> None:
    reach.fail(Fault.slow(0.2))
    started = monotonic()
    assert call("GET").json() == {"results": []}
    assert 0.2 <= monotonic() - started < 2


def test_who_does_not_wait_for_a_slow_answer_has_been_obeyed_all_the_same(reach: Sandbox, call: Call) -> None:
    reach.fail(Fault.slow(60), on="create")
    with pytest.raises(requests.ReadTimeout):
        call("POST", json=spec(reach), timeout=0.2)
    assert names(call) == ["orders"]


@pytest.mark.parametrize(("fault", "done"), [(Fault.reset_before(), []), (Fault.reset_after(), ["orders"])])
def test_a_reset_comes_before_or_after_the_deed(reach: Sandbox, call: Call, fault: Fault, done: list[str]) -> None:
    reach.fail(fault, on="create")
    with pytest.raises(requests.ConnectionError) as failure:
        call("POST", json=spec(reach))
    assert "reset by peer" in str(failure.value)
    assert names(call) == done
    assert [request.status for request in reach.requests] == [None, 200]


def test_a_truncated_answer_ends_before_its_length(reach: Sandbox) -> None:
    reach.fail(Fault.truncated())
    received = raw(reach)
    head, _, body = received.partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert b"200 OK" in head
    assert len(body) == promised // 2
    assert reach.requests[0].status == 200


def test_a_truncated_answer_is_seen_by_a_client(reach: Sandbox, call: Call) -> None:
    reach.fail(Fault.truncated())
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        call("GET")


def test_cut_json_is_whole_for_http(reach: Sandbox, call: Call) -> None:
    whole = call("GET").content
    reach.fail(Fault.cut_json())
    answer = call("GET")
    assert answer.status_code == 200
    assert answer.content == whole[: len(whole) // 2]
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("size", [15, 65_536 + 15, 1_000_000])
def test_a_huge_answer_has_its_size(reach: Sandbox, call: Call, size: int) -> None:
    reach.fail(Fault.huge(size))
    answer = call("GET")
    assert len(answer.content) == size == int(answer.headers["Content-Length"])
    assert answer.json() == {"results": []}


def test_nobody_need_read_a_huge_answer_to_its_end(reach: Sandbox, call: Call) -> None:
    reach.fail(Fault.huge(1_000_000_000))
    with call("GET", stream=True) as answer:
        assert next(answer.iter_content(10)) == b'{"results"'
    assert names(call) == []


@pytest.mark.parametrize("size", [-1, 14])
def test_a_huge_answer_has_room_for_its_json(size: int) -> None:
    with pytest.raises(ValueError, match="at least 15"):
        Fault.huge(size)


def test_faults_hit_their_operation_as_often_as_told(reach: Sandbox, call: Call) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.fail(Fault.status(503), on="batch_status", times=2)
    path = f"/{webhook_id}/batch-status"
    assert [call("GET").status_code, call("GET", f"/{webhook_id}").status_code] == [200, 200]
    assert [call("GET", path).status_code for _ in range(3)] == [503, 503, 200]


def test_a_fault_can_be_of_one_webhook_alone(reach: Sandbox, call: Call) -> None:
    ailing, other = (reach.add_webhook(name, target=reach.target("orders").url) for name in ("orders", "bounces"))
    reach.fail(Fault.status(500), on="batch_status", times=None, webhook_id=ailing)
    reach.fail(Fault.status(502), webhook_id=other)
    asked = [f"/{ailing.upper()}/batch-status", f"/{ailing}", "", f"/{other}", f"/{other}/batch-status"]
    assert [call("GET", path).status_code for path in asked] == [500, 200, 200, 502, 200]
    assert [request.webhook_id for request in reach.requests] == [ailing, ailing, None, other, other]
    reach.delete_webhook(ailing)
    assert call("GET", f"/{ailing}/batch-status").status_code == 500
    reach.heal()
    assert call("GET", f"/{ailing}/batch-status").status_code == 404


def test_faults_come_in_the_order_they_were_set(reach: Sandbox, call: Call) -> None:
    reach.fail(Fault.status(500), on="create")
    reach.fail(Fault.status(502), times=2)
    reach.fail(Fault.status(503), on="list", times=None)
    assert [call("GET").status_code for _ in range(4)] == [502, 502, 503, 503]
    reach.heal()
    assert call("GET").status_code == 200


@pytest.mark.parametrize(
    ("operation", "method", "path"),
    [
        ("list", "GET", ""),
        ("create", "POST", ""),
        ("retrieve", "GET", "/{id}"),
        ("update", "PUT", "/{id}"),
        ("delete", "DELETE", "/{id}"),
        ("validate", "POST", "/{id}/validate"),
        ("batch_status", "GET", "/{id}/batch-status"),
    ],
)
def test_every_operation_can_fail_and_is_recorded(
    reach: Sandbox, call: Call, operation: str, method: str, path: str
) -> None:
    path = path.format(id=reach.add_webhook("orders", target=reach.target("orders").url))
    reach.fail(Fault.status(418, b""), on=operation)
    assert call(method, path).status_code == 418
    [request] = reach.requests
    assert (request.method, request.operation, request.status) == (method, operation, 418)


def test_what_cannot_fail_is_refused(reach: Sandbox) -> None:
    with pytest.raises(ValueError, match="choose one of list, create"):
        reach.fail(Fault.slow(1), on="batch-status")
    with pytest.raises(ValueError, match="at least 1"):
        reach.fail(Fault.slow(1), times=0)
    with pytest.raises(LookupError, match="no webhook none"):
        reach.fail(Fault.slow(1), webhook_id="none")
    webhook_id = reach.add_webhook("orders", target="http://x")
    with pytest.raises(ValueError, match="about no one webhook"):
        reach.fail(Fault.slow(1), on="list", webhook_id=webhook_id)


def raw(reach: Sandbox) -> bytes:
    """One list request and every byte that came back."""
    head = (
        f"GET /api/workspaces/{reach.workspace_id}/reach/webhooks HTTP/1.1\r\nHost: reach\r\n"
        f"Authorization: AccessKey {reach.api_key}\r\n\r\n"
    )
    host, port = reach.root_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(head.encode())
        return b"".join(iter(lambda: client.recv(65_536), b""))
