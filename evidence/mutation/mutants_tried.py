"""
A pytest plugin that tries mutants: it runs all tests once, to see which reach what, and then forks for each mutant.

``evidence/mutation`` runs it beside a copy of the package in which mutmut has put every mutant of a function next
to the function. Tests are collected once; a mutant gets the tests that reach its function, those of its own module and
the quick ones first.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from time import process_time

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.format_utils import mangled_name_from_mutant_name

PLAN, FOUND = Path("plan.json"), Path("found.jsonl")
SPARE_SECONDS, TIMES_AS_LONG = 5, 5
SURVIVED, KILLED, BROKEN = 0, 1, 3

sys.setrecursionlimit(sys.getrecursionlimit() + 200)  # every call of a function of core is three
settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate])  # the smallest example is not needed
settings.load_profile("mutants")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try what the plan names, instead of running the tests."""
    workers, plan = json.loads(PLAN.read_text(encoding="utf-8"))
    tests = Tests(session.items)
    if tests.failed:
        pytest.exit(f"Without any mutant these fail: {tests.failed}", returncode=1)
    gc.freeze()  # or each fork would copy all of it
    try_all(plan, tests, workers)
    return True


class Tests:
    """
    The tests, and what they reach: seen by running each of them.

    :param items: As pytest collected them.
    """

    def __init__(self, items: Sequence[pytest.Item]) -> None:
        self._reaching: dict[str, list[pytest.Item]] = defaultdict(list)
        self.seconds: dict[str, float] = {}
        self.kills: Counter[str] = Counter()
        set_mutant_under_test("stats")
        self.failed = [item.nodeid for item in items if self._watched(item)]
        set_mutant_under_test("")

    def _watched(self, item: pytest.Item) -> bool:
        began = process_time()
        red = failed(item)
        self.seconds[item.nodeid] = process_time() - began
        for function in state()._stats:
            self._reaching[function].append(item)
        state()._stats.clear()
        return red

    @property
    def telling(self) -> list[pytest.Item]:
        """The tests that reach anything that has mutants."""
        return list(dict.fromkeys(chain.from_iterable(self._reaching.values())))

    def reaching(self, mutant: str) -> list[pytest.Item]:
        """The tests that reach the function of a mutant, those most likely to kill it first."""
        function = mangled_name_from_mutant_name(mutant)
        own = f"/test_{function.split('.')[-2]}.py"

        def order(item: pytest.Item) -> tuple[int, bool, float, str]:
            return -self.kills[item.nodeid], own not in item.nodeid, self.seconds[item.nodeid], item.nodeid

        return sorted(self._reaching[function], key=order)


def failed(item: pytest.Item) -> bool:
    """Run one test with all of its fixtures."""
    return any(report.failed for report in runtestprotocol(item, nextitem=None, log=False))


def try_all(plan: Sequence[str], tests: Tests, workers: int) -> None:
    """
    Find a verdict for each mutant: ``killed`` and by which test, ``survived`` and how many, ``time``, ``broken``.

    The first, without a name, is no mutant: it must survive, or no other verdict means anything.

    :param plan: The mutants' names.
    :param tests: All tests.
    :param workers: How many at once.
    """
    running: dict[int, tuple[str, int]] = {}
    for number, mutant in enumerate(["", *plan]):
        while len(running) >= workers:
            ended(running, tests)
        items = tests.reaching(mutant) if mutant else tests.telling
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            try_one(mutant, items, tests.seconds, writer)
        os.close(writer)
        running[child] = (mutant, reader)
        if number % 250 == 0:
            os.write(2, f"{number} of {len(plan)} mutants\n".encode())
    while running:
        ended(running, tests)


def ended(running: dict[int, tuple[str, int]], tests: Tests) -> None:
    """Wait for one child."""
    child, status = os.wait()
    mutant, reader = running.pop(child)
    with open(reader, encoding="utf-8") as pipe:
        said = pipe.read()
    code = os.waitstatus_to_exitcode(status)
    slow = code in (-signal.SIGXCPU, -signal.SIGALRM)
    tests.kills[said] += 1
    verdict = "time" if slow else {SURVIVED: "survived", KILLED: "killed"}.get(code, "broken")
    with FOUND.open("a", encoding="utf-8") as lines:
        lines.write(f"{json.dumps([mutant, verdict, said or f'ended with {code}'])}\n")


def try_one(mutant: str, items: Sequence[pytest.Item], seconds: dict[str, float], writer: int) -> None:
    """In a process of its own, which ends here: the tests, until one fails."""
    code, said = BROKEN, ""
    with suppress(BaseException):
        set_mutant_under_test(mutant)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        killer = next((item.nodeid for item in items if killed_by(item, seconds[item.nodeid])), None)
        code, said = (KILLED, killer) if killer else (SURVIVED, f"{len(items)} tests")
    os.write(writer, said.encode())
    os._exit(code)


def killed_by(item: pytest.Item, seconds: float) -> bool:
    """Run a test that takes so long without a mutant; what loops for ever, or waits for ever, ends the process."""
    most = SPARE_SECONDS + TIMES_AS_LONG * seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(process_time() + most) + 1, hard))
    signal.alarm(int(60 * most))  # by the clock, which a busy machine does not keep
    return failed(item)
