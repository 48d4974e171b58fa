from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from airflow_provider_reach.core.api import decoding
from airflow_provider_reach.core.api.decoding import ContractViolation
from airflow_provider_reach.core.api.models import BatchRow
from airflow_provider_reach.core.delivery.batches import batches_of
from airflow_provider_reach.core.times import as_utc, parse_time
from tests.unit.core.helpers import ID, NOW, bounded

TS = datetime(2026, 1, 31, 1, 0, tzinfo=timezone.utc)
GOOD = {
    "batch_id": "b1",
    "ts": "2026-01-31T01:00:00.000Z",
    "attempts": 3,
    "response_code": "503",
    "failure_code": "503",
    "latency": 120,
    "batch_size": 50,
}
READ = BatchRow(
    batch_id="b1", ts=TS, attempts=3, response_code="503", failure_code="503", latency=120, batch_size=50
)  # fmt: skip


def body(results: object) -> bytes:
    return json.dumps({"results": results}).encode()


def rows(*raw: object) -> list[BatchRow]:
    return decoding.batch_rows(body(list(raw)))


def test_a_row_of_the_contract() -> None:
    assert rows(GOOD) == [READ]
    assert rows() == []
    assert rows({}) == [BatchRow()]


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("batch_id", 123, "123"),
        ("batch_id", None, None),
        ("batch_id", ["x"], None),
        ("batch_id", True, None),
        ("ts", "2026-01-31T02:00:00+01:00", TS),
        ("ts", "2026-01-31 01:00:00.000", TS),
        ("ts", "2026/01/31 01:00", TS),
        ("ts", "20260131T010000Z", TS),
        ("ts", None, None),
        ("ts", "", None),
        ("ts", "yesterday", None),
        ("ts", 1769821200, None),
        ("attempts", "3", 3),
        ("attempts", 3.0, 3),
        ("attempts", "3.0", 3),
        ("attempts", None, None),
        ("attempts", -1, None),
        ("attempts", True, None),
        ("attempts", "many", None),
        ("attempts", "inf", None),
        ("attempts", [], None),
        ("response_code", 503, 503),
        ("response_code", 503.0, 503.0),
        ("response_code", None, None),
        ("response_code", True, "unreadable"),
        ("response_code", {"code": 200}, "unreadable"),
        ("failure_code", 0, 0),
        ("failure_code", "", ""),
        ("failure_code", False, "unreadable"),
        ("failure_code", ["503"], "unreadable"),
        ("latency", 120.5, 120.5),
        ("latency", "120", 120),
        ("latency", None, None),
        ("batch_size", "50", 50),
        ("batch_size", None, None),
        ("batch_size", -5, None),
        ("a_new_field", {"deep": [1]}, None),
    ],
)
def test_an_odd_value_costs_nothing_else(field: str, value: object, read: object) -> None:
    before, odd, after = rows(GOOD, {**GOOD, field: value}, {**GOOD, "batch_id": "b2"})
    assert before == READ
    assert after.batch_id == "b2"
    value = getattr(odd, field, None)
    assert (as_utc(value) if isinstance(value, datetime) else value) == read
    others = set(READ.__struct_fields__) - {field}
    assert {name: getattr(odd, name) for name in others} == {name: getattr(READ, name) for name in others}


@pytest.mark.parametrize("field", READ.__struct_fields__)
def test_a_missing_value_is_unknown(field: str) -> None:
    [row] = rows({name: value for name, value in GOOD.items() if name != field})
    assert getattr(row, field) is None


@pytest.mark.parametrize("odd", [None, 5, "b1", [], True])
def test_a_row_that_is_none_is_a_batch_of_which_nothing_is_known(odd: object) -> None:
    assert rows(odd, GOOD) == [BatchRow(), READ]


def test_a_naive_time_is_taken_as_it_is() -> None:
    _, [batch] = batches_of(rows({**GOOD, "ts": "2026-01-31T01:00:00"}), NOW)
    assert batch.created == TS


