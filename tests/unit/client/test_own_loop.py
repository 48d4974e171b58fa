from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import pytest

from airflow_provider_reach.client.own_loop import in_own_loop

said: ContextVar[str] = ContextVar("said")


class Interrupted(BaseException):
    """As Airflow's own timeout is raised: in the main thread, by a signal."""


@contextmanager
def interrupted(after: float) -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before, deadline = threads(), time.monotonic() + 10
    yield
    while threads() - before and time.monotonic() < deadline:
        time.sleep(0.001)  # interrupted while it starts, a thread ends by itself
    assert threads() <= before


def threads() -> set[threading.Thread]:
    """Those that run; one whose start was interrupted may be listed for ever."""
    return {one for one in threading.enumerate() if one.is_alive()}


def test_the_result_of_a_coroutine_in_a_thread_of_its_own_with_the_caller_s_context() -> None:
    said.set("by the caller")

    async def work() -> tuple[str, bool]:
        await asyncio.sleep(0)
        return said.get(), threading.current_thread() is threading.main_thread()

    assert in_own_loop(work) == ("by the caller", False)


def test_it_may_be_called_where_a_loop_is_running() -> None:
    async def outer() -> int:
        return in_own_loop(lambda: asyncio.sleep(0, 7))

    assert asyncio.run(outer()) == 7


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3)])
def test_what_it_raises_is_raised(error: BaseException) -> None:
    async def work() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        in_own_loop(work)
    assert raised.value is error


def test_what_cannot_begin_is_raised_too() -> None:
    def work() -> None:
        raise ValueError("no coroutine")

    with pytest.raises(ValueError, match="no coroutine"):
        in_own_loop(work)  # type: ignore[arg-type]


@pytest.mark.parametrize("after", [0.05, 0.0001])
def test_what_is_raised_in_the_main_thread_cancels_it_and_waits_for_its_end(after: float) -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.01)
            ended.append("cleaned up")

    began = time.monotonic()
    with pytest.raises(Interrupted), interrupted(after):
        _wait_for_signal(in_own_loop(work))
    assert time.monotonic() - began < 10
    assert ended in (["cleaned up"], [])
    assert ended or after < 0.01  # interrupted before it had begun


def test_an_interruption_after_its_end_finds_nothing_to_cancel() -> None:
    with pytest.raises(Interrupted), interrupted(0.05):
        _wait_for_signal(in_own_loop(lambda: asyncio.sleep(0)))


def _wait_for_signal(_: object) -> None:
    signal.pause()
