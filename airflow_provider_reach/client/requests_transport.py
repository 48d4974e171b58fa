"""
One request over a connection of ``requests``: sent, read within bounds, and what its exceptions mean.

``requests`` finds out once how a service is reached, proxies and certificates included; what else it does for each
request takes twice as long as the request. Its timeouts are for each piece of an answer, and a server may send pieces
for ever. Its exceptions do not say whether the request was sent. Our own connection class keeps track of both.
"""

from __future__ import annotations

import io
import math
import socket
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from http.client import HTTPResponse, IncompleteRead
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import requote_uri
from urllib3 import BaseHTTPResponse, Retry, Timeout
from urllib3.exceptions import HTTPError, LocationParseError, ReadTimeoutError

from airflow_provider_reach.client.body import Body
from airflow_provider_reach.core.api.request import Request
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.config import is_loopback

MAX_ANSWER_BYTES = 64 * 1024 * 1024
_CHUNK = 256 * 1024
_ONCE = Retry(0, read=False)
_NOT_READ = (requests.RequestException, HTTPError, OSError, ValueError)


@dataclass
class Attempt:
    """A request on its way: when, by ``time.monotonic``, it must be answered; whether it may have been sent."""

    deadline: float = math.inf
    may_be_sent: bool = False


current_attempt: ContextVar[Attempt] = ContextVar("current_attempt")


class Route(NamedTuple):
    """
    How to reach a service.

    :param pool: The connections to it, or to a proxy.
    :param names_service: Whether each request must name it, as a proxy wants it.
    """

    pool: Any
    names_service: bool


class Session(requests.Session):
    """The connections that are open, and how they are made: proxies and the CA bundle come from the environment."""

    def __init__(self) -> None:
        super().__init__()
        self._adapter = Adapter()
        self._routes: dict[str, Route] = {}

    def close(self) -> None:
        """Close the connections."""
        self._routes.clear()
        self._adapter.close()
        super().close()

    def route(self, origin: str) -> Route:
        """
        How requests would reach a service; found once, since finding it takes longer than a request.

        :param origin: The scheme, host and port of its URL.
        """
        if origin not in self._routes:
            self._routes[origin] = self._route(requests.Request("GET", f"{origin}/").prepare())
        return self._routes[origin]

    def _route(self, request: requests.PreparedRequest) -> Route:
        url, adapter = str(request.url), self._adapter
        found = self.merge_environment_settings(url, {}, True, None, None)
        pool = adapter.get_connection_with_tls_context(request, found["verify"], found["proxies"], found["cert"])
        adapter.cert_verify(pool, url, found["verify"], found["cert"])  # type: ignore[no-untyped-call]
        return Route(pool, adapter.request_url(request, found["proxies"]) != request.path_url)

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """The environment's settings, but no proxy to this machine: it would see the key, perhaps in clear."""
        settings = super().merge_environment_settings(url, proxies, stream, verify, cert)
        if is_loopback(urlsplit(str(url)).hostname or ""):
            settings["proxies"] = {}
        return settings


def send(session: Session, request: Request) -> Answer | Failure:
    """
    Send a request once. Redirects are not followed, since the API key would go along.

    :param session: The session, whose open connections are used again.
    :param request: The request.
    :return: The answer, read to its end, or why there is none; no exception is raised for either.
    """
    started = time.monotonic()
    attempt = Attempt(deadline=started + request.longest)
    current_attempt.set(attempt)
    try:
        response = _sent(session, request)
        try:
            body = _read(response, attempt.deadline)
        finally:
            response.close()
            response.release_conn()
        return Answer(
            status=response.status,
            headers={name.lower(): response.headers[name] for name in response.headers},
            body=body.whole(),
            received=datetime.now(timezone.utc),
            seconds=time.monotonic() - started,
            too_large=body.too_large,
            unreadable=body.unreadable,
        )
    except _NOT_READ as error:
        return _failure(error, time.monotonic() - started, may_be_sent=attempt.may_be_sent)


