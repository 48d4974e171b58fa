"""
Break ``core/`` in every way there is, and see whether a test notices: ``make mutate``; its page explains it.

::

    make mutate ARGS="[--short] [ROOM | MODULE | MODULE.FUNCTION ...]"

mutmut makes the mutants; ``evidence/mutation/mutants_tried.py`` tries them; what survives for a reason is in
``evidence/mutation/explained.py``. Everything happens in a copy, in ``.mutants/``. The exit status is 1 when a mutant
survived that nobody explained, or when an explanation fits none.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import libcst as cst

from evidence.mutation.explained import EXPLAINED, Explained
from evidence.mutation.mutants import INSTALLED, PACKAGE, Mutant, Undecorated, mutants_of, sources, within
from evidence.pages import ROOT, MadePage
from scripts.playing import interruptible
from scripts.telling import say

PAGE = MadePage("docs/proof/mutation.md", "make mutate")
FOLDER = ROOT / ".mutants"
TESTS = ("tests/unit/core", "tests/unit/client/test_body.py")
PLUGIN = "mutants_tried"
PRISTINE = "pristine"

LONGEST = 300.0
"""Seconds for all tests with a constant changed, which take some 30 without."""
VERDICT = ("delivery.assess", "delivery.batch_states", "delivery.findings", "delivery.batches", "policy")
SAMPLE = 400
"""As many as ``--short`` tries, always the same ones while the code stays the same."""

# What mutmut reads in the folder where it works; without it, it guesses.
CONFIGURATION = f'\n[tool.mutmut]\nsource_paths = ["{PACKAGE}"]\n'
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", "-p", "no:xdist")
# Nobody reads how a mutant's test fails; to describe it takes longer than to run the test.
QUICK = ("-p", "no:logging", "--tb=native", "--assert=plain", "--capture=sys")


def main() -> int:
    """Make the mutants, try them, tell."""
    parser = argparse.ArgumentParser(description="Break core/ in every way there is, and see whether a test notices.")
    parser.add_argument("--write", action="store_true", help=f"write the outcome into {PAGE.place}")
    parser.add_argument("--short", action="store_true", help=f"{SAMPLE} mutants of the verdict; writes nothing")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="so many processes at once")
    parser.add_argument(
        "places", nargs="*", metavar="PLACE", help="delivery.assess, or a function of it; otherwise all"
    )
    options = parser.parse_args()
    began = time.monotonic()
    prepare()
    mutants = chosen(list(mutants_of(VERDICT if options.short else options.places)), options.places, options.short)
    say(f"{len(mutants):,} mutants ...")
    try_functions([mutant for mutant in mutants if mutant.name], options.workers)
    try_values([mutant for mutant in mutants if not mutant.name], options.workers)
    whole = not (options.places or options.short)
    stale = [one for one in EXPLAINED if whole and not any(mutant.why is one for mutant in survivors(mutants))]
    text = outcome(mutants)
    say(f"\n{text}\n\nIn {time.monotonic() - began:.0f} s.")
    if options.write and whole:
        PAGE.write(text)
        say(f"Written to {PAGE.place}.")
    return told(mutants, stale)


def prepare() -> None:
    """
    Copy what the tests need, and turn every function into one that mutmut can change.

    A second copy, as it is, is for the constants: the tree may be edited meanwhile.
    """
    shutil.rmtree(FOLDER, ignore_errors=True)
    for home in (FOLDER, FOLDER / PRISTINE):
        copy(ROOT / PACKAGE, home / INSTALLED / PACKAGE)
        copy(ROOT / "pyproject.toml", home / "pyproject.toml")
        for tests in ("tests/conftest.py", *TESTS):
            copy(ROOT / tests, home / tests)
    shutil.copy(ROOT / "evidence" / "mutation" / f"{PLUGIN}.py", FOLDER)
    with (FOLDER / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write(CONFIGURATION)
    (FOLDER / "tmp").mkdir()
    os.chdir(FOLDER)
    for path in sources():
        path.write_text(cst.parse_module(path.read_text(encoding="utf-8")).visit(Undecorated()).code, encoding="utf-8")


def copy(source: Path, target: Path) -> None:
    """Copy a file, or a folder without its bytecode."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def chosen(mutants: list[Mutant], places: Sequence[str], short: bool) -> list[Mutant]:
    """
    The mutants that were asked for.

    :param mutants: All.
    :param places: Rooms, modules or functions; none for all.
    :param short: Whether a sample of the verdict's is wanted.
    """
    if short:
        verdict = [mutant for mutant in mutants if mutant.module in VERDICT and mutant.name]
        return random.Random(0).sample(verdict, min(SAMPLE, len(verdict)))
    if unknown := [place for place in places if not any(within(mutant.place, place) for mutant in mutants)]:
        sys.exit(f"No mutant is in {', '.join(sorted(unknown))}.")
    asked = [mutant for mutant in mutants if not places or any(within(mutant.place, place) for place in places)]
    return sorted(asked, key=lambda mutant: mutant.module not in VERDICT)


