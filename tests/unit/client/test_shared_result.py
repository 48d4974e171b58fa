from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_reach.client.shared_result import Result, SharedResult
from airflow_provider_reach.core.api.exchange import Known
from airflow_provider_reach.core.api.responses import Answer, Failure
from tests.drivers import ImpatientLoop, run

REFUSED = Answer(500, {}, b"", datetime(2024, 1, 1, tzinfo=timezone.utc))


class Service:
    """Answers each request after a second, by a script and then well; knows when they were sent."""

    def __init__(self, *script: Result) -> None:
        self.script = list(script)
        self.sent: list[float] = []

    async def ask(self) -> Result:
        self.sent.append(asyncio.get_running_loop().time())
        result = self.script.pop(0) if self.script else Known(len(self.sent))
        await asyncio.sleep(1)
        return result


def played(service: Service, users: Callable[[Callable[[float, float], asyncio.Task[Any]]], Awaitable[None]]) -> None:
    """Let users come to the shared result, each at its second and with a list of at most such an age."""
    shared = SharedResult()

    async def work() -> None:
        began = asyncio.get_running_loop().time()

        async def user(at: float, age: float) -> Result:
            await asyncio.sleep(at)
            return await shared.get(began + at - age, service.ask)

        await users(lambda at, age: asyncio.create_task(user(at, age)))

    run(work(), ImpatientLoop())


def test_one_request_serves_all_who_came_before_it_and_those_who_take_an_older_one() -> None:
    service = Service()

    async def users(come: Callable[[float, float], asyncio.Task[Any]]) -> None:
        came = [come(0.0, 0.0), come(0.0, 0.0), come(0.5, 5.0), come(4.0, 5.0)]
        assert {result.result for result in await asyncio.gather(*came)} == {1}

    played(service, users)
    assert len(service.sent) == 1


def test_who_wants_a_newer_one_asks_for_it_and_others_take_that() -> None:
    service = Service()

    async def users(come: Callable[[float, float], asyncio.Task[Any]]) -> None:
        came = [come(0.0, 0.0), come(0.5, 0.0), come(0.6, 5.0), come(3.0, 2.0), come(3.0, 2.6)]
        assert [known.result for known in await asyncio.gather(*came)] == [1, 2, 2, 3, 2]

    played(service, users)
    assert len(service.sent) == 3


@pytest.mark.parametrize("failure", [REFUSED, Failure("timeout", "d")])
def test_a_failure_is_nobody_else_s_and_the_wait_for_it_counts(failure: Answer | Failure) -> None:
    service = Service(failure, failure)

    async def users(come: Callable[[float, float], asyncio.Task[Any]]) -> None:
        results = await asyncio.gather(*(come(0.0, 5.0) for _ in range(4)))
        assert [replace(result, seconds=0.0) for result in results[:2]] == [failure, failure]
        assert [result.seconds for result in results[:2]] == pytest.approx([0.0, 1.0], abs=0.2)
        assert all(isinstance(result, Known) for result in results[2:])
        assert isinstance(await come(0.0, 5.0), Known)

    played(service, users)
    assert len(service.sent) == 4


def test_who_is_cancelled_takes_nobody_along() -> None:
    service = Service()

    async def users(come: Callable[[float, float], asyncio.Task[Any]]) -> None:
        came = [come(0.0, 5.0) for _ in range(4)]
        await asyncio.sleep(0.5)
        came[0].cancel()
        came[1].cancel()
        results = await asyncio.gather(*came, return_exceptions=True)
        assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, True, False, False]
        assert results[2] is results[3]

    played(service, users)
    assert len(service.sent) == 2


def test_an_older_answer_that_comes_later_replaces_no_newer_one() -> None:
    service = Service()
    quick = service.ask

    async def slow_at_first() -> Result:
        first = not service.sent
        result = await quick()
        await asyncio.sleep(2 if first else 0)
        return result

    service.ask = slow_at_first  # type: ignore[method-assign]

    async def users(come: Callable[[float, float], asyncio.Task[Any]]) -> None:
        came = [come(0.0, 0.0), come(0.5, 0.0), come(4.0, 5.0)]
        assert [known.result for known in await asyncio.gather(*came)] == [1, 2, 2]

    played(service, users)
