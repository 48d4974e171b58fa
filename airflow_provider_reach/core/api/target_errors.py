"""Errors for a refused test batch: by the webhook's target, or by the authorization server that issues tokens."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.api.origin import origin_of
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.secrets.redact import UNREADABLE, safe_url
from airflow_provider_reach.core.target.advice import advice_for
from airflow_provider_reach.core.target.no_response_codes import code_in
from airflow_provider_reach.core.target.response import TargetResponse
from airflow_provider_reach.core.target.service_message import documented, whose


def target_error(call: Call[Any], answer: Answer, said: str, target: TargetResponse) -> errors.ReachTargetError:
    """The error when the test batch, or the request for the token that it needs, was refused."""
    answered = str(target)
    if (whose(said) if answer.status == 400 else documented(said)) == "tokens":
        who, advice = "the authorization server", f"It must give the service an access token{_to_tokens(target, said)}"
        if target.status == 200:
            answered = answered.replace("HTTP 200", "HTTP 200 without an access token", 1)
    else:
        who, advice = "the webhook's target", _to_target(target, said, call.target)
    quoted = f"\nThe service said: {said}" if said else ""
    return errors.ReachTargetError(  # in short lines: Airflow's view of a log cuts long ones off
        f"Could not {call.operation}:\n{who} answered {answered}, in a call of {answer.seconds:.1f} s.{quoted}\n"
        f"{advice}{_unchanged(call)}",
        status=answer.status,
        service_message=said,
        retry_after=answer.retry_after,
        response=target,
        **origin_of(call, answer),
    )


def perhaps_target_error(call: Call[Any], answer: Answer, said: str) -> errors.ReachTargetError:
    """The error when a refusal does not quote the target, as in the contract; it may be about the request instead."""
    nothing = TargetResponse()
    if whose(said) == "tokens":
        who, advice = "authorization server gave the service no access token", _to_tokens(nothing, said)
    else:
        who, advice = "webhook's target did not take the service's test batch", f". {_to_target(nothing, said)}"
    if documented(said):
        likely, unless = "The", _unchanged(call)
    else:
        likely, unless = "Most likely the", " If it is about the request, correct what it names."
    return errors.ReachTargetError(
        f"Could not {call.operation}:\nthe service answered HTTP {answer.status}: {said or '(nothing)'}\n"
        f"{likely} {who}{advice}{unless}",
        status=answer.status,
        service_message=said,
        retry_after=answer.retry_after,
        response=nothing,
        **origin_of(call, answer),
    )


def is_about_the_request(said: str) -> bool:
    """Whether the service's message is about the request, not about a webhook's target."""
    return bool(_ABOUT_REQUESTS.search(said)) and not _ABOUT_TARGETS.search(said)


def _unchanged(call: Call[Any]) -> str:
    return " Nothing was changed." if call.changes else ""


def _to_target(target: TargetResponse, said: str, url: str = "") -> str:
    """What to do about a target's answer to the test batch, or about a missing one."""
    status = target.status or 0
    if not status and (code := code_in(said)):
        return f"{advice_for([f'no response ({code})'])[0]} Then run this again."
    if _is_redirect(status):
        place = _redirects_to(target, url)
        final = "unless that is a login page" if place else "often the same with or without a slash at its end"
        return (
            f"It redirects{place}, and redirects are not followed: set the webhook's target to the final URL, {final}, "
            "then run this again."
        )
    sent = ', documented as [{"msys": {}}]' if status >= 400 else ""
    return (
        f"It must answer exactly 200 within 10 s to the service's test batch{sent}: fix the target (look at its log), "
        f"then run this again.{_about_the_batch(status, target.body)}"
    )


def _about_the_batch(status: int, body: str) -> str:
    """Why a consumer that takes every real batch may refuse the test batch."""
    if status in _REFUSES_TWICE or (status in _MAY_BE_THE_BATCH and _SEEN_BEFORE.search(body)):
        return (
            " Every test reportedly carries the same batch id, 77c2b630-d712-11e4-9642-efc2723b99c1: a consumer that "
            "refuses duplicates must answer 200 to a batch that it has already taken."
        )
    if status in _MAY_BE_THE_BATCH:
        return (
            ' That batch holds no event: a consumer that reads [0]["msys"]["message_event"] fails on it, though it '
            "takes every real batch. Let the consumer answer 200 to a batch without events."
        )
    return ""


def _to_tokens(answer: TargetResponse, said: str) -> str:
    """What to do about an authorization server's answer, or about a missing one; continues a sentence."""
    status = answer.status or 0
    if not status and code_in(said):
        return (
            ". It could not be reached: check the url of auth_request_details, its DNS, TLS certificate and firewall."
        )
    if 200 <= status < 300:
        return ": HTTP 200, and JSON with an access_token. Check the url of auth_request_details."
    if _is_redirect(status):
        place = _redirects_to(answer)
        return f". It redirects{place}, which is not followed: set the url of auth_request_details to the final URL."
    if status == 429 or status >= 500:
        return ". It fails or is overloaded: look at its log, then run this again."
    return ": check the url, client_id, client_secret and grant_type of auth_request_details."


def _is_redirect(status: int) -> bool:
    return 300 <= status < 400 and status != 304


def _redirects_to(answer: TargetResponse, url: str = "") -> str:
    """Where an answer redirects to, as " to https://…"; empty where it does not say, or where it cannot be shown."""
    location = next((value for name, value in answer.headers.items() if name.lower() == "location"), "")
    try:
        place = safe_url(urljoin(url, location))
    except ValueError:
        return ""
    return "" if not location or UNREADABLE in (location, place) else f" to {place}"


_REFUSES_TWICE = frozenset({208, 409, 412})
_MAY_BE_THE_BATCH = frozenset({400, 422, *range(500, 600)}) - {503, 504}
_SEEN_BEFORE = re.compile(r"\b(?:duplicate|already)", re.IGNORECASE)
_ABOUT_TARGETS = re.compile(
    r"\b(?:request|post|call|message|batch) to\b.*\b(?:target|endpoint|url)\b"
    r"|\b(?:target|endpoint)\b.*\b(?:did not|failed|refused|unreachable)\b"
    r"|\b(?:timed? ?out|reach|connect\w*|unknown host|dns|ssl|tls|certificate)\b"
    r"|\b(?:non-200|respon[ds]\w*|return\w*|answer\w*)\b"
    r"|\btest (?:post|batch|message|request)\b",
    re.IGNORECASE,
)
_ABOUT_REQUESTS = re.compile(
    r"\b(?:valid\w*|invalid|must|unsupported|unique|required|missing|unknown|malformed|schema|enum|fields?|parameters?"
    r"|not allowed|too (?:long|many|large))\b|\$\.",
    re.IGNORECASE,
)
