"""Where the outcome is shown."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = "docs/proof/faults.md"
BEGIN = "<!-- What follows is made by `make faults`. -->"
END = "<!-- The end of what `make faults` makes. -->"


def write(text: str) -> None:
    """
    Put the tables between the two marks of the page.

    :param text: The tables.
    """
    path = ROOT / PLACE
    page = path.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def say(text: str) -> None:
    """
    Show it at once, also where the output is a file.

    :param text: A line.
    """
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
