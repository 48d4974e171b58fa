"""How the scripts that play a story tell it, on a terminal or in a file."""

from __future__ import annotations

import itertools
import sys
import textwrap


def step(text: str) -> None:
    """Say what happens now."""
    say(f"\n{next(_numbers)}. {text}")


_numbers = itertools.count(1)


def say(text: str) -> None:
    """Show the text at once, even where the output is a file."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def wrapped(text: str, indent: int) -> str:
    """Fold a long line to make it readable."""
    margin = " " * indent
    return textwrap.fill(text, 110, initial_indent=margin, subsequent_indent=f"{margin}    ", break_on_hyphens=False)


def colour(text: str, code: str) -> str:
    """Colour the text where a person is looking."""
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else text
