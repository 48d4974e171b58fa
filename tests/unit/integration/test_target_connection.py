from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook, Connection

from airflow_provider_reach.core.errors import ReachConfigError, ReachConnectionError
from airflow_provider_reach.core.webhooks.spec import WebhookChanges
from airflow_provider_reach.integration.target_connection import read_target_connection, target_fields

PASSWORD, HEADER, MORE = "planted-password", "planted-header", "planted-more"
URL = "https://tokens.example/oauth2/token"
HEADERS = {"X-Token": HEADER, "X-Tenant": "eu"}
BASIC = {"auth_type": "basic", "auth_credentials": {"username": "reach", "password": PASSWORD}}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a connection gives that the environment holds as the given text, through Airflow itself."""

    def given(text: str) -> dict[str, Any]:
        monkeypatch.setenv("AIRFLOW_CONN_A_TARGET", text)
        return read_target_connection("a_target")

    return given


def as_json(extra: Any = None, **fields: Any) -> str:
    return json.dumps({"conn_type": "http", "login": "reach", "password": PASSWORD, "extra": extra or {}} | fields)


def refused(given: Any, text: str) -> list[str]:
    with pytest.raises(ReachConfigError) as raised:
        given(text)
    assert raised.value.final
    assert str(raised.value).startswith("Target connection 'a_target' cannot be used:")
    assert not [secret for secret in (PASSWORD, HEADER, MORE) if secret in f"{raised.value} {raised.value!r}"]
    return raised.value.problems


@pytest.mark.parametrize(
    "text",
    [
        as_json(),
        as_json(conn_type="generic", host="https://consumer.example", port=443),
        f"http://reach:{PASSWORD}@consumer.example",
        f"generic://reach:{PASSWORD}@",
    ],
)
def test_login_and_password_are_basic_credentials(text: str, given: Any) -> None:
    assert given(text) == BASIC


def test_a_password_of_any_characters(given: Any) -> None:
    password = "a/key:with@odd%characters?& \"'"

    assert given(as_json(password=password))["auth_credentials"]["password"] == password
    assert given(f"http://reach:{quote(password, safe='')}@h")["auth_credentials"]["password"] == password


@pytest.mark.parametrize("password", [None, ""])
def test_a_login_alone_gives_no_password(password: str | None, given: Any) -> None:
    fields = given(as_json(password=password))

    assert fields == {"auth_type": "basic", "auth_credentials": {"username": "reach"}}
    assert list(WebhookChanges(**fields).problems()) == []


@pytest.mark.parametrize("login", [None, ""])
def test_a_password_without_a_login_is_refused(login: str | None, given: Any) -> None:
    assert refused(given, as_json(login=login)) == [
        "it has a password and no login: basic credentials need a user name."
    ]
    assert len(refused(given, as_json({"headers": HEADERS}, login=login))) == 1


# --- OAuth 2


def test_a_token_url_makes_them_client_id_and_secret(given: Any) -> None:
    assert given(as_json({"token_url": f" {URL}\n"})) == {
        "auth_type": "oauth2",
        "auth_request_details": {
            "url": URL,
            "body": {"grant_type": "client_credentials", "client_id": "reach", "client_secret": PASSWORD},
        },
    }


@pytest.mark.parametrize(
    ("extra", "more"),
    [
        ({"grant_type": "password"}, {"grant_type": "password"}),
        ({"grant_type": ""}, {}),
        ({"scope": "in out"}, {"scope": "in out"}),
        ({"audience": "https://api.example"}, {"audience": "https://api.example"}),
        ({"scope": "", "audience": None}, {}),
        ({"token_fields": {"tenant": "eu", "code": MORE}}, {"tenant": "eu", "code": MORE}),
        ({"token_fields": json.dumps({"tenant": "eu"})}, {"tenant": "eu"}),
        ({"token_fields": {"scope": "in"}, "audience": "a"}, {"scope": "in", "audience": "a"}),
    ],
)
def test_more_of_the_token_s_request(extra: dict[str, Any], more: dict[str, Any], given: Any) -> None:
    fields = given(as_json({"token_url": URL, **extra}))

    body = {"grant_type": "client_credentials", "client_id": "reach", "client_secret": PASSWORD}
    assert fields["auth_request_details"] == {"url": URL, "body": body | more}
    assert "auth_credentials" not in fields
    assert list(WebhookChanges(**fields).problems()) == []


@pytest.mark.parametrize(
    ("extra", "twice"),
    [
        ({"token_fields": {"client_id": MORE}}, "client_id"),
        ({"token_fields": {"client_secret": MORE, "tenant": "eu"}}, "client_secret"),
        ({"token_fields": {"grant_type": MORE}, "grant_type": "password"}, "grant_type"),
        ({"token_fields": {"scope": MORE}, "scope": "in"}, "scope"),
        ({"token_fields": {"audience": MORE}, "audience": "a"}, "audience"),
        ({"token_fields": json.dumps({"scope": MORE, "client_id": MORE}), "scope": "in"}, "client_id, scope"),
    ],
)
def test_what_the_token_s_request_has_already_is_refused(extra: dict[str, Any], twice: str, given: Any) -> None:
    assert refused(given, as_json({"token_url": URL, **extra})) == [
        f"the extra token_fields repeats what stands elsewhere in it: {twice}."
    ]


def test_a_token_url_needs_no_login(given: Any) -> None:
    fields = given(as_json({"token_url": URL, "token_fields": {"assertion": MORE}}, login=None, password=None))

    assert fields["auth_request_details"]["body"] == {"grant_type": "client_credentials", "assertion": MORE}


def test_what_belongs_to_a_token_changes_no_basic_credentials(given: Any) -> None:
    assert given(as_json({"scope": "in", "token_url": ""})) == BASIC


# --- headers


@pytest.mark.parametrize("headers", [HEADERS, json.dumps(HEADERS)])
def test_headers(headers: Any, given: Any) -> None:
    assert given(as_json({"headers": headers})) == {**BASIC, "custom_headers": HEADERS}
    assert given(as_json({"headers": headers}, login=None, password=None)) == {"custom_headers": HEADERS}


@pytest.mark.parametrize("headers", [{}, "", "{}", None])
def test_no_headers_are_not_given(headers: Any, given: Any) -> None:
    assert given(as_json({"headers": headers})) == BASIC


def test_all_of_it_as_a_uri(given: Any) -> None:
    extras = {
        "token_url": URL,
        "scope": "in",
        "headers": json.dumps(HEADERS),
        "token_fields": json.dumps({"tenant": "eu"}),
    }
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in extras.items())

    assert given(f"http://reach:{PASSWORD}@consumer.example?{query}") == {
        "auth_type": "oauth2",
        "auth_request_details": {
            "url": URL,
            "body": {
                "grant_type": "client_credentials",
                "client_id": "reach",
                "client_secret": PASSWORD,
                "scope": "in",
                "tenant": "eu",
            },
        },
        "custom_headers": HEADERS,
    }


def test_what_airflow_exports_means_the_same(given: Any) -> None:
    conn = Connection(
        conn_id="a_target",
        conn_type="http",
        login="reach",
        password="a/key:with@odd%characters?",
        extra=json.dumps({"token_url": URL, "headers": HEADERS}),
    )

    assert given(conn.get_uri()) == target_fields(conn)


@pytest.mark.parametrize("name", ["headers", "token_fields"])
@pytest.mark.parametrize("value", ["X-Token: planted-header", '{"X-Token": "planted-header"', [HEADER], "[1]", 7, "7"])
def test_what_is_no_mapping_is_refused(name: str, value: Any, given: Any) -> None:
    assert f"the extra {name} must be a mapping of names to values." in refused(given, as_json({name: value}))


# --- what cannot be used


def test_nothing_for_a_target_is_refused(given: Any) -> None:
    assert refused(given, as_json(login=None, password=None)) == [
        "it has nothing for a target: neither login and password, nor the extra token_url or headers."
    ]


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("token_uri", "token_url"),
        ("token-url", "token_url"),
        ("Token_URL", "token_url"),
        ("header", "headers"),
        ("Headers", "headers"),
        ("scopes", "scope"),
        ("grant-type", "grant_type"),
        ("token_field", "token_fields"),
    ],
)
def test_a_misspelt_extra_is_refused(misspelt: str, meant: str, given: Any) -> None:
    said = f"the extra {misspelt!r} means nothing here: is it {meant!r}?"

    assert refused(given, as_json({misspelt: MORE})) == [said]
    assert said in refused(given, as_json({misspelt: MORE}, login=None, password=None))


@pytest.mark.parametrize("extra", ["[1]", "7", "not JSON", '"planted-more"', '{"headers": "planted-more"'])
def test_an_extra_that_is_no_object_is_refused(extra: str) -> None:
    try:
        read: Any = json.loads(extra)
    except ValueError:
        read = {}
    conn = SimpleNamespace(conn_id="a_target", login="reach", password=PASSWORD, extra=extra, extra_dejson=read)

    with pytest.raises(ReachConfigError) as raised:
        target_fields(conn)  # type: ignore[arg-type]

    assert raised.value.problems == ["its extra is not a JSON object."]
    assert "planted" not in str(raised.value)


@pytest.mark.parametrize("extra", [None, "", " ", "{}", "null"])
def test_no_extra_is_fine(extra: str | None) -> None:
    conn = SimpleNamespace(conn_id="a_target", login="reach", password=PASSWORD, extra=extra, extra_dejson={})

    assert target_fields(conn) == BASIC  # type: ignore[arg-type]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def test_any_other_extra_is_warned_of(given: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert given(as_json({"verify": False, "proxy": MORE, "scope": "in"})) == BASIC

    assert warnings(caplog) == ["Target connection 'a_target' has extras that mean nothing here: proxy, verify."]


def test_the_extras_that_mean_something_are_not_warned_of(given: Any, caplog: pytest.LogCaptureFixture) -> None:
    given(as_json({"token_url": URL, "grant_type": "x", "scope": "x", "audience": "x", "headers": {}}))

    assert warnings(caplog) == []


def test_everything_wrong_is_said_at_once(given: Any) -> None:
    extra = {"headers": "x", "token_fields": "y", "token_uri": "z", "verify": False}

    assert len(refused(given, as_json(extra, login=None))) == 4


def test_a_connection_that_is_not_there_is_not_final(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(conn_id: str) -> None:
        raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")

    monkeypatch.setattr(BaseHook, "get_connection", staticmethod(missing))

    with pytest.raises(ReachConnectionError, match="Target connection 'gone' cannot be used:\n  - it was not found"):
        read_target_connection("gone")
    assert not ReachConnectionError.final
