"""What a person asks a webhook to be: checked before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Struct, UnsetType

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.redaction import (
    PUBLIC_NAMES,
    REDACTED,
    is_telltale,
    redacted,
    safe_url,
    secrets_in,
    secrets_named,
)

Json = Mapping[str, Any]

_MAX_HEADERS = 5
_MAX_HEADER_BYTES = 3000
_MAX_NAME = 24


class WebhookChanges(Struct, frozen=True, kw_only=True):
    """
    The fields of a webhook that shall change; what is not given is not sent, what is given empty is.

    :param name: The webhook's name.
    :param target: The URL to which batches are POSTed.
    :param events: The event types it sends.
    :param active: Whether it sends anything.
    :param custom_headers: Headers sent to the target.
    :param auth_type: ``none``, ``basic`` or ``oauth2``.
    :param auth_credentials: ``{"username", "password"}`` for ``basic``.
    :param auth_request_details: ``{"url", "body"}`` for ``oauth2``.
    :param extra: Fields of the service that are none of these.
    """

    name: str | UnsetType = UNSET
    target: str | UnsetType = UNSET
    events: Sequence[str] | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    custom_headers: Json | UnsetType = UNSET
    auth_type: str | UnsetType = UNSET
    auth_credentials: Json | UnsetType = UNSET
    auth_request_details: Json | UnsetType = UNSET
    extra: Json = {}

    @property
    def given(self) -> dict[str, Any]:
        """The fields that were given, by name; a repeated event is there once, ``extra`` field by field."""
        given = {name: value for name in FIELDS if (value := getattr(self, name)) is not UNSET}
        if _is_list(given.get("events")):
            given["events"] = list(dict.fromkeys(given["events"]))
        return {**given, **self.extra} if isinstance(self.extra, Mapping) else given

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that must be masked wherever it turns up."""
        given = self.given
        known = tuple(s for name, public in _SECRET_FIELDS.items() for s in secrets_in(given.get(name), public))
        return (*known, *secrets_named(self.extra))

    def only(self, names: Collection[str]) -> WebhookChanges:
        """
        Some of these changes.

        :param names: The fields to keep; of ``extra`` too.
        """
        kept = {name: value for name, value in self.given.items() if name in names}
        extra = {name: kept.pop(name) for name in list(kept) if name not in FIELDS}
        return WebhookChanges(**kept, extra=extra)

    def body(self, what: str) -> bytes:
        """
        The request's JSON body.

        :param what: What it is for, such as ``create webhook 'orders'``, for the message.
        :raises ReachInputError: naming everything that is wrong with it.
        """
        if found := list(self.problems()):
            raise ReachInputError(found, what)
        try:
            return msgspec.json.encode(self.given)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise ReachInputError([f"a value cannot be sent as JSON: {type(error).__name__}."], what) from None

    def problems(self) -> Iterator[str]:
        """What must be refused before anything is sent, a sentence each."""
        given = self.given
        if not isinstance(self.extra, Mapping) or not all(isinstance(name, str) for name in self.extra):
            yield "extra must be a mapping of field names to values."
            return
        if known := [name for name in self.extra if name in FIELDS]:
            yield f"extra holds {', '.join(known)}: give it as an argument of its own."
        if not given:
            yield "nothing to change was given."
        if "name" in given and not (isinstance(given["name"], str) and given["name"].strip()):
            yield "name must be a text that is not empty."
        if "target" in given:
            yield from _target_problems(given["target"])
        if "events" in given:
            yield from _event_problems(given["events"])
        if "active" in given and not isinstance(given["active"], bool):
            yield f"active must be True or False, not {type(given['active']).__name__}."
        if "custom_headers" in given:
            yield from _header_problems(given["custom_headers"])
        yield from _auth_problems(given)
        yield from _redacted_problems(given)

    def warnings(self) -> Iterator[str]:
        """What is unusual though not refused, a sentence each."""
        given = self.given
        if (name := given.get("name")) and len(name) > _MAX_NAME:
            yield f"the name has more than {_MAX_NAME} characters: the service's own page shows no more."
        if "target" in given:
            yield from _target_warnings(given["target"])
        if "events" in given and len(given["events"]) < len(self.events):  # type: ignore[arg-type]
            yield "an event type stands twice in events: it is sent once."
        if headers := given.get("custom_headers"):
            size = sum(len(f"{key}: {value}\r\n".encode()) for key, value in headers.items())
            if len(headers) > _MAX_HEADERS or size >= _MAX_HEADER_BYTES:
                yield (
                    f"{len(headers)} custom headers of {size} bytes: the service was seen to take {_MAX_HEADERS} "
                    f"headers under {_MAX_HEADER_BYTES} bytes."
                )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for a traceback that shows variables; msgspec's own would show the secrets."""
        return list(shown_fields(self.given).items())


class WebhookSpec(WebhookChanges, frozen=True, kw_only=True):
    """A webhook to be created: name, target and events are required; the rest as in :class:`WebhookChanges`."""

    name: str
    target: str
    events: Sequence[str]

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> WebhookSpec:
        """
        A webhook of fields by name; what is required and not there is told by :meth:`problems`.

        :param fields: As the parameters.
        """
        return cls(**{"name": UNSET, "target": UNSET, "events": UNSET, **fields})

    def problems(self) -> Iterator[str]:
        """What must be refused before anything is sent, a sentence each."""
        given = self.given
        yield from (f"{name} is required." for name in ("name", "target", "events") if name not in given)
        yield from super().problems()
        if self.auth_type is UNSET:
            for field, auth_type in (("auth_credentials", "basic"), ("auth_request_details", "oauth2")):
                if given.get(field):
                    yield f"{field} without auth_type would make a webhook without authentication: add '{auth_type}'."


