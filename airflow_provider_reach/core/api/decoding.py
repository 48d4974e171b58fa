"""
From the body of an answer to a model.

The fast path is typed: one pass of msgspec over the bytes. An answer that it cannot take is read again leniently, row
by row, so that one odd row never costs the others and never makes a batch look safe. A body that does not follow the
contract at all raises :class:`ContractViolation`, which says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from airflow_provider_reach.core.api import odd_values as odd
from airflow_provider_reach.core.api.models import BatchRow, ValidationResult, Webhook
from airflow_provider_reach.core.fields import LONGEST_NAME
from airflow_provider_reach.core.secrets.depth import DEEPEST, is_deeper
from airflow_provider_reach.core.secrets.redact import safe_headers, safe_text
from airflow_provider_reach.core.target.response import TargetResponse
from airflow_provider_reach.core.text import one_line
from airflow_provider_reach.core.times import as_utc, parse_time

T = TypeVar("T")


class ContractViolation(Exception):
    """A body does not follow the contract; the message says how."""


class _Results(Struct, Generic[T]):
    results: T
    errors: None = None  # with errors, the answer is looked at again


_Leaf = str | int | float | bool | None


class _Listed(Struct):
    """A webhook as the contract lists it; what is nested deeper is read leniently."""

    id: str
    name: str = ""
    target: str = ""
    events: tuple[str, ...] = ()
    active: bool | None = None
    auth_type: str | None = None
    auth_credentials: dict[str, _Leaf] | None = None
    auth_request_details: dict[str, _Leaf | dict[str, _Leaf]] | None = None
    custom_headers: dict[str, _Leaf] | None = None
    last_successful: datetime | None = None
    last_failure: datetime | None = None
    links: msgspec.Raw = msgspec.Raw()


class Key(Struct, gc=False):
    """By what a webhook of a list is found."""

    id: str
    name: str = ""


class _ListedAlone(_Listed, forbid_unknown_fields=True):
    """The same, and nothing else."""


_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_batch_rows = msgspec.json.Decoder(_Results[list[BatchRow]])
_webhooks = msgspec.json.Decoder(_Results[list[msgspec.Raw]])
_listed_alone, _listed = msgspec.json.Decoder(_ListedAlone), msgspec.json.Decoder(_Listed)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_keys = msgspec.json.Decoder(_Results[list[Key]])


def batch_rows(body: bytes) -> list[BatchRow]:
    """The rows of a batch-status answer."""
    try:
        return _batch_rows.decode(body).results
    except _UNREADABLE:
        return [_batch_row(row) for row in _list(_results(body))]


def webhooks(body: bytes) -> list[Webhook]:
    """The webhooks of a list answer."""
    try:
        results = _webhooks.decode(body).results
    except _UNREADABLE:
        return [_odd_webhook(raw) for raw in _list(_results(body))]
    return [listed_webhook(raw) for raw in results]


def unread_webhooks(body: bytes) -> list[tuple[Key, msgspec.Raw]]:
    """
    The webhooks of a list answer, of which few are wanted: a thousand read ones are work for Python's collector.

    :raises MsgspecError: where one of them has no readable id or name; ValueError and RecursionError are raised too.
    """
    return list(zip(_keys.decode(body).results, _webhooks.decode(body).results, strict=True))


def webhook(body: bytes, webhook_id: str) -> Webhook:
    """The webhook of a retrieve answer, which does not include the id."""
    raw = _mapping(_results(body))
    if not raw.keys() & {"name", "target", "active"}:
        raise ContractViolation("results without name, target or active")
    return _webhook(webhook_id, raw)


def written_id(body: bytes) -> str:
    """The id in the answer to a create or an update."""
    if webhook_id := _id(_mapping(_results(body)).get("id")):
        return webhook_id
    raise ContractViolation("results without an id")


def validation(body: bytes, secrets: tuple[str, ...] = (), seconds: float = 0.0) -> ValidationResult:
    """
    The answer to a validation.

    :param body: The answer's body.
    :param secrets: Values to mask in what the target said.
    :param seconds: How long the call took.
    :raises ContractViolation: when it is not JSON, or does not say what the target answered.
    """
    results = _mapping(_results(body))
    if not isinstance(results.get("response"), Mapping):
        raise ContractViolation("results without the target's response")
    return ValidationResult(
        message=safe_text(str(results.get("msg") or results.get("message") or ""), secrets),
        response=target_response(results["response"], secrets),
        seconds=seconds,
    )


def nothing(body: bytes) -> None:
    """Check the answer to a deletion, which has no body: a login page in its place deletes nothing."""
    if body.strip() and any_json(body) not in ({}, None) and _results(body) not in ({}, [], None):
        raise ContractViolation("an answer that does not say that it was deleted")


def target_response(raw: Mapping[str, Any], secrets: tuple[str, ...] = ()) -> TargetResponse:
    """A target's response, as the service quotes it."""
    headers, body = raw.get("headers"), raw.get("body")
    return TargetResponse(
        status=odd.integer(raw.get("status")),
        headers=safe_headers(headers, secrets) if isinstance(headers, Mapping) else {},
        body="" if body is None else safe_text(body if isinstance(body, str) else _as_json(body), secrets),
    )


