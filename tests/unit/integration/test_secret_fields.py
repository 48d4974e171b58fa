from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from airflow import DAG
from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_reach import ReachListWebhooksOperator, ReachUpdateWebhookOperator
from airflow_provider_reach.integration.secret_fields import SECRET_FIELDS, Hidden, hidden
from tests.tasks import in_dag

SECRET = "planted-secret"
VALUES: dict[str, tuple[Any, Any]] = {
    "target": (f"https://reach:{SECRET}@example.org/in?key={SECRET}", "https://***@example.org/in?***"),
    "custom_headers": ({"X-Token": SECRET, "X-Tenant": SECRET}, {"X-Token": "***", "X-Tenant": "***"}),
    "auth_credentials": ({"username": "reach", "password": SECRET}, {"username": "reach", "password": "***"}),
    "auth_request_details": (
        {
            "url": f"https://t.example?k={SECRET}",
            "body": {"client_id": "reach", "client_secret": SECRET, "n": [SECRET]},
        },
        {"url": "https://t.example?***", "body": {"client_id": "reach", "client_secret": "***", "n": "***"}},
    ),
    "extra": (
        {"priority": 3, "signing_token": SECRET, "signing": {"inner": SECRET}, "keys": [SECRET]},
        {"priority": 3, "signing_token": "***", "signing": {"inner": "***"}, "keys": "***"},
    ),
}
ROW = {"name": "orders", "events": ["open"], "active": False, "target_conn_id": "target"}


def shown(value: Hidden) -> str:
    """However it is shown."""
    text = f"{value.serialize()} {value} {value!r} {[value]}"
    assert json.loads(json.dumps(value.serialize())) == value.serialize()
    assert json.loads(str(value)) == value.serialize()
    return text


def test_every_field_that_may_hold_a_secret_is_tried() -> None:
    assert set(VALUES) == set(SECRET_FIELDS)


@pytest.mark.parametrize("field", VALUES)
def test_it_shows_the_names_and_not_the_secrets(field: str) -> None:
    value, serialized = VALUES[field]

    assert Hidden(field, value).serialize() == serialized
    assert SECRET not in shown(Hidden(field, value))
    assert Hidden(field, value).secret == value


@pytest.mark.parametrize("rows", [list, tuple])
def test_it_shows_the_rows_of_a_table_likewise(rows: Any) -> None:
    row = ROW | {field: value for field, (value, _) in VALUES.items()}

    table = Hidden("declared", rows([row, ROW]))

    assert table.serialize() == [ROW | {field: serialized for field, (_, serialized) in VALUES.items()}, ROW]
    assert SECRET not in shown(table)


def test_a_misspelt_field_of_a_row_shows_no_secret_either() -> None:
    row = {"auth_credential": {"password": SECRET}, "password": SECRET, "header": {"X": SECRET}}

    assert SECRET not in shown(Hidden("declared", [row]))


TEXT = [
    *((field, json.dumps(value)) for field, (value, _) in VALUES.items() if field not in ("target", "extra")),
    ("custom_headers", SECRET),
    ("custom_headers", [SECRET]),
    ("auth_credentials", [{"password": SECRET}]),
    ("auth_request_details", SECRET),
    ("target", f"reach:{SECRET}@"),
    ("target", f"https://[{SECRET}"),
    ("target", [f"https://reach:{SECRET}@h"]),
    ("extra", json.dumps(VALUES["extra"][0])),
    ("extra", [SECRET]),
    ("declared", json.dumps([ROW | {"auth_credentials": {"password": SECRET}}])),
    ("declared", [SECRET]),
    ("declared", [[SECRET]]),
    ("declared", [ROW | {"extra": json.dumps({"signing_token": SECRET})}]),
    ("declared", [ROW | {"custom_headers": SECRET}]),
]


@pytest.mark.parametrize(("field", "value"), TEXT)
def test_what_is_no_mapping_shows_no_secret_either(field: str, value: Any) -> None:
    assert SECRET not in shown(Hidden(field, value))


@pytest.mark.parametrize("field", [*VALUES, "declared"])
@pytest.mark.parametrize("value", [None, "", {}, [], 7, True, "{{ params.x }}"])
def test_whatever_it_holds_it_can_be_shown(field: str, value: Any) -> None:
    shown(Hidden(field, value))


@pytest.mark.parametrize("field", [*VALUES, "declared"])
def test_nothing_is_not_hidden(field: str) -> None:
    assert hidden(field, None) is None
    empty: list[Any] = [{}, "", [], False]
    assert all(isinstance(hidden(field, value), Hidden) for value in empty)


