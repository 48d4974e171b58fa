"""What of a webhook is secret: by where it stands, by its name, and in the forms in which it is sent."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Container, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

PUBLIC_NAMES: Final = frozenset({"username", "url", "grant_type", "client_id", "scope", "audience"})
"""Of a webhook's authentication: what tells one set-up from another and is no secret."""
SECRETS_OF: Final[Mapping[str, frozenset[str]]] = {
    "custom_headers": frozenset(),
    "auth_credentials": PUBLIC_NAMES,
    "auth_request_details": PUBLIC_NAMES,
}
"""The fields of a webhook of which every leaf is a secret, but for those under these names."""

TELLTALE: Final = (
    r"(?:passw|pwd|secret|token|credential|auth|cookie|signature|session|api[_-]?key|access[_-]?key|custom[_-]?headers)"
)
_TELLTALE_NAME = re.compile(TELLTALE, re.IGNORECASE)


def secrets_in(value: Any, public: Container[str] = ()) -> tuple[str, ...]:
    """
    Every leaf of a JSON value as text, to be masked wherever it turns up.

    :param value: Credentials, request details or custom headers.
    :param public: Names whose value may be shown.
    """
    return tuple(str(leaf) for leaf in leaves(value, public) if not isinstance(leaf, bool))


def leaves(value: Any, public: Container[str] = ()) -> Iterator[Any]:
    """
    Every leaf of a JSON value that is neither None nor empty.

    :param value: Any value.
    :param public: Names whose value is left out.
    """
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
    The leaves of a JSON value that stand under a name such as ``token`` or ``password``.

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
    """
    What custom headers hold: each value, the token after a scheme, and what basic authentication made it of.

    :param headers: Names and values, or anything else.
    """
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
    What HTTP's basic authentication makes of a user and a password, which a target may quote.

    :param username: The user's name, or the id of a client.
    :param password: The password, or the client's secret; none where there is none.
    """
    if not password:
        return ()
    token = b64encode(f"{username or ''}:{password}".encode("utf-8", "replace")).decode()
    url_safe = token.translate(str.maketrans("+/", "-_"))
    return tuple(dict.fromkeys((token, token.rstrip("="), url_safe, url_safe.rstrip("="))))


def secrets_in_authentication(credentials: Any, details: Any) -> tuple[str, ...]:
    """
    What a webhook's authentication holds, also as basic authentication sends it.

    :param credentials: ``auth_credentials``, or anything else.
    :param details: ``auth_request_details``, or anything else.
    """
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
    The password of a URL (or the user's name where there is none), and what its query holds.

    Of the query, what is long, or stands under a name such as ``key`` or ``token``.

    :param url: A webhook's target, or anything else.
    :param tokens: Also what HTTP's basic authentication makes of the password.
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
    """Whether a text stands in for a secret that is not shown: ``***``, ``••••``, ``xxxx``, ``[REDACTED]``."""
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
    """Whether what stands under this name is most likely a secret."""
    return bool(_TELLTALE_NAME.search(str(name)))
