from __future__ import annotations

import atexit
import os
import sys
import tempfile
from collections.abc import Iterator

import pytest

from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.sandbox import Sandbox

# Before Airflow is imported: no setting and no home of another Airflow counts, and none is touched.
for name in [name for name in os.environ if name.startswith(("AIRFLOW_", "_AIRFLOW_"))]:
    del os.environ[name]
_home = tempfile.TemporaryDirectory(prefix="reach-tests-")
atexit.register(_home.cleanup)
os.environ["AIRFLOW_HOME"] = _home.name
# Without it, Airflow 2.11 warns when it is imported; Airflow 3 knows no such setting.
os.environ["AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY"] = "True"

API_KEY, WORKSPACE_ID = "planted-api-key-4711", "7c1b54a0-0d5e-4f6e-9a51-2f7f4f1b6d3e"


@pytest.fixture
def reach() -> Iterator[Sandbox]:
    # Always the same key: Airflow masks every one it meets, and is slower with each.
    with Sandbox(target_timeout=1.0, api_key=API_KEY, workspace_id=WORKSPACE_ID) as reach:
        yield reach


@pytest.fixture(autouse=True)
def nothing_masked() -> None:
    """
    Show again what a test told Airflow to hide, as a process of its own would.

    Airflow 2.11 hides even a single letter that was some connection's password.
    """
    for name in (
        "airflow.sdk._shared.secrets_masker",
        "airflow._shared.secrets_masker",
        "airflow.utils.log.secrets_masker",
    ):
        if module := sys.modules.get(name):
            masker = module._secrets_masker()
            masker.patterns, masker.replacer = set(), None


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A Reach to which the default connection leads; its targets answer in time even on a busy machine."""
    with Sandbox(target_timeout=5) as reach:
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
        yield reach


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that the client would have made before asking again; it makes none."""
    naps: list[float] = []
    monkeypatch.setitem(ReachClient.__init__.__kwdefaults__, "sleep", naps.append)
    return naps
