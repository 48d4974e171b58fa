"""Every operation of the API, and what a good answer to it looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_provider_reach.core.api.models import BatchStatus, ValidationResult, Webhook, WebhookList
from airflow_provider_reach.core.api.operations import (
    Call,
    any_request,
    create_webhook,
    delete_webhook,
    get_batch_status,
    get_webhook,
    list_webhooks,
    update_webhook,
    validate_webhook,
)
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from tests.fuzz.values import SECRET
from tests.unit.core.helpers import ID

SPEC = WebhookSpec(
    name="orders",
    target=f"https://consumer.example.com/reach?token={SECRET}",
    events=["bounce"],
    custom_headers={"X-Token": SECRET},
    auth_type="basic",
    auth_credentials={"username": "reach", "password": SECRET},
)

CALLS: dict[str, Callable[[], Call[Any]]] = {
    "list": list_webhooks,
    "create": lambda: create_webhook(SPEC),
    "retrieve": lambda: get_webhook(ID),
    "update": lambda: update_webhook(ID, WebhookChanges(auth_type="basic", auth_credentials=SPEC.auth_credentials)),
    "delete": lambda: delete_webhook(ID),
    "validate": lambda: validate_webhook(ID),
    "batch_status": lambda: get_batch_status(ID),
    "request": lambda: any_request("GET", "/suppression-list"),
}

RESULTS: dict[str, type | tuple[type, ...]] = {
    "list": WebhookList,
    "create": str,
    "retrieve": Webhook,
    "update": str,
    "delete": bool,
    "validate": ValidationResult,
    "batch_status": BatchStatus,
    "request": (dict, list, str, int, float, type(None)),
}

WEBHOOK = {
    "name": "orders",
    "target": f"https://me:{SECRET}@consumer.example.com/reach",
    "events": ["bounce", "click"],
    "auth_type": "oauth2",
    "auth_request_details": {"url": "https://tokens.example.com", "body": {"client_secret": SECRET}},
    "auth_credentials": {"access_token": SECRET},
    "custom_headers": {"X-Token": SECRET},
    "auth_token": SECRET,
    "active": True,
    "links": [{"href": "/x", "rel": "self", "method": ["GET"]}],
}
WRITTEN = {"results": {"id": ID, "links": []}}
ROW = {
    "batch_id": "0123456789abcdef0123456789abcdef",
    "ts": "2026-01-31T01:00:00.000Z",
    "attempts": 3,
    "response_code": "503",
    "failure_code": "503",
    "latency": 120,
}

GOOD: dict[str, Any] = {
    "list": {"results": [{"id": ID, "last_successful": "2026-01-30T22:00:00.000Z", **WEBHOOK}]},
    "create": WRITTEN,
    "retrieve": {"results": WEBHOOK},
    "update": WRITTEN,
    "delete": {"results": {}},
    "validate": {
        "results": {
            "msg": "ok",
            "response": {"status": 200, "headers": {"Set-Cookie": SECRET}, "body": f"token={SECRET}"},
        }
    },
    "batch_status": {"results": [ROW, {**ROW, "batch_id": "2", "response_code": "200", "failure_code": None}]},
    "request": [1],
}

REFUSED = {
    "errors": [
        {
            "message": "POST to webhook target URL failed",
            "code": "1",
            "description": f"token={SECRET}",
            "response": {"status": 401, "headers": {"Authorization": SECRET}, "body": f'{{"password": "{SECRET}"}}'},
        }
    ]
}
