from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import aiohttp
import pytest

from airflow_provider_reach.client import pool as module
from airflow_provider_reach.client.aio import LARGE, AsyncReachClient
from airflow_provider_reach.client.aiohttp_transport import NetworkRoute, find_route, open_session
from airflow_provider_reach.client.pool import SharedSession, shared_session
from airflow_provider_reach.core.api.exchange import Exchange, Send
from airflow_provider_reach.core.api.operations import list_webhooks
from airflow_provider_reach.core.api.request import Request, request_for
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.errors import ReachDecodeError
from tests.drivers import ImpatientLoop, run

CONFIG = ReachConfig("http://127.0.0.1:9/api", "0b7ee2a5-6f4e-4e52-8ef8-3e2c1d9e6f10", "planted-key", timeout=5.0)
DIRECT = NetworkRoute(None, None)
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"results": []}'


def request(config: ReachConfig = CONFIG) -> Request:
    return request_for(list_webhooks(), config, "tests")


def answer(status: int = 200, retry_after: object = None, body: bytes = b"") -> Answer:
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Answer(status, headers, body, datetime(2024, 1, 1, tzinfo=timezone.utc))


@pytest.fixture(autouse=True)
def _a_plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@asynccontextmanager
async def opened(most: int = 10) -> AsyncIterator[SharedSession]:
    session = SharedSession(DIRECT, most)
    try:
        yield session
    finally:
        await session.close()


# --- bounded


