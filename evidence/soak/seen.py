"""What the long run sees; it imports no Airflow, which would make itself a home."""

from __future__ import annotations

from dataclasses import dataclass, field

WORKSPACES = 20
LOOKS_EVERY = 300.0
"""Seconds between two looks of a watch."""

LATE = LOOKS_EVERY + 5
"""Seconds without a look, outages aside, after which a watch is starved."""


@dataclass(frozen=True)
class State:
    """
    What there is at a moment.

    :param sessions: Of the package, each with its connections.
    :param sockets: In the loop; the server's and the loop's own are among them.
    :param files: File descriptors of the process.
    :param tasks: Of asyncio.
    :param threads: Of the process.
    :param objects: Instances of the package's classes, as far as the collector knows them.
    :param blocks: Pieces of memory that Python's objects occupy.
    :param resident: Bytes of memory.
    """

    sessions: int
    sockets: int
    files: int
    tasks: int
    threads: int
    objects: int
    blocks: int
    resident: int


@dataclass
class Seen:
    """
    What there was to see.

    :param wrong: Watches that did not end as they should, or once, or in time.
    :param ends: Watches by fate.
    :param looks: Looks at batch status.
    :param refused: Requests with a key that was no longer valid.
    :param failed: Requests that met an outage.
    :param most_open: Connections at once, at most.
    :param most_sessions: Sessions while all watches of a generation lived, at most.
    :param longest_gap: Between two looks of a watch, in seconds, outages aside.
    :param between: The states between two generations, that before the first among them.
    :param early: The states of each generation when those watches were left that live longest.
    :param late: The states hours of looking later, with the same watches.
    :param days: Simulated.
    """

    wrong: list[str] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    looks: int = 0
    refused: int = 0
    failed: int = 0
    most_open: int = 0
    most_sessions: int = 0
    longest_gap: float = 0.0
    between: list[State] = field(default_factory=list)
    early: list[State] = field(default_factory=list)
    late: list[State] = field(default_factory=list)
    days: float = 0.0
