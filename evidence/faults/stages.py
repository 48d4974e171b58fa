"""Where a fault is played: by the sandbox itself, or before it."""

from __future__ import annotations

import itertools
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from airflow_provider_reach.sandbox import Sandbox
from evidence.faults.before_http import UNKNOWN_NAME
from evidence.faults.cells import Cell
from evidence.faults.front import HOST, Front, Play, resolved

_numbers = itertools.count()


@dataclass
class Stage:
    """
    Where a fault is played.

    :param url: The base URL to ask.
    :param heal: Ends the fault.
    :param break_off: Ends it and everything under way, for a client that asks for ever.
    :param requests: The operations that were asked for.
    """

    url: str
    heal: Callable[[], None]
    break_off: Callable[[], None]
    requests: Callable[[], Counter[str | None]]


@contextmanager
def staged(cell: Cell, sandbox: Sandbox, webhook_id: str, certificates: dict[str, ssl.SSLContext]) -> Iterator[Stage]:
    """
    The stage of a cell.

    :param cell: What is tried.
    :param sandbox: The service.
    :param webhook_id: The webhook that is asked about.
    :param certificates: What a server may show.
    """
    play, about = cell.fault.play, webhook_id if cell.operation.of_one else None
    if not isinstance(play, Play):
        sandbox.forget_requests()
        sandbox.fail(play, on=cell.operation.meets, times=None, webhook_id=about)
        yield Stage(
            sandbox.base_url,
            sandbox.heal,
            sandbox.heal,
            lambda: Counter(request.operation for request in sandbox.requests if about in (None, request.webhook_id)),
        )
        return
    behind = int(sandbox.base_url.rpartition(":")[2].partition("/")[0])
    with Front(play, cell.operation.meets, about or "", behind, certificates) as front:
        host = f"reach-{next(_numbers)}{UNKNOWN_NAME}" if play.host == UNKNOWN_NAME else HOST

        def heal() -> None:
            resolved.add(host)
            front.heal()

        def break_off() -> None:
            heal()
            front.drop()

        yield Stage(f"{play.scheme}://{host}:{front.port}/api", heal, break_off, lambda: Counter(front.requests))