odd_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
odd_rows = odd_json | st.dictionaries(st.sampled_from(list(GOOD)), odd_json | st.sampled_from(list(GOOD.values())))


@pytest.mark.parametrize(
    ("digits", "microseconds"),
    [
        ("123456", 123456),
        ("1234564", 123456),
        ("1234565", 123457),
        ("1234569", 123457),
        ("123456499999999", 123456),
        ("9999999", 1000000),
    ],
)
@pytest.mark.parametrize(
    "written",
    [
        "2026-01-31T01:00:00.{}Z",
        "2026-01-31T02:00:00.{}+01:00",
        "2026-01-31 01:00:00.{}",
        "20260131T010000,{}Z",
    ],
)
def test_a_time_is_rounded_to_microseconds_wherever_it_stands(digits: str, microseconds: int, written: str) -> None:
    time, rounded = written.format(digits), TS + timedelta(microseconds=microseconds)
    usual, odd = GOOD | {"ts": time}, GOOD | {"ts": time, "attempts": "3"}
    for several in ([usual], [usual, odd]):  # read the fast way, and row by row
        assert [as_utc(row.ts) for row in rows(*several) if row.ts] == [rounded] * len(several)
    assert parse_time(time) == rounded


@bounded
@given(st.lists(odd_rows, max_size=5), st.integers(0, 5))
def test_odd_rows_never_change_what_the_others_become(odd: list[Any], place: int) -> None:
    place = min(place, len(odd))
    mixed = rows(*odd[:place], GOOD, *odd[place:])
    assert len(mixed) == len(odd) + 1
    assert mixed[place] == READ
    assert [row for raw in odd for row in rows(raw)] == mixed[:place] + mixed[place + 1 :]


@bounded
@given(odd_rows)
def test_no_odd_row_is_a_delivered_batch_without_a_200(odd: Any) -> None:
    delivered, batches = batches_of(rows(odd), NOW)
    assert delivered + len(batches) == 1
    assert not delivered or float(odd["response_code"]) == 200


WEBHOOK = {
    "id": ID,
    "name": "orders",
    "target": "https://c.example.com",
    "events": ["delivery", "bounce"],
    "active": True,
    "auth_type": "basic",
    "auth_credentials": {"username": "u", "password": "p"},
    "last_successful": "2026-01-31T01:00:00Z",
    "last_failure": None,
}


def test_a_webhook_of_the_contract() -> None:
    [webhook] = decoding.webhooks(body([WEBHOOK]))
    assert (webhook.id, webhook.name, webhook.target, webhook.events) == (
        ID,
        "orders",
        "https://c.example.com",
        ("delivery", "bounce"),
    )
    assert (webhook.active, webhook.auth_type, webhook.auth_credentials) == (
        True,
        "basic",
        {"username": "u", "password": "p"},
    )
    assert (webhook.last_successful, webhook.last_failure) == (TS, None)
    assert (webhook.custom_headers, webhook.auth_request_details) == (None, None)


def test_a_retrieved_webhook_has_the_id_that_was_asked_for() -> None:
    raw = {name: value for name, value in WEBHOOK.items() if name != "id"}
    assert decoding.webhook(body(raw), ID) == decoding.webhooks(body([WEBHOOK]))[0]


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("active", "true", True),
        ("active", 1, True),
        ("active", "False", False),
        ("active", 0, False),
        ("active", None, None),
        ("active", "perhaps", None),
        ("active", {}, None),
        ("name", 5, "5"),
        ("name", None, ""),
        ("target", None, ""),
        ("events", "delivery", ()),
        ("events", ["delivery", 5, None], ("delivery",)),
        ("auth_type", None, None),
        ("auth_credentials", "u:p", None),
        ("custom_headers", {}, {}),
        ("last_successful", "never", None),
        ("last_failure", "2026-01-31 01:00:00", TS),
    ],
)
def test_an_odd_value_of_a_webhook(field: str, value: object, read: object) -> None:
    [webhook] = decoding.webhooks(body([{**WEBHOOK, field: value}]))
    assert getattr(webhook, field) == read