def any_json(body: bytes) -> Any:
    """The JSON value of a body."""
    if not body.strip():
        raise ContractViolation("an empty body")
    try:
        value = msgspec.json.decode(body)
    except RecursionError:
        raise ContractViolation("JSON nested too deep") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise ContractViolation("JSON that is cut off" if "truncated" in str(error) else "no JSON") from None
    if body.count(b"[") + body.count(b"{") > DEEPEST and is_deeper(value, DEEPEST):
        raise ContractViolation("JSON nested too deep")
    return value


def _results(body: bytes) -> Any:
    answer = any_json(body)
    if isinstance(answer, Mapping) and answer.get("errors"):
        raise ContractViolation("results together with errors")
    if not isinstance(answer, Mapping) or "results" not in answer:
        raise ContractViolation("JSON without 'results'")
    return answer["results"]


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ContractViolation("results that are no list")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ContractViolation("results that are no object")
    return value


def listed_webhook(raw: msgspec.Raw) -> Webhook:
    """A webhook of a list answer."""
    try:
        read, extra = _read_listed(raw)
        last_successful = read.last_successful and as_utc(read.last_successful)
        last_failure = read.last_failure and as_utc(read.last_failure)
    except (*_UNREADABLE, OverflowError):
        return _odd_webhook(any_json(bytes(raw)))
    return Webhook(
        id=_id_of_webhook(read.id),
        name=read.name[:LONGEST_NAME],
        target=read.target,
        events=read.events,
        active=read.active,
        auth_type=read.auth_type,
        auth_credentials=read.auth_credentials,
        auth_request_details=read.auth_request_details,
        custom_headers=read.custom_headers,
        last_successful=last_successful,
        last_failure=last_failure,
        extra=extra,
    )


def _read_listed(raw: msgspec.Raw) -> tuple[_Listed, dict[str, Any]]:
    """The fields of the contract, and the others."""
    try:
        return _listed_alone.decode(raw), {}
    except msgspec.ValidationError:
        read, fields = _listed.decode(raw), _fields.decode(raw)
    return read, {name: any_json(bytes(value)) for name, value in fields.items() if name not in _WEBHOOK_FIELDS}


def _odd_webhook(raw: Any) -> Webhook:
    raw = raw if isinstance(raw, dict) else {}
    return _webhook(_id_of_webhook(raw.get("id")), raw)


def _id_of_webhook(value: Any) -> str:
    if webhook_id := _id(value):
        return webhook_id
    raise ContractViolation("a webhook without an id")


def _webhook(webhook_id: str, raw: Mapping[str, Any]) -> Webhook:
    events = raw.get("events")
    return Webhook(
        id=one_line(webhook_id, 64),
        name=(odd.text(raw.get("name")) or "")[:LONGEST_NAME],
        target=odd.text(raw.get("target")) or "",
        events=tuple(e for e in events if isinstance(e, str)) if isinstance(events, list) else (),
        active=odd.boolean(raw.get("active")),
        auth_type=odd.text(raw.get("auth_type")),
        auth_credentials=odd.an_object(raw.get("auth_credentials")),
        auth_request_details=odd.an_object(raw.get("auth_request_details")),
        custom_headers=odd.an_object(raw.get("custom_headers")),
        last_successful=parse_time(raw.get("last_successful")),
        last_failure=parse_time(raw.get("last_failure")),
        extra={name: value for name, value in raw.items() if name not in _WEBHOOK_FIELDS},
    )


_WEBHOOK_FIELDS = frozenset({*Webhook.__struct_fields__, "links"})


def _batch_row(raw: Any) -> BatchRow:
    """Read what can be read; a row that is not an object counts as one batch of which nothing is known."""
    try:
        return msgspec.convert(raw, BatchRow)
    except (msgspec.ValidationError, ValueError):
        pass
    if not isinstance(raw, Mapping):
        return BatchRow()
    return BatchRow(
        batch_id=odd.text(raw.get("batch_id")),
        ts=parse_time(raw.get("ts")),
        attempts=odd.count(raw.get("attempts")),
        response_code=odd.code(raw.get("response_code")),
        failure_code=odd.code(raw.get("failure_code")),
        latency=odd.count(raw.get("latency")),
        batch_size=odd.count(raw.get("batch_size")),
    )


def _id(value: Any) -> str:
    return one_line(value, 64) if isinstance(value, str) else ""


def _as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
