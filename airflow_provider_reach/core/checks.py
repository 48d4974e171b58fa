"""What of a webhook's fields must be refused before anything is sent, and what is only unusual: a sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args
from urllib.parse import urlsplit

from airflow_provider_reach.core.config import shown
from airflow_provider_reach.core.fields import AUTH_TYPES, LONGEST_NAME, EventType

Json = Mapping[str, Any]

_MAX_HEADERS = 5
_MAX_HEADER_BYTES = 3000
_MAX_NAME = 24


def problems_of(given: Mapping[str, Any]) -> Iterator[str]:
    """
    What must be refused.

    :param given: The fields of the contract that were given, of whatever type.
    """
    if "name" in given and not (isinstance(given["name"], str) and given["name"].strip()):
        yield f"name must be a text that is not empty.{_native(given['name'])}"
    elif len(given.get("name", "")) > LONGEST_NAME:
        yield f"name must have {LONGEST_NAME} characters at the most."
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
    """
    What is unusual though not refused.

    :param given: Fields in which nothing must be refused.
    """
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
    """Whether it is known that this type of authentication makes no use of the field."""
    return field in AUTH_TYPES and auth_type in ("none", *AUTH_TYPES.values()) and auth_type != AUTH_TYPES[field]


def is_list(value: object) -> bool:
    """Whether it is a list of texts, of any kind of list."""
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
        yield "the target holds a user name or password: the service shows them with the URL; use auth_credentials."


def _event_problems(events: object) -> Iterator[str]:
    if not is_list(events):
        yield "events must be a list of event types, such as ['delivery', 'bounce']."
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
        if not isinstance(name, str) or not isinstance(value, str) or not name.strip():
            yield f"custom_headers: every name and value must be a text, and no name empty.{_native(value)}"
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
            yield f"auth_credentials: {name} must be a text.{_native(value)}"


def _oauth2_problems(details: Json) -> Iterator[str]:
    url, body = details.get("url"), details.get("body")
    if not isinstance(url, str) or list(_target_problems(url)):
        yield "auth_type 'oauth2' needs auth_request_details with the url of the authorization server."
    if not isinstance(body, Mapping):
        yield "auth_type 'oauth2' needs auth_request_details with a body: client_id, client_secret, grant_type."


def _native(value: object) -> str:
    numbers = isinstance(value, (int, float)) and not isinstance(value, bool)
    return " (A DAG with render_template_as_native_obj makes numbers of digits: put it in quotes.)" if numbers else ""