def test_the_id_of_what_was_written() -> None:
    assert decoding.written_id(body({"id": ID, "links": []})) == ID


def test_a_validation() -> None:
    raw = {"msg": "Test POST to target succeeded", "response": {"status": 200, "headers": {"A": "b"}, "body": "ok"}}
    result = decoding.validation(body(raw))
    assert (result.ok, result.message, result.response.body) == (True, "Test POST to target succeeded", "ok")
    assert result.response.headers == {"A": "b"}


def test_a_validation_in_the_words_of_the_older_documentation() -> None:
    said = "Test POST to endpoint succeeded"
    for name in ("msg", "message"):  # its guide has the one, its reference the other
        result = decoding.validation(body({name: said, "response": {"status": 200, "body": {"response": "ok"}}}))
        assert (result.ok, result.message, result.response.body) == (True, said, '{"response":"ok"}')


@pytest.mark.parametrize("whose", ["tokens", "target"])
def test_a_validation_that_the_service_calls_failed_is_none_whatever_the_status(whose: str) -> None:
    raw = {"msg": f"POST to webhook {whose} URL failed", "response": {"status": 200}}
    assert not decoding.validation(body(raw)).ok


@pytest.mark.parametrize(
    ("response", "status", "shown"),
    [
        ({}, None, "no HTTP status"),
        ({"status": "503", "body": None}, 503, "HTTP 503"),
        ({"status": True, "headers": "odd", "body": {"error": "x"}}, None, 'no HTTP status: {"error":"x"}'),
        ({"status": 1e6, "body": 5}, 1000000, "HTTP 1000000: 5"),
    ],
)
def test_an_odd_response_of_a_target(response: dict[str, Any], status: int | None, shown: str) -> None:
    result = decoding.validation(body({"response": response}))
    assert str(result.response) == shown
    assert not result.ok
    assert (result.message, result.response.headers) == ("", {})


def test_what_a_target_said_is_bounded_and_without_secrets() -> None:
    response = {
        "status": 500,
        "headers": {**{f"X-{n}": "y" * 1000 for n in range(50)}, "Authorization": "Bearer pl4nted"},
        "body": 'k3y-123 {"password": "pl4nted"}' + "z" * 10_000,
    }
    result = decoding.validation(body({"msg": "k3y-123", "response": response}), ("k3y-123",))
    assert len(str(result)) < 10_000
    assert "pl4nted" not in str(result)
    assert "k3y-123" not in str(result)


