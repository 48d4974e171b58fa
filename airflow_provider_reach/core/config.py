"""Where the service is and who asks: the checked values of a connection."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_reach.core.errors import ReachConfigError
from airflow_provider_reach.core.text import is_uuid, shown
from airflow_provider_reach.core.values import duration, flag, is_not_given

REGIONS = {
    "eu": "https://email.eu-west-1.api.bird.com/api",
    "us": "https://email.us-west-1.api.bird.com/api",
    "eu-west-1": "https://email.eu-west-1.api.bird.com/api",
    "us-west-1": "https://email.us-west-1.api.bird.com/api",
    "us-west-2": "https://email.us-west-2.api.bird.com/api",
}
"""The contract has the first two; several public clients of the API use ``us-west-2``."""
AUTH_SCHEMES = ("AccessKey", "Bearer")
DEFAULT_TIMEOUT = 30.0
DEFAULT_OUTAGE_TOLERANCE = 60.0
"""Seconds to keep asking while the service cannot be reached, unless the caller says otherwise."""


class Secret(str):
    """Text that no ``repr`` shows, neither its own nor that of an object that holds it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@dataclass(frozen=True)
class ReachConfig:
    """
    Where the service is and who asks.

    :param base_url: The service's base URL, without a trailing slash.
    :param workspace_id: The workspace, a UUID.
    :param api_key: The API key; never part of the ``repr``.
    :param auth_scheme: The word before the key in the ``Authorization`` header.
    :param timeout: Seconds to wait for a connection, and again for an answer.
    :param region: The region that the base URL was taken from, as it was given; empty where the URL itself was given.
    """

    base_url: str
    workspace_id: str
    api_key: str = field(repr=False)
    auth_scheme: str = "AccessKey"
    timeout: float = DEFAULT_TIMEOUT
    region: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "api_key", Secret(self.api_key))

    @property
    def warnings(self) -> list[str]:
        """What is unusual but accepted, one sentence each."""
        if self.api_key.startswith("bk_"):
            return [
                "The API key starts with 'bk_': such keys belong to another of Bird's APIs. If the service "
                "refuses it, create an access key for the Reach workspace."
            ]
        return []


def read_config(
    *,
    api_key: str | None,
    key_in_login: bool = False,
    workspace_id: Any = None,
    base_url: str | None = None,
    region: Any = None,
    auth_scheme: Any = None,
    timeout: Any = None,
    allow_http: Any = None,
    where: str = "The Reach configuration",
) -> ReachConfig:
    """
    Check every value of a connection, and report all that is wrong in one error.

    Every value may be text, as in a connection given as a URI; an empty one counts as not given.

    :param api_key: The API key without its scheme.
    :param key_in_login: Whether there is a login, which may hold the key by mistake.
    :param workspace_id: The workspace's UUID.
    :param base_url: Overrides the region; ``https``, or ``http`` to this machine or where ``allow_http`` says so.
    :param region: ``eu`` or ``us``, or the full name of one.
    :param auth_scheme: ``AccessKey`` (default) or ``Bearer``.
    :param timeout: Seconds, above 0 and at most 300; the default is 30.
    :param allow_http: Whether the key may be sent over plain http to another machine.
    :param where: What was read, for the message.
    :raises ReachConfigError: naming every wrong or missing value and how to set it.
    """
    problems: list[str] = []
    config = ReachConfig(
        base_url=_base_url(base_url, region, allow_http, problems),
        workspace_id=_workspace_id(workspace_id, problems),
        api_key=_api_key(api_key, key_in_login, problems),
        auth_scheme=_auth_scheme(auth_scheme, problems),
        timeout=_timeout(timeout, problems),
        region="" if _text(base_url) else _text(region).lower(),
    )
    if problems:
        raise ReachConfigError(problems, where)
    return config


def _text(value: Any) -> str:
    try:
        return "" if is_not_given(value) else str(value).strip()
    except (ValueError, RecursionError):  # a number of too many digits, or what is nested too deep
        return shown(value)


def _told(text: str) -> str:
    """A wrong value as a message may show it, unless it looks like a key in the wrong field."""
    looks_like_a_key = _KEY.fullmatch(text) and not _HEX.fullmatch(text)
    return "(not shown, since it looks like a key)" if looks_like_a_key else shown(text)


