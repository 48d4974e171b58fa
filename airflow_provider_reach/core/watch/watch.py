"""A watch: what is watched, under which policy, how often, and until when; the same for the sensor and its trigger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal

from airflow_provider_reach.core.errors import ReachInputError, ReachVersionError
from airflow_provider_reach.core.policy import POLICY_FIELDS, DeliveryPolicy
from airflow_provider_reach.core.text import one_line
from airflow_provider_reach.core.values import read_duration, read_instant, scalar

TimeoutName = Literal["timeout", "execution_timeout"]
"""The argument of the sensor that a deadline comes from."""

LAST_LOOK = timedelta(minutes=2)
"""The least that the look at the deadline may take: one blip must not decide it."""

LONGEST_LIST_AGE = timedelta(minutes=1)
"""The most that a shared list of webhooks may be old by default."""

SHORTEST_INTERVAL = timedelta(seconds=1)
"""The shortest pause between two looks: even a poke_interval of 0 must not flood the service."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """
    What is watched, and how. It holds no secret.

    :param webhook_id: The webhook's UUID; with a name as well, the id decides.
    :param webhook_name: The webhook's name.
    :param policy: What counts as failed, and what is waited for.
    :param watched_from: The time of the first look.
    :param deadline: When to stop waiting.
    :param limit: Which argument of the sensor the deadline comes from.
    :param poke_interval: Time between two looks.
    :param outage_tolerance: How long one look keeps asking when the service cannot be asked.
    :param silent_fail: Whether a failure to ask is only logged.
    :param version: The version of this package that began the watch.
    :param seen_id: The id of the webhook that an earlier look saw, if any: it tells a webhook that has since been
        deleted or renamed from a name that never existed.
    """

    webhook_id: str
    webhook_name: str
    policy: DeliveryPolicy
    watched_from: datetime
    deadline: datetime
    limit: TimeoutName
    poke_interval: timedelta
    outage_tolerance: timedelta
    silent_fail: bool
    version: str
    seen_id: str = ""

    def to_scalars(self) -> dict[str, str | float | bool | None]:
        """The watch as Airflow keeps a trigger's arguments in its database."""
        scalars = {name: getattr(self, name) for name in WATCH_FIELDS}
        scalars |= {name: getattr(self.policy, name) for name in POLICY_FIELDS}
        if not self.seen_id:
            del scalars["seen_id"]  # which an older triggerer would refuse
        return {name: scalar(value) for name, value in scalars.items()}

    @classmethod
    def from_scalars(cls, scalars: Mapping[str, Any], running: str) -> Watch:
        """
        The watch of a trigger's arguments.

        :param scalars: What :meth:`to_scalars` returned. An argument that another version of this package did not write
            has its default; one that an older version wrote and this one does not know has no meaning any more.
        :param running: The version of this package that continues the watch.
        :raises ReachInputError: naming every value of the policy that is not possible.
        :raises ReachVersionError: if a newer version wrote arguments that this one does not know: the check may depend
            on them.
        """
        version = str(scalars.get("version", ""))
        if (unknown := unknown_scalars(scalars)) and _numbers(version) > _numbers(running):
            raise ReachVersionError(
                f"The watch was begun by airflow-provider-reach {one_line(version, 40)}. The one that runs here, "
                f"{running}, does not know these of its arguments: {', '.join(unknown)}. Install the same version for "
                "the triggerer, and restart it; the task's next try begins a new watch."
            )
        return cls(
            webhook_id=scalars.get("webhook_id", ""),
            webhook_name=scalars.get("webhook_name", ""),
            policy=DeliveryPolicy(**{name: scalars[name] for name in POLICY_FIELDS if name in scalars}),
            watched_from=read_instant("watched_from", scalars.get("watched_from")),
            deadline=read_instant("deadline", scalars.get("deadline")),
            limit=scalars.get("limit", "timeout"),
            poke_interval=read_duration("poke_interval", scalars.get("poke_interval", 300)),
            outage_tolerance=read_duration("outage_tolerance", scalars.get("outage_tolerance", 900)),
            silent_fail=scalars.get("silent_fail", False),
            version=version,
            seen_id=scalars.get("seen_id", ""),
        )

    @classmethod
    def begin(
        cls, *, watched_from: datetime, timeout: timedelta, execution_timeout: timedelta | None, **parameters: Any
    ) -> Watch:
        """
        A watch that ends after its timeout, or before the task's execution timeout.

        :param watched_from: The time of the first look.
        :param timeout: How long the watch waits.
        :param execution_timeout: How long the task may run, if that limits the whole watch.
        :param parameters: The other fields.
        :raises ReachInputError: if the watch would outlast the calendar.
        """
        lengths: list[tuple[timedelta, TimeoutName]] = [(timeout, "timeout")]
        if execution_timeout is not None:
            # A little earlier: in Airflow 2.11, a task that resumes after it cannot say anything.
            told_in_time = execution_timeout - min(timedelta(minutes=1), execution_timeout / 10)
            lengths.append((told_in_time, "execution_timeout"))
        length, limit = min(lengths)
        try:
            deadline = watched_from + length
        except OverflowError:
            raise ReachInputError([f"timeout is too long: {length}."], "the watch") from None
        return cls(watched_from=watched_from, deadline=deadline, limit=limit, **parameters)

    def tolerance_at(self, now: datetime) -> float:
        """Seconds for which a look of the trigger keeps asking: at most a little beyond the deadline."""
        left = max(self.deadline - now, timedelta(0))
        if self.limit == "timeout":  # after an execution timeout, Airflow may end the task at any moment
            left = max(left, LAST_LOOK)
        return min(self.outage_tolerance, left).total_seconds()

    def list_age_at(self, now: datetime, configured: float | None) -> float:
        """
        Seconds that a list of webhooks may be old which a look rests on while the watch goes on.

        :param now: The time of the look; the last one, at the deadline, has a list of its own.
        :param configured: What Airflow's configuration says, which counts up to the interval; None: a tenth of the
            interval, at most a minute.
        """
        if now >= self.deadline:
            return 0.0
        usual = min(self.poke_interval / 10, LONGEST_LIST_AGE).total_seconds()
        return usual if configured is None else min(configured, self.poke_interval.total_seconds())

    def next_look(self, now: datetime) -> float:
        """Seconds until the next look, which is at the deadline at the latest."""
        wait = min(self.poke_interval, self.deadline - now)
        return max(wait, SHORTEST_INTERVAL).total_seconds()


WATCH_FIELDS = tuple(field.name for field in fields(Watch) if field.name != "policy")


def unknown_scalars(scalars: Mapping[str, Any]) -> list[str]:
    """The names of a trigger's arguments that this version does not know."""
    return sorted(one_line(name, 40) for name in scalars.keys() - {*WATCH_FIELDS, *POLICY_FIELDS})


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d{1,9}", version)[:3]))
