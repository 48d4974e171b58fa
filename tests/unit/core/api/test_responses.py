from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.api.responses import Answer, Failure
from tests.unit.core.helpers import NOW, answer, bounded

DATE = "Sat, 31 Jan 2026 01:50:00 GMT"


def test_the_time_of_an_answer_is_the_services() -> None:
    assert answer(date=DATE).at == NOW - timedelta(minutes=10)
    assert answer(date="Sat, 31 Jan 2026 03:50:00 +0200").at == NOW - timedelta(minutes=10)


@pytest.mark.parametrize(
    "date",
    [
        "",
        "now",
        "31.01.2026",
        "Sat, 31 Jan 99999 01:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "0",
        "Mon, 1 Jan 0100 00:00:00 GMT",
    ],
)
def test_without_a_date_that_can_be_it_is_this_machines(date: str) -> None:
    assert answer(date=date).at == NOW
    assert answer().at == NOW


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("5", 5.0),
        (" 120 ", 120.0),
        ("1.5", 1.5),
        ("999999999", 999999999.0),
        ("Sat, 31 Jan 2026 01:50:30 GMT", 30.0),
        ("Sat, 31 Jan 2026 01:40:00 GMT", 0.0),
        ("", None),
        ("-5", None),
        ("1e9", None),
        ("nan", None),
        ("inf", None),
        ("9999999999999", 1e9),
        ("soon", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(header: str, seconds: float | None) -> None:
    assert answer(retry_after=header, date=DATE).retry_after == seconds


@bounded
@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_breaks_anything(date: str, retry_after: str) -> None:
    got = answer(date=date, retry_after=retry_after)
    assert got.at.tzinfo is timezone.utc
    assert got.retry_after is None or got.retry_after >= 0


@bounded
@given(st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2999, 12, 30)))
def test_any_http_date_is_read(when: datetime) -> None:
    when = when.replace(microsecond=0, tzinfo=timezone.utc)
    assert answer(date=f"{when:%a, %d %b %Y %H:%M:%S} GMT").at == when


def test_an_answer_shows_neither_its_headers_nor_its_body() -> None:
    shown = repr(answer({"password": "pl4nted"}, 200, set_cookie="sid=pl4nted"))
    assert "pl4nted" not in shown
    assert "status=200" in shown


def test_an_answer_is_whole_unless_said_otherwise() -> None:
    assert Answer(200, {}, b"", NOW).too_large is False
    assert json.loads(answer({"a": 1}).body) == {"a": 1}


@pytest.mark.parametrize(("year", "believed"), [(1999, False), (2000, True), (2999, True), (3000, False)])
def test_a_date_of_another_age_is_not_believed(year: int, believed: bool) -> None:
    date = f"{datetime(year, 6, 1):%d %b %Y} 00:00:00 GMT"
    assert (answer(date=date).at.year == year) is believed


def test_what_took_no_time_that_is_known_took_none() -> None:
    assert Answer(200, {}, b"", NOW).seconds == Failure("lost", "").seconds == 0.0
