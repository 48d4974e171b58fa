"""What may be shown: of a URL, of headers, of an answer's text. Never a secret, never more than a line."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Container, Iterable, Iterator, Mapping
from html import escape
from itertools import chain, islice
from typing import Any, Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from airflow_provider_reach.core.config import unfolded
from airflow_provider_reach.core.fields import FIELDS

REDACTED: Final = "***"
PUBLIC_NAMES: Final = frozenset({"username", "url", "grant_type", "client_id", "scope", "audience"})
"""Of a webhook's authentication: what tells one set-up from another and is no secret."""
SECRETS_OF: Final[Mapping[str, frozenset[str]]] = {
    "custom_headers": frozenset(),
    "auth_credentials": PUBLIC_NAMES,
    "auth_request_details": PUBLIC_NAMES,
}
"""The fields of a webhook of which every leaf is a secret, but for those under these names."""

EXCERPT = 300
_MOST_NAMES = 100
_MOST_READ = 200_000

DEEPEST: Final = 100
"""Levels of a JSON value, at the most: what reads or hides a value goes down into it by recursion."""

# Each word is tried at its beginning alone (the look-behinds), so that no text takes long.
_TELLTALE = (
    r"(?:passw|pwd|secret|token|credential|auth|cookie|signature|session|api[_-]?key|access[_-]?key|custom[_-]?headers)"
)
_TELLTALE_NAME = re.compile(_TELLTALE, re.IGNORECASE)
_TELLTALE_FIELD = re.compile(
    rf"""(?<![\w.-])(?=[\w.-]*{_TELLTALE})([\w.-]+[\\"']*\s*[:=]\s*)"""
    r"""(?:[{\[].*|\\*"(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$)|[^\s,;&}\]]+)""",
    re.IGNORECASE | re.DOTALL,
)
_TELLTALE_LINE = re.compile(
    r"""(?<![\w-])([\w-]*(?:authorization|cookie)\s*[:=]\s*)(?!["'\s])[^\r\n]+""", re.IGNORECASE
)
_SCHEME = re.compile(r"\b(AccessKey|Bearer|Basic)(\s+)[\w+/=.~:-]{4,}", re.IGNORECASE)
_URL_USERINFO = re.compile(r"""(?<=://)[^\s"'<>]*@""")
_URL_QUERY = re.compile(r"""(?<=://)([^\s"'<>?]+\?)[^\s"'<>]+""")
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*(?:"|$)(\s*:)?', re.DOTALL)
_JSON_START = re.compile(r'^"|[{\[]')
_TAG = re.compile(r"<[^>]{0,200}>")


def one_line(text: str, most: int = EXCERPT) -> str:
    """
    Text on one line, without control characters, bounded.

    :param text: Any text, also a hostile one.
    :param most: Characters at the most.
    """
    beginning = text[: most * 8]
    if not beginning.isprintable():
        beginning = "".join(c if c.isprintable() else " " for c in beginning)
    line = unfolded(" ".join(beginning.split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"


def safe_text(text: str, secrets: Iterable[str] = (), most: int = EXCERPT) -> str:
    """
    Text that somebody else wrote, as a message may quote it.

    :param text: What the service, a target or a library said.
    :param secrets: Values to replace wherever they stand.
    :param most: Characters at the most.
    """
    text = _cut(_masked(_cut(text, _MOST_READ), secrets), most * 8)
    text = _URL_USERINFO.sub(f"{REDACTED}@", text)
    text = _URL_QUERY.sub(rf"\1{REDACTED}", text)
    text = _TELLTALE_LINE.sub(rf"\1{REDACTED}", text)
    text = _SCHEME.sub(rf"\1\2{REDACTED}", text)
    text = _TELLTALE_FIELD.sub(rf"\1{REDACTED}", text)
    return one_line(text, most)


def beginning_of(body: bytes, secrets: Iterable[str] = (), most: int = EXCERPT) -> str:
    """
    The beginning of an answer that could not be read, as a message may quote it.

    JSON keeps its names and loses its text values: a list cut off half way may hold a target's password anywhere.

    :param body: The answer's body.
    :param secrets: Values to replace wherever they stand.
    :param most: Characters at the most.
    """
    text = _cut(_masked(_cut(body[: 2 * _MOST_READ].decode("utf-8", "replace"), _MOST_READ), secrets), most * 8)
    if text.startswith("<"):
        text = _TAG.sub(" ", text)
    if json := _JSON_START.search(text):
        values_masked = _JSON_STRING.sub(lambda found: found[0] if found[1] else f'"{REDACTED}"', text[json.start() :])
        text = text[: json.start()] + values_masked
    return safe_text(text, secrets, most) or "(nothing)"


def _masked(text: str, secrets: Iterable[str]) -> str:
    for form in sorted({form for s in secrets if len(s) > 3 for form in _forms(s)}, key=len, reverse=True):
        text = text.replace(form, REDACTED)
    return text


def _forms(secret: str) -> set[str]:
    """A secret as it may stand in an answer that repeats it: as it is, in JSON, in a URL, in HTML."""
    secret = secret.encode("utf-8", "replace").decode()  # what cannot be sent cannot come back
    in_json = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    in_url = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    lower = {re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), form) for form in in_url}
    return {secret, *in_json, *in_url, *lower, escape(secret), escape(secret, quote=False)}


def _cut(text: str, most: int) -> str:
    """The beginning of a text, without the word that the cut would go through: half a secret is told by no pattern."""
    text = text.strip()
    return text if len(text) <= most else text[:most].rsplit(None, 1)[0]


def safe_url(url: str) -> str:
    """
    A URL as it may be shown: without user name, password and query values.

    :param url: Any text meant as a URL.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.netloc.rpartition("@")[2], parts.port
    except ValueError:
        return "(unreadable)"
    query = f"?{REDACTED}" if parts.query else ""
    fragment = f"#{REDACTED}" if parts.fragment else ""
    user = f"{REDACTED}@" if "@" in parts.netloc else ""
    start = f"{parts.scheme}://" if parts.scheme else ""
    path = parts.path if parts.netloc else parts.path.rpartition("@")[2]
    return one_line(f"{start}{user}{host}{path}{query}{fragment}", 200)


def safe_headers(headers: Mapping[str, Any], secrets: Iterable[str] = ()) -> dict[str, str]:
    """
    A target's answer headers as they may be shown, those with secret names masked.

    :param headers: Names and values.
    :param secrets: Values to replace wherever they stand.
    """
    secrets = tuple(secrets)
    return {
        one_line(str(name), 80): _safe_header(str(name), str(value), secrets)
        for name, value in list(headers.items())[:20]
    }


def _safe_header(name: str, value: str, secrets: tuple[str, ...]) -> str:
    if name.lower() == "www-authenticate":  # a challenge, which tells what is missing
        return one_line(_masked(value, secrets), 120)
    return REDACTED if is_telltale(name) else safe_text(value, secrets, 120)


def is_deeper(value: Any, levels: int) -> bool:
    """
    Whether a value is nested deeper than that.

    :param value: Any value.
    :param levels: At the most; text and numbers have none.
    """
    inside = _containers([value])
    while inside and levels > 0:
        inside = _containers(chain.from_iterable(map(_inside, inside)))
        levels -= 1
    return bool(inside)


def _containers(values: Iterable[Any]) -> list[Any]:
    """Those of the values that hold others, each once, however often it is there."""
    holding = (v for v in values if type(v) not in _LEAVES and isinstance(v, (list, tuple, Mapping)) and v)
    return list({id(container): container for container in holding}.values())


def _inside(container: Any) -> Iterable[Any]:
    return container if isinstance(container, (list, tuple)) else container.values()


_LEAVES = frozenset({str, int, float, bool, type(None)})  # most of an answer: to ask them for their kind takes long


def redacted(value: Any, public: Container[str] = ()) -> Any:
    """
    The same JSON value with every leaf replaced: it shows what is set, not to what.

    :param value: Credentials, request details or custom headers.
    :param public: Names whose value may be shown.
    """
    if isinstance(value, Mapping):
        return {
            one_line(str(name), 80): _public(name, inner)
            if name in public and isinstance(inner, str)
            else redacted(inner, public)
            for name, inner in islice(value.items(), _MOST_NAMES)
        }
    return None if value is None else REDACTED


def shown_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """
    A webhook's fields as they may be shown, also those that are none of the contract.

    :param fields: By name; not checked yet.
    """
    return {str(name): _shown(name, value) for name, value in fields.items()}


def _shown(name: str, value: Any) -> Any:
    if is_deeper(value, DEEPEST):
        return REDACTED
    if name in SECRETS_OF:
        return redacted(value, SECRETS_OF[name])
    if name == "extra":
        return shown_fields(value) if isinstance(value, Mapping) else redacted(value)
    if name not in FIELDS and (is_telltale(name) or isinstance(value, (Mapping, list, tuple))):
        return redacted(value)
    if name == "target":
        return redacted(value) if isinstance(value, (Mapping, list, tuple)) else safe_url(str(value))
    return value


def _public(name: str, value: str) -> str:
    return safe_url(value) if name == "url" else one_line(value, 200)


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
