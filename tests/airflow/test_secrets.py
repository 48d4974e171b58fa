"""Secrets are planted wherever the service or a consumer has any; a run of Airflow must leave none of them anywhere."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.airflow.real_airflow import RealAirflow
from tests.tasks import AIRFLOW_2, AIRFLOW_3_0

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
    "target connection's password": 'planted-conn-password "12"',
    "target connection's header": "planted-conn-header-13",
    "target connection's client secret": "planted-conn-client-secret-14",
    "target connection's token field": "planted-conn-token-field-15",
    "access token": "planted-access-token-16",
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
            "target": reach.target("clicks").url,
            "auth_type": "oauth2",
            "auth_request_details": {
                "url": tokens,
                "body": {"client_id": "reach", "client_secret": PLANTED["OAuth client secret"]},
            },
        },
    ]


def target_connections(reach: Sandbox) -> dict[str, str]:
    """The connections that hold the credentials at targets."""
    headers = {"X-Conn": PLANTED["target connection's header"]}
    basic = {"login": "reach", "password": PLANTED["target connection's password"], "extra": {"headers": headers}}
    oauth = {
        "login": "reach",
        "password": PLANTED["target connection's client secret"],
        "extra": {
            "token_url": reach.target("tokens").url,
            "token_fields": {"tenant": {"assertion": PLANTED["target connection's token field"]}},
            "headers": headers,
        },
    }
    of: dict[str, dict[str, Any]] = {
        "target_basic": basic,
        "target_oauth": oauth,
        "target_headers": {"extra": {"headers": headers}},
    }
    return {conn_id: json.dumps({"conn_type": "http", **conn}) for conn_id, conn in of.items()}


def echoes(password: str, *more: str) -> str:
    """What a target or a service may answer who repeats all that it was given."""
    pair = base64.b64encode(f"reach:{password}".encode()).decode()
    return f"no: Authorization: Basic {pair}\nnot {password}, {json.dumps(more)}"


def plant(reach: Sandbox) -> None:
    """These, and one that is failing."""
    for webhook in webhooks(reach):
        reach.add_webhook(**webhook)
    failing = reach.add_webhook("failing", target=reach.target("orders").url)
    reach.target("orders").answer(503)
    reach.send(failing, 1)
    reach.advance(hours=9)


@pytest.mark.long
def test_a_run_leaves_no_secret_anywhere(airflow: RealAirflow) -> None:
    with (
        Sandbox(api_key=API_KEY, target_timeout=5) as reach,
        Sandbox(api_key=API_KEY) as broken,
        Sandbox(api_key=API_KEY) as echoing,
    ):
        plant(reach)
        token = {"access_token": PLANTED["access token"], "token_type": "Bearer"}
        reach.target("tokens").answer(200, json.dumps(token))
        of_connection = [PLANTED[f"target connection's {what}"] for what in ("password", "header")]
        reach.target("denies").answer(401, echoes(*of_connection))
        reach.target("orders").answer(401, echoes(PLANTED["target's password"], PLANTED["header's value"]))
        reach.target("clicks").answer(401, f"no: Authorization: Bearer {token['access_token']} {json.dumps(token)}")
        for webhook in webhooks(reach):
            echoing.add_webhook(**webhook)
        for operation in ("create", "update"):
            said = {"errors": [{"message": echoes(*of_connection), "code": "x", "description": token}]}
            echoing.fail(Fault.status(400, said), on=operation)
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
            conf={"consumer": reach.target("consumer").url, "refuses": reach.target("denies").url},
            reach_echo=echoing.connection_json,
            **target_connections(reach),
            reach_default=reach.connection_json,
            reach_failing=broken.connection_json,
            consumer=json.dumps(consumer),
        )

        sent = [request.body.decode() for request in reach.requests if request.operation in ("create", "update")]
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
        "declare target_basic": "success",
        "declare target_oauth": "success",
        "as_declared": "success",
        "rotate target_basic": "success",
        "drifted": "failed",
        "validate basic": "failed",
        "validate oauth2": "failed",
        "refused refused": "failed",
        "create_at_an_echo": "failed",
        "update_at_an_echo": "failed",
        "contradict": "failed",
        "delete basic": "success",
        "delete oauth2": "success",
    }
    for what in ("password", "header", "client secret", "token field"):
        secret = PLANTED[f"target connection's {what}"]
        assert any(json.dumps(secret)[1:-1] in body for body in sent), what
    assert "A secret is given literally" not in run.output
    assert "as Airflow would log its credentials: {'username': 'reach', 'password': '***'}" in run.output
    assert "and its headers: {'X-Key': '***'}" in run.output
    assert "the service answered HTTP 500: AccessKey *** may not see " in run.output
    assert "the webhook's target answered HTTP 401" in run.output
    assert found_in(run.output) == []
    left = airflow.left_behind()
    assert {place: found for place, content in left.items() if (found := found_in(content))} == {}
    for place in ("table xcom", "table rendered_task_instance_fields", "airflow.cfg"):
        assert len(left[place]) > 100, place  # it was looked at


BASIC = ("userinfo", "query", "header", "password", "extra")
OAUTH2 = (*BASIC, "more")
UNMAPPED = {
    "plain": BASIC,
    "plain-fails": BASIC,
    "plain-oauth": OAUTH2,
    "plain-broken": BASIC,
    "plain-refused": BASIC,
    "plain-update": BASIC,
    "plain-echoed": BASIC,
    "declared": BASIC,
    "declared-oauth": OAUTH2,
}
MAPPED = {
    "partial": BASIC,
    "partial-fails": BASIC,
    "partial-echoed": BASIC,
    "partial-update": OAUTH2,
    "partial-declared": BASIC,
    "expand": BASIC,
    "expand-fails": BASIC,
    "expand-oauth": OAUTH2,
    "expand-broken": BASIC,
    "expand-refused": BASIC,
}


def literals(written: dict[str, tuple[str, ...]]) -> set[str]:
    """The secrets that are written into these tasks."""
    return {f"planted-in-{where}-{kind}" for where, kinds in written.items() for kind in kinds}


def literals_in(content: str) -> set[str]:
    """Those that are in a text, in any form."""
    contents = (content, content.replace("\\\\", "\\"), content.replace("\\", ""))
    secrets = literals(UNMAPPED | MAPPED) | {"planted-in-source-password"}
    # With a delimiter, since one may begin as another does.
    return {
        secret
        for secret in secrets
        for text in contents
        for form in forms(secret)
        if re.search(rf"{re.escape(form)}(?![a-z-])", text)
    }


@pytest.mark.long
def test_a_literal_shows_in_the_code_of_its_dag_and_of_a_mapped_task_in_the_serialized_dag_and_nowhere_else(
    airflow: RealAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(target_timeout=5) as reach, Sandbox() as echoing:
        reach.target("tokens").answer(200, json.dumps({"access_token": "some-access-token"}))
        for name in ("old", "older", "drifting"):
            reach.add_webhook(name, target=reach.target(name).url)
        for where in ("plain-fails", "partial-fails", "expand-fails"):
            secret = f"planted-in-{where}"
            reach.target(where).answer(401, echoes(f"{secret}-password", f"{secret}-header"))
        for where in ("plain-echoed", "partial-echoed"):
            secrets = sorted(literals({where: ("password", "header", "extra")}), reverse=True)
            url = f"http://reach:planted-in-{where}-userinfo@consumer.example.com/?key=planted-in-{where}-query"
            said = {"errors": [{"message": echoes(*secrets), "code": "x", "request": {"target": url}}]}
            echoing.fail(Fault.status(400, said), on="create")
        targets = {where: reach.target(where).url for where in ("source", "tokens", *UNMAPPED, *MAPPED)}
        monkeypatch.setenv("LITERAL_TARGETS", json.dumps(targets))

        run = airflow.test_dag("literals", reach_default=reach.connection_json, reach_echoes=echoing.connection_json)
        if AIRFLOW_2 or AIRFLOW_3_0:  # there a test run alone does not serialize the DAG, as a scheduler does
            assert airflow.command("dags", "reserialize").returncode == 0

        sent = "".join(request.body.decode() for request in (*reach.requests, *echoing.requests))
    ended = {(f"{task_id}", index): task.state for (task_id, index), task in run.tasks.items()}
    assert {key for key, state in ended.items() if state != "success"} == {
        ("plain-fails", -1),
        ("plain-broken", -1),
        ("plain-refused", -1),
        ("plain-echoed", -1),
        ("declared", -1),
        ("declared-oauth", -1),
        ("partial-fails", 0),
        ("partial-echoed", 0),
        ("partial-declared", 1),
        ("expand", 1),
        ("broken", 0),
        ("broken", 1),
    }
    never_sent = (
        "plain-broken",
        "plain-refused",
        "declared",
        "declared-oauth",
        "partial-declared",
        "expand-broken",
        "expand-refused",
    )
    assert literals_in(sent) == literals(
        {where: kinds for where, kinds in (UNMAPPED | MAPPED).items() if where not in never_sent}
    ) | {"planted-in-source-password"}
    assert (
        "A secret is given literally in target, custom_headers, auth_credentials, extra: it lies in clear" in run.output
    )
    assert "A secret is given literally in declared: it lies in clear" in run.output
    broken = {"planted-in-plain-broken-password", "planted-in-expand-broken-password"}
    assert literals_in(run.output) == (broken if AIRFLOW_3_0 else set())  # it logs what it cannot render, as it stands
    left = airflow.left_behind()
    assert {place: found for place, content in left.items() if (found := literals_in(content))} == {
        "table dag_code": {"planted-in-source-password"},
        "table serialized_dag": literals(MAPPED),
    }
    for place in ("table xcom", "table rendered_task_instance_fields"):
        assert len(left[place]) > 100, place  # it was looked at


@pytest.mark.parametrize("name", PLANTED)
def test_the_search_finds_what_it_searches_for(name: str) -> None:
    secret = PLANTED[name]
    basic = base64.b64encode(f"reach:{secret}".encode()).decode()

    for shown in (secret, quote(secret), json.dumps({"a": secret}), json.dumps(json.dumps([secret])), f"Basic {basic}"):
        assert name in found_in(f"before{shown}after")
