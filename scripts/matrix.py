"""
Run the tests, and try the wheel, on every Airflow that is supported, each in an environment of its own.

::

    python -I scripts/matrix.py [--short] [ROW ...]

A row is named ``airflow-3.3``, or with its Python ``airflow-3.3/3.13``. Needs only the standard library.
"""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Row:
    """
    One Airflow on one Python.

    :param name: The name of its file in ``requirements/``.
    :param python: Python's version.
    :param short: Whether it runs for every change.
    """

    name: str
    python: str
    short: bool = False

    def __str__(self) -> str:
        return f"{self.name}/{self.python}"

    @property
    def requirements(self) -> str:
        """The file of its packages."""
        return f"requirements/{self.name}.txt"

    @property
    def airflow(self) -> str:
        """The version."""
        (version,) = re.findall(r"^apache-airflow==(\S+)", (ROOT / self.requirements).read_text(), re.MULTILINE)
        return str(version)

    @property
    def has_wheel(self) -> bool:
        """Whether the wheel is tried; nobody installs the oldest of everything."""
        return self.name != "floor"


ROWS = (
    Row("floor", "3.10", short=True),
    Row("airflow-2.11", "3.10", short=True),
    Row("airflow-2.11", "3.12"),
    Row("airflow-3.0", "3.12"),
    Row("airflow-3.1", "3.13"),
    Row("airflow-3.2", "3.11"),
    Row("airflow-3.3", "3.10"),
    Row("airflow-3.3", "3.13", short=True),
)


SAME_EVERYWHERE = ("--ignore=tests/docs", "--ignore=tests/watches/test_timelines.py")
"""What the short rows leave out: no Airflow and no library makes a difference to the pages, or to the verdict."""


@dataclass
class Result:
    """The outcome of a row; its texts are the cells of the table."""

    row: Row
    tests: str = "not run"
    wheel: str = "–"
    seconds: float = 0.0
    failed: bool = False
    skipped: bool = False

    def __str__(self) -> str:
        minutes, seconds = divmod(round(self.seconds), 60)
        row = self.row
        cells = (row.name, row.python, row.airflow, self.tests, self.wheel, f"{minutes} min {seconds:02} s")
        return f"| {' | '.join(cells)} |"


def main() -> int:
    """Run the rows that were asked for; return 0 only if at least one ran and none failed."""
    parser = argparse.ArgumentParser(description="Run the tests, and try the wheel, on every supported Airflow.")
    parser.add_argument("--short", action="store_true", help="what is run for every change")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(map(str, ROWS)))
    options = parser.parse_args()
    rows = [row for row in ROWS if row.short >= options.short and named(row, options.rows)]
    if unknown := [name for name in options.rows if not any(named(row, [name]) for row in ROWS)]:
        parser.error(f"there is no row {', '.join(unknown)}; there are {', '.join(map(str, ROWS))}")

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to end as tidily as by Ctrl-C
    results: list[Result] = []
    try:
        wheel = build_wheel() if any(row.has_wheel for row in rows) else ""
        results.extend(run(row, wheel, SAME_EVERYWHERE if options.short else ()) for row in rows)
    except KeyboardInterrupt:
        say("Interrupted")
        return 130
    say("The matrix")
    print("| packages | Python | Airflow | tests | wheel | time |\n| --- | --- | --- | --- | --- | ---: |")
    print("\n".join(map(str, results)), flush=True)
    return int(any(result.failed for result in results) or all(result.skipped for result in results))


def named(row: Row, names: list[str]) -> bool:
    """Whether the row is among these names; with no names, every row is."""
    return not names or row.name in names or str(row) in names


def build_wheel() -> str:
    """Build the wheel, in the project's own environment, and return its path, or None if that failed."""
    say("Building the wheel")
    status, _ = stream([sys.executable, "-I", "scripts/in_venv.py", "--", "scripts/build.py"])
    wheels = [] if status else sorted((ROOT / "dist").glob("*.whl"))
    return str(wheels[0].relative_to(ROOT)) if wheels else ""


def run(row: Row, wheel: str, leave_out: Sequence[str] = ()) -> Result:
    """
    Run the tests of one row, then try the wheel in it.

    :param row: The row.
    :param wheel: The wheel's path.
    :param leave_out: What tells pytest which tests not to run.
    """
    say(f"{row}: Airflow {row.airflow} on Python {row.python}")
    python = find_python(row.python)
    if not python:
        print(f"SKIPPED: no Python {row.python} here", flush=True)
        return Result(row, tests=f"skipped: no Python {row.python} here", skipped=True)
    result, started = Result(row), time.monotonic()
    in_venv = [python, "-I", "scripts/in_venv.py", "--requirements", row.requirements]
    folder = f"{row.name}-python-{row.python}"
    status, last = stream([*in_venv, "--venv", f".venvs/{folder}", "--", "-m", "pytest", "-n", "2", *leave_out])
    result.failed = status != 0
    result.tests = ", ".join(counts(last)) or f"none ran: {last}"
    if row.has_wheel:
        say(f"{row}: the wheel")
        trial = ["--venv", f".venvs/wheel-{folder}", "--wheel", wheel, "--", "-m", "scripts.try_wheel"]
        status = stream([*in_venv, *trial])[0] if wheel else 1
        result.failed |= status != 0
        result.wheel = "FAILED" if status else "works"
    result.seconds = time.monotonic() - started
    return result


def find_python(version: str) -> str:
    """Return the path of a Python of that version, or None."""
    command = ["sh", "scripts/find-python.sh", version]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout.strip()


def counts(summary: str) -> Iterator[str]:
    """Read how many tests passed, failed and so on in pytest's last line; the bad counts are in capitals."""
    for number, what in re.findall(r"(\d+) (passed|failed|errors?|skipped|xfailed)\b", summary):
        yield f"{number} {what.upper() if what.startswith(('failed', 'error')) else what}"


def stream(command: list[str]) -> tuple[int, str]:
    """Run a command, show what it says as it comes, and return its exit status and its last line."""
    last = ""
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with process:
        try:
            for line in process.stdout or ():
                print(line, end="", flush=True)
                last = line.strip() or last
        except KeyboardInterrupt:
            process.terminate()
            raise
    return process.returncode, last


def say(what: str) -> None:
    """Print a heading."""
    print(f"\n== {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
