from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.spec import WebhookChanges, WebhookSpec

GOOD: dict[str, Any] = {"name": "orders", "target": "https://c.example.com/reach", "events": ["delivery"]}
BASIC = {"auth_type": "basic", "auth_credentials": {"username": "u", "password": "p"}}
OAUTH = {
    "auth_type": "oauth2",
    "auth_request_details": {"url": "https://a.example.com/token", "body": {"client_id": "i", "client_secret": "s"}},
}


def spec(**changes: Any) -> WebhookSpec:
    return WebhookSpec(**{**GOOD, **changes})


def sent(asked: WebhookChanges) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(asked.body("create webhook"))
    return body


# domain.md, "refuse before any HTTP call", row by row
REFUSED = [
    ({"name": ""}, "name must be a text that is not empty"),
    ({"name": "  "}, "name must be a text"),
    ({"name": None}, "name must be a text"),
    ({"target": ""}, "target must be a URL"),
    ({"target": None}, "target must be a URL"),
    ({"target": "ftp://c.example.com"}, "target must start with https://"),
    ({"target": "c.example.com/reach"}, "target must start with https://"),
    ({"target": "https://"}, "target has no host"),
    ({"target": "https://:443/reach"}, "target has no host"),
    ({"target": "https://c.example.com/a b"}, "white space"),
    ({"target": "https://c.example.com/\n"}, "white space"),
    ({"target": " https://c.example.com"}, "white space"),
    ({"target": "https://c.example.com/\x00"}, "white space or control"),
    ({"target": "https://c.example.com:port/"}, "its host or port cannot be read"),
    ({"target": "https://[c.example.com/"}, "its host or port cannot be read"),
    ({"events": []}, "events is empty"),
    ({"events": [""]}, "holds an empty text"),
    ({"events": "delivery"}, "events must be a list"),
    ({"events": None}, "events must be a list"),
    ({"events": ["delivery", 1]}, "events must be a list"),
    ({"active": "false"}, "active must be True or False, not str"),
    ({"active": None}, "active must be True or False"),
    ({"auth_type": "basic"}, "needs auth_credentials with a username"),
    ({"auth_type": "basic", "auth_credentials": {"password": "p"}}, "needs auth_credentials with a username"),
    ({"auth_type": "basic", "auth_credentials": {"username": 5}}, "needs auth_credentials with a username"),
    ({"auth_type": "oauth2"}, "with the url of the authorization server"),
    ({"auth_type": "basic", "auth_credentials": {"username": ""}}, "needs auth_credentials with a username"),
    ({"auth_type": "basic", "auth_credentials": {"username": "u", "password": 5}}, "password must be a text"),
    ({"auth_type": "basic", "auth_credentials": "u:p"}, "auth_credentials must be a mapping"),
    ({"auth_type": "oauth2", "auth_request_details": {"body": {}}}, "with the url of the authorization server"),
    ({"auth_type": "oauth2", "auth_request_details": {"url": "a", "body": {}}}, "with the url"),
    ({"auth_type": "oauth2", "auth_request_details": {"url": 5, "body": {}}}, "with the url"),
    ({"auth_type": "oauth2", "auth_request_details": {"url": "https://a.example.com"}}, "with a body: client_id"),
    ({"auth_type": "oauth2", "auth_request_details": {"url": "https://a.example.com", "body": "x"}}, "with a body"),
    ({"auth_type": "oauth2", "auth_request_details": ["x"]}, "auth_request_details must be a mapping"),
    ({"auth_type": None}, "auth_type must be 'none', 'basic' or 'oauth2'"),
    ({"auth_type": ""}, "auth_type must be"),
    ({**OAUTH, "auth_credentials": {"username": "u"}}, "auth_credentials belong to auth_type 'basic', not to 'oauth2'"),
    ({"auth_type": "none", "auth_credentials": {"username": "u"}}, "not to 'none'"),
    ({**BASIC, "auth_request_details": OAUTH["auth_request_details"]}, "belong to auth_type 'oauth2', not to 'basic'"),
    ({"auth_type": "none", "auth_request_details": OAUTH["auth_request_details"]}, "not to 'none'"),
    ({"custom_headers": {"X-A\r\nB": "v"}}, "line break"),
    ({"custom_headers": {"X-A": "v\nX-B: w"}}, "line break"),
    ({"custom_headers": {"X-A": "v\r"}}, "line break"),
    ({"custom_headers": {"X-A": 5}}, "every name and value must be a text"),
    ({"custom_headers": {5: "v"}}, "every name and value must be a text"),
    ({"custom_headers": {" ": "v"}}, "no name empty"),
    ({"custom_headers": ["X-A: v"]}, "must be a mapping"),
    ({"custom_headers": None}, "must be a mapping"),
]


