from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_reach import ReachValidateWebhookOperator
from airflow_provider_reach.core.lookup import LOOK_AGAIN
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.airflow.operators.helpers import HEADER, NOBODY, PASSWORD, SECRETS, add, did
from tests.airflow.tasks import Ended, in_dag, run
from tests.airflow.test_labels import label


def validate(*, context: dict[str, Any] | None = None, map_index: int = -1, **arguments: Any) -> Ended:
    return run(in_dag(ReachValidateWebhookOperator, **arguments), map_index=map_index, **context or {})


@pytest.fixture
def webhook_id(connected: Sandbox) -> str:
    return add(connected)


@pytest.mark.parametrize("by", ["webhook_id", "webhook_name"])
def test_what_the_target_answered_is_returned_as_plain_json(
    by: str, connected: Sandbox, webhook_id: str, logged: Callable[[], str]
) -> None:
    connected.target("orders").answer(200, "welcome", {"Server": "gate/1", "X-Request-Id": "7"})

    ended = validate(**{by: webhook_id if by == "webhook_id" else "orders"})

    returned = ended.returned
    assert json.loads(json.dumps(returned)) == returned
    assert list(returned) == ["webhook_id", "webhook_name", "status", "seconds", "headers", "body"]
    assert (returned["webhook_id"], returned["webhook_name"]) == (webhook_id, "orders")
    assert (returned["status"], returned["body"]) == (200, "welcome")
    assert {name.lower(): value for name, value in returned["headers"].items()}["server"] == "gate/1"
    assert 0 < returned["seconds"] < 5
    assert did(connected) == ["list", "validate"]
    assert len(connected.target("orders").received) == 1
    said = logged()
    assert f"The target of webhook 'orders' ({webhook_id}) answered HTTP 200: welcome" in said
    assert "inactive" not in said


@pytest.mark.parametrize("status", [201, 204, 301, 401, 404, 503])
def test_anything_but_200_fails_and_is_shown(status: int, connected: Sandbox, webhook_id: str) -> None:
    text = "" if status == 204 else f"closed {'because ' * 200}of the end"
    connected.target("orders").answer(status, text, {"Server": "gate/1", "X-Other": "unsaid"})

    ended = validate(webhook_id=webhook_id)

    assert ended.how == "AirflowException"
    said = f"Could not validate webhook 'orders' ({webhook_id}):\nthe webhook's target answered HTTP {status}"
    assert ended.said.startswith(said)
    assert "server: gate/1" in ended.said.lower()
    assert ("closed because because" in ended.said) is bool(text)
    assert "of the end" not in ended.said
    assert "unsaid" not in ended.said
    assert "in a call of 0." in ended.said
    assert "Nothing was changed" not in ended.said


ANSWERED = {"status": 503, "headers": {"Retry-After": "7"}, "body": "closed"}


@pytest.mark.parametrize(
    "answer",
    [
        Fault.status(400, {"errors": [{"message": "POST failed", "code": "x", "response": ANSWERED}]}),
        Fault.status(400, {"error": {"message": "POST failed", "response": ANSWERED}}),
        Fault.body({"results": {"msg": "POST failed", "response": ANSWERED}}),
    ],
    ids=["400", "400 of another shape", "200"],
)
def test_however_the_service_tells_it_it_reads_the_same(answer: Fault, connected: Sandbox, webhook_id: str) -> None:
    connected.fail(answer, on="validate")

    ended = validate(webhook_id=webhook_id)

    assert ended.how == "AirflowException"
    assert "the webhook's target answered HTTP 503: closed [Retry-After: 7]" in ended.said
    assert "\nThe service said: " in ended.said
    assert "POST failed" in ended.said
    assert "mend the target (look at its log), then run this again." in ended.said


