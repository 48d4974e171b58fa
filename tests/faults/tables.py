"""What came of all cells, as Markdown."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version

from tests.faults.cells import DRIVERS, Tried
from tests.faults.operations import SIMPLE
from tests.faults.right import KINDS, Fault, Kind, Way

Found = dict[tuple[str, Kind, str, Way], Tried]
"""By the fault's name with its group, the kind of operation, the driver and the way."""


def whole(tried: Sequence[Tried]) -> str:
    """
    All tables, under a line that says what was tried.

    :param tried: Every cell.
    """
    found: Found = {
        (_name(each.cell.fault), each.cell.operation.kind, each.cell.driver, each.cell.way): each
        for each in tried
        if each.cell.operation.name in SIMPLE
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
    rows = [(name.partition(": ")[2], _other_kinds(name, found), _of(name, "create", found)) for name in names]
    return _table("fault | reads, update, delete, validate | create", rows)


def _other_kinds(name: str, found: Found) -> str:
    """What most of them bring, then what the others bring."""
    kinds_by_text: dict[str, list[str]] = {}
    for kind in (kind for kind in KINDS if kind != "create"):
        kinds_by_text.setdefault(_of(name, kind, found), []).append(kind)
    most, *others = sorted(kinds_by_text, key=lambda text: -len(kinds_by_text[text]))
    return "; ".join([most, *(f"{' and '.join(kinds_by_text[text])}: {text}" for text in others)])


def _of(name: str, kind: Kind, found: Found) -> str:
    texts = {driver: _text(kind, found, name, driver) for driver in DRIVERS}
    if len(set(texts.values())) == 1:
        return texts["sync"]
    return ", ".join(f"{driver}: {text}" for driver, text in texts.items())


def _text(kind: Kind, found: Found, name: str, driver: str) -> str:
    once, heals = found[name, kind, driver, "once"], found[name, kind, driver, "heals"]
    if once.outcome is None:
        was_lost = kind == "create" and found[name, "reads", driver, "once"].outcome is not None
        return "looked for, and found" if was_lost else "right"
    error = f"`{once.outcome.__name__}`"
    if once.outcome.final:
        return f"{error}, final"
    return f"asked again, else {error}" if heals.outcome is None else error


def _costs(names: Iterable[str], found: Found) -> str:
    rows = [
        (name.partition(": ")[2], *(_cost(found[name, "reads", driver, "once"]) for driver in DRIVERS))
        for name in names
    ]
    return _table(f"fault | {' | '.join(DRIVERS)}", rows)


def _cost(tried: Tried) -> str:
    error = f"`{tried.outcome.__name__}`" if tried.outcome else "right"
    return f"{error}, {max(1, round(tried.memory / 1e6))} MB"


def _table(head: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, " | ".join("---" for _ in head.split(" | ")), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)
