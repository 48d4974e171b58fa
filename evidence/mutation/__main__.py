"""
Break ``core/`` in every way there is, and see whether a test notices: ``make mutate``; what that tells, says its page.

::

    make mutate ARGS="[--short] [ROOM | MODULE | MODULE.FUNCTION ...]"

mutmut makes the mutants; ``evidence/mutation/mutants_tried.py`` tries them; what survives for a reason is in
``evidence/mutation/explained.py``. Everything happens in a copy, in ``.mutants/``. The exit status is 1 when a mutant
survived that nobody explained, or when an explanation fits none.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import libcst as cst
from mutmut.mutation.file_mutation import create_mutations, deep_replace, mutate_file_contents
from mutmut.mutation.trampoline_templates import CLASS_NAME_SEPARATOR

from evidence.mutation.explained import EXPLAINED, Explained
from evidence.pages import ROOT, MadePage
from scripts.playing import interruptible
from scripts.telling import say

PAGE = MadePage("docs/proof/mutation.md", "make mutate")
FOLDER = ROOT / ".mutants"
PACKAGE = "airflow_provider_reach"
# As if it were installed: of what is not, hypothesis takes the numbers and texts to make examples of, the mutants' too.
INSTALLED = Path("site-packages")
CORE = f"{PACKAGE}.core."
SOURCES = ("core/**/*.py", "client/body.py")
"""What is broken: all that decides, and what reads an answer as it comes in, which is as pure."""
TESTS = ("tests/unit/core", "tests/unit/client/test_body.py")
PLUGIN = "mutants_tried"

LONGEST = 300.0
"""Seconds for all tests with a constant changed, which take some 30 without."""
VERDICT = ("delivery.assess", "delivery.states", "delivery.findings", "delivery.batches", "policy")
SAMPLE = 400
"""So many of them are tried by ``--short``, always the same while the code is."""

# What mutmut reads in the folder where it works; without it, it guesses.
CONFIGURATION = f'\n[tool.mutmut]\nsource_paths = ["{PACKAGE}"]\n'
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", "-p", "no:xdist")
# Nobody reads how a mutant's test fails; to describe it takes longer than to run the test.
QUICK = ("-p", "no:logging", "--tb=native", "--assert=plain", "--capture=sys")


@dataclass
class Mutant:
    """
    One change of the code.

    :param module: Its dotted name below core.
    :param path: Its file in the copy.
    :param function: The function, with its class; empty for what is no function's.
    :param was: The lines it changes.
    :param becomes: What they become.
    :param name: By which mutmut knows it; empty for what is no function's.
    :param code: The whole changed module, where it is no function's.
    :param verdict: ``killed``, ``survived``, ``time`` (it never ended), ``broken`` (nothing could be imported).
    :param said: By which test, or how many did not notice.
    """

    module: str
    path: Path
    function: str
    was: str
    becomes: str
    name: str = ""
    code: str = field(default="", repr=False)
    verdict: str = ""
    said: str = ""

    @property
    def place(self) -> str:
        """Where it is, as the command line takes it."""
        return f"{self.module}.{self.function}" if self.function else self.module

    @property
    def why(self) -> Explained | None:
        """Why no test can or should notice it."""
        return next((one for one in EXPLAINED if one.fits(self.place, self.was, self.becomes)), None)


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
    """Copy what the tests need, and make every function of core one that mutmut can change."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    copy(ROOT / PACKAGE, FOLDER / INSTALLED / PACKAGE)
    for tests in ("tests/conftest.py", *TESTS):
        copy(ROOT / tests, FOLDER / tests)
    shutil.copy(ROOT / "evidence" / "mutation" / f"{PLUGIN}.py", FOLDER)
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8") + CONFIGURATION
    (FOLDER / "pyproject.toml").write_text(settings, encoding="utf-8")
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


def sources() -> list[Path]:
    """The files of the copy that are broken."""
    return sorted(path for pattern in SOURCES for path in (INSTALLED / PACKAGE).glob(pattern))


def within(place: str, asked: str) -> bool:
    """Whether a place is the one that was asked for, or in it."""
    return f"{place}.".startswith(f"{asked}.")


class Undecorated(cst.CSTTransformer):
    """
    ``@property`` becomes an assignment after the function: mutmut leaves alone what is decorated.

    A cache is taken away: what it holds of the function would hide the function's mutants.
    """

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef | cst.FlattenSentinel[cst.BaseStatement]:
        """Take its decorators away, where mutmut knows them not."""
        names = [cst.ensure_type(found, cst.Name).value for found in map(_called, updated_node.decorators)]
        bare = updated_node.with_changes(decorators=[])
        if names == ["lru_cache"]:
            return bare
        if names == ["property"]:
            value = cst.Call(cst.Name("property"), [cst.Arg(updated_node.name)])
            assigned = cst.Assign([cst.AssignTarget(updated_node.name)], value)
            return cst.FlattenSentinel([bare, cst.SimpleStatementLine([assigned])])
        if names not in ([], ["classmethod"], ["staticmethod"]):
            raise NotImplementedError(f"{updated_node.name.value} has the decorators {names}: say here what to do")
        return updated_node


def _called(decorator: cst.Decorator) -> cst.BaseExpression:
    return decorator.decorator.func if isinstance(decorator.decorator, cst.Call) else decorator.decorator


