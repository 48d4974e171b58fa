"""One request over ``requests``: sent, read within bounds, and what its exceptions mean."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timezone
from http.cookiejar import DefaultCookiePolicy
from traceback import walk_tb
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    LocationValueError,
    ReadTimeoutError,
)

from airflow_provider_reach.client.body import Body
from airflow_provider_reach.client.timely import TimelyAdapter, answer_until
from airflow_provider_reach.core.api.request import Request
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.config import is_loopback

MAX_ANSWER_BYTES = 64 * 1024 * 1024
_CHUNK = 256 * 1024
_NOT_READ = (requests.RequestException, HTTPError, OSError, ValueError)


class Session(requests.Session):
    """A session that remembers nothing but its connections; proxies and the CA bundle come from the environment."""

    def __init__(self) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self.mount(scheme, TimelyAdapter())

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None, since requests reads the body of what it takes for a redirect without a bound, followed or not."""
        return None

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """What the environment says; but never a proxy to this machine: it would be shown the key, perhaps in clear."""
        settings = super().merge_environment_settings(url, proxies, stream, verify, cert)
        if is_loopback(urlsplit(str(url)).hostname or ""):
            settings["proxies"] = {}
        return settings


def send(session: Session, request: Request) -> Answer | Failure:
    """
    Send a request once. Redirects are not followed, since the API key would go along.

    :param session: Its connections are used again.
    :param request: What to send.
    :return: The answer read to its end, or why there is none; nothing is raised for either.
    """
    started = time.monotonic()
    answer_until.set(started + request.longest)
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
            body = _read(response, deadline=started + request.longest)
            return Answer(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=body.whole(),
                received=datetime.now(timezone.utc),
                seconds=time.monotonic() - started,
                too_large=body.too_large,
                unreadable=body.unreadable,
            )
    except _NOT_READ as error:
        return _failure(error, time.monotonic() - started)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Takes the place of the authentication that requests would otherwise take from a ``~/.netrc`` entry."""
    return request


def _read(response: requests.Response, deadline: float) -> Body:
    """The body, unpacked, as far as it is wanted; one that trickles in passes the deadline."""
    body = Body(response.headers.get("Content-Encoding", ""), MAX_ANSWER_BYTES)
    try:
        while body.is_wanted and (piece := response.raw.read1(_CHUNK, decode_content=False)):
            body.add(piece)
            if time.monotonic() > deadline:
                raise requests.ReadTimeout("the answer did not end in time")
    except _NOT_READ:
        if response.status_code < 300:
            raise
        body.break_off()  # what refuses has said so in its head
    return body


def _failure(error: Exception, seconds: float) -> Failure:
    """What a library's exception means: certainly not sent, or perhaps."""
    causes = list(_causes(error))
    detail = next((said(cause) for cause in reversed(causes) if str(cause)), type(error).__name__)
    if any(map(_was_not_sent, causes)):
        return Failure("unreachable", detail, seconds)
    if any(isinstance(cause, (requests.Timeout, ReadTimeoutError, TimeoutError)) for cause in causes):
        return Failure("timeout", detail, seconds)
    return Failure("lost", detail, seconds)


def said(error: BaseException) -> str:
    """What an exception says; nothing of a URL that cannot be read: it may be a proxy's, with its password."""
    if isinstance(error, LocationParseError):
        return "the URL of the service, or of a proxy in the environment, cannot be read"
    return str(error)


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
