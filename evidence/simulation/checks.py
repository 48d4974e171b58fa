"""Checks as a DAG makes them: a task looks until there is a verdict, again and again by its schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from airflow_provider_reach.core.delivery.ambiguous_2xx import with_earlier_retries
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from airflow_provider_reach.core.workspace.policies import differing
from evidence.simulation.life import BEGIN, HOUR, MINUTE, Life
from evidence.simulation.play import NAME
from evidence.simulation.service import Service

POKE = 5 * MINUTE
_TOLERANCE, _RETRY_DELAY, _TRIES = 15 * MINUTE, 5 * MINUTE, 4


@dataclass(frozen=True)
class Check:
    """
    A task that looked until there was a verdict, or its time was over.

    :param begun: Its first look.
    :param ended: Its last one.
    :param outcome: ``unanswered``: the service could not be asked.
    :param report: What it saw last.
    :param ignored_before: Losses before this were told by another.
    :param otherwise: What a look at the whole workspace told otherwise, at the time of the first look.
    """

    begun: datetime
    ended: datetime
    outcome: Literal["healthy", "failed", "timeout", "unanswered"]
    report: DeliveryReport | None
    ignored_before: datetime | None = None
    otherwise: str = ""

    @property
    def tells(self) -> bool:
        """Whether it wakes somebody with a verdict."""
        return self.outcome in ("failed", "timeout")


def check(
    service: Service,
    begun: datetime,
    policy: DeliveryPolicy,
    step: timedelta = POKE,
    is_answered: Callable[[datetime], bool] = lambda now: True,
) -> Check:
    """
    Look, and look again, until there is a verdict.

    :param service: What it asks.
    :param begun: The first look.
    :param policy: By what it judges.
    :param step: Between two looks.
    :param is_answered: Whether the service can be asked then.
    """
    deadline = begun + (policy.retry_window + HOUR if policy.drain else policy.longest_wait)
    now = answered = begun
    report: DeliveryReport | None = None
    while True:
        if is_answered(now):
            seen = service.look(now, policy, begun, _shared_list(begun, now, deadline, step, is_answered))
            report, answered = with_earlier_retries(seen, report), now
            if report.outcome != "wait":
                return Check(begun, now, report.outcome, report, policy.ignore_lost_before)
            if now >= deadline:
                return Check(begun, now, "timeout", report, policy.ignore_lost_before)
        elif now - answered >= _TOLERANCE:
            return Check(begun, now, "unanswered", None)
        now += step


def _shared_list(
    begun: datetime, now: datetime, deadline: datetime, step: timedelta, is_answered: Callable[[datetime], bool]
) -> datetime | None:
    """
    From when the list of webhooks is that a look in a triggerer rests on: older than any real one.

    The first look is the worker's own, and the one at the deadline has a new list.
    """
    if now == begun:
        return None
    return now - step if now < deadline and is_answered(now - step) else now


def told_otherwise(service: Service, made: Check, policy: DeliveryPolicy) -> str:
    """
    What a look at the whole workspace tells otherwise than a check did, at the time of its first look; empty: nothing.

    :param service: What both ask.
    :param made: The check.
    :param policy: By what it judged.
    """
    alone = service.look(made.begun, policy, made.begun, ref=WebhookRef(name=NAME))
    whole = service.look_at_all(made.begun, policy)
    outcome = made.outcome if made.ended == made.begun else "wait"
    row = [] if outcome == "healthy" else [(NAME, outcome, alone.headline[:500], differing(policy))]
    rows = [(one.webhook_name, one.outcome, one.headline, one.policy) for one in whole.verdicts]
    of_it = [report for report in whole.reports if report.webhook_name == NAME]
    if (whole.outcome, rows, of_it, len(whole.reports)) == (outcome, row, [alone], 2):
        return ""
    return f"{outcome}: {alone}\nthe workspace: {whole}\n{rows}"


@dataclass(frozen=True)
class Schedule:
    """
    A DAG's check.

    :param name: As the documentation calls it.
    :param every: How often it runs.
    :param policy: By what it judges.
    :param tells_once: Whether it takes what its last look told for told.
    :param looks_at_all: Whether the whole workspace is looked at too, whenever a check begins.
    """

    name: str
    every: timedelta
    policy: DeliveryPolicy
    tells_once: bool = False
    looks_at_all: bool = False

    def run(self, service: Service, life: Life) -> Iterator[Check]:
        """
        Every check of a life, each as soon as it is made.

        :param service: What they ask.
        :param life: When they begin, and when the service cannot be asked.
        """
        checks: list[Check] = []
        for planned in self._planned(life):
            begun = max(planned, checks[-1].ended + POKE) if checks else planned
            if begun > planned + self.every:  # the run before took so long that this one was left out
                continue
            for _ in range(_TRIES):
                made = check(service, begun, self._policy(checks), POKE, life.is_answered)
                if made.outcome != "unanswered":
                    break
                begun = made.ended + _RETRY_DELAY
            if made.ended > life.end:
                return
            if self.looks_at_all and life.is_answered(made.begun):
                made = replace(made, otherwise=told_otherwise(service, made, self._policy(checks)))
            checks.append(made)
            yield made

    def _planned(self, life: Life) -> Iterator[datetime]:
        planned, number = BEGIN + 2 * HOUR + life.minute * MINUTE, 0
        while planned < life.end:
            yield planned + life.late[number % len(life.late)] * MINUTE
            planned, number = planned + self.every, number + 1

    def _policy(self, checks: list[Check]) -> DeliveryPolicy:
        """As the example's template ``LAST_LOOK`` does it."""
        looked_at = [made.report.looked_at for made in checks if made.report and made.report.complete]
        if not self.tells_once or not looked_at:
            return self.policy
        return replace(self.policy, ignore_lost_before=max(looked_at))


USUAL, DRAINED = DeliveryPolicy(), DeliveryPolicy(drain=True)
NIGHTLY = Schedule("drained, once a day", 24 * HOUR, DRAINED)
TWICE_A_DAY = Schedule("drained, twice a day", 12 * HOUR, DRAINED)
HOURLY = Schedule("hourly", HOUR, USUAL, looks_at_all=True)
TOLD_ONCE = Schedule("hourly, each loss told once", HOUR, USUAL, tells_once=True)
TWO_HOURLY = Schedule("every two hours", 2 * HOUR, USUAL)
SCHEDULES = (HOURLY, TOLD_ONCE, TWO_HOURLY, TWICE_A_DAY, NIGHTLY)
