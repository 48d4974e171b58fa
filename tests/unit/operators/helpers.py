"""What the tests of the operators share: what the sandbox was asked, and what it keeps."""

from __future__ import annotations

import json
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_reach.sandbox import Sandbox

NOBODY = "00000000-0000-4000-8000-000000000000"
PASSWORD, CLIENT_SECRET, HEADER = "planted-password", "planted-client-secret", "planted-header"
SECRETS = (PASSWORD, CLIENT_SECRET, HEADER)
EVENTS = ["delivery", "bounce"]


def did(reach: Sandbox) -> list[str | None]:
    """The operations that the API was asked for, oldest first."""
    return [request.operation for request in reach.requests]


def sent(reach: Sandbox, operation: str) -> list[dict[str, Any]]:
    """The bodies of the requests for one operation."""
    return [json.loads(request.body) for request in reach.requests if request.operation == operation]


def kept(reach: Sandbox) -> list[str]:
    """The ids of the webhooks that exist."""
    return [webhook["id"] for webhook in reach.state()["webhooks"]]


def add(reach: Sandbox, name: str = "orders", **fields: Any) -> str:
    """A webhook that exists, with credentials and a header."""
    return reach.add_webhook(
        name,
        **{
            "target": reach.target("orders").url,
            "events": EVENTS,
            "auth_type": "basic",
            "auth_credentials": {"username": "reach", "password": PASSWORD},
            "custom_headers": {"X-Token": HEADER},
            **fields,
        },
    )


def in_native_dag(make: Any, **arguments: Any) -> BaseOperator:
    """A task whose templates render to Python's own values, not to text."""
    with DAG("a_dag", schedule=None, render_template_as_native_obj=True):
        task: BaseOperator = make(task_id="a_task", **arguments)
        return task
