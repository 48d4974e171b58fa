"""POSTs to targets, as the service does them."""

from __future__ import annotations

import errno
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

import msgspec
import requests

from airflow_provider_reach.sandbox.service.model import Batch, Event, PostResult, Webhook

BATCH_ID = "X-MessageSystems-Batch-ID"
_TIMED_OUT = "ETIMEDOUT"
_TIME_OUT_LATENCY = 10_000  # What the real service waits, in milliseconds, however short it waits here.
_BODY_KEPT = 10_000
_EXPIRED_TOKEN = (400, 401)
_CERTIFICATE_CODES = {  # of OpenSSL → of Node.js
    10: "CERT_HAS_EXPIRED",
    18: "DEPTH_ZERO_SELF_SIGNED_CERT",
    19: "SELF_SIGNED_CERT_IN_CHAIN",
    20: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    21: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    62: "ERR_TLS_CERT_ALTNAME_INVALID",
    64: "ERR_TLS_CERT_ALTNAME_INVALID",
}


class NoToken(Exception):
    """The authorization server gave no access token."""

    def __init__(self, answer: PostResult) -> None:
        super().__init__("no access token")
        self.answer = answer


class Courier:
    """
    Carries batches to targets.

    It keeps one OAuth 2 token for a webhook's authentication until the target answers 400 or 401; then it takes the
    token for expired and fetches another one for the next POST, as the service's older documentation says ("Event
    Webhook Authentication and Security").

    :param timeout: seconds that a target has to answer, instead of the service's ten.
    :param delivered_by: a value of ``Switches.delivered_by``.
    """

    def __init__(self, timeout: float, delivered_by: str = "200") -> None:
        self._timeout = timeout
        self._tokens: dict[tuple[str, bytes], Mapping[str, Any]] = {}
        self._delivered_by = delivered_by

    def deliver(self, batch: Batch) -> PostResult:
        """POST a batch once; without a token it is a failed attempt that never reached the target."""
        try:
            token = self.token(batch.webhook)
        except NoToken as refusal:
            return PostResult(latency=refusal.answer.latency, failure="ENOTOKEN")
        answer = self.post(batch.webhook, token, batch.batch_id, batch.events)
        return (
            answer if answer.status is None else replace(answer, failure=failure_of(answer.status, self._delivered_by))
        )

    def token(self, webhook: Webhook) -> Mapping[str, Any]:
        """
        The token kept for a webhook; otherwise a new one, which is kept from now on.

        :raises NoToken: none is kept, and the authorization server gave none.
        """
        return self.kept(webhook) or self.keep(webhook, self.fetch_token(webhook))

    def kept(self, webhook: Webhook) -> Mapping[str, Any]:
        """The token kept for a webhook; empty if there is none."""
        return self._tokens.get(_authentication(webhook), {})

    def keep(self, webhook: Webhook, token: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep a token for a webhook from now on, and return it."""
        self._tokens[_authentication(webhook)] = token
        return token

    def fetch_token(self, webhook: Webhook) -> dict[str, Any]:
        """
        The token that the authorization server gives for a webhook; empty if the webhook does not use OAuth 2.

        :raises NoToken: it gave no access token.
        """
        if webhook.auth_type != "oauth2":
            return {}
        details = webhook.auth_request_details
        answer = self._post(details["url"], details["body"], {})
        try:
            token = msgspec.json.decode(answer.body, type=dict[str, Any])
        except msgspec.DecodeError:
            token = {}
        if answer.failure or not isinstance(token.get("access_token"), str):
            raise NoToken(answer)
        return token

    def post(self, webhook: Webhook, token: Mapping[str, Any], batch_id: str, events: Sequence[Event]) -> PostResult:
        """POST events to a webhook's target, with that token."""
        headers = {**webhook.custom_headers, **_authorization(webhook, token), BATCH_ID: batch_id}
        answer = self._post(webhook.target, events, headers)
        if answer.status in _EXPIRED_TOKEN:
            self._tokens.pop(_authentication(webhook), None)
        return answer

    def _post(self, url: str, content: object, headers: Mapping[str, str]) -> PostResult:
        sent = {"User-Agent": "Reach-Sandbox", "Content-Type": "application/json", **headers}
        started = monotonic()
        try:
            with requests.Session() as session:
                session.trust_env = False
                with session.post(
                    url,
                    data=msgspec.json.encode(content),
                    headers=sent,
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    body = next(response.iter_content(_BODY_KEPT), b"").decode(errors="replace")
        except (requests.RequestException, ValueError) as error:
            failure = _failure(error)
            latency = _TIME_OUT_LATENCY if failure == _TIMED_OUT else _milliseconds_since(started)
            return PostResult(latency, failure=failure)
        status = response.status_code
        return PostResult(
            _milliseconds_since(started),
            status,
            dict(response.headers),
            body,
            failure=failure_of(status),
        )


def _authentication(webhook: Webhook) -> tuple[str, bytes]:
    """What a token belongs to: a batch queued with other credentials needs another one."""
    return webhook.id, msgspec.json.encode(webhook.auth_request_details, order="sorted")


def failure_of(status: int, delivered_by: str = "200") -> str | None:
    """Which failure a status means; None if it delivers."""
    return None if status == 200 or (delivered_by == "2xx" and 200 <= status <= 299) else str(status)


def _authorization(webhook: Webhook, token: Mapping[str, Any]) -> dict[str, str]:
    if webhook.auth_type == "basic":
        credentials = webhook.auth_credentials
        pair = f"{credentials['username']}:{credentials.get('password', '')}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    return {"Authorization": f"Bearer {token['access_token']}"} if token else {}


def _milliseconds_since(started: float) -> int:
    return round((monotonic() - started) * 1000)


def _failure(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, (TimeoutError, requests.Timeout)):
            return _TIMED_OUT
        if isinstance(cause, socket.gaierror):
            return "ENOTFOUND"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _CERTIFICATE_CODES.get(cause.verify_code, "CERT_REJECTED")
        if isinstance(cause, ssl.SSLError):
            return "EPROTO"
        if isinstance(cause, OSError) and cause.errno:
            return errno.errorcode.get(cause.errno, str(cause.errno))
    return "EINVAL" if isinstance(error, ValueError) else "ECONNRESET"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
