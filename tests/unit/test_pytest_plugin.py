from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_reach import ReachHook
from airflow_provider_reach.sandbox import Sandbox


def test_the_default_connection_leads_to_it(reach_sandbox: Sandbox) -> None:
    reach_sandbox.add_webhook("orders", target=reach_sandbox.target("consumer").url)

    assert [webhook.name for webhook in ReachHook().list_webhooks()] == ["orders"]


def test_the_connection_ends_with_the_test() -> None:
    assert "AIRFLOW_CONN_REACH_DEFAULT" not in os.environ


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """An environment in which a secrets backend has a connection to another Reach."""
    connections = tmp_path / "connections.json"
    other = {"conn_type": "reach", "host": "https://production.example/api", "password": "k"}
    connections.write_text(json.dumps({"reach_default": other}))
    return {
        **os.environ,
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(connections)}),
    }


USERS_TEST = """
from airflow_provider_reach import ReachHook  # which loads Airflow before the fixture is made


def test_mine(reach_sandbox):
    assert ReachHook().get_conn().config.base_url == reach_sandbox.base_url
"""


def test_a_secrets_backend_never_leads_a_test_elsewhere(elsewhere: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(USERS_TEST)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"],
        env=elsewhere,
        cwd=tmp_path,
        text=True,
        capture_output=True,
        check=False,
    )

    # Airflow 2.11 keeps to the backends that it found when it was loaded.
    assert done.returncode == 0 or "A secrets backend has another connection 'reach_default'" in done.stdout, (
        done.stdout
    )


def test_nor_a_command(elsewhere: dict[str, str]) -> None:
    command = [sys.executable, "-m", "airflow_provider_reach", "list", "--json"]

    done = subprocess.run(
        [sys.executable, "-m", "airflow_provider_reach.sandbox", "--scene", "empty", "--", *command],
        env=elsewhere,
        text=True,
        capture_output=True,
        check=False,
    )

    assert (done.returncode, json.loads(done.stdout)) == (0, {"webhooks": [], "errors": []}), done.stderr
