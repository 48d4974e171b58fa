"""Faults of HTTP itself: answers that break off, trickle, or are none."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

from airflow_provider_reach.core.errors import ReachDecodeError, ReachLostAnswerError, ReachTimeoutError
from airflow_provider_reach.sandbox import Fault as SandboxFault
from evidence.faults.front import Play, Reply, Talk, answer
from evidence.faults.right import Fault, Outcome

HTTP = "HTTP"
DRIP = 0.1
LATE = 4.0

CarryOut = Callable[[], Reply]


def says(answered: bytes | Callable[[Reply], bytes], *, end: bool = False) -> Talk:
    """Answers with these bytes, or with what is made of the right answer, and may end the connection."""

    def talk(connection: socket.socket, carry_out: CarryOut) -> None:
        connection.sendall(answered if isinstance(answered, bytes) else answered(carry_out()))
        if end:
            raise ConnectionAbortedError  # nor is anything read any more

    return talk


def drips(made: Callable[[CarryOut], tuple[bytes, bytes]]) -> Talk:
    """Sends the first part at once and the second, over and over, a byte now and then."""

    def talk(connection: socket.socket, carry_out: CarryOut) -> None:
        first, then = made(carry_out)
        connection.sendall(first)
        for number in range(1000):
            time.sleep(DRIP)
            connection.sendall(then[number % len(then) :][:1])

    return talk


def floods(first: bytes, then: bytes) -> Talk:
    """Sends the first part once and the second for ever."""

    def talk(connection: socket.socket, carry_out: CarryOut) -> None:
        connection.sendall(first)
        many = then * (65_536 // len(then) + 1)
        while True:
            connection.sendall(many)

    return talk


def _silent(connection: socket.socket, carry_out: CarryOut) -> None:
    connection.recv(1)


def _chunked(reply: Reply, end: bytes = b"0\r\n\r\n") -> bytes:
    body = _body(reply)
    head = answer(Reply(200, b""), "Transfer-Encoding: chunked", length=None)
    return head + f"{len(body):x}\r\n".encode() + body + b"\r\n" + end


def _body(reply: Reply) -> bytes:
    """That of a deletion is empty; empty results say the same."""
    return reply.body or b'{"results": {}}'


def _with_body(*headers: str, length: Callable[[int], str | None]) -> Callable[[Reply], bytes]:
    def made(reply: Reply) -> bytes:
        body = _body(reply)
        return answer(Reply(200, body), *headers, length=length(len(body)))

    return made


def _over_http(name: str, talk: Talk, means: Outcome | tuple[Outcome, ...], **how: bool) -> Fault:
    return Fault(HTTP, name, Play(talk=talk), means, **how)  # type: ignore[arg-type]


def _by_sandbox(name: str, fault: SandboxFault, means: Outcome, *, taken: bool, slow: bool = False) -> Fault:
    no_body: dict[str, Outcome] = {"delete": None} if fault.kind == "truncated" else {}
    return Fault(HTTP, name, fault, means, no_body, taken=taken, slow=slow)


def _plain(reply: Reply) -> bytes:
    return answer(Reply(200, _body(reply)))


def _begun(_: Reply) -> bytes:
    return answer(Reply(200, b"{"), length="9999")


def _lines(*lines: str) -> Callable[[Reply], bytes]:
    return lambda reply: "\r\n".join([*lines, ""]).encode("latin-1") + _plain(reply)


def _second_answer(connection: socket.socket, carry_out: CarryOut) -> None:
    connection.sendall(_plain(carry_out()) + answer(Reply(200, b'{"results": []}')))


def _headers(number: int) -> Iterator[str]:
    return (f"X-Many-{each}: 1" for each in range(number))


LOST, TIMEOUT, DECODE = ReachLostAnswerError, ReachTimeoutError, ReachDecodeError

FAULTS = [
    _by_sandbox("reset before it is done", SandboxFault.reset_before(), LOST, taken=False),
    _by_sandbox("reset after it was done", SandboxFault.reset_after(), LOST, taken=True),
    _by_sandbox("the answer breaks off half way", SandboxFault.truncated(), LOST, taken=True),
    _by_sandbox("done at once, answered too late", SandboxFault.slow(LATE), TIMEOUT, taken=True, slow=True),
    _over_http("no answer", _silent, TIMEOUT, slow=True),
    _over_http("closed without an answer", says(b"", end=True), LOST),
    _over_http("headers that trickle", drips(lambda _: (b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n")), TIMEOUT, slow=True),
    _over_http("a first line that trickles", drips(lambda _: (b"HTTP/1.1 200 ", b"O")), TIMEOUT, slow=True),
    _over_http(
        "a body that trickles",
        drips(lambda carry_out: (_begun(carry_out()), b" ")),
        TIMEOUT,
        taken=True,
        slow=True,
    ),
    _over_http(
        "chunks that trickle",
        drips(lambda carry_out: (_chunked(carry_out())[:-5], b"1\r\n \r\n")),
        TIMEOUT,
        taken=True,
        slow=True,
    ),
    _over_http("chunks without an end", says(lambda reply: _chunked(reply, b""), end=True), LOST, taken=True),
    _over_http("chunks of no length", says(lambda reply: _chunked(reply, b"zz\r\n"), end=True), LOST, taken=True),
    _over_http("another protocol", says(b"SSH-2.0-OpenSSH_9.6\r\n", end=True), LOST),
    _over_http("bytes of no meaning", says(bytes(range(256)) * 8, end=True), LOST),
    _over_http("half a first line", says(b"HTTP/1.", end=True), LOST),
    _over_http("the connection ends in the headers", says(b"HTTP/1.1 200 OK\r\nX-A: 1\r\n", end=True), LOST),
    _over_http("an unknown version of HTTP", says(b"HTTP/7.3 200 OK\r\n\r\n", end=True), (LOST, DECODE)),
    _over_http("a status that is not a number", says(b"HTTP/1.1 OK\r\n\r\n", end=True), LOST),
    _over_http(
        "Content-Length too large", says(_with_body(length=lambda size: str(size + 9)), end=True), LOST, taken=True
    ),
    _over_http(
        "Content-Length too small", says(_with_body(length=lambda size: str(size - 9))), (DECODE, LOST), taken=True
    ),
    _over_http(
        "Content-Length that is not a number",
        says(_with_body(length=lambda size: "many"), end=True),
        (LOST, None),
        taken=True,
    ),
    _over_http(
        "Content-Length below zero", says(_with_body(length=lambda size: "-9"), end=True), (LOST, None), taken=True
    ),
    _over_http(
        "two Content-Lengths that differ",
        says(_with_body("Content-Length: 5", length=str), end=True),
        LOST,
        taken=True,
    ),
    _over_http(
        "the same Content-Length twice",
        says(lambda reply: answer(Reply(200, _body(reply)), f"Content-Length: {len(_body(reply))}"), end=True),
        (LOST, None),
        taken=True,
    ),
    _over_http(
        "no Content-Length, the connection ends", says(_with_body(length=lambda _: None), end=True), None, taken=True
    ),
    _over_http(
        "headers given twice", says(_with_body("Date: a", "Date: b", "X-A: 1", "X-A: 2", length=str)), None, taken=True
    ),
    _over_http(
        "a header line without a colon", says(_with_body("nonsense", length=str), end=True), (LOST, None), taken=True
    ),
    _over_http(
        "200 headers", says(lambda reply: answer(Reply(200, _body(reply)), *_headers(200))), (LOST, None), taken=True
    ),
    _over_http(
        "interim answers first (100, 102, 103)",
        says(
            _lines(
                "HTTP/1.1 100 Continue\r\n", "HTTP/1.1 102 Processing\r\n", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n"
            )
        ),
        None,
        taken=True,
    ),
    _over_http(
        "101 instead of an answer",
        says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", end=True),
        (DECODE, LOST),
    ),
    _over_http("a second answer that nobody asked for", _second_answer, None, taken=True),
]
