from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.sandbox import Sandbox
from tests.drivers import DRIVERS, Driver


@pytest.fixture(autouse=True)
def _a_plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> Driver:
    """What makes a client: what is tested here holds for both."""
    made: Driver = request.param
    return made


@pytest.fixture
def connected(reach: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The Reach that the default connection leads to; nobody waits before asking again."""
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
    monkeypatch.setitem(ReachClient.__init__.__kwdefaults__, "sleep", lambda seconds: None)
    return reach


@pytest.fixture
def logged(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], str]:
    """Everything that was logged and printed, by any library, wherever this Airflow writes it."""
    caplog.set_level(logging.DEBUG)
    return lambda: "".join([*capfd.readouterr(), caplog.text])