def try_functions(mutants: Sequence[Mutant], workers: int) -> None:
    """Try those of functions, all in one pytest that forks."""
    Path("plan.json").write_text(json.dumps([workers, [mutant.name for mutant in mutants]]), encoding="utf-8")
    done = subprocess.run(
        [*PYTEST, *QUICK, "-p", PLUGIN, *TESTS], env=environment(Path.cwd()), check=False, stdout=subprocess.PIPE
    )
    if done.returncode:
        sys.exit(f"{done.stdout.decode()}\nThe tests have to pass before anything is broken.")
    lines = Path("found.jsonl").read_text(encoding="utf-8").splitlines()
    found = {name: said for name, *said in map(json.loads, lines)}
    if found[""][0] != "survived":
        sys.exit(f"In a fork, a test fails without any mutant: {found['']}")
    for mutant in mutants:
        mutant.verdict, mutant.said = found[mutant.name]


def try_values(mutants: Sequence[Mutant], workers: int) -> None:
    """Try those of constants: each needs a new import of the package, and so a process and a copy of its own."""
    if not mutants:
        return
    verdict, said = verdict_in(Path(PRISTINE))
    if verdict != "survived":
        sys.exit(f"In a copy of its own, without any mutant: {verdict}, {said}")
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(try_value, mutants, range(len(mutants))))


def try_value(mutant: Mutant, number: int) -> None:
    """In a copy of its own, the tests of its module first."""
    home = Path(f"value-{number}")
    shutil.copytree(PRISTINE, home)
    (home / mutant.path).write_text(mutant.code, encoding="utf-8")
    room, own = mutant.path.parent.relative_to(INSTALLED / PACKAGE), f"test_{mutant.path.name}"
    mutant.verdict, mutant.said = verdict_in(home, Path("tests/unit", room, own))
    shutil.rmtree(home)


def verdict_in(home: Path, first: Path | None = None) -> tuple[str, str]:
    """
    What all tests say in a copy, and which test says it.

    :param home: The copy.
    :param first: The file whose tests run before the others, if there is one.
    """
    home = home.absolute()
    own = [str(first)] if first and (home / first).exists() else []
    command = [*PYTEST, *QUICK, "-x", *own, *TESTS]
    try:
        done = subprocess.run(
            command, cwd=home, env=environment(home), check=False, capture_output=True, text=True, timeout=LONGEST
        )
    except subprocess.TimeoutExpired:
        return "time", f"over {LONGEST:.0f} s"
    failed = next((line for line in done.stdout.splitlines() if line.startswith("FAILED")), "")
    return "survived" if not done.returncode else "killed" if failed else "broken", failed or "all tests"


def environment(home: Path) -> dict[str, str]:
    """The variables under which the copy is imported; temporary files stay in the folder."""
    paths = os.pathsep.join([str(home / INSTALLED), str(FOLDER)])
    return {**os.environ, "PYTHONPATH": paths, "TMPDIR": str(FOLDER / "tmp"), "PYTHONHASHSEED": "0"}


def survivors(mutants: Iterable[Mutant]) -> list[Mutant]:
    """Those that no test noticed."""
    return [mutant for mutant in mutants if mutant.verdict == "survived"]


def outcome(mutants: Sequence[Mutant]) -> str:
    """The tables."""
    titles = ("module", "mutants", "killed", "never ended", "broke all", "survived, explained", "survived", "noticed")
    rows = [f"| {' | '.join(titles)} |", "|" + " --- |" * len(titles)]
    modules = sorted({mutant.module for mutant in mutants})
    rows += [row(f"`{module}`", [mutant for mutant in mutants if mutant.module == module]) for module in modules]
    rows.append(row("**all**", mutants))
    reasons = Counter(mutant.why for mutant in survivors(mutants) if mutant.why)
    lines = [
        f"| `{one.place}` | {cell(one.was)} → {cell(one.becomes)} | {number} | {one.why} |"
        for one, number in reasons.items()
    ]
    explained = ["| where | change | mutants | why no test notices |", "| --- | --- | --- | --- |", *sorted(lines)]
    return "\n".join([*rows, "", *(explained if lines else ["None survived."])])


def cell(code: str) -> str:
    """A bit of code in a table."""
    return "`{}`".format(code.replace("|", r"\|")) if code else "nothing"


def row(name: str, mutants: Sequence[Mutant]) -> str:
    """One line of the table; a mutant that never ended, or left nothing to import, counts as noticed."""
    verdicts = Counter(mutant.verdict for mutant in mutants)
    explained = sum(mutant.why is not None for mutant in survivors(mutants))
    noticed = [verdicts[verdict] for verdict in ("killed", "time", "broken")]
    counts = (len(mutants), *noticed, explained, verdicts["survived"] - explained)
    return f"| {name} | {' | '.join(f'{count:,}' for count in counts)} | {sum(noticed) / len(mutants):.1%} |"


def told(mutants: Sequence[Mutant], stale: Sequence[Explained]) -> int:
    """Say what does not hold, and return the exit status."""
    open_ones = [mutant for mutant in survivors(mutants) if not mutant.why]
    for mutant in open_ones:
        say(f"\nSurvived {mutant.said} in {mutant.place}:\n  - {mutant.was}\n  + {mutant.becomes}")
    for one in stale:
        say(f"\nExplained, but no such mutant survives: {one.place}: {one.was} → {one.becomes}")
    if open_ones:
        places = " ".join(sorted({mutant.place for mutant in open_ones}))
        say(f"\n{len(open_ones)} survived. Those alone again: make mutate ARGS='{places}'")
    return bool(open_ones or stale)


if __name__ == "__main__":
    sys.exit(interruptible(main))
