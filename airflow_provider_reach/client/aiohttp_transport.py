"""One request over ``aiohttp``: sent, read within bounds, and what its exceptions mean."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

import aiohttp
import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, prepend_scheme_if_needed, select_proxy
from urllib3.util.ssl_ import create_urllib3_context
from yarl import URL

from airflow_provider_reach.client.body import Body
from airflow_provider_reach.client.requests_transport import MAX_ANSWER_BYTES, Session, said
from airflow_provider_reach.core.api.request import Request
from airflow_provider_reach.core.api.responses import Answer, Failure

_LONGEST_LINE = 64 * 1024
_KEPT_OPEN = 330.0  # a lone watch with the default interval of 5 minutes has its connection again
_IDLE = 15.0
_PROBES = {"TCP_KEEPIDLE": 45, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
_NOT_READ = (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError)


@dataclass(frozen=True)
class NetworkRoute:
    """How to reach the service from here, as ``requests`` reads the environment; ``problem`` says why not."""

    proxy: str | None
    tls: ssl.SSLContext | None
    problem: str = ""


def find_route(url: str) -> NetworkRoute:
    """Read the environment as ``requests`` does. Not for the event loop's own thread, since it reads files."""
    try:
        with Session() as session:
            environment = session.merge_environment_settings(url, {}, False, None, None)
        proxy = _proxy(select_proxy(url, environment["proxies"]))
        trusted = environment["verify"]
        is_plain = not any(each.startswith("https:") for each in (url.lower(), proxy or ""))
        return NetworkRoute(
            proxy=proxy,
            tls=None if is_plain else _tls(trusted if isinstance(trusted, str) else DEFAULT_CA_BUNDLE_PATH),
        )
    except (OSError, ValueError) as error:
        return NetworkRoute(None, None, problem=said(error))


def _proxy(named: str | None) -> str | None:
    if not named:
        return None
    proxy = str(prepend_scheme_if_needed(named, "http"))  # type: ignore[no-untyped-call]
    scheme = proxy.partition(":")[0].lower()
    if scheme not in ("http", "https"):
        raise ValueError(f"the environment names a proxy that speaks {scheme}, and only http and https are known")
    return proxy


def _tls(bundle: str) -> ssl.SSLContext:
    if not os.path.exists(bundle):
        raise OSError(f"the CA bundle that the environment names is not there: {bundle}")
    return _trusting(bundle, os.stat(bundle).st_mtime_ns)


@lru_cache(maxsize=8)
def _trusting(bundle: str, _changed: int) -> ssl.SSLContext:
    context = create_urllib3_context()  # as strict as requests, which accepts no common name instead of a host name
    try:
        context.load_verify_locations(**{"capath" if os.path.isdir(bundle) else "cafile": bundle})
    except OSError as error:
        raise OSError(f"the CA bundle that the environment names cannot be read: {bundle} ({error})") from error
    return context


def open_session(route: NetworkRoute) -> aiohttp.ClientSession:
    """Open a session that remembers nothing but its connections."""
    session = aiohttp.ClientSession(
        connector=_Connector(limit=0, ssl=route.tls or True, keepalive_timeout=_KEPT_OPEN),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=["Content-Type"],
        auto_decompress=False,
        max_line_size=_LONGEST_LINE,
        max_field_size=_LONGEST_LINE,
    )
    session._retry_connection = False  # only the exchange decides what is repeated, and when
    return session


class _Way:
    """How far a request came, and for how many seconds its connection had not been used."""

    connected = answered = False
    idle = 0.0


_way: ContextVar[_Way] = ContextVar("_way")


class _Connector(aiohttp.TCPConnector):
    """Records that a request has its connection; aiohttp's tracing would cost a fifth more CPU per request."""

    async def connect(self, *arguments: Any, **named: Any) -> aiohttp.connector.Connection:
        connection = await super().connect(*arguments, **named)
        way, now = _way.get(), asyncio.get_running_loop().time()
        way.connected = True
        protocol: Any = connection.protocol
        if (used := getattr(protocol, "used", None)) is None:
            _probe_when_idle(connection.transport)
        else:
            way.idle = now - used
        protocol.used = now
        return connection


