"""For the tests of your own DAGs: a pytest plugin, loaded by pytest where this package is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow_provider_reach.sandbox import Sandbox


@pytest.fixture
def reach_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """
    An embedded Reach, and the connection ``reach_default`` to it; both end with the test.

    :raises RuntimeError: when a secrets backend that is asked before the environment has another ``reach_default``.
    """
    from airflow_provider_reach.sandbox import Sandbox

    with Sandbox(target_timeout=5) as reach:  # its targets answer in time on a busy machine too
        for name, value in reach.environment.items():
            monkeypatch.setenv(name, value)
        if not _is_the_default(reach):
            raise RuntimeError("A secrets backend has another connection 'reach_default': turn it off for the tests.")
        yield reach


def _is_the_default(reach: Sandbox) -> bool:
    from airflow_provider_reach.core.errors import ReachError
    from airflow_provider_reach.hooks import ReachHook

    try:
        return ReachHook().get_conn().config.base_url == reach.base_url
    except ReachError:  # not even a whole one
        return False
