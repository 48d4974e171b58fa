"""
The verdict: rows of batch status → batches → a report under a policy.

It keeps two questions apart: is the webhook delivering *now*, and was anything *lost*? A target that came back an hour
ago looks fine now, while hours of data are gone. :func:`assess` is pure, and every way of asking goes through it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from airflow_provider_reach.core.api.models import BatchRow, Gone, Webhook
from airflow_provider_reach.core.delivery.ambiguous_2xx import advice_on_2xx, next_retries
from airflow_provider_reach.core.delivery.batch_states import Tally, tally_of
from airflow_provider_reach.core.delivery.batches import Batch, Batches, batches_of, created_of, is_other_2xx
from airflow_provider_reach.core.delivery.findings import Finding, findings, last_success
from airflow_provider_reach.core.delivery.headline import headline
from airflow_provider_reach.core.delivery.report import DeliveryReport, Outcome
from airflow_provider_reach.core.policy import GRACE, DeliveryPolicy
from airflow_provider_reach.core.target.advice import IS_BACK, advice_for
from airflow_provider_reach.core.text import one_line
from airflow_provider_reach.core.times import as_utc

_MOST_IDS, _MOST_CLASSES = 5, 8


def assess(
    rows: Iterable[BatchRow],
    now: datetime,
    policy: DeliveryPolicy,
    *,
    watched_from: datetime | None = None,
    webhook: Webhook | Gone | None = None,
    complete: bool = True,
    times_known: bool = True,
) -> DeliveryReport:
    """
    Judge what batch status says of a webhook. Pure: the same arguments give the same report.

    :param rows: The rows, in any order; a batch may have several.
    :param now: The service's time of the answer.
    :param policy: What counts as failed, and what is waited for.
    :param watched_from: The first look of this watch: later batches may fail it but never prolong it. By default, this
        is the first look.
    :param webhook: The webhook as the service lists it, ``Gone``, or None if the list was not asked for. The list must
        be of this look: with ``max_silence``, the last success in an older one would look like silence.
    :param complete: False if there may be more rows than these.
    :param times_known: False if the service was not asked when the webhook last delivered.
    :return: The report; its outcome is ``healthy``, ``wait`` (look again) or ``failed``.
    """
    batches = batches_of(rows, as_utc(now), policy.delivered_by)
    return assess_batches(
        batches,
        now,
        policy,
        watched_from=watched_from,
        webhook=webhook,
        complete=complete,
        times_known=times_known,
    )


def assess_batches(
    batches: Batches,
    now: datetime,
    policy: DeliveryPolicy,
    *,
    watched_from: datetime | None = None,
    webhook: Webhook | Gone | None = None,
    complete: bool = True,
    times_known: bool = True,
    listed_at: datetime | None = None,
) -> DeliveryReport:
    """
    As :func:`assess`, of rows that are grouped already.

    With ``listed_at``, the service's time of the list, the list may be older than the batch status: a webhook is silent
    as far as the list tells.
    """
    now = as_utc(now)
    tally = tally_of(batches, now, policy)
    found = findings(tally, now, policy, webhook, complete, listed_at)
    if any(finding.fails for finding in found):
        return _report("failed", found, tally, now, policy, webhook, complete, times_known)
    waited_for = _waited_for(tally, now, policy, as_utc(watched_from or now))
    outcome: Outcome = "wait" if waited_for else "healthy"
    return _report(outcome, found, tally, now, policy, webhook, complete, times_known, waited_for)


def _waited_for(tally: Tally, now: datetime, policy: DeliveryPolicy, watched_from: datetime) -> list[Batch]:
    """The batches that another look waits for; none once everything of the first look must be decided, or ripe."""
    if now >= watched_from + policy.longest_wait:
        return []
    first_look = watched_from + GRACE
    if policy.drain:
        return _perhaps_created_by(first_look, tally.in_flight, policy)
    if len(tally.in_flight) <= policy.max_undelivered:
        return []
    waited_for = _perhaps_created_by(first_look, tally.unripe, policy)
    counted = _perhaps_created_by(first_look, tally.at_risk + tally.ripe, policy)
    return waited_for if len(counted) + len(waited_for) > policy.max_undelivered else []


def _perhaps_created_by(instant: datetime, batches: Sequence[Batch], policy: DeliveryPolicy) -> list[Batch]:
    """
    The batches that may have been created at the instant or earlier.

    A batch's time may be that of its last attempt. Retries come at ever longer intervals, so the n-th attempt is made
    before n-1 equal parts of the window are over: that limits how much earlier the batch was created.
    """
    most: int = policy.max_attempts
    part: timedelta = policy.retry_window / (most - 1)

    def earliest(batch: Batch, created: datetime) -> datetime:
        attempts = most if batch.attempts is None else min(batch.attempts, most)
        return created - part * max(0, attempts - 1)

    return [
        batch
        for batch in batches
        if (created := batch.created) is None
        or created <= instant
        or batch.may_be_older
        or earliest(batch, created) <= instant
    ]


def _report(
    outcome: Outcome,
    found: Sequence[Finding],
    tally: Tally,
    now: datetime,
    policy: DeliveryPolicy,
    webhook: Webhook | Gone | None,
    complete: bool,
    times_known: bool,
    waited_for: Sequence[Batch] = (),
) -> DeliveryReport:
    in_flight, lost = tally.in_flight, tally.lost_before + tally.lost
    undelivered = tally.lost + in_flight
    oldest = next((batch.created for batch in in_flight if batch.created), None)
    answers = Counter([batch.answered for batch in undelivered])
    responses = sorted(answers.items(), key=lambda item: (-item[1], item[0]))[:_MOST_CLASSES]
    sizes = [batch.events for batch in undelivered if batch.events is not None]
    back = _target_answers(webhook, undelivered)
    in_doubt = {answer for answer in answers if is_other_2xx(answer)} if policy.delivered_by == "200" else set()
    taken = [batch for batch in undelivered if batch.answered in in_doubt] if in_doubt else []
    retries = next_retries(taken, now, policy) if complete else {}
    advice = [*dict.fromkeys(finding.advice for finding in found if finding.advice and finding.fails)]
    if outcome != "healthy" and undelivered:
        retried = any((batch.attempts or 0) < policy.max_attempts for batch in in_flight)
        advice = ([IS_BACK] if back and retried else []) + advice
        advice += [] if back else advice_for(answer for answer, _ in responses)
        advice = ([advice_on_2xx(len(taken), retries)] if taken else []) + advice
    return DeliveryReport(
        outcome=outcome,
        headline=headline(outcome, found, tally, now, policy, webhook, waited_for, times_known),
        webhook_id=one_line(webhook.id, 64) if webhook else "",
        webhook_name=one_line(webhook.name, 200) if webhook else "",
        looked_at=now,
        complete=complete,
        counts={
            "lost": len(tally.lost),
            "at_risk": len(tally.at_risk),
            "unknown_age": tally.unknown_age,
            "retrying": len(tally.ripe) + len(tally.unripe),
            "recovered": tally.recovered,
            "lost_before": len(tally.lost_before),
        },
        undelivered=len(in_flight),
        events=sum(sizes) if sizes else None,
        events_at_least=not complete or len(sizes) < len(undelivered),
        oldest_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else None,
        first_discard_at=oldest + policy.retry_window if oldest else None,
        lost_from=lost[0].created if lost else None,
        lost_until=lost[-1].created if lost else None,
        responses=dict(responses),
        target_answers=back,
        batch_ids=_oldest_ids(undelivered, now),
        advice=advice,
        last_successful=last_success(webhook, now),
        taken=len(taken),
        next_retries=retries,
    )


def _oldest_ids(batches: Sequence[Batch], now: datetime) -> list[str]:
    """A few ids that can be shown, the oldest first; a batch of unknown age counts as new."""
    dated = [batch for batch in batches if batch.created]
    if len(dated) > _MOST_IDS and (bound := created_of(dated[_MOST_IDS - 1])) < now:
        ids = _ids_by_age(dated[: bisect_right(dated, bound, key=created_of)], now)
        if len(ids) >= _MOST_IDS:
            return ids[:_MOST_IDS]
    return _ids_by_age(batches, now)[:_MOST_IDS]


def _ids_by_age(batches: Iterable[Batch], now: datetime) -> list[str]:
    by_age = sorted((batch.created or now, batch.batch_id) for batch in batches if batch.batch_id)
    return [shown for _, batch_id in by_age if (shown := one_line(batch_id, 64))]


def _target_answers(webhook: Webhook | Gone | None, undelivered: Sequence[Batch]) -> bool | None:
    if not isinstance(webhook, Webhook) or webhook.last_successful is None:
        return None
    failures = [batch.last for batch in undelivered if batch.last]
    if webhook.last_failure is not None:
        failures.append(webhook.last_failure)
    return webhook.last_successful > max(failures) if failures else None