def _sent(session: Session, request: Request) -> BaseHTTPResponse:
    url = urlsplit(request.url)
    origin = f"{url.scheme}://{url.netloc}"
    pool, names_service = session.route(origin)
    query = f"?{urlencode(request.query)}" if request.query else ""
    response: BaseHTTPResponse = pool.urlopen(
        request.method,
        f"{origin if names_service else ''}{requote_uri(url.path)}{query}",
        body=request.body,
        headers=request.headers,
        timeout=Timeout(connect=request.connect_timeout, read=request.read_timeout),
        retries=_ONCE,
        redirect=False,
        assert_same_host=False,
        preload_content=False,
        decode_content=False,
    )
    return response


def _read(response: BaseHTTPResponse, deadline: float) -> Body:
    """Read the body and unpack it, as far as it is wanted; one that only trickles in passes the deadline."""
    body = Body(response.headers.get("Content-Encoding", ""), MAX_ANSWER_BYTES)
    try:
        while body.is_wanted and (piece := response.read1(_CHUNK, decode_content=False)):
            body.add(piece)
            if time.monotonic() > deadline:
                raise requests.ReadTimeout("the answer did not end in time")
    except _NOT_READ:
        if response.status < 300:
            raise
        body.break_off()  # an error says all that matters in its head
    return body


def _failure(error: Exception, seconds: float, *, may_be_sent: bool) -> Failure:
    """Tell what an exception means; while connecting, TLS and a proxy's tunnel included, nothing is sent."""
    causes = list(_causes(error))
    detail = next((said(cause) for cause in reversed(causes) if str(cause)), type(error).__name__)
    if not may_be_sent:
        return Failure("unreachable", detail, seconds)
    if any(isinstance(cause, (requests.Timeout, ReadTimeoutError, TimeoutError)) for cause in causes):
        return Failure("timeout", detail, seconds)
    return Failure("lost", detail, seconds)


def said(error: BaseException) -> str:
    """Quote an exception, but not a URL that cannot be read: it may be a proxy's, with its password."""
    if isinstance(error, LocationParseError):
        return "the URL of the service, or of a proxy in the environment, cannot be read"
    return str(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and those that it wraps, in ``args``, in ``reason`` or as its cause; the innermost last."""
    yield error
    inner = (getattr(error, "reason", None), *error.args, error.__cause__)
    for cause in inner:
        if isinstance(cause, BaseException):
            yield from _causes(cause)
            return


class Adapter(HTTPAdapter):
    """Makes connections that know when they start to send, and whose answers end by the deadline."""

    def get_connection_with_tls_context(self, *arguments: Any, **named: Any) -> Any:
        """Get the pool that requests would take, including one to a proxy, with connections of our own."""
        pool: Any = super().get_connection_with_tls_context(*arguments, **named)
        pool.ConnectionCls = _recording(pool.ConnectionCls)
        return pool


@lru_cache(maxsize=16)
def _recording(connection: type[Any]) -> type[Any]:
    if issubclass(connection, _Recording):
        return connection
    return type(connection.__name__, (_Recording, connection), {"response_class": _Response})


class _Recording:
    """A connection that notes when it is ready and its request begins to be sent; a proxy's tunnel is made before."""

    sock: Any
    auto_open: Any
    connect: Any

    def endheaders(self, *arguments: Any, **named: Any) -> None:
        """Send the head, and the body with it."""
        if self.sock is None and self.auto_open:
            self.connect()
        current_attempt.get().may_be_sent = True
        super().endheaders(*arguments, **named)  # type: ignore[misc]


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        self._incoming = _Incoming(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._incoming)

    def begin(self) -> None:
        """Read the head; an interim answer is not the answer, and half a head is none."""
        super().begin()
        while 101 < self.status < 200:  # of these, http.client knows only 100
            self.headers = None  # type: ignore[assignment]  # so that it begins again
            super().begin()
        if self._incoming.ended:
            raise IncompleteRead(b"")


class _Incoming(io.RawIOBase):
    """What a socket receives, up to the deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        pause = sock.gettimeout() if hasattr(sock, "gettimeout") else None  # which those of pyOpenSSL do not tell
        self._longest_pause = pause or math.inf
        self._deadline = current_attempt.get().deadline
        self.ended = False

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Receive a piece. The next request over the socket sets its timeout anew."""
        left = self._deadline - time.monotonic()
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
