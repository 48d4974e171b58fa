"""One request over ``requests``: sent, read within bounds, and what its exceptions mean."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timezone
from traceback import walk_tb

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    ReadTimeoutError,
)

from airflow_provider_reach.core.answers import Answer, Failure
from airflow_provider_reach.core.request import Request

MAX_ANSWER_BYTES = 64 * 1024 * 1024
_CHUNK = 256 * 1024


def send(session: requests.Session, request: Request) -> Answer | Failure:
    """
    Send a request once. Redirects are not followed, since the API key would go along.

    :param session: Its connections are used again; proxies and the CA bundle come from the environment.
    :param request: What to send.
    :return: The answer read to its end, or why there is none; nothing is raised for either.
    """
    started = time.monotonic()
    try:
        with session.request(
            request.method,
            request.url,
            params=dict(request.query),
            data=request.body,
            headers=dict(request.headers),
            auth=_as_it_is,
            timeout=(request.connect_timeout, request.read_timeout),
            allow_redirects=False,
            stream=True,
        ) as response:
            body, too_large = _read(response, deadline=started + request.longest)
            return Answer(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=body,
                received=datetime.now(timezone.utc),
                seconds=time.monotonic() - started,
                too_large=too_large,
            )
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        return _failure(error, time.monotonic() - started)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Takes the place of the authentication that requests would otherwise take from a ``~/.netrc`` entry."""
    return request


def _read(response: requests.Response, deadline: float) -> tuple[bytes, bool]:
    """The body, decompressed, and whether it passed the bound; a body that trickles in passes the deadline."""
    chunks: list[bytes] = []
    size = 0
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            return b"".join(chunks), True
        if time.monotonic() > deadline:
            raise requests.ReadTimeout("the answer did not end in time")
    return b"".join(chunks), False


def _failure(error: Exception, seconds: float) -> Failure:
    """What a library's exception means: certainly not sent, or perhaps."""
    causes = list(_causes(error))
    detail = next((str(cause) for cause in reversed(causes) if str(cause)), type(error).__name__)
    if any(map(_was_not_sent, causes)):
        return Failure("unreachable", detail, seconds)
    if any(isinstance(cause, (requests.Timeout, ReadTimeoutError, TimeoutError)) for cause in causes):
        return Failure("timeout", detail, seconds)
    return Failure("lost", detail, seconds)


_NOT_SENT = (
    ConnectTimeoutError,  # the base of "refused" and "name not resolved" too
    LocationValueError,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidSchema,  # a proxy of a kind that is not known
    requests.exceptions.InvalidURL,
)
_CONNECTING = {"connect", "cert_verify"}


def _was_not_sent(error: BaseException) -> bool:
    """Whether connecting failed, a proxy's tunnel and TLS's handshake included; only the traceback tells of these."""
    functions = {frame.f_code.co_name for frame, _ in walk_tb(error.__traceback__)}
    return isinstance(error, _NOT_SENT) or bool(functions & _CONNECTING)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and those it wraps, in ``args``, in ``reason``, or as its cause; the innermost last."""
    yield error
    inner = (getattr(error, "reason", None), *error.args, error.__cause__)
    for cause in inner:
        if isinstance(cause, BaseException):
            yield from _causes(cause)
            return
