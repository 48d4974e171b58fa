"""The operations of the API, one function each: what is sent, how the answer is read, whether to repeat it is safe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, Literal, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from airflow_provider_reach.core.api import decoding
from airflow_provider_reach.core.api.models import BatchStatus, ValidationResult, Webhook, WebhookList
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.secrets.redact import safe_url
from airflow_provider_reach.core.text import is_uuid, shown
from airflow_provider_reach.core.values import no_text

T = TypeVar("T")

DEFAULT_LIMIT = 1000
MAX_LIMIT = 100_000

Kind = Literal["list", "get", "create", "update", "delete", "validate", "batch_status", "request"]

_WORDS: Final[Mapping[Kind, str]] = {
    "list": "list webhooks",
    "get": "get webhook {}",
    "create": "create webhook {}",
    "update": "update webhook {}",
    "delete": "delete webhook {}",
    "validate": "validate webhook {}",
    "batch_status": "get batch status of webhook {}",
    "request": "{}",
}


@dataclass(frozen=True)
class Call(Generic[T]):
    """
    A call to an operation of the API.

    :param kind: Which operation.
    :param label: The webhook, or whatever else it acts on, as messages name it.
    :param method: The HTTP method.
    :param path: The path below the workspace's, its ids checked.
    :param read: Turns a good answer, and the values to mask in it, into a result.
    :param query: The query's parameters.
    :param body: The JSON body.
    :param repeatable: Whether it may be sent again when the service may have taken an earlier one.
    :param gone_is_done: Whether a 404 to a repeat means that the first one, whose answer was lost, was carried out.
    :param asks_target: Whether the service POSTs to the webhook's target, for up to 10 s, before it answers.
    :param target: The URL to which it POSTs, where known.
    :param secrets: Values to mask in everything that is said about it.
    """

    kind: Kind
    label: str
    method: str
    path: str
    read: Callable[[Answer, tuple[str, ...]], T] = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    repeatable: bool = True
    gone_is_done: bool = False
    asks_target: bool = False
    target: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def operation(self) -> str:
        """What it does and to what, for messages: ``get batch status of webhook …``."""
        return _WORDS[self.kind].format(self.label)

    @property
    def changes(self) -> bool:
        """Whether it changes anything at the service."""
        return self.kind != "validate" and self.method not in ("GET", "HEAD")

    def masking(self, secrets: tuple[str, ...]) -> Call[T]:
        """The same call, with more values to mask."""
        return replace(self, secrets=(*secrets, *self.secrets))

    def about(self, webhook: Webhook) -> Call[T]:
        """The same call, named in messages by the webhook's name and id; its target is known then."""
        return replace(self, label=webhook.label, target=self.target or webhook.target)


class SentFields(Protocol):
    """What an update sends: a :class:`~airflow_provider_reach.core.webhooks.spec.WebhookChanges`."""

    @property
    def given(self) -> dict[str, Any]:
        """By name."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What to mask."""

    def body(self, what: str) -> bytes:
        """The JSON, checked."""


