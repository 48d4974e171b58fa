"""What is right, said once: what a fault means for one request, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from airflow_provider_reach.core.errors import (
    ReachAuthError,
    ReachDecodeError,
    ReachError,
    ReachLostAnswerError,
    ReachNotFoundError,
    ReachRateLimitError,
    ReachRequestError,
    ReachServerError,
    ReachTimeoutError,
    ReachUnreachableError,
    ReachUnsettledError,
)
from airflow_provider_reach.sandbox import Fault as SandboxFault
from evidence.faults.front import Play

Kind = Literal["reads", "create", "update", "delete", "validate"]
KINDS: tuple[Kind, ...] = ("reads", "create", "update", "delete", "validate")

Outcome = type[ReachError] | None
"""An error; None is the right result."""

NOT_TAKEN: tuple[Outcome, ...] = (ReachUnreachableError, ReachRateLimitError)
MAY_BE_TAKEN: tuple[Outcome, ...] = (ReachTimeoutError, ReachLostAnswerError, ReachDecodeError, ReachServerError)
FINAL: tuple[Outcome, ...] = (ReachAuthError, ReachNotFoundError, ReachRequestError, ReachUnsettledError)

OUTAGE_TOLERANCE, LOOK_AFTER_CREATE = 60.0, 30.0
"""Seconds for which a service is asked again, and for which a webhook is looked for that may have been made."""

Way = Literal["once", "heals", "stays"]
"""Asked once; asked within the outage tolerance, of a service that recovers after the first wait, or never."""


@dataclass(frozen=True)
class Fault:
    """
    One way in which a request can go wrong.

    :param group: The heading under which it is reported.
    :param name: What it is.
    :param play: How it is played: by the sandbox, or before it.
    :param means: What one request brings, for every kind of operation; several where the HTTP libraries may differ.
    :param except_for: What it brings for some kinds, or operations, instead.
    :param taken: Whether the service carries the request out all the same.
    :param slow: Whether it is over only when a timeout is.
    :param too_long: Whether it asks for a longer wait than the outage tolerance allows.
    :param on_all: Whether every operation meets it, since it comes before the request.
    :param quiet: Whether nobody may ask for a while afterwards.
    :param heavy: Whether it is aimed at memory, which is measured.
    """

    group: str
    name: str
    play: Play | SandboxFault
    means: Outcome | tuple[Outcome, ...]
    except_for: Mapping[str, Outcome | tuple[Outcome, ...]] = field(default_factory=dict)
    taken: bool = False
    slow: bool = False
    too_long: bool = False
    on_all: bool = False
    quiet: bool = False
    heavy: bool = False

    def brings(self, operation: str, kind: Kind) -> tuple[Outcome, ...]:
        """
        What one request of an operation may bring.

        :param operation: Its name.
        :param kind: Of what kind it is.
        """
        said = self.except_for.get(operation, self.except_for.get(kind, self.means))
        return said if isinstance(said, tuple) else (said,)


def is_right(fault: Fault, operation: str, kind: Kind, way: Way, *, looks_first: bool) -> set[Outcome]:
    """
    All possible outcomes of an operation that meets a fault.

    :param fault: The fault.
    :param operation: The operation's name.
    :param kind: Of what kind it is.
    :param way: How it is asked.
    :param looks_first: Whether it lists the webhooks before it does anything.
    """
    return {
        _comes(fault, one, kind, way, not_yet_created=looks_first and fault.on_all)
        for one in fault.brings(operation, kind)
    }


def _comes(fault: Fault, one: Outcome, kind: Kind, way: Way, *, not_yet_created: bool) -> Outcome:
    if kind == "create" and one in MAY_BE_TAKEN and not not_yet_created:
        return None if fault.taken else ReachUnsettledError  # it looks for the webhook, and sends nothing again
    may_pass = one in NOT_TAKEN or one in MAY_BE_TAKEN
    return None if way == "heals" and may_pass and not fault.too_long else one


def requests_at_most(outcomes: tuple[Outcome, ...], kind: Kind, way: Way, *, slow: bool) -> int:
    """
    How many requests of the operation may reach the service.

    :param outcomes: What one request may bring.
    :param kind: Of what kind the operation is.
    :param way: How it is asked.
    :param slow: Whether the timeout is so short that a busy machine may pass it, too.
    """
    if set(outcomes) == {ReachUnreachableError}:
        return 0 if way != "heals" else 4 if slow else 1
    repeated = NOT_TAKEN if kind == "create" else NOT_TAKEN + MAY_BE_TAKEN
    if way == "once" or not set(outcomes) & set(repeated):
        return 1
    return 3 if way == "heals" and not slow else 12


def waits(came: Outcome, kind: Kind, way: Way, *, too_long: bool) -> tuple[float, float]:
    """
    The least number of seconds it must go on, waits and requests, and the most that it may wait.

    Each wait is about twice the one before it, and none is begun that the budget does not last for.

    :param came: What came of it.
    :param kind: Of what kind the operation is.
    :param way: How it was asked.
    :param too_long: Whether the fault asks for a longer wait than the outage tolerance allows.
    """
    most = (0 if way == "once" else OUTAGE_TOLERANCE) + (LOOK_AFTER_CREATE if kind == "create" else 0)
    if came is ReachUnsettledError:
        return LOOK_AFTER_CREATE / 4, most
    asks_again = way == "stays" and came in NOT_TAKEN + MAY_BE_TAKEN and not too_long
    return OUTAGE_TOLERANCE / 4 if asks_again else 0, most
