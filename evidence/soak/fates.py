"""What becomes of each webhook of the long run, and so how its watch must end, and when."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from airflow_provider_reach import __version__
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.watch.watch import Watch
from evidence.soak.clock import moment
from evidence.soak.seen import LOOKS_EVERY

Fate = Literal["recovers", "at risk", "lost", "deleted", "inactive", "timeout", "unanswered", "patient"]

MINUTE, HOUR = 60.0, 3600.0
GENERATION = 9.5 * HOUR
ALL_BEGUN, FIRST_DECIDED = 10 * MINUTE, 20 * MINUTE
DOWN_FROM, DOWN_UNTIL = 1 * HOUR, 2 * HOUR
"""When the last workspace does not answer, for longer than a watch is patient."""
OTHERS_ENDED, NONE_LOST = 4.5 * HOUR, 7.5 * HOUR
"""Between these, all those watches live that wait for losses, and no other."""

_IN_TURN: tuple[Fate, ...] = (*["recovers"] * 11, "at risk", "at risk", "lost", "lost", "deleted", "deleted")
_IN_TURN += ("inactive", "timeout", "timeout")
_LIMITS_LIFTED = DeliveryPolicy(drain=True, max_undelivered=1000, max_at_risk=1000)


@dataclass(frozen=True, kw_only=True)
class Script:
    """
    A webhook with undelivered batches, and its watch; times are seconds of the loop's clock.

    :param number: Which one, of all there ever are.
    :param workspace: Which one of the workspaces it is in.
    :param begins: When the watch does.
    :param decided: From when a look can see how it ends.
    """

    number: int
    workspace: int
    fate: Fate
    begins: float
    decided: float

    @property
    def webhook_id(self) -> str:
        return str(UUID(int=self.number + 1, version=4))

    @property
    def created(self) -> float:
        """When its batches were."""
        return self.begins - 10 * MINUTE

    def has(self, fate: Fate, now: float) -> bool:
        """Whether this has become of it."""
        return self.fate == fate and now >= self.decided

    @property
    def recovered(self) -> bool:
        """Whether its batches are delivered in the end."""
        return self.fate in ("recovers", "patient")

    def watch(self) -> dict[str, Any]:
        """The arguments of its watch's trigger."""
        begun = moment(self.begins)
        return Watch(
            webhook_id=self.webhook_id,
            webhook_name="",
            policy=_LIMITS_LIFTED if self.fate == "lost" else DeliveryPolicy(drain=True),
            watched_from=begun,
            deadline=moment(self.decided) if self.fate == "timeout" else begun + timedelta(hours=9),
            limit="timeout",
            poke_interval=timedelta(seconds=LOOKS_EVERY),
            outage_tolerance=timedelta(minutes=15),
            silent_fail=self.fate == "patient",
            version=__version__,
        ).to_scalars()


def scripts(generation: int, watches: int, workspaces: int, chance: random.Random) -> Iterator[Script]:
    """The webhooks of a generation; the last workspace is one that is down for an hour."""
    first = generation * GENERATION
    for index in range(watches):
        workspace = index % workspaces
        turn = index // workspaces
        fate = _IN_TURN[(turn + 7 * workspace) % len(_IN_TURN)]
        if workspace == workspaces - 1:
            fate = "unanswered" if turn % 2 else "patient"
        begins = first + chance.uniform(0, ALL_BEGUN) * (turn % 2)  # half of them at once, as a schedule would
        yield Script(
            number=generation * watches + index,
            workspace=workspace,
            fate=fate,
            begins=begins,
            decided=_decided(fate, first, begins, chance),
        )


def _decided(fate: Fate, first: float, begins: float, chance: random.Random) -> float:
    created = begins - 10 * MINUTE
    if fate == "at risk":
        return created + 4 * HOUR
    if fate == "lost":
        return created + 8 * HOUR + 15 * MINUTE
    if fate == "unanswered":
        return first + DOWN_FROM
    if fate == "patient":
        return first + DOWN_UNTIL + chance.uniform(0, HOUR)
    return first + chance.uniform(FIRST_DECIDED, 3.6 * HOUR)
