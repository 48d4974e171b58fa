"""What the tests of core share: rows, answers, and a player that drives an exchange with a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Generic, TypeVar

from hypothesis import settings

from airflow_provider_reach.core.api.exchange import AskContext, Exchange, Known, Send, Together, Wait
from airflow_provider_reach.core.api.models import BatchRow
from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.api.retry import RetryBudget
from airflow_provider_reach.core.errors import ReachError

T = TypeVar("T")

NOW = datetime(2026, 1, 31, 2, 0, tzinfo=timezone.utc)
ID = "01234567-89ab-cdef-0123-456789abcdef"
OTHER_ID = "11111111-2222-3333-4444-555555555555"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

bounded = settings(derandomize=True, max_examples=80, deadline=None, database=None)
"""The same few examples in every run."""


def failed(batch_id: str | None = "b", age: timedelta | None = HOUR, **fields: Any) -> BatchRow:
    """A row of a batch that the target answered with 503, of this age; None: without a time."""
    given: dict[str, Any] = {"response_code": "503", "failure_code": "503", "attempts": 1, **fields}
    return BatchRow(batch_id=batch_id, ts=None if age is None else NOW - age, **given)


def delivered(batch_id: str = "b", age: timedelta = HOUR, **fields: Any) -> BatchRow:
    """A row of a batch that was delivered at last."""
    return BatchRow(batch_id=batch_id, ts=NOW - age, **{"response_code": "200", "attempts": 2, **fields})


def several(number: int, age: timedelta, **fields: Any) -> list[BatchRow]:
    """That many failed batches."""
    return [failed(f"{age}-{n}", age, **fields) for n in range(number)]


def answer(body: object = b"", status: int = 200, *, seconds: float = 0.0, **headers: str) -> Answer:
    """An answer; what is not bytes is sent as JSON."""
    return Answer(
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        received=NOW,
        seconds=seconds,
    )


def results(value: object, **headers: str) -> Answer:
    """A good answer."""
    return answer({"results": value}, **headers)


def listed(*webhooks: dict[str, Any]) -> Answer:
    """The answer to a list."""
    return results(list(webhooks))


def refused(status: int, message: str = "no", **headers: str) -> Answer:
    """An error in the contract's shape."""
    return answer({"errors": [{"message": message, "code": "1"}]}, status, **headers)


def call_to(operation: str = "list webhooks", secrets: tuple[str, ...] = (), **fields: Any) -> Call[Any]:
    """A call with this operation in its messages."""
    validated = operation.removeprefix("validate webhook ")
    if validated != operation:
        return Call("validate", validated, "POST", "/", _unread, secrets=secrets, **fields)
    method = "GET" if operation.startswith(("list", "get")) else "POST"
    return Call("request", operation, method, "/", _unread, secrets=secrets, **fields)


def _unread(answer: Answer, secrets: tuple[str, ...]) -> None:
    raise AssertionError("it is no good answer")


def ask_context(seconds: float = 0.0, *secrets: str) -> AskContext:
    """How long to keep asking, and what to mask."""
    return AskContext(RetryBudget(seconds), secrets)


def nested(depth: int) -> Any:
    """A list in a list, and so on."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@dataclass
class Played(Generic[T]):
    """What an exchange did."""

    sent: list[Call[Any]] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    value: T | None = None
    error: ReachError | None = None

    @property
    def requests(self) -> list[str]:
        """The requests, such as ``GET /webhooks``."""
        return [
            f"{call.method} {call.path}" + "".join(f"?{name}={value}" for name, value in call.query.items())
            for call in self.sent
        ]

    @property
    def bodies(self) -> list[Any]:
        """What was sent as JSON."""
        return [json.loads(call.body) for call in self.sent if call.body is not None]

    @property
    def waited(self) -> float:
        """Seconds in all."""
        return sum(wait.seconds for wait in self.waits)

    @property
    def result(self) -> T:
        """What it returned; where it raised instead, its error is raised."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]


Reply = Answer | Failure


def _none_shared(_: Send) -> None:
    return None


def play(
    exchange: Exchange[T],
    *script: Reply,
    forever: Reply | None = None,
    shared: Callable[[Send], Known | None] = _none_shared,
) -> Played[T]:
    """
    Drive an exchange: each request gets the next of the script, then ``forever``; nothing is slept for.

    What may go on at the same time goes on one after another. The script has to be used up, and nothing may be asked
    beyond it. What is ``shared`` is not asked for.
    """
    replies = list(script)

    def reply(step: Send) -> Reply | Known:
        if known := shared(step):
            return known
        call = step.call
        if not replies and forever is None:
            raise AssertionError(f"nobody expected {call.method} {call.path} after {played.requests}")
        played.sent.append(call)
        assert len(played.sent) < 1000
        return replies.pop(0) if replies else forever  # type: ignore[return-value]

    played: Played[T] = Played()
    try:
        played.value = _driven(exchange, reply, played)
    except ReachError as error:
        played.error = error
    assert not replies, f"never asked for: {replies}"
    return played


def _driven(exchange: Exchange[Any], reply: Callable[[Send], Reply | Known], played: Played[T]) -> Any:
    try:
        step = next(exchange)
        while True:
            if isinstance(step, Send):
                step = exchange.send(reply(step))
            elif isinstance(step, Together):
                several = []
                for begin in step.beginnings:
                    several.append(_of_several(begin(0.0), reply, played))
                    if step.progress:
                        step.progress(len(several), step.number)
                assert len(several) == step.number
                step = exchange.send(several)
            else:
                played.waits.append(step)
                step = exchange.send(None)
    except StopIteration as done:
        return done.value


def _of_several(exchange: Exchange[Any], reply: Callable[[Send], Reply | Known], played: Played[T]) -> Any:
    try:
        return _driven(exchange, reply, played)
    except ReachError as error:
        return error
