"""The delivery policy: what counts as failed, and what is waited for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.policy_fields import (
    AT_RISK_AFTER,
    contradictions,
    switch,
)
from airflow_provider_reach.core.policy_fields import GRACE as GRACE
from airflow_provider_reach.core.policy_fields import POLICY_FIELDS as POLICY_FIELDS
from airflow_provider_reach.core.policy_fields import default_timeout as default_timeout
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.values import choice, count, duration, duration_or_none, instant


@dataclass(frozen=True, kw_only=True)
class DeliveryPolicy:
    """
    What counts as failed, and what is waited for.

    Any value may be text, as a template renders it. A duration is a ``timedelta``, a number of seconds, or text such as
    ``1h 30m``, ``01:30:00`` or ``PT90M``.

    :param delivered_by: Which answers of the target deliver a batch: only ``200``, as the service's contract says, or
        any ``2xx``, as an older guide says. With ``2xx``, a failure code that only repeats the answer is no failure.
    :param max_undelivered: More undelivered batches than this are a pile-up; early retries do not count.
    :param min_age: A batch younger than this *and* with fewer attempts than ``min_attempts`` is in its early retries:
        it is not ripe and does not count yet.
    :param min_attempts: See ``min_age``.
    :param max_at_risk: More batches than this that will be discarded unless somebody acts are a failure.
    :param at_risk_after: The age from which an undelivered batch is at risk; with at most two attempts left, it is at
        risk at any age.
    :param max_lost: More batches than this that are presumed lost are a failure.
    :param ignore_lost_before: Losses before this time were reported before: they stay in the report but do not fail
        it. A time, or its text; empty, ``"None"`` or a time in the future means none.
    :param max_silence: A webhook that may send but whose last success is longer ago than this is a failure, if the last
        success is known. None, empty and ``"None"``: no limit.
    :param drain: Wait until every batch of the first look or earlier is decided.
    :param allow_inactive: An inactive webhook does not fail.
    :param on_cut: What an answer that may be incomplete means: ``fail``, or ``warn`` in the first line.
    :param retry_window: How long the service retries a batch before it discards it.
    :param max_attempts: How often it tries a batch in all, the first attempt included.
    :raises ReachInputError: naming every value that is not possible.
    """

    delivered_by: Literal["200", "2xx"] = "200"
    max_undelivered: int = 10
    min_age: timedelta = timedelta(hours=1)
    min_attempts: int = 6
    max_at_risk: int = 0
    at_risk_after: timedelta = AT_RISK_AFTER
    max_lost: int = 0
    ignore_lost_before: datetime | None = None
    max_silence: timedelta | None = None
    drain: bool = False
    allow_inactive: bool = False
    on_cut: Literal["fail", "warn"] = "fail"
    retry_window: timedelta = timedelta(hours=8)
    max_attempts: int = 12

    def __post_init__(self) -> None:
        problems: list[str] = []
        for name, read in _READERS.items():
            try:
                object.__setattr__(self, name, read(getattr(self, name)))
            except (ValueError, OverflowError) as why:
                problems.append(f"{name} must be {why}, not {shown(getattr(self, name))}.")
        if not problems:
            problems += contradictions(self.min_age, self.at_risk_after, self.retry_window)
            if self.max_attempts < 2:
                problems.append("max_attempts must be 2 or more.")
        if problems:
            raise ReachInputError(problems, "the delivery policy")

    @property
    def lost_after(self) -> timedelta:
        """The age from which an undelivered batch is presumed lost."""
        return self.retry_window + GRACE

    @property
    def at_risk_attempts(self) -> int:
        """
        The number of failed attempts from which a batch is at risk, whatever its age: at most two are left.

        Its time may be that of its last attempt, which says little about its age. Retries come at ever longer
        intervals: with 12 attempts in 8 hours, the last two are at least 87 minutes away, so an hourly check does not
        miss them.
        """
        return max(1, self.max_attempts - 2)

    @property
    def longest_wait(self) -> timedelta:
        """How long after the first look a watch may wait: by then every batch is decided, or past its early retries."""
        return GRACE + (self.lost_after if self.drain else self.min_age)


_READERS: dict[str, Callable[[Any], object]] = {
    "delivered_by": partial(choice, known=("200", "2xx")),
    **dict.fromkeys(("max_undelivered", "min_attempts", "max_at_risk", "max_lost", "max_attempts"), count),
    **dict.fromkeys(("min_age", "at_risk_after", "retry_window"), duration),
    "max_silence": duration_or_none,
    **dict.fromkeys(("drain", "allow_inactive"), switch),
    "ignore_lost_before": instant,
    "on_cut": partial(choice, known=("fail", "warn")),
}
