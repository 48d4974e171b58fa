"""Built-in targets: small HTTP servers that answer as they are told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Literal
from urllib.parse import quote

import msgspec
from requests.structures import CaseInsensitiveDict

from airflow_provider_reach.sandbox.service.courier import BATCH_ID

_HOST = "127.0.0.1"
_CLOSING_POLL = 0.01


@dataclass(frozen=True)
class Received:
    """
    One POST that a target received.

    :param batch_id: its ``X-MessageSystems-Batch-ID``, or None.
    :param headers: its headers; names match in any case.
    :param body: its JSON, or its text where it is not JSON.
    :param at: when, in simulated time.
    """

    batch_id: str | None
    headers: CaseInsensitiveDict[str]
    body: Any
    at: datetime


@dataclass(frozen=True)
class _Conduct:
    kind: Literal["answers", "hangs", "hangs up"]
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"answers {self.status}" if self.kind == "answers" else self.kind


class Target:
    """
    A consumer of batches on a port of its own, answering 200 until told otherwise.

    :param name: the path of its URL.
    :param late: seconds after which it answers when it hangs.
    :param clock: returns the simulated time.
    """

    def __init__(self, name: str, late: float, clock: Callable[[], datetime]) -> None:
        self.name = name
        self.late = late
        self._clock = clock
        self._conducts = [_Conduct("answers")]
        self._received: list[Received] = []
        self._lock = threading.Lock()
        self._door_lock = threading.Lock()
        self._door: _Listener | socket.socket = _Listener(self, port=0)
        self._port = int(self._door.server_address[1])
        self.url = f"http://{_HOST}:{self._port}/{quote(name)}"

    @property
    def received(self) -> list[Received]:
        """Every POST it has received, oldest first, whatever it answered."""
        with self._lock:
            return list(self._received)

    @property
    def conduct(self) -> str:
        """What it does now, in words."""
        if isinstance(self._door, socket.socket):
            return "refuses"
        with self._lock:
            return str(self._conducts[0])

    def answer(self, status: int, body: str = "", headers: Mapping[str, str] | None = None) -> None:
        """
        Answer like this from now on.

        :param status: the HTTP status.
        :param body: the text of the answer.
        :param headers: headers of the answer.
        """
        self._behave(_Conduct("answers", status, body.encode(), headers or {}))

    def answer_in_turn(self, *statuses: int) -> None:
        """Answer with one status after the other, and keep to the last."""
        self._behave(*(_Conduct("answers", status) for status in statuses))

    def hang(self) -> None:
        """Answer only after the service has stopped waiting."""
        self._behave(_Conduct("hangs"))

    def hang_up(self) -> None:
        """Close the connection half way through each answer."""
        self._behave(_Conduct("hangs up"))

    def refuse(self) -> None:
        """Refuse every connection, on the same port, until told otherwise."""
        with self._door_lock:
            self._close_door()
            self._door = _hold(self._port)

    def close(self) -> None:
        """Stop listening, and end every thread."""
        with self._door_lock:
            self._close_door()

    def _behave(self, *conducts: _Conduct) -> None:
        with self._lock:
            self._conducts = list(conducts)
        with self._door_lock:
            if isinstance(self._door, socket.socket):
                self._close_door()
                self._door = _Listener(self, self._port)

    def _close_door(self) -> None:
        if isinstance(self._door, _Listener):
            self._door.stop()
        else:
            self._door.close()

    def take(self, headers: CaseInsensitiveDict[str], content: bytes) -> _Conduct:
        """Record a POST, and return how to respond."""
        try:
            body = msgspec.json.decode(content)
        except msgspec.DecodeError:
            body = content.decode(errors="replace")
        with self._lock:
            self._received.append(Received(headers.get(BATCH_ID), headers, body, self._clock()))
            return self._conducts.pop(0) if len(self._conducts) > 1 else self._conducts[0]


class Targets:
    """
    The targets by name; asking for a new name makes one.

    :param late: seconds after which a target answers when it hangs.
    :param clock: returns the simulated time.
    """

    def __init__(self, late: float, clock: Callable[[], datetime]) -> None:
        self._late = late
        self._clock = clock
        self._by_name: dict[str, Target] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> Target:
        with self._lock:
            if name not in self._by_name:
                self._by_name[name] = Target(name, self._late, self._clock)
            return self._by_name[name]

    def __iter__(self) -> Iterator[Target]:
        with self._lock:
            return iter(list(self._by_name.values()))

    def close(self) -> None:
        """Close all of them."""
        for target in self:
            target.close()


def _hold(port: int) -> socket.socket:
    """Hold a port without listening: connections are refused, and nobody else takes it."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((_HOST, port))
    return holder


class _Listener(ThreadingHTTPServer):
    daemon_threads = False  # So that closing waits for every handler.
    request_queue_size = 128

    def __init__(self, target: Target, port: int) -> None:
        super().__init__((_HOST, port), _Handler)
        self.target = target
        self._thread = threading.Thread(
            target=self.serve_forever, args=(_CLOSING_POLL,), name=f"reach-target-{target.name}"
        )
        self._thread.start()

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer would look up the host's name, which can take seconds.

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    timeout = 5
    server: _Listener

    def handle(self) -> None:
        with suppress(ConnectionError):  # A client that has stopped waiting needs no answer.
            super().handle()

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        conduct = self.server.target.take(CaseInsensitiveDict(self.headers.items()), content)
        if conduct.kind == "hangs":
            self._wait_while_somebody_listens(self.server.target.late)
        self._answer(conduct)

    def _wait_while_somebody_listens(self, seconds: float) -> None:
        self.connection.settimeout(seconds)
        with suppress(TimeoutError):
            self.connection.recv(1)

    def _answer(self, conduct: _Conduct) -> None:
        promised = len(conduct.body) + (64 if conduct.kind == "hangs up" else 0)
        self.send_response_only(conduct.status)
        headers = {"Content-Type": "text/plain", "Content-Length": str(promised), **conduct.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(conduct.body)

    def log_message(self, *args: object) -> None:
        """Log nothing: ``Target.received`` has it all."""
