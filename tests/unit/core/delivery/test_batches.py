from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.api.models import BatchRow
from airflow_provider_reach.core.delivery.batches import Batch, batches_of, is_other_2xx
from tests.unit.core.helpers import HOUR, MINUTE, NOW, bounded, delivered, failed


def one(*rows: BatchRow) -> Batch:
    """The batch, not delivered, of these rows."""
    delivered, [batch] = batches_of(rows, NOW)
    assert delivered == 0
    return batch


Code = str | int | float | None


# domain.md: delivered when the response code is 200 and there is no failure code
@pytest.mark.parametrize("response", ["200", 200, 200.0, " 200 ", "200.0"])
@pytest.mark.parametrize("failure", [None, "", " ", 0, 0.0, -0.0, "0", "0.0"])
def test_delivered(response: Code, failure: Code) -> None:
    row = BatchRow(batch_id="b", ts=NOW, response_code=response, failure_code=failure)
    assert batches_of([row], NOW) == (1, [])


@pytest.mark.parametrize(
    ("response", "failure", "answered"),
    [
        ("201", None, "201"),
        (204, None, "204"),
        (1, None, "1"),
        (299, "0", "299"),
        (503, None, "503"),
        ("503", "503", "503"),
        ("401", "1", "401"),
        ("200", "503", "200 with a failure code"),
        (200, "timeout", "200 with a failure code"),
        ("200", "200", "200 with a failure code"),
        (None, "200", "200 with a failure code"),
        (None, "201", "201"),
        (None, "502", "502"),
        ("", 413, "413"),
        (None, None, "no response"),
        ("", "", "no response"),
        (0, 0, "no response"),
        ("0", None, "no response"),
        ("timeout", "timeout", "no response"),
        ("unreadable", None, "no response"),
        ("2_00", None, "no response"),
        ("２００", None, "no response"),
        ("2e2", None, "no response"),
        ("-200", None, "no response"),
        (200.5, None, "no response"),
        (-200, None, "no response"),
        (1000, None, "no response"),
        (10**400, None, "no response"),
        (float("nan"), None, "no response"),
        (float("inf"), None, "no response"),
    ],
)
def test_not_delivered_and_what_the_target_answered(response: Code, failure: Code, answered: str) -> None:
    batch = one(BatchRow(batch_id="b", ts=NOW, response_code=response, failure_code=failure))
    assert batch.answered == answered


@pytest.mark.parametrize("response", ["200", 201, "204", 299.0])
@pytest.mark.parametrize("failure", [None, "", 0, "202", 299, "200"])
def test_by_2xx_any_2xx_delivers_and_a_code_that_repeats_it_is_no_failure(response: Code, failure: Code) -> None:
    row = BatchRow(batch_id="b", ts=NOW, response_code=response, failure_code=failure)
    assert batches_of([row], NOW, "2xx") == (1, [])


@pytest.mark.parametrize(
    ("response", "failure", "answered"),
    [
        ("300", None, "300"),
        ("199", None, "199"),
        ("202", "503", "202 with a failure code"),
        ("202", "ETIMEDOUT", "202 with a failure code"),
        (200, "timeout", "200 with a failure code"),
        (None, "503", "503"),
        (None, None, "no response"),
    ],
)
def test_by_2xx_all_else_fails_as_ever(response: Code, failure: Code, answered: str) -> None:
    row = BatchRow(batch_id="b", ts=NOW, response_code=response, failure_code=failure)
    delivered_, [batch] = batches_of([row], NOW, "2xx")
    assert (delivered_, batch.answered, is_other_2xx(batch.answered)) == (0, answered, False)