@pytest.mark.parametrize(("changes", "says"), REFUSED)
@pytest.mark.parametrize("kind", [WebhookSpec, WebhookChanges])
def test_refused_before_anything_is_sent(kind: type[WebhookChanges], changes: dict[str, Any], says: str) -> None:
    asked = kind(**{**GOOD, **changes})
    with pytest.raises(ReachInputError, match="^Nothing was sent: create webhook 'orders' was refused:") as refused:
        asked.body("create webhook 'orders'")
    assert any(says in problem for problem in refused.value.problems)


def test_an_update_with_nothing_in_it_is_refused() -> None:
    with pytest.raises(ReachInputError, match="nothing to change was given"):
        WebhookChanges().body("update")


@pytest.mark.parametrize(
    ("field", "auth_type"), [("auth_credentials", "basic"), ("auth_request_details", "oauth2")]
)  # fmt: skip
def test_credentials_without_auth_type_would_make_an_unauthenticated_webhook(field: str, auth_type: str) -> None:
    with pytest.raises(ReachInputError, match=f"{field} without auth_type .* add '{auth_type}'"):
        spec(**{field: {"username": "u"}}).body("create")


def test_an_update_may_change_the_credentials_alone() -> None:
    assert sent(WebhookChanges(auth_credentials={"username": "u"})) == {"auth_credentials": {"username": "u"}}


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ReachInputError) as refused:
        spec(name="", target="x", events=[], active="yes", custom_headers=[], auth_type="basic").body("create")
    assert len(refused.value.problems) == 6


@pytest.mark.parametrize("typo", ["auth_credential", "header", "enabled", "id"])
@pytest.mark.parametrize("kind", [WebhookSpec, WebhookChanges])
def test_an_unknown_field_is_refused(kind: type[WebhookChanges], typo: str) -> None:
    with pytest.raises(TypeError, match=typo):
        kind(**GOOD, **{typo: {}})


@pytest.mark.parametrize("missing", ["name", "target", "events"])
def test_a_new_webhook_needs_name_target_and_events(missing: str) -> None:
    with pytest.raises(TypeError, match=missing):
        WebhookSpec(**{name: value for name, value in GOOD.items() if name != missing})


# domain.md, "only warn", row by row
WARNED = [
    ({"target": "https://c.example.com:8443/"}, "port 8443"),
    ({"target": "http://c.example.com/"}, "plain http"),
    ({"events": ["delivery", "bounce", "delivery"]}, "twice in events: it is sent once"),
    ({"custom_headers": {f"X-{n}": "v" for n in range(6)}}, "6 custom headers"),
    ({"custom_headers": {"X": "v" * 2995}}, "of 3000 bytes"),
    ({"name": "n" * 25}, "more than 24 characters"),
    ({"target": "https://u:p@c.example.com/"}, "user name or password"),
    ({"target": "https://u@c.example.com/"}, "user name or password"),
]


@pytest.mark.parametrize(("changes", "says"), WARNED)
def test_only_warned_of(changes: dict[str, Any], says: str) -> None:
    [warning] = spec(**changes).warnings()
    assert says in warning
    assert sent(spec(**changes))["name"]


