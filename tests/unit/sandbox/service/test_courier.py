"""What the service POSTs, and the failures that no built-in target can play."""

from __future__ import annotations

import socket
import ssl
from datetime import datetime

import pytest
import requests

from airflow_provider_reach.sandbox import Sandbox, Switches
from airflow_provider_reach.sandbox.service.courier import Courier, failure_of
from airflow_provider_reach.sandbox.service.model import Webhook


def test_a_batch_as_it_arrives(reach: Sandbox, start: datetime) -> None:
    target = reach.target("orders")
    webhook_id = reach.add_webhook(
        "orders",
        target=target.url,
        events=["bounce"],
        auth_type="basic",
        auth_credentials={"username": "me"},
        custom_headers={"X-Shop": "1", "Authorization": "mine"},
    )
    [batch_id] = reach.send(webhook_id, 2)
    [got] = target.received
    assert got.batch_id == batch_id
    assert len(batch_id) == 32
    assert int(batch_id, 16)
    assert got.at == start
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["X-Shop"] == "1"
    assert got.headers["Authorization"] == "Basic bWU6"
    assert [event["msys"]["message_event"]["type"] for event in got.body] == ["bounce", "bounce"]
    assert tuple(got.body) == reach.batches(webhook_id)[0].events


@pytest.mark.parametrize("status", [201, 202, 204, 299])
def test_which_answers_deliver_is_a_switch(status: int, start: datetime) -> None:
    for delivered_by, state in (("200", "pending"), ("2xx", "delivered")):
        with Sandbox(start=start, switches=Switches(delivered_by=delivered_by)) as reach:  # type: ignore[arg-type]
            reach.target("orders").answer_in_turn(503, status)
            webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
            reach.send(webhook_id, 1)
            reach.advance(minutes=1)
            [batch] = reach.batches(webhook_id)
            assert (batch.state, batch.attempts[-1].status) == (state, status)


@pytest.mark.parametrize("status", [199, 300, 302, 404, 503])
def test_no_other_answer_ever_delivers(status: int) -> None:
    assert failure_of(status) == failure_of(status, "2xx") == str(status)


def test_a_retry_is_the_same_batch(reach: Sandbox) -> None:
    target = reach.target("orders")
    target.answer_in_turn(503, 200)
    reach.send(reach.add_webhook("orders", target=target.url), 2)
    reach.advance(minutes=1)
    first, second = target.received
    assert (first.batch_id, first.body) == (second.batch_id, second.body)


def test_no_proxy_of_the_environment_comes_between(reach: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.send(webhook_id, 1)
    assert reach.batches(webhook_id)[0].state == "delivered"


def test_of_a_long_answer_the_beginning_is_kept(reach: Sandbox) -> None:
    target = reach.target("orders")
    target.answer(200, "x" * 1_000_000)
    webhook_id = reach.add_webhook("orders", target=target.url)
    reach.send(webhook_id, 1)
    assert reach.batches(webhook_id)[0].answers[0][1].body == "x" * 10_000


def chained(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def unverified(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "bad")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (requests.ConnectTimeout(), "ETIMEDOUT"),
        (chained(requests.ConnectionError(), TimeoutError()), "ETIMEDOUT"),
        (chained(requests.ConnectionError(), socket.gaierror(-2, "unknown")), "ENOTFOUND"),
        (chained(requests.exceptions.SSLError(), ssl.SSLError(1, "bad")), "EPROTO"),
        (chained(requests.exceptions.SSLError(), unverified(18)), "DEPTH_ZERO_SELF_SIGNED_CERT"),
        (chained(requests.exceptions.SSLError(), unverified(9)), "CERT_REJECTED"),
        (chained(requests.ConnectionError(), OSError(113, "no route")), "EHOSTUNREACH"),
        (chained(requests.ConnectionError(), OSError(99_999, "odd")), "99999"),
        (requests.ConnectionError(), "ECONNRESET"),
        (requests.exceptions.InvalidURL(), "EINVAL"),
        (UnicodeError(), "EINVAL"),
    ],
)
def test_every_failure_has_a_word(
    monkeypatch: pytest.MonkeyPatch, start: datetime, error: Exception, failure: str
) -> None:
    def post(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(requests.Session, "post", post)
    answer = Courier(timeout=1).post(Webhook("id", "orders", "http://consumer", ("bounce",), start), {}, "1", [])
    assert (answer.status, answer.failure) == (None, failure)
