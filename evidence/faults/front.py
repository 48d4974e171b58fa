"""A server in front of the sandbox: it answers in its place when the sandbox cannot play a fault."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Literal

HOST = "127.0.0.1"

resolved: set[str] = set()
"""Names that are known to be those of this host."""

_OPERATIONS = {
    ("GET", ""): "list",
    ("POST", ""): "create",
    ("GET", "/ID"): "retrieve",
    ("PUT", "/ID"): "update",
    ("DELETE", "/ID"): "delete",
    ("POST", "/ID/validate"): "validate",
    ("GET", "/ID/batch-status"): "batch_status",
}
_WEBHOOKS = re.compile(r".*/reach/webhooks(?:(/)[0-9a-f-]{36}(/.*)?)?")


@dataclass(frozen=True)
class Request:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        """The operation of the API it asks for; empty if none."""
        known = _WEBHOOKS.fullmatch(self.path.partition("?")[0])
        place = "" if known is None or known[1] is None else f"/ID{known[2] or ''}"
        return _OPERATIONS.get((self.method, place), "") if known else ""


@dataclass(frozen=True)
class Reply:
    """What the service answers to a request that was carried out."""

    status: int
    body: bytes


Talk = Callable[[socket.socket, Callable[[], Reply]], None]
"""Answers a request over its connection; the second argument has the service carry it out."""

Greet = Callable[[socket.socket], None]
"""Handles a new connection instead of the sandbox."""


@dataclass(frozen=True)
class Play:
    """
    A fault as it is played before the sandbox.

    :param talk: Answers the requests that meet the fault.
    :param greet: Takes new connections.
    :param door: ``shut``: connections are refused; ``full``: nobody takes them.
    :param host: The name under which the service is asked.
    :param scheme: ``http`` or ``https``.
    :param shows: Which certificate.
    """

    talk: Talk | None = None
    greet: Greet | None = None
    door: Literal["open", "shut", "full"] = "open"
    host: str = HOST
    scheme: Literal["http", "https"] = "http"
    shows: str = "good"


class Front(ThreadingTCPServer):
    """
    A server in front of the sandbox: until ``heal`` it plays a fault, and then passes everything through.

    :param play: The fault.
    :param meets: The operation whose requests meet it.
    :param about: Only requests whose path holds this id meet it, or are counted; empty: all.
    :param behind: The sandbox's port.
    :param certificates: The certificates that may be shown, by what is wrong with them.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, play: Play, meets: str, about: str, behind: int, certificates: dict[str, ssl.SSLContext]
    ) -> None:
        super().__init__((HOST, 0), _Handler, bind_and_activate=False)
        self.play, self.meets, self.about = play, meets, about
        self.behind, self.certificates = behind, certificates
        self.faulty = True
        self.requests: list[str] = []
        self.port = 0
        self._open_connections: set[socket.socket] = set()
        self._first_in_line = socket.socket()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Front:
        self.server_bind()
        self.port = int(self.socket.getsockname()[1])
        if self.play.door == "full":
            self.socket.listen(0)
            self._first_in_line.connect((HOST, self.port))
        elif self.play.door == "open":
            self._open_door()
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.ident:
            self.shutdown()
            self._thread.join()
        self.drop()
        self._first_in_line.close()
        self.server_close()

    def heal(self) -> None:
        """End the fault."""
        self.faulty = False
        if not self._thread.ident:
            self._first_in_line.close()
            self._open_door()

    def drop(self) -> None:
        """Break every connection."""
        for connection in list(self._open_connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _open_door(self) -> None:
        self.server_activate()
        self._thread.start()

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        self._open_connections.add(request)
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def serve(self, connection: socket.socket) -> None:
        """
        Answer all that comes over a connection.

        :param connection: The accepted connection.
        """
        if self.faulty and self.play.greet:
            self.play.greet(connection)
            return
        if self.play.scheme == "https":
            shown = self.certificates[self.play.shows if self.faulty else "good"]
            connection = shown.wrap_socket(connection, server_side=True)
            self._open_connections.add(connection)
        with connection, connection.makefile("rb") as incoming:
            while (request := _read(incoming.readline, incoming.read)) is not None:
                if self.about in request.path:
                    self.requests.append(request.operation)
                self._answer(connection, request)

    def _answer(self, connection: socket.socket, request: Request) -> None:
        is_meant = request.operation == self.meets and self.about in request.path
        if self.faulty and self.play.talk and is_meant:
            self.play.talk(connection, lambda: self._carry_out(request))
        else:
            connection.sendall(answer(self._carry_out(request)))

    def _carry_out(self, request: Request) -> Reply:
        service = HTTPConnection(HOST, self.behind, timeout=30)
        service.request(request.method, request.path, request.body or None, request.headers)
        reply = service.getresponse()
        said = Reply(reply.status, reply.read())
        service.close()
        return said


class _Handler(BaseRequestHandler):
    server: Front

    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError, ValueError):
            self.server.serve(connection)


def _read(line: Callable[[], bytes], some: Callable[[int], bytes]) -> Request | None:
    first = line().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while (said := line().decode("latin-1").strip()) != "":
        name, _, value = said.partition(":")
        headers[name] = value.strip()
    length = next((int(value) for name, value in headers.items() if name.lower() == "content-length"), 0)
    return Request(first[0], first[1], headers, some(length))


def answer(reply: Reply, *headers: str, length: str | None = "") -> bytes:
    """
    An answer as it goes over the wire.

    :param reply: What it says.
    :param headers: More headers.
    :param length: The Content-Length: empty for the true one, None for none.
    """
    lines = [f"HTTP/1.1 {reply.status} As It Is", *headers]
    if length is not None and reply.status != 204:
        lines.append(f"Content-Length: {length or len(reply.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body
