"""From the verdicts on webhooks to the report on their workspace: what is worst, and how many there are of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from airflow_provider_reach.core.api.models import Gone, Webhook, WebhookList
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.text import one_line
from airflow_provider_reach.core.workspace.policies import differing
from airflow_provider_reach.core.workspace.report import WebhookVerdict, WorkspaceOutcome, WorkspaceReport

WORST_FIRST: tuple[WorkspaceOutcome, ...] = ("failed", "unknown", "wait", "healthy")
_MOST_TOLD, _MOST_SAID = 10, 500
_NEVER = datetime.max.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Seen:
    """
    What came of asking about a webhook.

    :param webhook: The webhook as listed; or ``Gone``, with its id if it was deleted since, or only a name that is
        expected.
    :param policy: The policy in force for it.
    :param result: The verdict, or why there is none.
    """

    webhook: Webhook | Gone
    policy: DeliveryPolicy
    result: DeliveryReport | ReachError

    @property
    def outcome(self) -> WorkspaceOutcome:
        """The verdict's, or that it is unknown."""
        return self.result.outcome if isinstance(self.result, DeliveryReport) else "unknown"

    @property
    def headline(self) -> str:
        """The first line of the verdict, or the error."""
        if isinstance(self.result, DeliveryReport):
            return self.result.headline
        return f"NOT ANSWERED: webhook '{one_line(self.webhook.name, 80)}': {one_line(str(self.result), _MOST_SAID)}"


def summary(seen: Sequence[Seen], listed: WebhookList, warnings: Sequence[str] = ()) -> WorkspaceReport:
    """
    Sum up the verdicts.

    :param seen: All that was looked at or expected.
    :param listed: The list that they are from.
    :param warnings: What may be a mistake, one sentence each.
    """
    ordered = sorted(seen, key=_how_bad)
    number = Counter(one.outcome for one in ordered)
    counts: dict[str, int] = {outcome: number[outcome] for outcome in WORST_FIRST}
    return WorkspaceReport(
        outcome=next((outcome for outcome in WORST_FIRST if number[outcome]), "healthy"),
        headline=_headline(ordered, counts, len(listed.webhooks)),
        looked_at=listed.at,
        listed=len(listed.webhooks),
        looked=sum(bool(one.webhook.id) for one in ordered),
        counts=counts,
        verdicts=[_verdict(one) for one in ordered if one.outcome != "healthy"],
        reports=[one.result for one in ordered if isinstance(one.result, DeliveryReport)],
        unanswered={
            one.webhook.label: one_line(str(one.result), _MOST_SAID)
            for one in ordered
            if isinstance(one.webhook, Webhook) and isinstance(one.result, ReachError)
        },
        missing=[_name(one) for one in ordered if not one.webhook.id],
        inactive=[_name(one) for one in ordered if isinstance(one.webhook, Webhook) and one.webhook.active is False],
        gone=[_name(one) for one in ordered if isinstance(one.webhook, Gone) and one.webhook.id],
        warnings=[*warnings, *_allowed(ordered)],
    )


def _allowed(ordered: Sequence[Seen]) -> list[str]:
    """The first lines of reports that are healthy only because their policy allows what they say."""
    allowed = [
        one_line(one.headline)
        for one in ordered
        if isinstance(one.result, DeliveryReport)
        and one.outcome == "healthy"
        and (one.result.counts["lost"] or one.result.counts["at_risk"] or not one.result.complete)
    ]
    more = [f"So do the policies of {len(allowed) - _MOST_TOLD:,} more."] if len(allowed) > _MOST_TOLD else []
    return [f"Allowed by its policy: {headline}" for headline in allowed[:_MOST_TOLD]] + more


def _how_bad(one: Seen) -> tuple[Any, ...]:
    """The worst first."""
    rank, name, report = WORST_FIRST.index(one.outcome), one.webhook.name, one.result
    if not isinstance(report, DeliveryReport):
        return rank, (), name
    return rank, _urgency(report) if one.outcome == "failed" else (-report.undelivered,), name


def _urgency(report: DeliveryReport) -> tuple[Any, ...]:
    """What can still be saved comes first, by the time that is left; then what sends nothing, or lost most."""
    lost = report.counts["lost"]
    if report.counts["at_risk"]:
        return False, report.first_discard_at or _NEVER, -lost
    return True, bool(report.undelivered or lost), -lost, -report.undelivered


def _headline(ordered: Sequence[Seen], counts: dict[str, int], listed: int) -> str:
    if not ordered:
        return "HEALTHY: no webhook was to be looked at."
    worst, total = ordered[0], len(ordered)
    if total == 1:
        return worst.headline
    if worst.outcome == "healthy":
        of_all = "" if total == listed else f" that were looked at, of the workspace's {listed:,}"
        return f"HEALTHY: all {total:,} webhooks{of_all}."
    verdict, _, clause = worst.headline.partition(": ")
    number = counts[worst.outcome]
    which = "" if number == 1 else ". The worst" if worst.outcome == "failed" else ". The first"
    also = [f"{counts[o]:,} {_ALSO[o]}" for o in ("unknown", "wait") if counts[o] and o != worst.outcome]
    more = f" Besides: {', '.join(also)}." if also else ""
    return f"{verdict}: {number:,} of {total:,} webhooks{which}: {clause}{more}"


_ALSO = {"unknown": "not answered", "wait": "not decided yet"}


def _verdict(one: Seen) -> WebhookVerdict:
    return WebhookVerdict(
        webhook_id=one.webhook.id,
        webhook_name=one.webhook.name,
        outcome=one.outcome,
        headline=one_line(one.headline, _MOST_SAID),
        policy=differing(one.policy),
    )


def _name(one: Seen) -> str:
    return one_line(one.webhook.name or one.webhook.id, 200)
