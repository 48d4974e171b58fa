"""
Where the API key goes, and where it is seen.

``tests/unit/client/test_transports.py`` has the rest of it: redirects, cookies, a ``~/.netrc``, proxies, certificates.
"""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import quote

import pytest
from airflow.providers.common.compat.sdk import Connection

from airflow_provider_reach import ReachBatchStatusSensor, ReachListWebhooksOperator
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.client.user_agent import USER_AGENT
from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.api.request import request_for
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.errors import ReachConfigError, ReachError
from airflow_provider_reach.hooks import ReachHook
from airflow_provider_reach.integration.reach_connection import read_connection
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.drivers import Driver
from tests.tasks import in_dag, run
from tests.unit.client.test_transports import http, says, serving, unused_port

KEY = "planted-api-key-4711"
WORKSPACE = "0b7ee2a5-6f4e-4e52-8ef8-3e2c1d9e6f10"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_no_proxy_is_asked_for_this_machine(
    name: str, host: str, driver: Driver, reach: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    base_url = reach.base_url.replace("127.0.0.1", host)
    with serving(says(http())) as proxy:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with driver(ReachConfig(base_url, reach.workspace_id, reach.api_key), outage_tolerance=0) as client:
            client.list_webhooks()

    assert proxy.heads == []
    assert len(reach.requests) == 1


@pytest.mark.parametrize(
    "proxy",
    [
        "http://user:planted@127.0.0.1:{port}",
        "user:planted@127.0.0.1:{port}",
        "http://user:planted/x@127.0.0.1:{port}",
        "http://user:planted#x@127.0.0.1:{port}",
        "http://user:planted?x@127.0.0.1:{port}",
        "http://user:planted@127.0.0.1:port",
        "http://user:planted@[::1",
        "http://user:planted x@127.0.0.1",
        "socks5://user:planted@127.0.0.1:{port}",
        "odd://user:planted@127.0.0.1:{port}",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_s_password_is_told_nowhere(
    scheme: str, proxy: str, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy.format(port=unused_port()))
    config = ReachConfig(f"{scheme}://reach.test/api", WORKSPACE, KEY, timeout=0.5)

    with driver(config, outage_tolerance=0) as client, pytest.raises(ReachError) as raised:
        client.list_webhooks()

    assert "planted" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("conn_type", ["postgres", "http", "reach", ""])
def test_the_password_of_another_connection_is_not_sent_by_mistake(conn_type: str) -> None:
    conn = Connection(conn_id="other", conn_type=conn_type, host="db.example.com", login="me", password="planted-other")

    with pytest.raises(ReachConfigError, match="workspace_id is missing") as refused:
        read_connection(conn)

    assert "planted" not in str(refused.value)


def test_no_repr_shows_it() -> None:
    config = ReachConfig("https://reach.test/api", WORKSPACE, KEY)
    request = request_for(operations.list_webhooks(), config, USER_AGENT)
    client = ReachClient(config)

    holders: list[Any] = [config, asdict(config), vars(config), (config.api_key,), [request], vars(request)]
    holders += [dict(request.headers), client, vars(client), copy.deepcopy(config), replace(config, timeout=1)]
    holders += [pickle.loads(pickle.dumps(config)), vars(pickle.loads(pickle.dumps(config)))]

    assert KEY not in repr(holders)
    assert f"{config.auth_scheme} {config.api_key}" == request.headers["Authorization"] == f"AccessKey {KEY}"
    assert config.api_key == KEY
    assert hash(config) == hash(ReachConfig("https://reach.test/api", WORKSPACE, KEY))


def local_variables(error: BaseException) -> str:
    """What a tool shows that reports the variables of a traceback."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(shown.format())


@pytest.mark.parametrize("status", [401, 500])
def test_a_traceback_with_its_variables_shows_it_nowhere(status: int, driver: Driver, reach: Sandbox) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.fail(Fault.status(status), on="batch_status")
    config = ReachConfig(reach.base_url, reach.workspace_id, reach.api_key)

    with driver(config, outage_tolerance=0) as client, pytest.raises(ReachError) as raised:
        client.check_delivery(webhook_id)

    shown = local_variables(raised.value)
    assert "call = Call(" in shown
    assert reach.api_key not in shown


def test_nor_does_one_from_the_middle_of_a_request(reach: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Airflow's execution timeout raises it."""

    class TimedOut(BaseException):
        pass

    def strike(*_: Any, **__: Any) -> None:
        raise TimedOut

    monkeypatch.setattr("urllib3.connection.HTTPConnection.getresponse", strike)
    client = ReachClient(ReachConfig(reach.base_url, reach.workspace_id, reach.api_key))

    with pytest.raises(TimedOut) as raised:
        client.list_webhooks()

    shown = local_variables(raised.value)
    assert "urlopen" in shown
    assert reach.api_key not in shown
    client.close()


def test_no_library_logs_it(connected: Sandbox, driver: Driver, logged: Callable[[], str]) -> None:
    logging.getLogger("asyncio").setLevel(logging.DEBUG)
    webhook_id = connected.add_webhook("orders", target=connected.target("orders").url)
    connected.fail(Fault.status(503), on="list")
    with driver(
        ReachConfig(connected.base_url, connected.workspace_id, connected.api_key), sleep=lambda _: None
    ) as client:
        client.check_delivery(webhook_id)
    run(in_dag(ReachListWebhooksOperator))
    run(in_dag(ReachBatchStatusSensor, webhook_id=webhook_id))

    said = logged()
    assert "batch-status" in said or driver is not ReachClient  # urllib3 did log, at DEBUG
    assert connected.api_key not in said


ECHOED: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "in a header": lambda key: f"Authorization: AccessKey {key}",
    "in JSON": lambda key: json.dumps({"key": key}),
    "in JSON in JSON": lambda key: json.dumps(json.dumps({"key": key})),
    "in a URL": lambda key: quote(key, safe=""),
    "in basic authentication": lambda key: f"Basic {base64.b64encode(f'x:{key}'.encode()).decode()}",
    "as a token": lambda key: f"token={key}",
    "at the cut": lambda key: f"{'x ' * 1199}{key}",
    "far behind": lambda key: f"{'x ' * 500_000}{key}",
}


@pytest.mark.parametrize("echo", ECHOED)
def test_a_service_that_repeats_it(echo: str, connected: Sandbox, logged: Callable[[], str]) -> None:
    said = ECHOED[echo](connected.api_key)
    for body in ({"errors": [{"message": said}]}, said, {"results": said}, {"x": [said]}):
        connected.fail(Fault.status(500, body), on="list")

    ended = run(in_dag(ReachListWebhooksOperator))
    works, told = ReachHook().test_connection()

    encoded = (connected.api_key, base64.b64encode(f"x:{connected.api_key}".encode()).decode())
    shown = "".join([ended.said, told, logged()])
    assert not [form for form in encoded if form in shown]
    assert not works or ended.how != "success"
