"""All cells, many at a time; those that measure memory alone, one after the other."""

from __future__ import annotations

import itertools
import logging
import os
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

from airflow_provider_reach.core import request
from scripts.telling import say
from tests.faults import cells, certificates
from tests.faults.catalogue import FAULTS
from tests.faults.cells import DRIVERS, MOST_MEMORY, Cell, Tried
from tests.faults.front import HOST
from tests.faults.operations import OPERATIONS, SIMPLE
from tests.faults.right import Fault, Way
from tests.faults.stages import resolved
from tests.faults.trials import Listening, try_cell

AT_A_TIME, WAITING_AT_A_TIME = 6, 20
_HEAVY = ("list", "create")


def everything(*, short: bool, only: str) -> list[Tried]:
    """
    Try all cells, and say what came of each fault.

    :param short: Whether to try one operation of each kind.
    :param only: Parts of the names of the cells to try, parted by ``/``.
    """
    chosen = [cell for cell in _cells(short=short) if all(part in cell.name for part in only.split("/"))]
    heavy = [cell for cell in chosen if cell.fault.heavy]
    light = [cell for cell in chosen if not cell.fault.heavy]
    with _world() as shown, ThreadPoolExecutor(AT_A_TIME) as some, ThreadPoolExecutor(WAITING_AT_A_TIME) as waiting:
        trials = [(waiting if cell.fault.slow else some).submit(try_cell, cell, shown) for cell in light]
        tried = list(_told(light, (trial.result() for trial in trials)))
        tried += _told(heavy, (_measured(cell, shown) for cell in heavy))
    return tried


def _cells(*, short: bool) -> Iterator[Cell]:
    for fault in FAULTS:
        for operation, driver, way in itertools.product(OPERATIONS, DRIVERS, _ways(fault, short=short)):
            if operation.name in (_HEAVY if fault.heavy else SIMPLE if short else operation.name):
                yield Cell(operation, fault, driver, way)


def _ways(fault: Fault, *, short: bool) -> list[Way]:
    if fault.heavy:
        return ["once"]
    return ["once", "heals"] if short or fault.slow else ["once", "heals", "stays"]


def _told(chosen: list[Cell], tried: Iterable[Tried]) -> Iterator[Tried]:
    """Says a line a fault, and all that is wrong."""
    left = iter(tried)
    for fault, of_it in itertools.groupby(chosen, lambda cell: cell.fault):
        found = list(itertools.islice(left, sum(1 for _ in of_it)))
        failed = [each for each in found if each.wrong]
        say(f"{fault.group}: {fault.name}: {len(found) - len(failed)} right, {len(failed)} wrong")
        for each in failed:
            say(f"  FAILED {each.cell.name}")
            for wrong in each.wrong:
                say(f"    {wrong}")
            say(f'    alone: python -m tests.faults --only "{each.cell.name}"')
        yield from found


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
