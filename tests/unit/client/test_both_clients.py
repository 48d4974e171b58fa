"""For every script of answers and failures both drivers send the same requests and end the same way."""

from __future__ import annotations

import json
import random
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import responses
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import msgspec
import pytest

from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.api.exchange import AskContext, Exchange, ask
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.delivery.check import look
from airflow_provider_reach.core.errors import ReachError, ReachStatusError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.webhooks.converge import converge
from airflow_provider_reach.core.webhooks.create import create
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from tests.drivers import Driver, LoopClient

WORKSPACE = "0b7ee2a5-6f4e-4e52-8ef8-3e2c1d9e6f10"
WEBHOOK = "5f0c6c2b-1d55-4d4c-9a3f-0d7c3c1f2a90"
BASE = f"/api/workspaces/{WORKSPACE}/reach"
TARGET = "https://consumer.example/orders"
DATE = "Mon, 01 Jan 2024 00:00:00 GMT"
LATER = "Mon, 01 Jan 2024 00:00:20 GMT"
TIMEOUT = 0.2
OF_THE_LIBRARY = {"host", "connection", "accept-encoding", "content-length"}

# --- a server that plays a script


@dataclass(frozen=True)
class Step:
    """
    What the server does with a request.

    :param kind: ``right`` answers as the service would; ``answer`` as ``status``, ``body`` and ``headers`` say.
    """

    kind: str
    status: int = 200
    body: bytes = b""
    headers: tuple[str, ...] = ()


RIGHT, SILENT = Step("right"), Step("silent")


@dataclass(frozen=True)
class Received:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Play:
    """A script, and the requests that came; when it is at its end, all is right."""

    script: list[Step]
    received: list[Received] = field(default_factory=list)

    def next(self, request: Received) -> Step:
        self.received.append(request)
        number = len(self.received)
        return self.script[number - 1] if number <= len(self.script) else RIGHT


def webhook(**changes: Any) -> dict[str, Any]:
    return {
        "id": WEBHOOK,
        "name": "orders",
        "target": TARGET,
        "events": ["bounce"],
        "active": True,
        "auth_type": "none",
        **changes,
    }


def right_answer(request: Received) -> tuple[int, bytes]:
    """What the service says, which remembers nothing."""
    path = request.target.partition("?")[0].removeprefix(BASE)
    if request.method == "DELETE":
        return 204, b""
    if request.method in ("PUT", "POST"):
        return 200, json.dumps({"results": {"id": WEBHOOK}}).encode()
    if path.endswith("/batch-status"):
        row = {"batch_id": "b", "ts": "2023-12-31T23:00:00Z", "attempts": 3, "response_code": "503"}
        return 200, json.dumps({"results": [row]}).encode()
    return 200, json.dumps({"results": [webhook()] if path == "/webhooks" else webhook()}).encode()


