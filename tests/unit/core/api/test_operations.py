from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.api.decoding import ContractViolation
from airflow_provider_reach.core.api.models import BatchRow, Webhook
from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from tests.unit.core.helpers import ID, NOW, answer, refused, results

SPEC = WebhookSpec(name="orders", target="https://u:pl4nted@c.example.com/x?k=pl4nted", events=["delivery"])
CHANGES = WebhookChanges(active=False)

# The contract's seven operations: method, path, repeatable, and whether the service asks the target meanwhile.
CONTRACT: list[tuple[Call[Any], str, str, bool, bool]] = [
    (operations.list_webhooks(), "GET", "/webhooks", True, False),
    (operations.create_webhook(SPEC), "POST", "/webhooks", False, True),
    (operations.get_webhook(ID), "GET", f"/webhooks/{ID}", True, False),
    (operations.update_webhook(ID, CHANGES), "PUT", f"/webhooks/{ID}", True, True),
    (operations.delete_webhook(ID), "DELETE", f"/webhooks/{ID}", True, False),
    (operations.validate_webhook(ID), "POST", f"/webhooks/{ID}/validate", True, True),
    (operations.get_batch_status(ID), "GET", f"/webhooks/{ID}/batch-status", True, False),
]


@pytest.mark.parametrize(("call", "method", "path", "repeatable", "asks_target"), CONTRACT)
def test_the_operations_of_the_contract(
    call: Call[Any], method: str, path: str, repeatable: bool, asks_target: bool
) -> None:
    assert (call.method, call.path) == (method, path)
    assert call.repeatable is repeatable
    assert call.asks_target is asks_target
    assert call.gone_is_done is (method == "DELETE")
    assert ID in call.operation or call.path == "/webhooks"
    assert "pl4nted" not in call.operation
    assert "pl4nted" not in repr(call)


def test_what_is_sent() -> None:
    bodies = {call.operation.split()[0]: call.body for call, *_ in CONTRACT}
    assert bodies["list"] is bodies["delete"] is bodies["validate"] is bodies["get"] is None
    assert json.loads(bodies["create"] or b"") == {
        "name": "orders",
        "target": "https://u:pl4nted@c.example.com/x?k=pl4nted",
        "events": ["delivery"],
    }
    assert json.loads(bodies["update"] or b"") == {"active": False}


def test_an_operation_is_named_for_messages() -> None:
    assert [call.operation for call, *_ in CONTRACT] == [
        "list webhooks",
        "create webhook 'orders' with target https://***@c.example.com/x?***",
        f"get webhook {ID}",
        f"update webhook {ID}",
        f"delete webhook {ID}",
        f"validate webhook {ID}",
        f"get batch status of webhook {ID}",
    ]


WEBHOOK = {"name": "orders", "target": "https://c.example.com", "active": True}


def test_what_is_read() -> None:
    at = "Sat, 31 Jan 2026 01:00:00 GMT"
    listed = operations.list_webhooks().read(results([{"id": ID, **WEBHOOK}], date=at), ())
    assert ([webhook.name for webhook in listed.webhooks], listed.at.hour) == (["orders"], 1)
    assert operations.get_webhook(ID).read(results(WEBHOOK), ()).id == ID
    assert operations.create_webhook(SPEC).read(results({"id": ID, "links": []}), ()) == ID
    assert operations.update_webhook(ID, CHANGES).read(results({"id": ID}), ()) == ID
    assert operations.delete_webhook(ID).read(answer(b"", 204), ()) is True
    assert operations.validate_webhook(ID).read(results({"msg": "ok", "response": {"status": 200}}), ()).ok
    status = operations.get_batch_status(ID).read(results([{"batch_id": "b"}], date=at), ())
    assert (status.rows, status.complete, status.at.hour) == ([BatchRow(batch_id="b")], True, 1)
    assert operations.get_batch_status(ID).read(results([]), ()).at == NOW


@pytest.mark.parametrize(("rows", "complete"), [(0, True), (1, True), (2, False), (3, False)])
def test_as_many_rows_as_were_asked_for_may_not_be_all(rows: int, complete: bool) -> None:
    call = operations.get_batch_status(ID, 2)
    assert call.query == {"limit": "2"}
    assert call.read(results([{}] * rows), ()).complete is complete