@pytest.mark.parametrize("conduct", ["hang", "refuse", "hang_up"])
def test_a_target_that_does_not_answer_fails(conduct: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(target_timeout=0.3) as reach:
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
        webhook_id = add(reach)
        getattr(reach.target("orders"), conduct)()

        ended = validate(webhook_id=webhook_id)

    assert ended.how == "AirflowException"
    assert ended.said.startswith(
        f"Could not validate webhook 'orders' ({webhook_id}):\nthe service answered HTTP 400: "
    )
    assert "The target failed the test POST" in ended.said
    assert "\nMost likely the webhook's target did not take the service's test batch." in ended.said
    assert did(reach) == ["list", "validate"]


def test_an_inactive_webhook_is_warned_of(connected: Sandbox, logged: Callable[[], str]) -> None:
    webhook_id = add(connected, active=False)

    assert validate(webhook_id=webhook_id).returned["status"] == 200
    assert f"Webhook 'orders' ({webhook_id}) is inactive: its target answers, and it delivers nothing." in logged()


@pytest.mark.parametrize("status", [200, 500])
def test_secrets_that_the_target_echoes_are_masked(
    status: int, connected: Sandbox, webhook_id: str, logged: Callable[[], str]
) -> None:
    connected.target("orders").answer(status, f"you sent {PASSWORD} and {HEADER}", {"X-Echo": HEADER, "Via": PASSWORD})

    ended = validate(webhook_id=webhook_id)

    assert "you sent *** and ***" in (ended.said if status == 500 else ended.returned["body"])
    everything = logged() + ended.said + str(ended.returned) + str(ended.xcoms)
    assert not [secret for secret in SECRETS if secret in everything]


@pytest.mark.parametrize("status", [200, 500])
def test_secrets_that_the_target_echoes_in_the_form_they_were_sent_in_are_masked(
    status: int, connected: Sandbox, logged: Callable[[], str]
) -> None:
    webhook_id = add(connected, custom_headers={"Authorization": f"Bearer {HEADER}"})
    pair = b64encode(f"reach:{PASSWORD}".encode()).decode()
    echoes = (pair, pair.rstrip("="), HEADER)
    connected.target("orders").answer(status, f"seen: {' and '.join(echoes)}", {"X-Echo": pair})

    ended = validate(webhook_id=webhook_id)

    assert "seen: *** and *** and ***" in (ended.said if status == 500 else ended.returned["body"])
    everything = logged() + ended.said + str(ended.returned) + str(ended.xcoms)
    assert not [echo for echo in echoes if echo in everything]


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ({"webhook_name": "order"}, "There is no webhook named 'order'. Is it 'orders'?"),
        ({"webhook_id": NOBODY}, f"There is no webhook of the id {NOBODY}."),
        ({"webhook_id": "orders"}, "webhook_id 'orders' is no UUID"),
        ({"webhook_name": "twice"}, "2 webhooks are named 'twice'"),
    ],
)
def test_no_such_webhook_or_several_is_final(
    which: dict[str, str], said: str, connected: Sandbox, webhook_id: str
) -> None:
    for _ in range(2):
        add(connected, "twice")

    ended = validate(**which)

    assert ended.how == "AirflowFailException"
    assert said in ended.said
    assert "validate" not in did(connected)


@pytest.mark.parametrize("words", ["Nope", "the answer is invalid, it must be 200"])
def test_a_400_of_whatever_words_is_most_likely_the_target(words: str, connected: Sandbox, webhook_id: str) -> None:
    connected.fail(Fault.status(400, {"errors": [{"message": words, "code": "x"}]}), on="validate")

    ended = validate(webhook_id=webhook_id)

    assert ended.how == "AirflowException"
    assert f"the service answered HTTP 400: {words}" in ended.said


@pytest.mark.parametrize("by", ["webhook_id", "webhook_name"])
def test_what_a_list_shows_late_is_found(by: str, connected: Sandbox, webhook_id: str, waits: list[float]) -> None:
    connected.fail(Fault.body({"results": []}), on="list")
    if by == "webhook_id":
        connected.fail(Fault.status(404), on="retrieve")

    ended = validate(**{by: webhook_id if by == "webhook_id" else "orders"})

    assert ended.returned["webhook_id"] == webhook_id
    first = ["list", "retrieve"] if by == "webhook_id" else ["list"]
    assert did(connected) == [*first, "list", "validate"]
    assert waits == [LOOK_AGAIN]


@pytest.mark.parametrize("operation", ["list", "validate"])
def test_a_service_that_cannot_be_asked_is_left_to_the_retries(
    operation: str, connected: Sandbox, webhook_id: str, naps: list[float]
) -> None:
    connected.fail(Fault.status(503), on=operation, times=None)

    ended = validate(webhook_id=webhook_id)

    assert ended.how == "AirflowException"
    assert "HTTP 503" in ended.said
    assert 20 < sum(naps) <= 60


def test_its_label(connected: Sandbox, webhook_id: str) -> None:
    connected.target("orders").answer_in_turn(200, 200, 200, 500)

    assert label(validate(webhook_id=webhook_id, map_index=0)) == "orders"
    assert label(validate(webhook_id=webhook_id, webhook_name="mine", map_index=0)) == "mine"
    assert label(validate(webhook_id=webhook_id, webhook_name="{{ none }}", map_index=0)) == "orders"
    assert label(validate(webhook_name="orders", map_index=0)) == "orders"
    assert "map_index_template" not in validate(webhook_id=webhook_id).context


def test_the_webhook_may_come_from_a_template(connected: Sandbox, webhook_id: str) -> None:
    context = {"params": {"id": webhook_id, "name": "orders", "nothing": None}}

    for which in (
        {"webhook_id": "{{ params.id }}\n", "webhook_name": "{{ params.nothing }}"},
        {"webhook_id": "{{ params.nothing }}", "webhook_name": " {{ params.name }} "},
    ):
        assert validate(context=context, **which).returned["webhook_id"] == webhook_id
