"""
The verdict: rows of batch status → batches → a report under a policy.

It keeps two questions apart: is the webhook delivering *now*, and was anything *lost*? A target that came back an hour
ago looks fine now, while hours of data are gone. :func:`assess` is pure, and every way of asking goes through it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import heapify, heappop
from itertools import islice

from airflow_provider_reach.core.api.models import BatchRow, Gone, Webhook
from airflow_provider_reach.core.delivery.ambiguous_2xx import advice_on_2xx, next_retries
from airflow_provider_reach.core.delivery.batch_states import Tally, tally_of
from airflow_provider_reach.core.delivery.batches import Batch, batches_of, is_other_2xx
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
    now = as_utc(now)
    recovered, undelivered = batches_of(rows, now, policy.delivered_by)
    tally = tally_of(recovered, undelivered, now, policy)
    found = findings(tally, now, policy, webhook, complete)
    if any(finding.fails for finding in found):
        return _report("failed", found, tally, now, policy, webhook, complete, times_known)
    waited_for = _waited_for(tally, now, policy, as_utc(watched_from or now))
    outcome: Outcome = "wait" if waited_for else "healthy"
    return _report(outcome, found, tally, now, policy, webhook, complete, times_known, waited_for)


def _waited_for(tally: Tally, now: datetime, policy: DeliveryPolicy, watched_from: datetime) -> list[Batch]:
    """The batches that another look waits for; none once everything of the first look must be decided, or ripe."""
    if now >= watched_from + policy.longest_wait:
        return []
    candidates = tally.in_flight if policy.drain else tally.unripe
    first_look = watched_from + GRACE
    waited_for = [batch for batch in candidates if _may_be_from(batch, first_look, policy)]
    counted = sum(_may_be_from(batch, first_look, policy) for batch in tally.at_risk + tally.ripe)
    if policy.drain or counted + len(waited_for) > policy.max_undelivered:
        return waited_for
    return []


def _may_be_from(batch: Batch, instant: datetime, policy: DeliveryPolicy) -> bool:
    """
    Whether a batch may have been created at the instant or earlier.

    Its time may be that of its last attempt. Retries come at ever longer intervals, so the n-th attempt is made before
    n-1 equal parts of the window are over: that limits how much earlier the batch was created.
    """
    if batch.created is None or batch.may_be_older or batch.created <= instant:
        return True
    attempts = policy.max_attempts if batch.attempts is None else batch.attempts
    part: timedelta = policy.retry_window / (policy.max_attempts - 1)
    return batch.created - part * max(0, min(attempts, policy.max_attempts) - 1) <= instant


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
    in_flight, lost = tally.in_flight, tally.lost + tally.lost_before
    undelivered = tally.lost + in_flight
    created = [batch.created for batch in in_flight if batch.created]
    lost_created = [batch.created for batch in lost if batch.created]
    answers = Counter([batch.answered for batch in undelivered])
    responses = sorted(answers.items(), key=lambda item: (-item[1], item[0]))[:_MOST_CLASSES]
    sizes = [batch.events for batch in undelivered if batch.events is not None]
    back = _target_answers(webhook, undelivered)
    in_doubt = {answer for answer in answers if is_other_2xx(answer)} if policy.delivered_by == "200" else set()
    taken = [batch for batch in undelivered if batch.answered in in_doubt] if in_doubt else []
    retries = next_retries(taken, now, policy) if complete else {}
    advice = [finding.advice for finding in found if finding.advice and finding.fails]
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
        oldest_seconds=max(0.0, (now - min(created)).total_seconds()) if created else None,
        first_discard_at=min(created) + policy.retry_window if created else None,
        lost_from=min(lost_created, default=None),
        lost_until=max(lost_created, default=None),
        responses=dict(responses),
        target_answers=back,
        batch_ids=list(islice(_ids_oldest_first(undelivered, now), _MOST_IDS)),
        advice=advice,
        last_successful=last_success(webhook, now),
        taken=len(taken),
        next_retries=retries,
    )


def _ids_oldest_first(batches: Sequence[Batch], now: datetime) -> Iterator[str]:
    """The ids that can be shown; since only a few of many are needed, a heap is faster than sorting."""
    oldest = [(batch.created or now, batch.batch_id) for batch in batches if batch.batch_id]
    heapify(oldest)
    while oldest:
        if shown := one_line(heappop(oldest)[1], 64):
            yield shown


def _target_answers(webhook: Webhook | Gone | None, undelivered: Sequence[Batch]) -> bool | None:
    if not isinstance(webhook, Webhook) or webhook.last_successful is None:
        return None
    failures = [batch.last for batch in undelivered if batch.last]
    if webhook.last_failure is not None:
        failures.append(webhook.last_failure)
    return webhook.last_successful > max(failures) if failures else None
