"""The service of the long run: on a loopback socket, in the loop whose clock is put ahead, with that clock's time."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from http.client import responses
from typing import Any, Literal
from uuid import UUID

from evidence.soak.clock import BEGIN, moment
from evidence.soak.fates import HOUR, Script

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_BATCHES = 3
_ATTEMPT_EVERY = 8 * HOUR / 11


@dataclass(frozen=True)
class Outage:
    """
    A time when the service does not answer as it should.

    :param workspace: Where; None: everywhere.
    """

    begins: float
    ends: float
    how: Literal["reset", 429, 503]
    workspace: int | None = None

    def meets(self, workspace: int) -> bool:
        """Whether this workspace has it."""
        return self.workspace in (None, workspace)


def workspace_id(workspace: int) -> str:
    """The id of a workspace."""
    return str(UUID(int=workspace + 1, version=4))


class Service:
    """
    Answers as the scripts of the webhooks say, and notes when each was looked at.

    :param time: The loop's clock.
    """

    def __init__(self, time: Callable[[], float]) -> None:
        self.time = time
        self.key = "a-key"
        self.looks = self.refused = self.failed = self.open = self.most_open = 0
        self.longest_gap = 0.0
        self.load((), ())

    def connected(self, by: int) -> None:
        """A connection was opened, or closed."""
        self.open += by
        self.most_open = max(self.most_open, self.open)

    def load(self, scripts: Sequence[Script], outages: Sequence[Outage]) -> None:
        """Begin a generation: forget the webhooks before."""
        self._outages = outages
        self._scripts = {script.webhook_id: script for script in scripts}
        self._seen = {script.webhook_id: script.begins for script in scripts}
        self._lists: dict[tuple[str, int], bytes] = {}
        self._of_workspace: dict[str, list[Script]] = defaultdict(list)
        for script in scripts:
            self._of_workspace[workspace_id(script.workspace)].append(script)

    def waited(self, script: Script, since: float, now: float) -> float:
        """How long a watch has left undone what it could do: since then, or the end of its last outage."""
        ends = [outage.ends for outage in self._outages if outage.begins <= now and outage.meets(script.workspace)]
        return now - min(now, max([since, *ends]))

    def answer(self, path: str, key: str) -> bytes | None:
        """The whole answer to a GET; None: the connection is reset."""
        now = self.time()
        workspace, _, below = path.removeprefix("/workspaces/").partition("/reach/webhooks")
        for outage in self._outages:
            if outage.begins <= now < outage.ends and outage.meets(self._number(workspace)):
                self.failed += 1
                return None if outage.how == "reset" else self._error(outage.how, now)
        if key != self.key:
            self.refused += 1
            return self._error(401, now)
        if not below:
            return _answer(200, now, self._list(workspace, now))
        script = self._scripts[below.split("/")[1]]
        if script.has("deleted", now):
            return self._error(404, now)
        self._note(script, now)
        return _answer(200, now, _status(script, now))

    def _number(self, workspace: str) -> int:
        return (UUID(workspace).int & 0xFFFF) - 1

    def _note(self, script: Script, now: float) -> None:
        self.looks += 1
        self.longest_gap = max(self.longest_gap, self.waited(script, self._seen[script.webhook_id], now))
        self._seen[script.webhook_id] = now

    def _list(self, workspace: str, now: float) -> bytes:
        scripts = self._of_workspace[workspace]
        changed = sum(script.has("deleted", now) or script.has("inactive", now) for script in scripts)
        if (workspace, changed) not in self._lists:
            there = [_webhook(script, now) for script in scripts if not script.has("deleted", now)]
            self._lists[workspace, changed] = json.dumps({"results": there}).encode()
        return self._lists[workspace, changed]

    def _error(self, status: int, now: float) -> bytes:
        return _answer(status, now, json.dumps({"errors": [{"message": responses[status]}]}).encode())


def _webhook(script: Script, now: float) -> dict[str, Any]:
    return {
        "id": script.webhook_id,
        "name": f"webhook {script.number}",
        "target": f"https://consumer.example.com/{script.number}",
        "events": ["delivery", "bounce", "open", "click"],
        "active": not script.has("inactive", now),
        "auth_type": "none",
        "custom_headers": {},
        "last_failure": moment(script.created).isoformat(),
    }


def _status(script: Script, now: float) -> bytes:
    delivered = script.recovered and now >= script.decided
    row = {
        "ts": moment(script.created).isoformat(timespec="milliseconds"),
        "attempts": 1 + int((now - script.created) / _ATTEMPT_EVERY),
        "latency": 120,
        "batch_size": 50,
        "response_code": "200" if delivered else "503",
        **({} if delivered else {"failure_code": "503"}),
    }
    rows = [{"batch_id": f"{script.webhook_id}-{number}", **row} for number in range(_BATCHES)]
    return json.dumps({"results": rows}).encode()


def _answer(status: int, now: float, body: bytes) -> bytes:
    head = [
        f"HTTP/1.1 {status} {responses[status]}",
        f"Date: {formatdate(BEGIN.timestamp() + now, usegmt=True)}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(["Retry-After: 30"] if status == 429 else []),
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


class Protocol(asyncio.Protocol):
    """One connection; a request has no body, and the next one comes after the answer."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._service.connected(1)

    def connection_lost(self, exc: Exception | None) -> None:
        self._service.connected(-1)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(b"\r\n\r\n"):
            return
        first, *headers = self._received.decode().split("\r\n")
        self._received = b""
        key = next(line.partition("AccessKey ")[2] for line in headers if line.startswith("Authorization: "))
        answer = self._service.answer(first.split(" ")[1], key)
        if answer is None:
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._transport.abort()
        else:
            self._transport.write(answer)
