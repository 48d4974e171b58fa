from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_reach.core.errors import ReachConfigError, ReachConnectionError, ReachInputError
from airflow_provider_reach.core.webhooks.spec import WebhookChanges
from airflow_provider_reach.integration import arguments
from airflow_provider_reach.integration.arguments import webhook_fields, webhook_specs

PASSWORD, HEADER, CLIENT_SECRET = "planted-password", "planted-header", "planted-client-secret"
WHAT = "create webhook 'orders'"
ROW: dict[str, Any] = {"name": "orders", "target": "https://consumer.example/in", "events": ["open"]}
CREDENTIALS = {"username": "reach", "password": PASSWORD}

Target = Callable[..., None]


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Target:
    """Puts the connection ``target`` into the environment."""

    def target(**fields: Any) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_TARGET", json.dumps({"conn_type": "http", **fields}))

    return target


@pytest.fixture
def masked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Airflow was told to mask."""
    masked: list[str] = []
    monkeypatch.setattr(arguments, "mask_secret", masked.append)
    return masked


FIELDS = (
    "name",
    "target",
    "events",
    "active",
    "custom_headers",
    "auth_type",
    "auth_credentials",
    "auth_request_details",
    "extra",
    "target_conn_id",
)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("nothing", [None, "None", " None\n", "null"])
def test_none_is_not_given(field: str, nothing: str | None) -> None:
    if field == "target_conn_id" and nothing is not None:
        with pytest.raises(ReachInputError, match="name a connection, or leave it out."):
            webhook_fields({field: nothing}, WHAT)
    else:
        assert webhook_fields({field: nothing}, WHAT) == {}


@pytest.mark.parametrize(
    ("field", "value", "typed"),
    [
        ("name", " orders\n", "orders"),
        ("name", "", ""),
        ("name", "[orders]", "[orders]"),
        ("name", "none", "none"),
        ("name", 7, 7),
        ("target", "\nhttps://x.example ", "https://x.example"),
        ("auth_type", " basic", "basic"),
        ("active", "True", True),
        ("active", " false\n", False),
        ("active", False, False),
        ("active", "perhaps", "perhaps"),
        ("active", "yes", True),
        ("active", 1, True),
        ("active", 2, 2),
        ("events", "['open', 'click']", ["open", "click"]),
        ("events", '["open", "click"]\n', ["open", "click"]),
        ("events", "('open',)", ["open"]),
        ("events", ("open", "click"), ["open", "click"]),
        ("events", [], []),
        ("events", "[]", []),
        ("events", "open", "open"),
        ("events", "[open", "[open"),
        ("custom_headers", {}, {}),
        ("custom_headers", "{}", {}),
        ("custom_headers", "", ""),
        ("custom_headers", "{'X-A': 'it\\'s'}", {"X-A": "it's"}),
        ("custom_headers", '{"X-A": null}', {"X-A": None}),
        ("custom_headers", "X-A: 1", "X-A: 1"),
        ("auth_credentials", json.dumps(CREDENTIALS), CREDENTIALS),
        ("auth_request_details", str({"url": "u", "body": {"a": ["1"]}}), {"url": "u", "body": {"a": ["1"]}}),
        ("extra", "{'a': False}", {"a": False}),
        ("extra", "{'a': open('/etc/passwd')}", "{'a': open('/etc/passwd')}"),
        ("extra", "[" * 10_000, "[" * 10_000),
    ],
)
def test_what_a_template_made_text_of_is_typed(field: str, value: Any, typed: Any) -> None:
    fields = webhook_fields({field: value}, WHAT)

    assert fields == {field: typed}
    assert type(fields[field]) is type(typed)


def test_a_sequence_of_another_kind_is_a_list() -> None:
    assert webhook_fields({"events": range(2)}, WHAT) == {"events": [0, 1]}


@pytest.mark.parametrize("name", ["auth_credential", "Name", "if_exists", ""])
def test_a_name_that_no_field_has_is_refused(name: str) -> None:
    with pytest.raises(ReachInputError) as raised:
        webhook_fields({**ROW, name: PASSWORD}, WHAT)

    assert f"no field of a webhook is named {name!r}." in str(raised.value)
    assert WHAT in str(raised.value)
    assert PASSWORD not in str(raised.value)


def test_every_secret_is_masked(target: Target, masked: list[str]) -> None:
    target(login="reach", password=PASSWORD, extra={"headers": {"X-A": HEADER}})

    webhook_fields({"target_conn_id": "target", "extra": {"token": CLIENT_SECRET, "priority": "7"}}, WHAT)
    assert set(masked) >= {PASSWORD, HEADER, CLIENT_SECRET}
    assert not {"7", "reach"} & set(masked)
    masked.clear()
    webhook_fields({"auth_credentials": json.dumps(CREDENTIALS), "custom_headers": {"X-B": HEADER}}, WHAT)
    assert set(masked) >= {PASSWORD, HEADER}


# --- with the target's connection


def test_a_connection_gives_what_is_not_given(target: Target) -> None:
    target(login="reach", password=PASSWORD, extra={"headers": {"X-A": HEADER}})

    fields = webhook_fields({"name": "orders", "active": None, "target_conn_id": " target\n"}, WHAT)

    assert fields == {
        "name": "orders",
        "auth_type": "basic",
        "auth_credentials": CREDENTIALS,
        "custom_headers": {"X-A": HEADER},
    }


@pytest.mark.parametrize("given", ["{'X-B': '1'}", {"X-B": "1"}])
def test_its_headers_and_those_given_are_merged(given: Any, target: Target) -> None:
    target(extra={"headers": {"X-A": HEADER}})

    fields = webhook_fields({"custom_headers": given, "target_conn_id": "target"}, WHAT)

    assert fields == {"custom_headers": {"X-A": HEADER, "X-B": "1"}}


def test_no_header_given_and_none_in_the_connection_is_none(target: Target) -> None:
    target(login="reach", password=PASSWORD)

    assert webhook_fields({"custom_headers": {}, "target_conn_id": "target"}, WHAT)["custom_headers"] == {}
    assert "custom_headers" not in webhook_fields({"target_conn_id": "target"}, WHAT)


@pytest.mark.parametrize("given", ["X-B: 1", "", ["X-B"]])
def test_headers_that_are_no_mapping_are_refused_beside_those_of_a_connection(given: Any, target: Target) -> None:
    target(extra={"headers": {"X-A": HEADER}})

    fields = webhook_fields({"custom_headers": given, "target_conn_id": "target"}, WHAT)

    assert "custom_headers must be a mapping" in " ".join(WebhookChanges(**fields).problems())


SAME: list[dict[str, Any]] = [
    {"auth_type": "basic"},
    {"auth_credentials": CREDENTIALS},
    {"auth_type": "basic", "auth_credentials": json.dumps(CREDENTIALS)},
]


@pytest.mark.parametrize("given", SAME)
def test_what_both_say_alike_is_no_contradiction(given: dict[str, Any], target: Target) -> None:
    target(login="reach", password=PASSWORD)

    fields = webhook_fields({**given, "target_conn_id": "target"}, WHAT)

    assert fields == {"auth_type": "basic", "auth_credentials": CREDENTIALS}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"auth_type": "none"}, ["auth_type"]),
        ({"auth_credentials": {"username": "other"}}, ["auth_credentials"]),
        ({"auth_credentials": {}}, ["auth_credentials"]),
        ({"auth_request_details": {"url": "x"}}, ["auth_request_details"]),
        ({"custom_headers": {"x-a": PASSWORD}}, ["the header 'X-A'"]),
        (
            {"auth_type": "oauth2", "custom_headers": {"X-A": "1", "x-C": "1", "X-B": "1"}},
            ["auth_type", "the header 'X-A'", "the header 'X-C'"],
        ),
    ],
)
def test_what_both_give_is_refused_and_all_of_it_is_named(
    given: dict[str, Any], named: list[str], target: Target
) -> None:
    target(login="reach", password=PASSWORD, extra={"headers": {"X-A": HEADER, "X-C": HEADER}})

    with pytest.raises(ReachInputError) as raised:
        webhook_fields({**given, "target_conn_id": "target"}, WHAT)

    assert raised.value.problems == [
        f"{name} is given, and by target_conn_id 'target' too: give one of them." for name in named
    ]
    assert "planted" not in str(raised.value)


def test_credentials_beside_a_connection_of_headers_alone_are_fine(target: Target) -> None:
    target(extra={"headers": {"X-A": HEADER}})

    fields = webhook_fields({"auth_type": "basic", "auth_credentials": CREDENTIALS, "target_conn_id": "target"}, WHAT)

    assert fields["auth_credentials"] == CREDENTIALS


@pytest.mark.parametrize("conn_id", ["", "  ", "None", "null"])
def test_an_id_that_is_rendered_to_nothing_is_refused(conn_id: str) -> None:
    with pytest.raises(ReachInputError, match=f"target_conn_id is '{conn_id.strip()}': name a connection"):
        webhook_fields({"name": "orders", "target_conn_id": conn_id}, WHAT)
    with pytest.raises(ReachInputError, match="declared webhook 'orders' was refused"):
        webhook_specs([ROW | {"target_conn_id": conn_id}])


def test_a_connection_without_a_password_gives_none(target: Target) -> None:
    target(login="reach")

    assert webhook_fields({"target_conn_id": "target"}, WHAT)["auth_credentials"] == {"username": "reach"}


def test_a_connection_that_gives_nothing_is_refused(target: Target) -> None:
    target()

    with pytest.raises(ReachConfigError, match="it has nothing for a target"):
        webhook_fields({"target_conn_id": "target"}, WHAT)


# --- tables


@pytest.mark.parametrize("rows", [[ROW], (ROW,), str([ROW]), json.dumps([ROW])])
def test_a_table_of_webhooks(rows: Any) -> None:
    (spec,) = webhook_specs(rows)

    assert spec.given == ROW
    assert list(spec.problems()) == []


def test_an_empty_table() -> None:
    assert webhook_specs([]) == webhook_specs("[]") == []


@pytest.mark.parametrize("rows", [ROW, "orders", 7, ["orders"], [ROW, None], "[{", json.dumps(ROW)])
def test_what_is_no_table_is_refused(rows: Any) -> None:
    with pytest.raises(ReachInputError, match="declared must be a list of mappings with name, target and events"):
        webhook_specs(rows)


def test_a_row_is_typed_and_takes_a_connection(target: Target) -> None:
    target(login="reach", password=PASSWORD)
    row = {"name": " a ", "target": "t", "events": "['open']", "active": "False", "auth_type": None}

    (spec,) = webhook_specs([row | {"target_conn_id": "target", "extra": "{'priority': 3}"}])

    assert spec.given == {
        "name": "a",
        "target": "t",
        "events": ["open"],
        "active": False,
        "auth_type": "basic",
        "auth_credentials": CREDENTIALS,
        "priority": 3,
    }


def test_a_row_that_is_wrong_is_named() -> None:
    with pytest.raises(ReachInputError, match="declared webhook 'other' was refused:\n.*'tarket'"):
        webhook_specs([ROW, ROW | {"name": "other", "tarket": "x"}])


def test_a_row_whose_connection_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(conn_id: str) -> dict[str, Any]:
        raise ReachConnectionError(["it was not found."], f"Target connection {conn_id!r}")

    monkeypatch.setattr("airflow_provider_reach.integration.target_connection.read_target_connection", missing)

    with pytest.raises(ReachConnectionError, match="'gone'"):
        webhook_specs([ROW | {"target_conn_id": "gone"}])
