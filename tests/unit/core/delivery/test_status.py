from __future__ import annotations

import json
from datetime import timedelta

import pytest

from airflow_provider_reach.core.api.decoding import ContractViolation, batch_rows
from airflow_provider_reach.core.delivery.batches import DeliveredBy, batches_of
from airflow_provider_reach.core.delivery.status import Grouped, get_grouped_status, grouped
from tests.unit.core.helpers import HOUR, ID, NOW, answer


def body(rows: int, ts: str = "2026-01-31T01:00:00Z") -> bytes:
    row = {"ts": ts, "attempts": 2, "response_code": "503", "failure_code": "503"}
    return json.dumps({"results": [{"batch_id": f"{number:032x}", **row} for number in range(rows)]}).encode()


FEW, MANY, TOO_MANY = 5, 300, 3000


@pytest.mark.parametrize("rows", [0, FEW, MANY, TOO_MANY])
def test_a_body_says_the_same_whether_it_is_remembered_or_not(rows: int) -> None:
    expected = Grouped(rows, batches_of(batch_rows(body(rows)), NOW))
    assert [grouped(body(rows), NOW, "200") for _ in range(3)] == [expected] * 3


@pytest.mark.parametrize(("rows", "remembered"), [(FEW, False), (MANY, True), (TOO_MANY, False)])
def test_a_long_body_that_comes_again_is_kept_and_a_short_or_huge_one_is_not(rows: int, remembered: bool) -> None:
    raw = body(rows, "2026-01-31T00:00:00Z")
    first, second, third = (grouped(raw, NOW, "200") for _ in range(3))
    assert (first is second, second is third) == (False, remembered)


def test_a_body_that_differs_anywhere_is_another() -> None:
    raw = body(MANY, "2026-01-30T23:00:00Z")
    other = raw.replace(b'"attempts": 2', b'"attempts": 7', 1)
    for _ in range(2):
        assert [max(b.attempts or 0 for b in grouped(r, NOW, "200").batches.undelivered) for r in (raw, other)] == [
            2,
            7,
        ]


def test_only_the_latest_are_kept() -> None:
    first, *others = (body(MANY) + b" " * number for number in range(1, 66))
    grouped(first, NOW, "200")
    kept = grouped(first, NOW, "200")
    assert grouped(first, NOW, "200") is kept
    for raw in others:
        grouped(raw, NOW, "200")
    assert grouped(first, NOW, "200") is not kept
    assert grouped(others[-1], NOW, "200") is grouped(others[-1], NOW, "200")


@pytest.mark.parametrize("rows", [FEW, MANY, TOO_MANY])
def test_each_policy_has_its_own_answers(rows: int) -> None:
    raw = body(rows).replace(b'"response_code": "503", "failure_code": "503"', b'"response_code": "202"')
    ahead = raw.replace(b"T01:00", b"T03:30", 1)
    for _ in range(3):
        for one in (raw, ahead):
            assert [grouped(one, NOW, by).batches.recovered for by in ("200", "2xx")] == [0, rows]


@pytest.mark.parametrize("by", ["200", "2xx"])
def test_an_answer_is_grouped_by_the_policy_and_complete_below_the_limit(by: DeliveredBy) -> None:
    raw = body(FEW).replace(b'"response_code": "503", "failure_code": "503"', b'"response_code": "202"')
    for limit, complete in ((FEW, False), (FEW + 1, True)):
        status = get_grouped_status(ID, by, limit).read(answer(raw), ())
        assert (status.complete, status.grouped.batches.recovered) == (complete, 0 if by == "200" else FEW)


@pytest.mark.parametrize("size", [16 * 1024, 256 * 1024])
def test_the_shortest_and_the_longest_body_that_is_kept(size: int) -> None:
    beyond = -1 if size == 16 * 1024 else 1
    for length, remembered in ((size, True), (size + beyond, False)):
        raw = body(FEW).ljust(length)
        kept = [grouped(raw, NOW, "200") for _ in range(3)]
        assert (kept[1] is kept[2]) is remembered


def test_a_time_too_far_ahead_is_unknown_until_it_is_not() -> None:
    raw = body(MANY, f"{NOW + 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}")
    for _ in range(3):
        assert {batch.created for batch in grouped(raw, NOW, "200").batches.undelivered} == {None}
        at = NOW + HOUR
        assert {batch.created for batch in grouped(raw, at, "200").batches.undelivered} == {at + HOUR}
        assert grouped(raw, at - timedelta(microseconds=1), "200").batches.undelivered[0].may_be_older


def test_a_long_body_that_is_no_batch_status_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(ContractViolation):
            grouped(body(MANY)[:-1], NOW, "200")
