"""What must be refused in a webhook's fields before anything is sent, and what is only unusual; a sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args
from urllib.parse import urlsplit

from airflow_provider_reach.core.fields import AUTH_TYPES, LONGEST_NAME, EventType
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.values import no_text

Json = Mapping[str, Any]

_MAX_HEADERS = 5
_MAX_HEADER_BYTES = 3000
_MAX_NAME = 24


def problems_of(given: Mapping[str, Any]) -> Iterator[str]:
    """What must be refused."""
    if not isinstance(given.get("name", ""), str):
        yield no_text("name", given["name"])
    elif "name" in given and not given["name"].strip():
        yield "name must be a text that is not empty."
    elif len(given.get("name", "")) > LONGEST_NAME:
        yield f"name must have at most {LONGEST_NAME} characters."
    if "target" in given:
        yield from _target_problems(given["target"])
    if "events" in given:
        yield from _event_problems(given["events"])
    if "active" in given and not isinstance(given["active"], bool):
        yield f"active must be True or False, not {type(given['active']).__name__}."
    if "custom_headers" in given:
        yield from _header_problems(given["custom_headers"])
    yield from _auth_problems(given)


def warnings_of(given: Mapping[str, Any]) -> Iterator[str]:
    """What is unusual but not refused."""
    if len(given.get("name", "")) > _MAX_NAME:
        yield f"the name has more than {_MAX_NAME} characters: the service's own page shows no more."
    if "target" in given:
        yield from _target_warnings(given["target"])
    yield from _event_warnings(given.get("events", ()))
    if headers := given.get("custom_headers"):
        size = sum(len(f"{key}: {value}\r\n".encode()) for key, value in headers.items())
        if len(headers) > _MAX_HEADERS or size >= _MAX_HEADER_BYTES:
            yield (
                f"{len(headers)} custom headers of {size} bytes: the service was seen to take {_MAX_HEADERS} "
                f"headers under {_MAX_HEADER_BYTES} bytes."
            )


def is_unused(field: str, auth_type: Any) -> bool:
    """Whether this type of authentication is known not to use the field."""
    return field in AUTH_TYPES and auth_type in ("none", *AUTH_TYPES.values()) and auth_type != AUTH_TYPES[field]


def list_of(value: object) -> list[Any]:
    """The items of a list of any kind; any other value is an item itself."""
    return list(value) if isinstance(value, _LISTS) else [value]


def is_list(value: object) -> bool:
    """Whether it is a list of texts; any kind of list counts."""
    return isinstance(value, _LISTS) and all(isinstance(item, str) for item in value)


_LISTS = (list, tuple, set, frozenset)


def _target_problems(target: object) -> Iterator[str]:
    if not isinstance(target, str) or not target:
        said = "" if isinstance(target, str) else f" {no_text('It', target, secret=True)}"
        yield f"target must be a URL, such as https://consumer.example.com/reach.{said}"
        return
    if any(c.isspace() or not c.isprintable() for c in target):
        yield "target holds white space or control characters."
        return
    try:
        parts = urlsplit(target)
        host, _ = parts.hostname, parts.port
    except ValueError:
        yield "target is not a URL: its host or port cannot be read."
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
        yield "the target holds a user name or password: the service shows them with the URL; use auth_credentials."


def _event_problems(events: object) -> Iterator[str]:
    if not is_list(events):
        others = [event for event in list_of(events) if not isinstance(event, str)]
        said = f" {no_text('Each', others[0])}" if others else ""
        yield f"events must be a list of event types, such as ['delivery', 'bounce'].{said}"
    elif not events or not all(event.strip() for event in events):  # type: ignore[attr-defined]
        yield "events is empty or holds an empty text: name at least one event type, such as 'delivery'."


def _event_warnings(events: Iterable[str]) -> Iterator[str]:
    for event in events:
        if event not in get_args(EventType):
            from difflib import get_close_matches  # here, since only a likely mistake needs it

            similar = get_close_matches(event.strip().lower(), get_args(EventType), 1, 0.7)
            hint = f": is it {similar[0]!r}?" if similar else ", and is sent as it is."
            yield f"the event type {shown(event)} is none that the service's description names{hint}"


def _header_problems(headers: object) -> Iterator[str]:
    if not isinstance(headers, Mapping):
        yield "custom_headers must be a mapping of header names to values."
        return
    for name, value in headers.items():
        if not isinstance(name, str):
            yield no_text("custom_headers: every name", name)
        elif not name.strip():
            yield "custom_headers: a name is empty."
        elif not isinstance(value, str):
            yield no_text(f"custom_headers: the value of {shown(name)}", value, secret=True)
        elif any(c in text for text in (name, value) for c in "\r\n\0"):
            yield "custom_headers: a name or value holds a line break, which would forge another header."
        else:
            continue
        return


def _auth_problems(given: Mapping[str, Any]) -> Iterator[str]:
    auth_type = given.get("auth_type")
    credentials, details = given.get("auth_credentials"), given.get("auth_request_details")
    if "auth_type" in given and not (isinstance(auth_type, str) and auth_type):
        said = "" if isinstance(auth_type, str) else f" {no_text('It', auth_type)}"
        yield f"auth_type must be 'none', 'basic' or 'oauth2'.{said}"
        return
    for field, value in (("auth_credentials", credentials), ("auth_request_details", details)):
        if field in given and not isinstance(value, Mapping):
            yield f"{field} must be a mapping."
            return
    if auth_type == "basic" or (auth_type is None and {"username", "password"} & (credentials or {}).keys()):
        yield from _basic_problems(credentials or {})
    if auth_type == "oauth2" or (auth_type is None and {"url", "body"} & (details or {}).keys()):
        yield from _oauth2_problems(details or {})
    for field, wanted in AUTH_TYPES.items():
        if given.get(field) and is_unused(field, auth_type):
            yield f"{field} belong to auth_type '{wanted}', not to '{auth_type}'."


def _basic_problems(credentials: Json) -> Iterator[str]:
    if credentials.get("username") in (None, ""):
        yield "auth_type 'basic' needs auth_credentials with a username."
    for name in ("username", "password"):
        if not isinstance(value := credentials.get(name), (str, type(None))):
            yield no_text(f"auth_credentials: {name}", value, secret=True)


def _oauth2_problems(details: Json) -> Iterator[str]:
    url, body = details.get("url"), details.get("body")
    if not isinstance(url, str) or list(_target_problems(url)):
        said = f" {no_text('It', url, secret=True)}" if "url" in details and not isinstance(url, str) else ""
        yield f"auth_type 'oauth2' needs auth_request_details with the url of the authorization server.{said}"
    if not isinstance(body, Mapping):
        yield "auth_type 'oauth2' needs auth_request_details with a body: client_id, client_secret, grant_type."
        return
    for name in _TEXTS_OF_BODY:
        if not isinstance(value := body.get(name), (str, type(None))):
            yield no_text(f"auth_request_details: {name}", value, secret=True)


# Of a request for a token; its other values may be of any kind.
_TEXTS_OF_BODY = ("grant_type", "client_id", "client_secret", "scope", "audience", "username", "password")
