"""Where the command line writes: only what was found goes to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TextIO


@contextmanager
def claimed_stdout() -> Iterator[TextIO | None]:
    """
    The way to stdout; anything else that is printed there, above all Airflow's log, goes to stderr.

    This lasts until the process ends: Airflow's handlers keep the stdout that they found, and log at the exit.
    """
    stdout: TextIO | None = sys.stdout
    with suppress(AttributeError, OSError, ValueError):  # it is closed, or somebody captures it
        if sys.stdout.fileno() == 1:
            sys.stdout.flush()
            # It is not closed: that would try once more to write what could not be written.
            stdout = open(os.dup(1), "w", encoding=sys.stdout.encoding, errors="backslashreplace")  # noqa: SIM115
            os.dup2(2, 1)
    with redirect_stdout(sys.stderr):
        yield stdout


def written(text: str, stream: TextIO | None) -> bool:
    """Write a text and a newline; return whether somebody can read it."""
    if not text:
        return True
    if stream is None:
        return False
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):  # what is left in it must not be tried again at the exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return False
    return True
