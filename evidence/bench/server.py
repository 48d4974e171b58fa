"""
The service to measure against: a process of its own, so that its work is not counted, with answers made beforehand.

It listens on this machine alone, and ends with the process that started it, or after ten minutes.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urljoin

from evidence.bench.answers import LIMIT, Rows, body, in_trouble, webhook, webhooks

ROOT = Path(__file__).resolve().parent.parent.parent
FEW = 5
LONGEST_LIFE = 600.0

counts: Counter[str] = Counter()


@contextmanager
def serving() -> Iterator[str]:
    """Start the service as a process; yield its URL."""
    command = [sys.executable, "-m", "evidence.bench.server"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def counted(url: str) -> Counter[str]:
    """
    What the service has counted: connections, looks and requests.

    :param url: The service's, or one below it.
    """
    with urllib.request.urlopen(urljoin(url, "/counts"), timeout=10) as answer:
        return Counter(json.load(answer))


class Answers:
    """Every answer, with the header of this second."""

    def __init__(self) -> None:
        now = datetime.now(timezone.utc)
        rows = Rows(now)
        listed = webhooks(now)
        few, full = body(rows.early(FEW)), body(rows.early(LIMIT - 1))
        self._missing, self._now = body([]), now
        self._lists: dict[bytes, bytes] = {}
        self._trouble = body(rows.undelivered(FEW, 5 * 3600, 7 * 3600, 9))
        self._bodies = {
            (b"small", b"webhooks"): listed,
            (b"small", b"batch-status"): few,
            (b"small", b"webhook"): webhook(),
            (b"full", b"webhook"): webhook(),
            (b"full", b"webhooks"): listed,
            (b"full", b"batch-status"): full,
            (b"changing", b"webhooks"): listed,
            (b"changing", b"batch-status"): full,
        }
        self._first_id = full[full.index(b'"batch_id": "') + 13 :][:8]
        self._made: dict[bytes, bytes] = {}

    def to(self, path: bytes) -> bytes:
        """The whole answer to a GET."""
        if path == b"/counts":
            return _answer(b"200 OK", json.dumps(counts).encode())
        if path not in self._made:
            parts = path.split(b"?")[0].split(b"/")
            workspace = _WORKSPACE.fullmatch(parts[1])
            found = self._of(workspace, parts) if workspace else self._bodies.get((parts[1], _kind(parts)))
            self._made[path] = _answer(b"404 Not Found", self._missing) if found is None else _answer(b"200 OK", found)
        return self._changed(self._made[path]) if path.startswith(b"/changing/") else self._made[path]

    def _changed(self, answer: bytes) -> bytes:
        """The same, with another id of its first batch each time."""
        counts["changed"] += 1
        return answer.replace(self._first_id, b"%08x" % counts["changed"], 1)

    def _of(self, workspace: re.Match[bytes], parts: list[bytes]) -> bytes:
        """The answers of a workspace of so many webhooks, of which every hundredth is in trouble."""
        if parts[-1] == b"webhooks":
            if parts[1] not in self._lists:
                self._lists[parts[1]] = webhooks(self._now, int(workspace[1]))
            return self._lists[parts[1]]
        if _kind(parts) == b"webhook":
            return self._bodies[b"small", b"webhook"]
        return self._trouble if in_trouble(parts[-2].decode()) else self._bodies[b"small", parts[-1]]

    def age(self) -> None:
        """Create them anew from now on, since the time has changed."""
        self._made.clear()


def _kind(parts: list[bytes]) -> bytes:
    """What is asked for: ``webhooks``, ``webhook`` or ``batch-status``."""
    return b"webhook" if parts[-2] == b"webhooks" else parts[-1]


_WORKSPACE = re.compile(rb"of-(\d+)(?:-(\d+)ms)?")


def latency(path: bytes) -> float:
    """Seconds after which a workspace's answer comes."""
    workspace = _WORKSPACE.match(path, 1)
    return int(workspace[2] or 0) / 1000 if workspace else 0.0


def _answer(status: bytes, content: bytes) -> bytes:
    """An answer with the headers of an API behind a load balancer."""
    return b"\r\n".join(
        [
            b"HTTP/1.1 " + status,
            b"Date: " + formatdate(usegmt=True).encode(),
            b"Content-Type: application/json; charset=utf-8",
            b"Content-Length: %d" % len(content),
            b"Connection: keep-alive",
            b"Server: service",
            b"Strict-Transport-Security: max-age=31536000; includeSubDomains",
            b"X-Request-Id: 4f0c6c3e-0d0f-4c1c-9c3e-2f7a5f1c0b7d",
            b"",
            content,
        ]
    )


class Protocol(asyncio.Protocol):
    """One connection; a request has no body, and the next one comes after the answer."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._received = b""
        self._known = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            path = self._received.split(b" ", 2)[1]
            self._received = self._received[end + 4 :]
            if path != b"/counts":
                self._count(path)
            answer, after = self._answers.to(path), latency(path)
            if after:
                asyncio.get_running_loop().call_later(after, self._transport.write, answer)
            else:
                self._transport.write(answer)

    def _count(self, path: bytes) -> None:
        counts["requests"] += 1
        counts["looks"] += path[-9:] != b"/webhooks"  # a look ends with the batch status, a peer's is all it asks
        counts["connections"] += not self._known
        self._known = True


async def serve() -> None:
    """Serve until the parent has gone, or for ten minutes."""
    answers = Answers()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Protocol(answers), "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    loop.add_reader(sys.stdin, ended.set)
    until = loop.time() + LONGEST_LIFE
    while not ended.is_set() and loop.time() < until:
        answers.age()
        await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(serve())
