"""What may come back for a request, by what it means for a repeat, and a way to ask with it."""

from __future__ import annotations

from typing import Any

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.api.exchange import ask
from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.webhooks.spec import WebhookSpec
from tests.unit.core.helpers import (
    NOW,
    Played,
    Reply,
    answer,
    ask_context,
    play,
    refused,
    results,
)

LIST = operations.list_webhooks()
POST = operations.any_request("POST", "/templates", json={})
GOOD = results([])
TIMEOUT, LOST, UNREACHABLE = Failure("timeout", "d"), Failure("lost", "d"), Failure("unreachable", "d")
TOO_LARGE = Answer(200, {}, b'{"results": []}', NOW, too_large=True)
NOT_TAKEN = [
    (UNREACHABLE, errors.ReachUnreachableError),
    (refused(429), errors.ReachRateLimitError),
]
PERHAPS_TAKEN = [
    (TIMEOUT, errors.ReachTimeoutError),
    (LOST, errors.ReachLostAnswerError),
    (refused(408), errors.ReachServerError),
    (refused(500), errors.ReachServerError),
    (answer(b"<html>Bad Gateway", 502), errors.ReachServerError),
    (answer(b"", 503), errors.ReachServerError),
    (answer(b'{"results": [{"id"'), errors.ReachDecodeError),
    (answer(b""), errors.ReachDecodeError),
    (answer(b"<html>Log in"), errors.ReachDecodeError),
    (answer(b"<html>Not here", 404), errors.ReachDecodeError),
    (TOO_LARGE, errors.ReachDecodeError),
]
REFUSED = [
    (refused(300), errors.ReachRequestError),
    (refused(302), errors.ReachRequestError),
    (refused(400, "events is required"), errors.ReachRequestError),
    (answer({"errors": [{"message": "m", "response": {"status": 500}}]}, 400), errors.ReachTargetError),
    (refused(401), errors.ReachAuthError),
    (refused(403), errors.ReachAuthError),
    (refused(404), errors.ReachNotFoundError),
    (answer(b"", 404), errors.ReachNotFoundError),
    (refused(405), errors.ReachRequestError),
    (refused(409), errors.ReachRequestError),
    (refused(418), errors.ReachRequestError),
]
Error = type[errors.ReachError]


def asked(call: Call[Any], *script: Reply, budget: float = 60.0, forever: Reply | None = None) -> Played[Any]:
    return play(ask(call, ask_context(budget)), *script, forever=forever)


SPEC = WebhookSpec(
    name="orders",
    target="https://c.example.com/x",
    events=["delivery", "bounce", "delivery"],
    auth_type="basic",
    auth_credentials={"username": "u", "password": "pl4nted-password"},
)
