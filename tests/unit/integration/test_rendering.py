"""What a DAG makes of the arguments that a person writes: a text stays that text, and what is none is refused."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
from airflow import DAG

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachCreateWebhookOperator,
    ReachDeleteWebhookOperator,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)
from airflow_provider_reach.core.policy import POLICY_FIELDS
from airflow_provider_reach.integration.secret_fields import Hidden
from airflow_provider_reach.sandbox import Sandbox
from tests.tasks import Ended, run
from tests.unit.operators.helpers import sent

NEEDED: dict[Any, dict[str, Any]] = {
    ReachBatchStatusSensor: {"webhook_name": "orders", "timeout": 0, "outage_tolerance": 0},
    ReachCreateWebhookOperator: {"name": "orders", "target": "https://consumer.example", "events": ["open"]},
    ReachDeleteWebhookOperator: {"webhook_name": "orders"},
    ReachListWebhooksOperator: {},
    ReachUpdateWebhookOperator: {"webhook_name": "orders", "active": False},
    ReachValidateWebhookOperator: {"webhook_name": "orders"},
}
ARGUMENTS = [(operator, field) for operator in NEEDED for field in operator.template_fields]
EVERY_ARGUMENT = pytest.mark.parametrize(
    ("operator", "field"), ARGUMENTS, ids=lambda one: one if isinstance(one, str) else one.__name__
)

OAUTH2: dict[str, Any] = {"url": "https://tokens.example", "body": {"client_id": "reach", "client_secret": "s"}}
ROW: dict[str, Any] = {"name": "orders", "target": "https://consumer.example", "events": ["open"]}


def a_text(value: Any) -> list[Any]:
    return [value]


def texts(value: Any) -> list[Any]:
    return [[value], ["open", value]]


def headers(value: Any) -> list[Any]:
    return [{"X-Key": value}]


def credentials(value: Any) -> list[Any]:
    return [{"username": value}, {"username": "reach", "password": value}]


def details(value: Any) -> list[Any]:
    body = OAUTH2["body"]
    return [
        {**OAUTH2, "url": value},
        *({**OAUTH2, "body": {**body, name: value}} for name in ("client_id", "client_secret", "grant_type", "more")),
        {**OAUTH2, "body": {**body, "more": [{"deeper": value}]}},
    ]


def rows(value: Any) -> list[Any]:
    fields = {name: shape for name, shape in TEXTS.items() if name in ("name", "target", "events", "target_conn_id")}
    fields |= {"custom_headers": headers}
    plain = [{**ROW, name: shape} for name, make in fields.items() for shape in make(value)]
    basic = [{**ROW, "auth_type": "basic", "auth_credentials": shape} for shape in credentials(value)]
    oauth2 = [{**ROW, "auth_type": "oauth2", "auth_request_details": shape} for shape in details(value)]
    return [[row] for row in (*plain, *basic, *oauth2, {**ROW, "auth_type": value})]


TEXTS: dict[str, Any] = {
    **dict.fromkeys(("reach_conn_id", "target_conn_id", "webhook_id", "webhook_name", "name", "name_pattern"), a_text),
    **dict.fromkeys(("target", "auth_type", "on_drift", "if_exists", "on_cut"), a_text),
    **dict.fromkeys(("events", "expect"), texts),
    "custom_headers": headers,
    "auth_credentials": credentials,
    "auth_request_details": details,
    "declared": rows,
}
"""By argument, where in its value a text is meant, and nothing but a text."""
TYPED = {*POLICY_FIELDS, "active", "allow_empty", "always", "ignore_if_missing", "with_conn_id"} - {"on_cut"}
"""Arguments that mean something else, and are read from a text too."""
FREE = {"extra": lambda value: [{"a": value}, {"a": [{"b": value}]}]}
SECRET = ("custom_headers", "auth_credentials", "auth_request_details", "declared", "target")
"""Arguments that may hold secrets."""

TELLING = ("1.10", "2024_01", "1e3", "True", "'orders'", '"orders"', "b'orders'", "'or' 'ders'", " 1 ")
"""What Python reads as another value than the text that it is."""
NO_TEXTS = (1.1, 202401, True, ["orders"], ("orders",), {"orders": 1}, datetime(2026, 1, 1, tzinfo=timezone.utc), b"o")


def test_every_argument_is_sorted() -> None:
    """Add a new argument above: to ``TEXTS``, if it is a text or holds texts."""
    assert {field for _, field in ARGUMENTS} == {*TEXTS, *TYPED, *FREE}
    assert not TEXTS.keys() & TYPED


def shaped(field: str, value: Any) -> Iterator[Any]:
    yield from (TEXTS | FREE).get(field, a_text)(value)


def made(operator: Any, native: bool, **arguments: Any) -> Any:
    with DAG("a_dag", schedule=None, render_template_as_native_obj=native):
        return operator(task_id="a_task", **{**NEEDED[operator], **arguments})


def rendered(operator: Any, field: str, value: Any, native: bool, context: dict[str, Any]) -> Any:
    task = made(operator, native, **{field: value})
    task.render_template_fields(context)
    now = getattr(task, field)
    return now.secret if isinstance(now, Hidden) else now


# --- a text stays a text

TEMPLATES = {
    "params": "{{ params.value }}",
    "in two": "{{ params.value[:1] }}{{ params.value[1:] }}",
    "an XCom": "{{ ti.xcom_pull(task_ids='feeding') }}",
    "a statement": "{% set value = params.value %}{{ value }}",
}


@EVERY_ARGUMENT
@pytest.mark.parametrize("native", [False, True], ids=["text", "native"])
def test_a_text_stays_that_text(operator: Any, field: str, native: bool) -> None:
    for value, way in [*itertools.product(TELLING, ("literal", "params")), *(("1.10", way) for way in TEMPLATES)]:
        context = {"params": {"value": value}, "ti": SimpleNamespace(xcom_pull=lambda task_ids, value=value: value)}
        given = value if way == "literal" else TEMPLATES[way]
        for shape, expected in zip(shaped(field, given), shaped(field, value), strict=True):
            assert rendered(operator, field, shape, native, context) == expected, way


class Names(str, Enum):
    """Whose member is the text ``orders``, while ``str`` of it is ``Names.ORDERS``."""

    ORDERS = "orders"
    CHOSEN = "{{ params.value }}"


@EVERY_ARGUMENT
@pytest.mark.parametrize("native", [False, True], ids=["text", "native"])
def test_a_member_of_an_enumeration_of_texts_is_its_text(operator: Any, field: str, native: bool) -> None:
    for member in Names:
        for shape, expected in zip(shaped(field, member), shaped(field, "orders"), strict=True):
            found = rendered(operator, field, shape, native, {"params": {"value": "orders"}})
            assert found == expected
            assert "Names" not in str(found)


@EVERY_ARGUMENT
def test_what_an_expression_gives_is_taken_as_it_is(operator: Any, field: str) -> None:
    """As a DAG that renders natively promises."""
    for value in (1.1, 202401, True, None, ["open"], {"open": 1}):
        for shape, expected in zip(shaped(field, "{{ params.value }}"), shaped(field, value), strict=True):
            assert rendered(operator, field, shape, True, {"params": {"value": value}}) == expected


@pytest.mark.parametrize(
    ("template", "is_rendered_to"),
    [
        ("{{ params.json }}", {"a": ["1.10"]}),
        ("[{{ params.text }}, 2]", [1.10, 2]),
        ("{{ none }}", None),
        ("{% if False %}x{% endif %}", None),
        ("'{{ params.text }}'", "1.10"),  # how people keep a text in other operators
        ('"{{ params.text }}"', "1.10"),
        ("{{ params.text }}\n", "1.10"),
        ("{{ params.number | string }}", "1.1"),
        ("{{ params.text | float }}", 1.1),
        ("[1]", "[1]"),
        ("None", "None"),
        ("{% raw %}'{{ {% endraw %}", "'{{ "),
        ("", ""),
    ],
)
def test_what_else_of_native_rendering_stays(template: str, is_rendered_to: Any) -> None:
    context = {"params": {"json": '{"a": ["1.10"]}', "text": "1.10", "number": 1.1}}

    found = rendered(ReachCreateWebhookOperator, "extra", {"field": template}, True, context)["field"]

    assert found == is_rendered_to
    assert type(found) is type(is_rendered_to)


@pytest.mark.parametrize("field", ["webhook_name", "webhook_id", "reach_conn_id"])
def test_a_name_that_nothing_has_fails_when_it_is_rendered(field: str) -> None:
    with pytest.raises(Exception, match="'nobody' is undefined"):
        rendered(ReachDeleteWebhookOperator, field, "{{ nobody }}", True, {})


# --- what is no text is refused


def refused(ended: Ended, field: str, value: Any) -> None:
    """Naming the argument, and what arrived: by its type alone where it may be a secret."""
    assert ended.how == "AirflowFailException", ended.said
    assert field in ended.said
    assert len(ended.said) < 1000
    arrived = type(value).__name__ if field in SECRET else repr(value)[:20]
    assert arrived in ended.said or isinstance(value, (list, tuple, dict))


@pytest.mark.parametrize(
    ("operator", "field"),
    [(operator, field) for operator, field in ARGUMENTS if field in TEXTS],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
@pytest.mark.parametrize("way", ["literal", "params"])
def test_what_is_no_text_is_refused_before_anything_is_asked(
    operator: Any, field: str, way: str, connected: Sandbox
) -> None:
    connected.add_webhook("orders", target=connected.target("orders").url)
    auth = {"auth_credentials": "basic", "auth_request_details": "oauth2"}.get(field)
    for value in NO_TEXTS:
        given = value if way == "literal" else "{{ params.value }}"
        for shape in shaped(field, given):
            if field in ("events", "expect") and isinstance(value, (list, tuple)) and shape == value:
                continue
            more = {"auth_type": auth} if auth else {}
            if "more" in str(shape) and isinstance(value, (list, tuple)):
                continue  # a list of texts may be in what the service does not know
            ended = run(made(operator, True, **{field: shape}, **more), params={"value": value})
            refused(ended, field, value)
            assert connected.requests == []


@pytest.mark.parametrize("native", [False, True], ids=["text", "native"])
@pytest.mark.parametrize("number", [4711.25, 471125])
@pytest.mark.parametrize("field", ["custom_headers", "auth_credentials", "auth_request_details"])
@pytest.mark.parametrize("operator", [ReachCreateWebhookOperator, ReachUpdateWebhookOperator])
def test_a_secret_that_is_refused_is_not_shown(
    operator: Any, field: str, number: Any, native: bool, connected: Sandbox
) -> None:
    auth = {"auth_credentials": "basic", "auth_request_details": "oauth2"}.get(field)
    for shape in shaped(field, number):
        more = {"auth_type": auth} if auth else {}
        ended = run(made(operator, native, **{field: shape}, **more))

        assert ended.how == "AirflowFailException"
        assert "must be a text" in ended.said
        assert type(number).__name__ in ended.said
        assert str(number) not in ended.said


# --- and so never another webhook than was meant


OTHERS = ("1.1", "202401", "1000.0", "orders", "1")


@pytest.fixture
def webhooks(connected: Sandbox) -> dict[str, str]:
    """Webhooks of telling names, and those that natively rendered ones would name."""
    names = (*(name for name in TELLING if name.strip() == name), *OTHERS)
    return {name: connected.add_webhook(name, target=connected.target(name).url) for name in names}


@pytest.mark.parametrize("way", ["literal", "params"])
@pytest.mark.parametrize("name", [name for name in TELLING if name.strip() == name])
@pytest.mark.parametrize(
    "operator",
    [
        ReachBatchStatusSensor,
        ReachDeleteWebhookOperator,
        ReachUpdateWebhookOperator,
        ReachValidateWebhookOperator,
    ],
)
def test_the_webhook_that_was_named_is_the_one(
    operator: Any, name: str, way: str, connected: Sandbox, webhooks: dict[str, str]
) -> None:
    given = name if way == "literal" else "{{ params.value }}"

    ended = run(made(operator, True, webhook_name=given), params={"value": name})

    assert ended.raised is None, ended.said
    about = {
        request.path.split("/webhooks/")[1].split("/")[0]
        for request in connected.requests
        if request.operation != "list"
    }
    assert about == {webhooks[name]}


@pytest.mark.parametrize("name", [name for name in TELLING if name.strip() == name])
def test_a_pattern_and_what_is_expected_are_the_names_that_were_written(name: str, webhooks: dict[str, str]) -> None:
    ended = run(made(ReachListWebhooksOperator, True, name_pattern=name, expect=[name]))

    assert ended.returned == [{"webhook_id": webhooks[name], "webhook_name": name}]


def test_credentials_and_more_are_sent_as_they_were_written(connected: Sandbox) -> None:
    body = {"client_id": "007", "client_secret": "77.10", "grant_type": "client_credentials", "scope": "1_0"}
    fields: dict[str, Any] = {
        "name": "1.10",
        "custom_headers": {"X-Version": "2024_01", "X-Quoted": "'x'"},
        "auth_type": "oauth2",
        "auth_request_details": {"url": connected.target("tokens").url, "body": body},
        "extra": {"accounts": ["007", 7, "{{ params.digits }}", "{{ params.number }}"], "none": ""},
    }
    connected.target("tokens").answer(200, json.dumps({"access_token": "t"}))
    task = made(ReachCreateWebhookOperator, True, target=connected.target("orders").url, events=["open"], **fields)

    ended = run(task, params={"digits": "12", "number": 12})

    assert ended.raised is None, ended.said
    (made_of,) = sent(connected, "create")
    assert made_of["name"] == "1.10"
    assert made_of["custom_headers"] == fields["custom_headers"]
    assert made_of["auth_request_details"]["body"] == body
    assert (made_of["accounts"], made_of["none"]) == (["007", 7, "12", 12], "")
