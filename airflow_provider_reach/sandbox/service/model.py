"""What the simulated service holds: webhooks, batches, attempts. All are immutable: a change makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple

from airflow_provider_reach.sandbox.service.schedule import ATTEMPTS

Event = dict[str, Any]
State = Literal["delivered", "pending", "discarded"]


@dataclass(frozen=True)
class Webhook:
    """A webhook as the service knows it, with its secrets in plain text."""

    id: str
    name: str
    target: str
    events: tuple[str, ...]
    ready_at: datetime
    active: bool = True
    auth_type: str = "none"
    auth_credentials: Mapping[str, Any] = field(default_factory=dict)
    auth_request_details: Mapping[str, Any] = field(default_factory=dict)
    custom_headers: Mapping[str, str] = field(default_factory=dict)
    last_successful: datetime | None = None
    last_failure: datetime | None = None


@dataclass(frozen=True)
class PostResult:
    """
    What a target answered to one POST, or why it did not answer.

    :param latency: milliseconds from the start of the POST to its end.
    :param status: the HTTP status; None if there was no response.
    :param failure: None if the status delivers; otherwise the status as text, or a word such as ``ETIMEDOUT``.
    """

    latency: int
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    failure: str | None = None


class Attempt(NamedTuple):
    """One POST of a batch: when (simulated), the target's HTTP status if any, and why it failed if it did."""

    at: datetime
    status: int | None
    failure: str | None


@dataclass(frozen=True)
class Batch:
    """
    A batch of events and what became of it.

    :param webhook: the webhook as it was when the batch was made: a later update does not change the target
        or the credentials of what is queued.
    """

    batch_id: str
    webhook: Webhook
    created: datetime
    events: tuple[Event, ...]
    answers: tuple[tuple[datetime, PostResult], ...] = ()

    def answered(self, at: datetime, answer: PostResult) -> Batch:
        """The same batch after one more attempt."""
        return replace(self, answers=(*self.answers, (at, answer)))

    @property
    def attempts(self) -> list[Attempt]:
        """All attempts so far, oldest first."""
        return [Attempt(at, answer.status, answer.failure) for at, answer in self.answers]

    @property
    def failures(self) -> int:
        """How many attempts failed so far."""
        return len(self.answers) - (self.state == "delivered")

    @property
    def state(self) -> State:
        """Delivered: an attempt got 200 (or 2xx, by a switch). Discarded: none of 12 did. Pending: otherwise."""
        if self.answers and self.answers[-1][1].failure is None:
            return "delivered"
        return "discarded" if len(self.answers) == ATTEMPTS else "pending"

    @property
    def delivered_at(self) -> datetime | None:
        """When it was delivered (simulated time), if it was."""
        return self.answers[-1][0] if self.state == "delivered" else None

    @property
    def discarded_at(self) -> datetime | None:
        """When its data was given up (simulated time), if it was."""
        return self.answers[-1][0] if self.state == "discarded" else None
