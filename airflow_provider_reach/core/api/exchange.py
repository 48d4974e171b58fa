"""
How the service is asked, said once: a generator that yields what to do and is sent what came of it.

A driver carries out each step: it sends a :class:`Send` and hands back the :class:`Answer` or :class:`Failure`, sleeps
for a :class:`Wait` and hands back None, until the generator returns the result or raises a
:class:`~airflow_provider_reach.core.errors.ReachError`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from airflow_provider_reach.core.api.decoding import NotTheContract
from airflow_provider_reach.core.api.error_mapping import decode_error, failure_error, status_error
from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.api.retry import NOT_TAKEN, Patience, may_repeat, wait_before_repeat
from airflow_provider_reach.core.errors import (
    ReachCallError,
    ReachNotFoundError,
)

T = TypeVar("T")


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
        may_have_been_taken |= not isinstance(error, NOT_TAKEN)
        seconds = wait_before_repeat(error, tries)
        if not may_repeat(call, error) or seconds > patience.left:
            raise error
        yield Wait(seconds, str(error))
        patience.spend(seconds)
        tries += 1
