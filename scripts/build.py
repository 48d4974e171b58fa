"""Build the wheel and the sdist into ``dist/``, and check that they hold what they should."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.parser import Parser
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "airflow_provider_reach"
SHIPPED = ["docs", "evidence", "example_dags", "tests"]  # only in the sdist
METADATA = {  # by which registries and installers know it
    "Classifier": "Framework :: Apache Airflow :: Provider",
    "License-Expression": "Apache-2.0",
    "Description-Content-Type": "text/markdown",
    "Requires-Python": ">=3.10",
}


def main() -> int:
    """Build and check; return 0 only if everything is as it should be."""
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    build(ROOT, dist, "sdist", "wheel")
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    problems = [*check_wheel(wheel), *check_sdist(sdist, wheel)]
    for problem in problems:
        print(f"  {problem}", file=sys.stderr)
    print(f"{wheel.name} and {sdist.name}: {'not as they should be' if problems else 'as they should be'}")
    return bool(problems)


def build(project: Path, dist: Path, *targets: str) -> None:
    """Build with what is installed; no network."""
    arguments = [argument for target in targets for argument in ("--target", target)]
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(dist), *arguments]
    done = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nThe build failed.")


def files_below(*folders: str) -> set[str]:
    """Return the files of the tree that belong into a distribution."""
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def check_wheel(wheel: Path) -> list[str]:
    """Return what is wrong with the wheel: its files, its metadata, its entry point."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = next(name.split("/")[0] for name in names if ".dist-info/" in name)
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        entry_points = archive.read(f"{info}/entry_points.txt").decode().split()
    problems = differences("wheel", {n for n in names if not n.startswith(info)}, files_below(PACKAGE))
    for name in (f"{PACKAGE}/py.typed", f"{info}/licenses/LICENSE"):
        if name not in names:
            problems.append(f"the wheel has no {name}")
    installed = version(metadata["Name"])
    if metadata["Version"] != installed:
        problems.append(f"the wheel has version {metadata['Version']}; installed is {installed}")
    expected = (
        f"[apache_airflow_provider] provider_info = {PACKAGE}.get_provider_info:get_provider_info "
        f"[pytest11] reach = {PACKAGE}.pytest_plugin"
    )
    if entry_points != expected.split():
        problems.append(f"the wheel's entry points are {' '.join(entry_points)}")
    for line, wanted in METADATA.items():
        if wanted not in metadata.get_all(line, []):
            problems.append(f"the wheel's metadata have no '{line}: {wanted}'")
    pinned = (ROOT / "requirements/floor.txt").read_text().splitlines()
    for required in map(Requirement, metadata.get_all("Requires-Dist", [])):
        (floor,) = (clause.version for clause in required.specifier if clause.operator == ">=")
        if f"{required.name}=={floor}" not in pinned:
            problems.append(f"{required.name}>={floor} is not what requirements/floor.txt runs")
    # As Airflow does at every start, but out of the wheel.
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        f"from {PACKAGE}.get_provider_info import get_provider_info as info, __spec__ as spec\n"
        "assert spec.origin.startswith(sys.argv[1]) and info()['package-name'] == sys.argv[2]\n"
        "assert not any(name.partition('.')[0] == 'airflow' for name in sys.modules)"
    )
    command = [sys.executable, "-I", "-c", code, str(wheel), metadata["Name"]]
    if subprocess.run(command, check=False).returncode:
        problems.append("the provider's metadata cannot be read out of the wheel alone")
    return problems


def check_sdist(sdist: Path, wheel: Path) -> list[str]:
    """Return what is wrong with the sdist: its files, and the wheel that is built from it."""
    with tempfile.TemporaryDirectory() as temporary:
        with tarfile.open(sdist) as archive:
            archive.extractall(temporary, filter="data")
        (unpacked,) = Path(temporary).iterdir()
        names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
        single = {"CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "pyproject.toml", ".gitignore", "PKG-INFO"}
        problems = differences("sdist", names, files_below(PACKAGE, *SHIPPED) | single)
        build(unpacked, Path(temporary, "dist"), "wheel")
        (again,) = Path(temporary, "dist").iterdir()
        if again.read_bytes() != wheel.read_bytes():
            problems.append("the sdist builds another wheel than the tree does")
    return problems


def differences(what: str, have: set[str], want: set[str]) -> list[str]:
    """Return a line for each missing and each surplus file."""
    return [
        *(f"the {what} lacks {name}" for name in sorted(want - have)),
        *(f"the {what} has {name}, which does not belong there" for name in sorted(have - want)),
    ]


if __name__ == "__main__":
    sys.exit(main())
