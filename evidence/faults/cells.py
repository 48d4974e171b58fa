"""One cell: an operation meets a fault, with one of the two HTTP libraries, in one way."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_reach.client.sync import ReachClient
from evidence.faults.operations import Operation
from evidence.faults.right import OUTAGE_TOLERANCE, Fault, Outcome, Way
from tests.drivers import LoopClient

DRIVERS: dict[str, type[ReachClient]] = {"sync": ReachClient, "async": LoopClient}
TIMEOUT, SHORT_TIMEOUT = 5.0, 1.0

MOST_MEMORY = 160 * 1024 * 1024
"""The most bytes while an answer without end is read."""


@dataclass(frozen=True)
class Cell:
    """
    What is tried.

    :param operation: What is asked.
    :param fault: What goes wrong.
    :param driver: ``sync`` or ``async``.
    :param way: How it is asked.
    """

    operation: Operation
    fault: Fault
    driver: str
    way: Way

    @property
    def name(self) -> str:
        """Its name in the output, by which ``--only`` finds it."""
        return f"{self.operation.name}/{self.fault.group}: {self.fault.name}/{self.driver}/{self.way}"

    @property
    def longest(self) -> float:
        """Seconds after which it is broken off, and has failed."""
        return OUTAGE_TOLERANCE if self.fault.slow and self.way == "stays" else 15.0


@dataclass(frozen=True)
class Tried:
    """
    What came of a cell.

    :param cell: The cell.
    :param outcome: The error, or None for a result.
    :param wrong: Everything that is not as it must be.
    :param text: What the error says.
    :param seconds: How long it took.
    :param memory: Bytes at most; 0 where it was not measured.
    """

    cell: Cell
    outcome: Outcome
    wrong: list[str]
    text: str
    seconds: float
    memory: int = 0
