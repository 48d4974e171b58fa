"""The log of a watch that waits: a line whenever something changed, and otherwise one every half hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow_provider_reach.core.delivery.report import DeliveryReport, span

HEARTBEAT = timedelta(minutes=30)

_COUNTS = ("recovered", "retrying", "at_risk", "unknown_age", "lost", "lost_before")


class Progress:
    """Writes the lines, and remembers the last one."""

    def __init__(self, deadline: datetime) -> None:
        self._deadline = deadline
        self._told: DeliveryReport | None = None

    def line(self, report: DeliveryReport, now: datetime) -> str | None:
        """
        The line after a look; None if there is nothing new.

        :param report: What was seen.
        :param now: The time by the clock of the deadline, which may differ from the service's, in the report.
        """
        told = self._told
        if told is not None and _state(told) == _state(report) and report.looked_at - told.looked_at < HEARTBEAT:
            return None
        self._told = report
        left = max(self._deadline - now, timedelta(0))
        return f"Waiting, {span(left)} left: {_counts(report, told)}{_target(report)}. {report.headline}"


def _state(report: DeliveryReport) -> object:
    return report.outcome, report.counts, report.target_answers, report.complete


def _counts(report: DeliveryReport, before: DeliveryReport | None) -> str:
    said = [
        f"{now} {name.replace('_', ' ')}{_trend(now, before.counts.get(name, 0) if before else now)}"
        for name in _COUNTS
        if (now := report.counts.get(name, 0)) or (before and before.counts.get(name))
    ]
    return ", ".join(said) or "none undelivered"


def _trend(now: int, before: int) -> str:
    return f" ({now - before:+d})" if now != before else ""


def _target(report: DeliveryReport) -> str:
    if report.target_answers is None:
        return ""
    return "; the target is answering again" if report.target_answers else "; the target is still not answering 200"
