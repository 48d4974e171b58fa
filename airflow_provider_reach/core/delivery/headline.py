"""The first line of a report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from airflow_provider_reach.core.api.models import Gone, Webhook
from airflow_provider_reach.core.delivery.batch_states import Tally
from airflow_provider_reach.core.delivery.batches import Batch
from airflow_provider_reach.core.delivery.findings import Finding, last_success, may_send, number_of
from airflow_provider_reach.core.delivery.report import Outcome, ago
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.text import one_line


def headline(
    outcome: Outcome,
    found: Sequence[Finding],
    tally: Tally,
    now: datetime,
    policy: DeliveryPolicy,
    webhook: Webhook | Gone | None,
    waited_for: Sequence[Batch],
    times_known: bool = True,
) -> str:
    """The first line of a report: which webhook, what is wrong or right, how much time is left."""
    clauses, success = [finding.text for finding in found], last_success(webhook, now)
    if outcome == "healthy" and not clauses:
        undelivered, recovered = len(tally.in_flight), tally.recovered
        early = f", {len(tally.unripe)} of them in the early retries" if undelivered > policy.max_undelivered else ""
        limit = f" (limit {policy.max_undelivered}{early})"
        clauses.append(f"{undelivered} undelivered{limit}" if undelivered else "nothing is undelivered")
        if recovered:
            clauses.append(f"{recovered} recovered after a retry")
        if times_known and isinstance(webhook, Webhook) and not (undelivered or recovered or success):
            clauses.append("no delivery is known either (no traffic, or just created)")
    if waited_for and policy.drain:
        clauses.append(f"{number_of(waited_for)} still to be decided")
    elif waited_for:
        clauses.append(
            f"{number_of(waited_for)} in the early retries would pass the limit of {policy.max_undelivered} if they "
            "do not recover"
        )
    if tally.lost_before:
        clauses.append(f"{number_of(tally.lost_before)} lost, already reported")
    if success is None and policy.max_silence is not None and may_send(webhook):
        clauses.append("max_silence cannot be judged: no last success is known")
    elif success is not None and outcome == "healthy":
        clauses.append(f"last success {ago(success, now)}")
    return f"{_VERDICTS[outcome]}: {_label(webhook)}: {'; '.join(clauses)}."


_VERDICTS: dict[Outcome, str] = {"healthy": "HEALTHY", "wait": "NOT DECIDED YET", "failed": "FAILED"}


def _label(webhook: Webhook | Gone | None) -> str:
    if webhook is None:
        return "webhook"
    name, webhook_id = one_line(webhook.name, 80), one_line(webhook.id, 64)
    return f"webhook '{name}'" if name else f"webhook {webhook_id}"
