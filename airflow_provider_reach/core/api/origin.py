"""Which call an error is about, and the service's own id of the request."""

from __future__ import annotations

from typing import Any

from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.errors import Origin
from airflow_provider_reach.core.secrets.redact import safe_text

_HEADERS = (
    "x-request-id",
    "x-correlation-id",
    "request-id",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "traceparent",
)
_LONGEST_ID = 80


def origin_of(call: Call[Any], answer: Answer | None = None) -> Origin:
    """The call and its request id, as errors take them."""
    request_id = request_id_of(answer, call.secrets) if answer else ""
    return Origin(operation=call.operation, kind=call.kind, request_id=request_id)


def request_id_of(answer: Answer, secrets: tuple[str, ...]) -> str:
    """The service's id of the request, which its support asks for; empty where the answer has none."""
    found = next((answer.headers[name] for name in _HEADERS if answer.headers.get(name, "").strip()), "")
    return safe_text(found, secrets, _LONGEST_ID)
