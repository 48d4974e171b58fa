"""What came of all cells, as Markdown."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version

from evidence.faults.cells import DRIVERS, Tried
from evidence.faults.operations import OPERATIONS
from evidence.faults.right import Fault, Way

CREATIONS = [operation.name for operation in OPERATIONS if operation.kind == "create"]
OTHERS = [operation.name for operation in OPERATIONS if operation.kind != "create"]

Found = dict[tuple[str, str, str, Way], Tried]
"""By the fault's name with its group, the operation, the driver and the way."""


def whole(tried: Sequence[Tried]) -> str:
    """
    All tables, under a line that says what was tried.

    :param tried: Every cell.
    """
    found: Found = {
        (_name(each.cell.fault), each.cell.operation.name, each.cell.driver, each.cell.way): each for each in tried
    }
    faults = list(dict.fromkeys((each.cell.fault.group, _name(each.cell.fault)) for each in tried))
    heavy = {_name(each.cell.fault) for each in tried if each.cell.fault.heavy}
    parts = [_what(tried, len(faults))]
    for group in dict.fromkeys(group for group, _ in faults):
        names = [name for of_group, name in faults if of_group == group]
        parts += [f"### {group}", _costs(names, found) if heavy & set(names) else _outcomes(names, found)]
    return "\n\n".join(parts)


def _name(fault: Fault) -> str:
    return f"{fault.group}: {fault.name}"


def _what(tried: Sequence[Tried], faults: int) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("requests", "urllib3", "aiohttp"))
    python = ".".join(platform.python_version_tuple()[:2])
    operations = len({each.cell.operation.name for each in tried})
    slowest = max(each.seconds for each in tried)
    return (
        f"{len(tried):,} cells of {faults} faults and {operations} operations, with Python {python}, {versions}: all "
        f"as they must be. The longest took {slowest:.0f} s."
    )


def _outcomes(names: Iterable[str], found: Found) -> str:
    rows = [(name.partition(": ")[2], _said(name, OTHERS, found), _said(name, CREATIONS, found)) for name in names]
    return _table(f"fault | all but these | {', '.join(CREATIONS)}", rows)


def _said(name: str, operations: Iterable[str], found: Found) -> str:
    """What a fault brings to most of the operations, then what it brings to the others."""
    operations_by_text: dict[str, list[str]] = {}
    for operation in operations:
        operations_by_text.setdefault(_of(name, operation, found), []).append(operation)
    most, *others = sorted(operations_by_text, key=lambda text: -len(operations_by_text[text]))
    return "; ".join([most, *(f"{', '.join(operations_by_text[text])}: {text}" for text in others)])


def _of(name: str, operation: str, found: Found) -> str:
    texts = {driver: _text(name, operation, driver, found) for driver in DRIVERS}
    if len(set(texts.values())) == 1:
        return texts["sync"]
    return ", ".join(f"{driver}: {text}" for driver, text in texts.items())


def _text(name: str, operation: str, driver: str, found: Found) -> str:
    once, heals = found[name, operation, driver, "once"], found[name, operation, driver, "heals"]
    if once.outcome is None:
        was_lost = operation in CREATIONS and found[name, "list", driver, "once"].outcome is not None
        return "looked for, and found" if was_lost else "right"
    error = f"`{once.outcome.__name__}`"
    if once.outcome.final:
        return f"{error}, final"
    return f"asked again, otherwise {error}" if heals.outcome is None else error


def _costs(names: Iterable[str], found: Found) -> str:
    rows = [
        (name.partition(": ")[2], _errors(name, OTHERS, found), _errors(name, CREATIONS, found), _memory(name, found))
        for name in names
    ]
    return _table(f"fault | all but these | {', '.join(CREATIONS)} | memory", rows)


def _errors(name: str, operations: Iterable[str], found: Found) -> str:
    """Which of several errors it is may be a matter of time."""
    outcomes = {found[name, operation, driver, "once"].outcome for operation in operations for driver in DRIVERS}
    return " or ".join(sorted(f"`{outcome.__name__}`" if outcome else "right" for outcome in outcomes))


def _memory(name: str, found: Found) -> str:
    most = max(found[name, operation, driver, "once"].memory for operation in CREATIONS + OTHERS for driver in DRIVERS)
    return f"{max(1, round(most / 1e6))} MB"


def _table(head: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, " | ".join("---" for _ in head.split(" | ")), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)