class Server(ThreadingTCPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.play = Play([])
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/api"


class _Handler(BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.settimeout(5)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError), connection, connection.makefile("rb") as stream:
            while request := _read(stream):
                if not _act(connection, request, self.server.play.next(request)):
                    return


def _read(stream: Any) -> Received | None:
    line = stream.readline().decode("latin-1")
    if not line:
        return None
    method, target, _ = line.split(" ")
    headers = {}
    while field := stream.readline().decode("latin-1").strip():
        name, _, value = field.partition(":")
        headers[name.lower()] = value.strip()
    return Received(method, target, headers, stream.read(int(headers.get("content-length", 0))))


def _act(connection: socket.socket, request: Received, step: Step) -> bool:
    """Whether the connection is to be used again."""
    status, body = (step.status, step.body) if step.kind == "answer" else right_answer(request)
    if step.kind == "silent":
        connection.recv(1)
        return False
    if step.kind == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    if step.kind == "closed":
        return False
    if step.kind == "cut JSON":
        body = body[: len(body) // 2]
    lines = [f"HTTP/1.1 {status} {responses.get(status, 'Odd')}", f"Date: {DATE}", *step.headers]
    if status != 204:
        lines.append(f"Content-Length: {len(body) + (10 if step.kind == 'cut' else 0)}")
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + (b"" if request.method == "HEAD" else body))
    return step.kind != "cut"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


# --- what is played

ERROR = b'{"errors": [{"message": "no such thing"}]}'


def answers(*statuses: int, headers: tuple[str, ...] = (), body: bytes = ERROR) -> list[Step]:
    return [Step("answer", status, body, headers) for status in statuses]


STEPS = [
    *[RIGHT] * 6,
    *answers(200, body=b"<html>sign in</html>"),
    *answers(200, body=b'{"results": "none"}'),
    *answers(200, body=b'{"results": []}'),
    *answers(200, body=b""),
    *answers(204, body=b""),
    *answers(400, 401, 404, 404, 408, 413, 429, 500, 503),
    *answers(404, body=b"<html>nothing here</html>"),
    *answers(302, headers=("Location: https://elsewhere.example/x",), body=b""),
    *answers(429, 503, headers=("Retry-After: 3",)),
    *answers(429, 503, headers=(f"Retry-After: {LATER}",)),
    *answers(429, headers=("Retry-After: 400",)),
    *answers(503, headers=("Retry-After: soon", "Set-Cookie: a=b")),
    *[Step("cut JSON")] * 2,
    *[Step("cut")] * 2,
    *[Step("closed")] * 2,
    *[Step("reset")] * 2,
]

SPEC = WebhookSpec(name="orders", target=TARGET, events=["bounce"])
Making = Callable[[AskContext], Exchange[Any]]
EXCHANGES: dict[str, Making] = {
    "list": partial(ask, operations.list_webhooks()),
    "look by id": partial(look, WebhookRef(WEBHOOK), DeliveryPolicy()),
    "look by name": partial(look, WebhookRef(name="orders"), DeliveryPolicy(drain=True)),
    "create": partial(create, SPEC),
    "create another": partial(create, WebhookSpec(name="other", target=TARGET, events=["bounce"])),
    "delete": partial(ask, operations.delete_webhook(WEBHOOK)),
    "converge": partial(converge, WebhookRef(name="orders"), WebhookChanges(active=False, events=["bounce", "open"])),
    "converge nothing": partial(converge, WebhookRef(WEBHOOK), WebhookChanges(active=True)),
    "request": partial(ask, operations.any_request("POST", "/webhooks/x", {"a": "b c"}, {"d": "ü"})),
}


@dataclass
class Ended:
    """What came of an exchange, as far as it may not depend on the driver."""

    received: list[tuple[str, str, dict[str, str], bytes]]
    waits: list[float]
    end: Any


def played(
    driver: Driver, server: Server, script: list[Step], exchange: Making, seed: int, outage_tolerance: float
) -> Ended:
    server.play = play = Play(script)
    waits: list[float] = []
    config = ReachConfig(server.url, WORKSPACE, "planted-key", timeout=TIMEOUT if SILENT in script else 5.0)
    random.seed(seed)
    with driver(config, outage_tolerance=outage_tolerance, sleep=waits.append) as client:
        end: Any
        try:
            end = client.do(exchange)
        except ReachError as error:
            end = seen(error)
    received = [
        (request.method, request.target, dict(without_the_library_s(request.headers)), request.body)
        for request in play.received
    ]
    return Ended(received, waits, msgspec.to_builtins(end, enc_hook=repr))


def without_the_library_s(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in sorted(headers.items()) if name not in OF_THE_LIBRARY)


def seen(error: BaseException | None) -> list[str]:
    """The error and its causes: their kinds, and their words aside from those of an HTTP library."""
    told: list[str] = []
    while isinstance(error, ReachError):
        told.append(f"{type(error).__name__}: {_LIBRARY_WORDS.sub('…', str(error))}")
        if isinstance(error, ReachStatusError):
            told.append(f"{error.status} {error.service_message} {error.retry_after}")
        error = error.__cause__
    return told


_LIBRARY_WORDS = re.compile(
    r"(?<=could not be reached )\(.*?\)(?=\. Nothing was sent)"
    r"|within \d+ s \(.*?\)(?=\. If it goes on)"
    r"|(?<=the whole answer came )\(.*?\)(?=\. Ask again)",
    re.DOTALL,
)


def scripted(seed: int) -> tuple[str, list[Step], float]:
    chance = random.Random(seed)
    script = chance.choices(STEPS, k=chance.randrange(1, 9))
    if seed % 18 == 0:
        script[chance.randrange(len(script))] = SILENT
    exchange = list(EXCHANGES)[seed % len(EXCHANGES)]
    return exchange, script, chance.choice([0.0, 10.0, 60.0, 60.0, 300.0])


@pytest.fixture(autouse=True)
def _a_plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_provider_reach.core.api.request.TARGET_TIME", 0.0)
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def same(server: Server, exchange: str, script: list[Step], seed: int, outage_tolerance: float) -> Ended:
    """Plays it to both drivers, and demands the same."""
    reference, other = (
        played(driver, server, script, EXCHANGES[exchange], seed, outage_tolerance)
        for driver in (ReachClient, LoopClient)
    )
    for one in (reference, other):
        for request in one.received:
            request[2].pop("cookie", None)  # the session of requests remembers them
    assert other.received == reference.received
    assert other.end == reference.end
    assert other.waits == pytest.approx(reference.waits, abs=0.5)  # what requests cost is taken off the last wait
    return reference


@pytest.mark.parametrize("seed", range(144))
def test_both_drivers_send_the_same_and_end_the_same_way(seed: int, server: Server) -> None:
    exchange, script, tolerance = scripted(seed)

    same(server, exchange, script, seed, tolerance)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_both_drivers_do_the_same_where_all_is_right(exchange: str, server: Server) -> None:
    ended = same(server, exchange, [], 0, 60.0)

    assert ended.received[0][2]["authorization"] == "AccessKey planted-key"
    assert (ended.waits == []) == (exchange != "converge")  # the server does not remember an update


@pytest.mark.parametrize("kind", ["closed", "reset", "cut", "silent"])
@pytest.mark.parametrize("exchange", ["create", "delete"])
def test_both_drivers_do_the_same_where_the_first_answer_is_lost(exchange: str, kind: str, server: Server) -> None:
    ended = same(server, exchange, [Step(kind)], 0, 60.0)

    again = {"create": "GET", "delete": "DELETE"}[exchange]
    if (exchange, kind) != ("delete", "cut"):  # a 204 has no body that could be cut
        assert [request[0] for request in ended.received] == [again.replace("GET", "POST"), again]


def test_the_scripts_reach_every_end(server: Server) -> None:
    """A guard against scripts that no longer play what they should: the ends differ, and so do the waits."""
    ends = set()
    for seed in range(0, 144, 4):
        exchange, script, tolerance = scripted(seed)
        if SILENT not in script:
            end = played(ReachClient, server, script, EXCHANGES[exchange], seed, tolerance).end
            ends.add(end[0].partition(":")[0] if isinstance(end, list) else type(end).__name__)

    assert len(ends) >= 6


# --- odd letters


@pytest.mark.parametrize(
    "query",
    [
        {"a": "b c+d;e&f=g"},
        {"ü": "ß€ 😀"},
        {"a/b:@?": "!$'()*,~-._/:@?%41"},
        {"a": "", "b": "x"},
        {"a": '[]{}|\\^`"<>#'},
        {"a": "%2F%zz%"},
        {"a": "\n\x00\x7f"},
        {"a[]": 7, "b": None, "c": True},
        {},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_reaches_the_server_the_same(method: str, query: dict[str, Any], server: Server) -> None:
    exchange = partial(ask, operations.any_request(method, "/webhooks", query))

    ends = [played(driver, server, [], exchange, 0, 0) for driver in (ReachClient, LoopClient)]

    assert ends[0] == ends[1]
    assert ends[0].received[0][1].startswith(f"{BASE}/webhooks?" if query else f"{BASE}/webhooks")


@pytest.mark.parametrize("path", ["/a;b", "/a~b", "/a+b", "/a,b=c&d", "/a:b@c!$'()*", "/a-b._c", "/ab:c"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_a_path_reaches_the_server_the_same(method: str, path: str, server: Server) -> None:
    exchange = partial(ask, operations.any_request(method, path))

    ends = [played(driver, server, [], exchange, 0, 0) for driver in (ReachClient, LoopClient)]

    assert ends[0] == ends[1]
    assert [request[:2] for request in ends[0].received] == [(method, f"{BASE}{path}")]


@pytest.mark.parametrize("base", ["/api%7Ex/%2F", "/ä b", "", "/a+b;c"])
def test_an_odd_base_url_reaches_the_server_the_same(base: str, server: Server) -> None:
    received = []
    for driver in (ReachClient, LoopClient):
        server.play = Play([])
        url = server.url.removesuffix("/api") + base
        with driver(ReachConfig(url, WORKSPACE, "planted-key", timeout=5.0), outage_tolerance=0) as client:
            client.request("GET", "/webhooks", query={"a": "b"})
        received.append([request.target for request in server.play.received])

    assert received[0] == received[1]
