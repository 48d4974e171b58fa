"""Faults in an answer's content: its JSON, its letters, its encoding."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

from airflow_provider_reach.core.errors import ReachDecodeError
from airflow_provider_reach.sandbox import Fault as SandboxFault
from evidence.faults.front import Play, Reply, answer
from evidence.faults.in_http import says
from evidence.faults.in_status import quoting
from evidence.faults.right import Fault, Outcome

CONTENT = "The content"

Means = Outcome | tuple[Outcome, ...]


def _holds(name: str, made: Callable[[bytes], bytes], means: Means, *headers: str, delete: Means = ()) -> Fault:
    """The request is carried out, and 200 with this is the answer; the answer to a deletion has empty results."""
    talk = says(lambda reply: answer(Reply(200, made(reply.body or b'{"results": {}}')), *headers))
    return Fault(CONTENT, name, Play(talk=talk), means, {} if delete == () else {"delete": delete}, taken=True)


def _always(body: bytes) -> Callable[[bytes], bytes]:
    return lambda _: body


def _same(body: bytes) -> bytes:
    return body


DECODE = ReachDecodeError
_TYPE, _CODING = "Content-Type: ", "Content-Encoding: "

FAULTS = [
    Fault(CONTENT, "200 with a login page", SandboxFault.body("<html>Sign in</html>"), DECODE),
    Fault(
        CONTENT,
        "200 with a page that quotes the request",
        Play(talk=quoting(200)),
        DECODE,
    ),
    Fault(
        CONTENT,
        "204 where a body is due",
        Play(talk=says(lambda _: answer(Reply(204, b"")))),
        DECODE,
        {"delete": None},
        taken=True,
    ),
    _holds("an empty body", _always(b""), DECODE, delete=None),
    _holds("white space", _always(b" \r\n"), DECODE, delete=None),
    Fault(CONTENT, "JSON cut half way", SandboxFault.cut_json(), DECODE, {"delete": None}, taken=True),
    _holds("JSON of something else", _always(b'{"data": []}'), DECODE),
    _holds("results that are null", _always(b'{"results": null}'), DECODE, delete=None),
    _holds("results of another kind", _always(b'{"results": "none"}'), DECODE),
    _holds("results together with errors", _always(b'{"results": [], "errors": [{"message": "no"}]}'), DECODE),
    _holds("text", _always(b"ok"), DECODE),
    _holds("JSON nested 100,000 deep", _always(b'{"results": ' + b"[" * 100_000), DECODE),
    _holds("a number of 100,000 digits", _always(b'{"results": ' + b"9" * 100_000 + b"}"), DECODE),
    _holds("bytes that are no letters", _always(b'{"results": "\xff\xfe"}'), DECODE),
    _holds("another content type, the body right", _same, None, f"{_TYPE}image/png"),
    _holds("no such content type, the body right", _same, None, f"{_TYPE}; ; =\xe4"),
    _holds("another charset named, the body right", _same, None, f"{_TYPE}application/json; charset=utf-16"),
    _holds("UTF-16", lambda body: body.decode().encode("utf-16"), DECODE, f"{_TYPE}application/json; charset=utf-16"),
    _holds("UTF-8 with a byte order mark", lambda body: b"\xef\xbb\xbf" + body, DECODE),
    _holds("gzip", gzip.compress, None, f"{_CODING}gzip"),
    _holds("deflate", zlib.compress, None, f"{_CODING}deflate"),
    _holds("gzip in two parts", lambda body: gzip.compress(body[:5]) + gzip.compress(body[5:]), None, f"{_CODING}gzip"),
    _holds("deflate without its header", lambda body: zlib.compress(body)[2:-4], None, f"{_CODING}deflate"),
    _holds("gzip and then something else", lambda body: gzip.compress(body) + b"more", DECODE, f"{_CODING}gzip"),
    _holds("gzip that is none", _same, DECODE, f"{_CODING}gzip"),
    _holds("deflate that is none", _same, DECODE, f"{_CODING}deflate"),
    _holds("gzip that breaks off", lambda body: gzip.compress(body)[:-12], DECODE, f"{_CODING}gzip"),
    _holds("gzip in gzip", lambda body: gzip.compress(gzip.compress(body)), DECODE, f"{_CODING}gzip, gzip"),
    _holds("a wrapping that nobody knows", lambda body: body[::-1], DECODE, f"{_CODING}x-reversed"),
    _holds("a wrapping that was not asked for", lambda body: b"\x0b\x02\x80" + body, DECODE, f"{_CODING}br"),
]
