"""What may be shown: of a URL, of headers, of an answer's text. Never a secret, never more than a line."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

REDACTED: Final = "***"
PUBLIC_NAMES: Final = frozenset({"username", "url", "grant_type", "client_id", "scope", "audience"})
"""Of a webhook's authentication: what tells one set-up from another and is no secret."""

EXCERPT = 300

_TELLTALE_NAME = (
    r"[\w.-]*(?:passw|pwd|secret|token|credential|auth|cookie|signature|session|api[_-]?key|access[_-]?key)[\w.-]*"
)
_QUOTED_OR_WORD = r"""("(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$)|[^\s,;&}\]]+)"""
_TELLTALE_FIELD = re.compile(rf"""(["']?)({_TELLTALE_NAME})\1(\s*[:=]\s*){_QUOTED_OR_WORD}""", re.IGNORECASE)
_SCHEME = re.compile(r"\b(AccessKey|Bearer|Basic)(\s+)[\w+/=.~:-]{4,}", re.IGNORECASE)
_TELLTALE_HEADER = re.compile(_TELLTALE_NAME, re.IGNORECASE)
_URL_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
_JSON_STRING_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"(?!\s*:)|"(?:[^"\\]|\\.)*$')
_TAG = re.compile(r"<[^>]{0,200}>")


def one_line(text: str, most: int = EXCERPT) -> str:
    """
    Text on one line, without control characters, bounded.

    :param text: Any text, also a hostile one.
    :param most: Characters at the most.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: most * 8]).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def safe_text(text: str, secrets: Iterable[str] = (), most: int = EXCERPT) -> str:
    """
    Text that somebody else wrote, as a message may quote it.

    :param text: What the service, a target or a library said.
    :param secrets: Values to replace wherever they stand.
    :param most: Characters at the most.
    """
    text = text[: most * 8]
    for secret in sorted((s for s in secrets if len(s) > 3), key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    text = _URL_USERINFO.sub(f"{REDACTED}@", text)
    text = _SCHEME.sub(rf"\1\2{REDACTED}", text)
    text = _TELLTALE_FIELD.sub(rf"\1\2\1\3{REDACTED}", text)
    return one_line(text, most)


def beginning_of(body: bytes, secrets: Iterable[str] = (), most: int = EXCERPT) -> str:
    """
    The beginning of an answer that could not be read, as a message may quote it.

    JSON keeps its names and loses its text values: a list cut off half way may hold a target's password anywhere.

    :param body: The answer's body.
    :param secrets: Values to replace wherever they stand.
    :param most: Characters at the most.
    """
    text = body[: most * 8].decode("utf-8", "replace").strip()
    if not text:
        return "(nothing)"
    text = _JSON_STRING_VALUE.sub(f'"{REDACTED}"', text) if text[0] in '{["' else _TAG.sub(" ", text)
    return safe_text(text, secrets, most)


def safe_url(url: str) -> str:
    """
    A URL as it may be shown: without user name, password and query values.

    :param url: Any text meant as a URL.
    """
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return one_line(url.split("?")[0].rpartition("@")[2], 200)
    query = f"?{REDACTED}" if parts.query else ""
    fragment = f"#{REDACTED}" if parts.fragment else ""
    user = f"{REDACTED}@" if "@" in parts.netloc else ""
    start = f"{parts.scheme}://" if parts.scheme else ""
    return one_line(f"{start}{user}{host}{parts.path}{query}{fragment}", 200)


def safe_headers(headers: Mapping[str, Any], secrets: Iterable[str] = ()) -> dict[str, str]:
    """
    A target's answer headers as they may be shown, those with secret names masked.

    :param headers: Names and values.
    :param secrets: Values to replace wherever they stand.
    """
    secrets = tuple(secrets)
    return {
        one_line(str(name), 80): REDACTED if _TELLTALE_HEADER.search(str(name)) else safe_text(str(value), secrets, 120)
        for name, value in list(headers.items())[:20]
    }


def redacted(value: Any, public: Container[str] = ()) -> Any:
    """
    The same JSON value with every leaf replaced: it shows what is set, not to what.

    :param value: Credentials, request details or custom headers.
    :param public: Names whose value may be shown.
    """
    if isinstance(value, Mapping):
        return {
            str(name): safe_url(inner) if name in public and isinstance(inner, str) else redacted(inner, public)
            for name, inner in value.items()
        }
    return None if value is None else REDACTED


def secrets_in(value: Any, public: Container[str] = ()) -> tuple[str, ...]:
    """
    Every leaf of a JSON value as text, to be masked wherever it turns up.

    :param value: Credentials, request details or custom headers.
    :param public: Names whose value may be shown.
    """
    if isinstance(value, Mapping):
        return tuple(s for name, inner in value.items() if name not in public for s in secrets_in(inner, public))
    if isinstance(value, (list, tuple)):
        return tuple(s for inner in value for s in secrets_in(inner, public))
    return () if value is None or isinstance(value, bool) or value == "" else (str(value),)
