"""Where the command line says what: what was found goes to stdout alone, all else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TextIO


@contextmanager
def claimed_stdout() -> Iterator[TextIO | None]:
    """
    What leads to stdout; whatever else is printed there, Airflow's log above all, goes to stderr.

    It does so until the process ends: Airflow's handlers hold on to the stdout that they found, and log at the exit.
    """
    stdout: TextIO | None = sys.stdout
    with suppress(AttributeError, OSError, ValueError):  # it is closed, or somebody captures it
        if sys.stdout.fileno() == 1:
            sys.stdout.flush()
            # Not closed: that would be one more try to write what could not be written.
            stdout = open(os.dup(1), "w", encoding=sys.stdout.encoding, errors="backslashreplace")  # noqa: SIM115
            os.dup2(2, 1)
    with redirect_stdout(sys.stderr):
        yield stdout


def written(text: str, stream: TextIO | None) -> bool:
    """
    Write a text and a line's end; whether somebody can read it.

    :param text: Nothing is written where it is empty.
    :param stream: Where to; None: it is closed.
    """
    if not text:
        return True
    if stream is None:
        return False
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):  # what is left in it shall not be tried again at the exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return False
    return True
