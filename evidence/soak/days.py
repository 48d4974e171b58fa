"""The long run of one event loop in a process of its own, and what must hold for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

from evidence.soak.seen import LATE, WORKSPACES, Seen, State
from evidence.soak.tables import Row
from scripts.playing import ROOT

WARM_UP = 2
"""Generations in which what is made once, such as caches, fills up."""

CONNECTIONS = 2
"""Of a session, at most: few, so that requests have to wait for their turn."""

MOST_BLOCKS, MOST_RESIDENT = 200, 256
"""Pieces and kB by which memory may grow: by far less than one for each request."""


@dataclass(frozen=True)
class Plan:
    """
    How much is tried.

    :param watches: Of a generation.
    :param generations: One after the other.
    :param longest: Seconds after which it is given up.
    """

    watches: int
    generations: int
    longest: float


LONG, SHORT = Plan(1000, 8, 1500), Plan(200, 3, 300)


class GaveUp(Exception):
    """The long run did not come to its end; the text is why."""


def run(plan: Plan) -> list[Row]:
    """
    Let the days pass.

    :raises GaveUp: when they do not.
    """
    command = [sys.executable, "-m", "evidence.soak.loop", str(plan.watches), str(plan.generations)]
    with tempfile.TemporaryDirectory(prefix="reach-") as home:
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, text=True, timeout=plan.longest
            )
        except subprocess.TimeoutExpired:
            raise GaveUp(f"The loop takes more than {plan.longest:.0f} s.") from None
    if done.returncode:
        raise GaveUp(f"The loop ended with status {done.returncode}; why, stands above.")
    return rows(read(done.stdout.splitlines()[-1]), plan)


def environment(home: str) -> dict[str, str]:
    """The variables it runs under: an Airflow of its own, and no proxy."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith("AIRFLOW_") and "_proxy" not in n.lower()}
    return kept | {
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__REACH__MAX_CONNECTIONS": str(CONNECTIONS),
        "no_proxy": "*",
    }


def read(line: str) -> Seen:
    """What the process has printed."""
    said = json.loads(line)
    states = {name: [State(**each) for each in said[name]] for name in ("between", "early", "late")}
    return Seen(**{**said, **states})


def rows(seen: Seen, plan: Plan) -> list[Row]:
    """Everything that was seen, and what it must be."""
    number, before = sum(seen.ends.values()), seen.between[0]
    ends = ", ".join(f"{fate} {count}" for fate, count in sorted(seen.ends.items()))
    wrong = f"; {'; '.join(seen.wrong[:5])}" if seen.wrong else ""
    gap, bound = seen.longest_gap, 2 * WORKSPACES * CONNECTIONS  # two sessions each, while the key changes
    return [
        Row("simulated days", f"{seen.days:.1f}"),
        Row(f"watches, {plan.watches} in each of {plan.generations} generations", f"{number:,}"),
        Row("what became of their webhooks", ends),
        Row("looks", f"{seen.looks:,}"),
        Row("requests that met an outage", f"{seen.failed:,}", "some", seen.failed > 0),
        Row("requests with the key of before the rotation", f"{seen.refused:,}", "some", seen.refused > 0),
        Row("watches that ended otherwise, late, or not once", f"{len(seen.wrong)}{wrong}", "0", not seen.wrong),
        Row("longest time without a look, outages aside", f"{gap:.1f} s", f"at most {LATE:.0f} s", 0 < gap <= LATE),
        Row(
            "sessions while all of a generation live",
            str(seen.most_sessions),
            str(WORKSPACES),
            seen.most_sessions == WORKSPACES,
        ),
        Row("most connections at once", str(seen.most_open), f"at most {bound}", seen.most_open <= bound),
        same(seen, "sessions", lambda state: state.sessions, before.sessions),
        same(seen, "sockets", lambda state: state.sockets, before.sockets),
        same(seen, "tasks of asyncio", lambda state: state.tasks, before.tasks),
        same(seen, "file descriptors", lambda state: state.files, before.files),
        same(seen, "objects of the package's classes", lambda state: state.objects, before.objects),
        same(seen, "threads", lambda state: state.threads, seen.between[1].threads, "after the first one"),
        growth("pieces of memory, between generations", seen.between[1:], lambda state: state.blocks, MOST_BLOCKS),
        grown_while_watching(seen),
        growth("memory of the process, kB", seen.between[1:], lambda state: state.resident // 1024, MOST_RESIDENT),
    ]


def same(seen: Seen, what: str, of: Callable[[State], int], wanted: int, since: str = "before the first one") -> Row:
    """What is the same after every generation."""
    found = sorted({of(state) for state in seen.between[1:]})
    has_to = f"{wanted}, as {since}"
    return Row(f"{what} after each generation", ", ".join(map(str, found)), has_to, found == [wanted])


def grown_while_watching(seen: Seen) -> Row:
    """By how much memory grew within a generation, while the same watches looked on."""
    grown = [late.blocks - early.blocks for early, late in zip(seen.early, seen.late, strict=True)][WARM_UP:]
    text = ", ".join(f"{number:,}" for number in grown)
    what = "growth of pieces of memory in three hours of watching, by generation"
    return Row(what, text, f"at most {MOST_BLOCKS}", max(grown) <= MOST_BLOCKS)


def growth(what: str, states: list[State], of: Callable[[State], int], most: int) -> Row:
    """By how much something grew with each generation, once warm."""
    first, last = of(states[WARM_UP - 1]), of(states[-1])
    grown = (last - first) / (len(states) - WARM_UP)
    text = f"by {grown:.0f} a generation, from {first:,} to {last:,}"
    return Row(f"growth of {what}", text, f"at most {most} a generation", grown <= most)
