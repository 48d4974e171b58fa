"""Many webhooks at the same time, by either client."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from airflow_provider_reach.client.aio import AsyncReachClient
from airflow_provider_reach.client.aiohttp_transport import NetworkRoute
from airflow_provider_reach.client.pool import SharedSession, shared_session
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.api.exchange import Beginning, Together, Wait
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.errors import ReachLookupError
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.drivers import DRIVERS, Driver
from tests.unit.client.test_own_loop import Interrupted, interrupted

TARGET = "https://consumer.example.com/in"


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> Driver:
    made: Driver = request.param
    return made


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Neither thread nor socket; those of the sandbox are there before and after."""
    threads = {*threading.enumerate()}
    yield
    left = [one for one in threading.enumerate() if one not in threads and not one.name.startswith("reach-sandbox")]
    assert left == []


def config_of(reach: Sandbox, timeout: float = 5.0) -> ReachConfig:
    return ReachConfig(base_url=reach.base_url, workspace_id=reach.workspace_id, api_key=reach.api_key, timeout=timeout)


def sockets() -> int:
    links = [f"/proc/self/fd/{one}" for one in os.listdir("/proc/self/fd")]
    return sum(os.readlink(link).startswith("socket:") for link in links if os.path.lexists(link))


def operations(reach: Sandbox) -> list[str | None]:
    return [request.operation for request in reach.requests]


def test_one_list_and_one_status_each(reach: Sandbox, driver: Driver) -> None:
    ids = [reach.add_webhook(f"orders {n}", target=TARGET) for n in range(30)]
    with driver(config_of(reach)) as client:
        report = client.check_workspace()

    assert (report.outcome, report.looked) == ("healthy", 30)
    assert operations(reach) == ["list"] + ["batch_status"] * 30
    assert sorted(str(request.webhook_id) for request in reach.requests[1:]) == sorted(ids)


def test_four_that_do_not_answer_cost_nobody_else_the_verdict(reach: Sandbox, driver: Driver) -> None:
    ids = [reach.add_webhook(f"orders {n:03}", target=TARGET) for n in range(200)]
    faults = {17: Fault.status(500), 50: Fault.slow(4.0), 99: Fault.status(404), 150: Fault.truncated()}
    for number, fault in faults.items():
        reach.fail(fault, on="batch_status", times=None, webhook_id=ids[number])
    with driver(config_of(reach, timeout=1.5), outage_tolerance=0.0) as client:
        report = client.check_workspace()

    assert report.outcome == "unknown"
    assert report.counts == {"failed": 0, "unknown": 4, "wait": 0, "healthy": 196}
    said = {label[1:11]: why for label, why in report.unanswered.items()}
    assert sorted(said) == ["orders 017", "orders 050", "orders 099", "orders 150"]
    assert "the service answered HTTP 500" in said["orders 017"]
    assert "no answer within" in said["orders 050"]
    assert "Yet the webhook is there: ask again." in said["orders 099"]
    assert "the connection broke before the whole answer came" in said["orders 150"]
    assert report.headline.startswith("NOT ANSWERED: 4 of 200 webhooks. The first: webhook 'orders 017': Could not get")


def test_what_passes_within_the_budget_is_asked_again(
    reach: Sandbox, driver: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    waits: list[float] = []
    ids = [reach.add_webhook(f"orders {n}", target=TARGET) for n in range(3)]
    reach.fail(Fault.status(503), on="batch_status", times=2, webhook_id=ids[1])
    with driver(config_of(reach), sleep=waits.append) as client:
        assert client.check_workspace().outcome == "healthy"

    assert len(waits) == 2
    assert caplog.text.count("Next try in") == 2


# --- how many at the same time, and what ends them all


def waiting(name: object, error: Exception | None = None) -> Beginning:
    def exchange(at: float) -> Generator[Wait, None, object]:
        yield Wait(1.0, f"{name} waits.")
        if error:
            raise error
        return name

    return exchange  # type: ignore[return-value]


def together(*beginnings: Beginning, most: int = 3, sleep: Any = None, progress: Any = None) -> list[Any]:
    async def main() -> list[Any]:
        session = SharedSession(NetworkRoute(None, None), most)
        client = AsyncReachClient(
            ReachConfig("http://h", "w", "k"), session, sleep=sleep or (lambda _: asyncio.sleep(0))
        )
        try:
            return await client.run(_of(Together(iter(beginnings), len(beginnings), progress)))
        finally:
            await session.close()
            assert asyncio.all_tasks() == {asyncio.current_task()}

    return asyncio.run(main())


def _of(step: Together) -> Generator[Together, list[Any], list[Any]]:
    return (yield step)


def test_as_many_at_the_same_time_as_there_are_connections_and_the_results_in_order() -> None:
    under_way, most = 0, 0

    async def sleep(_: float) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    told: list[tuple[int, int]] = []
    error = ReachLookupError("no")
    results = together(
        waiting(0), waiting(1, error), *map(waiting, range(2, 10)), sleep=sleep, progress=lambda *n: told.append(n)
    )

    assert results == [0, error, *range(2, 10)]
    assert most == 3
    assert told == [(n, 10) for n in range(1, 11)]
    assert together() == []


def test_an_exchange_begins_when_it_is_its_turn() -> None:
    began: list[float] = []

    def beginning(at: float) -> Any:
        began.append(at)
        return waiting("x")(at)

    together(beginning, beginning, beginning, most=2, sleep=lambda _: asyncio.sleep(0.02))

    assert [at >= 0.02 for at in began] == [False, False, True]


def test_any_other_exception_ends_them_all() -> None:
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0 if len(asyncio.all_tasks()) < 3 else 0.001)

    with pytest.raises(ZeroDivisionError):
        together(waiting(0, ZeroDivisionError()), *map(waiting, range(1, 50)), sleep=sleep)


# --- cancelled in mid-look


def test_a_cancelled_look_leaves_no_task_and_no_socket(reach: Sandbox) -> None:
    for number in range(5):
        reach.add_webhook(f"orders {number}", target=TARGET)
    before = sockets()

    async def main() -> None:
        async with shared_session(config_of(reach), 20) as session:
            look = asyncio.create_task(AsyncReachClient(config_of(reach), session).check_workspace())
            while not operations(reach):
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            look.cancel()
            with pytest.raises(asyncio.CancelledError):
                await look
            assert asyncio.all_tasks() == {asyncio.current_task()}

    reach.fail(Fault.slow(2.0), on="batch_status", times=None)
    asyncio.run(main())
    _settled(before)


def test_what_is_raised_in_the_waiting_thread_ends_the_look_at_once(reach: Sandbox) -> None:
    for number in range(5):
        reach.add_webhook(f"orders {number}", target=TARGET)
    reach.fail(Fault.slow(2.0), on="batch_status", times=None)
    before, began = sockets(), time.monotonic()
    with ReachClient(config_of(reach)) as client, pytest.raises(Interrupted), interrupted(0.3):
        client.check_workspace()

    assert time.monotonic() - began < 1.5
    _settled(before)


def _settled(before: int) -> None:
    """The sandbox closes its end of a connection only when its slow answer fails."""
    deadline = time.monotonic() + 5
    while sockets() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sockets() <= before
