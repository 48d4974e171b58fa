"""The front door: life, connection, records."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import UUID

import pytest
import requests

from airflow_provider_reach.sandbox import Fault, Sandbox

Call = Callable[..., requests.Response]
on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts sockets in /proc")


def open_sockets() -> int:
    links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))
    return sum(os.readlink(link).startswith("socket:") for link in links if os.path.islink(link))


def connect(reach: Sandbox) -> socket.socket:
    host, port = reach.root_url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


@on_linux
def test_nothing_is_left_behind(calling: Callable[[Sandbox], Call]) -> None:
    threads, sockets = set(threading.enumerate()), open_sockets()
    with Sandbox() as reach:
        call = calling(reach)
        for name in ("orders", "refusing", "hanging"):
            call("POST", json={"name": name, "target": reach.target(name).url, "events": ["bounce"]})
        reach.target("refusing").refuse()
        reach.target("hanging").hang()
        url = reach.base_url
        assert call("GET").status_code == 200
    assert set(threading.enumerate()) == threads
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=1)
    assert open_sockets() == sockets + 1, "the one that the session of this test keeps open"


@on_linux
@pytest.mark.parametrize("attempt", range(5))
def test_it_ends_while_clients_come_and_wait(attempt: int, capfd: pytest.CaptureFixture[str]) -> None:
    sockets = open_sockets()
    with Sandbox() as reach:
        reach.fail(Fault.slow(60), times=None)
        clients = [connect(reach) for _ in range(5)]
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\nHost: reach\r\n\r\n")
        time.sleep(attempt / 1000)
    for client in clients:
        client.close()
    assert open_sockets() == sockets
    assert capfd.readouterr() == ("", "")


def test_it_ends_in_good_order_when_its_block_fails() -> None:
    threads = set(threading.enumerate())
    with pytest.raises(KeyError), Sandbox() as reach:
        raise KeyError(reach.target("orders"))
    assert set(threading.enumerate()) == threads


def test_it_ends_while_somebody_advances() -> None:
    with ThreadPoolExecutor(1) as other:
        with Sandbox() as reach:
            target = reach.target("orders")
            reach.traffic(reach.add_webhook("orders", target=target.url), 3600, 1)
            advance = other.submit(requests.post, f"{reach.root_url}/sandbox/advance", json={"days": 365})
            while not target.received:
                time.sleep(0.01)
        assert isinstance(advance.exception(5), requests.ConnectionError | None)


def test_a_port_can_be_chosen_but_not_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"), Sandbox(port=port):
            pass
    with Sandbox(port=port) as reach:
        assert reach.base_url == f"http://127.0.0.1:{port}/api"


def test_the_connection_is_what_airflow_takes(reach: Sandbox) -> None:
    assert reach.connection == {
        "conn_type": "reach",
        "host": reach.base_url,
        "password": reach.api_key,
        "extra": {"workspace_id": reach.workspace_id},
    }
    assert json.loads(reach.connection_json) == reach.connection
    assert str(UUID(reach.workspace_id)) == reach.workspace_id


def test_key_and_workspace_can_be_given(calling: Callable[[Sandbox], Call]) -> None:
    workspace_id = "C0FFEE00-0000-4000-8000-000000000000"
    with Sandbox(api_key="mine", workspace_id=workspace_id) as reach:
        assert reach.connection["password"] == "mine"
        assert calling(reach)("GET").status_code == 200


def test_keys_differ_from_sandbox_to_sandbox() -> None:
    assert len({Sandbox().api_key, Sandbox().api_key, Sandbox().limited_key}) == 3


def test_time_begins_at_the_real_now_or_where_told(start: datetime) -> None:
    before = datetime.now(timezone.utc)
    assert before <= Sandbox().now <= datetime.now(timezone.utc)
    reach = Sandbox(start=start.astimezone(timezone(timedelta(hours=2))))
    assert reach.now.isoformat() == "2026-03-01T12:00:00+00:00"
    with pytest.raises(ValueError, match="no time zone"):
        Sandbox(start=datetime(2026, 3, 1))


def test_time_passes_in_any_unit(reach: Sandbox, start: datetime) -> None:
    reach.advance(days=1, hours=2, minutes=3, seconds=4.5)
    assert reach.now == start + timedelta(days=1, hours=2, minutes=3, seconds=4.5)
    reach.advance_to(start + timedelta(days=2))
    assert reach.now == start + timedelta(days=2)
    with pytest.raises(ValueError, match="is before"):
        reach.advance(hours=-1)


def test_the_api_takes_its_time_but_answers_many_at_once(reach: Sandbox) -> None:
    url = f"{reach.base_url}/workspaces/{reach.workspace_id}/reach/webhooks"
    headers = {"Authorization": f"AccessKey {reach.api_key}"}
    reach.latency = 0.2
    before = time.monotonic()
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: requests.get(url, headers=headers, timeout=10), range(8)))
    assert 0.2 <= time.monotonic() - before < 1.5
    assert {answer.status_code for answer in answers} == {200}
    with pytest.raises(ValueError, match="latency=-1: at least 0"):
        Sandbox(latency=-1)


def test_who_goes_early_is_served_all_the_same(reach: Sandbox, call: Call) -> None:
    reach.latency = 30
    with pytest.raises(requests.ReadTimeout):
        call("POST", json={"name": "orders", "target": reach.target("orders").url, "events": ["bounce"]}, timeout=0.1)
    reach.latency = 0
    deadline = time.monotonic() + 5
    while not call("GET").json()["results"]:
        assert time.monotonic() < deadline
    assert [request.operation for request in reach.requests][:2] == ["create", "list"]


def test_requests_are_recorded(reach: Sandbox, call: Call, start: datetime) -> None:
    reach.advance(hours=1)
    call("GET", f"/{reach.add_webhook('orders', target='http://x')}/batch-status?limit=5&empty=")
    call("POST", data=b"{", headers={"Authorization": f"Bearer {reach.api_key}", "X-Mine": "1"})
    status, create = reach.requests
    assert (status.method, status.operation, status.status) == ("GET", "batch_status", 200)
    assert status.path.endswith("/batch-status")
    assert status.query == {"limit": "5", "empty": ""}
    assert status.at == start + timedelta(hours=1)
    assert (create.operation, create.body, create.status) == ("create", b"{", 400)
    assert create.headers["x-mine"] == create.headers["X-Mine"] == "1"
    reach.forget_requests()
    assert reach.requests == []


def test_a_request_broken_off_is_no_request(reach: Sandbox, call: Call, capfd: pytest.CaptureFixture[str]) -> None:
    with connect(reach) as client:
        client.sendall(b"POST /api HTTP/1.1\r\nHost: reach\r\nContent-Length: 100\r\n\r\nhalf")
    assert call("GET").status_code == 200
    assert [request.operation for request in reach.requests] == ["list"]
    assert capfd.readouterr() == ("", "")


def test_webhooks_can_be_made_changed_and_deleted_by_hand(reach: Sandbox, call: Call) -> None:
    target = reach.target("orders")
    webhook_id = reach.add_webhook("orders", target=target.url, active=False)
    webhook = call("GET", f"/{webhook_id}").json()["results"]
    assert (webhook["active"], len(webhook["events"])) == (False, 15)
    assert reach.send(webhook_id, 1) == []
    reach.update_webhook(webhook_id, active=True, events=["click"])
    assert len(reach.send(webhook_id, 1)) == 1
    assert target.received[0].body[0]["msys"]["track_event"]["type"] == "click"
    reach.delete_webhook(webhook_id)
    assert call("GET", f"/{webhook_id}").status_code == 404
    with pytest.raises(LookupError):
        reach.update_webhook(webhook_id, active=True)
    assert [batch.state for batch in reach.batches(webhook_id)] == ["delivered"]


def test_traffic_runs_as_time_advances(reach: Sandbox) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.traffic(webhook_id, batches_per_hour=2)
    reach.advance(hours=3)
    assert [len(batch.events) for batch in reach.batches(webhook_id)] == [50] * 6
    reach.traffic(webhook_id, batches_per_hour=0)
    reach.advance(hours=3)
    assert len(reach.target("orders").received) == 6
    with pytest.raises(ValueError, match="at least 0"):
        reach.traffic(webhook_id, -1)


def test_batches_of_the_past_need_no_post(reach: Sandbox, start: datetime) -> None:
    target = reach.target("orders")
    webhook_id = reach.add_webhook("orders", target=target.url)
    for hours, status in ((9, 503), (2, 503), (1, 200), (5, 200)):
        batch_id = reach.add_past_batch(webhook_id, start - timedelta(hours=hours), status, events=2)
    lost, pending, delivered, earlier = reach.batches(webhook_id)
    assert [(batch.state, len(batch.attempts), len(batch.events)) for batch in (lost, pending, delivered)] == [
        ("discarded", 12, 2),
        ("pending", 7, 2),
        ("delivered", 1, 2),
    ]
    assert earlier.batch_id == batch_id
    assert pending.attempts[1].at == pending.created + timedelta(minutes=1)
    assert target.received == []
    reach.advance(minutes=10)
    assert [batch.state for batch in reach.batches(webhook_id)] == ["discarded", *["delivered"] * 3]
    assert len(target.received) == 1
    with pytest.raises(ValueError, match="after the sandbox's now"):
        reach.add_past_batch(webhook_id, start + timedelta(days=1))
    with pytest.raises(ValueError, match="no time zone"):
        reach.add_past_batch(webhook_id, datetime(2026, 1, 1))
    with pytest.raises(LookupError):
        reach.add_past_batch("none", start)


def test_the_last_outcomes_are_those_of_the_latest_attempts(reach: Sandbox, call: Call, start: datetime) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    for hours in (1, 5):
        reach.add_past_batch(webhook_id, start - timedelta(hours=hours))
    assert call("GET").json()["results"][0]["last_successful"] == "2026-03-01T11:00:00.000Z"


def test_the_batch_size_can_be_chosen(start: datetime) -> None:
    with Sandbox(start=start, batch_size=100) as reach:
        webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
        assert len(reach.send(webhook_id, 250)) == 3


def test_a_consumer_may_call_the_api_while_it_is_being_delivered_to(reach: Sandbox, call: Call) -> None:
    class Consumer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answers.append(call("GET", f"/{webhook_id}").status_code)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    answers: list[int] = []
    with HTTPServer(("127.0.0.1", 0), Consumer) as server, ThreadPoolExecutor(1) as thread:
        served = thread.submit(server.handle_request)
        webhook_id = reach.add_webhook("orders", target=f"http://127.0.0.1:{server.server_port}")
        reach.send(webhook_id, 1)
        served.result(5)
    assert answers == [200]
    assert reach.batches(webhook_id)[0].state == "delivered"


def test_many_clients_at_once(reach: Sandbox) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    url = f"{reach.base_url}/workspaces/{reach.workspace_id}/reach/webhooks/{webhook_id}/batch-status"
    headers = {"Authorization": f"AccessKey {reach.api_key}"}
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda _: requests.get(url, headers=headers, timeout=10), range(200)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(reach.requests) == 200


@pytest.mark.parametrize("part", ["starlette", "uvicorn"])
def test_without_its_parts_it_says_how_to_install_them(part: str) -> None:
    code = f"import sys; sys.modules[{part!r}] = None; import airflow_provider_reach.sandbox"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert run.returncode == 1
    assert "ImportError: The Reach sandbox needs" in run.stderr.splitlines()[-1]
    assert "pip install 'airflow-provider-reach[sandbox]'" in run.stderr


def test_the_package_alone_loads_no_sandbox_and_the_sandbox_no_airflow() -> None:
    code = (
        "import sys, airflow_provider_reach; assert 'airflow_provider_reach.sandbox' not in sys.modules;"
        "import airflow_provider_reach.sandbox.__main__;"
        "ours = {name for name in sys.modules if name.startswith('airflow_provider_reach.')};"
        "ours.remove('airflow_provider_reach.version');"
        "assert all('.sandbox' in name for name in ours), ours;"
        "assert 'airflow' not in sys.modules"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert run.returncode == 0, run.stderr
