from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.api.exchange import Send, ask
from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.webhooks.create import create
from airflow_provider_reach.core.webhooks.spec import WebhookChanges
from tests.unit.core.api.replies import (
    GOOD,
    LIST,
    LOST,
    SPEC,
    TIMEOUT,
    TOO_LARGE,
    UNREACHABLE,
    asked,
)
from tests.unit.core.helpers import (
    ID,
    NOW,
    Reply,
    answer,
    ask_context,
    bounded,
    play,
    refused,
)


def test_a_good_answer_is_the_result() -> None:
    played = asked(LIST, GOOD)
    assert (played.result.webhooks, played.sent, played.waits) == ([], [LIST], [])


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_every_2xx_is_good(status: int) -> None:
    assert asked(operations.any_request("GET", "/x"), answer({"a": 1}, status)).result == {"a": 1}


def test_an_answer_that_passed_the_clients_bound_is_not_read() -> None:
    played = asked(LIST, TOO_LARGE, budget=0)
    assert type(played.error) is errors.ReachDecodeError
    assert "is not the Reach API's: larger than any answer of the API. It begins" in str(played.error)


def test_an_answer_that_cannot_be_read_says_why() -> None:
    played = asked(LIST, Answer(200, {}, b"", NOW, unreadable="its body breaks off"), budget=0)
    assert type(played.error) is errors.ReachDecodeError
    assert "is not the Reach API's: its body breaks off. " in str(played.error)


def test_the_last_of_several_errors_is_raised() -> None:
    played = asked(LIST, refused(503), TIMEOUT, refused(401))
    assert type(played.error) is errors.ReachAuthError
    assert [wait.reason for wait in played.waits] == [
        str(asked(LIST, r, budget=0).error) for r in (refused(503), TIMEOUT)
    ]


# delete: 404 to a repeat means that the lost first one was carried out
DELETE = operations.delete_webhook(ID)


@pytest.mark.parametrize("first", [TIMEOUT, LOST, refused(500), answer(b"", 503)])
def test_a_delete_whose_answer_was_lost_is_done_when_it_is_gone(first: Reply) -> None:
    for last, said in (([refused(404)], False), ([UNREACHABLE, refused(404)], False), ([answer(b"", 204)], True)):
        played = asked(DELETE, first, *last)
        assert played.error is None
        assert played.result is said


def test_a_page_in_the_place_of_the_api_deletes_nothing() -> None:
    assert type(asked(DELETE, answer(b"<html>Log in"), budget=0).error) is errors.ReachDecodeError
    assert asked(DELETE, answer(b"<html>Log in"), refused(404)).error is None
    assert asked(DELETE, answer({"results": {}})).error is None


@pytest.mark.parametrize("before", [[], [UNREACHABLE], [refused(429)]])
def test_a_delete_of_what_was_not_there_is_an_error(before: list[Reply]) -> None:
    assert type(asked(DELETE, *before, refused(404)).error) is errors.ReachNotFoundError


def test_only_a_delete_is_done_when_it_is_gone() -> None:
    update = operations.update_webhook(ID, WebhookChanges(active=True))
    assert type(asked(update, LOST, refused(404)).error) is errors.ReachNotFoundError
    assert type(asked(operations.get_webhook(ID), LOST, refused(404)).error) is errors.ReachNotFoundError


# No secret in any message, whatever the answer's shape
KEY = "k3y-pl4nted"
SAID = f"the key {KEY} and the password pl4nted-password"
ECHOES: list[Reply] = [
    *(Failure(kind, SAID) for kind in ("unreachable", "timeout", "lost")),  # type: ignore[arg-type]
    *(
        answer(body, status, retry_after="1", location=f"https://u:{KEY}@h/?{KEY}")
        for status in (200, 302, 400, 401, 403, 404, 429, 500)
        for body in (
            {"errors": [{"message": SAID, "code": SAID, "description": SAID}]},
            {"errors": {"message": SAID}},
            {"errors": SAID},
            {"error": {"type": SAID, "message": {"nested": [SAID]}}},
            {"message": SAID},
            {"errors": [{"message": "m", "response": {"status": 500, "headers": {SAID: SAID}, "body": SAID}}]},
            {"errors": [{"message": "m", "response": {"status": 500, "body": {"nested": [SAID]}}}]},
            {"results": {"id": None, "auth_credentials": {"password": "pl4nted-password"}, "x": KEY}},
            {"unknown": SAID},
            f"<html>{SAID}</html>".encode(),
            f'{{"results": [{{"x": "{SAID}'.encode(),
            f"{' ' * 2380}{SAID}".encode(),
            SAID.encode(),
            SAID,
            [SAID],
        )
    ),
]


