"""What one look at a workspace says: how many webhooks are well, which are not, and which could not be asked about."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct, structs

from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.serializable import Serializable
from airflow_provider_reach.core.text import one_line, shown

WorkspaceOutcome = Literal["healthy", "wait", "unknown", "failed"]

MOST_KEPT = 100
"""Full reports, errors and long headlines that :meth:`WorkspaceReport.to_dict` keeps."""
_SHORT = 120
_MOST_TOLD, _MOST_NAMES, _MOST_ADVICE = 10, 20, 5


class WebhookVerdict(Struct, frozen=True, kw_only=True):
    """
    A webhook that is not settled well.

    :param webhook_id: Its id; empty where a name was expected that no webhook has.
    :param webhook_name: Its name, where known.
    :param outcome: ``failed``, ``unknown`` (it could not be asked about) or ``wait``.
    :param headline: The first line of its report, or the beginning of the error.
    :param policy: The fields of the policy in force that differ from the default of
        :class:`~airflow_provider_reach.core.policy.DeliveryPolicy`, as plain JSON; durations in seconds.
    """

    webhook_id: str
    webhook_name: str
    outcome: WorkspaceOutcome
    headline: str
    policy: dict[str, str | float | bool | None] = {}


class WorkspaceReport(Serializable, Struct, frozen=True, kw_only=True):
    """
    The verdicts on the webhooks of a workspace: plain JSON by :meth:`to_dict`, text by ``str``. It holds no secret.

    :param outcome: The worst of all: ``failed``, ``unknown`` (some could not be asked about), ``wait`` (look again) or
        ``healthy``.
    :param headline: The first line: how many of how many, the worst one, and how long is left.
    :param looked_at: The service's time of the list.
    :param listed: Webhooks in the workspace.
    :param looked: Webhooks that were to be looked at.
    :param counts: By outcome, missing ones among the failed: ``failed``, ``unknown``, ``wait``, ``healthy``.
    :param verdicts: Those that are not settled well, the worst first. :meth:`to_dict` keeps all of them; after the
        first 100, headlines are shortened to 120 characters.
    :param reports: A report for each webhook with a verdict, the worst first. :meth:`to_dict` keeps those of the 100
        worst that are not healthy.
    :param unanswered: Webhooks that could not be asked about, and why. :meth:`to_dict` keeps 100.
    :param missing: Names that are expected and that no webhook has.
    :param inactive: Names of inactive webhooks among those that were looked at.
    :param gone: Names of webhooks that were deleted between the list and the look.
    :param warnings: What may be a mistake, one sentence each.
    """

    outcome: WorkspaceOutcome
    headline: str
    looked_at: datetime
    listed: int
    looked: int
    counts: dict[str, int]
    verdicts: list[WebhookVerdict] = []
    reports: list[DeliveryReport] = []
    unanswered: dict[str, str] = {}
    missing: list[str] = []
    inactive: list[str] = []
    gone: list[str] = []
    warnings: list[str] = []

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON, with few of the long texts: it passes through Airflow's database."""
        kept = [report for report in self.reports if report.outcome != "healthy"][:MOST_KEPT]
        few = structs.replace(
            self,
            verdicts=[*self.verdicts[:MOST_KEPT], *map(_shortened, self.verdicts[MOST_KEPT:])],
            reports=kept,
            unanswered=dict(list(self.unanswered.items())[:MOST_KEPT]),
        )
        plain: dict[str, Any] = msgspec.to_builtins(few)
        return plain

    def __str__(self) -> str:
        counts = ", ".join(f"{number:,} {_WORDS[name]}" for name, number in self.counts.items() if number)
        lines = [self.headline, *self._worst()]
        if advice := self._advice():
            lines += ["What to do:", *(f"  - {sentence}" for sentence in advice)]
        lines.append(f"Webhooks looked at: {self.looked:,} of the workspace's {self.listed:,}: {counts or 'none'}.")
        for what, names in (
            ("Expected, but missing", map(shown, self.missing)),
            ("Could not be asked about", self.unanswered),
            ("Inactive", map(shown, self.inactive)),
            ("Deleted meanwhile", map(shown, self.gone)),
        ):
            if several := _listed([*names]):
                lines.append(f"{what}: {several}.")
        return "\n".join([*lines, *self.warnings])

    def _worst(self) -> list[str]:
        """The first lines of the worst; a lone one's is the headline already."""
        told, more = self.verdicts[:_MOST_TOLD], len(self.verdicts) - _MOST_TOLD
        if len(told) < 2:
            return []
        lines = ["The worst:" if more > 0 else "Not settled well:", *(f"  - {verdict.headline}" for verdict in told)]
        return [*lines, f"  … and {more:,} more"] if more > 0 else lines

    def _advice(self) -> list[str]:
        """What to do about the worst: each sentence once, and for which of them, unless it is for all."""
        worst = [report for report in self.reports if report.outcome == "failed"][:_MOST_TOLD]
        names: dict[str, list[str]] = {}
        for report in worst:
            for sentence in report.advice:
                names.setdefault(sentence, []).append(shown(report.webhook_name or report.webhook_id))
        told = [*names.items()][:_MOST_ADVICE]
        return [sentence if len(of) == len(worst) else f"{_listed(of)}: {sentence}" for sentence, of in told]


_WORDS = {"failed": "failed", "unknown": "could not be asked about", "wait": "not decided yet", "healthy": "healthy"}


def _shortened(verdict: WebhookVerdict) -> WebhookVerdict:
    return structs.replace(verdict, headline=one_line(verdict.headline, _SHORT))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
