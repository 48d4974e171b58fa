"""Ids, names and paths that try to lead a request to another place than the workspace's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachDeleteWebhookOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.config import ReachConfig, read_config
from airflow_provider_reach.core.errors import ReachConfigError, ReachError, ReachInputError
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from airflow_provider_reach.sandbox import Sandbox
from tests.drivers import Driver
from tests.tasks import in_dag, run

ID = "0b7ee2a5-6f4e-4e52-8ef8-3e2c1d9e6f10"
NO_IDS = {
    "dots": "../../../other",
    "dots after it": f"{ID}/../../other",
    "encoded dots": f"%2e%2e%2f{ID}",
    "query": f"{ID}?limit=1",
    "fragment": f"{ID}#x",
    "path parameter": f"{ID};x=1",
    "header": f"{ID}\r\nX-Evil: 1",
    "end of a line": f"{ID}\n",
    "blank before": f" {ID}",
    "NUL": f"{ID}\x00",
    "urn": f"urn:uuid:{ID}",
    "braces": f"{{{ID}}}",
    "no hyphens": ID.replace("-", ""),
    "other hyphens": ID.replace("-", "\u2010"),
    "underscores": ID.replace("-", "_"),
    "full-width digits": ID.replace("0", "\uff10"),
    "full-width letters": ID.replace("b", "\uff42"),
    "arabic digits": ID.replace("1", "\u0661"),
    "too long": f"{ID}0",
    "bytes": ID.encode(),
    "none": None,
    "list": [ID],
    "template": "{{ conn.reach_default.password }}",
    "megabytes": "0" * 5_000_000,
}
ON_ONE: dict[str, Callable[[ReachClient, Any], Any]] = {
    "get": lambda client, webhook_id: client.get_webhook(webhook_id),
    "update": lambda client, webhook_id: client.update_webhook(webhook_id, WebhookChanges(active=True)),
    "delete": lambda client, webhook_id: client.delete_webhook(webhook_id),
    "batch status": lambda client, webhook_id: client.get_batch_status(webhook_id),
}


@pytest.mark.parametrize("webhook_id", NO_IDS.values(), ids=NO_IDS)
def test_what_is_no_uuid_becomes_no_path(webhook_id: Any, reach: Sandbox) -> None:
    for operation in ON_ONE.values():
        with ReachClient(config_of(reach), outage_tolerance=0) as client, pytest.raises(ReachInputError) as refused:
            operation(client, webhook_id)

        assert len(str(refused.value)) < 400
        assert "\r" not in str(refused.value)
    assert reach.requests == []


NO_LABELS = ("none", "end of a line", "blank before")  # not given at all, or with white space that is taken off


@pytest.mark.parametrize("webhook_id", [given for name, given in NO_IDS.items() if name not in NO_LABELS])
def test_nor_does_a_look_at_it(webhook_id: Any, driver: Driver, reach: Sandbox) -> None:
    for name in ("", "orders"):
        with driver(config_of(reach), outage_tolerance=0) as client, pytest.raises(ReachInputError):
            client.check_delivery(webhook_id, webhook_name=name)
        with driver(config_of(reach), outage_tolerance=0) as client, pytest.raises(ReachInputError):
            client.validate_webhook(webhook_id, webhook_name=name)

    assert reach.requests == []


@pytest.mark.parametrize("written", [ID, ID.upper(), f" {ID}\n"])
def test_an_id_is_sent_in_one_writing(written: str, driver: Driver, reach: Sandbox) -> None:
    with driver(config_of(reach), outage_tolerance=0) as client:
        client.check_delivery(written)

    retrieved, listed = reach.requests
    assert retrieved.path.endswith(f"/reach/webhooks/{ID}")
    assert listed.path.endswith("/reach/webhooks")


@pytest.mark.parametrize(
    "kind",
    [
        ReachBatchStatusSensor,
        ReachDeleteWebhookOperator,
        ReachUpdateWebhookOperator,
        ReachValidateWebhookOperator,
    ],
)
@pytest.mark.parametrize("webhook_id", ["{{ '../' }}", "{{ params.webhook_id }}", f"{ID}/../other"])
def test_a_task_refuses_what_its_templates_render_to(kind: Any, webhook_id: str, connected: Sandbox) -> None:
    more = {"active": True} if kind is ReachUpdateWebhookOperator else {}

    ended = run(in_dag(kind, webhook_id=webhook_id, **more), params={"webhook_id": f"{ID}?x"})

    assert ended.how == "AirflowFailException"
    assert "is not a UUID" in ended.said
    assert connected.requests == []


@pytest.mark.parametrize("name", ["../other", "a/b", "a?b#c", "%2e%2e%2f", "a\r\nX-Evil: 1", "a;b", "\x00", "//evil"])
def test_a_name_is_in_no_path(name: str, driver: Driver, reach: Sandbox) -> None:
    with driver(config_of(reach), outage_tolerance=0) as client:
        assert client.find_webhook(name) is None
        client.check_delivery(webhook_name=name)
        client.create_webhook(WebhookSpec(name=name, target=reach.target("orders").url, events=["open"]))

    assert {request.path for request in reach.requests} == {f"/api/workspaces/{reach.workspace_id}/reach/webhooks"}
    assert not [request for request in reach.requests if "x-evil" in request.headers]


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "@evil.example/",
        ":80@evil.example/",
        "webhooks",
        "",
        "/",
        "/webhooks/",
        "/webhooks//x",
        "/..",
        "/../../other",
        "/webhooks/./x",
        "/webhooks/..",
        "/..;/..;/other",
        "/webhooks/..;x=1/y",
        "/.;/x",
        "/;/x",
        "/%2e%2e/x",
        "/webhooks%2f..",
        "/webhooks?x=1",
        "/webhooks#x",
        "/web hooks",
        "/webhooks\r\nX-Evil: 1",
        "/webhooks\n",
        "/webhooks\t",
        "/webhooks\x00",
        "/\uff0e\uff0e/x",
        "/\u2025/x",
        "/webhooks\u2028",
    ],
)
def test_a_request_of_ones_own_stays_in_the_workspace(path: str, reach: Sandbox) -> None:
    with ReachClient(config_of(reach), outage_tolerance=0) as client, pytest.raises(ReachInputError):
        client.request("GET", path)

    assert reach.requests == []


@pytest.mark.parametrize(
    "method", ["get", "TRACE", "CONNECT", "OPTIONS", "GET / HTTP/1.1\r\nX: y\r\n\r\nGET", "", "GET "]
)
def test_another_method_is_refused(method: str, reach: Sandbox) -> None:
    with ReachClient(config_of(reach), outage_tolerance=0) as client, pytest.raises(ReachInputError):
        client.request(method, "/webhooks")

    assert reach.requests == []


def test_a_query_stays_a_query(driver: Driver, reach: Sandbox) -> None:
    odd = {"a&b": "c=d&limit=1", "x": "../?#/\r\nX-Evil: 1", "\u202e": "\x00"}
    with driver(config_of(reach), outage_tolerance=0) as client:
        client.request("GET", "/webhooks", query=odd)

    [request] = reach.requests
    assert request.query == odd
    assert request.path.endswith("/reach/webhooks")
    assert "x-evil" not in request.headers


@pytest.mark.parametrize(
    "workspace_id", [value for name, value in NO_IDS.items() if name not in ("end of a line", "blank before")]
)
def test_nor_does_a_workspace_that_is_no_uuid(workspace_id: Any) -> None:
    with pytest.raises(ReachConfigError, match="workspace_id") as refused:
        read_config(api_key="key", workspace_id=workspace_id, region="eu")

    assert len(str(refused.value)) < 400


LED_ASTRAY = [
    "https://reach.example@evil.example",
    "https://@evil.example",
    "https://:@evil.example",
    "https://evil.example\\.reach.example",
    "https://evil.example\\@reach.example",
    "https://reach.example%2eevil.example",
    "https://%65vil.example",
    "https://[::1]evil.example",
    "https://evil.example[::1]",
    "https://[::1].evil.example",
    "https://[fe80::1%25eth0]",
    "https://evil.example:443:80",
    "https://evil.example:\u0664\u0664\u0663",
    "https://evil.example:99999",
    "https://evil.example:",
    "https:/evil.example",
    "https:evil.example",
    "https:///evil.example",
    "//evil.example/://",
    "https://evil.example?@reach.example",
    "https://evil.example#@reach.example",
    "https://ev\til.example",
    "https://evil.example/\r\nX-Evil: 1",
    "https://evil\u202e.example",
    "https://evil\u200b.example",
    "ht\ntps://evil.example",
    "file:///etc/passwd",
    "ftp://evil.example",
    "javascript://evil.example/%0aalert(1)",
]


@pytest.mark.parametrize("host", LED_ASTRAY)
def test_a_host_is_read_in_one_way_or_refused(host: str) -> None:
    with pytest.raises(ReachConfigError) as refused:
        read_config(api_key="key", workspace_id=ID, base_url=host)

    assert "\r" not in str(refused.value)


@pytest.mark.parametrize(
    "host",
    [
        "http://localhost.evil.example",
        "http://localhost.",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1.",
        "http://127.0.0.1@evil.example",
        "http://127.0.0.1:80@evil.example",
        "http://127.0.0.1\\@evil.example",
        "http://127.0.0.1\\evil.example",
        "http://evil.example\\@127.0.0.1",
        "http://evil.example%40127.0.0.1",
        "http://127.0.0.1%2f.evil.example",
        "http://[::1]evil.example",
        "http://evil.example[::1]",
        "http://[::1%25evil.example]",
        "http://[::ffff:8.8.8.8]",
        "http://0.0.0.0",
        "http://[::]",
        "http://127.1",
        "http://0177.0.0.1",
        "http://0x7f000001",
        "http://2130706433",
        "http://\uff11\uff12\uff17.0.0.1",
        "http://127\u30020\u30020\u30021",
        "http://\uff4cocalhost",
        "HTTP://evil.example",
        "127.0.0.1@evil.example",
        "127.0.0.1:80@evil.example",
    ],
)
def test_only_what_certainly_is_this_machine_is_asked_over_plain_http(host: str) -> None:
    with pytest.raises(ReachConfigError):
        read_config(api_key="key", workspace_id=ID, base_url=host)


@pytest.mark.parametrize(
    "host",
    ["http://127.0.0.1:8", "http://127.9.9.9", "http://localhost", "http://LOCALHOST/x", "http://[::1]:8", "[::1]:8"],
)
def test_this_machine_is(host: str) -> None:
    config = read_config(api_key="key", workspace_id=ID, base_url=host)

    assert config.base_url.lower().startswith("http://")
    prepared = requests.Request("GET", config.base_url).prepare().url or ""
    assert urlsplit(prepared).hostname in ("127.0.0.1", "127.9.9.9", "localhost", "::1")


@pytest.mark.parametrize(
    "key", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "a\x7f", "a b", "k\u00e9y", "\u202ekey", "k\uff45y", "\x1b[2J"]
)
def test_a_key_forges_no_header(key: str) -> None:
    with pytest.raises(ReachConfigError, match="password holds") as refused:
        read_config(api_key=key, workspace_id=ID, region="eu")

    assert key not in str(refused.value)


@pytest.mark.parametrize("scheme", ["Basic", "Bearer\r\nX-Evil: 1", "Bearer x", "\u212aey", "AccessKey\x00"])
def test_nor_does_a_scheme(scheme: str) -> None:
    with pytest.raises(ReachConfigError, match="auth_scheme is not known"):
        read_config(api_key="key", workspace_id=ID, region="eu", auth_scheme=scheme)


@pytest.mark.parametrize("part", ["a\r\nHost: evil", "a\nb", "a\rb", "a\x00"])
@pytest.mark.parametrize("name_or_value", ["name", "value"])
def test_nor_does_a_header_for_a_target(part: str, name_or_value: str, reach: Sandbox) -> None:
    headers = {part: "x"} if name_or_value == "name" else {"X": part}
    spec = WebhookSpec(name="x", target="https://consumer.example", events=["open"], custom_headers=headers)

    with ReachClient(config_of(reach), outage_tolerance=0) as client, pytest.raises(ReachError, match="line break"):
        client.create_webhook(spec)

    assert reach.requests == []


def config_of(reach: Sandbox) -> ReachConfig:
    return ReachConfig(reach.base_url, reach.workspace_id, reach.api_key, timeout=5)
