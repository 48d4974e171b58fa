"""What was measured, as Markdown: the tables and the goals."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from evidence.bench.cells import KINDS, Cell
from evidence.bench.imports import Imports
from evidence.bench.verdicts import Verdict
from evidence.bench.workspace import Checked
from evidence.bench.workspace_tables import HEAD, figures, rows


@dataclass(frozen=True)
class Goal:
    """
    A goal and its outcome.

    :param text: The goal.
    :param measured: What was measured.
    :param met: Whether it was met.
    """

    text: str
    measured: str
    met: bool


def goals(imported: Imports, verdicts: Sequence[Verdict], cells: Sequence[Cell]) -> list[Goal]:
    """Each goal, and whether it was met."""
    both, ratio = max(v.both for v in verdicts), max(v.both / v.plain for v in verdicts)
    ours = [cell for cell in cells if cell.kind == "ours"]
    warm, looks = sum(cell.opened_warm for cell in ours), sum(cell.looks for cell in ours)
    found = [
        Goal("the health DAG's imports of this package: under 10 ms", f"{imported.ours:.1f} ms", imported.ours < 10),
        Goal("a full answer decoded and judged: under 1 ms", f"{both:.2f} ms at most", both < 1),
        Goal("the same: under half of the JSON and times merely read", f"{ratio:.2f} at most", ratio < 0.5),
        _ratio(
            "small answers: no more CPU than written by hand (10 % is noise)", cells, "small", "plain", "small", 1.1
        ),
        _ratio("full answers: at most half of the CPU", cells, "full", "plain", "full", 0.5),
        _ratio("at most a third of the peer's CPU", cells, "small", "peer", "404", 1 / 3),
        Goal("once warm, no look opens a connection", f"{warm} in {looks:,} looks", warm == 0),
    ]
    return found + [
        Goal(f"{cell.number} watches, {cell.size} answers: 99 % of the looks", f"{cell.done:.1%}", cell.done >= 0.99)
        for cell in ours
        if cell.number == 1000
    ]


def _ratio(text: str, cells: Sequence[Cell], size: str, other: str, other_size: str, most: float) -> Goal:
    """For 100 watches and more: with 10, the loop and the measuring cost more than the looks."""
    pairs = [
        (cell.number, cell.cpu_of_a_look / _find(cells, other, cell.number, other_size).cpu_of_a_look)
        for cell in cells
        if cell.kind == "ours" and cell.size == size and cell.number >= 100
    ]
    said = ", ".join(f"{ratio:.2f} with {number}" for number, ratio in pairs)
    return Goal(text, said, all(ratio <= most for _, ratio in pairs))


def _find(cells: Iterable[Cell], kind: str, number: int, size: str) -> Cell:
    return next(cell for cell in cells if (cell.kind, cell.number, cell.size) == (kind, number, size))


def whole(imported: Imports, verdicts: Sequence[Verdict], checked: Sequence[Checked], cells: Sequence[Cell]) -> str:
    """All tables, under a line that says where they were measured."""
    all_goals = [*goals(imported, verdicts, cells), *(Goal(*figure) for figure in figures(checked))]
    parts = [
        where(),
        "### Goals",
        _table(
            "goal | measured | met",
            [(g.text, g.measured, "yes" if g.met else "**no**") for g in all_goals],
        ),
        "### Imports of a DAG file",
        imports(imported),
        "### A full answer, decoded and judged",
        verdicts_table(verdicts),
        "### A workspace checked once",
        workspace_table(checked),
        "### Watches in one event loop, each looking every second",
        cells_table(cells),
    ]
    return "\n\n".join(parts)


def where() -> str:
    """The machine in general words."""
    packages = ("apache-airflow", "aiohttp", "msgspec", "apache-airflow-providers-http")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    python = ".".join(map(str, sys.version_info[:3]))
    cores = f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()})"
    return f"Measured on {cores} with Python {python}, {versions}."


def imports(imported: Imports) -> str:
    """The import's table."""
    return _table(
        "what | ms",
        [
            ("Airflow's own names", f"{imported.airflow:.0f}"),
            (
                f"this package's, beyond them ({imported.modules} modules, {imported.others} of others)",
                f"{imported.ours:.1f}",
            ),
        ],
    )


def verdicts_table(verdicts: Sequence[Verdict]) -> str:
    """The table of answers decoded and judged."""
    return _table(
        "answer of 1000 rows | JSON and times merely read, ms | decoded, ms | judged, ms | both, ms | ratio | goal | "
        "the last look's body again, ms | ratio",
        [
            (
                v.answer,
                f"{v.plain:.2f}",
                f"{v.decode:.2f}",
                f"{v.judge:.2f}",
                f"{v.both:.2f}",
                f"{v.both / v.plain:.2f}",
                f"{v.goal}",
                f"{v.again:.2f}",
                f"{v.again / v.plain:.2f}",
            )
            for v in verdicts
        ],
    )


def workspace_table(checked: Sequence[Checked]) -> str:
    """The table of a workspace checked once."""
    return _table(HEAD, rows(checked))


def cells_table(cells: Sequence[Cell]) -> str:
    """The table of watches."""
    return _table(
        "watches | answer | what | CPU of 1000 looks, s | to by hand | looks done | connections: all, once warm | "
        "loop late by, ms: p50, p99, most | memory of a watch, kB",
        [_row(cell, cells) for cell in cells],
    )


def _row(cell: Cell, cells: Sequence[Cell]) -> tuple[str, ...]:
    by_hand = _find(cells, "plain", cell.number, "full" if cell.size == "full" else "small")
    return (
        str(cell.number),
        cell.size,
        KINDS[cell.kind],
        f"{cell.cpu_of_a_look:.2f}",
        f"{cell.cpu_of_a_look / by_hand.cpu_of_a_look:.2f}",
        f"{cell.done:.1%}",
        f"{cell.opened}, {cell.opened_warm}",
        ", ".join(f"{seconds * 1000:.1f}" for seconds in (cell.lag_p50, cell.lag_p99, cell.lag_max)),
        f"{cell.memory / 1024:.0f}",
    )


def _table(head: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, " | ".join("---" for _ in head.split(" | ")), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)