_KEY = re.compile(r"(?!ws_)(?:(?:AccessKey|Bearer)\s+)?[\w+/=.:~-]{16,}", re.ASCII | re.IGNORECASE)
_HEX = re.compile(r"[0-9a-fA-F{}-]+")


def _api_key(value: str | None, key_in_login: bool, problems: list[str]) -> str:
    key = _text(value)
    if not key and key_in_login:
        problems.append(
            "password is missing, and login is not: if login holds the API key, move it to password (in a URI it "
            "stands behind a colon: reach://:KEY@...)."
        )
    elif not key:
        problems.append("password is missing: set it to the API key (Bird dashboard, Developer, Access keys).")
    elif not key.isascii() or not key.isprintable() or " " in key:
        problems.append(
            "password holds white space or characters that no API key has: set it to the bare key, without "
            "'AccessKey' or 'Bearer' before it."
        )
    return key


def _workspace_id(value: Any, problems: list[str]) -> str:
    text = _text(value)
    if not text:
        problems.append(
            "workspace_id is missing: add it to the extras; it is the UUID in the dashboard's address and under "
            "Settings."
        )
    elif not is_uuid(text):
        problems.append(
            f"workspace_id {_told(text)} is not a UUID: it looks like 01234567-89ab-cdef-0123-456789abcdef. (The "
            "'ws_...' id of the service's pages is something else.)"
        )
    return text.lower()


def _base_url(base_url: str | None, region: Any, allow_http: Any, problems: list[str]) -> str:
    url = _text(base_url)
    plain_is_fine = _flag(allow_http, problems)
    if not url:
        name = _text(region).lower()
        if name in REGIONS:
            return REGIONS[name]
        said = f"region {_told(name)} is not known" if name else "region is missing"
        *others, last = (f"'{region}'" for region in REGIONS)
        problems.append(f"{said}: set it to {', '.join(others)} or {last}, or set host to a base URL.")
        return ""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if "://" not in url:
        url = f"{'http' if host and is_loopback(host) else 'https'}://{url}"
    if not host or any(c.isspace() or not c.isprintable() for c in url):
        problems.append("host is not a URL: set it to a base URL such as https://email.eu-west-1.api.bird.com/api.")
    elif parts.username or parts.password:
        problems.append("host holds a user name or password: take them out; the API key goes into password.")
    elif "?" in url or "#" in url:
        problems.append("host holds a '?' or '#': set it to the base URL alone.")
    elif not _AUTHORITY.fullmatch(parts.netloc):
        problems.append("host holds what belongs in no host's name or port: set it to the base URL alone.")
    elif parts.scheme not in ("https", "http"):
        problems.append(f"host starts with {shown(parts.scheme)}: only https is known.")
    elif parts.scheme == "http" and not is_loopback(host) and not plain_is_fine:
        problems.append(
            "host is plain http, which would send the API key in clear: use https, or set allow_http to true in "
            "the extras if you must."
        )
    return url.rstrip("/")


# Libraries disagree on how to read a backslash or an empty user name.
_AUTHORITY = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[^\[\]\\@%:]+)(?::[0-9]+)?")


def _flag(value: Any, problems: list[str]) -> bool:
    try:
        return bool(flag(value))
    except ValueError:
        problems.append(f"allow_http {_told(_text(value))} is neither true nor false.")
        return False


def _auth_scheme(value: Any, problems: list[str]) -> str:
    text = _text(value)
    if not text:
        return AUTH_SCHEMES[0]
    for scheme in AUTH_SCHEMES:
        if text.lower() == scheme.lower():
            return scheme
    problems.append("auth_scheme is not known: set it to 'AccessKey' or 'Bearer' (the key itself goes into password).")
    return text


def _timeout(value: Any, problems: list[str]) -> float:
    text = _text(value)
    if not text:
        return DEFAULT_TIMEOUT
    try:
        seconds = duration(text).total_seconds()
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 300:
        problems.append(f"timeout {_told(text)} is not a number of seconds above 0 and up to 300.")
    return seconds


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, so that plain http shows nobody the key."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
