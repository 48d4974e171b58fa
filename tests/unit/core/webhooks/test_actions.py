from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.exchange import Wait
from airflow_provider_reach.core.api.responses import Failure
from airflow_provider_reach.core.webhooks.actions import Deleted, Validated, delete, validate
from airflow_provider_reach.core.webhooks.find import LOOK_AGAIN
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from tests.unit.core.helpers import ID, OTHER_ID, Played, Reply, answer, ask_context, listed, play, refused, results

ORDERS = {"id": ID, "name": "orders", "target": "https://c.example.com", "active": True}
OTHER = {**ORDERS, "id": OTHER_ID, "name": "other"}
LIST, GET = "GET /webhooks", f"GET /webhooks/{ID}"
VALIDATE, DELETE = f"POST /webhooks/{ID}/validate", f"DELETE /webhooks/{ID}"
LOST = Failure("lost", "d")


def validated(*script: Reply, by_id: str = "", name: str = "orders", budget: float = 60.0) -> Played[Validated]:
    return play(validate(WebhookRef(by_id, name), ask_context(budget, "k3y-123")), *script)


def deleted(
    *script: Reply, by_id: str = "", name: str = "orders", budget: float = 60.0, **options: Any
) -> Played[Deleted]:
    return play(delete(WebhookRef(by_id, name), ask_context(budget, "k3y-123"), **options), *script)


def said(status: int | None = 200, body: str = "ok", seconds: float = 0.0, message: str = "done") -> Reply:
    """The service's 200 to a validation, whatever the target said."""
    response = {"status": status, "headers": {"Server": "nginx"}, "body": body}
    return answer({"results": {"msg": message, "response": response}}, seconds=seconds)


@pytest.mark.parametrize(("by_id", "name"), [(ID, ""), ("", "orders"), (ID, "a label")])
def test_a_target_that_answers_200_is_valid(by_id: str, name: str) -> None:
    there, asked = (results(ORDERS), GET) if by_id else (listed(OTHER, ORDERS), LIST)
    played = validated(there, said(seconds=1.5), by_id=by_id, name=name)
    assert played.requests == [asked, VALIDATE]
    assert (played.result.webhook.id, played.result.webhook.name) == (ID, "orders")
    assert (played.result.result.ok, played.result.result.message, played.result.result.seconds) == (True, "done", 1.5)


@pytest.mark.parametrize("status", [201, 204, 401, 503, None])
def test_a_target_that_does_not_answer_200_is_not_valid_though_the_service_says_200(status: int | None) -> None:
    played = validated(listed(ORDERS), said(status, "who are you?", 2.25))
    assert type(played.error) is errors.ReachTargetError
    assert (played.error.status, played.error.response.status) == (200, status)
    answered = f"HTTP {status}" if status else "no HTTP status"
    sent = ', documented as [{"msys": {}}]' if status in (401, 503) else ""
    assert str(played.error) == (
        f"Could not validate webhook 'orders' ({ID}):\n"
        f"the webhook's target answered {answered}: who are you? [Server: nginx], in a call of 2.2 s.\n"
        "The service said: done\n"
        f"It must answer exactly 200 within 10 s to the service's test batch{sent}: fix the target (look at its log), "
        "then run this again."
    )


def test_a_redirect_is_told_by_the_target_that_the_webhook_has() -> None:
    response = {"status": 308, "headers": {"Location": "orders/"}}
    for status in (200, 400):
        entry = {"message": "no", "msg": "no", "response": response}
        told = answer({"results": entry} if status == 200 else {"errors": [entry]}, status)
        assert "It redirects to https://c.example.com/orders/, and" in str(validated(listed(ORDERS), told).error)


@pytest.mark.parametrize("status", [200, 201, 502, None])
def test_a_token_that_was_not_given_is_no_validation_whatever_its_server_answered(status: int | None) -> None:
    played = validated(listed(ORDERS), said(status, "no", message="POST to webhook tokens URL failed"))
    assert type(played.error) is errors.ReachTargetError
    assert "\nthe authorization server answered " in str(played.error)
    assert "target" not in str(played.error)


def test_nor_is_a_post_that_failed() -> None:
    played = validated(listed(ORDERS), said(200, "ok", message="POST to webhook target URL failed"))
    assert "\nthe webhook's target answered HTTP 200: ok" in str(played.error)


def test_both_ways_in_which_the_service_tells_of_a_refusal_read_alike() -> None:
    response = {"status": 401, "headers": {"Server": "nginx"}, "body": "no"}
    ok = validated(listed(ORDERS), said(401, "no"))
    bad = validated(listed(ORDERS), answer({"errors": [{"message": "done", "response": response}]}, 400))
    assert type(bad.error) is type(ok.error) is errors.ReachTargetError
    assert str(bad.error) == str(ok.error)
    assert bad.error.response == ok.error.response