def test_the_default_limit_is_the_contracts() -> None:
    assert operations.get_batch_status(ID).query == {"limit": "1000"}


@pytest.mark.parametrize("limit", [0, -1, 1.0, "1000", True, None])
def test_a_limit_below_1_or_no_number_is_refused(limit: Any) -> None:
    with pytest.raises(ReachInputError, match="limit must be a whole number from 1, not"):
        operations.get_batch_status(ID, limit)


@pytest.mark.parametrize("limit", [1, 10**9])
def test_the_upper_limit_is_no_gate(limit: int) -> None:
    assert operations.get_batch_status(ID, limit).query == {"limit": str(limit)}


@pytest.mark.parametrize(
    "webhook_id",
    ["", "orders", f"{ID}/..", f" {ID}", ID.replace("-", ""), f"{{{ID}}}", f"urn:uuid:{ID}", None, 5, f"{ID}?x"],
)
@pytest.mark.parametrize(
    "call",
    [
        operations.get_webhook,
        lambda webhook_id: operations.update_webhook(webhook_id, CHANGES),
        operations.delete_webhook,
        operations.validate_webhook,
        operations.get_batch_status,
    ],
)
def test_an_id_that_is_no_uuid_is_refused(call: Any, webhook_id: Any) -> None:
    said = (
        "is not a UUID: take it from a list .* or use the name"
        if isinstance(webhook_id, str)
        else "must be a text, not "
    )
    with pytest.raises(ReachInputError, match=said):
        call(webhook_id)


def test_an_upper_case_id_is_the_same_webhook() -> None:
    assert operations.get_webhook(ID.upper()).path == f"/webhooks/{ID}"


def test_a_refused_spec_and_refused_changes_make_no_call() -> None:
    with pytest.raises(ReachInputError, match="create webhook '' was refused"):
        operations.create_webhook(WebhookSpec(name="", target="https://c.example.com", events=["delivery"]))
    with pytest.raises(ReachInputError, match=f"update webhook {ID} was refused"):
        operations.update_webhook(ID, WebhookChanges())


def test_the_secrets_of_a_call_are_those_of_its_body() -> None:
    credentials = {"username": "u", "password": "pl4nted"}
    changes = WebhookChanges(auth_type="basic", auth_credentials=credentials)
    secrets = ("pl4nted", "dTpwbDRudGVk")
    assert operations.update_webhook(ID, changes).secrets == secrets
    assert set(operations.create_webhook(WebhookSpec(**{**SPEC.given, **changes.given})).secrets) == set(secrets)
    assert "pl4nted" not in repr(operations.update_webhook(ID, changes))


@pytest.mark.parametrize(
    ("method", "repeatable", "writes"),
    [
        ("GET", True, False),
        ("HEAD", True, False),
        ("PUT", True, True),
        ("DELETE", True, True),
        ("POST", False, True),
        ("PATCH", False, True),
    ],
)
def test_any_request(method: str, repeatable: bool, writes: bool) -> None:
    call = operations.any_request(method, "/templates/a-b_c.d", {"page": 2}, {"a": [1]})
    assert (call.method, call.path, call.query, call.body) == (
        method,
        "/templates/a-b_c.d",
        {"page": "2"},
        b'{"a":[1]}',
    )
    assert (call.repeatable, call.asks_target, call.gone_is_done) == (repeatable, False, False)
    assert call.operation == f"{method} '/templates/a-b_c.d'"
    for path in ("/webhooks", f"/webhooks/{ID}", f"/webhooks/{ID}/validate"):
        assert operations.any_request(method, path).asks_target is writes


def test_any_request_without_a_body() -> None:
    call = operations.any_request("GET", "/webhooks")
    assert (call.query, call.body) == ({}, None)
    assert call.read(answer({"a": 1}), ()) == {"a": 1}
    assert call.read(answer(b" ", 204), ()) is None
    with pytest.raises(ContractViolation):
        call.read(answer(b"<html>"), ())


