"""
Run Python in a virtual environment of this project, creating or repairing the environment first.

::

    python -I scripts/in_venv.py [--venv DIR] [--requirements FILE] [--wheel FILE] [-- ARGUMENT ...]

The arguments are Python's own (``-m pytest``, ``scripts/demo.py``); with none, the environment is
only made. It remembers what it was made from: while that is the same, a run starts at once and
needs no network. Nothing is written outside the project folder, except one temporary folder, which is
removed at the end. Needs only the standard library.

With a wheel, the environment holds what its users have, and Python runs outside the project.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Variables that would make the outcome depend on who runs this: another Airflow, another
# environment, how Python starts, how and where packages are installed.
FOREIGN = re.compile(r"_?AIRFLOW_|VIRTUAL_ENV|PYTHON(?!DONTWRITEBYTECODE$|UNBUFFERED$)|PIP_|UV_")
# Of those, the user may say where packages come from.
SOURCES = re.compile(r"(PIP|UV)_.*(INDEX|LINKS|CERT|HOST|PROXY|TIMEOUT|RETRIES|KEYRING|CONFIG|TLS|OFFLINE|FEATURE)")


Step = Callable[[str | None], None]
"""A step of the set-up; it gets uv, where that is to be used."""


class StepError(Exception):
    """A step failed; the text is what the installer said."""


def main() -> int:
    """Make the environment, then run what was asked for in it."""
    parser = argparse.ArgumentParser(description="Run Python in a virtual environment of this project.")
    parser.add_argument("--venv", default=".venv", help="its folder in the project")
    parser.add_argument("--requirements", default="requirements/airflow-3.3.txt", help="what is in it")
    parser.add_argument("--wheel", help="install it as its users do, instead of the project with its tools")
    parser.add_argument("arguments", nargs="*", help="Python's own")
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to end as tidily as by Ctrl-C
    with tempfile.TemporaryDirectory(prefix="reach-") as temporary:
        arguments = (ROOT / options.venv, ROOT / options.requirements, clean_environment(temporary))
        venv = WheelVenv(*arguments, ROOT / options.wheel) if options.wheel else Venv(*arguments)
        try:
            venv.prepare()
        except StepError as error:
            print(f"\n{error}\n\n{venv.name} could not be made; what was said is above.", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print(f"\nInterrupted; the next run makes {venv.name} anew.", file=sys.stderr)
            return 130
        return venv.run(options.arguments) if options.arguments else 0


def clean_environment(temporary: str) -> dict[str, str]:
    """
    Return the variables to run under: the user's without the foreign ones, plus a few of our own.

    :param temporary: A folder for everything temporary.
    """
    variables = {name: value for name, value in os.environ.items() if not FOREIGN.match(name) or SOURCES.match(name)}
    # What runs here talks to servers of its own on this machine, which no proxy reaches.
    beyond = variables.get("no_proxy") or variables.get("NO_PROXY")
    direct = ",".join(filter(None, [beyond, "127.0.0.1,localhost,::1"]))
    return variables | {
        "no_proxy": direct,
        "NO_PROXY": direct,
        # An Airflow of its own for every run: its files hold absolute paths, and its settings take no % in them.
        "AIRFLOW_HOME": str(Path(temporary, "airflow")),
        "TMPDIR": temporary,
        "PYTHONUTF8": "1",  # a file that Python reads at start names this folder, whatever letters are in it
        "PIP_USER": "0",  # outdoes a configuration file
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


class Venv:
    """
    One virtual environment.

    :param folder: Where it is.
    :param requirements: The file of the pinned packages it holds, beside the project itself.
    :param variables: The environment variables to run under.
    """

    def __init__(self, folder: Path, requirements: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        self.name = folder.relative_to(ROOT)
        self.requirements = requirements
        self.variables = variables | {"PATH": os.pathsep.join([str(folder / "bin"), variables.get("PATH", os.defpath)])}
        self.python = folder / "bin/python"
        self.stamp = folder / ".made-from"
        self.started = time.monotonic()

    def prepare(self) -> None:
        """Create the environment, or repair it, or do nothing."""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        packages, project = digest(version, self.requirements), digest(*self.project())
        made_from = self.read_stamp()
        if made_from == [packages, project]:
            return
        print(f"Setting up {self.name} with Python {version}:", flush=True)
        self.stamp.unlink(missing_ok=True)
        uv = shutil.which("uv")
        ways = self.ways(same_packages=made_from[:1] == [packages])
        tries = [(tool, way) for way in ways for tool in ([uv, None] if uv else [None])]
        problems = []
        for tool, way in tries:
            try:
                for step in way:
                    step(tool)
            except StepError as error:
                problems.append(str(error))
                self.say("that did not work" + "; trying another way" * (len(problems) < len(tries)))
            else:
                self.stamp.write_text(json.dumps([packages, project]))
                self.say("done")
                return
        raise StepError("\n\n".join(problems))

    def project(self) -> list[str | Path]:
        """Return the parts of the project that the environment is made from."""
        return [str(ROOT), ROOT / "pyproject.toml", ROOT / "airflow_provider_reach/version.py"]

    def ways(self, same_packages: bool) -> list[list[Step]]:
        """
        Return the ways to get there, the quickest first; each is a list of steps.

        :param same_packages: The packages are right: the project changed, or the folder was moved.
        """
        anew: list[Step] = [self.create, self.install_packages, self.install_project]
        return [[self.install_project], anew] if same_packages else [anew]

    def read_stamp(self) -> list[str]:
        """Return what the environment was made from; nothing if it is incomplete or does not start."""
        try:
            made_from: list[str] = json.loads(self.stamp.read_text())
            subprocess.run([self.python, "-I", "-c", ""], check=True, capture_output=True)
        except (OSError, ValueError, subprocess.SubprocessError):
            return []
        return made_from

    def create(self, uv: str | None) -> None:
        """Make the environment, empty."""
        if self.folder.is_symlink() or self.folder.is_file():
            self.folder.unlink()
        elif self.folder.exists():
            shutil.rmtree(self.folder)
        base: str = getattr(sys, "_base_executable", sys.executable)
        if uv:
            self.step("an empty environment", [uv, "venv", "--no-cache", "--python", base, self.folder])
        else:
            self.step("an empty environment", [base, "-I", "-m", "venv", self.folder])

    def install_packages(self, uv: str | None) -> None:
        """Install what is pinned, and nothing else."""
        packages = [line for line in self.requirements.read_text().splitlines() if line]
        about = f"about {len(packages) // 10 * 10} packages, with {'uv' if uv else 'pip'}"
        self.install(uv, about, "--no-deps", "--requirement", self.requirements)

    def install_project(self, uv: str | None) -> None:
        """Install the project so that what is edited is what runs; this needs no network."""
        self.install(uv, "this project", "--no-deps", "--no-build-isolation", "--editable", ".")

    def install(self, uv: str | None, what: str, *arguments: str | Path) -> None:
        """Run uv or pip, leaving no cache behind."""
        pip: list[str | Path] = [self.python, "-m", "pip", "install", "--no-cache-dir", "--progress-bar=off"]
        if uv:
            pip = [uv, "pip", "install", "--no-cache", "--python", self.python]
        self.step(what, [*pip, *arguments])

    def step(self, what: str, command: list[str | Path]) -> None:
        """Run one command of the set-up, with a sign of life while it runs."""
        self.say(what)
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.variables, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
            while True:
                try:
                    status = process.wait(timeout=15)
                    break
                except subprocess.TimeoutExpired:
                    self.say("... still at it")
                except KeyboardInterrupt:
                    process.terminate()
                    process.wait()
                    raise
            if status:
                output.seek(0)
                said = output.read().decode(errors="replace").strip()
                raise StepError(f"$ {' '.join(map(str, command))}\n{said}")

    def say(self, what: str) -> None:
        """Print a line with the seconds since the start."""
        print(f"  {time.monotonic() - self.started:4.0f} s  {what}", flush=True)

    def run(self, arguments: list[str]) -> int:
        """Run Python in the environment and return its exit status; it handles the signals."""
        process = subprocess.Popen([self.python, *arguments], cwd=self.working_folder(), env=self.variables)
        signal.signal(signal.SIGINT, lambda *_: None)  # a terminal's Ctrl-C reaches it by itself
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        status = process.wait()
        return 128 - status if status < 0 else status

    def working_folder(self) -> Path:
        """Return where to run; Python finds the modules there."""
        return ROOT


class WheelVenv(Venv):
    """
    An environment as users have it: the wheel, its extra for the sandbox, an Airflow, and nothing else.

    :param folder: Where it is.
    :param requirements: The file of the pinned packages, which names the Airflow and constrains the rest.
    :param variables: The environment variables to run under.
    :param wheel: The wheel.
    """

    def __init__(self, folder: Path, requirements: Path, variables: dict[str, str], wheel: Path) -> None:
        super().__init__(folder, requirements, variables)
        self.wheel = wheel

    def project(self) -> list[str | Path]:
        """Return the wheel."""
        return [self.wheel]

    def ways(self, same_packages: bool) -> list[list[Step]]:
        """Return the one way: users begin with nothing."""
        return [[self.create, self.install_wheel]]

    def install_wheel(self, uv: str | None) -> None:
        """Install the wheel beside an Airflow, and what both of them ask for."""
        (airflow,) = re.findall(r"^apache-airflow==\S+", self.requirements.read_text(), re.MULTILINE)
        what = f"{self.wheel.name} beside {airflow}, with {'uv' if uv else 'pip'}"
        self.install(uv, what, f"{self.wheel.relative_to(ROOT)}[sandbox]", airflow, "--constraint", self.requirements)

    def working_folder(self) -> Path:
        """Return a copy of the scripts and the examples, away from the package's source."""
        folder = Path(self.variables["TMPDIR"], "trial")
        for name in ("scripts", "example_dags"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        return folder


def digest(*parts: str | Path) -> str:
    """Return one hash of texts and of files' contents."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode(errors="surrogateescape"))
        total.update(b"\0")
    return total.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
