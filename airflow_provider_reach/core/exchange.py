"""
How the service is asked, said once: a generator that yields what to do and is sent what came of it.

A driver carries out each step: it sends a :class:`Send` and hands back the :class:`Answer` or :class:`Failure`, sleeps
for a :class:`Wait` and hands back None, until the generator returns the result or raises a
:class:`~airflow_provider_reach.core.errors.ReachError`.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from airflow_provider_reach.core.answers import Answer, Failure, decode_error, failure_error, status_error
from airflow_provider_reach.core.calls import Call, create_webhook, list_webhooks
from airflow_provider_reach.core.compare import same_url
from airflow_provider_reach.core.config import shown
from airflow_provider_reach.core.decoding import NotTheContract
from airflow_provider_reach.core.errors import (
    ReachCallError,
    ReachDecodeError,
    ReachError,
    ReachLostAnswerError,
    ReachNotFoundError,
    ReachRateLimitError,
    ReachServerError,
    ReachStatusError,
    ReachTimeoutError,
    ReachUnreachableError,
    ReachUnsettledError,
)
from airflow_provider_reach.core.spec import WebhookSpec

T = TypeVar("T")

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
LONGEST_RETRY_AFTER = 300.0
LOOK_AFTER_CREATE = 30.0


@dataclass(frozen=True)
class Send:
    """
    Send this call's request.

    :param call: The call.
    :param patience: Seconds that it may wait for its turn, where many ask.
    """

    call: Call[Any]
    patience: float = 0.0


@dataclass(frozen=True)
class Wait:
    """
    Do nothing for a while.

    :param seconds: How long.
    :param reason: What went wrong, for the log.
    """

    seconds: float
    reason: str


Exchange = Generator[Send | Wait, Answer | Failure | None, T]


@dataclass
class Patience:
    """
    How long to keep asking when the service cannot be asked; every call of one look draws on the same.

    :param left: Seconds, spent by requests and waits.
    """

    left: float

    def spend(self, seconds: float) -> None:
        """Take off what a request or a wait has cost."""
        self.left -= seconds


def ask(call: Call[T], patience: Patience, secrets: tuple[str, ...] = ()) -> Exchange[T]:
    """
    Send a call, again and again while that is safe and may help, and read its answer.

    :param call: What to ask.
    :param patience: How long to keep asking; the first request is always sent.
    :param secrets: Values to mask in errors, beside the call's own.
    :raises ReachCallError: the last failure, when it is final, may not be repeated, or patience is at its end.
    """
    masked = (*secrets, *call.secrets)
    tries, may_have_been_taken = 0, False
    while True:
        result = cast("Answer | Failure", (yield Send(call, max(0.0, patience.left))))
        patience.spend(result.seconds)
        error: ReachCallError
        if isinstance(result, Failure):
            error = failure_error(call.operation, result, masked)
        elif not 200 <= result.status < 300:
            error = status_error(call.operation, result, masked, asks_target=call.asks_target, target_url=call.target)
        else:
            try:
                if result.too_large:
                    raise NotTheContract("larger than any answer of the API")
                if result.unreadable:
                    raise NotTheContract(result.unreadable)
                return call.read(result)
            except NotTheContract as why:
                error = decode_error(call.operation, result, why, masked)
        if call.gone_is_done and may_have_been_taken and isinstance(error, ReachNotFoundError):
            return call.read(result)  # type: ignore[arg-type]
        may_have_been_taken |= not isinstance(error, _NOT_TAKEN)
        seconds = wait_before_repeat(error, tries)
        if not may_repeat(call, error) or seconds > patience.left:
            raise error
        yield Wait(seconds, str(error))
        patience.spend(seconds)
        tries += 1


_NOT_TAKEN = (ReachUnreachableError, ReachRateLimitError)
_MAY_PASS = (ReachTimeoutError, ReachLostAnswerError, ReachDecodeError, ReachServerError)


def may_repeat(call: Call[T], error: ReachCallError) -> bool:
    """
    Whether sending the call again is safe and may help.

    :param call: What was asked.
    :param error: What came of it.
    """
    if isinstance(error, _NOT_TAKEN):
        return True
    return isinstance(error, _MAY_PASS) and call.repeatable


def wait_before_repeat(error: ReachCallError, tries: int) -> float:
    """
    Seconds to wait: what the service asked for, else ever longer; with jitter, so that many watchers spread.

    Who asks for less than a second asks for no wait: a service that always says 0 would else be asked every second.

    :param error: What came of the last request.
    :param tries: Requests sent before it.
    """
    asked = error.retry_after if isinstance(error, ReachStatusError) else None
    ever_longer = min(FIRST_WAIT * 2.0 ** min(tries, 10), LONGEST_WAIT)
    if asked is None:
        return ever_longer * random.uniform(0.7, 1.3)
    return (_believed(asked) if asked >= FIRST_WAIT else ever_longer) * random.uniform(1.0, 1.2)


def quiet_time(result: Answer | Failure) -> float | None:
    """
    Seconds for which nobody should ask with this key, when the service says that it is asked too often; else None.

    :param result: What came of a request.
    """
    if isinstance(result, Failure) or result.status != 429:
        return None
    return _believed(result.retry_after or 0.0)


def _believed(retry_after: float) -> float:
    return min(max(retry_after, FIRST_WAIT), LONGEST_RETRY_AFTER)


def create(spec: WebhookSpec, patience: Patience, secrets: tuple[str, ...] = ()) -> Exchange[str]:
    """
    Create a webhook and return its id; when the answer is lost, look for the webhook and never send a second POST.

    :param spec: What it shall be.
    :param patience: How long to keep asking while nothing was taken.
    :param secrets: Values to mask in errors.
    :raises ReachUnsettledError: when the answer was lost and no such webhook appears within 30 s.
    :raises ReachCallError: when the service refused, or could not be reached.
    """
    call = create_webhook(spec)
    try:
        return (yield from ask(call, patience, secrets))
    except _MAY_PASS as error:
        lost = error
    seen = f"no webhook of this name and target appeared within {LOOK_AFTER_CREATE:.0f} s"
    try:
        if found := (yield from _look_for(spec, Patience(LOOK_AFTER_CREATE), (*secrets, *call.secrets))):
            return found
    except ReachError as error:
        seen = f"whether the webhook is there could not be seen ({str(error).rstrip('.')})"
    raise ReachUnsettledError(
        f"{lost} It may have been carried out all the same: {seen}. It was not sent again, since a second webhook "
        "would deliver every event twice: look at the list of webhooks before you do.",
        operation=call.operation,
    ) from lost


def _look_for(spec: WebhookSpec, patience: Patience, secrets: tuple[str, ...]) -> Exchange[str | None]:
    tries = 0
    while True:
        listed = yield from ask(list_webhooks(), patience, secrets)
        for webhook in listed.webhooks:
            if webhook.name.strip() == spec.name.strip() and same_url(webhook.target, spec.target):
                return webhook.id
        if patience.left <= 0:
            return None
        seconds = min(FIRST_WAIT * 2.0**tries, patience.left)
        yield Wait(seconds, f"Whether webhook {shown(spec.name)} was created is not known; looking for it.")
        patience.spend(seconds)
        tries += 1
