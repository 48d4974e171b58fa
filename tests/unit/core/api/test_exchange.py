from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.api.exchange import Send, Wait, ask
from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.api.retry import quiet_time
from airflow_provider_reach.core.webhooks.create import create
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from tests.unit.core.helpers import (
    ID,
    NOW,
    OTHER_ID,
    Played,
    Reply,
    answer,
    ask_context,
    bounded,
    listed,
    play,
    refused,
    results,
)

LIST = operations.list_webhooks()
POST = operations.any_request("POST", "/templates", json={})
GOOD = results([])

TIMEOUT, LOST, UNREACHABLE = Failure("timeout", "d"), Failure("lost", "d"), Failure("unreachable", "d")
TOO_LARGE = Answer(200, {}, b'{"results": []}', NOW, too_large=True)

NOT_TAKEN = [
    (UNREACHABLE, errors.ReachUnreachableError),
    (refused(429), errors.ReachRateLimitError),
]
PERHAPS_TAKEN = [
    (TIMEOUT, errors.ReachTimeoutError),
    (LOST, errors.ReachLostAnswerError),
    (refused(408), errors.ReachServerError),
    (refused(500), errors.ReachServerError),
    (answer(b"<html>Bad Gateway", 502), errors.ReachServerError),
    (answer(b"", 503), errors.ReachServerError),
    (answer(b'{"results": [{"id"'), errors.ReachDecodeError),
    (answer(b""), errors.ReachDecodeError),
    (answer(b"<html>Log in"), errors.ReachDecodeError),
    (answer(b"<html>Not here", 404), errors.ReachDecodeError),
    (TOO_LARGE, errors.ReachDecodeError),
]
REFUSED = [
    (refused(300), errors.ReachRequestError),
    (refused(302), errors.ReachRequestError),
    (refused(400, "events is required"), errors.ReachRequestError),
    (answer({"errors": [{"message": "m", "response": {"status": 500}}]}, 400), errors.ReachTargetError),
    (refused(401), errors.ReachAuthError),
    (refused(403), errors.ReachAuthError),
    (refused(404), errors.ReachNotFoundError),
    (answer(b"", 404), errors.ReachNotFoundError),
    (refused(405), errors.ReachRequestError),
    (refused(409), errors.ReachRequestError),
    (refused(418), errors.ReachRequestError),
]
Error = type[errors.ReachError]


def asked(call: Call[Any], *script: Reply, budget: float = 60.0, forever: Reply | None = None) -> Played[Any]:
    return play(ask(call, ask_context(budget)), *script, forever=forever)


def test_a_good_answer_is_the_result() -> None:
    played = asked(LIST, GOOD)
    assert (played.result.webhooks, played.sent, played.waits) == ([], [LIST], [])


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_every_2xx_is_good(status: int) -> None:
    assert asked(operations.any_request("GET", "/x"), answer({"a": 1}, status)).result == {"a": 1}


@pytest.mark.parametrize(("reply", "error"), NOT_TAKEN + PERHAPS_TAKEN)
def test_what_may_pass_is_repeated_where_that_is_safe(reply: Reply, error: Error) -> None:
    call = operations.get_webhook(ID)
    good = results({"name": "orders"})
    played = asked(call, reply, reply, good)
    assert played.result.name == "orders"
    assert played.sent == [call] * 3
    assert len(played.waits) == 2
    assert type(asked(call, reply, budget=0).error) is error


@pytest.mark.parametrize(("reply", "error"), NOT_TAKEN)
def test_what_was_not_taken_is_repeated_always(reply: Reply, error: Error) -> None:
    assert asked(POST, reply, answer(b"")).requests == ["POST /templates"] * 2
    assert type(asked(POST, reply, budget=0).error) is error


@pytest.mark.parametrize(("reply", "error"), PERHAPS_TAKEN)
def test_what_may_have_been_taken_is_not_repeated_where_that_is_not_safe(reply: Reply, error: Error) -> None:
    played = asked(operations.create_webhook(SPEC), reply)
    assert type(played.error) is error
    assert played.waits == []


