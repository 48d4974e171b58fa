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
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: most * 8]).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def safe_text(text: str, secrets: Iterable[str] = (), most: int = EXCERPT) -> str:
    """
    Text that somebody else wrote, as a message may quote it.

    :param text: What the service, a target or a library said.
    :param secrets: Values to replace wherever they stand.
    :param most: Characters at the most.
    """
    text = _cut(_masked(text, secrets), most * 8)
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
    text = _cut(_masked(body.decode("utf-8", "replace"), secrets), most * 8)
    if text.startswith("<"):
        text = _TAG.sub(" ", text)
    if json := _JSON_START.search(text):
        values_masked = _JSON_STRING.sub(lambda found: found[0] if found[1] else f'"{REDACTED}"', text[json.start() :])
        text = text[: json.start()] + values_masked
    return safe_text(text, secrets, most) or "(nothing)"


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in sorted({s for s in secrets if len(s) > 3}, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return text


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
        one_line(str(name), 80): REDACTED if _is_secret_header(str(name)) else safe_text(str(value), secrets, 120)
        for name, value in list(headers.items())[:20]
    }


def _is_secret_header(name: str) -> bool:
    return is_telltale(name) and name.lower() != "www-authenticate"  # a challenge, which tells what is missing


def redacted(value: Any, public: Container[str] = ()) -> Any:
    """
    The same JSON value with every leaf replaced: it shows what is set, not to what.

    :param value: Credentials, request details or custom headers.
    :param public: Names whose value may be shown.
    """
    if isinstance(value, Mapping):
        return {
            str(name): _public(name, inner) if name in public and isinstance(inner, str) else redacted(inner, public)
            for name, inner in value.items()
        }
    return None if value is None else REDACTED


def _public(name: str, value: str) -> str:
    return safe_url(value) if name == "url" else one_line(value, 200)


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


def is_telltale(name: object) -> bool:
    """Whether what stands under this name is most likely a secret."""
    return bool(_TELLTALE_NAME.search(str(name)))