# domain.md, "never gate", and the other side of every limit above
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"events": ["a_new_event", "delivery"]},
        {"auth_type": "hmac"},
        {"auth_type": "hmac", "auth_credentials": {"key": "k"}},
        {"name": "ß✓ / ?"},
        {"name": "n" * 24},
        {"target": "https://c.example.com:443/x?y#z"},
        {"custom_headers": {f"X-{n}": "v" for n in range(5)}},
        {"custom_headers": {"X": "v" * 2994}},
        {"custom_headers": {}},
        {"active": False},
        BASIC,
        {"auth_type": "basic", "auth_credentials": {"username": "u"}},
        OAUTH,
        {"auth_type": "none", "auth_credentials": {}},
    ],
)
def test_neither_refused_nor_warned_of(changes: dict[str, Any]) -> None:
    assert sent(spec(**changes)) == {**GOOD, **changes}
    assert list(spec(**changes).warnings()) == []


def test_an_update_of_no_target_or_name_is_not_warned_of() -> None:
    assert list(WebhookChanges(active=True).warnings()) == []


def test_falsy_is_not_absent() -> None:
    changes = WebhookChanges(active=False, custom_headers={}, auth_type="none")
    assert sent(changes) == {"active": False, "custom_headers": {}, "auth_type": "none"}


def test_what_is_not_given_is_not_sent() -> None:
    assert sent(spec()) == GOOD
    assert sent(WebhookChanges(active=True)) == {"active": True}


def test_a_repeated_event_is_sent_once() -> None:
    assert sent(spec(events=("b", "a", "b")))["events"] == ["b", "a"]
    assert sent(spec(events={"a"}))["events"] == ["a"]


def test_the_secrets_of_a_webhook_are_known() -> None:
    asked = spec(
        custom_headers={"X-Key": "h3ader"},
        auth_credentials={"username": "u", "password": "p4ssword"},
        auth_request_details={"url": "https://a.example.com", "body": {"client_secret": "s3cret", "more": ["l1st"]}},
    )
    assert set(asked.secrets) == {"h3ader", "p4ssword", "s3cret", "l1st"}
    assert WebhookChanges(active=True).secrets == ()


@pytest.mark.parametrize("kind", [WebhookSpec, WebhookChanges])
@pytest.mark.parametrize(
    "changes",
    [
        {"auth_credentials": {"username": "u", "password": "pl4nted"}},
        {"auth_credentials": {"access_token": "pl4nted"}},
        {"auth_credentials": "pl4nted"},
        {"auth_credentials": ["pl4nted"]},
        {"auth_request_details": {"url": "https://u:pl4nted@h/", "body": {"client_secret": "pl4nted"}}},
        {"auth_request_details": {"body": [{"deep": {"deeper": "pl4nted"}}]}},
        {"custom_headers": {"X-Api-Key": "pl4nted", "X-Harmless": "pl4nted"}},
        {"target": "https://user:pl4nted@h/x?key=pl4nted#pl4nted"},
        {"target": "user:pl4nted@h/x"},
        {"target": "https://user:pl4n/pl4nted@h/x"},
    ],
)
def test_no_secret_is_in_the_repr(kind: type[WebhookChanges], changes: dict[str, Any]) -> None:
    asked = kind(**{**GOOD, **changes})
    assert "pl4nted" not in repr(asked)
    assert "pl4nted" not in str(asked)
    assert "pl4nted" not in repr(asked.__rich_repr__())
    assert "orders" in repr(asked)


def test_the_repr_shows_what_is_set() -> None:
    asked = WebhookChanges(target="https://c.example.com/x", active=False, **BASIC)
    assert repr(asked) == (
        "WebhookChanges(target='https://c.example.com/x', active=False, auth_type='basic', "
        "auth_credentials={'username': 'u', 'password': '***'})"
    )


def test_a_spec_cannot_be_changed_afterwards() -> None:
    with pytest.raises(AttributeError):
        spec().name = "other"
    assert msgspec.structs.replace(spec(), name="other").name == "other"
