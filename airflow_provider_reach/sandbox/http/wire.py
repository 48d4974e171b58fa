"""Between the socket and the API: here every request is recorded, and every fault happens."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from requests.structures import CaseInsensitiveDict
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airflow_provider_reach.sandbox.http.faults import HUGE_BEGINNING, HUGE_END, Fault, Faults

_CHUNK = 65_536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass
class RecordedRequest:
    """
    One request that the API received.

    :param path: without the query.
    :param query: its parameters; of a repeated one, the last.
    :param headers: names match in any case.
    :param operation: ``list``, ``create``, ``retrieve``, ``update``, ``delete``, ``validate`` or
        ``batch_status``; None where the API has no such operation.
    :param request_id: the id that its answer has in ``X-Request-Id``.
    :param status: the HTTP status it was answered with; None: it has not been answered (yet).
    :param at: when, in simulated time.
    :param webhook_id: the id in its path, in lower case; None: it is about no one webhook.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: CaseInsensitiveDict[str]
    body: bytes
    operation: str | None
    at: datetime
    request_id: str
    status: int | None = None
    webhook_id: str | None = None


@dataclass
class _Reply:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""


@dataclass
class Wire:
    """
    The ASGI application that the server runs.

    Requests to the control API are not recorded, meet no fault, and are answered without latency.
    """

    api: Starlette
    control: ASGIApp
    faults: Faults
    clock: Callable[[], datetime]
    service_clock: Callable[[], datetime]
    latency: Callable[[], float]
    requests: list[RecordedRequest] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, correctly or not."""
        if scope["path"].startswith("/sandbox/"):
            await self.control(scope, receive, send)
            return
        with suppress(ClientDisconnect):
            await self._serve(scope, receive, send, await Request(scope, receive).body())

    async def _serve(self, scope: Scope, receive: Receive, send: Send, body: bytes) -> None:
        record = self._record(scope, body)
        fault = self.faults.next_for(record.operation, record.webhook_id)
        line = _Line(scope, receive, send, record)
        if latency := self.latency():
            await line.wait(latency)
        if fault is None:
            await line.answer(await self._carry_out(scope, body, record))
        elif fault.kind in ("replace", "huge"):
            await line.misbehave(fault, self._stamped(_Reply(fault.code, _raw(fault.headers), fault.content), record))
        elif fault.kind == "reset_before":
            await line.reset()
        else:
            await line.misbehave(fault, await self._carry_out(scope, body, record))

    def _record(self, scope: Scope, body: bytes) -> RecordedRequest:
        matches = ((route, *route.matches(scope)) for route in self.api.routes)
        fitting = ((route, child) for route, match, child in matches if match is Match.FULL)
        route, child = next(fitting, (None, {}))
        record = RecordedRequest(
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=CaseInsensitiveDict(Request(scope).headers.items()),
            body=body,
            operation=getattr(route, "name", None),
            at=self.clock(),
            request_id=f"sandbox-{next(self._numbers)}",
            webhook_id=child.get("path_params", {}).get("webhook_id", "").lower() or None,
        )
        self.requests.append(record)
        return record

    async def _carry_out(self, scope: Scope, body: bytes, record: RecordedRequest) -> _Reply:
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        await self.api(scope, receive, send)
        start, *parts = messages
        content = b"".join(part.get("body", b"") for part in parts)
        return self._stamped(_Reply(start["status"], list(start["headers"]), content), record)

    def _stamped(self, reply: _Reply, record: RecordedRequest) -> _Reply:
        stamps = {
            b"date": format_datetime(self.service_clock(), usegmt=True),
            b"x-request-id": record.request_id,
        }
        there = {name.lower() for name, _ in reply.headers}
        reply.headers += [(name, value.encode()) for name, value in stamps.items() if name not in there]
        return reply


@dataclass
class _Line:
    """The connection on which a request came in."""

    scope: Scope
    receive: Receive
    send: Send
    record: RecordedRequest

    async def misbehave(self, fault: Fault, reply: _Reply) -> None:
        half = reply.body[: len(reply.body) // 2]
        if fault.kind == "reset_after":
            await self.reset()
        elif fault.kind == "truncated":
            await self._start(reply, promised=len(reply.body))
            await self._send_part(half)
            await self._hang_up()
        elif fault.kind == "huge":
            await self._answer_hugely(reply, fault.size)
        elif fault.kind == "cut_json":
            await self.answer(_Reply(reply.status, _without_length(reply.headers), half))
        else:
            await self.wait(fault.seconds)
            await self.answer(reply)

    async def answer(self, reply: _Reply) -> None:
        await self._start(reply, promised=len(reply.body))
        await self.send({"type": "http.response.body", "body": reply.body})

    async def wait(self, seconds: float) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._gone(), seconds)

    async def reset(self) -> None:
        # Without lingering, closing sends a reset instead of an orderly end.
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()
        await self._gone()

    async def _answer_hugely(self, reply: _Reply, size: int) -> None:
        await self._start(reply, promised=size)
        await self._send_part(HUGE_BEGINNING)
        for left in range(size - len(HUGE_BEGINNING + HUGE_END), 0, -_CHUNK):
            await self._send_part(b" " * min(left, _CHUNK))
        await self.send({"type": "http.response.body", "body": HUGE_END})

    async def _start(self, reply: _Reply, promised: int) -> None:
        self.record.status = reply.status
        headers = _without_length(reply.headers)
        if reply.status != 204:
            headers.append((b"content-length", str(promised).encode()))
        await self.send({"type": "http.response.start", "status": reply.status, "headers": headers})

    async def _send_part(self, part: bytes) -> None:
        await self.send({"type": "http.response.body", "body": part, "more_body": True})

    async def _hang_up(self) -> None:
        self._transport.close()
        await self._gone()

    async def _gone(self) -> None:
        # The body has been read, so only the end of the connection is left to receive.
        await self.receive()

    @property
    def _transport(self) -> Any:
        return self.scope["state"]["transport"]


def _raw(headers: Any) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _without_length(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name != b"content-length"]