FIELDS = tuple(name for name in WebhookChanges.__struct_fields__ if name != "extra")

_SECRET_FIELDS: dict[str, frozenset[str]] = {
    "custom_headers": frozenset(),
    "auth_credentials": PUBLIC_NAMES,
    "auth_request_details": PUBLIC_NAMES,
}


def shown_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """
    A webhook's fields as they may be shown, also those that are none of the contract.

    :param fields: By name; not checked yet.
    """
    return {str(name): _shown(name, value) for name, value in fields.items()}


def _shown(name: str, value: Any) -> Any:
    if name in _SECRET_FIELDS:
        return redacted(value, _SECRET_FIELDS[name])
    if name == "extra" and isinstance(value, Mapping):
        return shown_fields(value)
    if name not in FIELDS and (is_telltale(name) or isinstance(value, (Mapping, list, tuple))):
        return redacted(value)
    return safe_url(str(value)) if name == "target" else value


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(item, str) for item in value)


def _target_problems(target: object) -> Iterator[str]:
    if not isinstance(target, str) or not target:
        yield "target must be a URL, such as https://consumer.example.com/reach."
        return
    if any(c.isspace() or not c.isprintable() for c in target):
        yield "target holds white space or control characters."
        return
    try:
        parts = urlsplit(target)
        host, _ = parts.hostname, parts.port
    except ValueError:
        yield "target is no URL: its host or port cannot be read."
        return
    if parts.scheme not in ("http", "https"):
        yield "target must start with https:// (or http://)."
    elif not host:
        yield "target has no host."


def _target_warnings(target: str) -> Iterator[str]:
    parts = urlsplit(target)
    if parts.scheme == "http":
        yield "the target is plain http: events and credentials travel in clear."
    if parts.port not in (None, 80, 443):
        yield f"the target's port {parts.port} was refused by the service in one document: 80 and 443 are safe."
    if parts.username or parts.password:
        yield "the target holds a user name or password: they are shown wherever the URL is; use auth_credentials."


def _event_problems(events: object) -> Iterator[str]:
    if not _is_list(events):
        yield "events must be a list of event types, such as ['delivery', 'bounce']."
    elif not events or not all(event.strip() for event in events):  # type: ignore[attr-defined]
        yield "events is empty or holds an empty text: name at least one event type, such as 'delivery'."


def _header_problems(headers: object) -> Iterator[str]:
    if not isinstance(headers, Mapping):
        yield "custom_headers must be a mapping of header names to values."
        return
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str) or not name.strip():
            yield "custom_headers: every name and value must be a text, and no name empty."
            return
        if any(c in text for text in (name, value) for c in "\r\n\0"):
            yield "custom_headers: a name or value holds a line break, which would forge another header."
            return


def _auth_problems(given: Mapping[str, Any]) -> Iterator[str]:
    auth_type = given.get("auth_type")
    credentials, details = given.get("auth_credentials"), given.get("auth_request_details")
    if "auth_type" in given and not (isinstance(auth_type, str) and auth_type):
        yield "auth_type must be 'none', 'basic' or 'oauth2'."
        return
    for field, value in (("auth_credentials", credentials), ("auth_request_details", details)):
        if field in given and not isinstance(value, Mapping):
            yield f"{field} must be a mapping."
            return
    if auth_type == "basic":
        yield from _basic_problems(credentials)
    elif auth_type == "oauth2":
        yield from _oauth2_problems(details)
    if credentials and auth_type in ("none", "oauth2"):
        yield f"auth_credentials belong to auth_type 'basic', not to '{auth_type}'."
    if details and auth_type in ("none", "basic"):
        yield f"auth_request_details belong to auth_type 'oauth2', not to '{auth_type}'."


def _basic_problems(credentials: Json | None) -> Iterator[str]:
    username = (credentials or {}).get("username")
    if not isinstance(username, str) or not username:
        yield "auth_type 'basic' needs auth_credentials with a username."
    password = (credentials or {}).get("password")
    if password is not None and not isinstance(password, str):
        yield "auth_credentials: password must be a text."


def _oauth2_problems(details: Json | None) -> Iterator[str]:
    url, body = (details or {}).get("url"), (details or {}).get("body")
    if not isinstance(url, str) or list(_target_problems(url)):
        yield "auth_type 'oauth2' needs auth_request_details with the url of the authorization server."
    if not isinstance(body, Mapping):
        yield "auth_type 'oauth2' needs auth_request_details with a body: client_id, client_secret, grant_type."


def _redacted_problems(given: Mapping[str, Any]) -> Iterator[str]:
    """What was taken from a log or an XCom stands in for the secret, and would overwrite it."""
    for field in _SECRET_FIELDS:
        if REDACTED in secrets_in(given.get(field)):
            yield f"{field} holds '{REDACTED}', which stands in for a secret that is not shown: give the secret itself."
    if REDACTED in str(given.get("target")):
        yield f"target holds '{REDACTED}', which stands in for a part that is not shown: give the whole URL."
