"""
Days of a webhook's life, by the hundred, checked by every schedule: ``make simulate``.

What and why, says docs/proof/simulation.md.

::

    python -m tests.simulation [--write | --short] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from random import Random

from scripts.pages import MadePage
from scripts.telling import say
from tests.simulation import tables
from tests.simulation.life import make_life
from tests.simulation.property import lives_hold
from tests.simulation.trials import UNKNOWABLE, Trial, broken, trials_of

PAGE = MadePage("docs/proof/simulation.md", "make simulate")

LONG, SHORT = 120, 12


def main() -> int:
    """Try the lives, print what came of them, and write it if asked."""
    parser = argparse.ArgumentParser(description="Simulate the life of webhooks, and their checks.")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/proof/simulation.md")
    parser.add_argument("--short", action="store_true", help=f"{SHORT} lives, not {LONG}; writes nothing")
    parser.add_argument("--seed", type=int, help="this life alone, and what it consists of")
    options = parser.parse_args()
    if options.seed is not None:
        say(f"{make_life(Random(options.seed))}\n")
        seeds, examples = range(options.seed, options.seed + 1), 1
    else:
        examples = 20 if options.short else 100
        seeds = range(SHORT if options.short else LONG)
    began = time.monotonic()
    tried, faults = [], 0
    say(f"Small lives that break a rule, out of {examples} ...")
    try:
        lives_hold(examples)
    except AssertionError as broke:
        faults += 1
        say(f"FAILED, the smallest one: {broke}\n{chr(10).join(getattr(broke, '__notes__', []))}")
    say(f"{len(seeds)} lives, {'schedules only' if options.short else 'schedules and thresholds'} ...")
    for trial in trials(seeds, whole=not options.short):
        tried.append(trial)
        for fault in faults_of(trial):
            faults += 1
            say(f"FAILED {trial.again}: {fault}")
    text = tables.whole(tried)
    say(f"\n{text}\n\nIn {time.monotonic() - began:.0f} s.")
    if options.write and not options.short and options.seed is None and not faults:
        PAGE.write(text)
        say(f"Written to {PAGE.place}.")
    say(f"{len(tried) - faults} passed, {faults} failed")
    return 1 if faults else 0


def trials(seeds: range, whole: bool) -> Iterator[Trial]:
    """
    All trials of these lives, in two processes.

    :param seeds: Of the lives.
    :param whole: Whether thresholds and caps are tried, too.
    """
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for number, of_life in enumerate(pool.map(partial(trials_of, whole=whole), seeds), 1):
            if number % 20 == 0:
                say(f"{number} lives ...")
            yield from of_life


def faults_of(trial: Trial) -> list[str]:
    """
    What a trial shows that must not be.

    :param trial: The trial.
    """
    return [] if trial.group in ("threshold", f"cap {UNKNOWABLE}") else broken(trial.schedule, trial.score)


if __name__ == "__main__":
    sys.exit(main())
