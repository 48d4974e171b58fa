"""Answers of any bytes: a typed result or an error of this package comes out, bounded, in time, without a secret."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from airflow_provider_reach.core.api.exchange import ask
from airflow_provider_reach.core.api.models import BatchStatus, ValidationResult, Webhook, WebhookList
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.api.retry import quiet_time, wait_before_repeat
from airflow_provider_reach.core.errors import (
    ReachAuthError,
    ReachCallError,
    ReachDecodeError,
    ReachNotFoundError,
    ReachRateLimitError,
    ReachRequestError,
    ReachServerError,
    ReachStatusError,
    ReachTargetError,
)
from airflow_provider_reach.core.target.response import TargetResponse
from airflow_provider_reach.core.webhooks.create import create
from tests.fuzz.calls import CALLS, GOOD, REFUSED, RESULTS, SPEC
from tests.fuzz.values import SECRET, Nested, as_bytes, check_said, deep, examples, json_values, plain, scalars, texts
from tests.unit.core.helpers import ID, NOW, Played, ask_context, play

SECONDS = 5.0
"""For one answer, on a machine that is busy."""

operations = st.sampled_from(sorted(CALLS))
statuses = st.one_of(
    st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 408, 429, 500, 503]), st.integers(100, 999)
)
headers = st.dictionaries(
    st.sampled_from(["date", "retry-after", "location", "content-type"]),
    st.one_of(
        texts,
        st.sampled_from(
            [
                "Sat, 31 Jan 2026 02:00:00 GMT",
                "Fri, 31 Dec 9999 23:59:59 -2359",
                "Mon, 01 Jan 0001 00:00:00 +2359",
                "Thu, 99 Foo 2026",
                "Thu, 1 Jan 99999999999999999999 00:00:00",
                "120",
                "999999999",
                "-1",
                f"https://login.example.com/?key={SECRET}",
            ]
        ),
    ),
    max_size=4,
)

cyclic_bytes = st.builds(
    lambda body, times: (body * times)[:30_000], st.binary(min_size=1, max_size=8), st.integers(1, 10_000)
)
nests = st.builds(
    lambda opening, depth, closing: opening * depth + closing * depth,
    st.sampled_from([b"[", b'{"results":', b'{"results":[', b'{"errors":[', b'{"id":']),
    st.sampled_from([1, 50, 98, 120, 333, 500, 800, 990, 1100, 30_000]),
    st.sampled_from([b"", b"]", b"}", b"]}"]),
)
_ODD_JSON = (
    b'{"results": 1e999}',
    b'{"results": [NaN]}',
    b'{"results": [], "results": {"id": "x"}}',
    b'{"results": {"id": "\\ud800", "name": "\\ud800"}}',
    b'{"results": [{"id": "a", "id": "b", "name": "\xff"}]}',
    b'\xef\xbb\xbf{"results": []}',
    '{"results": []}'.encode("utf-16"),
    b'{"results": [{"attempts": 1' + b"0" * 6000 + b"}]}",
    b'{"results": [{"attempts": 1e400, "response_code": -1e400}]}',
    b'{"errors": [{"message": ' + b"9" * 6000 + b"}]}",
    b'{"errors": [{"message": "' + b"a\\n" * 30_000 + b'"}]}',
    b'{"results": [' + b"{}," * 10_000 + b"{}]}",
    b'{"results": [{"ts": "' + b"0" * 30_000 + b'"}]}',
)
odd_json = st.integers(0, len(_ODD_JSON) - 1).map(lambda number: _ODD_JSON[number])


@st.composite
def replaced(draw: DrawFn, values: SearchStrategy[Any] = json_values | deep) -> bytes:
    """A good answer or an error in which any value, at any place, is another."""
    whole = json.loads(json.dumps(draw(st.sampled_from([*GOOD.values(), REFUSED]))))
    for _ in range(draw(st.integers(1, 3))):
        inner = whole
        while True:
            places = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
            if not places:
                break
            place = draw(st.sampled_from(places))
            if isinstance(inner[place], (dict, list)) and inner[place] and draw(st.integers(0, 3)):
                inner = inner[place]
                continue
            inner[place] = draw(values)
            break
    return as_bytes(whole)


@st.composite
def damaged(draw: DrawFn) -> bytes:
    """A good answer or an error, cut off or with some bytes changed."""
    body = bytearray(as_bytes(draw(st.sampled_from([*GOOD.values(), REFUSED]))))
    for _ in range(draw(st.integers(0, 5))):
        body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        del body[draw(st.integers(0, len(body) - 1)) :]
    return bytes(body)


bodies = st.one_of(
    st.binary(max_size=200),
    cyclic_bytes,
    nests,
    odd_json,
    damaged(),
    replaced(),
    json_values.map(as_bytes),
    deep.map(as_bytes),
    st.builds(
        lambda name, value: as_bytes({name: value}),
        st.sampled_from(["results", "errors", "error", "message"]),
        json_values,
    ),
)
answers = st.builds(
    Answer,
    status=statuses,
    headers=headers,
    body=bodies,
    received=st.just(NOW),
    seconds=st.floats(0, 100),
    too_large=st.sampled_from([False, False, False, True]),
    unreadable=st.sampled_from(["", "", "", "its body breaks off"]),
)


def family(status: int) -> tuple[type[ReachCallError], ...]:
    """The errors that an answer of this status may mean, whatever its body: the API's, or a proxy's."""
    return (*_api_family(status), ReachTargetError) if _refuses(status) else _api_family(status)


def _refuses(status: int) -> bool:
    return 400 <= status < 500 and status not in (408, 429)


def _api_family(status: int) -> tuple[type[ReachCallError], ...]:
    if status < 300:
        return (ReachDecodeError,)
    if status == 404:
        return (ReachNotFoundError, ReachDecodeError)
    if status == 400:
        return (ReachRequestError, ReachDecodeError)
    if status in (401, 403):
        return (ReachAuthError, ReachDecodeError)
    if status == 429:
        return (ReachRateLimitError,)
    return (ReachServerError,) if status == 408 or status >= 500 else (ReachRequestError, ReachDecodeError)


def check_error(error: Exception, status: int) -> None:
    assert isinstance(error, family(status)), (type(error), status)
    check_said(str(error))
    if isinstance(error, ReachStatusError):
        assert error.status == status or isinstance(error, ReachTargetError)
        assert SECRET not in error.service_message
        assert len(error.service_message) <= 700
        assert error.retry_after is None or error.retry_after >= 0
    if isinstance(error, ReachTargetError):
        check_target(error.response)
        if status != 400:  # the service's documented words alone say this of another status
            assert re.search(r"POST to webhook .* URL failed", error.service_message, re.IGNORECASE)


def check_target(response: TargetResponse) -> None:
    assert response.status is None or isinstance(response.status, int)
    assert len(response.body) <= 300
    check_said(str(response))
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in response.headers.items())


def check_result(result: Any) -> None:
    """A result can be shown, hashed where it is to be, and kept as plain JSON."""
    if isinstance(result, (Webhook, WebhookList)):
        for webhook in [result] if isinstance(result, Webhook) else result.webhooks:
            plain(webhook.to_dict())
            assert SECRET not in json.dumps({**webhook.to_dict(), "name": "", "id": "", "auth_type": "", "events": []})
            assert all(isinstance(secret, str) for secret in webhook.secrets)
            assert webhook.label
            assert webhook.active in (True, False, None)
    if isinstance(result, BatchStatus):
        for row in result.rows:
            assert row.attempts is None or row.attempts >= 0
            assert row.ts is None or isinstance(row.ts - NOW if row.ts.tzinfo else row.ts, (timedelta, type(row.ts)))
            hash(row)
    if isinstance(result, ValidationResult):
        check_target(result.response)
        assert result.ok == (result.response.status == 200)
        assert SECRET not in result.message


def outcome(played: Played[Any], status: int) -> None:
    if played.error is not None:
        check_error(played.error, status)
    else:
        check_result(played.value)


@given(operations, answers)
@example("list", Answer(200, {}, b'{"results":' * 500 + b"1" + b"}" * 500, NOW))
@examples(2)
def test_any_answer_is_a_result_or_an_error_of_this_package(operation: str, answer: Answer) -> None:
    began = time.monotonic()
    played = play(ask(CALLS[operation](), ask_context(0, SECRET)), answer)
    assert time.monotonic() - began < SECONDS
    outcome(played, answer.status)
    if played.error is None:
        assert 200 <= answer.status < 300
        assert not answer.too_large
        assert not answer.unreadable
        assert isinstance(played.value, RESULTS[operation])


@given(operations, replaced(), headers)
@examples(1)
def test_a_good_answer_with_anything_at_any_place(operation: str, body: bytes, headers: Mapping[str, str]) -> None:
    answer = Answer(200, headers, body, NOW)
    outcome(play(ask(CALLS[operation](), ask_context(0, SECRET)), answer), 200)


@given(operations, replaced(), st.sampled_from([400, 401, 403, 404, 409, 422, 429, 500, 502, 503]))
@examples(1)
def test_an_error_with_anything_at_any_place(operation: str, body: bytes, status: int) -> None:
    played = play(ask(CALLS[operation](), ask_context(0, SECRET)), Answer(status, {}, body, NOW))
    assert played.error is not None
    check_error(played.error, status)


@given(st.lists(st.dictionaries(st.sampled_from(sorted(GOOD["batch_status"]["results"][0])), scalars), max_size=5))
@examples(1)
def test_no_odd_row_costs_another(rows: list[dict[str, Any]]) -> None:
    good = GOOD["batch_status"]["results"][0]
    body = as_bytes({"results": [good, *rows, good]})
    played = play(ask(CALLS["batch_status"](), ask_context(0)), Answer(200, {}, body, NOW))
    if played.error is not None:  # the whole is no JSON: a half of a character, a number without end
        assert isinstance(played.error, ReachDecodeError)
        return
    assert isinstance(played.value, BatchStatus)
    assert len(played.value.rows) == len(rows) + 2
    assert played.value.rows[0] == played.value.rows[-1]
    assert played.value.rows[0].response_code == "503"
    for raw, row in zip(rows, played.value.rows[1:-1], strict=True):
        if raw.get("failure_code"):  # a failure that cannot be read stays a failure
            assert row.failure_code is not None


@given(operations, st.sampled_from(["unreachable", "busy", "timeout", "lost"]), st.text() | texts, st.floats(0, 1e6))
@examples(0.3)
def test_any_failure_is_an_error_of_this_package(operation: str, kind: Any, detail: str, seconds: float) -> None:
    played = play(ask(CALLS[operation](), ask_context(0, SECRET)), Failure(kind, f"{detail} Bearer {SECRET}", seconds))
    assert isinstance(played.error, ReachCallError)
    check_said(str(played.error))


@given(answers, answers)
@examples(0.5)
def test_a_creation_is_sent_once_whatever_is_answered(first: Answer, then: Answer) -> None:
    taken_perhaps = first.status not in (429,)
    played = play(create(SPEC, ask_context(30, SECRET)), first, forever=then)
    creations = played.requests.count("POST /webhooks")
    if taken_perhaps:
        assert creations == 1
    if played.error is not None:
        check_said(str(played.error))
    else:
        assert isinstance(played.value, str)
        assert played.value


@given(answers)
@examples(0.3)
def test_what_is_waited_is_bounded(answer: Answer) -> None:
    quiet = quiet_time(answer)
    assert quiet is None or 0 < quiet <= 300
    played = play(ask(CALLS["list"](), ask_context(0)), answer)
    if played.error is not None:
        assert isinstance(played.error, ReachCallError)
        assert 0 < wait_before_repeat(played.error, 3) <= 360


@pytest.mark.parametrize("operation", sorted(CALLS))
def test_a_good_answer_is_read(operation: str) -> None:
    """Else nothing above would tell a decoder from one that refuses everything."""
    outcome_ = play(ask(CALLS[operation](), ask_context(0)), Answer(200, {}, as_bytes(GOOD[operation]), NOW))
    assert isinstance(outcome_.result, RESULTS[operation])


@pytest.mark.parametrize("operation", sorted(CALLS))
@pytest.mark.parametrize("depth", [10, 60, 300, 900, 100_000])
def test_no_depth_is_too_much(operation: str, depth: int) -> None:
    for opening in (b"[", b'{"results":', b'{"results":[', b'{"errors":[{"message":', b'[{"id":'):
        closing = bytes({ord("{"): ord("}"), ord("["): ord("]")}[c] for c in reversed(opening) if c in b"[{")
        body = opening * depth + b"1" + closing * depth
        for status in (200, 400, 404):
            outcome(play(ask(CALLS[operation](), ask_context(0, SECRET)), Answer(status, {}, body, NOW)), status)


@pytest.mark.parametrize("depth", [40, 60, 300, 480, 600, 900])
def test_a_webhook_of_any_depth_can_be_shown(depth: int) -> None:
    for field in ("auth_credentials", "custom_headers", "unknown", "target"):
        body = as_bytes({"results": [{"id": ID, "name": "orders", field: Nested(depth, False, SECRET)}]})
        outcome(play(ask(CALLS["list"](), ask_context(0)), Answer(200, {}, body, NOW)), 200)
