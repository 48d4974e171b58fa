from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_provider_reach.core.api.models import BatchRow
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import DeliveryPolicy
from tests.unit.core.helpers import HOUR, MINUTE, NOW, delivered, failed

SECOND = timedelta(seconds=1)
TOLERANT = DeliveryPolicy(max_undelivered=1000, max_at_risk=1000, max_lost=1000)


def look(rows: list[BatchRow], policy: DeliveryPolicy = TOLERANT) -> DeliveryReport:
    return assess(rows, NOW, policy)


def state(row: BatchRow, policy: DeliveryPolicy = TOLERANT) -> str:
    counts = {name: number for name, number in look([row], policy).counts.items() if number}
    assert set(counts.values()) == {1}
    return "+".join(counts)


# domain.md, "States of a batch", on both sides of every limit
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (delivered(age=HOUR), "recovered"),
        (delivered(age=20 * HOUR), "recovered"),
        (BatchRow(batch_id="b", response_code="200"), "recovered"),
        (failed(age=timedelta(0)), "retrying"),
        (failed(age=-30 * MINUTE), "retrying"),
        (failed(age=4 * HOUR - SECOND), "retrying"),
        (failed(age=4 * HOUR), "at_risk"),
        (failed(age=8 * HOUR), "at_risk"),
        (failed(age=8 * HOUR + 15 * MINUTE), "at_risk"),
        (failed(age=8 * HOUR + 15 * MINUTE + SECOND), "lost"),
        (failed(age=24 * HOUR), "lost"),
        (failed(age=HOUR, attempts=9), "retrying"),
        (failed(age=HOUR, attempts=10), "at_risk"),
        (failed(age=HOUR, attempts=11), "at_risk"),
        (failed(age=HOUR, attempts=12), "at_risk"),
        (failed(age=9 * HOUR, attempts=12), "lost"),
        (failed(age=None), "at_risk+unknown_age"),
        (failed(age=-2 * HOUR), "at_risk+unknown_age"),
        (failed(age=timedelta(days=10_000)), "at_risk+unknown_age"),
        (BatchRow(), "at_risk+unknown_age"),
    ],
)
def test_the_states_of_a_batch(row: BatchRow, expected: str) -> None:
    assert state(row) == expected


def test_age_is_from_the_earliest_row() -> None:
    rows = [failed(age=HOUR, attempts=8), failed(age=9 * HOUR, attempts=1)]
    assert look(rows).counts["lost"] == 1
    assert look(list(reversed(rows))).counts["lost"] == 1


def test_success_wins() -> None:
    report = look([failed(age=HOUR, attempts=9), delivered(age=9 * HOUR)])
    assert (report.outcome, report.counts["recovered"], report.undelivered) == ("healthy", 1, 0)


def test_a_doubtful_batch_that_is_lost_for_certain_is_lost() -> None:
    assert look([failed(age=9 * HOUR), failed(age=None)]).counts["lost"] == 1
    assert look([failed(age=HOUR), failed(age=None)]).counts["unknown_age"] == 1