class NewWebhook(SentFields, Protocol):
    """What a create sends: a :class:`~airflow_provider_reach.core.webhooks.spec.WebhookSpec`."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def target(self) -> str:
        """The URL to which batches are POSTed."""


def list_webhooks() -> Call[WebhookList]:
    """List the webhooks of the workspace; only this answer has ids and the times of the last delivery and failure."""

    def read(answer: Answer, _secrets: tuple[str, ...]) -> WebhookList:
        return WebhookList(webhooks=decoding.webhooks(answer.body), at=answer.at)

    return Call("list", "", "GET", "/webhooks", read)


def get_webhook(webhook_id: str) -> Call[Webhook]:
    """
    Get one webhook.

    :param webhook_id: Its UUID.
    :raises ReachInputError: when the id is not a UUID.
    """
    path = _path(webhook_id, "get webhook")
    return Call("get", webhook_id, "GET", path, lambda answer, _: decoding.webhook(answer.body, webhook_id.lower()))


def create_webhook(spec: NewWebhook) -> Call[str]:
    """
    Create a webhook; the result is its id. Never repeatable: nothing keeps the service from making a second one.

    :param spec: The webhook to create.
    :raises ReachInputError: naming everything that is wrong with it.
    """
    body = spec.body(f"create webhook {shown(spec.name)}")
    return Call(
        "create",
        f"{shown(spec.name)} with target {safe_url(spec.target)}",
        "POST",
        "/webhooks",
        lambda answer, _: decoding.written_id(answer.body),
        body=body,
        repeatable=False,
        asks_target=True,
        target=spec.target,
        secrets=spec.secrets,
    )


def update_webhook(webhook_id: str, changes: SentFields) -> Call[str]:
    """
    Change the given fields of a webhook; the result is its id.

    :param webhook_id: Its UUID.
    :param changes: The fields to change.
    :raises ReachInputError: when the id is not a UUID, or naming everything that is wrong with the changes.
    """
    path = _path(webhook_id, "update webhook")
    return Call(
        "update",
        webhook_id,
        "PUT",
        path,
        lambda answer, _: decoding.written_id(answer.body),
        body=changes.body(f"update webhook {webhook_id}"),
        asks_target=True,
        target=changes.given.get("target", ""),
        secrets=changes.secrets,
    )


def delete_webhook(webhook_id: str) -> Call[bool]:
    """
    Delete a webhook; batches already queued are still delivered.

    The result is whether the service says so: False where it answered 404 to a repeat.

    :param webhook_id: Its UUID.
    :raises ReachInputError: when the id is not a UUID.
    """

    def read(answer: Answer, _secrets: tuple[str, ...]) -> bool:
        if answer.status == 404:  # after a repeat, that is what was asked for
            return False
        decoding.nothing(answer.body)
        return True

    return Call("delete", webhook_id, "DELETE", _path(webhook_id, "delete webhook"), read, gone_is_done=True)


def validate_webhook(webhook_id: str) -> Call[ValidationResult]:
    """
    Have the service POST a test batch to the webhook's target.

    :param webhook_id: Its UUID.
    :raises ReachInputError: when the id is not a UUID.
    """
    return Call(
        "validate",
        webhook_id,
        "POST",
        f"{_path(webhook_id, 'validate webhook')}/validate",
        lambda answer, secrets: decoding.validation(answer.body, secrets, answer.seconds),
        asks_target=True,
    )


def get_batch_status(webhook_id: str, limit: int = DEFAULT_LIMIT) -> Call[BatchStatus]:
    """
    Get the batches of the last 24 hours that failed, or were delivered after a failure.

    :param webhook_id: The webhook's UUID.
    :param limit: The most rows to ask for, at least 1.
    :raises ReachInputError: when the id is not a UUID, or the limit not a whole number from 1.
    """
    path = f"{_path(webhook_id, 'get batch status')}/batch-status"
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= sys.maxsize:
        problem = f"limit must be a whole number from 1, not {shown(limit)}."
        raise ReachInputError([problem], f"get batch status of webhook {webhook_id}")

    def read(answer: Answer, _secrets: tuple[str, ...]) -> BatchStatus:
        rows = decoding.batch_rows(answer.body)
        return BatchStatus(rows=rows, complete=len(rows) < limit, at=answer.at, received=answer.received)

    return Call("batch_status", webhook_id, "GET", path, read, query={"limit": str(limit)})


def any_request(method: str, path: str, query: Mapping[str, Any] | None = None, json: Any = None) -> Call[Any]:
    """
    Make any other call to the workspace's API; the result is the answer's JSON, or None for an empty answer.

    :param method: The HTTP method; only GET, HEAD, PUT and DELETE are ever repeated.
    :param path: The path below the workspace's ``/reach``, such as ``/webhooks``.
    :param query: The query's parameters.
    :param json: What to send as JSON.
    :raises ReachInputError: when the path leaves the workspace, or the method is unknown.
    """
    operation = f"{method} {shown(path)}"
    problems = []
    if method not in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        problems.append("method must be GET, HEAD, POST, PUT, PATCH or DELETE.")
    segments = [segment.partition(";")[0] for segment in path.split("/")]  # "..;" is ".." to some servers
    if not path.startswith("/") or not all(segments[1:]) or any(segment in (".", "..") for segment in segments):
        problems.append("path must start with '/' and hold no empty part, '.' or '..'.")
    if quote(path, safe="/-._~:@!$&'()*+,;=", errors="replace") != path:
        problems.append("path holds characters that do not belong in one: percent signs, '?', '#', spaces; use query.")
    try:
        texts = {name: str(value) for name, value in (query or {}).items()}
        "".join([*map(str, texts), *texts.values()]).encode()
        body = None if json is None else msgspec.json.encode(json)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        problems.append(f"query or json holds a value that cannot be sent: {type(error).__name__}.")
    if problems:
        raise ReachInputError(problems, operation)
    return Call(
        "request",
        operation,
        method,
        path,
        lambda answer, _: decoding.any_json(answer.body) if answer.body.strip() else None,
        query=texts,
        body=body,
        repeatable=method in ("GET", "HEAD", "PUT", "DELETE"),
        asks_target=method not in ("GET", "HEAD") and path.startswith("/webhooks"),
    )


def _path(webhook_id: str, what: str) -> str:
    """The webhook's path; what is not a UUID never becomes part of one."""
    if not isinstance(webhook_id, str):
        raise ReachInputError([no_text("webhook_id", webhook_id)], what)
    if not is_uuid(webhook_id):
        raise ReachInputError(
            [f"webhook_id {shown(webhook_id)} is not a UUID: take it from a list of the webhooks, or use the name."],
            what,
        )
    return f"/webhooks/{webhook_id.lower()}"
