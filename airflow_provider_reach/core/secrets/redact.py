"""What may be shown of a URL, of headers, or of any text: never a secret, never more than a line."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping
from html import escape
from itertools import islice
from typing import Any, Final
from urllib.parse import quote, quote_plus, urlsplit

from airflow_provider_reach.core.fields import FIELDS
from airflow_provider_reach.core.secrets.depth import DEEPEST, is_deeper
from airflow_provider_reach.core.secrets.detect import SECRETS_OF, TELLTALE, is_telltale
from airflow_provider_reach.core.text import EXCERPT, one_line

REDACTED: Final = "***"
UNREADABLE: Final = "(unreadable)"
_MOST_NAMES = 100
_MOST_READ = 200_000

# The look-behinds try each word only at its beginning, so that no text takes long.
_TELLTALE_FIELD = re.compile(
    rf"""(?<![\w.-])(?=[\w.-]*{TELLTALE})([\w.-]+[\\"']*\s*[:=]\s*)"""
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
_STYLE = re.compile(r"<(?:style|script)\b[^>]{0,200}>(?:[^<]+|<!--)*", re.IGNORECASE)


def safe_text(text: str, secrets: Iterable[str] = (), most: int = EXCERPT) -> str:
    """Text of the service, a target or a library, as a message may quote it."""
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

    JSON keeps its names and loses its text values: a truncated list may have a target's password anywhere.
    """
    text = _masked(_cut(body[: 2 * _MOST_READ].decode("utf-8", "replace"), _MOST_READ), secrets)
    is_page = text.startswith("<")
    text = _cut(_STYLE.sub(" ", text) if is_page else text, most * 8)
    if is_page:
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
    """A secret in every form in which an answer may repeat it: as it is, in JSON, in a URL, in HTML."""
    secret = secret.encode("utf-8", "replace").decode()  # what cannot be sent cannot come back
    in_json = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    in_url = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    lower = {re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), form) for form in in_url}
    return {secret, *in_json, *in_url, *lower, escape(secret), escape(secret, quote=False)}


def _cut(text: str, most: int) -> str:
    """The beginning of a text, without a word that would be cut: no pattern recognises half a secret."""
    text = text.strip()
    return text if len(text) <= most else text[:most].rsplit(None, 1)[0]


def safe_url(url: str) -> str:
    """A URL as it may be shown: without user name, password and query values."""
    try:
        parts = urlsplit(url)
        host, _ = parts.netloc.rpartition("@")[2], parts.port
    except ValueError:
        return UNREADABLE
    query = f"?{REDACTED}" if parts.query else ""
    fragment = f"#{REDACTED}" if parts.fragment else ""
    user = f"{REDACTED}@" if "@" in parts.netloc else ""
    start = f"{parts.scheme}://" if parts.scheme else "//" if parts.netloc else ""
    path = parts.path if parts.netloc else parts.path.rpartition("@")[2]
    return one_line(f"{start}{user}{host}{path}{query}{fragment}", 200)


def safe_headers(headers: Mapping[str, Any], secrets: Iterable[str] = ()) -> dict[str, str]:
    """The headers of a target's answer as they may be shown; those with telltale names are masked."""
    secrets = tuple(secrets)
    return {
        one_line(str(name), 80): _safe_header(str(name), str(value), secrets)
        for name, value in list(headers.items())[:20]
    }


def _safe_header(name: str, value: str, secrets: tuple[str, ...]) -> str:
    if name.lower() in ("www-authenticate", "proxy-authenticate"):  # a challenge, which says what is missing
        return one_line(_masked(value, secrets), 120)
    if name.lower() == "location":
        return safe_url(safe_text(value, secrets))
    return REDACTED if is_telltale(name) else safe_text(value, secrets, 120)


def redacted(value: Any, public: Container[str] = ()) -> Any:
    """The same JSON value with every leaf masked: it shows which values are set, but not the values."""
    if isinstance(value, Mapping):
        return {
            one_line(stable_name(name), 80): _public(name, inner)
            if name in public and isinstance(inner, str)
            else redacted(inner, public)
            for name, inner in islice(value.items(), _MOST_NAMES)
        }
    return None if value is None else REDACTED


def shown_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A webhook's fields as they may be shown, including fields that are not in the contract."""
    return {stable_name(name): _shown(name, value) for name, value in fields.items()}


def stable_name(name: object) -> str:
    """A key as text, the same each time; of an object its type, since the object's own text may vary."""
    return str(name) if isinstance(name, (str, int, float, type(None))) else f"<{type(name).__name__}>"


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
        return safe_url(value) if isinstance(value, str) else redacted(value)
    return value


def _public(name: str, value: str) -> str:
    return safe_url(value) if name == "url" else one_line(value, 200)
