"""How the core's errors reach Airflow: a final one ends the task for good; the rest are left to its retries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_reach.core.errors import ReachError

if TYPE_CHECKING:
    from airflow_provider_reach.core.delivery.report import DeliveryReport
    from airflow_provider_reach.core.workspace.report import WorkspaceReport

_Given = ParamSpec("_Given")
_Returned = TypeVar("_Returned")

NO_VERDICT = "This is no verdict: whether the batches are delivered is not known."


class ReachDeliveryFailed(AirflowFailException):
    """
    A verdict: batches of events pile up, are about to be discarded, or were lost. It is final: a retry would only delay
    the alarm.

    :param report: The whole report, of a webhook or a workspace; callbacks find it as ``context["exception"].report``.
    :param said: What to say instead of the report's own text.
    """

    def __init__(self, report: DeliveryReport | WorkspaceReport, said: str = "") -> None:
        super().__init__(said or str(report))
        self.report = report


def airflow_error(error: ReachError, and_said: str = "") -> AirflowException:
    """
    The Airflow exception for an error of the core.

    :param error: Raised by a client or a hook.
    :param and_said: A sentence to add to its message.
    :return: ``AirflowFailException`` if asking again cannot help, otherwise ``AirflowException``.
    """
    message = str(error)
    if and_said:
        between = "\n" if "\n" in message else " "
        message = f"{message}{between}{and_said}"
    return AirflowFailException(message) if error.final else AirflowException(message)


def workspace_error(report: WorkspaceReport, and_said: str = "") -> AirflowException:
    """
    The exception for a workspace that is not well: final, unless no webhook has failed and some were not answered.

    :param report: What was seen; the exception has it as its ``.report``.
    :param and_said: A sentence to add to the report's text.
    """
    said = f"{report}\n{and_said}".rstrip()
    if report.outcome == "failed":
        return ReachDeliveryFailed(report, said)
    error: AirflowException = AirflowFailException(said)
    if report.outcome == "unknown":
        error = AirflowException(f"{said}\nThere is no verdict on the webhooks that were not answered.")
    tell_of(error, report)
    return error


def ended_by_airflow(said: Mapping[str, Any]) -> AirflowException:
    """
    The exception for a deferred watch that Airflow ended, without an event.

    :param said: What Airflow says instead.
    """
    reason = said.get("error", "for an unknown reason")
    reason = str(getattr(reason, "value", reason))
    hint = "No trigger reported in time: check that a triggerer is running, and has room for its triggers."
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


def tell_of(error: BaseException, report: DeliveryReport | WorkspaceReport | None) -> None:
    """
    Attach a report to an exception as its ``.report``, unless it has one.

    :param error: Any exception that ends a task.
    :param report: What it is about; None if nothing was seen.
    """
    vars(error).setdefault("report", report)


def is_told(error: BaseException) -> bool:
    """
    Whether the exception already has a ``.report``, even None.

    :param error: Any exception that ends a task.
    """
    return "report" in vars(error)


def told_to_callbacks(execute: Callable[_Given, _Returned]) -> Callable[_Given, _Returned]:
    """
    Give every exception that ends a task a ``.report``, so that no callback fails because there is none.

    :param execute: What Airflow calls. Whatever it raises, including Airflow's own timeouts, has a report or None.
    """

    @wraps(execute)
    def executed(*args: _Given.args, **kwargs: _Given.kwargs) -> _Returned:
        try:
            return execute(*args, **kwargs)
        except BaseException as error:
            tell_of(error, None)
            raise

    return executed