@pytest.mark.parametrize(
    ("response", "failure", "taken"),
    [
        ("201", None, True),
        ("202", "202", True),
        (299, None, True),
        ("200", "503", False),
        ("300", None, False),
        (2, None, False),
        (None, None, False),
    ],
)
def test_what_was_answered_201_to_299_is_in_doubt(response: Code, failure: Code, taken: bool) -> None:
    assert (
        is_other_2xx(one(BatchRow(batch_id="b", ts=NOW, response_code=response, failure_code=failure)).answered)
        is taken
    )


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_rows_of_one_time_and_as_many_failures_the_2xx_is_the_later(first: int) -> None:
    # A row an attempt, all with the time of the creation: an attempt that delivers adds no failure.
    rows = [failed(attempts=2, response_code="502"), failed(attempts=2, response_code="202", failure_code=None)]
    assert one(rows[first], rows[1 - first]).answered == "202"
    assert one(*rows, failed(attempts=3)).answered == "503"


@pytest.mark.parametrize(
    "code",
    [
        "EPROTO",
        "SELF_SIGNED_CERT_IN_CHAIN",
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        "DEPTH_ZERO_SELF_SIGNED_CERT",
        "CERT_HAS_EXPIRED",
        "ERR_TLS_CERT_ALTNAME_INVALID",
        "ERR_SSL_WRONG_VERSION_NUMBER",
        "ENOTFOUND",
        "ECONNREFUSED",
        "ECONNRESET",
        "ETIMEDOUT",
        "EHOSTUNREACH",
    ],
)
@pytest.mark.parametrize("response", [None, "", 0, "0"])
def test_a_known_code_of_the_network_or_of_tls_says_why_there_was_no_response(code: str, response: Code) -> None:
    for failure in (code, f" {code}\n", f"connect {code} 192.0.2.7:443"):
        for latency in (1, 10_000):
            row = failed(response_code=response, failure_code=failure, latency=latency)
            assert one(row).answered == f"no response ({code})"


@pytest.mark.parametrize(
    "failure",
    ["ENOTOKEN", "econnrefused", "XECONNREFUSED", "ERR_SSL_" + "X" * 60, "x" * 988 + " ECONNREFUSED", "ÉPROTO"],
)
def test_any_other_code_is_not_shown(failure: str) -> None:
    assert one(failed(response_code=None, failure_code=failure)).answered == "no response"


def test_a_code_is_looked_for_at_the_beginning() -> None:
    row = failed(response_code=None, failure_code="x" * 987 + " ECONNREFUSED")
    assert one(row).answered == "no response (ECONNREFUSED)"


def test_a_status_says_more_than_a_code() -> None:
    assert one(failed(response_code="503", failure_code="ECONNREFUSED")).answered == "503"


@pytest.mark.parametrize(
    ("latency", "answered"),
    [(9_999, "no response"), (10_000, "no response in time"), (60_000.5, "no response in time")],
)
def test_a_post_of_ten_seconds_was_not_answered_in_time(latency: float, answered: str) -> None:
    assert one(failed(response_code=None, failure_code=None, latency=latency)).answered == answered
    assert one(failed(latency=latency)).answered == "503"


# domain.md: "take all; naive means UTC"
@pytest.mark.parametrize(
    "ts",
    [
        NOW - HOUR,
        (NOW - HOUR).replace(tzinfo=None),
        (NOW - HOUR).astimezone(timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_the_time_of_a_row(ts: datetime) -> None:
    batch = one(BatchRow(batch_id="b", ts=ts))
    assert batch.created == NOW - HOUR
    assert batch.created.tzinfo == timezone.utc
    assert not batch.may_be_older


@pytest.mark.parametrize(
    ("ts", "believed"),
    [
        (NOW + HOUR, True),
        (NOW + HOUR + timedelta(seconds=1), False),
        (datetime(2010, 1, 1, tzinfo=timezone.utc), True),
        (datetime(2010, 1, 1), True),
        (datetime(2009, 12, 31, tzinfo=timezone.utc), False),
        ((NOW + HOUR).replace(tzinfo=None), True),
        (datetime.min, False),
        (datetime.max, False),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))), False),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), False),
        (None, False),
    ],
)
def test_a_time_that_cannot_be_is_unknown(ts: datetime | None, believed: bool) -> None:
    batch = one(BatchRow(batch_id="b", ts=ts))
    assert batch.may_be_older is not believed
    assert (batch.created is not None) is believed


