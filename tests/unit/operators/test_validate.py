from __future__ import annotations

import json
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_reach import ReachHook, ReachValidateWebhookOperator
from airflow_provider_reach.core.webhooks.find import LOOK_AGAIN
from airflow_provider_reach.sandbox import Fault, Sandbox
from evidence.faults import certificates
from tests.tasks import Ended, in_dag, run
from tests.unit.integration.test_map_index import label
from tests.unit.operators.helpers import HEADER, NOBODY, PASSWORD, SECRETS, add, did


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
    assert did(connected) == ["retrieve" if by == "webhook_id" else "list", "validate"]
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
    assert "fix the target (look at its log), then run this again." in ended.said


@pytest.mark.parametrize(
    ("conduct", "code", "advice"),
    [
        ("hang", "ETIMEDOUT", "The target did not answer in time: it must answer within 10 s"),
        ("refuse", "ECONNREFUSED", "The target refuses connections: check that the consumer is up"),
        ("hang_up", "ECONNRESET", "The target closes the connection before its answer is complete"),
    ],
)
def test_a_target_that_does_not_answer_fails(
    conduct: str, code: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(target_timeout=0.3) as reach:
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
        webhook_id = add(reach)
        getattr(reach.target("orders"), conduct)()

        ended = validate(webhook_id=webhook_id)

    assert ended.how == "AirflowException"
    assert ended.said.startswith(
        f"Could not validate webhook 'orders' ({webhook_id}):\nthe service answered HTTP 400: "
    )
    assert f"HTTP 400: POST to webhook target URL failed with error code {code} (code 400)\n" in ended.said
    assert f"\nThe webhook's target did not take the service's test batch. {advice}" in ended.said
    assert "Most likely" not in ended.said
    assert did(reach) == ["retrieve", "validate"]


@pytest.mark.parametrize(
    ("shows", "code", "advice"),
    [
        ("self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT", "does not accept the target's TLS certificate"),
        (
            "of an unknown authority",
            "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "does not accept the target's TLS certificate",
        ),
        (None, "EPROTO", "The TLS handshake with the target fails: check its certificate"),
    ],
)
def test_a_target_whose_certificate_is_not_accepted(
    shows: str | None, code: str, advice: str, connected: Sandbox, tmp_path: Path
) -> None:
    with serving(certificates.make(tmp_path)[shows] if shows else None) as port:
        webhook_id = add(connected, target=f"https://127.0.0.1:{port}/orders")
        ended = validate(webhook_id=webhook_id)
        connected.send(webhook_id, 1)
        connected.advance(hours=5)

    assert f"failed with error code {code} (code 400)\n" in ended.said
    assert advice in ended.said
    report = ReachHook().check_delivery(webhook_id)
    assert list(report.responses) == [f"no response ({code})"]
    assert advice in str(report)


@contextmanager
def serving(context: ssl.SSLContext | None) -> Iterator[int]:
    """The port of a server that shows a certificate, or speaks no TLS at all."""
    with HTTPServer(("127.0.0.1", 0), Silent) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


class Silent(BaseHTTPRequestHandler):
    timeout = 5

    def log_message(self, *args: object) -> None:
        """Nothing."""


def test_a_missing_slash_is_told_with_the_final_url(connected: Sandbox, webhook_id: str) -> None:
    url = connected.target("orders").url
    connected.target("orders").answer(308, "", {"Location": "/orders/?next=1"})

    ended = validate(webhook_id=webhook_id)

    assert f"\nIt redirects to {url}/?***, and redirects are not followed: set the webhook's target to" in ended.said
    assert len(connected.target("orders").received) == 1


def test_a_consumer_that_reads_an_event_is_told_that_there_is_none(connected: Sandbox, webhook_id: str) -> None:
    connected.target("orders").answer(500, "KeyError: 'message_event'")

    ended = validate(webhook_id=webhook_id)

    assert connected.target("orders").received[0].body == [{"msys": {}}]
    assert 'documented as [{"msys": {}}]' in ended.said
    assert 'a consumer that reads [0]["msys"]["message_event"] fails on it' in ended.said


def test_a_consumer_that_refuses_duplicates_is_told_that_each_test_has_the_same_id(
    connected: Sandbox, webhook_id: str
) -> None:
    connected.target("orders").answer_in_turn(200, 409)

    assert validate(webhook_id=webhook_id).returned["status"] == 200
    ended = validate(webhook_id=webhook_id)

    (batch_id,) = {str(got.batch_id) for got in connected.target("orders").received}
    assert f"carries the same batch id, {batch_id}: a consumer that refuses duplicates must answer 200" in ended.said


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
        ({"webhook_id": "orders"}, "webhook_id 'orders' is not a UUID"),
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
    asked = ["retrieve", "list", "retrieve"] if by == "webhook_id" else ["list", "list"]
    assert did(connected) == [*asked, "validate"]
    assert waits == [LOOK_AGAIN]


@pytest.mark.parametrize("operation", ["retrieve", "validate"])
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
