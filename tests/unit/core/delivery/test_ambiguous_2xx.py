"""Batches that were answered 201–299: what a report says of them, and that it is never wrong of their retries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from airflow_provider_reach.core.api.models import BatchRow
from airflow_provider_reach.core.delivery.ambiguous_2xx import with_earlier_retries
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.sandbox.service.schedule import attempt_offsets
from tests.unit.core.helpers import HOUR, MINUTE, NOW, delivered, failed, several

DEFAULT, TWO_XX = DeliveryPolicy(), DeliveryPolicy(delivered_by="2xx")
CREATED = NOW - 3 * HOUR


def taken(batch_id: str = "b", age: timedelta | None = HOUR, **fields: Any) -> BatchRow:
    """A batch that the target answered with 202 at last."""
    return failed(batch_id, age, **{"response_code": "202", "failure_code": "202", **fields})


def look(*rows: BatchRow, at: datetime = NOW, policy: DeliveryPolicy = DEFAULT) -> DeliveryReport:
    return assess(rows, at, policy)


def test_a_failed_report_says_the_doubt_before_all_other_advice() -> None:
    report = look(*(taken(f"b{n}", 9 * HOUR + n * MINUTE) for n in range(5)), *several(2, 9 * HOUR))

    assert (report.outcome, report.taken) == ("failed", 5)
    assert report.advice[0] == (
        "5 of these batches were last answered 201–299. Reach's contract counts 200 alone as delivered, an older guide "
        "of Reach any 2xx, so they may be delivered. Look for their ids in the consumer's log (b4, b3, b2), and look "
        "again after their next retry. If the consumer has them and their attempts have stopped rising, set "
        "delivered_by='2xx'. If their attempts still rise, let the target answer exactly 200."
    )
    assert report.advice[1:] == look(*several(5, 10 * HOUR, response_code="202"), *several(2, 9 * HOUR)).advice[1:]


def test_of_one_batch_without_an_id() -> None:
    report = look(BatchRow(ts=NOW - 5 * HOUR, response_code="204"))
    assert report.advice[0].startswith("1 of these batches was last answered 201–299.")
    assert "Look for their ids in the consumer's log, and" in report.advice[0]


def test_what_is_still_decided_says_it_too() -> None:
    report = look(*(taken(f"b{n}", 10 * MINUTE) for n in range(11)))
    assert (report.outcome, report.taken) == ("wait", 11)
    assert report.advice[0].startswith("11 of these batches were last answered 201–299.")


@pytest.mark.parametrize(
    "row",
    [
        failed(age=9 * HOUR),
        taken(age=9 * HOUR, response_code="200", failure_code="503"),
        failed(age=9 * HOUR, response_code="302"),
    ],
)
def test_there_is_no_doubt_about_other_answers(row: BatchRow) -> None:
    report = look(row)
    assert (report.outcome, report.taken, report.next_retries) == ("failed", 0, {})
    assert "201–299" not in str(report)


def test_the_last_answer_of_a_batch_counts() -> None:
    assert look(taken(age=HOUR, attempts=3), failed("b", 2 * HOUR, attempts=2)).taken == 1
    assert look(taken(age=2 * HOUR, attempts=2), failed("b", HOUR, attempts=3)).taken == 0
    assert look(taken(age=2 * HOUR), delivered("b")).taken == 0


def test_the_doubt_changes_no_outcome_and_the_policy_ends_it() -> None:
    rows = [taken(age=9 * HOUR), *(taken(f"b{n}", 2 * HOUR) for n in range(11))]
    doubted, settled = look(*rows), look(*rows, policy=TWO_XX)
    assert (doubted.outcome, doubted.counts["lost"], doubted.undelivered) == ("failed", 1, 11)
    assert (settled.outcome, settled.counts["recovered"], settled.taken, settled.advice) == ("healthy", 12, 0, [])


# Whether the retries go on


def times_of(schedule: str, ts: str) -> Iterator[tuple[int, datetime, datetime, datetime]]:
    """Every number of attempts: the time that its row shows, when it was made, and when the next one is."""
    offsets = [CREATED + offset for offset in attempt_offsets(schedule)]
    for number in range(1, len(offsets)):
        made = offsets[number - 1]
        yield number, CREATED if ts == "creation" else made, made, offsets[number]


@pytest.mark.parametrize("schedule", ["doubling", "even", "early"])
@pytest.mark.parametrize("ts", ["creation", "last_attempt"])
@pytest.mark.parametrize("untold", [0, 1])
@pytest.mark.parametrize("clock_off", [timedelta(0), 10 * MINUTE])
def test_while_the_service_retries_nothing_stands_still(
    schedule: str, ts: str, untold: int, clock_off: timedelta
) -> None:
    for number, shown, made, following in times_of(schedule, ts):
        row = BatchRow(batch_id="b", ts=shown, attempts=number - untold, response_code="202", failure_code="202")
        first = look(row, at=made)
        last = with_earlier_retries(look(row, at=following + clock_off), first)
        assert last.standing_still == 0, (number, last.next_retries)
        if number - untold <= 10:
            assert last.next_retries.keys() == {"b"}


@pytest.mark.parametrize(("attempts", "stands_after"), [(0, 59), (1, 102), (2, 146), (4, 233)])
def test_one_look_tells_that_the_attempts_of_a_batch_stand_still(attempts: int, stands_after: int) -> None:
    before, after = (look(taken(age=stands_after * MINUTE + more, attempts=attempts)) for more in (-MINUTE, MINUTE))
    assert (before.standing_still, after.standing_still) == (0, 1)
    assert "overdue" not in str(before)
    assert (
        "Batches answered 201–299 that are overdue for a retry: 1 of 1. Their attempts have stopped, so Reach counts "
        "any 2xx as delivered, or Reach itself is stalled.\n"
    ) in str(after)


@pytest.mark.parametrize(("more", "still"), [(timedelta(0), 0), (timedelta(seconds=1), 1)])
def test_a_retry_may_come_at_its_latest_time(more: timedelta, still: int) -> None:
    row = taken(age=75 * MINUTE + more, attempts=0)
    assert look(row, policy=DeliveryPolicy(max_attempts=9)).standing_still == still


def test_a_batch_that_was_tried_late_is_due_late() -> None:
    report = look(taken(age=3 * HOUR, attempts=1), taken(age=30 * MINUTE, attempts=2))
    assert report.next_retries["b"].due == NOW - 30 * MINUTE + timedelta(seconds=3200) + 15 * MINUTE


def test_two_looks_tell_it_earlier_of_a_batch_that_was_tried_often() -> None:
    row = taken(age=HOUR, attempts=6)
    first = look(row)
    almost = with_earlier_retries(look(row, at=NOW + 110 * MINUTE), first)
    later = with_earlier_retries(look(row, at=NOW + 112 * MINUTE), almost)

    assert look(row, at=NOW + 112 * MINUTE).standing_still == 0
    assert (almost.standing_still, later.standing_still) == (0, 1)


def test_attempts_that_rise_begin_anew() -> None:
    first = look(taken(age=HOUR, attempts=6))
    tried = with_earlier_retries(look(taken(age=2 * HOUR, attempts=7), at=NOW + HOUR), first)
    assert tried.next_retries["b"].due == NOW + HOUR + 2 * HOUR + 15 * MINUTE
    assert with_earlier_retries(tried, look()).next_retries == tried.next_retries
    assert with_earlier_retries(tried, None) is tried


@pytest.mark.parametrize(
    "row",
    [
        taken(age=None),
        taken(attempts=None),
        taken(attempts=11),
        taken(attempts=12),
        taken(attempts=99),
        taken("\n"),
        BatchRow(ts=NOW - HOUR, attempts=1, response_code="202"),
    ],
)
def test_nothing_is_said_of_retries_that_cannot_be_known(row: BatchRow) -> None:
    report = look(row)
    assert (report.taken, report.next_retries) == (1, {})


def test_a_cut_answer_may_leave_out_the_row_of_the_latest_attempt() -> None:
    report = assess([taken(age=5 * HOUR, attempts=1)], NOW, DEFAULT, complete=False)
    assert (report.taken, report.next_retries, report.standing_still) == (1, {}, 0)
    assert "Their attempts have stopped, so" not in str(report)


def test_a_time_that_moves_tells_of_another_attempt_though_their_number_does_not() -> None:
    first = look(taken(age=HOUR, attempts=6))
    tried = with_earlier_retries(look(taken(age=timedelta(0), attempts=6), at=NOW + 112 * MINUTE), first)
    assert with_earlier_retries(look(taken(age=HOUR, attempts=6), at=NOW + 112 * MINUTE), first).standing_still == 1
    assert tried.standing_still == 0


@pytest.mark.parametrize("name", ["__type", "__var", "__id__", "__classname__"])
def test_an_id_that_is_one_of_airflow_s_own_names_is_no_key_of_the_report(name: str) -> None:
    assert look(taken(name, 9 * HOUR), taken("b", 9 * HOUR)).next_retries.keys() == {"b"}


def test_by_2xx_there_is_no_doubt_where_the_failure_code_alone_tells_the_answer() -> None:
    row = BatchRow(batch_id="b", ts=NOW - 5 * HOUR, attempts=1, failure_code="202")
    report = look(row, policy=TWO_XX)
    assert (report.outcome, report.taken, report.next_retries, look(row).taken) == ("failed", 0, {}, 1)
    assert "201–299" not in str(report)


def test_a_batch_with_a_row_without_a_time_may_have_been_tried_since() -> None:
    assert look(taken(age=3 * HOUR, attempts=1), taken(age=None, attempts=2)).next_retries == {}


def test_odd_attempts_are_no_error() -> None:
    assert look(taken(age=9 * HOUR, attempts=-(10**30))).standing_still == 1


def test_of_many_batches_the_oldest_are_remembered() -> None:
    report = look(*(taken(f"b{n}", n * MINUTE) for n in range(30)))
    assert list(report.next_retries) == [f"b{n}" for n in range(29, 9, -1)]


def test_a_long_id_is_remembered_cut() -> None:
    assert list(look(taken("i" * 64), taken("j" * 65, 2 * HOUR)).next_retries) == ["j" * 63 + "…", "i" * 64]


def test_what_is_remembered_survives_the_way_as_json() -> None:
    report = look(taken(age=9 * HOUR, attempts=3))
    plain = report.to_dict()
    retry = {"attempts": 3, "due": "2026-01-30T20:09:32.727272Z", "last": "2026-01-30T17:00:00Z"}
    assert plain["next_retries"] == {"b": retry}
    assert msgspec.convert(plain, DeliveryReport) == report
