"""Secrets are planted wherever the service or a consumer has any; a run of Airflow must leave none of them anywhere."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.airflow.real_airflow import RealAirflow

API_KEY = "planted-api-key/0+1=a"
PLANTED = {
    "API key": API_KEY,
    "target's password": 'planted-password "1" & /2+3=b',
    "OAuth client secret": "planted-client-secret&<4>",
    "header's value": "planted-header-5/6",
    "password in a target's URL": "planted-in-userinfo-7",
    "key in a target's query": "planted-in-query-8",
    "password of a new webhook": "planted-new-password-9",
    "key in the query of a new one": "planted-new-query-10",
    "header's value of a new one": "planted-new-header-11",
}


def forms(secret: str) -> set[str]:
    """As what a secret may turn up."""
    pairs = [f"{user}:{secret}" for user in ("reach", "")]
    encoded = {base64.b64encode(text.encode()).decode().rstrip("=") for text in (secret, *pairs)}
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], *encoded}


def found_in(content: str) -> list[str]:
    """The names of the secrets that are in a text, also in JSON within JSON."""
    contents = (content, content.replace("\\\\", "\\"), content.replace("\\", ""))
    return [
        name for name, secret in PLANTED.items() if any(form in text for form in forms(secret) for text in contents)
    ]


def webhooks(reach: Sandbox) -> list[dict[str, Any]]:
    """Webhooks with secrets of every kind."""
    url, tokens = reach.target("orders").url, reach.target("tokens").url
    userinfo, query = PLANTED["password in a target's URL"], PLANTED["key in a target's query"]
    return [
        {
            "name": "basic",
            "target": f"{url.replace('//', f'//reach:{userinfo}@')}?key={query}",
            "custom_headers": {"X-Key": PLANTED["header's value"]},
            "auth_type": "basic",
            "auth_credentials": {"username": "reach", "password": PLANTED["target's password"]},
        },
        {
            "name": "oauth2",
            "target": url,
            "auth_type": "oauth2",
            "auth_request_details": {
                "url": tokens,
                "body": {"client_id": "reach", "client_secret": PLANTED["OAuth client secret"]},
            },
        },
    ]


def plant(reach: Sandbox) -> None:
    """These, and one that is failing."""
    for webhook in webhooks(reach):
        reach.add_webhook(**webhook)
    failing = reach.add_webhook("failing", target=reach.target("orders").url)
    reach.target("orders").answer(503)
    reach.send(failing, 1)
    reach.advance(hours=9)


def test_a_run_leaves_no_secret_anywhere(airflow: RealAirflow) -> None:
    with Sandbox(api_key=API_KEY, target_timeout=5) as reach, Sandbox(api_key=API_KEY) as broken:
        plant(reach)
        reach.target("refuses").answer(401, f"not with {PLANTED['password of a new webhook']}")
        for webhook in webhooks(reach):
            message = f"AccessKey {API_KEY} may not see {json.dumps(webhook)}"
            echo = {"errors": [{"message": message, "code": "x", "request": webhook}]}
            broken.fail(Fault.status(500, echo, headers={"Retry-After": "300"}))
        consumer = {
            "conn_type": "http",
            "host": reach.target("refuses").url.rpartition("/")[0],
            "password": PLANTED["password of a new webhook"],
            "extra": {
                "key": PLANTED["key in the query of a new one"],
                "header": PLANTED["header's value of a new one"],
            },
        }

        run = airflow.test_dag(
            "secrets",
            reach_default=reach.connection_json,
            reach_failing=broken.connection_json,
            consumer=json.dumps(consumer),
        )

        assert any(request.operation == "create" for request in reach.requests)
        assert reach.target("refuses").received
    assert run.states == {
        "list_webhooks": "success",
        "watch basic": "success",
        "watch oauth2": "success",
        "watch failing": "failed",
        "list_of_a_failing_service": "failed",
        "watch_at_a_failing_service": "failed",
        "look_at_everything": "success",
        "create_with_secrets": "failed",
    }
    assert "as Airflow would log its credentials: {'username': 'reach', 'password': '***'}" in run.output
    assert "and its headers: {'X-Key': '***'}" in run.output
    assert "the service answered HTTP 500: AccessKey *** may not see " in run.output
    assert "the webhook's target answered HTTP 401" in run.output
    assert found_in(run.output) == []
    left = airflow.left_behind()
    assert {place: found for place, content in left.items() if (found := found_in(content))} == {}
    for place in ("table xcom", "table rendered_task_instance_fields", "airflow.cfg"):
        assert len(left[place]) > 100, place  # it was looked at


@pytest.mark.parametrize("name", PLANTED)
def test_the_search_finds_what_it_searches_for(name: str) -> None:
    secret = PLANTED[name]
    basic = base64.b64encode(f"reach:{secret}".encode()).decode()

    for shown in (secret, quote(secret), json.dumps({"a": secret}), json.dumps(json.dumps([secret])), f"Basic {basic}"):
        assert name in found_in(f"before{shown}after")