def _probe_when_idle(transport: asyncio.Transport | None) -> None:
    """Have the system ask whether the other end is still there, so that nothing between forgets the connection."""
    connected: Any = transport.get_extra_info("socket") if transport else None
    with suppress(OSError, AttributeError):  # which is not there any more, or of no kind that can
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _PROBES.items():
            if hasattr(socket, name):  # not every system has them
                connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def send(session: aiohttp.ClientSession, route: NetworkRoute, request: Request) -> Answer | Failure:
    """
    Send a request once. Redirects are not followed, since the API key would go along.

    Only a GET over a connection that lay idle, and turns out to be closed, is sent again over the next one.

    :param session: The session, whose open connections are used again.
    :param route: How to reach the service.
    :param request: The request.
    :return: The answer, read to its end, or why there is none; no exception is raised for either.
    """
    if route.problem:
        return Failure("unreachable", route.problem)
    started = time.monotonic()
    while True:
        way = _Way()
        _way.set(way)
        result = await _send(session, route, request, way, started)
        stale = way.idle > _IDLE and not way.answered and isinstance(result, Failure) and result.kind == "lost"
        if not (stale and request.method == "GET"):
            return result


async def _send(
    session: aiohttp.ClientSession, route: NetworkRoute, request: Request, way: _Way, started: float
) -> Answer | Failure:
    try:
        async with session.request(
            request.method,
            _url(request),
            data=request.body,
            headers=request.headers,
            timeout=_timeout(request.longest, request.connect_timeout, request.read_timeout),
            allow_redirects=False,
            proxy=route.proxy,
        ) as response:
            way.answered = True
            body, too_large, unreadable = await _read(response)
            return Answer(
                status=response.status,
                headers=_Headers(response),
                body=body,
                received=datetime.now(timezone.utc),
                seconds=time.monotonic() - started,
                too_large=too_large,
                unreadable=unreadable,
            )
    except _NOT_READ as error:
        return _failure(error, time.monotonic() - started, may_be_sent=way.connected)


def _url(request: Request) -> URL:
    """The URL with its query, spelled exactly as ``requests`` sends it."""
    return _prepared(request.url, tuple(request.query.items()))


@lru_cache(maxsize=4096)
def _prepared(url: str, query: tuple[tuple[str, str], ...]) -> URL:
    if _PLAIN.fullmatch(url) and all(value.isascii() and value.isalnum() for pair in query for value in pair):
        return URL("?".join(filter(None, (url, "&".join(map("=".join, query))))), encoded=True)
    prepared = requests.PreparedRequest()
    prepared.prepare_url(url, query)
    return URL(prepared.url or "", encoded=True)


_PLAIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]+)?(?:/[A-Za-z0-9_-]+)+")
"""What every library spells in one way: ``requests`` takes longer to find that out than all else takes with a call."""


@lru_cache(maxsize=64)
def _timeout(longest: float, connect: float, read: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=longest, connect=connect, sock_read=read)


class _Headers(Mapping[str, str]):
    """
    Values by lower-case name; those of the same name are joined, as ``requests`` does. Of most, only the date is read.

    :param response: The answer that they are of.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._all = response.headers

    def __getitem__(self, name: str) -> str:
        return ", ".join(map(_as_latin, self._all.getall(name)))

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(_as_latin(name).lower() for name in self._all))

    def __len__(self) -> int:
        return len(dict.fromkeys(self))


def _as_latin(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


async def _read(response: aiohttp.ClientResponse) -> tuple[bytes, bool, str]:
    """The body, unpacked, as far as it is wanted; whether it is too large; and why it cannot be read."""
    packed_with = response.headers.get("Content-Encoding", "")
    if not packed_with and response.content.is_eof():  # it came with the head, like most
        body = response.content.read_nowait()
        return body, len(body) > MAX_ANSWER_BYTES, ""
    taken = Body(packed_with, MAX_ANSWER_BYTES)
    try:
        while taken.is_wanted and (piece := await response.content.readany()):
            taken.add(piece)
    except _NOT_READ:
        if response.status < 300:
            raise
        taken.break_off()  # an error says all that matters in its head
    return taken.whole(), taken.too_large, taken.unreadable


def _failure(error: Exception, seconds: float, *, may_be_sent: bool) -> Failure:
    """Tell what an exception means; while connecting, TLS and a proxy's tunnel included, nothing is sent."""
    detail = _detail(error)
    if not may_be_sent:
        return Failure("unreachable", detail, seconds)
    if isinstance(error, asyncio.TimeoutError):
        return Failure("timeout", detail, seconds)
    return Failure("lost", detail, seconds)


def _detail(error: BaseException) -> str:
    """What the library says, without the service's address, and in the system's words where there are any."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection was closed without an answer"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"Tunnel connection failed: {error.status} {error.message}"  # as http.client says it
    if isinstance(error, aiohttp.ClientResponseError):
        return f"{error.status} {error.message}"
    cause = error.__cause__ if isinstance(error, aiohttp.ClientConnectionError) and error.__cause__ else error
    said = str(cause) or (str(error) if isinstance(error, asyncio.TimeoutError) else "") or type(cause).__name__
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.errno in errno.errorcode:
        meaning = os.strerror(cause.errno or 0)
        return said if meaning in said else f"{said}: {meaning}"
    return said
