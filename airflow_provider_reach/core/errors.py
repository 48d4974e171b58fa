"""
What can go wrong, in one tree.

::

    ReachError
    ├── ReachConfigError            the connection is incomplete or wrong
    │   └── ReachConnectionError    there is none, or the secrets backend did not answer
    ├── ReachInputError             an argument was refused before anything was sent
    ├── ReachLookupError            a webhook that does not exist, or a name that several have
    │   └── ReachExistsError        a new webhook has the name of an existing one
    ├── ReachNotAppliedError        an update was accepted, but changed nothing
    ├── ReachSideEffectError        an update changed more than was sent
    ├── ReachVersionError           a trigger, or the event it ended with, is of another version
    └── ReachCallError              a call brought no usable answer
        ├── ReachUnreachableError   not sent: DNS, refused, TLS, proxy
        ├── ReachTimeoutError       no answer in time; it may have been sent
        ├── ReachLostAnswerError    the connection broke; it may have been sent
        ├── ReachDecodeError        an answer that does not follow the contract
        ├── ReachUnsettledError     a webhook may or may not have been created
        └── ReachStatusError        a refusal, or a failure of the service
            ├── ReachAuthError          401, 403
            ├── ReachNotFoundError      404
            ├── ReachTargetError        the webhook's target did not answer the test batch with 200
            ├── ReachRateLimitError     429
            ├── ReachServerError        408, 5xx
            └── ReachRequestError       every other status

``final`` says that asking again cannot help: a final error fails an Airflow task for good, and every other one is left
to the task's retries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

if TYPE_CHECKING:
    from airflow_provider_reach.core.target.response import TargetResponse


class ReachError(Exception):
    """The base of every error of this package that is not one of Airflow's."""

    final: ClassVar[bool] = False

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the error as it is, without a second call of ``__init__``."""
        return restored, (type(self), Exception.__str__(self), vars(self))


def restored(kind: type[ReachError], message: str, details: Mapping[str, Any]) -> ReachError:
    """
    Make an error again from what was kept of it.

    :param kind: Its class.
    :param message: Its message.
    :param details: Its attributes.
    """
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    vars(error).update(details)
    return error


class ReachConfigError(ReachError):
    """
    The connection is incomplete or wrong; the message names every value and how to set it.

    :param problems: One sentence for each wrong or missing value.
    :param where: What was read, such as ``connection 'reach_default'``.
    """

    final = True

    def __init__(self, problems: list[str], where: str = "The Reach configuration") -> None:
        self.problems = problems
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"{where} cannot be used:{lines}")


class ReachConnectionError(ReachConfigError):
    """There is no such connection. Not final: Airflow says the same when a secrets backend does not answer."""

    final = False


class ReachInputError(ReachError, ValueError):
    """
    An argument was refused before anything was sent.

    :param problems: One sentence for each refused value.
    :param what: What the values were for, such as ``create webhook 'orders'``.
    """

    final = True

    def __init__(self, problems: list[str], what: str) -> None:
        self.problems = problems
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"Nothing was sent: {what} was refused:{lines}")


class ReachLookupError(ReachError):
    """The webhook does not exist, or several have the name."""

    final = True


class ReachExistsError(ReachLookupError):
    """A new webhook would have, or has, the name of an existing one."""


class ReachNotAppliedError(ReachError):
    """An update was accepted, but the webhook is as it was before."""


class ReachSideEffectError(ReachError):
    """An update changed a field that was not sent. Final, since a retry would find nothing left to do."""

    final = True


class ReachVersionError(ReachError):
    """A trigger or its event comes from another version of this package, or there is no event."""


class Origin(TypedDict):
    """What identifies the call of an error, for another error that is made from it."""

    operation: str
    kind: str
    request_id: str


class ReachCallError(ReachError):
    """
    A call brought no usable answer.

    :param message: What failed, on what, what was answered, and what to do next. As text, the error ends with its
        request id.
    :param operation: What was asked for, such as ``list webhooks``.
    :param kind: The kind of the call, such as ``list``; see :class:`airflow_provider_reach.core.api.operations.Call`.
    :param request_id: The service's id of the request, for its support; empty where there was no answer or it has none.
    """

    kind: str = ""
    request_id: str = ""  # also of an error that an older version wrote into a trigger's event
    hint: str = ""
    """Another cause that the call's circumstances suggest; part of the text."""

    def __init__(self, message: str, *, operation: str, kind: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.operation, self.kind, self.request_id = operation, kind, request_id

    @property
    def origin(self) -> Origin:
        """What identifies the call, for an error that is made from this one."""
        return Origin(operation=self.operation, kind=self.kind, request_id=self.request_id)

    def __str__(self) -> str:
        text = super().__str__()
        for more in (self.hint, self.request_id and f" (request id {self.request_id})"):
            text = text if more in text else f"{text}{more}"  # an error made from another one has it already
        return text

    def __repr__(self) -> str:
        told = {name: vars(self).get(name) for name in ("status", "operation", "request_id")}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in told.items() if value)})"


class ReachUnreachableError(ReachCallError):
    """The request was not sent: DNS, the connection, TLS or a proxy failed, or no connection was free."""


class ReachTimeoutError(ReachCallError):
    """No answer came in time; the service may have taken the request."""


class ReachLostAnswerError(ReachCallError):
    """The connection broke before the whole answer was read; the service may have taken the request."""


class ReachDecodeError(ReachCallError):
    """The answer does not follow the contract."""


class ReachUnsettledError(ReachCallError):
    """A webhook may have been created. Final: a retry that does not look first may create a second one."""

    final = True


class ReachStatusError(ReachCallError):
    """
    The service refused the call, or failed.

    :param status: The HTTP status.
    :param service_message: What the service said, bounded and without secrets.
    :param retry_after: Seconds that it asked to wait; None where it did not.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        service_message: str = "",
        retry_after: float | None = None,
        **origin: Any,
    ) -> None:
        super().__init__(message, **origin)
        self.status = status
        self.service_message = service_message
        self.retry_after = retry_after


class ReachAuthError(ReachStatusError):
    """401 or 403: the key was refused, or lacks the rights."""

    final = True


class ReachNotFoundError(ReachStatusError):
    """404: no such webhook, or no such workspace."""

    final = True


class ReachTargetError(ReachStatusError):
    """
    The webhook's target did not answer the service's test batch with 200; the service reports it with 400, or with 200.

    With OAuth 2, the authorization server may be at fault instead, if it issued no token: the message says which of the
    two it is.

    :param response: What the target, or the authorization server, answered.
    """

    def __init__(self, message: str, *, response: TargetResponse, **answer: Any) -> None:
        super().__init__(message, **answer)
        self.response = response


class ReachRateLimitError(ReachStatusError):
    """429: too many requests."""


class ReachServerError(ReachStatusError):
    """408 or 5xx: the service failed."""


class ReachRequestError(ReachStatusError):
    """Any other status: the service refused the request itself."""

    final = True
