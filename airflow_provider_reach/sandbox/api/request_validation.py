"""What the API refuses in the body of a create or an update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from airflow_provider_reach.sandbox.api.errors import ApiError
from airflow_provider_reach.sandbox.service.model import Webhook

AuthType = Literal["none", "basic", "oauth2"]
Headers = dict[str, str]
T = TypeVar("T")


class NewWebhook(msgspec.Struct):
    """The body of a create."""

    name: str
    target: str
    events: tuple[str, ...]
    active: bool = True
    custom_headers: Headers = {}
    auth_type: AuthType = "none"
    auth_request_details: dict[str, Any] = {}
    auth_credentials: dict[str, Any] = {}


class WebhookChanges(msgspec.Struct, omit_defaults=True):
    """The body of an update: a field that is left out stays as it is."""

    name: str | UnsetType = UNSET
    target: str | UnsetType = UNSET
    events: tuple[str, ...] | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    custom_headers: Headers | UnsetType = UNSET
    auth_type: AuthType | UnsetType = UNSET
    auth_request_details: dict[str, Any] | UnsetType = UNSET
    auth_credentials: dict[str, Any] | UnsetType = UNSET


def decode(body: bytes, shape: type[T]) -> T:
    """
    The body as the contract types it; fields it does not know are ignored.

    :raises ApiError: 400, it is not JSON, or a field is missing or of another type.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise ApiError(400, "invalid_field", "A field is missing or not valid", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, "invalid_json", "The body is not valid JSON", str(error)) from error


def changed_fields(changes: WebhookChanges) -> dict[str, Any]:
    """The fields that an update changes, by name."""
    fields = {name: getattr(changes, name) for name in changes.__struct_fields__}
    return {name: value for name, value in fields.items() if value is not UNSET}


def check(webhook: Webhook) -> None:
    """
    Refuse a webhook that could not deliver.

    :raises ApiError: 400, saying which field is wrong.
    """
    problem = next((problem for holds, problem in _rules(webhook) if not holds), None)
    if problem:
        raise ApiError(400, "invalid_field", "A field is missing or not valid", problem)


def _rules(webhook: Webhook) -> list[tuple[bool, str]]:
    details = webhook.auth_request_details
    return [
        (bool(webhook.name.strip()), "name must not be empty"),
        (_is_http_url(webhook.target), "target must be an http or https URL"),
        (bool(webhook.events), "events must not be empty"),
        (
            webhook.auth_type != "basic" or _is_text(webhook.auth_credentials.get("username")),
            "auth_type basic needs auth_credentials.username",
        ),
        (
            webhook.auth_type != "oauth2"
            or (_is_http_url(details.get("url")) and isinstance(details.get("body"), Mapping)),
            "auth_type oauth2 needs auth_request_details.url and auth_request_details.body",
        ),
    ]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_http_url(value: object) -> bool:
    if not isinstance(value, str) or any(character.isspace() for character in value):
        return False
    try:
        url = urlsplit(value)
        return url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        return False
