"""Faults that HTTP has a status for, and what comes with the status."""

from __future__ import annotations

import socket
from collections.abc import Callable

from airflow_provider_reach.core.errors import (
    ReachAuthError,
    ReachCallError,
    ReachDecodeError,
    ReachNotFoundError,
    ReachRateLimitError,
    ReachRequestError,
    ReachServerError,
    ReachTargetError,
)
from airflow_provider_reach.sandbox import Fault as SandboxFault
from evidence.faults.front import HOST, Play, Reply, Talk, answer, resolved
from evidence.faults.in_http import says
from evidence.faults.right import Fault, Outcome

STATUS, REDIRECTS, RETRY_AFTER = "The status", "Redirects", "Retry-After"


def _status(code: int, means: Outcome, **except_for: Outcome) -> Fault:
    name = f"{code} {_WORDS.get(code, '')}".strip()
    return Fault(STATUS, name, SandboxFault.status(code), means, except_for, quiet=code == 429)


_WORDS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    599: "of nobody knows what",
}


class Elsewhere:
    """Another host, to which nothing may ever be sent; it sees who comes all the same."""

    def __init__(self, name: str) -> None:
        resolved.add(name)
        self._listener = socket.create_server((HOST, 0))
        self._listener.setblocking(False)
        self.url = f"http://{name}:{self._listener.getsockname()[1]}/login?next=planted-query"

    def was_asked(self) -> bool:
        """Whether anybody has come since it was last asked."""
        try:
            self._listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True


ELSEWHERE = Elsewhere("elsewhere.invalid")


def _redirect(code: int) -> Fault:
    talk = says(answer(Reply(code, b""), f"Location: {ELSEWHERE.url}"))
    return Fault(REDIRECTS, f"{code} to another host", Play(talk=talk), ReachRequestError)


def _to_itself(connection: socket.socket, carry_out: Callable[[], Reply]) -> None:
    connection.sendall(answer(Reply(307, b""), "Location: ?again"))


def _retry_after(code: int, said: str, name: str, *, too_long: bool = False) -> Fault:
    means = ReachRateLimitError if code == 429 else ReachServerError
    fault = SandboxFault.status(code, headers={"Retry-After": said})
    return Fault(RETRY_AFTER, f"{code}: {name}", fault, means, too_long=too_long, quiet=code == 429)


def quoting(code: int) -> Talk:
    """A page that shows the whole request, the key and the body with it."""
    said = 'AccessKey planted-api-key-4711, {"password": "planted-password-4712"}'
    page = f"<html>Is it planted-api-key-4711? {said}, code {code}</html>"
    return says(answer(Reply(code, page.encode()), "Content-Type: text/html"))


PAGE = "<html>nothing here</html>"


def _page(code: int) -> Fault:
    """A page of a proxy or gateway in between."""
    return Fault(STATUS, f"{code} with a page that is no JSON", SandboxFault.status(code, PAGE), ReachDecodeError)


def _unreadable(code: int, coding: str, means: Outcome, **except_for: Outcome) -> Fault:
    talk = says(answer(Reply(code, b"\x0b\x02\x80{}"), f"Content-Encoding: {coding}"))
    name = f"{code} with a body that cannot be read ({coding})"
    return Fault(STATUS, name, Play(talk=talk), means, except_for, quiet=code == 429)


_TARGET = dict.fromkeys(("create", "update", "validate"), ReachTargetError)
_SAID: list[tuple[str, str, bool]] = [
    ("0", "0", False),
    ("-5", "a negative number", False),
    ("9" * 9, "30 years in seconds", True),
    ("9" * 40, "a number of 40 digits", True),
    ("soon", "no number", False),
    ("Fri, 31 Dec 9999 23:59:59 GMT", "the year 9999", False),
    ("Mon, 01 Jan 2001 00:00:00 GMT", "a date long past", False),
    ("Mon, 01 Jan 2999 00:00:00 GMT", "the year 2999", True),
]

FAULTS = [
    _status(400, ReachRequestError, **_TARGET),
    _status(401, ReachAuthError),
    _status(403, ReachAuthError),
    # The list holds the webhook, and is believed.
    _status(404, ReachNotFoundError, check_by_id=None, check_delivery=ReachCallError, check_workspace=ReachCallError),
    _status(408, ReachServerError),
    *(_status(code, ReachRequestError) for code in (409, 410, 413, 422)),
    _status(429, ReachRateLimitError),
    *(_status(code, ReachServerError) for code in (500, 502, 503, 504, 599)),
    *map(_page, (302, 400, 401, 403, 404, 413)),
    Fault(STATUS, "503 with a page that is no JSON", SandboxFault.status(503, PAGE), ReachServerError),
    Fault(STATUS, "407 of a proxy", SandboxFault.status(407, "", {"Proxy-Authenticate": "Basic"}), ReachDecodeError),
    Fault(STATUS, "401 with JSON of another form", SandboxFault.status(401, {"status": "no"}), ReachDecodeError),
    Fault(STATUS, "401 with an empty body", SandboxFault.status(401, ""), ReachAuthError),
    _unreadable(400, "br", ReachRequestError, **_TARGET),
    _unreadable(401, "br", ReachAuthError),
    _unreadable(401, "gzip", ReachAuthError),
    _unreadable(429, "zstd", ReachRateLimitError),
    _unreadable(503, "gzip, gzip", ReachServerError),
    Fault(
        STATUS,
        "401 whose body breaks off",
        Play(talk=says(answer(Reply(401, b'{"err'), length="99"), end=True)),
        ReachAuthError,
    ),
    Fault(STATUS, "500 with a page that quotes the request", Play(talk=quoting(500)), ReachServerError),
    Fault(STATUS, "422 with a page that quotes the request", Play(talk=quoting(422)), ReachDecodeError),
    *map(_redirect, (301, 302, 303, 307, 308)),
    Fault(REDIRECTS, "307 to itself", Play(talk=_to_itself), ReachRequestError),
    Fault(REDIRECTS, "304 Not Modified", Play(talk=says(answer(Reply(304, b""), length=None))), ReachRequestError),
    *(_retry_after(code, said, name, too_long=too_long) for code in (429, 503) for said, name, too_long in _SAID),
]
