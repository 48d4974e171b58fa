"""How the core's errors reach Airflow: what is final ends the task for good, the rest is left to its retries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_reach.core.errors import ReachError

if TYPE_CHECKING:
    from airflow_provider_reach.core.delivery.report import DeliveryReport


_Given = ParamSpec("_Given")
_Returned = TypeVar("_Returned")

NO_VERDICT = "This is no verdict: whether the batches are delivered is not known."


class ReachDeliveryFailed(AirflowFailException):
    """
    A verdict: batches of events pile up, are about to be discarded, or were lost. Final: a retry would delay the alarm.

    :param report: The whole report; callbacks find it as ``context["exception"].report``.
    """

    def __init__(self, report: DeliveryReport) -> None:
        super().__init__(str(report))
        self.report = report


def airflow_error(error: ReachError, and_said: str = "") -> AirflowException:
    """
    The Airflow exception that an error of the core means.

    :param error: Raised by a client or a hook.
    :param and_said: A sentence to add to its message.
    :return: ``AirflowFailException`` where asking again cannot help, else ``AirflowException``.
    """
    message = str(error)
    if and_said:
        between = "\n" if "\n" in message else " "
        message = f"{message}{between}{and_said}"
    return AirflowFailException(message) if error.final else AirflowException(message)


def ended_by_airflow(said: Mapping[str, Any]) -> AirflowException:
    """
    The exception that it means when Airflow ends a deferred watch, and there is no event.

    :param said: What Airflow tells in its place.
    """
    reason = said.get("error", "for an unknown reason")
    reason = str(getattr(reason, "value", reason))
    hint = "No trigger told anything in time: see that a triggerer runs, and has room for its triggers."
    if "timeout" not in reason:
        hint = "\n".join(["The triggerer's log has the cause.", "".join(said.get("traceback") or ())]).rstrip()
    return AirflowException(f"The watch was ended by Airflow ({reason}). {NO_VERDICT} {hint}")


@contextmanager
def reach_errors() -> Iterator[None]:
    """Raise the core's errors as Airflow's, for operators and for your own ``@task`` functions."""
    try:
        yield
    except ReachError as error:
        raise airflow_error(error) from error


def tell_of(error: BaseException, report: DeliveryReport | None) -> None:
    """
    Hang a report on an exception, as its ``.report``; one that has it keeps its own.

    :param error: Any exception that ends a task.
    :param report: What it tells of; None where nothing was seen.
    """
    vars(error).setdefault("report", report)


def is_told(error: BaseException) -> bool:
    """
    Whether a report, or that there is none, hangs on an exception.

    :param error: Any exception that ends a task.
    """
    return "report" in vars(error)


def told_to_callbacks(execute: Callable[_Given, _Returned]) -> Callable[_Given, _Returned]:
    """
    Give every exception that ends a task a ``.report``, so that no callback fails for want of it.

    :param execute: What Airflow calls: whatever leaves it, Airflow's own timeouts too, has a report or None.
    """

    @wraps(execute)
    def executed(*args: _Given.args, **kwargs: _Given.kwargs) -> _Returned:
        try:
            return execute(*args, **kwargs)
        except BaseException as error:
            tell_of(error, None)
            raise

    return executed