Read = Callable[[bytes], object]
READERS: dict[str, Read] = {
    "batch_rows": decoding.batch_rows,
    "webhooks": decoding.webhooks,
    "webhook": lambda raw: decoding.webhook(raw, ID),
    "written_id": decoding.written_id,
    "validation": decoding.validation,
    "any_json": decoding.any_json,
}
OUTSIDE = [
    (b"", "an empty body"),
    (b" \r\n", "an empty body"),
    (b"<html>", "no JSON"),
    (b"\xff\xfe", "no JSON"),
    (b'{"results": "\xff"}', "no JSON"),
    (b'{"results": [{"batch_id": "b1", "ts', "JSON that is cut off"),
    (b'{"results": [', "JSON that is cut off"),
    (b"[" * 100_000, "JSON nested too deep"),
    (b'{"results": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "JSON nested too deep"),
]


@pytest.mark.parametrize(("raw", "why"), OUTSIDE)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_json_is_refused_by_every_reader(reader: str, raw: bytes, why: str) -> None:
    with pytest.raises(ContractViolation, match=f"^{why}$"):
        READERS[reader](raw)


@pytest.mark.parametrize("raw", [b"null", b"[]", b"5", b'"results"', b"{}", b'{"result": []}'])
@pytest.mark.parametrize("reader", [name for name in READERS if name != "any_json"])
def test_json_without_results_is_refused(reader: str, raw: bytes) -> None:
    with pytest.raises(ContractViolation, match="^JSON without 'results'$"):
        READERS[reader](raw)


@pytest.mark.parametrize(
    ("reader", "results", "why"),
    [
        ("batch_rows", {}, "results that are no list"),
        ("batch_rows", None, "results that are no list"),
        ("webhooks", {}, "results that are no list"),
        ("webhooks", [{"name": "x"}], "a webhook without an id"),
        ("webhooks", [{"id": 5}], "a webhook without an id"),
        ("webhooks", [{"id": ""}], "a webhook without an id"),
        ("webhooks", ["x"], "a webhook without an id"),
        ("webhook", [], "results that are no object"),
        ("webhook", {"id": ID}, "results without name, target or active"),
        ("written_id", [], "results that are no object"),
        ("written_id", {}, "results without an id"),
        ("written_id", {"id": ""}, "results without an id"),
        ("written_id", {"id": 5}, "results without an id"),
        ("validation", [], "results that are no object"),
        ("validation", {"msg": "ok"}, "results without the target's response"),
        ("validation", {"msg": "ok", "response": "200"}, "results without the target's response"),
    ],
)
def test_results_of_another_shape_are_refused(reader: str, results: object, why: str) -> None:
    with pytest.raises(ContractViolation, match=f"^{why}$"):
        READERS[reader](body(results))


@pytest.mark.parametrize("reader", READERS)
@bounded
@given(raw=st.binary(max_size=80))
def test_bytes_are_read_or_refused_and_nothing_else(reader: str, raw: bytes) -> None:
    read_or_refused(reader, raw)


wire_json = st.recursive(
    odd_json | st.just(GOOD) | st.just(WEBHOOK),
    lambda inner: st.dictionaries(
        st.sampled_from(["results", "response", "status", "headers", "body", "id", "name", "msg", *GOOD, *WEBHOOK]),
        inner,
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("reader", READERS)
@bounded
@given(value=wire_json, whole=st.booleans(), cut=st.integers(0, 60))
def test_json_is_read_or_refused_and_nothing_else(reader: str, value: Any, whole: bool, cut: int) -> None:
    read_or_refused(reader, json.dumps(value).encode())
    read_or_refused(reader, body(value if whole else [value]))
    read_or_refused(reader, body(value)[:-cut])


def read_or_refused(reader: str, raw: bytes) -> None:
    try:
        READERS[reader](raw)
    except ContractViolation as why:
        assert len(str(why)) < 60


def test_a_body_nested_as_deep_as_json_may_be_is_quoted() -> None:
    raw = b'{"results":{"response":{"status":400,"body":' + b"[" * 96 + b"]" * 96 + b"}}}"
    assert decoding.validation(raw).response.body.startswith("[[[")  # type: ignore[attr-defined]


def test_results_that_come_with_errors_are_no_answer() -> None:
    with pytest.raises(ContractViolation, match="together with errors"):
        decoding.batch_rows(b'{"results": [], "errors": [{"message": "partial", "code": "x"}]}')
    assert decoding.batch_rows(b'{"results": [], "errors": []}') == []


def test_fields_that_the_contract_does_not_know_are_kept_aside() -> None:
    raw = {**WEBHOOK, "auth_token": "t", "limit": None, "nested": {"a": [1]}, "links": [{"href": "x"}], "extra": 5}
    [webhook] = decoding.webhooks(body([raw]))
    assert webhook.extra == {"auth_token": "t", "limit": None, "nested": {"a": [1]}}
    assert decoding.webhook(body(raw), ID).extra == webhook.extra
    assert decoding.webhooks(body([WEBHOOK]))[0].extra == {}


def test_a_validation_carries_how_long_it_took() -> None:
    raw = body({"response": {"status": 200}})
    assert decoding.validation(raw, seconds=2.5).seconds == 2.5
    assert decoding.validation(raw).seconds == 0.0


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" \n",
        b"null",
        b"{}",
        b'{"results": {}}',
        b'{"results": []}',
        b'{"results": null}',
        b'{"results": {}, "links": []}',
    ],
)
def test_the_answer_to_a_deletion_holds_nothing(raw: bytes) -> None:
    assert decoding.nothing(raw) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"<html>Log in", "no JSON"),
        (b'{"results"', "cut off"),
        (b"[]", "without 'results'"),
        (b'"ok"', "without 'results'"),
        (b'{"login": "https://sso"}', "without 'results'"),
        (b'{"errors": [{"message": "no"}]}', "together with errors"),
        (b'{"results": {}, "errors": [{"message": "no"}]}', "together with errors"),
        (b'{"results": {"id": "x"}}', "does not say that it was deleted"),
        (b'{"results": [1]}', "does not say that it was deleted"),
        (b'{"results": false}', "does not say that it was deleted"),
    ],
)
def test_anything_else_says_nothing_of_a_deletion(raw: bytes, says: str) -> None:
    with pytest.raises(ContractViolation, match=says):
        decoding.nothing(raw)