@pytest.mark.parametrize("status", [200, 400])
def test_what_a_target_echoes_shows_no_secret_of_its_webhook(status: int) -> None:
    webhook = {
        **ORDERS,
        "auth_credentials": {"username": "u", "password": "p-pl4nted"},
        "custom_headers": {"X-Harmless": "h-pl4nted"},
        "auth_request_details": {"body": {"client_secret": "c-pl4nted"}},
        "auth_token": "t-pl4nted",
    }
    echo = "saw p-pl4nted h-pl4nted c-pl4nted t-pl4nted k3y-123"
    response = {"status": 401, "headers": {"Via": echo}, "body": echo}
    entry = {"message": echo, "msg": echo, "response": response}
    played = validated(listed(webhook), answer({"results": entry} if status == 200 else {"errors": [entry]}, status))
    assert type(played.error) is errors.ReachTargetError
    response_said = str(played.error.response)
    assert "pl4nted" not in repr(played.error) + repr(vars(played.error))
    for shown in (str(played.error), response_said, played.error.service_message):
        assert "pl4nted" not in shown
        assert "k3y-123" not in shown
        assert "saw *** *** *** *** ***" in shown


def test_what_a_valid_target_echoes_shows_no_secret_either() -> None:
    webhook = {**ORDERS, "custom_headers": {"X-Harmless": "h-pl4nted"}}
    result = validated(listed(webhook), said(200, "saw h-pl4nted", message="saw h-pl4nted")).result
    assert (result.result.message, result.result.response.body) == ("saw ***", "saw ***")
    assert "pl4nted" not in repr(result)


def test_a_webhook_that_is_not_there_is_not_validated() -> None:
    played = validated(listed(OTHER), listed(OTHER), by_id="", name="Other")
    assert type(played.error) is errors.ReachLookupError
    assert "Is it 'other'?" in str(played.error)
    assert type(validated(*[refused(404), listed(OTHER)] * 2, by_id=ID).error) is errors.ReachLookupError
    assert type(validated(listed(ORDERS), refused(404)).error) is errors.ReachNotFoundError
    assert type(validated(listed(ORDERS, ORDERS), by_id="", name="orders").error) is errors.ReachLookupError


def test_a_validation_whose_answer_was_lost_is_asked_for_again() -> None:
    played = validated(listed(ORDERS), LOST, said())
    assert played.requests == [LIST, VALIDATE, VALIDATE]
    assert played.result.result.ok


def test_a_400_without_what_the_target_answered_is_the_target_s_most_likely() -> None:
    played = validated(listed(ORDERS), refused(400, "no k3y-123"))
    assert type(played.error) is errors.ReachTargetError
    assert not played.error.final
    assert f"Could not validate webhook 'orders' ({ID}):\nthe service answered HTTP 400: no k3y-123" not in str(
        played.error
    )
    assert "HTTP 400: no ***" in str(played.error)


def test_an_answer_without_the_target_s_is_no_validation() -> None:
    played = validated(listed(ORDERS), results({"msg": "ok"}), budget=0.0)
    assert type(played.error) is errors.ReachDecodeError


# delete
@pytest.mark.parametrize(("by_id", "name"), [(ID, ""), ("", "orders"), (ID, "a label")])
@pytest.mark.parametrize("ignore", [True, False])
def test_a_webhook_is_deleted(by_id: str, name: str, ignore: bool) -> None:
    there, asked = (results(ORDERS), GET) if by_id else (listed(OTHER, ORDERS), LIST)
    played = deleted(there, answer(b"", 204), by_id=by_id, name=name, ignore_if_missing=ignore)
    assert played.requests == [asked, DELETE]
    assert played.result == Deleted(webhook_id=ID, said=f"Deleted webhook 'orders' ({ID}).", deleted=True)


def test_what_is_not_there_need_not_be_deleted() -> None:
    hint = "Those of the connection's workspace: 'other'."
    played = deleted(listed(OTHER), listed(OTHER), by_id="", name=" orders")
    assert (played.requests, played.waited) == ([LIST, LIST], LOOK_AGAIN)
    assert played.result == Deleted(webhook_id="", said=f"There is no webhook named 'orders'. {hint}", deleted=False)
    twice = [refused(404), listed(OTHER)] * 2
    said = f"There is no webhook of the id {ID}."
    assert deleted(*twice, by_id=ID, name="").result == Deleted(webhook_id=ID, said=f"{said} {hint}", deleted=False)
    labelled = deleted(*twice, by_id=ID, name="other").result
    assert (
        labelled.said == f"{said} The one named 'other' has another id, {OTHER_ID}; with an id given, the id decides."
    )
    assert (labelled.deleted, labelled.doubtful) == (False, True)


@pytest.mark.parametrize(
    ("name", "doubtful"), [("Other", True), ("other\u200b", True), ("others", False), ("orders", False)]
)
def test_one_that_looks_the_same_may_have_been_meant(name: str, doubtful: bool) -> None:
    assert deleted(listed(OTHER), listed(OTHER), by_id="", name=name).result.doubtful is doubtful


