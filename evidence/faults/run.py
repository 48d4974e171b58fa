"""All cells, many at a time; those that measure memory, one after another."""

from __future__ import annotations

import itertools
import logging
import os
import shlex
import socket
import ssl
import tempfile
import tracemalloc
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from airflow_provider_reach.core.api import request
from evidence.faults import cells, certificates
from evidence.faults.catalogue import FAULTS
from evidence.faults.cells import DRIVERS, MOST_MEMORY, Cell, Tried
from evidence.faults.front import HOST, resolved
from evidence.faults.operations import HEAVY, OPERATIONS, SIMPLE, Operation
from evidence.faults.right import Fault, Way
from evidence.faults.trials import Listening, try_cell
from scripts.telling import say

AT_A_TIME, WAITING_AT_A_TIME = 6, 20


def everything(*, short: bool, only: str) -> list[Tried]:
    """
    Try all cells, and say what came of each fault.

    :param short: Whether to try one operation of each kind.
    :param only: Parts of the names of the cells to try, separated by ``/``.
    """
    chosen = _chosen(list(_cells(short=short)), only)
    heavy = [cell for cell in chosen if cell.fault.heavy]
    light = [cell for cell in chosen if not cell.fault.heavy]
    with _world() as shown, _threads(AT_A_TIME) as some, _threads(WAITING_AT_A_TIME) as waiting:
        trials = [(waiting if cell.fault.slow else some).submit(try_cell, cell, shown) for cell in light]
        tried = list(_told(light, (trial.result() for trial in trials)))
        tried += _told(heavy, (_measured(cell, shown) for cell in heavy))
    return tried


def _cells(*, short: bool) -> Iterator[Cell]:
    for fault in FAULTS:
        for operation, driver, way in itertools.product(
            _operations(fault, short=short), DRIVERS, _ways(fault, short=short)
        ):
            yield Cell(operation, fault, driver, way)


def _operations(fault: Fault, *, short: bool) -> Iterable[Operation]:
    if not short:
        return OPERATIONS
    names = HEAVY if fault.heavy else SIMPLE
    return [operation for operation in OPERATIONS if operation.name in names]


def _ways(fault: Fault, *, short: bool) -> list[Way]:
    if fault.heavy:
        return ["once"]
    return ["once", "heals"] if short else ["once", "heals", "stays"]


def _chosen(cells: list[Cell], only: str) -> list[Cell]:
    """The one of this name, or otherwise all whose names hold its parts."""
    named = [cell for cell in cells if cell.name == only]
    return named or [cell for cell in cells if all(part in cell.name for part in only.split("/"))]


@contextmanager
def _threads(number: int) -> Iterator[ThreadPoolExecutor]:
    """A number at a time; at the end, those that have not begun are dropped."""
    executor = ThreadPoolExecutor(number)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _told(chosen: list[Cell], tried: Iterable[Tried]) -> Iterator[Tried]:
    """Prints a line for each fault, and all that is wrong."""
    left = iter(tried)
    for fault, of_it in itertools.groupby(chosen, lambda cell: cell.fault):
        found = list(itertools.islice(left, sum(1 for _ in of_it)))
        failed = [each for each in found if each.wrong]
        say(f"{fault.group}: {fault.name}: {len(found) - len(failed)} right, {len(failed)} wrong")
        for each in failed:
            say(f"  FAILED {each.cell.name}")
            for wrong in each.wrong:
                say(f"    {wrong}")
            say(f"    alone: {_alone(each.cell.name)}")
        yield from found


def _alone(name: str) -> str:
    """How to try a cell alone, as the shell takes it."""
    only = f'--only "{name}"'
    return f"make faults ARGS={shlex.quote(only)}"


def _measured(cell: Cell, shown: dict[str, ssl.SSLContext]) -> Tried:
    tracemalloc.start()
    try:
        tried = try_cell(cell, shown)
        _, memory = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    if memory > MOST_MEMORY:
        tried.wrong.append(f"{memory / 1e6:.0f} MB of memory, over {MOST_MEMORY / 1e6:.0f} MB")
    return replace(tried, memory=memory)


@contextmanager
def _world() -> Iterator[dict[str, ssl.SSLContext]]:
    """The client trusts one authority; what it looks up and logs is seen; a target is given less than 10 s."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy") or name == "CURL_CA_BUNDLE"]:
        del os.environ[name]
    request.TARGET_TIME = cells.SHORT_TIMEOUT
    root, look_up = logging.getLogger(), socket.getaddrinfo
    root.setLevel(logging.DEBUG)
    root.addHandler(Listening())

    def looked_up(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        if host in resolved:
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (HOST, int(port)))]
        return look_up(host, port, *arguments, **named)

    socket.getaddrinfo = looked_up
    with tempfile.TemporaryDirectory(prefix="reach-faults-") as folder:
        shown = certificates.make(Path(folder))
        os.environ["REQUESTS_CA_BUNDLE"] = str(Path(folder) / "trusted.pem")
        yield shown
