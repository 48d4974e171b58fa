"""The verdict over rows, times and policies of any kind: what must hold of each, and between two of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from airflow_provider_reach.core.api import decoding
from airflow_provider_reach.core.api.models import BatchRow, Gone, Webhook
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import DeliveryPolicy
from tests.fuzz.values import as_bytes, check_said, examples, numbers, plain, texts
from tests.unit.core.helpers import HOUR, ID, MINUTE, NOW

DEFAULT = DeliveryPolicy()
SEVERITY = {"healthy": 0, "wait": 1, "failed": 2}

ages = st.one_of(
    st.timedeltas(timedelta(hours=-2), timedelta(hours=26)),
    st.sampled_from(
        [timedelta(0), HOUR, 4 * HOUR, 8 * HOUR, 8 * HOUR + 15 * MINUTE, -HOUR, timedelta(microseconds=1), 24 * HOUR]
    ),
)
times = st.one_of(
    st.none(),
    ages.map(lambda age: NOW - age),
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.none() | st.just(timezone.utc)),
    st.sampled_from([datetime.min, datetime.max, datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))]),
)
codes = st.one_of(
    st.sampled_from(
        ["503", 503, "200", 200, 200.0, "404", "", "0", 0, None, "ETIMEDOUT", " 200 ", "2e2", "unreadable"]
    ),
    st.none(),
    texts,
    st.integers() | st.floats(allow_nan=False, allow_infinity=False),
)
rows = st.builds(
    BatchRow,
    batch_id=st.one_of(st.sampled_from(["a", "b", "c", "d", None, ""]), texts),
    ts=times,
    attempts=st.one_of(st.none(), st.integers(0, 13), st.integers(0, 2**63)),
    response_code=codes,
    failure_code=codes,
    latency=st.one_of(st.none(), st.integers(), st.floats(allow_nan=False)),
    batch_size=st.one_of(st.none(), st.integers(0, 1000), st.integers(0, 2**63)),
)
raw_rows = st.lists(
    st.dictionaries(
        st.sampled_from(list(BatchRow.__struct_fields__)), st.one_of(codes, numbers, texts, st.none()), max_size=7
    ),
    max_size=6,
)

POOLS: dict[str, Sequence[Any]] = {
    "batch_id": ["a", "b", "c", "d", "e", "f", None, "", "\x1b[31m", "x" * 300, "line\nbreak", "\u202e"],
    "ts": [
        None,
        *(NOW - minutes * MINUTE for minutes in (0, 1, 59, 60, 61, 120, 239, 240, 241, 479, 480, 495, 496, 600, 1440)),
        *(NOW + minutes * MINUTE for minutes in (1, 59, 60, 61, 6000)),
        NOW.replace(tzinfo=None) - 9 * HOUR,
        NOW.astimezone(timezone(timedelta(hours=14))) - 9 * HOUR,
        datetime.min,
        datetime.max,
        datetime(2009, 12, 31, tzinfo=timezone.utc),
    ],
    "attempts": [None, *range(14), 2**63],
    "response_code": ["503", "503", "200", "200", 200, "404", None, "", "0", "ETIMEDOUT", 1e300, -1, "9" * 500, "\0"],
    "failure_code": ["503", None, None, "", "0", 0, "ETIMEDOUT", "200", "\x07" * 50],
    "latency": [None, 0, 9_999, 10_000, -1, 2**70, 1.5],
    "batch_size": [None, 0, 1, 1000, 10**9, 2**63],
}


def rows_of(chosen: bytes) -> list[BatchRow]:
    """A byte a field: much faster than to draw each."""
    width = len(POOLS)
    parts = [chosen[start : start + width] for start in range(0, len(chosen) - width + 1, width)]
    return [
        BatchRow(**{name: pool[byte % len(pool)] for byte, (name, pool) in zip(part, POOLS.items(), strict=True)})
        for part in parts
    ]


several = st.builds(
    lambda chosen, any_: rows_of(chosen) + any_,
    st.binary(max_size=15 * len(POOLS)),
    st.just([]) | st.lists(rows, max_size=2),
)

limits = st.one_of(st.sampled_from([0, 1, 2, 10]), st.integers(0, 10**6))


@st.composite
def policies(draw: st.DrawFn) -> DeliveryPolicy:
    """Any that is no contradiction."""
    window = draw(st.timedeltas(timedelta(microseconds=1), timedelta(days=30)) | st.just(8 * HOUR))
    risk = draw(st.timedeltas(timedelta(microseconds=1), window))
    return DeliveryPolicy(
        delivered_by=draw(st.sampled_from(["200", "2xx"])),
        max_undelivered=draw(limits),
        min_age=draw(st.timedeltas(timedelta(0), risk)),
        min_attempts=draw(limits),
        max_at_risk=draw(limits),
        at_risk_after=risk,
        max_lost=draw(limits),
        ignore_lost_before=draw(
            st.none() | ages.map(lambda age: NOW - age) | st.datetimes(timezones=st.just(timezone.utc))
        ),
        max_silence=draw(st.none() | st.timedeltas(timedelta(microseconds=1))),
        drain=draw(st.booleans()),
        allow_inactive=draw(st.booleans()),
        on_cut=draw(st.sampled_from(["fail", "warn"])),
        retry_window=window,
        max_attempts=draw(st.integers(2, 100)),
    )


some_policies = st.just(DEFAULT) | policies()
webhooks = st.one_of(
    st.none(),
    st.builds(Gone, id=st.just("") | texts, name=st.just("") | texts),
    st.builds(
        Webhook,
        id=st.just(ID) | texts.filter(bool),
        name=st.just("orders") | texts,
        active=st.sampled_from([True, True, False, None]),
        last_successful=times.filter(lambda when: when is None or when.tzinfo is timezone.utc),
        last_failure=times.filter(lambda when: when is None or when.tzinfo is timezone.utc),
    ),
)
services_times = st.just(NOW) | st.datetimes(
    datetime(2000, 1, 1), datetime(2999, 12, 31), timezones=st.just(timezone.utc)
)
looks = st.fixed_dictionaries(
    {},
    optional={
        "webhook": webhooks,
        "complete": st.booleans(),
        "watched_from": ages.map(lambda age: NOW - age),
    },
)


def is_delivered(row: BatchRow) -> bool:
    """As the contract says it, for codes that nobody doubts."""
    return row.response_code in ("200", 200) and row.failure_code in (None, "")


def check(report: DeliveryReport) -> None:
    """What holds of any report."""
    kept = plain(report.to_dict())
    assert msgspec.convert(kept, DeliveryReport) == report
    check_said(str(report))
    assert "\n" not in report.headline
    assert str(report).startswith(report.headline)
    counts = report.counts
    assert all(number >= 0 for number in counts.values())
    assert report.undelivered == counts["at_risk"] + counts["retrying"]
    assert counts["unknown_age"] <= counts["at_risk"]
    assert (report.lost_from is None) == (report.lost_until is None) == (counts["lost"] + counts["lost_before"] == 0)
    assert report.lost_from is None or report.lost_until is None or report.lost_from <= report.lost_until
    assert (report.oldest_seconds is None) == (report.first_discard_at is None)
    assert len(report.batch_ids) <= 5
    assert all(batch_id.strip() and batch_id.isprintable() and len(batch_id) <= 64 for batch_id in report.batch_ids)
    assert sum(report.responses.values()) <= report.undelivered + counts["lost"]
    assert report.outcome != "failed" or report.headline.startswith("FAILED")
    assert report.outcome != "healthy" or report.headline.startswith("HEALTHY")
    assert report.events is None or report.events >= 0


@given(several, services_times, some_policies, looks, st.randoms(use_true_random=False))
@examples(1)
def test_any_rows_are_judged_and_their_order_does_not_matter(
    found: list[BatchRow], now: datetime, policy: DeliveryPolicy, look: dict[str, Any], chance: random.Random
) -> None:
    report = assess(found, now, policy, **look)
    check(report)
    assert assess(tuple(found), now, policy, **look) == report
    again = [*found, *(chance.sample(found, chance.randint(0, len(found))))]
    chance.shuffle(again)
    assert assess(again, now, policy, **look) == report


@given(raw_rows, some_policies, looks)
@examples(0.6)
def test_whatever_the_answer_holds_is_judged(
    raw: list[dict[str, Any]], policy: DeliveryPolicy, look: dict[str, Any]
) -> None:
    try:
        found = decoding.batch_rows(as_bytes({"results": raw}))
    except decoding.ContractViolation:
        assume(False)
    report = assess(found, NOW, policy, **look)
    check(report)
    assert sum(report.counts.values()) - report.counts["unknown_age"] <= len(raw)
    if raw:
        assert sum(report.counts.values())  # every row counts as something


@given(several, some_policies, looks)
@examples(0.6)
def test_no_batch_is_counted_twice_or_not_at_all(
    found: list[BatchRow], policy: DeliveryPolicy, look: dict[str, Any]
) -> None:
    counts = assess(found, NOW, policy, **look).counts
    batches = {row.batch_id or row for row in found}
    assert sum(counts.values()) - counts["unknown_age"] == len(batches)


@given(several, looks)
@examples(1)
def test_no_lost_batch_is_ever_called_healthy(found: list[BatchRow], look: dict[str, Any]) -> None:
    report = assess(found, NOW, DEFAULT, **look)
    delivered = {row.batch_id for row in found if row.batch_id and is_delivered(row)}
    if any(is_lost(row) and row.batch_id not in delivered for row in found):
        assert report.outcome == "failed"
        assert report.counts["lost"]


def is_lost(row: BatchRow) -> bool:
    """A row that nobody can doubt: it failed, and is from a time that can be believed and too long ago."""
    return (
        row.response_code in (None, "503", 503, "404", "ETIMEDOUT", "", "0")
        and row.ts is not None
        and row.ts.tzinfo is timezone.utc
        and datetime(2010, 1, 1, tzinfo=timezone.utc) <= row.ts < NOW - DEFAULT.lost_after
    )


@given(several, some_policies, looks)
@examples(0.5)
def test_what_may_be_cut_is_never_healthy_unless_that_is_wanted(
    found: list[BatchRow], policy: DeliveryPolicy, look: dict[str, Any]
) -> None:
    report = assess(found, NOW, replace(policy, on_cut="fail"), **{**look, "complete": False})
    assert report.outcome == "failed"
    warned = assess(found, NOW, replace(policy, on_cut="warn"), **{**look, "complete": False})
    assert "cut" in warned.headline
    assert not warned.complete


@given(several, some_policies, looks)
@examples(0.3)
def test_what_delivers_nothing_is_never_healthy(
    found: list[BatchRow], policy: DeliveryPolicy, look: dict[str, Any]
) -> None:
    assert assess(found, NOW, policy, **{**look, "webhook": Gone(id=ID)}).outcome == "failed"
    inactive = {**look, "webhook": Webhook(id=ID, name="orders", active=False)}
    assert assess(found, NOW, replace(policy, allow_inactive=False), **inactive).outcome == "failed"


@given(several, some_policies, looks, st.sampled_from(["a", "b", "new"]), times)
@examples(1)
def test_a_delivery_makes_nothing_worse(
    found: list[BatchRow], policy: DeliveryPolicy, look: dict[str, Any], batch_id: str, when: datetime | None
) -> None:
    before = assess(found, NOW, policy, **look)
    after = assess([*found, BatchRow(batch_id=batch_id, ts=when, response_code="200")], NOW, policy, **look)
    assert SEVERITY[after.outcome] <= SEVERITY[before.outcome]
    for name in ("lost", "lost_before", "at_risk", "retrying", "unknown_age"):
        assert after.counts[name] <= before.counts[name]
    assert after.counts["recovered"] >= before.counts["recovered"]


@given(several, some_policies, looks, st.timedeltas(timedelta(0), timedelta(days=3)), codes)
@examples(1)
def test_a_loss_never_mends_anything(
    found: list[BatchRow], policy: DeliveryPolicy, look: dict[str, Any], longer: timedelta, code: Any
) -> None:
    assume(code is None or not str(code).strip().startswith(("2", "\uff12")))
    before = assess(found, NOW, policy, **look)
    lost = BatchRow(batch_id="one more", ts=NOW - policy.lost_after - timedelta(seconds=1) - longer, response_code=code)
    after = assess([*found, lost], NOW, policy, **look)
    assert SEVERITY[after.outcome] >= SEVERITY[before.outcome]
    assert (
        after.counts["lost"] + after.counts["lost_before"] == before.counts["lost"] + before.counts["lost_before"] + 1
    )
    if after.counts["lost"] > policy.max_lost:
        assert after.outcome == "failed"


@given(several, some_policies, looks, rows)
@examples(0.6)
def test_one_more_batch_never_mends_anything(
    found: list[BatchRow], policy: DeliveryPolicy, look: dict[str, Any], more: BatchRow
) -> None:
    before = assess(found, NOW, policy, **look)
    new = msgspec.structs.replace(more, batch_id="one more")
    assert SEVERITY[assess([*found, new], NOW, policy, **look).outcome] >= SEVERITY[before.outcome]


@given(several, policies(), looks, st.sampled_from(["max_undelivered", "max_at_risk", "max_lost"]), limits)
@examples(1)
def test_a_higher_limit_fails_nothing_that_passed(
    found: list[BatchRow], policy: DeliveryPolicy, look: dict[str, Any], name: str, higher_by: int
) -> None:
    before = assess(found, NOW, policy, **look)
    after = assess(found, NOW, replace(policy, **{name: getattr(policy, name) + higher_by}), **look)
    assert (before.outcome == "failed") >= (after.outcome == "failed")
    assert after.counts == before.counts


@given(several, policies(), looks, ages)
@examples(0.5)
def test_a_loss_that_was_told_before_hides_no_other(
    found: list[BatchRow], policy: DeliveryPolicy, look: dict[str, Any], age: timedelta
) -> None:
    all_of_them = assess(found, NOW, replace(policy, ignore_lost_before=None), **look)
    told = assess(found, NOW, replace(policy, ignore_lost_before=NOW - age), **look)
    assert told.counts["lost"] + told.counts["lost_before"] == all_of_them.counts["lost"]
    for name in ("at_risk", "retrying", "recovered"):
        assert told.counts[name] == all_of_them.counts[name]
    assert (told.lost_from, told.lost_until) == (all_of_them.lost_from, all_of_them.lost_until)


@given(several, policies(), looks, st.timedeltas(timedelta(0), timedelta(days=3)))
@examples(0.5)
def test_no_batch_comes_back_by_waiting(
    found: Sequence[BatchRow], policy: DeliveryPolicy, look: dict[str, Any], later: timedelta
) -> None:
    # What is ahead of the service's clock is not believed at first, and is believed later.
    found = [row for row in found if row.ts is None or row.ts.replace(tzinfo=row.ts.tzinfo or timezone.utc) <= NOW]
    policy = replace(policy, ignore_lost_before=None)
    before, after = (assess(found, when, policy, **look).counts for when in (NOW, NOW + later))
    assert after["lost"] >= before["lost"]
    assert after["lost"] + after["at_risk"] >= before["lost"] + before["at_risk"]
    assert after["recovered"] == before["recovered"]


@given(several, policies(), st.timedeltas(timedelta(0), timedelta(days=40)))
@examples(0.5)
def test_every_watch_comes_to_an_end(found: list[BatchRow], policy: DeliveryPolicy, more: timedelta) -> None:
    now = NOW + policy.longest_wait + more
    assert assess(found, now, policy, watched_from=NOW).outcome != "wait"
