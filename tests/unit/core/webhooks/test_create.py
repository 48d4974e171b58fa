from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.webhooks.create import create
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from tests.unit.core.api.replies import (
    LIST,
    LOST,
    NOT_TAKEN,
    PERHAPS_TAKEN,
    POST,
    REFUSED,
    SPEC,
    TIMEOUT,
    UNREACHABLE,
    Error,
    asked,
)
from tests.unit.core.helpers import (
    ID,
    OTHER_ID,
    Played,
    Reply,
    answer,
    ask_context,
    listed,
    play,
    refused,
    results,
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
