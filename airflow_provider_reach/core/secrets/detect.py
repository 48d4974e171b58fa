"""Which values of a webhook are secret, by place or by name, and in which forms they are sent."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Container, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

PUBLIC_NAMES: Final = frozenset({"username", "url", "grant_type", "client_id", "scope", "audience"})
"""Names within a webhook's authentication whose values are not secret."""
SECRETS_OF: Final[Mapping[str, frozenset[str]]] = {
    "custom_headers": frozenset(),
    "auth_credentials": PUBLIC_NAMES,
    "auth_request_details": PUBLIC_NAMES,
}
"""The fields of a webhook in which every leaf is a secret, except under these names."""

TELLTALE: Final = (
    r"(?:passw|pwd|secret|token|credential|auth|cookie|signature|session|api[_-]?key|access[_-]?key|custom[_-]?headers)"
)
_TELLTALE_NAME = re.compile(TELLTALE, re.IGNORECASE)


def secrets_in(value: Any, public: Container[str] = ()) -> tuple[str, ...]:
    """Every leaf of a JSON value as text, to be masked wherever it appears."""
    return tuple(str(leaf) for leaf in leaves(value, public) if not isinstance(leaf, bool))


def leaves(value: Any, public: Container[str] = ()) -> Iterator[Any]:
    """Every leaf of a JSON value that is neither None nor empty."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in public:
                yield from leaves(inner, public)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from leaves(inner, public)
    elif value is not None and value != "":
        yield value


def secrets_named(value: Any) -> tuple[str, ...]:
    """
    The leaves of a JSON value under names such as ``token`` or ``password``.

    :param value: Fields of which only the names tell whether they are secret.
    """
    if isinstance(value, (list, tuple)):
        return tuple(s for inner in value for s in secrets_named(inner))
    if not isinstance(value, Mapping):
        return ()
    return tuple(
        s for name, inner in value.items() for s in (secrets_in if is_telltale(name) else secrets_named)(inner)
    )


def secrets_in_headers(headers: Any) -> tuple[str, ...]:
    """The secrets in custom headers: each value, the token after a scheme, and the password in a basic token."""
    if not isinstance(headers, Mapping):
        return secrets_in(headers)
    given = {name: value for name, value in headers.items() if str(name).lower() not in _PUBLIC_HEADERS}
    values = [str(leaf) for leaf in leaves(given)]
    tokens = [value.split()[-1] for value in values if len(value.split()) > 1]
    return (*secrets_in(values), *tokens, *(part for token in tokens for part in _decoded(token)))


_PUBLIC_HEADERS = frozenset({"accept", "accept-encoding", "content-type", "user-agent"})


def _decoded(token: str) -> tuple[str, ...]:
    try:
        pair = b64decode(token, validate=True).decode()
    except ValueError:
        return ()
    return (pair, pair.partition(":")[2]) if ":" in pair else ()


def basic_tokens(username: Any, password: Any) -> tuple[str, ...]:
    """
    The forms in which HTTP's basic authentication sends a user name and a password: a target may quote them.

    :param username: The user name, or a client's id.
    :param password: The password, or the client's secret; without one there are no tokens.
    """
    if not password:
        return ()
    token = b64encode(f"{username or ''}:{password}".encode("utf-8", "replace")).decode()
    url_safe = token.translate(str.maketrans("+/", "-_"))
    return tuple(dict.fromkeys((token, token.rstrip("="), url_safe, url_safe.rstrip("="))))


def secrets_in_authentication(credentials: Any, details: Any) -> tuple[str, ...]:
    """The secrets in a webhook's authentication, also in the form in which basic authentication sends them."""
    basic = credentials if isinstance(credentials, Mapping) else {}
    body = details.get("body") if isinstance(details, Mapping) else None
    client = body if isinstance(body, Mapping) else {}
    return (
        *secrets_in([credentials, details], PUBLIC_NAMES),
        *basic_tokens(basic.get("username"), basic.get("password")),
        *basic_tokens(client.get("client_id"), client.get("client_secret")),
    )


def secrets_in_url(url: Any, *, tokens: bool = True) -> tuple[str, ...]:
    """
    The secrets in a URL: its password (or a long user name without one), and values of its query.

    A value of the query is taken for a secret if it is long, or has a name such as ``key`` or ``token``.

    :param url: A webhook's target, or anything else.
    :param tokens: Whether to include the forms in which basic authentication sends the password.
    """
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        password, username = unquote(parts.password or ""), unquote(parts.username or "")
        query = parse_qsl(parts.query)
    except ValueError:
        return ()
    named = (value for name, value in query if len(value) > 11 or is_telltale(name) or _KEY.search(name))
    made = basic_tokens(username, password) if tokens else ()
    user = (username,) if len(username) > 7 and not password else ()
    return (*named, *user, *((password, *made) if password else ()))


_KEY = re.compile(r"key|sig|code|hash", re.IGNORECASE)


def is_masked(value: Any) -> bool:
    """Whether a text is the mask of a secret: ``***``, ``••••``, ``xxxx``, ``[REDACTED]``."""
    if not isinstance(value, str):
        return False
    text = value.strip().strip("<>[](){}").lower()
    bracketed = text != value.strip().lower()
    return (
        "***" in text
        or "•••" in text
        or text == "redacted"
        or (bracketed and text in ("hidden", "masked", "filtered", "secret"))
        or (text != "" and set(text) <= set("*•●·"))
        or (len(text) > 2 and set(text) == {"x"})
    )


def is_telltale(name: object) -> bool:
    """Whether a value with this name is most likely a secret."""
    return bool(_TELLTALE_NAME.search(str(name)))
