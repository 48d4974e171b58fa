"""A proxy, a gateway or a login page between here and the API: whether it answered, its name, and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.decoding import ContractViolation, any_json
from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.api.origin import origin_of
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.secrets.redact import beginning_of, safe_headers, safe_url


def not_the_api(answer: Answer) -> str:
    """
    Why an error is not the API's own; empty where it may be.

    An empty body may be the API's, and so may one that cannot be read, unless the headers show a page or a proxy.
    """
    if _is_a_proxy_s(answer):
        return answer.unreadable or "a proxy's own words"
    if answer.unreadable or not answer.body.strip():
        return (answer.unreadable or "an HTML page") if _is_page(answer) else ""
    try:
        body = any_json(answer.body)
    except ContractViolation as why:
        return str(why)
    return "" if isinstance(body, Mapping) and body.keys() & _OF_THE_API else "JSON of another form"


def gateway_error(call: Call[Any], answer: Answer, why: str) -> errors.ReachCallError:
    """The error for an answer that is not the API's. It says nothing about the key or a webhook, and is never final."""
    who = answered_by(answer, call.secrets) or "Another server or a proxy answered in its place, and gives no name. "
    message = (
        f"Could not {call.operation}: the answer (HTTP {answer.status}) is not the Reach API's: {why}. {who}"
        f"{quoted(answer, call.secrets)}{_advice(answer)}"
    )
    origin = origin_of(call, answer)
    if answer.status in (408, 429) or answer.status >= 500:
        kind = errors.ReachRateLimitError if answer.status == 429 else errors.ReachServerError
        return kind(message, status=answer.status, retry_after=answer.retry_after, **origin)
    return errors.ReachDecodeError(message, **origin)


def answered_by(answer: Answer, secrets: tuple[str, ...]) -> str:
    """Who answered in the API's place, by the name in its headers; empty where they have none."""
    who = names(answer, secrets)
    if _is_a_proxy_s(answer):
        return f"A proxy answered in its place{who}. "
    return f"Another server or a proxy answered in its place{who}. " if who else ""


def names(answer: Answer, secrets: tuple[str, ...]) -> str:
    """The headers that identify the server, in brackets; empty where there are none."""
    given = safe_headers({name: answer.headers.get(name.lower(), "") for name in _NAMING}, secrets)
    told = "; ".join(f"{name}: {value}" for name, value in given.items() if value)
    return f" ({told})" if told else ""


def quoted(answer: Answer, secrets: tuple[str, ...]) -> str:
    """The beginning of an answer, where there is anything that can be read."""
    if answer.unreadable or not answer.body.strip():
        return ""
    return f"It begins: {beginning_of(answer.body, secrets)} - "


def unreachable_advice(detail: str) -> str:
    """What to do when nothing could be sent."""
    if tunnel := _TUNNEL.search(detail):
        status = int(tunnel[1])
        return _GIVE_CREDENTIALS if status == 407 else _TUNNEL_REFUSED if status < 500 else _TUNNEL_FAILED
    if _CERTIFICATE.search(detail):
        return _TRUST
    if _NO_TLS.search(detail):
        return _SPEAK_TLS
    return "Check the connection's host or region, DNS, proxy and firewall."


def _advice(answer: Answer) -> str:
    if answer.status == 407 or "proxy-authenticate" in answer.headers:
        return _GIVE_CREDENTIALS
    if answer.status == 429:
        return "It was asked too often: ask less often, or in fewer tasks at the same time."
    if answer.status == 408 or answer.status >= 500:
        return _LOOK_AT_ITS_LOG
    if 300 <= answer.status < 400:
        place = safe_url(answer.headers.get("location", "")) or "nowhere"
        return f"It points to {place}, and redirects are not followed because the API key would go along. {_CHECK_WAY}"
    if _PLAIN_HTTP.search(answer.body[:4096]):
        return _SPEAK_HTTPS
    may_be_the_key = answer.status in (401, 403) and not (_is_page(answer) or _is_a_proxy_s(answer))
    return f"{_CHECK_WAY} {_CHECK_KEY}" if may_be_the_key else _CHECK_WAY


def _is_a_proxy_s(answer: Answer) -> bool:
    return answer.status == 407 or bool(answer.headers.keys() & _OF_PROXIES)


def _is_page(answer: Answer) -> bool:
    return str(answer.headers.get("content-type")).lower().startswith("text/html") or answer.body.lstrip()[:1] == b"<"


_NAMING = ("Server", "Via", "Proxy-Authenticate", "WWW-Authenticate", "X-Squid-Error")
_OF_PROXIES = frozenset({"proxy-authenticate", "x-squid-error"})
_OF_THE_API = frozenset({"errors", "error", "results", "message", "description", "code", "type"})
_PLAIN_HTTP = re.compile(rb"plain HTTP request|speaking plain HTTP|HTTP request to an HTTPS", re.IGNORECASE)
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\b")
_CERTIFICATE = re.compile(r"certificate\Wverify\Wfailed", re.IGNORECASE)
_NO_TLS = re.compile(r"wrong\Wversion\Wnumber|record\Wlayer\Wfailure", re.IGNORECASE)

_GIVE_CREDENTIALS = (
    "The proxy wants a user name and password: put them into its URL in the environment "
    "(HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT), on the workers and the triggerer."
)
_TUNNEL_REFUSED = (
    "The proxy does not let it through: have it allow CONNECT to the connection's host, or add the host to NO_PROXY."
)
_TUNNEL_FAILED = (
    "The proxy does not get through to the service: check the connection's host or region, and look at the proxy's log."
)
_TRUST = (
    "The certificate was not accepted. Check the connection's host; where your own proxy decrypts TLS, set "
    "REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) to a file with its CA certificate, on the workers and the triggerer."
)
_SPEAK_TLS = (
    "What answers on that port speaks no TLS: check the port in the connection's host, and whether the proxy's own URL "
    "must start with http://."
)
_SPEAK_HTTPS = (
    "That port speaks https: start the connection's host with https://, and remove allow_http from its extras."
)
_LOOK_AT_ITS_LOG = "It may not reach the service, or the service may be down. If it goes on, look at that server's log."
_CHECK_WAY = (
    "Check that the connection's host is the API's base URL (it ends in /api), and the proxy settings in the "
    "environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY): a proxy, firewall or login page may block the way."
)
_CHECK_KEY = "If it is the API after all, it refuses the key: check the connection's password and auth_scheme."
