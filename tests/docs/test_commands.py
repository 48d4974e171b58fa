"""
Every page is run: its commands are typed into a shell, one after the other, as a reader would.

The shell is in a folder with ``docs/snippets``, its Airflow has a database of its own and ``example_dags`` for its DAGs
folder, and its connection ``reach_default`` leads to an embedded Reach. Each command must end with the exit status that
the page says, else 0, and print what the page shows.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import airflow
import pytest
from packaging.version import Version

import airflow_provider_reach
from airflow_provider_reach.sandbox.scenes import health_scene
from tests.docs.pages import EXAMPLES, PAGES, ROOT, SNIPPETS, Command, commands, name_of

MARK = "~~~ exit status"
LONGEST = 300.0


def make(target: str) -> str:
    """It would run the tests, or take minutes: that the target is there, and that CI runs it."""
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert re.search(rf"^make {target}\b", (ROOT / ".ci/run").read_text("utf-8"), re.MULTILINE)
    return ":"


def make_help() -> str:
    """It is run, in the project."""
    return f"make -C '{ROOT}' help"


def first_step() -> str:
    """It is run by tests/docs/test_contributing.py."""
    assert "first_step.py" in (ROOT / "tests/docs/test_contributing.py").read_text("utf-8")
    return "false || (exit 2)"


def pip_install(package: str, extra: str | None) -> str:
    """It is run by scripts/try_wheel.py, with the wheel: that the names are those of pyproject.toml."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'\nname = "{package}"\n' in project
    assert extra is None or f"\n{extra} = [\n" in project.partition("[project.optional-dependencies]")[2]
    return ":"


def pip_install_beside(package: str, version: str) -> str:
    """It would ask the package index; check that it names this version, and that Airflow prints only its own."""
    assert (package, version) == ("airflow-provider-reach", airflow_provider_reach.__version__)
    return f'test "$(airflow version)" = "{airflow.__version__}"'


def pip_check() -> str:
    """scripts/try_wheel.py runs it, in an environment that holds nothing else."""
    assert "fits_together()" in (ROOT / "scripts/try_wheel.py").read_text("utf-8")
    return ":"


def pre_commit() -> str:
    """It would change the clone: that there is something to install, by what make installs."""
    assert (ROOT / ".pre-commit-config.yaml").is_file()
    assert "\npre-commit\n" in (ROOT / "requirements/airflow-3.3.in").read_text("utf-8")
    return ":"


def airflow_reach(arguments: str) -> str:
    """Airflow has it from 3.2 on; before, the same command is the package's own."""
    program = "airflow reach" if Version(airflow.__version__) >= Version("3.2") else "python -m airflow_provider_reach"
    return f"{program} {arguments}"


INSTEAD: dict[str, Callable[..., str]] = {
    r"make (demo|ui|test|whole|check|docs)": make,
    r"make help": make_help,
    r'make test ARGS="tests/first_step.py"': first_step,
    r"pip install '?([\w-]+)(?:\[(\w+)\])?'?": pip_install,
    r'pip install "apache-airflow==\$\(airflow version\)" "([\w-]+)==([\w.]+)"': pip_install_beside,
    r"pip check": pip_check,
    r"\.venv/bin/pre-commit install": pre_commit,
    r"airflow reach (.+)": airflow_reach,
}
"""All that is not typed as it stands: what holds in its place, and what is typed instead."""


@pytest.mark.long
@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=name_of)
def test_a_page_works(page: Path, home: Path) -> None:
    typed = commands(page)

    with health_scene() as reach:
        said = type_into_a_shell(typed, home, AIRFLOW_CONN_REACH_DEFAULT=reach.connection_json)

    printed = re.split(rf"^{MARK} (\d+)\n", said, flags=re.MULTILINE)
    for command, output, status in zip(typed, printed[::2], printed[1::2], strict=False):
        assert int(status) == command.status, f"{command.text}\n{output}"
        assert shows(output, command.output), f"{command.text}\n{output}"
    assert len(printed) // 2 == len(typed), f"the shell ended before its time:\n{said}"


@pytest.mark.parametrize("pattern", INSTEAD)
def test_what_is_not_typed_as_it_stands_stands_in_a_page(pattern: str) -> None:
    assert any(re.fullmatch(pattern, without_comment(command)) for page in PAGES for command in commands(page))


@pytest.fixture
def home(homes: Path, migrated: Path, request: pytest.FixtureRequest) -> Path:
    """A home for Airflow in which nothing happened yet, with the folder ``work``."""
    home = homes / re.sub(r"\W+", "-", request.node.name)
    shutil.copytree(SNIPPETS, home / "work", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(migrated, home)
    return home


def type_into_a_shell(typed: list[Command], home: Path, **variables: str) -> str:
    """
    What a shell says that reads these commands, each followed by its exit status.

    It reads them from a pipe, line by line: a command such as ``... sandbox -- bash`` takes over, until ``exit``.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "PYTEST_"))}
    script = "".join(lines_for(typed))
    environment = {
        **inherited,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "NO_PROXY": "127.0.0.1",
        **variables,
    }
    with subprocess.Popen(
        ["bash"],
        env=environment,
        cwd=home / "work",
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as shell:
        try:
            said, _ = shell.communicate(script, timeout=LONGEST)
        finally:
            if shell.poll() is None:
                os.killpg(shell.pid, signal.SIGKILL)
    return str(said)


def lines_for(typed: list[Command]) -> Iterator[str]:
    for command in typed:
        yield f"{in_place_of(command)}\n"
        yield f'printf "\\n{MARK} %s\\n" $?\n'


def in_place_of(command: Command) -> str:
    """What is typed: the command as it is, or its replacement in the table."""
    for pattern, instead in INSTEAD.items():
        if found := re.fullmatch(pattern, without_comment(command)):
            return instead(*found.groups())
    return command.text


def without_comment(command: Command) -> str:
    return re.sub(r"\s+# .*", "", command.text)


def shows(output: str, parts: tuple[str, ...]) -> bool:
    """Whether all parts are there, in their order; numbers, times and ids may be others."""
    return re.search(".*".join(re.escape(blurred(part)) for part in parts), blurred(output)) is not None


def blurred(text: str) -> str:
    text = " ".join(text.split())
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "ID", text)
    text = re.sub(r"\b(\d+ h \d+ min|\d+ h|\d+ min \d+ s|\d+ min|\d+ s)\b", "TIME", text)
    return re.sub(r"\d+", "0", text)
