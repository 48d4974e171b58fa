"""What to say when the service's test batch was not taken: by the webhook's target, or the server that gives tokens."""

from __future__ import annotations

import re

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.models import TargetResponse


def target_error(
    operation: str,
    target: TargetResponse,
    *,
    status: int,
    said: str,
    seconds: float,
    retry_after: float | None = None,
) -> errors.ReachTargetError:
    """
    The error that a target's refusal of the test batch means, however the service tells of it.

    :param operation: What was asked for.
    :param target: What the target answered.
    :param status: The service's own HTTP status.
    :param said: What the service says of it, bounded and free of secrets.
    :param seconds: How long the whole call took.
    :param retry_after: Seconds the service asks to wait, where it does.
    """
    who, advice = "the webhook's target", _TO_TARGET
    if status == 400 and _ABOUT_TOKENS.search(said):
        who, advice = "the authorization server", _TO_AUTHORIZATION_SERVER
    quoted = f"\nThe service said: {said}" if said else ""
    unchanged = "" if operation.startswith("validate") else " Nothing was changed."
    return errors.ReachTargetError(  # in short lines: Airflow's view of a log cuts long ones off
        f"Could not {operation}:\n{who} answered {target}, in a call of {seconds:.1f} s.{quoted}\n{advice}{unchanged}",
        operation=operation,
        status=status,
        service_message=said,
        retry_after=retry_after,
        response=target,
    )


def perhaps_target_error(operation: str, said: str, retry_after: float | None) -> errors.ReachTargetError:
    """
    The error that a 400 without the target's answer means, as the contract has it; it may also be about the request.

    :param operation: What was asked for.
    :param said: What the service says of it, bounded and free of secrets.
    :param retry_after: Seconds the service asks to wait, where it does.
    """
    return errors.ReachTargetError(
        f"Could not {operation}:\nthe service answered HTTP 400: {said or '(nothing)'}\nMost likely the webhook's "
        f"target did not take the service's test batch. {_TO_TARGET} If it is about the request, correct what it "
        "names.",
        operation=operation,
        status=400,
        service_message=said,
        retry_after=retry_after,
        response=TargetResponse(),
    )


def is_about_the_request(said: str) -> bool:
    """Whether what the service says is about the request, and not about a webhook's target."""
    return bool(_ABOUT_REQUESTS.search(said)) and not _ABOUT_TARGETS.search(said)


_TO_TARGET = (
    "It must answer exactly 200 within 10 s to the service's test batch: mend the target (look at its log), then run "
    "this again."
)
_TO_AUTHORIZATION_SERVER = (
    "It must give the service an access token: check the url, client_id, client_secret and grant_type of "
    "auth_request_details."
)
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
_ABOUT_TOKENS = re.compile(r"\btoken\b|authori[sz]ation server|oauth", re.IGNORECASE)
