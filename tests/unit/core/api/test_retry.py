from __future__ import annotations

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
from airflow_provider_reach.core.api.retry import SharedBudget, quiet_time
from airflow_provider_reach.core.webhooks.spec import WebhookChanges
from tests.unit.core.api.replies import (
    GOOD,
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
    Reply,
    answer,
    ask_context,
    bounded,
    play,
    refused,
    results,
)


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
    step = next(exchange)
    try:
        while True:
            if isinstance(step, Send):
                reply, seconds = script[number % len(script)]
                number += 1
                spent += seconds
                step = exchange.send(replace(reply, seconds=seconds))
            elif isinstance(step, Wait):
                spent += step.seconds
                assert spent <= budget
                step = exchange.send(None)
    except errors.ReachCallError:
        assert number >= 1


def test_a_wait_may_use_up_all_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda least, most: least)
    assert asked(LIST, UNREACHABLE, GOOD, budget=0.7).waited == 0.7


def test_who_asks_for_a_second_gets_it_however_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda least, most: least)
    played = asked(LIST, *[refused(503, retry_after="1")] * 4, GOOD)
    assert [wait.seconds for wait in played.waits] == [1.0] * 4


def test_of_exchanges_at_the_same_time_each_second_in_which_one_fails_or_waits_counts_once() -> None:
    budget = SharedBudget(60.0)
    first, second, third = budget.beginning(), budget.beginning(2.0), budget.beginning(40.0)

    first.spend(10.0)  # 0 to 10
    assert (budget.left, first.left, second.left) == (50.0, 50.0, 50.0)
    second.spend(5.0)  # 2 to 7
    assert budget.left == 50.0
    second.spend(8.0)  # 7 to 15
    assert budget.left == 45.0
    third.spend(3.0)  # 40 to 43
    first.spend(20.0, in_vain=False)  # goes well until 30
    assert (budget.left, first.at, budget.latest) == (42.0, 30.0, 43.0)
    first.spend(15.0)  # 30 to 45
    assert budget.left == 30.0
    second.spend(100.0)  # 15 to 115
    assert budget.left == -55.0
