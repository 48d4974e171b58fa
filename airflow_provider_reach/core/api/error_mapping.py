"""From what came back, a failure or an answer, to the error that it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.decoding import ContractViolation, any_json, target_response
from airflow_provider_reach.core.api.gateways import (
    answered_by,
    gateway_error,
    names,
    not_the_api,
    quoted,
    unreachable_advice,
)
from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.api.origin import origin_of
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.api.target_errors import (
    is_about_the_request,
    perhaps_target_error,
    target_error,
)
from airflow_provider_reach.core.secrets.redact import REDACTED, beginning_of, safe_text, safe_url
from airflow_provider_reach.core.target.response import TargetResponse
from airflow_provider_reach.core.target.service_message import answered_status, documented


def failure_error(call: Call[Any], failure: Failure) -> errors.ReachCallError:
    """The error for a call without an answer."""
    detail, could_not, origin = safe_text(failure.detail, call.secrets), f"Could not {call.operation}", origin_of(call)
    if failure.kind == "unreachable":
        return errors.ReachUnreachableError(
            f"{could_not}: the service could not be reached ({detail}). Nothing was sent. {unreachable_advice(detail)}",
            **origin,
        )
    if failure.kind == "busy":
        return errors.ReachUnreachableError(
            f"{could_not}: {detail} within {failure.seconds:.0f} s. Nothing was sent. If it goes on, raise "
            "[reach] max_connections in Airflow's configuration, or let the watches look less often.",
            **origin,
        )
    if failure.kind == "timeout":
        return errors.ReachTimeoutError(
            f"{could_not}: no answer within {failure.seconds:.0f} s ({detail}). If it goes on, raise "
            "'timeout' in the connection's extras.",
            **origin,
        )
    return errors.ReachLostAnswerError(
        f"{could_not}: the connection broke before the whole answer came ({detail}). Ask again; if it goes "
        "on, look at proxies between here and the service.",
        **origin,
    )


def decode_error(call: Call[Any], answer: Answer, why: ContractViolation) -> errors.ReachDecodeError:
    """The error for an answer with a good status, whose body does not follow the contract."""
    return errors.ReachDecodeError(
        f"Could not {call.operation}: the answer (HTTP {answer.status}) is not the Reach API's: {why}. "
        f"{answered_by(answer, call.secrets)}{quoted(answer, call.secrets)}Check that the connection's host is the "
        "API's base URL (it ends in /api) and that no proxy or login page answers in its place.",
        **origin_of(call, answer),
    )


def status_error(call: Call[Any], answer: Answer) -> errors.ReachCallError:
    """
    The error for a status other than 2xx.

    An answer that does not have the API's form comes from something else, and says nothing about the key or a webhook;
    nor does an interim answer (1xx) on its own. If the body cannot be read, the status counts.
    """
    if answer.status < 200:
        return decode_error(call, answer, ContractViolation("an interim answer, with none after it"))
    if why := "larger than any answer of the API" if answer.too_large else not_the_api(answer):
        return gateway_error(call, answer, why)
    said, target = _service_message(answer, call.secrets)
    if target is None and call.asks_target and (named := answered_status(said)):
        target = TargetResponse(status=named)
    refused = answer.status == 400 or (call.asks_target and _refuses(answer.status) and documented(said) is not None)
    if refused and target:
        return target_error(call, answer, said, target)
    if refused and call.asks_target and (call.kind == "validate" or not is_about_the_request(said)):
        return perhaps_target_error(call, answer, said)
    kind, advice = _kind(answer)
    if kind is errors.ReachAuthError and not said:
        who = names(answer, call.secrets)
        advice += f" The answer is empty: if the key is right, another server or a proxy gave it{who}."
    answered = f"the service answered HTTP {answer.status}" + (f": {said}" if said else "")
    return kind(
        f"Could not {call.operation}: {answered}. {advice}",
        status=answer.status,
        service_message=said,
        retry_after=answer.retry_after,
        **origin_of(call, answer),
    )


def _refuses(status: int) -> bool:
    """Whether a status is a refusal, not a failure or an overload of the service itself."""
    return 400 <= status < 500 and status not in (408, 429)


_BY_STATUS: Final[Mapping[int, tuple[type[errors.ReachStatusError], str]]] = {
    401: (errors.ReachAuthError, "The API key was refused: check the connection's password and auth_scheme."),
    403: (
        errors.ReachAuthError,
        "The API key may not do this: check that it belongs to the connection's workspace_id and has the rights.",
    ),
    404: (
        errors.ReachNotFoundError,
        "No such webhook, or no such workspace in this region: check the webhook's id, and the connection's "
        "workspace_id and region or host.",
    ),
    429: (
        errors.ReachRateLimitError,
        "Too many requests: ask less often, or in fewer tasks at the same time.",
    ),
}


def _kind(answer: Answer) -> tuple[type[errors.ReachStatusError], str]:
    if known := _BY_STATUS.get(answer.status):
        return known
    if answer.status == 408 or answer.status >= 500:
        return errors.ReachServerError, "The service itself failed: ask again later."
    if 300 <= answer.status < 400:
        place = safe_url(answer.headers.get("location", "")) or "nowhere"
        return errors.ReachRequestError, (
            f"It points to {place}, and redirects are not followed because the API key would go along: set the "
            "connection's host to the API's own base URL."
        )
    return errors.ReachRequestError, "The service refused the request itself: correct what it names."


def _service_message(answer: Answer, secrets: tuple[str, ...]) -> tuple[str, TargetResponse | None]:
    """What the service says is wrong, and what the webhook's target answered, where that is the reason."""
    if answer.unreadable or not answer.body.strip():
        return answer.unreadable, None
    entries = _error_entries(any_json(answer.body))
    said = "; ".join(dict.fromkeys(filter(None, map(_said, entries))))
    responses = [entry["response"] for entry in entries if isinstance(entry.get("response"), Mapping)]
    target = target_response(responses[0], secrets) if responses else None
    if said:
        return safe_text(said, secrets), target
    beginning = beginning_of(answer.body, secrets)
    hidden = " (an answer of no known form, so that its texts are not shown)" if REDACTED in beginning else ""
    return f"{beginning}{hidden}", target


def _error_entries(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The errors, in any shape that was seen: a list, one object, nested or flat."""
    found = body.get("errors", body.get("error", body))
    if isinstance(found, str):
        found = {"message": found}
    return [entry for entry in (found if isinstance(found, list) else [found]) if isinstance(entry, Mapping)]


def _said(entry: Mapping[str, Any]) -> str:
    message, description = (str(entry.get(name) or "") for name in ("message", "description"))
    text = f"{message} - {description}" if message and description else message or description
    code = entry.get("code", entry.get("type"))
    return f"{text} (code {code})" if text and code is not None else text or (f"code {code}" if code else "")
