"""
Watch for days, and lose triggerers on the way: ``make soak``; what and why, says docs/proof/soak.md.

::

    python -m evidence.soak [--write | --short] [--only loop | --only triggerers]
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from importlib.metadata import version

from evidence.pages import MadePage
from evidence.soak import days, triggerers
from evidence.soak.postgres import NoPostgres, find_programs, number_of
from evidence.soak.tables import Row, all_held, table
from scripts.playing import INTERRUPTED, interruptible
from scripts.telling import say

PAGE = MadePage("docs/proof/soak.md", "make soak")
AGAIN = (
    "Not all of it held; what did not, stands above. One part alone: make soak ARGS='--only loop', or "
    "ARGS='--only triggerers'."
)


def main() -> int:
    """Try it, print, and write if asked."""
    parser = argparse.ArgumentParser(description="Watch for days, and lose triggerers on the way.")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {PAGE.place}")
    parser.add_argument("--short", action="store_true", help="a few minutes: fewer watches; writes nothing")
    parser.add_argument("--only", choices=["loop", "triggerers"], help="one of the two parts; writes nothing")
    options = parser.parse_args()
    try:
        return tried(short=options.short, only=options.only, write=options.write)
    except NoPostgres as missing:
        say(str(missing))
        return 2


def tried(*, short: bool, only: str | None, write: bool) -> int:
    """
    Both parts, or one of them.

    :param short: Whether to use fewer watches.
    :param only: One part's name.
    :param write: Whether to write the page, if everything was tried.
    """
    began, parts, statuses = time.monotonic(), [where(with_postgres=only != "loop")], []
    if only != "triggerers":
        rows, status = passed(days.SHORT if short else days.LONG)
        parts.append(shown("Watches for days in one event loop", rows))
        statuses.append(status)
    if only != "loop":
        status, rows = triggerers.run(triggerers.SHORT if short else triggerers.LONG)
        if status == INTERRUPTED:
            return status
        parts.append(shown("Triggerers killed", rows))
        statuses.append(status)
    say(f"\nIn {time.monotonic() - began:.0f} s. {AGAIN if any(statuses) else 'All of it held.'}")
    if write and not short and not only and not any(statuses):
        PAGE.write("\n\n".join(parts))
        say(f"Written to {PAGE.place}.")
    return max(statuses)


def passed(plan: days.Plan) -> tuple[list[Row], int]:
    """The rows of the long run, and 0 when all of it held."""
    say(f"{plan.watches} watches in one event loop, {plan.generations} generations of nine and a half hours each")
    try:
        rows = days.run(plan)
    except days.GaveUp as why:
        return [Row("the long run", str(why), "at its end", False)], 1
    return rows, 0 if all_held(rows) else 1


def shown(title: str, rows: list[Row]) -> str:
    """A part's table, which is shown at once."""
    text = f"### {title}\n\n{table(rows)}"
    say(f"\n{text}\n")
    return text


def where(*, with_postgres: bool) -> str:
    """
    The machine in general words.

    :param with_postgres: Whether PostgreSQL is used.
    :raises NoPostgres: where it is, and is missing.
    """
    used = [f"Python {'.'.join(map(str, sys.version_info[:3]))}"]
    used += [f"{name} {version(name)}" for name in ("apache-airflow", "aiohttp")]
    used += [f"PostgreSQL {number_of(find_programs())}"] if with_postgres else []
    return f"Tried on {os.cpu_count()} cores ({platform.machine()}, {platform.system()}) with {', '.join(used)}."


if __name__ == "__main__":
    sys.exit(interruptible(main))
