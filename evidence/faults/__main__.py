"""
Every operation of the API meets every fault: ``make faults``; docs/proof/faults.md explains it.

::

    python -m evidence.faults [--write] [--short] [--only TEXT]
"""

from __future__ import annotations

import argparse
import sys

from evidence.faults import tables
from evidence.faults.run import everything
from evidence.pages import MadePage
from scripts.playing import interruptible
from scripts.telling import say

PAGE = MadePage("docs/proof/faults.md", "make faults")


def main() -> int:
    """Try, print, and write if asked; return 1 if anything failed."""
    parser = argparse.ArgumentParser(description="Let every operation of the API meet every fault.")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {PAGE.place}")
    parser.add_argument("--short", action="store_true", help="one operation of each kind; writes nothing")
    parser.add_argument(
        "--only", default="", help="the cell of this name, or all whose name holds these parts, parted by '/'"
    )
    options = parser.parse_args()
    tried = everything(short=options.short, only=options.only)
    failed = sum(bool(each.wrong) for each in tried)
    if options.write and not options.short and not options.only and not failed:
        PAGE.write(tables.whole(tried))
        say(f"Written to {PAGE.place}.")
    say(f"{len(tried) - failed} passed, {failed} failed")
    return 1 if failed or not tried else 0


if __name__ == "__main__":
    sys.exit(interruptible(main))