def test_a_falsy_body_is_a_body() -> None:
    values: list[object] = [False, {}, 0]
    assert [operations.any_request("PUT", "/x", json=value).body for value in values] == [b"false", b"{}", b"0"]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "webhooks",
        "/",
        "//x",
        "/a//b",
        "/a/",
        "/a/../b",
        "/..",
        "/./a",
        "/a?b=1",
        "/a#b",
        "/a b",
        "/%2e%2e",
        "/a\n",
        "/ß",
    ],
)
def test_a_path_that_leaves_the_workspace_is_refused(path: str) -> None:
    with pytest.raises(ReachInputError, match="path"):
        operations.any_request("GET", path)


@pytest.mark.parametrize("method", ["get", "TRACE", "", "GET\r\nX: y"])
def test_an_unknown_method_is_refused(method: str) -> None:
    with pytest.raises(ReachInputError, match="method must be GET, HEAD, POST, PUT, PATCH or DELETE"):
        operations.any_request(method, "/webhooks")


@pytest.mark.parametrize(
    ("made", "kind", "operation", "changes"),
    [
        (lambda: operations.list_webhooks(), "list", "list webhooks", False),
        (lambda: operations.get_webhook(ID), "get", f"get webhook {ID}", False),
        (
            lambda: operations.create_webhook(SPEC),
            "create",
            "create webhook 'orders' with target https://***@c.example.com/x?***",
            True,
        ),
        (lambda: operations.update_webhook(ID, CHANGES), "update", f"update webhook {ID}", True),
        (lambda: operations.delete_webhook(ID), "delete", f"delete webhook {ID}", True),
        (lambda: operations.validate_webhook(ID), "validate", f"validate webhook {ID}", False),
        (lambda: operations.get_batch_status(ID), "batch_status", f"get batch status of webhook {ID}", False),
        (lambda: operations.any_request("GET", "/webhooks"), "request", "GET '/webhooks'", False),
        (lambda: operations.any_request("HEAD", "/x"), "request", "HEAD '/x'", False),
        (lambda: operations.any_request("PATCH", "/webhooks"), "request", "PATCH '/webhooks'", True),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_call_says_what_it_is_and_whether_it_changes_anything(
    made: Callable[[], operations.Call[Any]], kind: str, operation: str, changes: bool
) -> None:
    call = made()
    assert (call.kind, call.operation, call.changes) == (kind, operation, changes)
    assert call.label in operation
    assert operations.list_webhooks().label == ""


def test_what_is_refused_says_for_what_it_was() -> None:
    with pytest.raises(ReachInputError) as raised:
        operations.delete_webhook(5)  # type: ignore[arg-type]
    assert str(raised.value).startswith(
        "Nothing was sent: delete webhook was refused:\n  - webhook_id must be a text, not 5 (int)."
    )


def test_a_call_about_a_webhook_names_it() -> None:
    webhook = Webhook(id=ID, name="orders", custom_headers={"X-A": "pl4nted"})
    call = operations.update_webhook(ID, CHANGES)
    named = call.about(webhook)
    assert named.operation == f"update webhook 'orders' ({ID})"
    assert (named.method, named.path, named.body, named.repeatable, named.asks_target, named.secrets) == (
        call.method,
        call.path,
        call.body,
        call.repeatable,
        call.asks_target,
        call.secrets,
    )
    assert operations.delete_webhook(ID).about(webhook).gone_is_done
    assert call.about(Webhook(id=ID)).operation == f"update webhook {ID}"


def test_a_call_knows_the_target_that_is_tested_and_does_not_show_it() -> None:
    webhook = Webhook(id=ID, target="https://c.example.com/old?k=pl4nted")
    moved = operations.update_webhook(ID, WebhookChanges(target="https://c.example.com/new"))
    assert operations.create_webhook(SPEC).target == SPEC.target
    assert moved.about(webhook).target == moved.target == "https://c.example.com/new"
    assert (
        operations.update_webhook(ID, WebhookChanges(name="x")).target == operations.validate_webhook(ID).target == ""
    )
    for call in (operations.update_webhook(ID, WebhookChanges(name="x")), operations.validate_webhook(ID)):
        assert call.about(webhook).target == webhook.target
    assert "pl4nted" not in repr(operations.create_webhook(SPEC)) + repr(operations.validate_webhook(ID).about(webhook))


def test_a_validation_knows_how_long_it_took_and_masks_what_it_shall() -> None:
    call = operations.validate_webhook(ID)
    raw = {"results": {"msg": "saw k3y-123", "response": {"status": 200, "body": "saw k3y-123"}}}
    result = call.read(answer(raw, seconds=2.5), ("k3y-123",))
    assert (result.message, result.response.body, result.seconds) == ("saw ***", "saw ***", 2.5)


def test_the_answer_to_a_delete_says_that_it_was_done() -> None:
    call = operations.delete_webhook(ID)
    for good in (answer(b"", 204), answer({}), results({})):
        assert call.read(good, ()) is True
    assert call.read(refused(404), ()) is False
    for odd in (answer(b"<html>"), results({"id": ID}), answer({"login": "x"})):
        with pytest.raises(ContractViolation):
            call.read(odd, ())


def test_a_limit_of_more_digits_than_can_be_written_is_refused() -> None:
    with pytest.raises(ReachInputError, match="limit must be a whole number from 1, not a int that cannot be shown"):
        operations.get_batch_status(ID, 10**5000)


@pytest.mark.parametrize(
    ("path", "query", "json_", "why"),
    [
        ("/\ud800", None, None, "path holds characters"),
        ("/x", {"q": "\ud800"}, None, "cannot be sent: UnicodeEncodeError"),
        ("/x", {"\ud800": "q"}, None, "cannot be sent: UnicodeEncodeError"),
        ("/x", {"q": 10**5000}, None, "cannot be sent: ValueError"),
        ("/x", None, object(), "cannot be sent: TypeError"),
        ("/x", None, {"a": "\ud800"}, "cannot be sent: UnicodeEncodeError"),
    ],
    ids=[
        "path",
        "half a character",
        "half a character in a name",
        "too many digits",
        "no JSON",
        "half a character in JSON",
    ],
)
def test_a_request_that_cannot_be_written_is_refused(path: str, query: Any, json_: Any, why: str) -> None:
    with pytest.raises(ReachInputError, match=why):
        operations.any_request("POST", path, query, json_)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: operations.get_webhook("x"), "get webhook"),
        (lambda: operations.update_webhook("x", CHANGES), "update webhook"),
        (lambda: operations.delete_webhook("x"), "delete webhook"),
        (lambda: operations.validate_webhook("x"), "validate webhook"),
        (lambda: operations.get_batch_status("x"), "get batch status"),
        (lambda: operations.get_batch_status(ID, -5), f"get batch status of webhook {ID}"),
        (lambda: operations.any_request("GET", "x"), "GET 'x'"),
    ],
)
def test_what_is_refused_says_for_what(call: Any, what: str) -> None:
    with pytest.raises(ReachInputError) as refused:
        call()
    assert str(refused.value).startswith(f"Nothing was sent: {what} was refused:")


def test_a_limit_that_is_refused_is_shown() -> None:
    with pytest.raises(ReachInputError, match="from 1, not -5."):
        operations.get_batch_status(ID, -5)


def test_a_path_may_hold_whatever_belongs_in_one() -> None:
    path = "/webhooks/a-b._~:c@d!$&'()*+,=e"
    assert operations.any_request("GET", path).path == path


def test_the_largest_limit_is_the_largest_number_that_is_counted_with() -> None:
    assert operations.get_batch_status(ID, sys.maxsize).query == {"limit": str(sys.maxsize)}
    with pytest.raises(ReachInputError, match="limit must be"):
        operations.get_batch_status(ID, sys.maxsize + 1)


@pytest.mark.parametrize("path", ["/webhooks/..;x", "/webhooks/.;/x"])
def test_a_path_that_some_servers_read_as_another_is_refused(path: str) -> None:
    with pytest.raises(ReachInputError, match="path must start with"):
        operations.any_request("GET", path)


def test_an_id_that_is_refused_is_shown() -> None:
    with pytest.raises(ReachInputError, match="webhook_id 'orders' is not a UUID"):
        operations.get_webhook("orders")