def test_what_a_list_shows_late_is_deleted_all_the_same() -> None:
    played = deleted(listed(OTHER), listed(OTHER, ORDERS), answer(b"", 204), by_id="", name="orders")
    assert played.requests == [LIST, LIST, DELETE]
    assert played.result.deleted is True


def test_what_a_list_shows_late_is_validated_all_the_same() -> None:
    played = validated(listed(OTHER), listed(OTHER, ORDERS), said(), by_id="", name="orders")
    assert (played.requests, played.waited) == ([LIST, LIST, VALIDATE], LOOK_AGAIN)
    assert played.result.result.ok


@pytest.mark.parametrize(("by_id", "name", "script"), [("", "Other", []), (ID, "Other", [refused(404)])])
def test_what_is_not_there_may_have_to_be(by_id: str, name: str, script: list[Reply]) -> None:
    played = deleted(*[*script, listed(OTHER)] * 2, by_id=by_id, name=name, ignore_if_missing=False)
    assert type(played.error) is errors.ReachLookupError
    assert str(played.error).endswith(
        " Is it 'other'? Upper and lower case differ. "
        "Check the name or id and the connection, or set ignore_if_missing."
    )


def test_what_somebody_else_deleted_meanwhile() -> None:
    for gone in ([listed(OTHER), refused(404)], [listed(ORDERS), listed(OTHER), refused(404)]):  # a list may lag behind
        assert deleted(listed(ORDERS), refused(404), *gone).result == Deleted(
            webhook_id=ID, said=f"Somebody else deleted webhook 'orders' ({ID}).", deleted=False
        )
    played = deleted(listed(ORDERS), refused(404), listed(OTHER), refused(404), ignore_if_missing=False)
    assert type(played.error) is errors.ReachNotFoundError
    assert str(played.error).startswith(f"Could not delete webhook 'orders' ({ID}): the service answered HTTP 404")


@pytest.mark.parametrize("ignore", [True, False])
@pytest.mark.parametrize(
    "lost", [LOST, Failure("timeout", "d"), refused(500), answer(b"<html>Log in"), results({"id": ID})]
)
def test_a_delete_whose_answer_was_lost_is_done_when_it_is_gone(lost: Reply, ignore: bool) -> None:
    played = deleted(listed(ORDERS), lost, refused(404), listed(OTHER), refused(404), ignore_if_missing=ignore)
    assert played.requests == [LIST, DELETE, DELETE, LIST, GET]
    assert played.result.deleted is True


UNREADABLE = replace(answer(b"x", 404), unreadable="its body is packed with br, which was not asked for")


@pytest.mark.parametrize("lost", [(), (LOST,)])
@pytest.mark.parametrize(
    "foreign", [answer(b"", 404), answer({"message": "no Route matched with those values"}, 404), UNREADABLE]
)
def test_what_the_list_still_shows_is_not_deleted_whoever_says_404(lost: tuple[Reply, ...], foreign: Reply) -> None:
    played = deleted(listed(ORDERS), *lost, foreign, listed(ORDERS), listed(ORDERS))
    assert played.requests == [LIST, *[DELETE] * (len(lost) + 1), LIST, LIST]
    assert type(played.error) is errors.ReachCallError
    assert not played.error.final
    assert str(played.error).startswith(f"Could not delete webhook 'orders' ({ID})")
    said = str(played.error).removesuffix(" Yet the webhook is there: ask again.")
    assert said != str(played.error)
    assert played.waits[len(lost) :] == [Wait(LOOK_AGAIN, said)]


@pytest.mark.parametrize(
    "script",
    [
        [refused(404, "no such workspace")],
        [refused(401)],
        [listed(OTHER), answer(b"<html>Not here", 404)],
        [listed(ORDERS), answer(b"<html>Not here", 404)],
        [listed(ORDERS), refused(403)],
        [listed(ORDERS), refused(500)],
    ],
)
def test_what_could_not_be_asked_is_not_gone(script: list[Reply]) -> None:
    assert isinstance(deleted(*script, budget=0.0).error, errors.ReachCallError)


def test_several_of_the_name_are_not_deleted() -> None:
    played = deleted(listed(ORDERS, {**OTHER, "name": "orders"}), by_id="", name="orders")
    assert type(played.error) is errors.ReachLookupError
    assert played.requests == [LIST]


def test_no_secret_is_in_an_error_of_a_delete() -> None:
    webhook = {**ORDERS, "custom_headers": {"X-Harmless": "h-pl4nted"}, "auth_token": "t-pl4nted"}
    for script in ([refused(500, "k3y-123")], [listed(webhook), refused(500, "k3y-123 h-pl4nted t-pl4nted")]):
        played = deleted(*script, budget=0.0)
        assert "HTTP 500: ***" in str(played.error)
        assert "pl4nted" not in str(played.error)


def test_no_secret_is_in_an_error_of_a_validation() -> None:
    for script in ([refused(500, "k3y-123")], [results({"name": "orders"}), refused(500, "k3y-123")]):
        played = play(validate(WebhookRef(ID), ask_context(0.0, "k3y-123")), *script)
        assert "HTTP 500: ***" in str(played.error)
