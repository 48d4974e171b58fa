"""What was seen, as the tables of docs/proof/soak.md, and which of it is not as it must be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """
    One thing that was seen.

    :param what: What was counted or measured.
    :param seen: The outcome.
    :param has_to: What it must be, if there is a rule.
    :param held: Whether it is so.
    """

    what: str
    seen: str
    has_to: str = ""
    held: bool = True


def table(rows: Sequence[Row]) -> str:
    """The rows as a table of Markdown."""
    head = ["| what | seen | has to be |", "| --- | --- | --- |"]
    return "\n".join([*head, *(f"| {row.what} | {told(row)} | {row.has_to} |" for row in rows)])


def told(row: Row) -> str:
    """What was seen, marked if it is not as it must be."""
    return row.seen if row.held else f"**not so:** {row.seen}"


def all_held(rows: Iterable[Row]) -> bool:
    """Whether everything is as it must be."""
    return all(row.held for row in rows)
