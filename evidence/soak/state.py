"""How much the process of the long run holds at a moment."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections import Counter
from functools import _lru_cache_wrapper as _Cached
from typing import Any

import psutil  # type: ignore[import-untyped]

from evidence.soak.clock import SoakLoop
from evidence.soak.seen import State

_OURS = "airflow_provider_reach."


def state(loop: SoakLoop) -> State:
    """What the process holds, with the package's bounded caches empty, after a garbage collection."""
    for each in gc.get_objects():
        if isinstance(each, _Cached) and each.cache_parameters()["maxsize"] and is_ours(each):
            each.cache_clear()
    gc.collect()
    process = psutil.Process()
    return State(
        sessions=len(loop.sessions),
        sockets=loop.sockets,
        files=process.num_fds(),
        tasks=len(asyncio.all_tasks(loop)),
        threads=threading.active_count(),
        objects=sum(objects().values()),
        blocks=sys.getallocatedblocks(),
        resident=process.memory_info().rss,
    )


def objects() -> Counter[str]:
    """Instances of the package's classes, by class."""
    kinds: Counter[type[Any]] = Counter(map(type, gc.get_objects()))
    return Counter({kind.__qualname__: n for kind, n in kinds.items() if is_ours(kind)})


def is_ours(thing: Any) -> bool:
    """Whether a class or a function is the package's."""
    return str(thing.__module__).startswith(_OURS)
