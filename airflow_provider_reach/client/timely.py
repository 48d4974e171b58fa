"""Answers over ``requests`` that end in time: its own timeouts are for each piece, and of pieces there is no end."""

from __future__ import annotations

import io
import math
import socket
import time
from contextvars import ContextVar
from functools import lru_cache
from http.client import HTTPResponse, IncompleteRead
from typing import Any

from requests.adapters import HTTPAdapter

answer_until: ContextVar[float] = ContextVar("answer_until", default=math.inf)
"""When, by ``time.monotonic``, the answer to the next request must have ended."""


class TimelyAdapter(HTTPAdapter):
    """Makes connections whose answers have ended by ``answer_until``, head and body."""

    def get_connection_with_tls_context(self, *arguments: Any, **named: Any) -> Any:
        """The pool of connections that requests would take, be it to a proxy, with answers in time."""
        pool: Any = super().get_connection_with_tls_context(*arguments, **named)
        pool.ConnectionCls = _with_timely_answers(pool.ConnectionCls)
        return pool


@lru_cache(maxsize=16)
def _with_timely_answers(connection: type[Any]) -> type[Any]:
    if connection.response_class is _Answer:
        return connection
    return type(connection.__name__, (connection,), {"response_class": _Answer})


class _Answer(HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        self._incoming = _Incoming(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._incoming)

    def begin(self) -> None:
        """Read the head; an interim answer is not the answer, and half a head is none."""
        super().begin()
        while 101 < self.status < 200:  # of these, http.client knows 100 alone
            self.headers = None  # type: ignore[assignment]  # so that it begins again
            super().begin()
        if self._incoming.ended:
            raise IncompleteRead(b"")


class _Incoming(io.RawIOBase):
    """What a socket receives, until it is too late."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        pause = sock.gettimeout() if hasattr(sock, "gettimeout") else None  # which those of pyOpenSSL do not tell
        self._longest_pause = pause or math.inf
        self._until = answer_until.get()
        self.ended = False

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Receive a piece. What is sent next over the socket sets its timeout anew."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        if left < self._longest_pause:
            self._sock.settimeout(left)
        received: int | None = self._raw.readinto(buffer)
        self.ended = received == 0
        return received

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()