@pytest.mark.parametrize(("reply", "error"), REFUSED)
@pytest.mark.parametrize(
    "call", [LIST, POST, operations.delete_webhook(ID), operations.update_webhook(ID, WebhookChanges(active=True))]
)
def test_what_was_refused_is_never_repeated(reply: Reply, error: Error, call: Call[Any]) -> None:
    played = asked(call, reply)
    assert type(played.error) is error
    assert played.waits == []


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


def test_waits_grow_to_a_minute_and_differ() -> None:
    runs = [asked(LIST, forever=refused(503), budget=900.0) for _ in range(5)]
    for played in runs:
        for wait, middle in zip(played.waits, [1, 2, 4, 8, 16, 32, *[60] * 50], strict=False):
            assert 0.7 * middle <= wait.seconds <= 1.3 * middle
        assert len(played.waits) > 10
    assert len({played.waits[0].seconds for played in runs}) > 1


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [
        ("5", 5.0, 6.0),
        ("0", 1.0, 1.2),
        ("300", 300.0, 360.0),
        ("86400", 300.0, 360.0),
        ("999999999", 300.0, 360.0),
        ("Sat, 31 Jan 2026 02:00:20 GMT", 20.0, 24.0),
        ("Sat, 31 Jan 2026 01:00:00 GMT", 1.0, 1.2),
        ("soon", 0.7, 1.3),
        ("-1", 0.7, 1.3),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_and_capped(status: int, retry_after: str, least: float, most: float) -> None:
    [wait] = asked(LIST, refused(status, retry_after=retry_after), GOOD, budget=1000.0).waits
    assert least <= wait.seconds <= most


@pytest.mark.parametrize(
    ("result", "seconds"),
    [
        (refused(429), 1.0),
        (refused(429, retry_after="0"), 1.0),
        (refused(429, retry_after="7"), 7.0),
        (refused(429, retry_after="86400"), 300.0),
        (refused(503, retry_after="7"), None),
        (GOOD, None),
        (LOST, None),
    ],
)
def test_only_a_429_makes_all_who_ask_pause(result: Answer | Failure, seconds: float | None) -> None:
    assert quiet_time(result) == seconds


@pytest.mark.parametrize("retry_after", ["0", "0.5", "Sat, 31 Jan 2026 01:00:00 GMT"])
def test_who_asks_for_no_wait_is_asked_ever_less_often(retry_after: str) -> None:
    waits = asked(LIST, forever=refused(429, retry_after=retry_after), budget=900.0).waits

    for wait, middle in zip(waits, [1, 2, 4, 8, 16, 32, *[60] * 50], strict=False):
        assert middle <= wait.seconds <= 1.2 * middle
    assert 10 < len(waits) < 20


def test_an_interim_answer_is_no_refusal() -> None:
    played = asked(LIST, refused(101), GOOD)

    assert played.error is None
    assert len(played.waits) == 1


def test_a_retry_after_beyond_the_budget_is_not_waited_for() -> None:
    played = asked(LIST, refused(429, retry_after="61"))
    assert type(played.error) is errors.ReachRateLimitError
    assert played.error.retry_after == 61.0
    assert played.waits == []


def test_without_a_budget_it_is_asked_once() -> None:
    assert len(asked(LIST, TIMEOUT, budget=0).sent) == 1
    assert asked(LIST, GOOD, budget=0).result.webhooks == []


def test_requests_use_up_the_budget_good_ones_too() -> None:
    assert len(asked(LIST, Failure("timeout", "", seconds=60.0)).sent) == 1
    context = ask_context(10.0)
    play(ask(LIST, context), answer({"results": []}, seconds=9.0))
    assert context.budget.left == 1.0
    context = ask_context(10.0)
    play(ask(LIST, context), answer(b"", 503, seconds=4.0), GOOD)
    assert 10.0 - 4.0 - 1.3 <= context.budget.left <= 10.0 - 4.0 - 0.7


replies = st.sampled_from([UNREACHABLE, TIMEOUT, LOST, refused(503), refused(429, retry_after="9"), answer(b"<")])


@bounded
@given(st.lists(st.tuples(replies, st.floats(0, 50)), min_size=1, max_size=8), st.floats(0, 300))
def test_the_budget_is_never_overspent_by_a_wait(script: list[tuple[Reply, float]], budget: float) -> None:
    spent, number = 0.0, 0
    exchange = ask(LIST, ask_context(budget))
    step: Send | Wait = next(exchange)
    try:
        while True:
            if isinstance(step, Send):
                reply, seconds = script[number % len(script)]
                number += 1
                spent += seconds
                step = exchange.send(replace(reply, seconds=seconds))
            else:
                spent += step.seconds
                assert spent <= budget
                step = exchange.send(None)
    except errors.ReachCallError:
        assert number >= 1


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


# create: a POST that may have been taken is never sent again
SPEC = WebhookSpec(
    name="orders",
    target="https://c.example.com/x",
    events=["delivery", "bounce", "delivery"],
    auth_type="basic",
    auth_credentials={"username": "u", "password": "pl4nted-password"},
)
THERE = {"id": ID, "name": "orders", "target": "https://c.example.com/x", "events": ["bounce", "delivery"]}
OTHERS = [
    {**THERE, "id": OTHER_ID, "name": "orders2"},
    {**THERE, "id": OTHER_ID, "target": "https://c.example.com/y"},
    {**THERE, "id": OTHER_ID, "name": "Orders", "target": "https://c.example.com:443/x"},
    {**THERE, "id": OTHER_ID, "target": "https://c.example.com:8443/x"},
]
CREATE, LOOK = "POST /webhooks", "GET /webhooks"


def created(*script: Reply, forever: Reply | None = None) -> Played[str]:
    return play(create(SPEC, ask_context(60.0)), *script, forever=forever)


def test_a_webhook_is_created() -> None:
    played = created(results({"id": ID}))
    assert (played.result, played.requests) == (ID, [CREATE])


@pytest.mark.parametrize(("reply", "_error"), NOT_TAKEN)
def test_a_create_that_was_not_taken_is_sent_again(reply: Reply, _error: Error) -> None:
    played = created(reply, results({"id": ID}))
    assert (played.result, played.requests) == (ID, [CREATE, CREATE])


@pytest.mark.parametrize(("reply", "error"), NOT_TAKEN)
def test_a_create_that_is_never_taken_is_no_riddle(reply: Reply, error: Error) -> None:
    played = created(forever=reply)
    assert type(played.error) is error
    assert set(played.requests) == {CREATE}


LOST_CREATES = [
    *(reply for reply, _ in PERHAPS_TAKEN),
    results({}),
    results({"links": []}),
    answer({"results": []}, 201),
]


@pytest.mark.parametrize("reply", LOST_CREATES)
def test_a_create_whose_answer_is_lost_is_looked_for(reply: Reply) -> None:
    played = created(reply, listed(*OTHERS, THERE))
    assert (played.result, played.requests) == (ID, [CREATE, LOOK])


@pytest.mark.parametrize("reply", LOST_CREATES)
def test_a_create_that_never_appears_is_not_sent_again(reply: Reply) -> None:
    played = created(reply, forever=listed(*OTHERS))
    assert type(played.error) is errors.ReachUnsettledError
    assert played.requests == [CREATE] + [LOOK] * (len(played.requests) - 1)
    assert [wait.seconds for wait in played.waits] == [1.0, 2.0, 4.0, 8.0, 15.0]


def test_a_create_may_appear_late() -> None:
    played = created(TIMEOUT, listed(), listed(*OTHERS), listed(THERE))
    assert (played.result, played.requests) == (ID, [CREATE, LOOK, LOOK, LOOK])
    assert {wait.reason for wait in played.waits} == {
        "Whether webhook 'orders' was created is not known; looking for it."
    }


@pytest.mark.parametrize(
    "shown",
    [
        {"target": "https://C.Example.com:443/x"},
        {"name": " orders\n"},
        {"events": ["delivery"]},  # what the service makes of the events tells nothing
        {"events": []},
    ],
)
def test_a_lost_create_is_known_by_its_name_and_target(shown: dict[str, Any]) -> None:
    assert created(LOST, listed(*OTHERS, {**THERE, **shown})).result == ID


def test_a_create_that_was_first_not_taken_and_then_lost() -> None:
    assert created(UNREACHABLE, LOST, listed(THERE)).requests == [CREATE, CREATE, LOOK]


@pytest.mark.parametrize("reply", [refused(401), refused(403), refused(500), UNREACHABLE, TIMEOUT, answer(b"<html>")])
def test_a_create_is_unsettled_when_it_cannot_be_looked_for(reply: Reply) -> None:
    played = created(LOST, forever=reply)
    assert type(played.error) is errors.ReachUnsettledError
    assert played.requests.count(CREATE) == 1
    assert played.waited <= 30.0


def test_a_look_that_fails_once_goes_on() -> None:
    assert created(LOST, refused(503), listed(THERE)).result == ID


@pytest.mark.parametrize(("reply", "error"), REFUSED)
def test_a_refused_create_is_not_looked_for(reply: Reply, error: Error) -> None:
    played = created(reply)
    assert (type(played.error), played.requests) == (error, [CREATE])


@pytest.mark.parametrize("said", ["no", "the target returned 503"])
def test_a_400_that_is_most_likely_the_target_s_is_neither_repeated_nor_looked_for(said: str) -> None:
    update = operations.update_webhook(ID, WebhookChanges(active=True))
    for played in (created(refused(400, said)), asked(update, refused(400, said))):
        assert type(played.error) is errors.ReachTargetError
        assert not played.error.final
        assert (len(played.sent), played.waits) == (1, [])
    for call in (LIST, POST):
        assert type(asked(call, refused(400, said)).error) is errors.ReachRequestError


def test_an_unsettled_create_says_what_to_do() -> None:
    played = created(TIMEOUT, forever=listed())
    assert isinstance(played.error, errors.ReachUnsettledError)
    assert str(played.error) == (
        "Could not create webhook 'orders' with target https://c.example.com/x: no answer within 0 s (d). If it goes "
        "on, raise 'timeout' in the connection's extras. It may have been carried out all the same: no webhook of "
        "this name and target appeared within 30 s. It was not sent again, since a second webhook would deliver every "
        "event twice: look at the list of webhooks before you do."
    )
    assert isinstance(played.error.__cause__, errors.ReachTimeoutError)
    assert played.error.operation.startswith("create webhook 'orders'")


def test_a_create_of_which_nothing_can_be_seen_says_so() -> None:
    played = created(TIMEOUT, forever=answer(b"", 401))
    assert isinstance(played.error, errors.ReachUnsettledError)
    assert "whether the webhook is there could not be seen (Could not list webhooks: " in str(played.error)
    assert ".)" not in str(played.error)


def test_the_look_for_a_lost_creation_lasts_to_the_end() -> None:
    slow = replace(listed(), seconds=29.5)
    played = created(TIMEOUT, slow, listed({"id": ID, "name": "orders", "target": SPEC.target}))
    assert (played.waited, played.result) == (0.5, ID)


def test_a_refused_spec_sends_nothing() -> None:
    spec = WebhookSpec(name="", target="x", events=[])
    played = play(create(spec, ask_context(60.0)))
    assert type(played.error) is errors.ReachInputError
    assert played.sent == []


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


def test_a_wait_may_use_up_all_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda least, most: least)
    assert asked(LIST, UNREACHABLE, GOOD, budget=0.7).waited == 0.7


def test_who_asks_for_a_second_gets_it_however_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda least, most: least)
    played = asked(LIST, *[refused(503, retry_after="1")] * 4, GOOD)
    assert [wait.seconds for wait in played.waits] == [1.0] * 4


def test_who_says_nothing_does_not_wait_for_a_turn() -> None:
    assert Send(LIST).pool_timeout == 0.0
