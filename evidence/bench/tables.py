"""What was measured, as Markdown: the tables and the goals."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain

from evidence.bench import imports, verdicts, worker
from evidence.bench.cells import KINDS, Cell
from evidence.bench.imports import Imports
from evidence.bench.verdicts import Verdict
from evidence.bench.worker import Asked
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


def goals(cells: Sequence[Cell]) -> list[Goal]:
    """Each goal of the watches, and whether it was met."""
    ours = [cell for cell in cells if cell.kind == "ours"]
    warm, looks = sum(cell.opened_warm for cell in ours), sum(cell.looks for cell in ours)
    found = [
        _ratio("small answers: at most one request by hand (10 % is noise)", cells, "small", "plain", "small", 1.1),
        _ratio("full answers, others at each look: at most 0.75 of the CPU", cells, "changing", "plain", "full", 0.75),
        _ratio("full answers, the same at each look: at most 0.4", cells, "full", "plain", "full", 0.4),
        _ratio("at most half of the peer's CPU", cells, "small", "peer", "404", 0.5),
        _ratio("1000 webhooks in the list instead of 3: at most 1.1 of the CPU", cells, "of-1000", "ours", "of-3", 1.1),
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


def whole(
    imported: tuple[Imports, Imports],
    judged: Sequence[Verdict],
    asked: Sequence[Asked],
    checked: Sequence[Checked],
    cells: Sequence[Cell],
) -> str:
    """All tables, under a line that says where they were measured."""
    told = (imports.figures(imported), verdicts.figures(judged), worker.figures(asked), figures(checked))
    all_goals = [*(Goal(*figure) for figure in chain(*told)), *goals(cells)]
    parts = [
        where(),
        "### Goals",
        _table(
            "goal | measured | met",
            [(g.text, g.measured, "yes" if g.met else "**no**") for g in all_goals],
        ),
        "### Imports of a DAG file",
        imports_table(imported),
        "### A full answer, decoded and judged",
        verdicts_table(judged),
        "### What a task asks",
        worker_table(asked),
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


def imports_table(imported: tuple[Imports, Imports]) -> str:
    """The table of imports."""
    return _table(imports.HEAD, imports.rows(imported))


def verdicts_table(judged: Sequence[Verdict]) -> str:
    """The table of answers decoded and judged."""
    return _table(verdicts.HEAD, verdicts.rows(judged))


def worker_table(asked: Sequence[Asked]) -> str:
    """The table of what a task asks."""
    return _table(worker.HEAD, worker.rows(asked))


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
    by_hand = _find(cells, "plain", cell.number, "full" if cell.size in ("full", "changing") else "small")
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
