from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from functools import partial

import pytest
import requests

from airflow_provider_reach.sandbox import Sandbox

Call = Callable[..., requests.Response]


@pytest.fixture
def start() -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def reach(start: datetime) -> Iterator[Sandbox]:
    with Sandbox(start=start) as reach:
        yield reach


@pytest.fixture
def calling() -> Iterator[Callable[[Sandbox], Call]]:
    """Makes, for any sandbox, a function that calls its webhooks API: ``call("GET", "/some-id", json=…)``."""
    with requests.Session() as session:
        session.trust_env = False

        def call(
            reach: Sandbox,
            method: str,
            path: str = "",
            *,
            authorization: str | None = None,
            **options: object,
        ) -> requests.Response:
            headers = {"Authorization": authorization or f"AccessKey {reach.api_key}"}
            url = f"{reach.base_url}/workspaces/{reach.workspace_id}/reach/webhooks{path}"
            return session.request(method, url, **{"headers": headers, "timeout": 10, **options})  # type: ignore[arg-type]

        yield lambda reach: partial(call, reach)


@pytest.fixture
def call(reach: Sandbox, calling: Callable[[Sandbox], Call]) -> Call:
    return calling(reach)