@pytest.mark.parametrize("field", ["auth_credentials", "auth_request_details", "custom_headers", "unknown"])
@pytest.mark.parametrize("depth", [40, 120, 300, 480, 900])
def test_a_webhook_nested_however_deep_is_refused_or_can_be_shown(field: str, depth: int) -> None:
    nested = b'{"password":' * depth + b'"planted"' + b"}" * depth
    try:
        [webhook] = decoding.webhooks(b'{"results": [{"id": "x", "%s": {"token": %s}}]}' % (field.encode(), nested))
    except ContractViolation as why:
        assert str(why) == "JSON nested too deep"
        assert depth > 40
        return
    assert "planted" in webhook.secrets
    assert "planted" not in repr(webhook)


@pytest.mark.parametrize("blank", ["", " ", "\n", "\x00\x1b"])
def test_an_id_of_nothing_to_see_is_none(blank: str) -> None:
    with pytest.raises(ContractViolation, match="without an id"):
        decoding.written_id(json.dumps({"results": {"id": blank}}).encode())
    with pytest.raises(ContractViolation, match="without an id"):
        decoding.webhooks(json.dumps({"results": [{"id": blank}]}).encode())


@pytest.mark.parametrize(
    "usual",
    [
        {},
        {"id": " i\n" + "d" * 80, "name": "n" * 5000, "links": [{"href": "x", "method": ["GET"]}]},
        {"last_successful": "2026-01-31T02:00:00+01:00", "last_failure": "2026-01-31T01:00:00"},
        {"last_successful": "0001-01-01T00:00:00+14:00"},  # which is no time in UTC
        {"auth_request_details": {"url": "u", "body": {"client_id": "c", "n": 2**70}}, "custom_headers": {"X": None}},
    ],
)
def test_a_field_that_is_not_in_the_contract_changes_nothing_of_how_the_others_are_read(usual: dict[str, Any]) -> None:
    [fast] = decoding.webhooks(body([WEBHOOK | usual]))
    [leniently, same] = decoding.webhooks(body([WEBHOOK | usual | {"unknown": {"token": "t"}}, WEBHOOK | usual]))
    assert leniently.extra == {"unknown": {"token": "t"}}
    assert structs.replace(leniently, extra={}) == fast == same


@pytest.mark.parametrize("field", ["name", "target", "active"])
def test_one_field_that_every_webhook_has_makes_it_one(field: str) -> None:
    assert decoding.webhook(json.dumps({"results": {field: "true"}}).encode(), ID).id == ID


def test_a_count_of_none_is_read_from_text_too() -> None:
    [row] = decoding.batch_rows(body([{"batch_id": "b", "attempts": "0", "batch_size": "-1"}]))
    assert (row.attempts, row.batch_size) == (0, None)


def test_an_id_is_as_long_as_it_may_be() -> None:
    [found] = decoding.webhooks(body([{"id": "i" * 70, "name": "n"}]))
    assert found.id == decoding.written_id(body({"id": "i" * 70})) == "i" * 63 + "…"
