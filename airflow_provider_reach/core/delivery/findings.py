"""What is wrong with a webhook's deliveries: each limit of the policy that is passed, in a clause, worst first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from airflow_provider_reach.core.api.models import Gone, Webhook
from airflow_provider_reach.core.delivery.batch_states import Tally
from airflow_provider_reach.core.delivery.batches import FURTHEST_AHEAD, Batch, created_of, plausible_time
from airflow_provider_reach.core.delivery.report import clock, span
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.target.advice import LARGER_LIMIT, REACTIVATE, REPLAY, SILENT
from airflow_provider_reach.core.webhooks.missing import advice_on, clause


class Finding(Struct, frozen=True):
    """
    Something that is wrong.

    :param text: A clause of the first line, without the webhook's name.
    :param fails: Whether it fails the check.
    :param advice: What to do about it, besides the advice on the target's responses.
    """

    text: str
    fails: bool
    advice: str = ""


def findings(
    tally: Tally,
    now: datetime,
    policy: DeliveryPolicy,
    webhook: Webhook | Gone | None,
    complete: bool,
    listed_at: datetime | None = None,
) -> list[Finding]:
    """What is wrong, and whether it fails the check; what fails it comes first."""
    found = []
    if isinstance(webhook, Gone):
        found.append(Finding(clause(webhook), True, advice_on(webhook)))
    elif webhook is not None and webhook.active is False:
        found.append(Finding("it is inactive, nothing is delivered", not policy.allow_inactive, REACTIVATE))
    if lost := tally.lost:
        text = f"{number_of(lost)} presumed lost, created {_window(created_of(lost[0]), created_of(lost[-1]))}"
        found.append(Finding(text, len(lost) > policy.max_lost, REPLAY))
    if at_risk := tally.at_risk:
        doubtful = f" (as far as is known: {tally.unknown_age} without a time)" if tally.unknown_age else ""
        used_up = any((batch.attempts or 0) >= policy.max_attempts for batch in at_risk)
        text = f"{_about_to_be_discarded(at_risk, now, policy)}{doubtful}"
        found.append(Finding(text, len(at_risk) > policy.max_at_risk, REPLAY if used_up else ""))
    piled_up = tally.at_risk + tally.ripe
    if len(piled_up) > policy.max_undelivered:
        early = f" (and {len(tally.unripe)} in the early retries)" if tally.unripe else ""
        text = f"{number_of(piled_up)} undelivered{early}, over the limit of {policy.max_undelivered}"
        found.append(Finding(text, True))
    limit, success, seen = policy.max_silence, last_success(webhook, now), listed_at or now
    if limit is not None and success is not None and may_send(webhook) and seen - success > limit:
        text = f"no success for {span(seen - success)} (limit {span(limit)}), the last one at {clock(success)}"
        found.append(Finding(text, True, "" if tally.in_flight or tally.lost else SILENT))  # batches tell why
    if not complete:
        text = "the answer was cut by its limit, there may be more and worse"
        found.append(Finding(text, policy.on_cut == "fail", LARGER_LIMIT))
    return sorted(found, key=lambda finding: not finding.fails)


def last_success(webhook: Webhook | Gone | None, now: datetime) -> datetime | None:
    """When a webhook last delivered a batch, if the list of webhooks tells a plausible time."""
    return plausible_time(webhook.last_successful, now + FURTHEST_AHEAD) if isinstance(webhook, Webhook) else None


def may_send(webhook: Webhook | Gone | None) -> bool:
    """Whether a webhook may send batches, as far as is known."""
    return not isinstance(webhook, Gone) and not (webhook and webhook.active is False)


def number_of(batches: Sequence[Batch]) -> str:
    """How many batches there are, in words."""
    return "1 batch" if len(batches) == 1 else f"{len(batches):,} batches"


def _about_to_be_discarded(batches: Sequence[Batch], now: datetime, policy: DeliveryPolicy) -> str:
    """
    Starts with the time left for the first batch: a log may show no more of a long line than its beginning.

    Where a row's time is that of its last attempt, this is the longest that can be left.
    """
    which, first = f"{number_of(batches)} about to be discarded", "the first " if len(batches) > 1 else ""
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


def _window(first: datetime, last: datetime) -> str:
    if clock(first) == clock(last):
        return f"at {clock(first)}"
    end = f"{last:%H:%M} UTC" if first.date() == last.date() else clock(last)
    return f"{first:%Y-%m-%d %H:%M} to {end}"
