from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.times import as_utc, parse_time
from tests.unit.core.helpers import HOUR, NOW, bounded

TS = datetime(2026, 1, 31, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "when",
    [
        NOW.replace(tzinfo=None),
        NOW.astimezone(timezone(timedelta(hours=-7))),
        pendulum.instance(NOW),
        pendulum.instance(NOW).in_timezone("Europe/Amsterdam"),
        pendulum.instance(NOW).naive(),
    ],
)
def test_the_same_instant_in_utc(when: datetime) -> None:
    assert as_utc(when) == NOW
    assert type(as_utc(when)) is datetime
    assert (as_utc(when) + HOUR).tzinfo is timezone.utc


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the machine's time zone cannot be changed")
def test_naive_is_utc_wherever_this_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert as_utc(NOW.replace(tzinfo=None)) == NOW
    finally:
        monkeypatch.undo()
        time.tzset()


@bounded
@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.none() | st.timezones()))
def test_any_time_becomes_the_same_instant_in_utc(when: datetime) -> None:
    aware = when if when.tzinfo else when.replace(tzinfo=timezone.utc)
    assert as_utc(when) == aware.astimezone(timezone.utc)


def test_an_instant_does_not_depend_on_where_this_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("TZ", "Asia/Tokyo")
            time.tzset()
            assert as_utc(NOW.astimezone(timezone(timedelta(hours=5)))) == as_utc(NOW.replace(tzinfo=None)) == NOW
    finally:
        time.tzset()


@pytest.mark.parametrize("written", ["9999-12-31T23:59:59.9999999Z", "9999-12-31 23:59:59.9999999"])
def test_a_time_that_rounds_out_of_the_calendar_is_none(written: str) -> None:
    assert parse_time(written) is None


# domain.md: "take all; naive means UTC"
@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T01:00:00Z",
        "2026-01-31T01:00:00.000Z",
        "2026-01-31T01:00:00.000000Z",
        "2026-01-31t01:00:00z",
        "2026-01-31T01:00:00+00:00",
        "2026-01-31T02:00:00+01:00",
        "2026-01-31T02:00:00+0100",
        "2026-01-31T02:00:00+01",
        "2026-01-30T18:00:00-07:00",
        "2026-01-31 01:00:00.000",
        "2026-01-31 01:00:00",
        "2026-01-31 01:00",
        " 2026-01-31 01:00:00 UTC ",
        "2026-01-31 02:00:00 +01:00",
        "2026/01/31 01:00:00",
        "20260131T010000Z",
    ],
)
def test_a_time_however_it_is_written(text: str) -> None:
    assert parse_time(text) == TS
    assert type(parse_time(text)) is datetime


# What is guessed could make an old batch look young: unknown counts as at risk, which is safe.
@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "",
        "now",
        "2026",
        "2026-01-31",
        "01:00:00",
        "2026 01:00",
        "2026-01 01:00",
        "2026-13-31T01:00:00Z",
        "2026-02-30T01:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T01:00:00 EST",
        "2026-01-31/01:00:00",
        "2026-01-31T01:00/P1D",
        "31.01.2026 01:00:00",
        "P1DT01:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "٢٠٢٦-٠١-٣١T٠١:٠٠:٠٠Z",
    ],
)
def test_a_time_that_would_have_to_be_guessed_is_unknown(value: Any) -> None:
    assert parse_time(value) is None


@bounded
@given(
    st.text(max_size=30)
    | st.from_regex(r"\d{4}[-/]?\d\d[-/]?\d\d[T ]\d\d:?\d\d[0-9:.,]{0,8}(Z|[+-]\d\d:?\d\d)?", fullmatch=True)
)
def test_no_text_breaks_a_time(text: str) -> None:
    read = parse_time(text)
    assert read is None or (read.tzinfo is timezone.utc and type(read) is datetime)


@bounded
@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)), st.integers(-14 * 60, 14 * 60))
def test_every_written_time_is_read_back(when: datetime, minutes: int) -> None:
    aware = when.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_time(aware.isoformat()) == aware
    assert parse_time(str(when)) == when.replace(tzinfo=timezone.utc)
