"""How a script plays a story: in a folder of its own, and only as long as everything is as it should be."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

from scripts.telling import colour, say

ROOT = Path(__file__).resolve().parent.parent
INTERRUPTED = 130


class NotAsItShouldBe(Exception):
    """The story took another course; the text says which."""


def interruptible(main: Callable[[], int]) -> int:
    """
    Run a program and return its exit status; interrupted, or asked to end, it says so and ends.

    :param main: The program.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return main()
    except KeyboardInterrupt:
        say("\nInterrupted.")
        return INTERRUPTED


def play(logs: Path, story: Callable[[Path], None]) -> int:
    """
    Play a story in a new home of Airflow, and return the exit status: 0 only when all of it was as it should be.

    :param logs: A folder for all that Airflow says; it is created anew.
    :param story: The story; it gets the home.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to end as tidily as by Ctrl-C
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    try:
        with tempfile.TemporaryDirectory(prefix="reach-") as home:  # Airflow accepts no '%' in it
            story(Path(home))
    except NotAsItShouldBe as error:
        say(colour(f"\nThis is not as it should be: {error}", "31"))
        status = 1
    except KeyboardInterrupt:
        say("\nInterrupted; every process is ended.")
        status = INTERRUPTED
    else:
        return 0
    say(f"All that Airflow said: {logs.relative_to(ROOT)}")
    return status


def check(is_so: object, otherwise: str) -> None:
    """Go on only when it is so."""
    if not is_so:
        raise NotAsItShouldBe(otherwise)