def test_all_rows_of_a_batch_are_one_batch() -> None:
    batch = one(
        failed(age=3 * HOUR, attempts=1, response_code="500", batch_size=10),
        failed(age=HOUR, attempts=7, response_code="401", batch_size=None),
        failed(age=2 * HOUR, attempts=None, batch_size=12),
    )
    assert batch.created == NOW - 3 * HOUR
    assert (batch.attempts, batch.events, batch.answered, batch.last) == (7, 12, "401", NOW - HOUR)
    assert not batch.may_be_older


def test_of_two_rows_of_one_time_the_one_with_more_attempts_is_the_last() -> None:
    assert one(failed(attempts=2, response_code="401"), failed(attempts=1)).answered == "401"
    assert one(failed(attempts=1, response_code="401"), failed(attempts=None)).answered == "401"
    assert one(failed(attempts=9, response_code="401", age=2 * HOUR), failed(attempts=None)).answered == "503"


def test_success_wins_also_over_a_later_looking_failure() -> None:
    rows = [delivered(age=2 * HOUR), failed(age=HOUR, attempts=9)]
    assert batches_of(rows, NOW) == batches_of(reversed(rows), NOW) == (1, [])


def test_a_row_without_a_time_makes_the_batch_doubtful() -> None:
    batch = one(failed(age=HOUR), failed(age=None, response_code="500"))
    assert batch.may_be_older
    assert batch.created == NOW - HOUR
    assert batch.answered == "503"


def test_what_is_not_told_is_unknown() -> None:
    batch = one(BatchRow())
    assert (batch.batch_id, batch.created, batch.attempts, batch.events) == (None, None, None, None)


@pytest.mark.parametrize("batch_id", [None, ""])
def test_rows_without_an_id_are_a_batch_each_unless_they_are_the_same(batch_id: str | None) -> None:
    rows = [failed(batch_id, HOUR), failed(batch_id, HOUR), failed(batch_id, 2 * HOUR), failed("x", HOUR)]
    _, batches = batches_of(rows, NOW)
    assert len(batches) == 3


@pytest.mark.parametrize(("size", "events"), [(0, 0), (10**9, 10**9), (10**9 + 1, None), (10**300, None), (None, None)])
def test_a_size_that_cannot_be_is_unknown(size: int | None, events: int | None) -> None:
    assert one(failed(batch_size=size)).events == events


codes = (
    st.none()
    | st.sampled_from(["200", "503", "", "0", "timeout", 200, 503, 0, 0.0, -0.0, 200.0])
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
)
times = (
    st.none()
    | st.datetimes(timezones=st.none() | st.timezones() | st.just(timezone.utc))
    | st.timedeltas(timedelta(hours=-30), timedelta(hours=2)).map(lambda ahead: NOW + ahead)
)
rows_of_one = st.builds(
    BatchRow,
    batch_id=st.just("b"),
    ts=times,
    attempts=st.none() | st.integers(),
    response_code=codes,
    failure_code=codes,
    latency=st.none() | st.integers() | st.floats(),
    batch_size=st.none() | st.integers(0),
)


@bounded
@given(st.lists(rows_of_one, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_rows_matters(rows: list[BatchRow], random: Any) -> None:
    shuffled = rows + rows[: random.randint(0, len(rows))]
    random.shuffle(shuffled)
    assert batches_of(shuffled, NOW) == batches_of(rows, NOW)


@bounded
@given(st.lists(rows_of_one, min_size=1, max_size=5))
def test_a_batch_is_delivered_when_any_row_is_and_as_old_as_its_oldest(rows: list[BatchRow]) -> None:
    each = [batches_of([row], NOW) for row in rows]
    delivered, batches = batches_of(rows, NOW)
    assert delivered == any(delivered for delivered, _ in each)
    assert len(batches) == 1 - delivered
    for batch in batches:
        parts = [part for _, [part] in each]
        assert batch.may_be_older == any(part.may_be_older for part in parts)
        assert batch.created == min((part.created for part in parts if part.created), default=None)
        assert batch.last == max((part.created for part in parts if part.created), default=None)
        assert batch.created is None or batch.created <= NOW + HOUR + MINUTE
