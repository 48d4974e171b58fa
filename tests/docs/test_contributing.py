from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.api import operations as module
from airflow_provider_reach.hooks import ReachHook

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the code that the first step changes."""
    shutil.copytree(ROOT / "airflow_provider_reach", tmp_path / "airflow_provider_reach")
    shutil.copy(ROOT / "tests/first_step.py", tmp_path)
    return tmp_path


def first_step(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "first_step.py"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_the_first_step_fails_and_the_lines_of_the_guide_finish_it(project: Path) -> None:
    before = first_step(project)

    [lines] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    advice = project / "airflow_provider_reach/core/target/advice.py"
    source = advice.read_text(encoding="utf-8")
    beside = '    if answer == "413":\n'
    assert beside in source
    indented = "".join(f"    {line}\n" for line in lines.splitlines())
    advice.write_text(source.replace(beside, indented + beside), encoding="utf-8")
    after = first_step(project)

    assert before.returncode == 1, before.stdout
    assert "assert 'application/json' in" in before.stdout
    assert after.returncode == 0, after.stdout


def test_every_operation_is_in_the_client_and_the_hook() -> None:
    operations = {
        name
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and inspect.signature(function).return_annotation.startswith("Call[")
        and name not in ("about", "any_request")  # any_request is `request`, for what has no function of its own
    }

    assert "get_batch_status" in operations
    for place in (ReachClient, ReachHook):
        assert operations - set(dir(place)) == set(), place


def test_the_hooks_of_git_run_what_ci_runs() -> None:
    config = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    hooks = re.findall(r"entry: (.+)", config)

    assert hooks
    assert set(hooks) <= set((ROOT / ".ci/run").read_text(encoding="utf-8").splitlines())


def test_pre_commit_takes_them() -> None:
    clientlib = pytest.importorskip("pre_commit.clientlib")

    clientlib.load_config(str(ROOT / ".pre-commit-config.yaml"))


@pytest.mark.parametrize("path", sorted(set(re.findall(r"[\w./]+\.(?:py|md)\b", GUIDE))))
def test_every_file_it_names_is_there(path: str) -> None:
    places = [ROOT, ROOT / "airflow_provider_reach", ROOT / "airflow_provider_reach/core"]

    assert any((place / path).exists() for place in places)
