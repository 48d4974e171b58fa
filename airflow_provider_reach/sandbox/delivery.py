"""POSTs to targets, as the service does them."""

from __future__ import annotations

import errno
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from time import monotonic
from typing import Any
from uuid import uuid4

import msgspec
import requests

from airflow_provider_reach.sandbox.model import Answer, Batch, Event, Webhook

BATCH_ID = "X-MessageSystems-Batch-ID"
SAMPLE: Sequence[Event] = [{"msys": {}}]
_TIMED_OUT = "ETIMEDOUT"
_TIME_OUT_LATENCY = 10_000  # What the real service waits, in milliseconds, however short it waits here.
_BODY_KEPT = 10_000
_WORDS = {
    _TIMED_OUT: "it gave no answer within 10 seconds",
    "ECONNREFUSED": "it refused the connection",
    "ECONNRESET": "it closed the connection before its answer was complete",
    "ENOTFOUND": "its host name is unknown",
}


class NoToken(Exception):
    """
    The authorization server gave no access token.

    :param answer: what it answered.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__("no access token")
        self.answer = answer


class Courier:
    """
    Carries batches to targets.

    :param patience: seconds a target has to answer; it stands for the service's ten.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience

    def deliver(self, batch: Batch) -> Answer:
        """POST a batch once; without a token it is a failed attempt that never reached the target."""
        try:
            token = self.fetch_token(batch.webhook)
        except NoToken as refusal:
            return Answer(latency=refusal.answer.latency, failure="ENOTOKEN")
        return self._post_events(batch.webhook, token, batch.batch_id, batch.events)

    def test(self, webhook: Webhook, token: Mapping[str, Any]) -> Answer:
        """POST the sample batch to a webhook's target."""
        return self._post_events(webhook, token, uuid4().hex, SAMPLE)

    def fetch_token(self, webhook: Webhook) -> dict[str, Any]:
        """
        What the authorization server gives for a webhook; nothing when it does not use OAuth 2.

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

    def _post_events(
        self, webhook: Webhook, token: Mapping[str, Any], batch_id: str, events: Sequence[Event]
    ) -> Answer:
        headers = {**webhook.custom_headers, **_authorization(webhook, token), BATCH_ID: batch_id}
        return self._post(webhook.target, events, headers)

    def _post(self, url: str, content: object, headers: Mapping[str, str]) -> Answer:
        sent = {"User-Agent": "Reach-Sandbox", "Content-Type": "application/json", **headers}
        started = monotonic()
        try:
            with requests.Session() as session:
                session.trust_env = False
                with session.post(
                    url,
                    data=msgspec.json.encode(content),
                    headers=sent,
                    timeout=self._patience,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    body = next(response.iter_content(_BODY_KEPT), b"").decode(errors="replace")
        except (requests.RequestException, ValueError) as error:
            failure = _failure(error)
            latency = _TIME_OUT_LATENCY if failure == _TIMED_OUT else _milliseconds_since(started)
            return Answer(latency, failure=failure)
        status = response.status_code
        return Answer(
            _milliseconds_since(started),
            status,
            dict(response.headers),
            body,
            failure=None if status == 200 else str(status),
        )


def explain(answer: Answer) -> str:
    """Why an answer is a failure, in words, continuing "The target failed: "."""
    if answer.status is not None:
        return f"it answered HTTP {answer.status}, not 200"
    failure = str(answer.failure)
    return _WORDS.get(failure, f"it could not be reached ({failure})")


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
        if isinstance(cause, ssl.SSLError):
            return "EPROTO"
        if isinstance(cause, OSError) and cause.errno:
            return errno.errorcode.get(cause.errno, str(cause.errno))
    return "EINVAL" if isinstance(error, ValueError) else "ECONNRESET"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
