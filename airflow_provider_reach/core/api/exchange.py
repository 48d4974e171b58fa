"""
The engine of every call: a generator that yields what to do next, and is sent what came of it.

A driver carries out each step: for a :class:`Send` it sends the request and hands back the :class:`Answer` or
:class:`Failure`; for a :class:`Wait` it sleeps and hands back None; for a :class:`Together` it carries out several
exchanges at the same time and hands back what came of each; until the generator returns the result or raises a
:class:`~airflow_provider_reach.core.errors.ReachError`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from airflow_provider_reach.core.api.decoding import ContractViolation
from airflow_provider_reach.core.api.error_mapping import decode_error, failure_error, status_error
from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.api.retry import NOT_TAKEN, Budget, RetryBudget, may_repeat, wait_before_repeat
from airflow_provider_reach.core.errors import ReachCallError, ReachNotFoundError

T = TypeVar("T")


@dataclass(frozen=True)
class Send:
    """
    Send a call's request.

    :param call: The call.
    :param pool_timeout: Seconds that it may wait for a free connection, where many share a pool.
    :param max_age: How many seconds before the exchange began another may have asked the same, for a driver that hands
        over what many share; None: nothing is shared.
    """

    call: Call[Any]
    pool_timeout: float = 0.0
    max_age: float | None = None


@dataclass(frozen=True)
class Known:
    """
    What another exchange has asked for, instead of an answer of one's own.

    :param result: The call's result, read already: the same object for all who share it.
    """

    result: Any = field(repr=False)


@dataclass(frozen=True)
class Wait:
    """Sleep."""

    seconds: float
    reason: str


@dataclass(frozen=True)
class Together:
    """
    Carry out several exchanges, as many at the same time as there are connections.

    The driver hands back a list of the results in their order; in place of a result, the
    :class:`~airflow_provider_reach.core.errors.ReachError` that an exchange raised. Any other exception ends them all.

    :param beginnings: Each makes an exchange when it is its turn, given the seconds since the first one began.
    :param number: How many there are.
    :param progress: Called after each, if given, with how many are done and the number of all.
    """

    beginnings: Iterator[Beginning]
    number: int
    progress: Callable[[int, int], None] | None = None


Exchange = Generator[Send | Wait | Together, Answer | Failure | Known | list[Any] | None, T]
Beginning = Callable[[float], Exchange[Any]]


@dataclass(frozen=True)
class AskContext:
    """
    What all calls of an exchange share.

    :param budget: How long to keep asking while the service cannot be reached.
    :param secrets: Values to mask in everything that is said about the calls; without a default, so that none is
        forgotten.
    """

    budget: Budget
    secrets: tuple[str, ...] = field(repr=False)

    def masking(self, *secrets: str) -> AskContext:
        """The same context, with more values to mask; the budget stays shared."""
        return replace(self, secrets=(*self.secrets, *secrets))

    def with_budget(self, seconds: float) -> AskContext:
        """The same context, with a budget of its own."""
        return self.drawing_on(RetryBudget(seconds))

    def drawing_on(self, budget: Budget) -> AskContext:
        """The same context, with this budget."""
        return AskContext(budget, self.secrets)


def ask(call: Call[T], context: AskContext, max_age: float | None = None) -> Exchange[T]:
    """
    Send a call, and repeat it while that is safe and may help; then read its answer.

    :param call: What to ask.
    :param context: How long to keep asking, and what to mask beside the call's own secrets. The first request is sent
        in any case.
    :param max_age: As of :class:`Send`.
    :raises ReachCallError: the last failure, when it is final, must not be repeated, or the budget is used up.
    """
    budget, tries, may_have_been_taken = context.budget, 0, False
    while True:
        result = cast("Answer | Failure | Known", (yield Send(call, max(0.0, budget.left), max_age)))
        if isinstance(result, Known):
            shared: T = result.result
            return shared
        try:
            read = _read(call, result, context)
        except ReachCallError as raised:
            error = raised
        else:
            budget.spend(result.seconds, in_vain=False)
            return read
        budget.spend(result.seconds)
        if call.gone_is_done and may_have_been_taken and isinstance(error, ReachNotFoundError):
            return call.read(result, call.masking(context.secrets).secrets)  # type: ignore[arg-type]
        may_have_been_taken |= not isinstance(error, NOT_TAKEN)
        seconds = wait_before_repeat(error, tries)
        if not may_repeat(call, error) or seconds > budget.left:
            raise error
        yield Wait(seconds, str(error))
        budget.spend(seconds)
        tries += 1


def known(call: Call[Any], result: Answer | Failure) -> Known | None:
    """
    What others may share of an answer; None where it is not good.

    :param call: The call.
    :param result: What came of it.
    """
    try:
        return Known(_read(call, result, AskContext(RetryBudget(0.0), ())))
    except ReachCallError:
        return None


def _read(call: Call[T], result: Answer | Failure, context: AskContext) -> T:
    """
    What an answer says; or the error that it means is raised.

    A call is masked for its error alone, since that takes as long as all the rest; and no variable holds what is
    masked, since a traceback may be shown with its variables.
    """
    if isinstance(result, Failure):
        raise failure_error(call.masking(context.secrets), result)
    if not 200 <= result.status < 300:
        raise status_error(call.masking(context.secrets), result)
    try:
        if result.too_large:
            raise ContractViolation("larger than any answer of the API")
        if result.unreadable:
            raise ContractViolation(result.unreadable)
        return call.read(result, (*context.secrets, *call.secrets))
    except ContractViolation as why:
        raise decode_error(call.masking(context.secrets), result, why) from None
