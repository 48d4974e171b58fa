"""Answers without an end, and small ones that unpack to huge ones; what they cost in memory is measured."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from functools import lru_cache

from airflow_provider_reach.core.errors import ReachDecodeError, ReachLostAnswerError, ReachTimeoutError
from airflow_provider_reach.sandbox import Fault as SandboxFault
from evidence.faults.front import Play, Talk
from evidence.faults.in_http import CarryOut, floods
from evidence.faults.right import Fault, Outcome

LIMITS = "Answers without end"
PACKED = 10 * 1024 * 1024
"""Bytes of a bomb; it unpacks to a thousand times as many."""

DECODE, LOST, TIMEOUT = ReachDecodeError, ReachLostAnswerError, ReachTimeoutError
_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n"
_CHUNK = b"10000\r\n" + b" " * 0x10000 + b"\r\n"


def _endless(name: str, talk: Talk, *means: Outcome, slow: bool = False) -> Fault:
    return Fault(LIMITS, name, Play(talk=talk), means, heavy=True, slow=slow)


def _bomb(coding: str, made: Callable[[], bytes]) -> Talk:
    """Made only when it is played."""

    def talk(connection: object, carry_out: CarryOut) -> None:
        floods_once(connection, f"Content-Encoding: {coding}", made())

    return talk


def floods_once(connection: object, header: str, packed: bytes) -> None:
    """Sends 10 MB made of one piece, which is never kept whole here."""
    times = max(1, PACKED // len(packed))
    head = f"{header}\r\nContent-Length: {times * len(packed)}\r\n\r\n"
    connection.sendall(_OK + head.encode())  # type: ignore[attr-defined]
    for _ in range(times):
        connection.sendall(packed)  # type: ignore[attr-defined]


@lru_cache
def _gzip() -> bytes:
    return gzip.compress(bytes(100 * 1024 * 1024))


@lru_cache
def _deflate() -> bytes:
    """A block of zeros, which may be repeated; what begins and ends the whole is left out."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return packer.compress(bytes(10 * 1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)


@lru_cache
def _twice() -> bytes:
    return gzip.compress(_gzip() * 100)


FAULTS = [
    _endless("a body without end", floods(_OK + b"\r\n{", b" "), DECODE),
    _endless("chunks without end", floods(_CHUNKED + b"\r\n", _CHUNK), DECODE),
    Fault(LIMITS, "100 MB of right JSON", SandboxFault.huge(100 * 1024 * 1024), DECODE, heavy=True),
    _endless("gzip: 10 MB of 10 GB", _bomb("gzip", _gzip), DECODE),
    _endless("deflate: 10 MB of 10 GB", _bomb("deflate", _deflate), DECODE),
    _endless("gzip in gzip: 10 MB of far more", _bomb("gzip, gzip", _twice), DECODE),
    _endless(
        "gzip of nothing, over and over",
        floods(_OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"")),
        DECODE,
        LOST,
        TIMEOUT,
        slow=True,
    ),
    _endless(
        "gzip, and then no gzip without end",
        floods(_OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b'{"results": []}'), b" "),
        DECODE,
        LOST,
        TIMEOUT,
        slow=True,
    ),
    _endless("interim answers without end", floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), TIMEOUT, slow=True),
    _endless("headers without end", floods(_OK, b"X-Many: 1\r\n"), LOST, TIMEOUT, slow=True),
    _endless("one header without end", floods(_OK + b"X-Long: ", b"x"), LOST),
    _endless("a first line without end", floods(b"HTTP/1.1 200 ", b"O"), LOST),
    _endless("a chunk's size without end", floods(_CHUNKED + b"\r\n1;", b"x"), LOST, TIMEOUT, slow=True),
    _endless("trailers without end", floods(_CHUNKED + b"\r\n0\r\n", b"X-Many: 1\r\n"), LOST, TIMEOUT, slow=True),
    _endless(
        "a chunk of more bytes than there are", floods(_CHUNKED + b"\r\nFFFFFFFFFFFFFFFF\r\n", b" "), DECODE, LOST
    ),
]
