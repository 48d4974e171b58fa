from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_reach import ReachListWebhooksOperator
from airflow_provider_reach.exceptions import ReachDeliveryFailed
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.airflow.tasks import Ended, in_dag, run

TARGET = "https://user:planted@example.org/in?key=planted"


@pytest.fixture
def ids(connected: Sandbox) -> dict[str, str]:
    """Three webhooks, one of them inactive."""
    return {
        name: connected.add_webhook(
            name,
            target=TARGET,
            active=name != "bounces",
            auth_type="basic",
            auth_credentials={"username": "reach", "password": "planted"},
            custom_headers={"X-Key": "planted"},
        )
        for name in ("orders-eu", "orders-us", "bounces")
    }


def listed(*, context: dict[str, Any] | None = None, **arguments: Any) -> Ended:
    return run(in_dag(ReachListWebhooksOperator, **arguments), **context or {})


def names(ended: Ended) -> list[str]:
    assert ended.raised is None, ended.said
    return [found["webhook_name"] for found in ended.returned]


def test_what_it_returns_is_made_for_expand_kwargs(ids: dict[str, str]) -> None:
    assert listed().returned == [{"webhook_id": webhook_id, "webhook_name": name} for name, webhook_id in ids.items()]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, ["orders-eu", "orders-us", "bounces"]),
        ({"active": True}, ["orders-eu", "orders-us"]),
        ({"active": False}, ["bounces"]),
        ({"active": "true"}, ["orders-eu", "orders-us"]),
        ({"active": " False "}, ["bounces"]),
        ({"active": "None"}, ["orders-eu", "orders-us", "bounces"]),
        ({"active": ""}, ["orders-eu", "orders-us", "bounces"]),
        ({"name_pattern": "orders-*"}, ["orders-eu", "orders-us"]),
        ({"name_pattern": "*-[eu]*"}, ["orders-eu", "orders-us"]),
        ({"name_pattern": "bounces"}, ["bounces"]),
        ({"name_pattern": ""}, ["orders-eu", "orders-us", "bounces"]),
        ({"name_pattern": "orders-*", "active": True, "expect": ["orders-us"]}, ["orders-eu", "orders-us"]),
        ({"expect": "bounces"}, ["orders-eu", "orders-us", "bounces"]),
        ({"expect": ""}, ["orders-eu", "orders-us", "bounces"]),
        ({"expect": ("bounces", "orders-eu")}, ["orders-eu", "orders-us", "bounces"]),
        ({"name_pattern": "ORDERS-*", "allow_empty": True}, []),
        ({"name_pattern": "nothing", "allow_empty": "True"}, []),
    ],
)
def test_filters(arguments: dict[str, Any], found: list[str], ids: dict[str, str]) -> None:
    assert names(listed(**arguments)) == found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"expect": ["orders-eu", "orders"]},
            "1 of 2 expected webhooks were not found: 'orders' does not exist. "
            "Found: 'bounces', 'orders-eu', 'orders-us'. Declare what is missing, or take it off 'expect'.",
        ),
        (
            {"expect": ["bounces", "orders-us", "none"], "active": True, "name_pattern": "*-eu"},
            "3 of 3 expected webhooks were not found: 'bounces' exists but is filtered out by active or name_pattern; "
            "'orders-us' exists but is filtered out by active or name_pattern; 'none' does not exist. "
            "Found: 'orders-eu'.",
        ),
        ({"expect": "orders"}, "1 of 1 expected webhooks were not found: 'orders' does not exist."),
        (
            {"expect": ["orders"], "name_pattern": "nothing", "allow_empty": True},
            "'orders' does not exist. Found: none.",
        ),
        (
            {"name_pattern": "Orders-*"},
            "No webhook was found, so that nothing would be watched. The workspace has 3: 'bounces', 'orders-eu', "
            "'orders-us'. Check the filters (active=None, name_pattern='Orders-*') and the connection's workspace, or "
            "set allow_empty=True.",
        ),
        ({"name_pattern": "nothing", "allow_empty": "False"}, "No webhook was found"),
        ({"active": "perhaps"}, "active must be True or False, not 'perhaps'."),
        ({"name_pattern": "nothing", "allow_empty": "si"}, "allow_empty must be True or False, not 'si'."),
    ],
)
def test_what_fails_for_good(arguments: dict[str, Any], said: str, ids: dict[str, str]) -> None:
    ended = listed(**arguments)

    assert ended.how == "AirflowFailException"
    assert said in ended.said
    assert ended.xcoms == {}


def test_an_empty_workspace_fails(connected: Sandbox) -> None:
    assert "nothing would be watched. The workspace has 0: none." in listed().said


def test_many_names_are_not_all_said(connected: Sandbox) -> None:
    for number in range(25):
        connected.add_webhook(f"orders-{number:02}", target=TARGET)

    assert "'orders-19' and 5 more. Declare" in listed(expect=["bounces"]).said


def test_templates_are_rendered(ids: dict[str, str], connected: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_EU", connected.connection_json)
    monkeypatch.delenv("AIRFLOW_CONN_REACH_DEFAULT")
    arguments: dict[str, Any] = {
        "reach_conn_id": "reach_{{ params.region }}",
        "active": "{{ params.active }}",
        "name_pattern": "*-{{ params.region }}",
        "expect": ["orders-{{ params.region }}"],
        "allow_empty": "{{ params.active }}",
    }
    params = {"region": "eu", "active": True}

    assert names(listed(context={"params": params}, **arguments)) == ["orders-eu"]
    arguments["expect"] = "orders-{{ params.region }}-2"
    assert "'orders-eu-2' does not exist" in listed(context={"params": params}, **arguments).said


def test_everything_else_is_an_xcom_without_secrets(ids: dict[str, str]) -> None:
    first, *_ = listed().xcoms["webhooks"]

    assert first["id"] == ids["orders-eu"]
    assert first["target"] == "https://***@example.org/in?***"
    assert first["auth_credentials"] == {"username": "reach", "password": "***"}
    assert first["custom_headers"] == {"X-Key": "***"}
    assert "planted" not in str(first)


def test_a_service_that_cannot_be_asked_is_left_to_the_retries(
    ids: dict[str, str], connected: Sandbox, naps: list[float]
) -> None:
    connected.fail(Fault.status(500), on="list", times=None)

    ended = listed()

    assert ended.how == "AirflowException"
    assert "Could not list webhooks: the service answered HTTP 500" in ended.said
    assert 20 < sum(naps) < 60


def test_a_refused_key_is_final(connected: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", connected.connection_json.replace(connected.api_key, "wrong"))

    ended = listed()

    assert ended.how == "AirflowFailException"
    assert "The API key was refused" in ended.said
    assert not isinstance(ended.raised, ReachDeliveryFailed)


def test_parsing_a_dag_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", "not even a connection")

    assert in_dag(ReachListWebhooksOperator, active="{{ nonsense }}", expect=None).reach_conn_id == "reach_default"
