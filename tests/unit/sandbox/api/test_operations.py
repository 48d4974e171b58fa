"""The contract, over a real socket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from time import sleep
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from airflow_provider_reach.sandbox import Sandbox, Switches

Call = Callable[..., requests.Response]

BASIC = {"auth_type": "basic", "auth_credentials": {"username": "me", "password": "pa55"}}


def spec(reach: Sandbox, **fields: Any) -> dict[str, Any]:
    return {"name": "orders", "target": reach.target("orders").url, "events": ["bounce", "click"], **fields}


def oauth2(reach: Sandbox) -> dict[str, Any]:
    reach.target("tokens").answer(200, '{"access_token": "t0ken", "expires_in": 3600}')
    return {
        "auth_type": "oauth2",
        "auth_request_details": {
            "url": reach.target("tokens").url,
            "body": {"client_id": "me", "client_secret": "53cret", "grant_type": "client_credentials"},
        },
    }


def create(call: Call, body: dict[str, Any]) -> str:
    answer = call("POST", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["results"]["id"])


def error_of(answer: requests.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    [error] = answer.json()["errors"]
    assert isinstance(error["message"], str)
    assert isinstance(error["code"], str)
    return dict(error)


# Who may ask, and for what


@pytest.mark.parametrize("scheme", ["AccessKey", "Bearer"])
def test_both_schemes_are_let_in(reach: Sandbox, call: Call, scheme: str) -> None:
    answer = call("GET", authorization=f"{scheme} {reach.api_key}")
    assert answer.status_code == 200
    assert answer.json() == {"results": []}


@pytest.mark.parametrize("authorization", ["AccessKey wrong", "Bearer", "Basic {key}", "{key}", "AccessKey {key}x"])
def test_anything_else_is_401(reach: Sandbox, call: Call, authorization: str) -> None:
    answer = call("GET", authorization=authorization.format(key=reach.api_key))
    assert error_of(answer, 401)["code"] == "unauthorized"


def test_no_key_at_all_is_401(reach: Sandbox, call: Call) -> None:
    error_of(call("GET", headers={}), 401)


def test_a_known_key_without_access_is_403(reach: Sandbox, call: Call) -> None:
    assert error_of(call("GET", authorization=f"AccessKey {reach.limited_key}"), 403)["code"] == "forbidden"


def test_an_unknown_workspace_is_404_and_one_that_is_no_uuid_400(reach: Sandbox) -> None:
    headers = {"Authorization": f"AccessKey {reach.api_key}"}
    for workspace_id, status in ((str(uuid4()), 404), ("ws_1", 400), (reach.workspace_id.upper(), 200)):
        url = f"{reach.base_url}/workspaces/{workspace_id}/reach/webhooks"
        answer = requests.get(url, headers=headers, timeout=10)
        assert answer.status_code == status
        if status != 200:
            error_of(answer, status)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/validate"), ("GET", "/batch-status")],
)
def test_an_unknown_webhook_is_404_and_an_id_that_is_no_uuid_400(call: Call, method: str, path: str) -> None:
    assert error_of(call(method, f"/{uuid4()}{path}", json={}), 404)["message"] == "Webhook not found"
    assert "webhook_id is not a UUID: 17" in error_of(call(method, f"/17{path}", json={}), 400)["description"]
    error_of(call(method, f"/{{{uuid4()}}}{path}", json={}), 400)


def test_ids_are_taken_in_any_case(reach: Sandbox, call: Call) -> None:
    webhook_id = reach.add_webhook("orders", target="http://127.0.0.1:9")
    assert call("GET", f"/{webhook_id.upper()}").json()["results"]["name"] == "orders"


@pytest.mark.parametrize(("method", "path", "status"), [("PATCH", "", 405), ("GET", "/", 404), ("GET", "/a/b/c", 404)])
def test_what_the_api_has_not_is_an_error_in_json_too(
    reach: Sandbox, call: Call, method: str, path: str, status: int
) -> None:
    error_of(call(method, path), status)
    assert reach.requests[-1].operation is None


# Create


def test_create_tests_the_target_and_answers_id_and_links(reach: Sandbox, call: Call) -> None:
    answer = call("POST", json=spec(reach))
    results = answer.json()["results"]
    assert answer.status_code == 200
    assert sorted(results) == ["id", "links"]
    assert str(UUID(results["id"])) == results["id"]
    assert results["links"][0]["href"].endswith(f"/{reach.workspace_id}/reach/webhooks/{results['id']}")
    [test_post] = reach.target("orders").received
    assert test_post.body == [{"msys": {}}]
    assert test_post.batch_id == "77c2b630-d712-11e4-9642-efc2723b99c1"


def test_a_failing_target_is_told_and_nothing_is_created(reach: Sandbox, call: Call) -> None:
    reach.target("orders").answer(403, "go away", {"X-Reason": "key"})
    error = error_of(call("POST", json=spec(reach)), 400)
    assert error["response"]["status"] == 403
    assert error["response"]["body"] == "go away"
    assert error["response"]["headers"]["X-Reason"] == "key"
    assert (error["message"], error["code"]) == (
        "POST to webhook target URL failed with non-2xx response code 403",
        "400",
    )
    assert "description" not in error
    assert call("GET").json() == {"results": []}


@pytest.mark.parametrize(
    ("conduct", "code"), [("refuse", "ECONNREFUSED"), ("hang", "ETIMEDOUT"), ("hang_up", "ECONNRESET")]
)
def test_a_target_that_does_not_answer_is_told_by_its_code(reach: Sandbox, call: Call, conduct: str, code: str) -> None:
    getattr(reach.target("orders"), conduct)()
    error = error_of(call("POST", json=spec(reach)), 400)
    assert error == {"message": f"POST to webhook target URL failed with error code {code}", "code": "400"}


@pytest.mark.parametrize("status", [201, 202, 204, 301])
def test_only_200_will_do(reach: Sandbox, call: Call, status: int) -> None:
    reach.target("orders").answer(status, headers={"Location": "/elsewhere"})
    assert error_of(call("POST", json=spec(reach)), 400)["response"]["status"] == status


def test_events_come_after_a_minute(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach))
    assert reach.send(webhook_id, 1) == []
    reach.advance(minutes=1)
    assert len(reach.send(webhook_id, 1)) == 1


def test_names_need_not_be_unique(reach: Sandbox, call: Call) -> None:
    assert create(call, spec(reach)) != create(call, spec(reach))
    assert [webhook["name"] for webhook in call("GET").json()["results"]] == ["orders", "orders"]


def test_fields_the_contract_does_not_know_are_ignored(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach, auth_credential={"username": "typo"}))
    assert call("GET", f"/{webhook_id}").json()["results"]["auth_credentials"] == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"name": " "},
        {"name": 5},
        {"target": None},
        {"target": "ftp://host/"},
        {"target": "http://"},
        {"target": "http://host:port/"},
        {"target": "http://host/a b"},
        {"target": "http://host:0/"},
        {"events": []},
        {"events": "bounce"},
        {"events": [5]},
        {"active": "yes"},
        {"custom_headers": ["X"]},
        {"custom_headers": {"X": 5}},
        {"auth_type": "digest"},
        {"auth_type": "basic"},
        {"auth_type": "basic", "auth_credentials": {"username": "", "password": "x"}},
        {"auth_type": "basic", "auth_credentials": "me"},
        {"auth_type": "oauth2"},
        {"auth_type": "oauth2", "auth_request_details": {"url": "http://host/"}},
        {"auth_type": "oauth2", "auth_request_details": {"url": 5, "body": {}}},
        {"auth_type": "oauth2", "auth_request_details": {"url": "http://host/", "body": "a=b"}},
    ],
)
def test_wrong_fields_are_refused_before_any_test_post(reach: Sandbox, call: Call, wrong: dict[str, Any]) -> None:
    assert error_of(call("POST", json=spec(reach, **wrong)), 400)["code"] == "invalid_field"
    webhook_id = create(call, spec(reach))
    assert error_of(call("PUT", f"/{webhook_id}", json=wrong), 400)["code"] == "invalid_field"
    assert len(reach.target("orders").received) == 1


@pytest.mark.parametrize("field", ["name", "target", "events"])
def test_missing_fields_are_refused(reach: Sandbox, call: Call, field: str) -> None:
    body = spec(reach)
    del body[field]
    assert field in error_of(call("POST", json=body), 400)["description"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"name": "x"'])
def test_what_is_no_json_is_refused(call: Call, body: bytes) -> None:
    assert error_of(call("POST", data=body), 400)["code"] == "invalid_json"


@pytest.mark.parametrize("body", [b"[]", b"5", b"null"])
def test_what_is_no_object_is_refused(call: Call, body: bytes) -> None:
    assert error_of(call("POST", data=body), 400)["code"] == "invalid_field"


# Update and delete


def test_an_update_changes_what_it_gives_and_nothing_else(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach, **BASIC, custom_headers={"X": "1"}))
    before = call("GET", f"/{webhook_id}").json()["results"]
    answer = call("PUT", f"/{webhook_id}", json={"name": "new", "active": False})
    assert answer.status_code == 200
    assert answer.json()["results"]["id"] == webhook_id
    assert call("GET", f"/{webhook_id}").json()["results"] == {**before, "name": "new", "active": False}
    call("PUT", f"/{webhook_id}", json={"custom_headers": {}})
    assert call("GET", f"/{webhook_id}").json()["results"]["custom_headers"] == {}
    assert len(reach.target("orders").received) == 1


def test_a_new_target_is_tested_first(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach))
    reach.target("new").answer(500)
    body = {"target": reach.target("new").url, "name": "new"}
    assert error_of(call("PUT", f"/{webhook_id}", json=body), 400)["response"]["status"] == 500
    assert call("GET", f"/{webhook_id}").json()["results"]["name"] == "orders"
    reach.target("new").answer(200)
    assert call("PUT", f"/{webhook_id}", json=body).status_code == 200
    assert call("GET", f"/{webhook_id}").json()["results"]["target"] == reach.target("new").url
    assert len(reach.target("new").received) == 2
    assert len(reach.target("orders").received) == 1


def test_what_is_queued_goes_to_the_old_target_with_the_old_credentials(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach, **BASIC))
    reach.advance(minutes=1)
    reach.target("orders").answer(503)
    [old] = reach.send(webhook_id, 1)
    new = {"target": reach.target("new").url, "auth_credentials": {"username": "you", "password": "new"}}
    assert call("PUT", f"/{webhook_id}", json=new).status_code == 200
    [fresh] = reach.send(webhook_id, 1)
    assert call("DELETE", f"/{webhook_id}").status_code == 204
    reach.target("orders").answer(200)
    reach.advance(hours=1)
    assert [batch.state for batch in reach.batches(webhook_id)] == ["delivered", "delivered"]
    last = reach.target("orders").received[-1]
    assert (last.batch_id, last.headers["Authorization"]) == (old, "Basic bWU6cGE1NQ==")
    last = reach.target("new").received[-1]
    assert (last.batch_id, last.headers["Authorization"]) == (fresh, "Basic eW91Om5ldw==")


def test_a_deleted_webhook_is_gone(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach))
    answer = call("DELETE", f"/{webhook_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Length" not in answer.headers
    for method, path in (("GET", ""), ("GET", "/batch-status"), ("DELETE", "")):
        error_of(call(method, f"/{webhook_id}{path}"), 404)
    assert call("GET").json() == {"results": []}


def test_a_webhook_deleted_during_its_update_is_404(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach))
    new = reach.target("new")
    new.late = 0.1
    new.hang()
    with ThreadPoolExecutor(1) as other:
        update = other.submit(call, "PUT", f"/{webhook_id}", json={"target": new.url})
        while not new.received:
            sleep(0.01)
        reach.delete_webhook(webhook_id)
        error_of(update.result(5), 404)


# Validate


def test_validate_shows_the_answer_of_the_target(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach, custom_headers={"X-Shop": "1"}))
    reach.target("orders").answer(200, "thanks", {"X-Server": "shop"})
    results = call("POST", f"/{webhook_id}/validate").json()["results"]
    assert results["msg"]
    assert results["response"]["status"] == 200
    assert results["response"]["headers"]["X-Server"] == "shop"
    assert results["response"]["body"] == "thanks"
    assert reach.target("orders").received[-1].headers["x-shop"] == "1"
    assert reach.batches(webhook_id) == []


@pytest.mark.parametrize(("test_batch", "types"), [("empty", []), ("sample", ["bounce", "click"])])
@pytest.mark.parametrize(("test_batch_id", "ids"), [("fixed", 1), ("fresh", 3)])
def test_the_test_batch_is_as_the_switches_say(
    calling: Callable[[Sandbox], Call], test_batch: Any, types: list[str], test_batch_id: Any, ids: int
) -> None:
    with Sandbox(switches=Switches(test_batch=test_batch, test_batch_id=test_batch_id)) as reach:
        webhook_id = create(calling(reach), spec(reach))
        for _ in range(2):
            calling(reach)("POST", f"/{webhook_id}/validate")
        received = reach.target("orders").received
    assert len({got.batch_id for got in received}) == ids
    assert {len(str(got.batch_id)) for got in received} == {36 if test_batch_id == "fixed" else 32}
    for got in received:
        assert [fields["type"] for event in got.body for fields in event["msys"].values()] == types
        assert len(got.body) == (len(types) or 1)


def test_validate_fails_with_the_answer_of_the_target(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach))
    reach.target("orders").answer(413, "too large")
    assert error_of(call("POST", f"/{webhook_id}/validate"), 400)["response"]["body"] == "too large"
    reach.target("orders").refuse()
    assert "response" not in error_of(call("POST", f"/{webhook_id}/validate"), 400)


# OAuth 2


def test_a_token_is_fetched_and_used(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach, **oauth2(reach)))
    reach.advance(minutes=1)
    reach.send(webhook_id, 1)
    call("POST", f"/{webhook_id}/validate")
    assert [got.headers["Authorization"] for got in reach.target("orders").received] == ["Bearer t0ken"] * 3
    assert [got.body["client_secret"] for got in reach.target("tokens").received] == ["53cret"]


def test_any_update_fetches_a_token(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach, **oauth2(reach)))
    give(reach, "new")
    call("PUT", f"/{webhook_id}", json={"name": "new"})
    assert len(reach.target("tokens").received) == 2
    assert len(reach.target("orders").received) == 1
    call("POST", f"/{webhook_id}/validate")
    assert reach.target("orders").received[-1].headers["Authorization"] == "Bearer new"
    assert call("GET", f"/{webhook_id}").json()["results"]["auth_credentials"]["access_token"] == "new"


def test_an_update_that_is_refused_leaves_the_token(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach, **oauth2(reach)))
    give(reach, "new")
    reach.target("other").answer(503)
    error_of(call("PUT", f"/{webhook_id}", json={"target": reach.target("other").url}), 400)
    assert reach.target("other").received[-1].headers["Authorization"] == "Bearer new"
    call("POST", f"/{webhook_id}/validate")
    assert reach.target("orders").received[-1].headers["Authorization"] == "Bearer t0ken"


@pytest.mark.parametrize(("status", "fetched"), [(400, 2), (401, 2), (403, 1), (429, 1), (500, 1)])
def test_a_target_that_answers_400_or_401_makes_the_service_fetch_a_new_token(
    reach: Sandbox, call: Call, status: int, fetched: int
) -> None:
    webhook_id = create(call, spec(reach, **oauth2(reach)))
    give(reach, "new")
    reach.advance(minutes=1)
    reach.target("orders").answer_in_turn(status, 200)
    reach.send(webhook_id, 1)
    reach.advance(minutes=30)
    assert [batch.state for batch in reach.batches(webhook_id)] == ["delivered"]
    first, last = (got.headers["Authorization"] for got in reach.target("orders").received[-2:])
    assert (first, last) == ("Bearer t0ken", "Bearer new" if fetched == 2 else "Bearer t0ken")
    assert len(reach.target("tokens").received) == fetched
    shown = call("GET", f"/{webhook_id}").json()["results"]["auth_credentials"]["access_token"]
    assert shown == last.removeprefix("Bearer ")


def test_so_does_a_validation(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach, **oauth2(reach)))
    give(reach, "new")
    reach.target("orders").answer_in_turn(401, 200)
    error_of(call("POST", f"/{webhook_id}/validate"), 400)
    assert call("POST", f"/{webhook_id}/validate").status_code == 200
    assert reach.target("orders").received[-1].headers["Authorization"] == "Bearer new"


def test_what_is_queued_keeps_the_token_of_its_own_credentials(reach: Sandbox, call: Call) -> None:
    webhook_id = create(call, spec(reach, **oauth2(reach)))
    reach.advance(minutes=1)
    reach.target("orders").answer_in_turn(503, 200)
    reach.send(webhook_id, 1)
    give(reach, "of the new ones")
    details = {"url": reach.target("tokens").url, "body": {"client_id": "another"}}
    assert call("PUT", f"/{webhook_id}", json={"auth_request_details": details}).status_code == 200
    reach.advance(minutes=30)
    assert reach.target("orders").received[-1].headers["Authorization"] == "Bearer t0ken"


def give(reach: Sandbox, token: str) -> None:
    """Let the authorization server give another token from now on."""
    reach.target("tokens").answer(200, f'{{"access_token": "{token}", "expires_in": 3600}}')


@pytest.mark.parametrize(
    ("status", "body"), [(401, '{"error": "invalid_client"}'), (200, "no json"), (200, "{}"), (200, "[]")]
)
def test_without_token_nothing_is_created_or_changed(reach: Sandbox, call: Call, status: int, body: str) -> None:
    webhook_id = create(call, spec(reach, **oauth2(reach)))
    reach.target("tokens").answer(status, body)
    by_hand = reach.add_webhook("orders", target=reach.target("orders").url, **oauth2_details(reach))
    for method, path in (("POST", ""), ("PUT", f"/{webhook_id}"), ("POST", f"/{by_hand}/validate")):
        error = error_of(call(method, path, json={**spec(reach), **oauth2_details(reach), "name": "new"}), 400)
        assert (error["message"], error["code"]) == ("POST to webhook tokens URL failed", "400")
        assert (error["response"]["status"], error["response"]["body"]) == (status, body)
        assert "description" not in error
    reach.delete_webhook(by_hand)
    assert [webhook["name"] for webhook in call("GET").json()["results"]] == ["orders"]


def oauth2_details(reach: Sandbox) -> dict[str, Any]:
    """The same authentication, without a word to the authorization server."""
    return {"auth_type": "oauth2", "auth_request_details": {"url": reach.target("tokens").url, "body": {}}}


def test_without_token_a_delivery_fails_and_never_reaches_the_target(reach: Sandbox, call: Call) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url, **oauth2_details(reach))
    reach.target("tokens").refuse()
    reach.send(webhook_id, 1)
    [batch] = reach.batches(webhook_id)
    assert batch.attempts == [(reach.now, None, "ENOTOKEN")]
    assert not reach.target("orders").received
    error = error_of(call("POST", f"/{webhook_id}/validate"), 400)
    assert error == {"message": "POST to webhook tokens URL failed", "code": "400"}


# List, and what is shown of secrets


def test_list_tells_what_really_happened(reach: Sandbox, call: Call, start: datetime) -> None:
    webhook_id = create(call, spec(reach))
    [fresh] = call("GET").json()["results"]
    assert fresh["id"] == webhook_id
    assert not {"last_successful", "last_failure"} & set(fresh)
    reach.advance(minutes=1)
    reach.send(webhook_id, 1)
    reach.target("orders").answer(503)
    reach.advance(hours=1)
    reach.send(webhook_id, 1)
    [webhook] = call("GET").json()["results"]
    assert webhook["last_successful"] == "2026-03-01T12:01:00.000Z"
    assert webhook["last_failure"] == "2026-03-01T13:01:00.000Z"
    retrieved = call("GET", f"/{webhook_id}").json()["results"]
    assert not {"id", "last_successful", "last_failure"} & set(retrieved)


@pytest.mark.parametrize(
    ("secrets", "password", "token", "client_secret", "headers"),
    [
        ("echoed", "pa55", "t0ken", "53cret", {"X-Key": "h3ader"}),
        ("masked", "********", "********", "********", {"X-Key": "********"}),
        ("absent", None, None, None, None),
    ],
)
def test_secrets_are_shown_as_the_switch_says(
    calling: Callable[[Sandbox], Call],
    secrets: Any,
    password: str | None,
    token: str | None,
    client_secret: str | None,
    headers: dict[str, str] | None,
) -> None:
    with Sandbox(switches=Switches(secrets=secrets)) as reach:
        call = calling(reach)
        create(call, spec(reach, **BASIC, custom_headers={"X-Key": "h3ader"}))
        create(call, spec(reach, **oauth2(reach)))
        basic, oauth = call("GET").json()["results"]
        assert basic["auth_credentials"]["username"] == "me"
        assert basic["auth_credentials"].get("password") == password
        assert basic.get("custom_headers") == headers
        assert oauth["auth_credentials"]["expires_in"] == 3600
        assert oauth["auth_credentials"].get("access_token") == token
        assert oauth["auth_request_details"]["body"]["client_id"] == "me"
        assert oauth["auth_request_details"]["body"].get("client_secret") == client_secret
        for webhook in (basic, oauth):
            retrieved = call("GET", f"/{webhook['id']}").json()["results"]
            assert {name: webhook[name] for name in retrieved} == retrieved
        leaked = {"pa55", "t0ken", "53cret", "h3ader"} & set(call("GET").text.replace('"', " ").split())
        assert bool(leaked) == (secrets == "echoed")


def test_custom_headers_may_be_left_out(calling: Callable[[Sandbox], Call]) -> None:
    with Sandbox(switches=Switches(custom_headers="absent")) as reach:
        webhook_id = create(calling(reach), spec(reach, **BASIC, custom_headers={"X-Key": "h3ader"}))
        webhook = calling(reach)("GET", f"/{webhook_id}").json()["results"]
        assert "custom_headers" not in webhook
        assert webhook["auth_credentials"]["password"] == "pa55"


# The clock


@pytest.mark.parametrize("offset", [timedelta(0), timedelta(minutes=-10), timedelta(minutes=10)])
def test_the_service_goes_by_its_own_clock(
    calling: Callable[[Sandbox], Call], start: datetime, offset: timedelta
) -> None:
    with Sandbox(start=start, clock_offset=offset) as reach:
        target = reach.target("orders")
        target.answer(503)
        webhook_id = reach.add_webhook("orders", target=target.url)
        reach.send(webhook_id, 1)
        answer = calling(reach)("GET", f"/{webhook_id}/batch-status")
        assert reach.now == start
        assert parsedate_to_datetime(answer.headers["Date"]) == start + offset
        assert datetime.fromisoformat(answer.json()["results"][0]["ts"].replace("Z", "+00:00")) == start + offset
        last_failure = calling(reach)("GET").json()["results"][0]["last_failure"]
        assert datetime.fromisoformat(last_failure.replace("Z", "+00:00")) == start + offset
        assert reach.batches(webhook_id)[0].created == start
