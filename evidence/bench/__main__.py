"""
Measure the provider beside what it could be compared with: ``make bench``; docs/benchmarks.md explains it.

::

    python -m evidence.bench [--write | --short] [--beside REVISION]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time

from evidence.bench import cells, imports, tables, verdicts, worker, workspace
from evidence.pages import MadePage
from scripts.telling import say

PAGE = MadePage("docs/benchmarks.md", "make bench")

LONG = cells.Plan(numbers=(10, 100, 1000), warm_up=3.0, seconds=8.0)
SHORT = cells.Plan(numbers=(100,), warm_up=2.0, seconds=2.0)


def main() -> int:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description="Measure the provider.")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {PAGE.place}")
    parser.add_argument("--short", action="store_true", help="under a minute: 100 watches alone; writes nothing")
    parser.add_argument("--beside", default="", metavar="REVISION", help="compare a workspace's check with a commit's")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        prepare(home)
        text = measured(short=options.short, beside=options.beside)
    say(f"\n{text}\n\nIn {time.monotonic() - began:.0f} s.")
    if options.write and not options.short:
        PAGE.write(text)
        say(f"Written to {PAGE.place}.")
    return 0


def prepare(home: str) -> None:
    """Give the processes that are started an Airflow of their own."""
    for name in [name for name in os.environ if name.startswith("AIRFLOW_") or "_proxy" in name.lower()]:
        del os.environ[name]
    os.environ |= {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "no_proxy": "*"}


def measured(*, short: bool, beside: str = "") -> str:
    """
    All tables.

    :param short: Whether to measure less, and for less time.
    :param beside: An earlier revision to compare with; none by default.
    """
    say("Imports, in fresh processes ...")
    imported = imports.measure(4 if short else 12)
    say(tables.imports_table(imported))
    say("A full answer decoded and judged, the best of many ...")
    judged = verdicts.measure(60 if short else 400)
    say(tables.verdicts_table(judged))
    say("What a task asks, in turns with a session by hand ...")
    asked = worker.measure(100 if short else 400)
    say(tables.worker_table(asked))
    say("A workspace checked once, in turns with loops by hand ...")
    checked = list(workspace.measure((1000,) if short else (1000, 3000), 2 if short else 5, beside))
    say(tables.workspace_table(checked))
    found = []
    for cell in cells.measure(SHORT if short else LONG):
        say(
            f"{cell.number} watches, {cells.KINDS[cell.kind]}, answers {cell.size}: {cell.cpu_of_a_look:.2f} s of CPU "
            f"per 1000 looks, {cell.done:.1%} of the looks"
        )
        found.append(cell)
    return tables.whole(imported, judged, asked, checked, found)


if __name__ == "__main__":
    sys.exit(main())
