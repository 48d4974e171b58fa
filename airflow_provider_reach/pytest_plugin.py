"""For the tests of your own DAGs: a pytest plugin, loaded by pytest where this package is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow_provider_reach.sandbox import Sandbox


@pytest.fixture
def reach_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """An embedded Reach, and the connection ``reach_default`` to it; both end with the test."""
    from airflow_provider_reach.sandbox import Sandbox

    with Sandbox(target_timeout=5) as reach:  # its targets answer in time on a busy machine too
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
        yield reach
