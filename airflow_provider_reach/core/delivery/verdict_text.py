"""What to say of a verdict first: the clauses of its headline, the worst before the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from airflow_provider_reach.core.api.models import Gone, Webhook
from airflow_provider_reach.core.delivery.batches import FURTHEST_AHEAD, Batch, believed
from airflow_provider_reach.core.delivery.report import Outcome, ago, clock, span
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.target.advice import LARGER_LIMIT, REACTIVATE, REPLAY, SILENT
from airflow_provider_reach.core.text import one_line
from airflow_provider_reach.core.webhooks.missing import advice_on, clause


class Tally(Struct):
    """
    Batches by state.

    :param recovered: How many were delivered after a failure.
    :param unripe: Undelivered, in their early retries.
    :param ripe: Undelivered, past them.
    :param at_risk: Undelivered, and discarded unless somebody acts; those of unknown age among them.
    :param unknown_age: How many of those have no time that can be read.
    :param lost: Presumed lost.
    :param lost_before: Presumed lost, and told before.
    """

    recovered: int
    unripe: list[Batch] = []
    ripe: list[Batch] = []
    at_risk: list[Batch] = []
    unknown_age: int = 0
    lost: list[Batch] = []
    lost_before: list[Batch] = []

    @property
    def in_flight(self) -> list[Batch]:
        """Every batch that is neither delivered nor presumed lost."""
        return self.at_risk + self.ripe + self.unripe


class Finding(Struct, frozen=True):
    """
    One thing to say first.

    :param text: A clause, without the webhook's name.
    :param fails: Whether it fails the check.
    :param advice: What to do about it, beside what the target's answers call for.
    """

    text: str
    fails: bool
    advice: str = ""


def findings(
    tally: Tally, now: datetime, policy: DeliveryPolicy, webhook: Webhook | Gone | None, complete: bool
) -> list[Finding]:
    """
    What to say first, the worst first.

    :param tally: The batches by state.
    :param now: The service's time.
    :param policy: The limits.
    :param webhook: The webhook, where known.
    :param complete: Whether the answer is known to be whole.
    """
    found = []
    if isinstance(webhook, Gone):
        found.append(Finding(clause(webhook), True, advice_on(webhook)))
    elif webhook is not None and webhook.active is False:
        found.append(Finding("it is inactive, nothing is delivered", not policy.allow_inactive, REACTIVATE))
    if lost := tally.lost:
        created = [batch.created for batch in lost if batch.created]
        text = f"{_batches(lost)} presumed lost, created {_window(min(created), max(created))}"
        found.append(Finding(text, len(lost) > policy.max_lost, REPLAY))
    if at_risk := tally.at_risk:
        doubtful = f" (as far as is known: {tally.unknown_age} without a time)" if tally.unknown_age else ""
        used_up = any((batch.attempts or 0) >= policy.max_attempts for batch in at_risk)
        text = f"{_about_to_be_discarded(at_risk, now, policy)}{doubtful}"
        found.append(Finding(text, len(at_risk) > policy.max_at_risk, REPLAY if used_up else ""))
    piled_up = tally.at_risk + tally.ripe
    if len(piled_up) > policy.max_undelivered:
        early = f" (and {len(tally.unripe)} in the early retries)" if tally.unripe else ""
        text = f"{_batches(piled_up)} undelivered{early}, over the limit of {policy.max_undelivered}"
        found.append(Finding(text, True))
    limit, success = policy.max_silence, last_success(webhook, now)
    if limit is not None and success is not None and _may_send(webhook) and now - success > limit:
        text = f"no success for {span(now - success)} (limit {span(limit)}), the last one at {clock(success)}"
        found.append(Finding(text, True, "" if tally.in_flight or tally.lost else SILENT))  # batches tell why
    if not complete:
        text = "the answer was cut by its limit, there may be more and worse"
        found.append(Finding(text, policy.on_cut == "fail", LARGER_LIMIT))
    return sorted(found, key=lambda finding: not finding.fails)


def headline(
    outcome: Outcome,
    found: Sequence[Finding],
    tally: Tally,
    now: datetime,
    policy: DeliveryPolicy,
    webhook: Webhook | Gone | None,
    waited_for: Sequence[Batch],
) -> str:
    """
    The first line: which webhook, what is wrong or right, how long is left.

    :param outcome: The verdict.
    :param found: What to say first.
    :param tally: The batches by state.
    :param now: The service's time.
    :param policy: The limits.
    :param webhook: The webhook, where known.
    :param waited_for: The batches for whose sake to look again.
    """
    clauses, success = [finding.text for finding in found], last_success(webhook, now)
    if outcome == "healthy" and not clauses:
        undelivered, recovered = len(tally.in_flight), tally.recovered
        early = f", {len(tally.unripe)} of them in the early retries" if undelivered > policy.max_undelivered else ""
        limit = f" (limit {policy.max_undelivered}{early})"
        clauses.append(f"{undelivered} undelivered{limit}" if undelivered else "nothing is undelivered")
        if recovered:
            clauses.append(f"{recovered} recovered after a retry")
        if isinstance(webhook, Webhook) and not (undelivered or recovered or success):
            clauses.append("no delivery is known either (no traffic, or just created)")
    if waited_for and policy.drain:
        clauses.append(f"{_batches(waited_for)} still to be decided")
    elif waited_for:
        clauses.append(
            f"{_batches(waited_for)} in the early retries would pass the limit of {policy.max_undelivered} if they "
            "do not recover"
        )
    if tally.lost_before:
        clauses.append(f"{_batches(tally.lost_before)} lost and told before")
    if success is None and policy.max_silence is not None and _may_send(webhook):
        clauses.append("max_silence cannot be judged: no last success is known")
    elif success is not None and outcome == "healthy":
        clauses.append(f"last success {ago(success, now)}")
    return f"{_VERDICTS[outcome]}: {_label(webhook)}: {'; '.join(clauses)}."


def last_success(webhook: Webhook | Gone | None, now: datetime) -> datetime | None:
    """
    When a webhook last delivered a batch, where its list tells, and can be believed.

    :param webhook: The webhook, where known.
    :param now: The service's time.
    """
    return believed(webhook.last_successful, now + FURTHEST_AHEAD) if isinstance(webhook, Webhook) else None


def _may_send(webhook: Webhook | Gone | None) -> bool:
    return not isinstance(webhook, Gone) and not (webhook and webhook.active is False)


_VERDICTS: dict[Outcome, str] = {"healthy": "HEALTHY", "wait": "NOT DECIDED YET", "failed": "FAILED"}


def _label(webhook: Webhook | Gone | None) -> str:
    if webhook is None:
        return "webhook"
    name, webhook_id = one_line(webhook.name, 80), one_line(webhook.id, 64)
    return f"webhook '{name}'" if name else f"webhook {webhook_id}"


def _about_to_be_discarded(batches: Sequence[Batch], now: datetime, policy: DeliveryPolicy) -> str:
    """
    How long the first of them has, before all else: a log may show no more of a long line than its beginning.

    Where a row's time is that of its last attempt, this is the longest that can be left.
    """
    which, first = f"{_batches(batches)} about to be discarded", "the first " if len(batches) > 1 else ""
    attempts = max(batch.attempts or 0 for batch in batches)
    if attempts >= policy.max_attempts:
        return f"no time left for {which} ({first or 'it '}had its last attempt, and may be discarded already)"
    created = min((batch.created for batch in batches if batch.created), default=None)
    left = created + policy.retry_window - now if created else timedelta(0)
    if attempts == policy.max_attempts - 1 or (created and left <= timedelta(0)):
        return f"no time left for {which} ({first}at any moment)"
    if created is None:
        return which
    young = attempts >= policy.at_risk_attempts and created > now - policy.at_risk_after
    tried = f", after {attempts} of {policy.max_attempts} attempts" if young else ""
    return f"at most {span(left)} left for {which} ({first}by {clock(now + left)}{tried})"


def _batches(found: Sequence[Batch]) -> str:
    return "1 batch" if len(found) == 1 else f"{len(found):,} batches"


def _window(first: datetime, last: datetime) -> str:
    if clock(first) == clock(last):
        return f"at {clock(first)}"
    end = f"{last:%H:%M} UTC" if first.date() == last.date() else clock(last)
    return f"{first:%Y-%m-%d %H:%M} to {end}"
