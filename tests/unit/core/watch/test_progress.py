from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec import structs

from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.watch.progress import Progress

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
NOTHING = {"lost": 0, "at_risk": 0, "unknown_age": 0, "retrying": 0, "recovered": 0, "lost_before": 0}


def seen(minutes: float = 0, **changes: Any) -> DeliveryReport:
    report = structs.replace(assess([], NOON, DeliveryPolicy()), headline="NOT DECIDED YET: webhook 'orders'.")
    return structs.replace(report, looked_at=NOON + timedelta(minutes=minutes), **changes)


def told(progress: Progress, report: DeliveryReport, **behind: float) -> str | None:
    """The line, where the service's clock is so much ahead of ours."""
    return progress.line(report, report.looked_at - timedelta(**behind))


def counts(**batches: int) -> dict[str, int]:
    return NOTHING | batches


def test_the_first_look_is_told() -> None:
    line = told(Progress(NOON + timedelta(hours=9)), seen(counts=counts(retrying=12, recovered=3)))

    assert line == ("Waiting, 9 h left: 3 recovered, 12 retrying. NOT DECIDED YET: webhook 'orders'.")


def test_what_changed_is_told_with_its_trend() -> None:
    progress = Progress(NOON + timedelta(hours=9))
    told(progress, seen(counts=counts(retrying=12, at_risk=1)))

    line = told(progress, seen(90, counts=counts(retrying=4, recovered=9), target_answers=True))

    assert line == (
        "Waiting, 7 h 30 min left: 9 recovered (+9), 4 retrying (-8), 0 at risk (-1); the target is answering again. "
        "NOT DECIDED YET: webhook 'orders'."
    )


@pytest.mark.parametrize(
    "change",
    [{"target_answers": False}, {"complete": False}, {"outcome": "failed"}, {"counts": counts(unknown_age=1)}],
)
def test_every_change_counts(change: dict[str, Any]) -> None:
    progress = Progress(NOON + timedelta(hours=9))
    told(progress, seen())

    assert told(progress, seen(1, **change))
    assert told(progress, seen(2, **change)) is None


def test_while_nothing_changes_there_is_a_line_now_and_then() -> None:
    progress = Progress(NOON + timedelta(hours=9))

    minutes_told = [minutes for minutes in range(0, 100, 5) if told(progress, seen(minutes, headline=f"{minutes}"))]

    assert minutes_told == [0, 30, 60, 90]


def test_nothing_at_all_and_no_time_left() -> None:
    line = told(Progress(NOON), seen(10, target_answers=False))

    assert line == (
        "Waiting, 0 s left: none undelivered; the target is still not answering 200. NOT DECIDED YET: webhook 'orders'."
    )


def test_the_time_left_is_by_the_clock_of_the_deadline() -> None:
    line = told(Progress(NOON + timedelta(hours=9)), seen(), minutes=30)

    assert line is not None
    assert line.startswith("Waiting, 9 h 30 min left: ")


def test_a_count_that_is_not_told_is_none() -> None:
    progress = Progress(NOON + timedelta(hours=9))
    assert "left: none undelivered. " in str(told(progress, seen(counts={})))
    assert "left: 2 retrying (+2). " in str(told(progress, seen(counts={"retrying": 2})))
    assert "left: 0 retrying (-2). " in str(told(progress, seen(counts={})))