class Service:
    """Answers in this event loop, each request after a moment; knows how many were under way at once."""

    def __init__(self) -> None:
        self.now, self.peak, self.answered = 0, 0, 0
        self.held: asyncio.Event | None = None

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                self.now += 1
                self.peak = max(self.peak, self.now)
                await (self.held.wait() if self.held else asyncio.sleep(0.005))
                self.now -= 1
                self.answered += 1
                writer.write(ANSWER)
        writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Service, ReachConfig]]:
    service = Service()
    server = await asyncio.start_server(service.talk, "127.0.0.1", 0)
    try:
        yield service, replace(CONFIG, base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api")
    finally:
        server.close()
        for _ in range(5):
            await asyncio.sleep(0)  # let the service see that its connections were closed


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_are_under_way_than_allowed_and_all_come_through(most: int) -> None:
    async def work() -> None:
        async with serving() as (service, config), opened(most) as session:
            results = await asyncio.gather(*(session.send(request(config), 900.0) for _ in range(12)))

            assert [result.status for result in results if isinstance(result, Answer)] == [200] * 12
            assert (service.peak, service.answered) == (most, 12)

    run(work())


def test_where_no_connection_becomes_free_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def send(*_: object) -> Answer:
        await asyncio.sleep(100)
        return answer()

    monkeypatch.setattr(module, "send", send)

    async def work() -> None:
        async with opened(1) as session:
            first = asyncio.create_task(session.send(request(), 900.0))
            await asyncio.sleep(0)
            failure = await session.send(request(), 60.0)
            assert failure == Failure("busy", failure.detail, pytest.approx(60.0, abs=1))  # type: ignore[union-attr]
            assert "none of the 1 connections became free" in failure.detail  # type: ignore[union-attr]
            late = await session.send(request(), 900.0)
            assert isinstance(late, Answer)
            assert late.seconds == pytest.approx(40, abs=1)
            await first

    run(work(), ImpatientLoop())


def test_who_waits_for_a_connection_pauses_too(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[float] = []

    async def send(*_: object) -> Answer:
        sent.append(asyncio.get_running_loop().time())
        await asyncio.sleep(1)
        return answer(429, 60) if len(sent) <= 2 else answer()

    monkeypatch.setattr(module, "send", send)

    async def work() -> None:
        async with opened(2) as session:
            await asyncio.gather(*(session.send(request(), 900.0) for _ in range(30)))

    run(work(), ImpatientLoop())

    assert len(sent) == 30
    assert [when - sent[0] < 60 for when in sent] == [True] * 2 + [False] * 28


@pytest.mark.parametrize("handed_over", [False, True])
def test_who_is_cancelled_in_the_queue_takes_no_connection_along(
    handed_over: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = asyncio.Event()
    senders: list[asyncio.Task[Any]] = []

    async def send(*_: object) -> Answer:
        await go_on.wait()
        if handed_over:  # the second one has the connection then, and does not know yet
            asyncio.get_running_loop().call_soon(senders[1].cancel)
        return answer()

    monkeypatch.setattr(module, "send", send)

    async def work() -> None:
        async with opened(1) as session:
            senders.extend(asyncio.create_task(session.send(request(), 900.0)) for _ in range(3))
            await asyncio.sleep(0.01)
            if not handed_over:
                senders[1].cancel()
                await asyncio.sleep(0.01)
            go_on.set()
            await asyncio.wait(senders, timeout=5)
            assert [sender.cancelled() for sender in senders] == [False, True, False]
            assert isinstance(await session.send(request(), 0.0), Answer)

    run(work())


# --- a pause for all


def played(
    monkeypatch: pytest.MonkeyPatch, script: dict[int, tuple[float, Answer | Failure]], starts: list[float]
) -> list[float]:
    """
    When each of several users sends, seconds after the first, all over the same connections.

    :param script: What the users get, by their number, and after how long; the others get 200 at once.
    :param starts: When each begins.
    """
    sent: dict[int, float] = {}

    async def send(_: object, __: object, request: Request, **___: object) -> Answer | Failure:
        number = int(request.method)
        sent[number] = asyncio.get_running_loop().time()
        seconds, result = script.get(number, (0.0, answer()))
        await asyncio.sleep(seconds)
        return result

    monkeypatch.setattr(module, "send", send)

    async def user(session: SharedSession, number: int, start: float) -> None:
        await asyncio.sleep(start)
        result = await session.send(replace(request(), method=str(number)), 900.0)
        assert replace(result, seconds=0.0) == replace(script.get(number, (0.0, answer()))[1], seconds=0.0)

    async def work() -> None:
        async with opened() as session:
            await asyncio.gather(*(user(session, number, start) for number, start in enumerate(starts)))

    run(work(), ImpatientLoop())
    return [sent[number] - sent[0] for number in range(len(starts))]


@pytest.mark.parametrize(
    ("said", "least"),
    [(7, 7.0), (None, 1.0), (0, 1.0), ("soon", 1.0), ("Mon, 01 Jan 2024 00:00:20 GMT", 20.0), (3600, 300.0)],
)
def test_when_one_asked_too_often_all_pause(said: object, least: float, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = played(monkeypatch, {0: (0.0, answer(429, said))}, [0.0] + [0.1] * 5)

    for when in sent[1:]:
        assert least <= when <= 0.1 + 1.2 * least + 0.1


def test_they_do_not_all_begin_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = played(monkeypatch, {0: (0.0, answer(429, 10))}, [0.0] + [0.1] * 8)

    assert len({round(when, 2) for when in sent[1:]}) >= 6
    assert max(sent[1:]) - min(sent[1:]) > 0.3


def test_a_longer_pause_counts_also_for_those_who_pause_already(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = played(monkeypatch, {0: (1.0, answer(429, 5)), 1: (2.0, answer(429, 20))}, [0.0, 0.0, 1.5])

    assert 22.0 <= sent[2] <= 28.0


def test_a_shorter_pause_does_not_end_a_longer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = played(monkeypatch, {0: (1.0, answer(429, 20)), 1: (2.0, answer(429, 1))}, [0.0, 0.0, 2.5])

    assert 21.0 <= sent[2] <= 26.0


def test_after_a_pause_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = played(monkeypatch, {0: (0.0, answer(429, 5))}, [0.0, 5.5])

    assert sent[1] == pytest.approx(5.5, abs=0.1)


@pytest.mark.parametrize("result", [answer(), answer(503, 30), answer(401, 30), Failure("timeout", "slow")])
def test_nothing_else_makes_others_pause(result: Answer | Failure, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = played(monkeypatch, {0: (0.0, result)}, [0.0, 0.1])

    assert sent[1] == pytest.approx(0.1, abs=0.05)


def test_one_who_gives_up_in_a_pause_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    results = [answer(429, 30), answer(), answer()]

    async def send(*_: object, **__: object) -> Answer:
        return results.pop(0)

    monkeypatch.setattr(module, "send", send)

    async def work() -> None:
        async with opened(1) as session:
            await session.send(request(), 900.0)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(session.send(request(), 900.0), 3.0)
            result = await session.send(request(), 900.0)
            assert isinstance(result, Answer)
            assert result.status == 200

    run(work(), ImpatientLoop())


def test_who_has_no_patience_for_the_pause_hears_why_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    results = [answer(429, 30), answer()]

    async def send(*_: object, **__: object) -> Answer:
        return results.pop(0)

    monkeypatch.setattr(module, "send", send)

    async def work() -> None:
        async with opened() as session:
            now = asyncio.get_running_loop().time
            refusal = await session.send(request(), 0.0)
            began = now()
            assert await session.send(request(), 29.0) == replace(refusal, seconds=pytest.approx(0.0, abs=0.1))
            assert now() - began < 0.1
            result = await session.send(request(), 31.0)
            assert isinstance(result, Answer)
            assert result.status == 200
            assert result.seconds == pytest.approx(now() - began, abs=0.1)
            assert 30 <= result.seconds <= 37

    run(work(), ImpatientLoop())


# --- shared


def test_who_asks_the_same_service_with_the_same_key_shares() -> None:
    async def work() -> None:
        async with shared_session(CONFIG, 5) as one, shared_session(replace(CONFIG), 5) as same:
            assert one is same
            for change in ({"api_key": "other"}, {"base_url": "http://127.0.0.1:10/api"}, {"timeout": 6.0}):
                async with shared_session(replace(CONFIG, **change), 5) as other:
                    assert other is not one

    run(work())


def test_who_comes_at_the_same_time_shares() -> None:
    async def one() -> SharedSession:
        async with shared_session(CONFIG, 5) as session:
            await asyncio.sleep(0.05)
            return session

    async def work() -> None:
        assert len(set(await asyncio.gather(*(one() for _ in range(8))))) == 1

    run(work())


def test_another_event_loop_has_connections_of_its_own() -> None:
    async def in_two(inner: list[SharedSession]) -> None:
        async def other() -> None:
            async with shared_session(CONFIG, 5) as session:
                inner.append(session)

        async with shared_session(CONFIG, 5) as mine:
            await asyncio.to_thread(lambda: run(other()))
            async with shared_session(CONFIG, 5) as again:
                assert again is mine
            assert inner != [mine]

    run(in_two([]))


def test_a_loop_that_is_over_is_not_kept() -> None:
    async def work() -> None:
        async with shared_session(CONFIG, 5):
            pass

    loop = asyncio.SelectorEventLoop()
    gone = weakref.ref(loop)
    run(work(), loop)
    del loop
    gc.collect()

    assert gone() is None


def test_the_first_one_s_word_on_their_number_counts() -> None:
    async def work() -> None:
        async with serving() as (service, config), shared_session(config, 2) as session:
            async with shared_session(config, 10) as same:
                await asyncio.gather(*(each.send(request(config), 900.0) for each in [session, same] * 4))
            assert service.peak == 2

    run(work())


def test_the_environment_is_read_outside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, bool]] = []

    def find(url: str) -> NetworkRoute:
        seen.append((url, threading.current_thread() is threading.main_thread()))
        return find_route(url)

    monkeypatch.setattr(module, "find_route", find)

    async def work() -> None:
        async with shared_session(CONFIG, 5):
            pass

    run(work())

    assert seen == [(CONFIG.base_url, False)]


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[aiohttp.ClientSession]:
    """Every session that is opened."""
    made: list[aiohttp.ClientSession] = []

    def opening(route: NetworkRoute) -> aiohttp.ClientSession:
        made.append(open_session(route))
        return made[-1]

    monkeypatch.setattr(module, "open_session", opening)
    return made


def test_the_last_one_closes_them_and_the_next_one_opens_anew(sessions: list[aiohttp.ClientSession]) -> None:
    async def work() -> None:
        async with shared_session(CONFIG, 5) as first:
            async with shared_session(CONFIG, 5):
                pass
            assert not sessions[0].closed
            assert first.users == 1
        assert sessions[0].closed
        async with shared_session(CONFIG, 5) as second:
            assert second is not first
            assert [session.closed for session in sessions] == [True, False]

    run(work())
    gc.collect()

    assert [session.closed for session in sessions] == [True, True]


def test_an_error_closes_them(sessions: list[aiohttp.ClientSession]) -> None:
    async def work() -> None:
        async with shared_session(CONFIG, 5):
            raise LookupError("of the user")

    with pytest.raises(LookupError, match="of the user"):
        run(work())
    gc.collect()

    assert [session.closed for session in sessions] == [True]


def test_cancellation_in_the_middle_of_a_request_closes_them(sessions: list[aiohttp.ClientSession]) -> None:
    async def work() -> None:
        async with serving() as (service, config):
            service.held = asyncio.Event()

            async def watch() -> None:
                async with shared_session(config, 5) as session:
                    await session.send(request(config), 900.0)

            watches = [asyncio.create_task(watch()) for _ in range(3)]
            while service.now < 3:
                await asyncio.sleep(0.001)
            for watching in watches[:2]:
                watching.cancel()
            await asyncio.wait(watches[:2])
            assert [session.closed for session in sessions] == [False]
            watches[2].cancel()
            await asyncio.wait(watches)
            assert all(watching.cancelled() for watching in watches)
            assert [session.closed for session in sessions] == [True]
            service.held.set()

    run(work())
    gc.collect()


def test_cancellation_while_the_environment_is_read_opens_nothing(
    sessions: list[aiohttp.ClientSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, read_on = threading.Event(), threading.Event()

    def find(_: str) -> NetworkRoute:
        reading.set()
        read_on.wait(5)
        return DIRECT

    monkeypatch.setattr(module, "find_route", find)

    async def work() -> None:
        async def watch() -> None:
            async with shared_session(CONFIG, 5):
                raise AssertionError("it was cancelled before")

        watching = asyncio.create_task(watch())
        while not reading.is_set():
            await asyncio.sleep(0.001)
        watching.cancel()
        await asyncio.wait([watching])
        read_on.set()
        assert watching.cancelled()

    run(work())

    assert sessions == []


# --- the client over them


@pytest.mark.parametrize(("size", "outside"), [(LARGE, False), (LARGE + 1, True)])
@pytest.mark.parametrize("fails", [False, True])
def test_a_large_answer_is_read_outside_the_event_loop(
    fails: bool, size: int, outside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send(*_: object, **__: object) -> Answer:
        return answer(body=bytes(size))

    monkeypatch.setattr(module, "send", send)
    threads: list[bool] = []

    def exchange(*_: Any) -> Exchange[int]:
        total = 0
        for number in (1, 2):
            result = yield Send(list_webhooks())
            threads.append(threading.current_thread() is not threading.main_thread())
            if isinstance(result, Answer):
                total += len(result.body)
            if number == 2 and fails:
                raise ReachDecodeError("no", operation="list")
        return total

    async def work() -> int:
        async with opened() as session:
            return await AsyncReachClient(CONFIG, session).do(exchange)

    if fails:
        with pytest.raises(ReachDecodeError, match="no"):
            run(work())
    else:
        assert run(work()) == 2 * size
    assert threads == [outside, outside]


def test_the_client_sleeps_in_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    results = [answer(503, 10), answer(body=b'{"results": []}')]

    async def send(*_: object, **__: object) -> Answer:
        return results.pop(0)

    monkeypatch.setattr(module, "send", send)
    ticks: list[float] = []

    async def work() -> None:
        loop = asyncio.get_running_loop()

        async def tick() -> None:
            while True:
                await asyncio.sleep(1)
                ticks.append(loop.time())

        ticking = asyncio.create_task(tick())
        started = loop.time()
        async with opened() as session:
            report = await AsyncReachClient(CONFIG, session).check_delivery(webhook_name="orders")
        ticking.cancel()
        assert report.outcome == "failed"
        assert 10 <= loop.time() - started <= 13

    run(work(), ImpatientLoop())

    assert len(ticks) >= 9
