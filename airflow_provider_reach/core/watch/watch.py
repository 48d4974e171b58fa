"""What is watched, by which policy, how often and until when: the same for the sensor and its trigger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal

from airflow_provider_reach.core.errors import ReachInputError, ReachVersionError
from airflow_provider_reach.core.policy import POLICY_FIELDS, DeliveryPolicy
from airflow_provider_reach.core.text import one_line
from airflow_provider_reach.core.values import read_duration, read_instant

Limit = Literal["timeout", "execution_timeout"]

LAST_LOOK = timedelta(minutes=2)
"""For the look at the deadline: one blip shall not decide it."""

SHORTEST_INTERVAL = timedelta(seconds=1)
"""Between two looks, at the least: a poke_interval of 0 is no reason to ask the service without a pause."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """
    A watch, the same in every mode; it holds no secret.

    :param webhook_id: The webhook's UUID; with a name as well, the id decides.
    :param webhook_name: The webhook's name.
    :param policy: What counts as failed, and what is waited for.
    :param watched_from: The first look.
    :param deadline: When to give up waiting.
    :param limit: What it comes from.
    :param poke_interval: Time between two looks.
    :param outage_tolerance: How long one look keeps asking when the service cannot be asked.
    :param silent_fail: Whether a failure to ask is only logged.
    :param version: The version of this package that began it.
    :param seen_id: The id of the webhook that an earlier look saw: it tells one that was deleted or renamed since from
        a name that never was.
    """

    webhook_id: str
    webhook_name: str
    policy: DeliveryPolicy
    watched_from: datetime
    deadline: datetime
    limit: Limit
    poke_interval: timedelta
    outage_tolerance: timedelta
    silent_fail: bool
    version: str
    seen_id: str = ""

    def to_scalars(self) -> dict[str, str | float | bool | None]:
        """The watch as Airflow keeps a trigger's arguments in its database."""
        given = {name: getattr(self, name) for name in WATCH_FIELDS}
        given |= {name: getattr(self.policy, name) for name in POLICY_FIELDS}
        return {name: _scalar(value) for name, value in given.items()}

    @classmethod
    def from_scalars(cls, given: Mapping[str, Any], running: str) -> Watch:
        """
        The watch of a trigger's arguments.

        :param given: What :meth:`to_scalars` made. What another version of this package left out has its default, and
            what an older one gave and this one does not know means nothing any more.
        :param running: The version of this package that is to go on with it.
        :raises ReachInputError: naming every value of the policy that cannot be.
        :raises ReachVersionError: when a newer one gave what this one does not know: it may be what the check is for.
        """
        version = str(given.get("version", ""))
        if (unknown := unknown_scalars(given)) and _numbers(version) > _numbers(running):
            raise ReachVersionError(
                f"The watch was begun by airflow-provider-reach {one_line(version, 40)}. The one that runs here, "
                f"{running}, does not know these of its arguments: {', '.join(unknown)}. Install the same version for "
                "the triggerer, and restart it; the task's next try begins a new watch."
            )
        return cls(
            webhook_id=given.get("webhook_id", ""),
            webhook_name=given.get("webhook_name", ""),
            policy=DeliveryPolicy(**{name: given[name] for name in POLICY_FIELDS if name in given}),
            watched_from=read_instant("watched_from", given.get("watched_from")),
            deadline=read_instant("deadline", given.get("deadline")),
            limit=given.get("limit", "timeout"),
            poke_interval=read_duration("poke_interval", given.get("poke_interval", 300)),
            outage_tolerance=read_duration("outage_tolerance", given.get("outage_tolerance", 900)),
            silent_fail=given.get("silent_fail", False),
            version=version,
            seen_id=given.get("seen_id", ""),
        )

    @classmethod
    def begin(
        cls, *, watched_from: datetime, timeout: timedelta, execution_timeout: timedelta | None, **parameters: Any
    ) -> Watch:
        """
        A watch that ends after its timeout, or before the task's execution timeout.

        :param watched_from: The first look.
        :param timeout: How long the watch waits.
        :param execution_timeout: How long the task may run, where that bounds the whole watch.
        :param parameters: The others.
        :raises ReachInputError: when the watch would outlast the calendar.
        """
        lengths: list[tuple[timedelta, Limit]] = [(timeout, "timeout")]
        if execution_timeout is not None:
            # A little less: Airflow 2.11 lets a task that resumes later say nothing at all.
            told_in_time = execution_timeout - min(timedelta(minutes=1), execution_timeout / 10)
            lengths.append((told_in_time, "execution_timeout"))
        length, limit = min(lengths)
        try:
            deadline = watched_from + length
        except OverflowError:
            raise ReachInputError([f"timeout must end some day, not after {length}."], "the watch") from None
        return cls(watched_from=watched_from, deadline=deadline, limit=limit, **parameters)

    def tolerance_at(self, now: datetime) -> float:
        """
        Seconds for which a look of the trigger keeps asking: not far beyond the deadline.

        :param now: When it begins.
        """
        left = max(self.deadline - now, timedelta(0))
        if self.limit == "timeout":  # beyond an execution timeout Airflow may end the task at any moment
            left = max(left, LAST_LOOK)
        return min(self.outage_tolerance, left).total_seconds()

    def next_look(self, now: datetime) -> float:
        """
        Seconds until the next look, which is at the deadline at the latest.

        :param now: The time of the last one.
        """
        wait = min(self.poke_interval, self.deadline - now)
        return max(wait, SHORTEST_INTERVAL).total_seconds()


WATCH_FIELDS = tuple(field.name for field in fields(Watch) if field.name != "policy")


def unknown_scalars(given: Mapping[str, Any]) -> list[str]:
    """
    The names among a trigger's arguments that mean nothing to this version.

    :param given: The arguments.
    """
    return sorted(one_line(name, 40) for name in given.keys() - {*WATCH_FIELDS, *POLICY_FIELDS})


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d{1,9}", version)[:3]))


def _scalar(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, datetime) else value