@pytest.mark.parametrize("reply", ECHOES)
@pytest.mark.parametrize("budget", [0.0, 5.0])
def test_no_secret_is_in_any_error_or_wait(reply: Reply, budget: float) -> None:
    played = play(create(SPEC, ask_context(budget, KEY)), forever=reply)
    update = operations.update_webhook(ID, WebhookChanges(auth_type="basic", auth_credentials=SPEC.auth_credentials))
    again = play(ask(update, ask_context(budget, KEY)), forever=reply)
    for done in (played, again):
        error = done.error
        assert error is not None
        shown = [str(error), repr(error), str(error.__cause__), str(getattr(error, "service_message", ""))]
        shown += [str(wait) for wait in done.waits] + [repr(call) for call in done.sent] + [repr(reply.__class__)]
        assert "pl4nted" not in " ".join(shown)
        assert all(len(text) < 2000 for text in shown)


def webhook_with(secret: str) -> dict[str, Any]:
    return {
        "id": ID,
        "name": "orders",
        "target": f"https://u:{secret}@c.example.com/x?key={secret}",
        "auth_token": secret,
        "auth_credentials": {"username": "u", "password": secret, "access_token": secret},
        "auth_request_details": {"url": "https://a", "body": {"client_id": "i", "client_secret": secret}},
        "custom_headers": {"X-Harmless": secret},
    }


@bounded
@given(st.integers(1, 600), st.sampled_from([None, 1, 4]), st.booleans())
def test_a_list_cut_off_anywhere_shows_no_secret_of_the_webhooks_in_it(cut: int, indent: int | None, bom: bool) -> None:
    body = json.dumps({"results": [webhook_with("S3cret-of-a-target")] * 2}, indent=indent)
    text = ("\ufeff" if bom else "") + body[: max(1, len(body) - cut)]
    played = play(ask(LIST, ask_context(0.0)), answer(text.encode()))
    assert isinstance(played.error, errors.ReachDecodeError)
    assert "S3cret" not in str(played.error)
    assert "list webhooks" in str(played.error)


@pytest.mark.parametrize(("left", "budget"), [(5.0, 5.0), (0.0, 0.0), (-3.0, 0.0)])
def test_a_request_waits_for_its_turn_no_longer_than_the_budget_lasts(left: float, budget: float) -> None:
    assert next(ask(LIST, ask_context(left))) == Send(LIST, budget)


def test_what_calls_share_shows_no_secret() -> None:
    context = ask_context(60.0, "k3y-4711").masking("p4ssword")
    assert context.secrets == ("k3y-4711", "p4ssword")
    assert context.with_budget(5.0).secrets == context.secrets
    assert "k3y-4711" not in repr(context)
    assert "p4ssword" not in repr(context)


def test_the_budget_is_shared_unless_it_is_replaced() -> None:
    context = ask_context(60.0)
    assert context.masking("k3y-4711").budget is context.budget
    assert context.with_budget(5.0).budget.left == 5.0
    assert context.budget.left == 60.0


def test_what_is_read_of_a_404_to_a_repeat_is_masked_too() -> None:
    call: Call[Any] = replace(DELETE, read=lambda _, secrets: secrets)  # type: ignore[arg-type,return-value]
    lost = Failure("lost", "")
    assert play(ask(call, ask_context(60.0, "k3y-4711")), lost, refused(404)).result == ("k3y-4711",)


def test_who_says_nothing_does_not_wait_for_a_turn() -> None:
    assert Send(LIST).pool_timeout == 0.0
