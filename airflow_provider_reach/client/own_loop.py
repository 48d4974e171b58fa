"""An event loop in a thread of its own, for a caller that has none: it waits, and can be interrupted meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from threading import Thread
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def in_own_loop(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """
    Run a coroutine to its end, in a thread of its own.

    Airflow ends a task by raising in its main thread, which only waits here: the coroutine is cancelled then, and its
    thread joined.

    :param work: Makes the coroutine.
    :return: Its result; what it raises is raised.
    """
    running = _Running(work)
    try:
        running.thread.start()
        return running.result.result()
    except BaseException:
        running.cancel()
        raise
    finally:
        if running.thread.is_alive():
            running.thread.join()


class _Running(Generic[T]):
    """A coroutine that runs in a thread."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self.result: Future[T] = Future()
        self.thread = Thread(target=copy_context().run, args=(self._run,), name="reach", daemon=True)
        self._work = work
        self._task: asyncio.Task[Any] | None = None
        self._is_cancelled = False

    def cancel(self) -> None:
        """Cancel it, even if it has not begun."""
        self._is_cancelled = True
        if self._task:
            with suppress(RuntimeError):  # the loop is closed: it has ended
                self._task.get_loop().call_soon_threadsafe(self._task.cancel)

    def _run(self) -> None:
        try:
            result = asyncio.run(self._main())
        except BaseException as error:
            self.result.set_exception(error)
        else:
            self.result.set_result(result)

    async def _main(self) -> T:
        self._task = asyncio.current_task()
        if self._is_cancelled:
            raise asyncio.CancelledError
        return await self._work()