@pytest.mark.parametrize(
    ("field", "value", "literal"),
    [
        ("auth_credentials", {"username": "reach", "password": SECRET}, True),
        ("auth_credentials", {"username": "reach"}, False),
        ("auth_credentials", {"username": "reach", "password": "{{ conn.x.password }}"}, False),
        ("auth_credentials", {"username": "reach", "password": "{% if x %}y{% endif %}"}, False),
        ("auth_credentials", {"username": "{{ x }}", "password": SECRET}, True),
        ("auth_credentials", "{{ params.all }}", False),
        ("auth_credentials", json.dumps({"password": SECRET}), True),
        ("auth_credentials", {}, False),
        ("auth_request_details", {"url": "https://x", "body": {"client_id": "x", "grant_type": "y"}}, False),
        ("auth_request_details", {"url": "https://x", "body": {"client_id": "x", "client_secret": SECRET}}, True),
        ("auth_request_details", {"url": "https://x", "body": {"client_secret": "{{ x }}"}}, False),
        ("custom_headers", {"X-Tenant": "eu"}, False),
        ("custom_headers", {"Authorization": SECRET}, True),
        ("custom_headers", {"X-Key": SECRET}, True),
        ("custom_headers", {"X-Key": "{{ x }}", "X-Tenant": "eu"}, False),
        ("extra", {"priority": 3}, False),
        ("extra", {"signing": [{"token": SECRET}]}, True),
        ("extra", {"signing": [{"token": "{{ x }}"}]}, False),
        ("target", "https://example.org", False),
        ("target", f"https://reach:{SECRET}@example.org", True),
        ("target", "https://reach@example.org/in?x=1", False),
        ("target", f"https://example.org?token={SECRET}", True),
        ("target", "https://example.org?key={{ y }}", False),
        ("target", "https://reach:{{ conn.x.password }}@example.org", False),
        ("target", "{{ params.target }}", False),
        ("declared", [ROW], False),
        ("declared", [ROW, ROW | {"auth_credentials": {"password": SECRET}}], True),
        ("declared", [ROW | {"auth_credentials": {"password": "{{ x }}"}}], False),
        ("declared", [ROW | {"extra": {"token": SECRET}}], True),
        ("declared", [SECRET], False),
        ("declared", "{{ params.rows }}", False),
        ("declared", json.dumps([ROW]), True),
        ("declared", "[{'name': '{{ x }}'}]", False),
        ("declared", "{% for x in y %}{% endfor %}", False),
        ("declared", [ROW | {"custom_headers": "X-Token: secret"}], False),  # which is refused as no mapping
        ("declared", [ROW | {"custom_headers": '{"X-Token": "secret"}'}], True),
        ("declared", [ROW | {"extra": "{{ params.extra }}"}], False),
        ("custom_headers", '{"X-Tenant": "eu"}', True),
        ("custom_headers", "{{ params.headers }}", False),
        ("extra", '{"priority": 3}', True),
        ("extra", "{{ params.extra }}", False),
    ],
)
def test_whether_a_secret_is_given_literally(field: str, value: Any, literal: bool) -> None:
    assert Hidden(field, value).is_literal is literal


@pytest.mark.parametrize("native", [False, True])
def test_airflow_renders_a_copy_of_it(native: bool) -> None:
    with DAG("a_dag", schedule=None, render_template_as_native_obj=native):
        task: Any = ReachUpdateWebhookOperator(
            task_id="a_task",
            target="https://{{ params.host }}",
            custom_headers={"X-Token": "{{ params.token }}"},
            auth_credentials="{{ params.credentials }}",
            auth_request_details={"url": "u", "body": {"list": ["{{ params.token }}"]}},
        )
    before = task.target
    credentials = {"username": "reach", "password": SECRET}

    task.render_template_fields({"params": {"host": "h", "token": SECRET, "credentials": credentials}})

    assert task.target is not before
    assert before.secret == "https://{{ params.host }}"
    assert task.target.secret == "https://h"
    assert task.custom_headers.secret == {"X-Token": SECRET}
    assert task.auth_credentials.secret == (credentials if native else str(credentials))
    assert task.auth_request_details.secret["body"] == {"list": [SECRET]}
    fields = {name: getattr(task, name) for name in task.template_fields}
    assert SECRET not in str(fields)


def test_airflow_renders_a_copy_of_a_table() -> None:
    task = in_dag(
        ReachListWebhooksOperator,
        declared=[{"name": "{{ params.x }}", "auth_credentials": {"password": "{{ params.y }}"}}],
    )
    before = task.declared

    task.render_template_fields({"params": {"x": "orders", "y": SECRET}})

    assert before.secret == [{"name": "{{ params.x }}", "auth_credentials": {"password": "{{ params.y }}"}}]
    assert task.declared.secret == [{"name": "orders", "auth_credentials": {"password": SECRET}}]
    assert SECRET not in str(task.declared)


@pytest.mark.parametrize("field", ["auth_credentials", "auth_request_details"])
def test_credentials_that_another_task_gives_lie_in_an_xcom(field: str) -> None:
    with DAG("a_dag", schedule=None):
        output: Any = BaseOperator(task_id="feeding").output

    for value in (output, output.map(str), output["inner"]):
        assert Hidden(field, value).is_literal
        shown(Hidden(field, value))
    assert not Hidden("custom_headers", output).is_literal


class Thing:
    pass


@pytest.mark.parametrize("field", [*VALUES, "declared"])
@pytest.mark.parametrize(
    "value", [Thing(), Thing, len, {"a", "b"}, b"x", UUID(int=1)], ids=lambda value: type(value).__name__
)
def test_no_address_of_an_object_is_shown(field: str, value: Any) -> None:
    """Airflow would make a version of the DAG of each parse."""
    placed: list[Any] = [
        value,
        {"field": value},
        {"field": {"deeper": [value]}},
        [value],
        {"extra": {"x": value}, "name": value},
    ]
    if value.__hash__:
        placed += [{value: "x"}, {"name": {value: "x"}}]
    for given in placed:
        for held in (given, [given]):
            assert not re.search("0x[0-9a-f]{6}", shown(Hidden(field, held)))


def test_what_has_a_text_of_its_own_is_shown_by_it() -> None:
    given = {
        "at": datetime(2026, 1, 1),
        "for": timedelta(hours=1),
        "id": UUID(int=1),
        "thing": Thing(),
        5: 1,
        object: 2,
    }

    assert Hidden("extra", given).serialize() == {
        "at": "2026-01-01 00:00:00",
        "for": "1:00:00",
        "id": "00000000-0000-0000-0000-000000000001",
        "thing": "<Thing>",
        "5": 1,
        "<type>": 2,
    }
