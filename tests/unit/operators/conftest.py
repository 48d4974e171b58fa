from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from airflow_provider_reach.sandbox import Sandbox, Switches
from tests.tasks import AIRFLOW_2, AIRFLOW_3_0


@pytest.fixture(autouse=True)
def waits(naps: list[float]) -> list[float]:
    """How long the client would have waited; no test waits."""
    return naps


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """What was logged since it was last asked, by Airflow 2 or 3."""
    caplog.set_level("INFO")

    def logged() -> str:
        printed = "".join(capfd.readouterr())
        twice = AIRFLOW_2 or AIRFLOW_3_0  # they print what caplog has
        text = caplog.text if twice else printed + caplog.text
        caplog.clear()
        return text

    return logged


@pytest.fixture
def switched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Sandbox]]:
    """Starts a sandbox with some switches set, to which the default connection leads."""
    with ExitStack() as running:

        def switched(**switches: Any) -> Sandbox:
            reach = running.enter_context(Sandbox(switches=Switches(**switches), target_timeout=5))
            monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
            return reach

        yield switched
