"""Built-in targets, and what the service makes of each of their ways."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import urlsplit

import pytest
import requests

from airflow_provider_reach.sandbox import Sandbox, Target


@pytest.fixture
def target(start: datetime) -> Iterator[Target]:
    target = Target("orders", late=0.05, clock=lambda: start)
    yield target
    target.close()


def port_of(target: Target) -> int:
    return int(str(urlsplit(target.url).port))


def post(target: Target, **options: object) -> requests.Response:
    return requests.post(target.url, timeout=5, **options)  # type: ignore[arg-type]


def test_it_answers_200_and_remembers_what_it_got(target: Target, start: datetime) -> None:
    answer = post(target, json=[1], headers={"X-MessageSystems-Batch-ID": "b1", "X-Mine": "1"})
    assert (answer.status_code, answer.text) == (200, "")
    [got] = target.received
    assert (got.batch_id, got.body, got.at) == ("b1", [1], start)
    assert got.headers["x-mine"] == got.headers["X-Mine"] == "1"


def test_what_is_no_json_is_kept_as_text(target: Target) -> None:
    post(target, data=b"plain \xff")
    [got] = target.received
    assert (got.batch_id, got.body) == (None, "plain \ufffd")


def test_it_answers_what_it_is_told_to(target: Target) -> None:
    target.answer(503, body="büsy", headers={"Retry-After": "5", "Content-Type": "text/plain; charset=utf-8"})
    for _ in range(2):
        answer = post(target)
        assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (503, "büsy", "5")
    target.answer(200)
    assert post(target).status_code == 200


def test_it_answers_in_turn_and_stays_at_the_last(target: Target) -> None:
    target.answer_in_turn(503, 503, 200)
    assert [post(target).status_code for _ in range(5)] == [503, 503, 200, 200, 200]


def test_it_refuses_on_the_same_port_and_comes_back(target: Target) -> None:
    url = target.url
    for _ in range(2):
        target.refuse()
        assert target.conduct == "refuses"
        with pytest.raises(requests.ConnectionError, match="refused"):
            post(target)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port_of(target)))
    target.answer(200)
    assert post(target).status_code == 200
    assert target.url == url
    assert len(target.received) == 1


def test_a_target_that_refuses_can_be_closed(target: Target) -> None:
    target.refuse()
    target.close()


def test_it_hangs_up_half_way(target: Target) -> None:
    target.hang_up()
    assert target.conduct == "hangs up"
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        post(target)
    assert len(target.received) == 1


def test_it_hangs_and_answers_late(target: Target) -> None:
    target.hang()
    assert target.conduct == "hangs"
    with pytest.raises(requests.ReadTimeout):
        requests.post(target.url, timeout=0.01)
    answer = post(target)
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.05


def test_it_does_not_wait_for_who_has_gone(target: Target) -> None:
    target.late = 60
    target.hang()
    with pytest.raises(requests.ReadTimeout):
        requests.post(target.url, timeout=0.01)
    target.close()  # Would take a minute.


def test_who_resets_the_connection_does_no_harm(target: Target, capfd: pytest.CaptureFixture[str]) -> None:
    target.hang()
    for sent in (b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port_of(target))) as client:
            client.sendall(sent)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    target.refuse()
    assert capfd.readouterr() == ("", "")


def test_its_name_may_be_anything(start: datetime) -> None:
    target = Target("a b/ü", late=0.05, clock=lambda: start)
    assert post(target).status_code == 200
    target.close()


def test_the_sandbox_makes_each_target_once(reach: Sandbox) -> None:
    assert reach.target("orders") is reach.target("orders")
    assert reach.target("orders").url != reach.target("new").url


Order = Callable[[Target], None]


@pytest.mark.parametrize(
    ("order", "status", "failure"),
    [
        (lambda target: target.answer(200), 200, None),
        (lambda target: target.answer(202), 202, "202"),
        (lambda target: target.answer(204), 204, "204"),
        (lambda target: target.answer(302, headers={"Location": "/"}), 302, "302"),
        (lambda target: target.answer(401), 401, "401"),
        (lambda target: target.answer(413), 413, "413"),
        (lambda target: target.answer(503), 503, "503"),
        (Target.refuse, None, "ECONNREFUSED"),
        (Target.hang_up, None, "ECONNRESET"),
        (Target.hang, None, "ETIMEDOUT"),
    ],
)
def test_what_the_service_makes_of_it(reach: Sandbox, order: Order, status: int | None, failure: str | None) -> None:
    target = reach.target("orders")
    webhook_id = reach.add_webhook("orders", target=target.url)
    order(target)
    reach.send(webhook_id, 1)
    [batch] = reach.batches(webhook_id)
    assert batch.attempts == [(reach.now, status, failure)]
    assert batch.state == ("pending" if failure else "delivered")
    assert (batch.answers[0][1].latency == 10_000) == (failure == "ETIMEDOUT")