def mutants_of(places: Collection[str]) -> Iterator[Mutant]:
    """
    Every mutant; the files of the copy then hold those of functions, each put to sleep.

    :param places: Rooms, modules or functions, whose whole modules are meant; none for all.
    """
    for path in sources():
        import_path = ".".join(path.relative_to(INSTALLED).with_suffix("").parts)
        module = import_path.removeprefix(CORE).removeprefix(f"{PACKAGE}.")
        if places and not any(within(module, place) or within(place, module) for place in places):
            continue
        source = path.read_text(encoding="utf-8")
        yield from mutants_of_values(module, path, source)
        mutated = mutate_file_contents(str(path), source)
        path.write_text(mutated.code, encoding="utf-8")
        lines = mutated.code.splitlines()
        spans = mutated.line_span_by_function_name
        texts = {
            name: [line.replace(f"def {name}(", "def (") for line in lines[span.start - 1 : span.end]]
            for name, span in spans.items()
        }
        for name in mutated.mutant_names:
            mangled = name.rpartition("__mutmut_")[0]
            was, becomes = difference(texts[f"{mangled}__mutmut_orig"], texts[name])
            function = mangled.removeprefix("x_").removeprefix("x" + CLASS_NAME_SEPARATOR)
            if not is_prose(was, becomes):
                place = function.replace(CLASS_NAME_SEPARATOR, ".")
                yield Mutant(module, path, place, was, becomes, f"{import_path}.{name}")


def is_prose(was: str, becomes: str) -> bool:
    """Whether only the text of a sentence differs: by XX at its ends, or by its capitals."""
    if marked := re.search(r"""(["'])XX(.*)XX\1""", becomes):
        return " " in marked[2]
    differing = [at for at, (old, new) in enumerate(zip(was, becomes, strict=False)) if old != new]
    if was.lower() != becomes.lower() or not differing:
        return False
    first, last = differing[0], differing[-1]
    return " " in was[was.rfind('"', 0, first) : was.find('"', last)]


def mutants_of_values(module: str, path: Path, source: str) -> Iterator[Mutant]:
    """What no function holds: the numbers, flags and operators of constants and of fields' defaults."""
    tree, mutations, _, _ = create_mutations(str(path), source)
    values = {id(node) for statement in statements(tree) for node in below(statement)}
    texts = (cst.SimpleString, cst.Call, cst.Assign, cst.AnnAssign)
    for mutation in mutations:
        if id(mutation.original_node) in values and not isinstance(mutation.original_node, texts):
            code = cst.ensure_type(deep_replace(tree, mutation.original_node, mutation.mutated_node), cst.Module).code
            yield Mutant(module, path, "", *difference(source.splitlines(), code.splitlines()), code=code)


def statements(module: cst.Module) -> Iterator[cst.CSTNode]:
    """The plain statements of a module and of its classes."""
    for node in module.body:
        inner = node.body.body if isinstance(node, cst.ClassDef) else [node]
        yield from (statement for statement in inner if isinstance(statement, cst.SimpleStatementLine))


def below(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The node and all that it holds."""
    yield node
    for child in node.children:
        yield from below(child)


def difference(before: Sequence[str], after: Sequence[str]) -> tuple[str, str]:
    """The lines that differ, each side on one line."""
    changed = [line for line in difflib.ndiff(before, after) if line[:2] in ("- ", "+ ")]
    return tuple(" ".join(line[2:].strip() for line in changed if line[0] == sign) for sign in "-+")  # type: ignore[return-value]


def chosen(mutants: list[Mutant], places: Sequence[str], short: bool) -> list[Mutant]:
    """
    Those that were asked for.

    :param mutants: All.
    :param places: Rooms, modules or functions; none for all.
    :param short: Whether a sample of the verdict's is meant.
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
    """Try those of constants: each needs the package imported anew, and so a process and a copy of its own."""
    if not mutants:
        return
    pristine = Path("values")
    copy(ROOT / PACKAGE, pristine / INSTALLED / PACKAGE)
    shutil.copytree("tests", pristine / "tests")
    shutil.copy(ROOT / "pyproject.toml", pristine)
    verdict, said = verdict_in(pristine)
    if verdict != "survived":
        sys.exit(f"In a copy of its own, without any mutant: {verdict}, {said}")
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(try_value, mutants, range(len(mutants))))


def try_value(mutant: Mutant, number: int) -> None:
    """In a copy of its own, the tests of its module first."""
    home = Path(f"value-{number}")
    shutil.copytree("values", home)
    (home / mutant.path).write_text(mutant.code, encoding="utf-8")
    room, own = mutant.path.parent.relative_to(INSTALLED / PACKAGE), f"test_{mutant.path.name}"
    mutant.verdict, mutant.said = verdict_in(home, Path("tests/unit", room, own))
    shutil.rmtree(home)


def verdict_in(home: Path, first: Path | None = None) -> tuple[str, str]:
    """
    What all tests say in a copy, and by which.

    :param home: The copy.
    :param first: The file whose tests run before the others, where there is one.
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
    """In which the copy is imported, and what is temporary stays in the folder."""
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
    """One line of the table; what never ended, or left nothing to import, was noticed without a test that says so."""
    verdicts = Counter(mutant.verdict for mutant in mutants)
    explained = sum(mutant.why is not None for mutant in survivors(mutants))
    noticed = [verdicts[verdict] for verdict in ("killed", "time", "broken")]
    counts = (len(mutants), *noticed, explained, verdicts["survived"] - explained)
    return f"| {name} | {' | '.join(f'{count:,}' for count in counts)} | {sum(noticed) / len(mutants):.1%} |"


def told(mutants: Sequence[Mutant], stale: Sequence[Explained]) -> int:
    """Say what does not hold; the exit status."""
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
