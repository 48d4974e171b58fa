"""The delivery policy's fields by name, and how long a watch waits: what is needed before a task runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from airflow_provider_reach.core.values import duration, flag

POLICY_FIELDS = (
    "delivered_by",
    "max_undelivered",
    "min_age",
    "min_attempts",
    "max_at_risk",
    "at_risk_after",
    "max_lost",
    "ignore_lost_before",
    "max_silence",
    "drain",
    "allow_inactive",
    "on_cut",
    "retry_window",
    "max_attempts",
)
"""Those of :class:`~airflow_provider_reach.core.policy.DeliveryPolicy`, in its order."""

GRACE = timedelta(minutes=15)
"""Added to the retry window before a batch counts as lost, and to the first look: clocks and starts are not exact."""

AT_RISK_AFTER = timedelta(hours=4)
"""The age from which a batch is at risk, unless the policy says otherwise."""

_LONGEST_WINDOW = timedelta(days=30)


def default_timeout(min_age: Any, drain: Any, retry_window: Any) -> timedelta:
    """
    How long a watch waits unless told otherwise: as long as there may be something to wait for.

    :param min_age: The policy's ``min_age``, or a template: if a template decides, this is the longest timeout.
    :param drain: The policy's ``drain``, or a template.
    :param retry_window: The policy's ``retry_window``, or a template.
    """
    try:
        age, window, draining = duration(min_age), duration(retry_window), switch(drain)
    except (ValueError, OverflowError):
        return timedelta(hours=9)
    if any(contradictions(age, AT_RISK_AFTER, window)):
        return timedelta(hours=9)
    return window + timedelta(hours=1) if draining else GRACE + age


def contradictions(min_age: timedelta, at_risk_after: timedelta, retry_window: timedelta) -> Iterator[str]:
    """
    What is impossible about a policy's durations together, a sentence each.

    :param min_age: The policy's ``min_age``.
    :param at_risk_after: Its ``at_risk_after``.
    :param retry_window: Its ``retry_window``.
    """
    if not timedelta(0) < at_risk_after <= retry_window <= _LONGEST_WINDOW:
        yield "at_risk_after must be above 0 and within retry_window, which may be at most 30 days."
    if min_age > at_risk_after:
        yield "min_age must not be above at_risk_after: a failure would be at risk before it counts."


def switch(value: Any) -> bool:
    """
    A switch that decides what is waited for: a template that renders to nothing is a mistake, not a default.

    :param value: As :func:`~airflow_provider_reach.core.values.flag` takes it.
    :raises ValueError: with what it must be.
    """
    if (on := flag(value)) is None:
        raise ValueError("True or False")
    return on
