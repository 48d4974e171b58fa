"""
Days of a webhook's life, by the hundred, checked by every schedule: ``make simulate``.

What and why, says docs/proof/simulation.md.

::

    python -m evidence.simulation [--write | --short] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from functools import partial
from multiprocessing import Pool
from random import Random

from evidence.pages import MadePage
from evidence.simulation import tables
from evidence.simulation.life import make_life
from evidence.simulation.property import lives_hold
from evidence.simulation.trials import Trial, trials_of
from scripts.playing import interruptible
from scripts.telling import say

PAGE = MadePage("docs/proof/simulation.md", "make simulate")

LONG, SHORT = 120, 12
LONGEST_LIFE = 300.0
"""Seconds; one takes some ten."""
MANY_EXAMPLES, SOME_EXAMPLES = 100, 20


def main() -> int:
    """Try the lives, print what came of them, and write it if asked."""
    options, began = asked(), time.monotonic()
    if options.seed is not None:
        say(f"{make_life(Random(options.seed))}\n")
        seeds, held = range(options.seed, options.seed + 1), []
    else:
        seeds = range(SHORT if options.short else LONG)
        held = [searched(SOME_EXAMPLES if options.short else MANY_EXAMPLES)]
    tried = lived(seeds, whole=not options.short)
    held += [not trial.faults for trial in tried]
    text = tables.whole(tried)
    say(f"\n{text}\n\nIn {time.monotonic() - began:.0f} s.")
    if options.write and all(held):
        PAGE.write(text)
        say(f"Written to {PAGE.place}.")
    say(f"{held.count(True)} passed, {held.count(False)} failed")
    return 0 if all(held) else 1


def asked() -> argparse.Namespace:
    """What the command line asks for; only a full trial is written."""
    parser = argparse.ArgumentParser(description="Simulate the life of webhooks, and their checks.")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {PAGE.place}")
    parser.add_argument("--short", action="store_true", help=f"{SHORT} lives, not {LONG}; writes nothing")
    parser.add_argument("--seed", type=int, help="this life alone, and what it consists of; writes nothing")
    options = parser.parse_args()
    options.write = options.write and not options.short and options.seed is None
    return options


def searched(examples: int) -> bool:
    """
    Look for a life that breaks a rule, and show the smallest one; True when there is none.

    :param examples: How many lives are tried.
    """
    say(f"Small lives that break a rule, out of {examples} ...")
    try:
        lives_hold(examples)
    except AssertionError as broke:
        say("\n".join((f"FAILED, the smallest one: {broke}", *getattr(broke, "__notes__", []))))
        return False
    return True


def lived(seeds: range, whole: bool) -> list[Trial]:
    """
    All trials of these lives, in two processes; a failure is reported at once.

    :param seeds: The lives' seeds.
    :param whole: Whether thresholds and caps are tried too.
    """
    say(f"{len(seeds)} lives, {'schedules, thresholds and caps' if whole else 'schedules only'} ...")
    tried: list[Trial] = []
    with Pool(min(2, os.cpu_count() or 1), initializer=leave_signals_to_main) as pool:
        lives = pool.imap(partial(trials_of, whole=whole), seeds)
        for number in range(1, len(seeds) + 1):
            of_life = lives.next(LONGEST_LIFE)  # of a process that died, there is nothing else to see
            tried += of_life
            for trial in of_life:
                for fault in trial.faults:
                    say(f"FAILED {trial.again}: {fault}")
            if number % 20 == 0:
                say(f"{number} lives ...")
    return tried


def leave_signals_to_main() -> None:
    """In a process of the pool: Ctrl-C reaches all of them, and the main one ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(interruptible(main))
