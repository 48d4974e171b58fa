"""How far a look has come, for a person at a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

_SILENT, _EVERY = 1.0, 0.1
"""Seconds for which nothing is told, and between one telling and the next."""

Progress = Callable[[int, int], None]


@contextmanager
def progress_on(stream: TextIO | None, clock: Callable[[], float] = time.monotonic) -> Iterator[Progress | None]:
    """
    What a look is to call after each webhook; None where nobody watches.

    The line stands until the end, and is blanked then. The cursor stays at its beginning, so that what is logged
    meanwhile is written over it.

    :param stream: Where to write, if it is a terminal.
    :param clock: The time in seconds.
    """
    if stream is None or not _is_terminal(stream):
        yield None
        return
    line = _Line(stream, clock)
    try:
        yield line.tell
    finally:
        line.write("")


class _Line:
    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream, self._clock = stream, clock
        self._next = clock() + _SILENT
        self._width = 0

    def tell(self, done: int, of: int) -> None:
        if (now := self._clock()) >= self._next:
            self._next = now + _EVERY
            self.write(f"Looked at {done:,} of {of:,} webhooks …")

    def write(self, text: str) -> None:
        if text or self._width:
            with suppress(OSError, ValueError):  # nobody sees it
                self._stream.write(f"\r{text:<{self._width}}\r")
                self._stream.flush()
            self._width = len(text)


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False
