"""
What can go wrong, in one tree.

::

    ReachError
    ├── ReachConfigError            the connection is incomplete or wrong
    │   └── ReachConnectionError    there is none, or the secrets backend did not answer
    ├── ReachInputError             an argument was refused before anything was sent
    ├── ReachLookupError            a webhook that does not exist, or a name that several have
    │   └── ReachExistsError        a webhook that shall be new, of a name that one has already
    ├── ReachNotAppliedError        an update was answered well, and changed nothing
    ├── ReachSideEffectError        an update changed more than was sent
    ├── ReachVersionError           a trigger, or the event it ended with, is of another version
    └── ReachCallError              a call brought no usable answer
        ├── ReachUnreachableError   not sent: DNS, refused, TLS, proxy
        ├── ReachTimeoutError       no answer in time; it may have been sent
        ├── ReachLostAnswerError    the connection broke; it may have been sent
        ├── ReachDecodeError        an answer that the contract does not know
        ├── ReachUnsettledError     a webhook may or may not have been created
        └── ReachStatusError        an answer that says no
            ├── ReachAuthError          401, 403
            ├── ReachNotFoundError      404
            ├── ReachTargetError        the webhook's target did not answer the test batch with 200
            ├── ReachRateLimitError     429
            ├── ReachServerError        408, 5xx
            └── ReachRequestError       every other status

``final`` says whether asking again can help: the Airflow face fails a task for good on a final
error and leaves every other one to the task's retries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

if TYPE_CHECKING:
    from airflow_provider_reach.core.target.response import TargetResponse


class ReachError(Exception):
    """Everything this provider raises below its Airflow face."""

    final: ClassVar[bool] = False

    def __reduce__(self) -> tuple[Any, ...]:
        """Where it goes to another process, it arrives as it is: its message is not made anew of its message."""
        return restored, (type(self), str(self), vars(self))


def restored(kind: type[ReachError], message: str, details: Mapping[str, Any]) -> ReachError:
    """
    An error as it was.

    :param kind: Its class.
    :param message: What it says.
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
    """There is no such connection; not final, since Airflow says the same when a secrets backend did not answer."""

    final = False


class ReachInputError(ReachError, ValueError):
    """
    An argument was refused before anything was sent.

    :param problems: One sentence for each refused value.
    :param what: What they were for, such as ``create webhook 'orders'``.
    """

    final = True

    def __init__(self, problems: list[str], what: str) -> None:
        self.problems = problems
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"Nothing was sent: {what} was refused:{lines}")


class ReachLookupError(ReachError):
    """A webhook was asked for that does not exist, or by a name that several have."""

    final = True


class ReachExistsError(ReachLookupError):
    """A webhook that shall be new has the name of one that exists."""


class ReachNotAppliedError(ReachError):
    """An update was answered well, and yet the webhook is what it was before."""


class ReachSideEffectError(ReachError):
    """An update changed a field that was not sent: final, since a later look would find nothing left to do."""

    final = True


class ReachVersionError(ReachError):
    """A trigger, or the event it ended with, is of another version of this package; or there is no event."""


class Origin(TypedDict):
    """Which call an error is about: the attributes that one made of another takes over."""

    operation: str
    kind: str
    request_id: str


class ReachCallError(ReachError):
    """
    A call brought no usable answer.

    :param message: What failed, on what, what was answered, and what to do next; the request id is added to it.
    :param operation: What was asked for, such as ``list webhooks``.
    :param kind: The kind of the call, such as ``list``; see :class:`airflow_provider_reach.core.api.operations.Call`.
    :param request_id: The service's id of the request, for its support; empty where there was no answer or it has none.
    """

    kind: str = ""
    request_id: str = ""  # also of an error that an older version wrote into a trigger's event

    def __init__(self, message: str, *, operation: str, kind: str = "", request_id: str = "") -> None:
        shown = f" (request id {request_id})" if request_id else ""
        super().__init__(message if shown in message else f"{message}{shown}")
        self.operation, self.kind, self.request_id = operation, kind, request_id

    @property
    def origin(self) -> Origin:
        """The call, for an error that is made of this one."""
        return Origin(operation=self.operation, kind=self.kind, request_id=self.request_id)

    def __repr__(self) -> str:
        told = {name: vars(self).get(name) for name in ("status", "operation", "request_id")}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in told.items() if value)})"


class ReachUnreachableError(ReachCallError):
    """The request was not sent: the name did not resolve, the connection was refused, TLS failed."""


class ReachTimeoutError(ReachCallError):
    """No answer came in time; the request may have been taken."""


class ReachLostAnswerError(ReachCallError):
    """The connection broke before the whole answer was read; the request may have been taken."""


class ReachDecodeError(ReachCallError):
    """The answer is not what the contract says."""


class ReachUnsettledError(ReachCallError):
    """A webhook may have been created: final, since a retry that does not look first may make a second one."""

    final = True


class ReachStatusError(ReachCallError):
    """
    The service answered, and said no.

    :param status: The HTTP status.
    :param service_message: What the service said, bounded and without secrets.
    :param retry_after: Seconds it asked to wait, where it did.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        status: int,
        service_message: str = "",
        retry_after: float | None = None,
        kind: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, operation=operation, kind=kind, request_id=request_id)
        self.status = status
        self.service_message = service_message
        self.retry_after = retry_after


class ReachAuthError(ReachStatusError):
    """401 or 403: the key was refused, or may not do this."""

    final = True


class ReachNotFoundError(ReachStatusError):
    """404: no such webhook, or no such workspace."""

    final = True


class ReachTargetError(ReachStatusError):
    """
    The webhook's target did not answer the service's test batch with 200; the service says so with 400, or with 200.

    With OAuth 2 it may be the authorization server that is at fault, which gave no token to send the batch with: the
    message says which of the two it is.

    :param response: What that one answered.
    """

    def __init__(self, message: str, *, response: TargetResponse, **answer: Any) -> None:
        super().__init__(message, **answer)
        self.response = response


class ReachRateLimitError(ReachStatusError):
    """429: too many requests."""


class ReachServerError(ReachStatusError):
    """408 or 5xx: the service failed."""


class ReachRequestError(ReachStatusError):
    """Every other status: the service refused the request itself."""

    final = True
