"""One request over ``aiohttp``: sent, read within bounds, and what its exceptions mean."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache

import aiohttp
import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy
from yarl import URL

from airflow_provider_reach.core.answers import Answer, Failure
from airflow_provider_reach.core.request import Request
from airflow_provider_reach.transport import MAX_ANSWER_BYTES


@dataclass(frozen=True)
class Way:
    """
    How the service is reached from here: what ``requests`` would take from the environment.

    :param proxy: The proxy's URL, or None.
    :param tls: Whom to trust; None where the service is asked over plain http.
    """

    proxy: str | None
    tls: ssl.SSLContext | None


def find_way(url: str) -> Way:
    """
    Read the environment as ``requests`` does. It reads files: not for the event loop's own thread.

    :param url: The service's base URL.
    """
    with requests.Session() as session:
        environment = session.merge_environment_settings(url, {}, False, None, None)
    trusted = environment["verify"]
    return Way(
        proxy=select_proxy(url, environment["proxies"]),
        tls=_tls(trusted if isinstance(trusted, str) else DEFAULT_CA_BUNDLE_PATH) if url.startswith("https:") else None,
    )


@lru_cache(maxsize=8)
def _tls(bundle: str) -> ssl.SSLContext:
    return ssl.create_default_context(**{"capath" if os.path.isdir(bundle) else "cafile": bundle})  # type: ignore[arg-type]


def open_session(way: Way) -> aiohttp.ClientSession:
    """
    A session that remembers nothing but its connections.

    :param way: How the service is reached.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=way.tls or True),
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    session._retry_connection = False  # what is asked again, and when, is the exchange's to say
    return session


async def send(session: aiohttp.ClientSession, way: Way, request: Request) -> Answer | Failure:
    """
    Send a request once. Redirects are not followed, since the API key would go along.

    :param session: Its connections are used again.
    :param way: How the service is reached.
    :param request: What to send.
    :return: The answer read to its end, or why there is none; nothing is raised for either.
    """
    started = time.monotonic()
    try:
        async with session.request(
            request.method,
            URL(request.url).update_query(request.query),
            data=request.body,
            headers=request.headers,
            timeout=_timeout(request),
            allow_redirects=False,
            proxy=way.proxy,
        ) as response:
            body, too_large = await _read(response.content)
            return Answer(
                status=response.status,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=body,
                received=datetime.now(timezone.utc),
                seconds=time.monotonic() - started,
                too_large=too_large,
            )
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
        return _failure(error, time.monotonic() - started)


def _timeout(request: Request) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=request.longest, sock_connect=request.connect_timeout, sock_read=request.read_timeout
    )


async def _read(content: aiohttp.StreamReader) -> tuple[bytes, bool]:
    """The body, decompressed, and whether it passed the bound."""
    chunks: list[bytes] = []
    size = 0
    while chunk := await content.readany():
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            return b"".join(chunks), True
    return b"".join(chunks), False


_NOT_SENT = (
    aiohttp.ClientConnectorError,  # refused, name not resolved, TLS, proxy
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)


def _failure(error: Exception, seconds: float) -> Failure:
    """What a library's exception means: certainly not sent, or perhaps."""
    detail = str(error) or type(error).__name__
    if isinstance(error, _NOT_SENT):
        return Failure("unreachable", detail, seconds)
    if isinstance(error, asyncio.TimeoutError):
        return Failure("timeout", detail, seconds)
    return Failure("lost", detail, seconds)
