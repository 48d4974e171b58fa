from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any, get_args

import msgspec
import pytest

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.fields import FIELDS, EventType
from airflow_provider_reach.core.secrets.depth import DEEPEST
from airflow_provider_reach.core.secrets.redact import shown_fields
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec

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
    ({"name": "x" * 1001}, "name must have at most 1000 characters"),
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
    ({"auth_type": "basic", "auth_credentials": {"username": 5}}, "username must be a text"),
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
    ({"custom_headers": {"X-A": 5}}, "custom_headers: the value of 'X-A' must be a text, not a value of type int."),
    ({"custom_headers": {5: "v"}}, "custom_headers: every name must be a text, not 5 (int)."),
    ({"custom_headers": {" ": "v"}}, "custom_headers: a name is empty."),
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


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"auth_credentials": {"password": "pl4nted"}}, "needs auth_credentials with a username"),
        ({"auth_credentials": {"username": "u", "password": ["pl4nted"]}}, "password must be a text"),
        ({"auth_request_details": {"body": {"client_id": "i"}}}, "needs auth_request_details with the url"),
        ({"auth_request_details": {"url": "https://a.example.com"}}, "needs auth_request_details with a body"),
    ],
)
def test_credentials_alone_have_to_be_whole_too(changes: dict[str, Any], says: str) -> None:
    [problem] = WebhookChanges(**changes).problems()
    assert says in problem
    assert "pl4nted" not in problem


@pytest.mark.parametrize("field", ["auth_credentials", "auth_request_details"])
def test_no_credentials_are_whole(field: str) -> None:
    assert sent(WebhookChanges(**{field: {}})) == {field: {}}


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
    (
        {"events": ["a_new_event", "delivery"]},
        "'a_new_event' is none that the service's description names, and is sent",
    ),
    (
        {"events": ["Delivery"]},
        "the event type 'Delivery' is none that the service's description names: is it 'delivery'?",
    ),
    ({"events": ["bounce", "deliverd "]}, "is it 'delivery'?"),
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
        {"events": sorted(get_args(EventType))},
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
    as_basic = {"dTpwNHNzd29yZA==", "dTpwNHNzd29yZA", "OnMzY3JldA==", "OnMzY3JldA"}
    assert set(asked.secrets) == {"h3ader", "p4ssword", "s3cret", "l1st", *as_basic}
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


# extra: fields of the service that are none of the contract
def test_extra_is_sent_field_by_field() -> None:
    extra = {"limit": 5, "nested": {"a": [None, False]}, "empty": ""}
    assert sent(spec(extra=extra)) == {**GOOD, **extra}
    assert sent(WebhookChanges(extra={"limit": None})) == {"limit": None}


def test_an_extra_that_is_empty_is_nothing() -> None:
    assert sent(spec(extra={})) == GOOD
    with pytest.raises(ReachInputError, match="nothing to change was given"):
        WebhookChanges(extra={}).body("update")


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (None, "extra must be a mapping of field names to values"),
        (["limit"], "extra must be a mapping of field names to values"),
        ("limit=5", "extra must be a mapping of field names to values"),
        ({5: "x"}, "extra must be a mapping of field names to values"),
        ({"name": "x"}, "extra holds name: give it as an argument of its own"),
        ({"limit": 1, "active": True, "auth_type": "none"}, "extra holds active, auth_type: give it as an argument"),
    ],
)
@pytest.mark.parametrize("kind", [WebhookSpec, WebhookChanges])
def test_a_wrong_extra_is_refused(kind: type[WebhookChanges], extra: Any, says: str) -> None:
    with pytest.raises(ReachInputError) as refused:
        kind(**GOOD, extra=extra).body("create")
    assert any(says in problem for problem in refused.value.problems)


def test_an_extra_cannot_pass_by_the_checks_of_a_field() -> None:
    for field in FIELDS:
        with pytest.raises(ReachInputError, match=f"extra holds {field}: "):
            WebhookChanges(extra={field: "x"}).body("update")


def test_of_extra_the_name_tells_what_is_secret() -> None:
    asked = WebhookChanges(auth_credentials={"password": "p-1"}, extra={"nested": [{"auth_token": "t-1"}], "limit": 5})
    assert set(asked.secrets) == {"p-1", "t-1", "OnAtMQ==", "OnAtMQ"}
    for wrong in (None, "x", ["x"]):
        assert WebhookChanges(extra=wrong).secrets == ()
        assert WebhookChanges(extra=wrong).given == {}


def test_extra_is_shown_without_its_secrets() -> None:
    asked = spec(extra={"auth_token": "pl4nted", "nested": {"x": "pl4nted"}, "list": ["pl4nted"], "limit": 5})
    assert "pl4nted" not in repr(asked)
    assert "auth_token='***', nested={'x': '***'}, list='***', limit=5" in repr(asked)


@pytest.mark.parametrize("value", [object(), {1j}, "\ud800", {"x": object()}])
def test_a_value_that_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(
        ReachInputError, match=r"^Nothing was sent: update was refused:\n  - a value cannot be sent"
    ) as no:
        WebhookChanges(extra={"x": value}).body("update")
    assert no.value.__cause__ is None


def test_a_value_that_has_no_end_is_refused() -> None:
    endless: dict[str, Any] = {}
    endless["x"] = [endless, endless]
    changes = WebhookChanges(extra={"x": endless})
    assert not changes.secrets
    assert repr(changes) == "WebhookChanges(x='***')"
    with pytest.raises(ReachInputError, match="nested too deep: 'x'"):
        changes.body("update")


# What was shown once stands in for a secret and would overwrite it
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"custom_headers": {"X-A": "v", "X-B": "***"}}, "custom_headers"),
        ({"custom_headers": {"X-A": "Bearer ***"}}, "custom_headers"),
        ({"extra": {"auth_token": "***", "limit": 5}}, "auth_token"),
        ({"extra": {"nested": [{"password": {"x": "a***"}}]}}, "nested"),
        (
            {
                "auth_type": "oauth2",
                "auth_request_details": {"url": "https://***@a.example.com", "body": {"client_id": "i"}},
            },
            "auth_request_details",
        ),
        ({"auth_type": "basic", "auth_credentials": {"username": "u", "password": "***"}}, "auth_credentials"),
        ({"auth_type": "basic", "auth_credentials": {"username": "***"}}, "auth_credentials"),
        (
            {
                "auth_type": "oauth2",
                "auth_request_details": {"url": "https://a.example.com", "body": {"client_secret": "***"}},
            },
            "auth_request_details",
        ),
        ({"target": "https://***@c.example.com/"}, "target"),
        ({"target": "https://c.example.com/?***"}, "target"),
    ],
)
@pytest.mark.parametrize("kind", [WebhookSpec, WebhookChanges])
def test_a_value_that_stands_in_for_a_secret_is_refused(
    kind: type[WebhookChanges], changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ReachInputError) as refused:
        kind(**{**GOOD, **changes}).body("create")
    [problem] = refused.value.problems
    what = "a part that is not shown: give the whole URL." if field == "target" else None
    assert problem == f"{field} holds '***', which stands in for {what or 'what is not shown: give the secret itself.'}"


# A template renders what is not there to None
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"custom_headers": {"X-A": "v", "X-B": "None"}}, "custom_headers"),
        ({"custom_headers": {"X-A": "Bearer None"}}, "custom_headers"),
        ({"custom_headers": {"X-A": " None "}}, "custom_headers"),
        ({"auth_type": "basic", "auth_credentials": {"username": "None", "password": "p"}}, "auth_credentials"),
        ({"auth_type": "basic", "auth_credentials": {"username": "u", "password": "None"}}, "auth_credentials"),
        (
            {
                "auth_type": "oauth2",
                "auth_request_details": {"url": "https://a.example.com", "body": {"client_secret": "None"}},
            },
            "auth_request_details",
        ),
        ({"extra": {"nested": [{"token": "None"}], "limit": "None"}}, "nested"),
    ],
)
@pytest.mark.parametrize("kind", [WebhookSpec, WebhookChanges])
def test_what_a_template_makes_of_nothing_is_refused(
    kind: type[WebhookChanges], changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ReachInputError) as refused:
        kind(**{**GOOD, **changes}).body("create")
    assert refused.value.problems == [
        f"{field} holds 'None', as a template renders what is not there: is it in the connection?"
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "None"},
        {"custom_headers": {"X-A": "None of them", "X-B": "none", "X-C": "aNone", "X-D": " ", "X-E": ""}},
        {"extra": {"limit": "None", "token": None, "list": ["None"]}},
    ],
)
def test_a_none_elsewhere_is_a_text(changes: dict[str, Any]) -> None:
    assert sent(spec(**changes)) == {**GOOD, **changes.get("extra", changes)}


@pytest.mark.parametrize("credentials", [{"username": "u", "password": None}, {"token": None}])
def test_credentials_that_are_none_are_refused(credentials: dict[str, Any]) -> None:
    assert list(WebhookChanges(auth_credentials=credentials).problems()) == [
        "auth_credentials holds None: give the value, or leave it out."
    ]


# Without an auth_type, credentials are judged where their keys tell the kind
@pytest.mark.parametrize("field", ["auth_credentials", "auth_request_details"])
def test_credentials_of_a_kind_that_nobody_knows_are_sent(field: str) -> None:
    for auth_type in ({}, {"auth_type": "hmac"}):
        fields: dict[str, Any] = {field: {"key_id": "k", "secret": "s"}, **auth_type}
        assert sent(WebhookChanges(**fields)) == fields


@pytest.mark.parametrize("changes", [{"custom_headers": {"X-A": "a**b"}}, {"name": "***"}, {"events": ["***"]}])
def test_stars_elsewhere_are_no_secret(changes: dict[str, Any]) -> None:
    assert sent(spec(**changes)) == {**GOOD, **changes}


# only: some of the changes
def test_some_of_the_changes() -> None:
    asked = spec(active=False, custom_headers={}, events=["b", "a", "b"], extra={"limit": 5, "other": None})
    some = asked.only(["other", "active", "events", "unheard_of"])
    assert type(some) is WebhookChanges
    assert some.given == {"events": ["b", "a"], "active": False, "other": None}
    assert some.extra == {"other": None}
    assert asked.only([]).given == {}
    assert asked.only(asked.given).given == asked.given


# of: a webhook of fields by name
def test_a_webhook_of_fields_by_name() -> None:
    assert WebhookSpec.of({**GOOD, "active": False}) == spec(active=False)
    with pytest.raises(TypeError, match="auth_credential"):
        WebhookSpec.of({**GOOD, "auth_credential": {}})


@pytest.mark.parametrize("missing", ["name", "target", "events"])
def test_what_a_new_webhook_needs_is_told_with_everything_else(missing: str) -> None:
    fields = {name: value for name, value in GOOD.items() if name != missing}
    assert list(WebhookSpec.of(fields).problems()) == [f"{missing} is required."]
    assert len(list(WebhookSpec.of({}).problems())) == 4
    with pytest.raises(ReachInputError, match=f"{missing} is required"):
        WebhookSpec.of({**fields, "active": "x"}).body("create")
    assert WebhookSpec.of(fields).secrets == ()
    assert missing not in WebhookSpec.of(fields).given


def test_fields_as_they_may_be_shown() -> None:
    fields = {
        "name": "orders",
        "target": "https://u:pl4nted@h/?k=pl4nted",
        "active": None,
        "auth_credentials": {"username": "u", "password": "pl4nted"},
        "auth_request_details": "pl4nted",
        "custom_headers": ["pl4nted"],
        "auth_token": "pl4nted",
        "auth_credential": "pl4nted",
        "nested": [{"x": "pl4nted"}],
        "limit": 5,
        5: "five",
        "extra": {"api_key": "pl4nted", "limit": 6, "nested": {"x": "pl4nted"}},
    }
    assert shown_fields(fields) == {
        "name": "orders",
        "target": "https://***@h/?***",
        "active": None,
        "auth_credentials": {"username": "u", "password": "***"},
        "auth_request_details": "***",
        "custom_headers": "***",
        "auth_token": "***",
        "auth_credential": "***",
        "nested": "***",
        "limit": 5,
        "5": "five",
        "extra": {"api_key": "***", "limit": 6, "nested": {"x": "***"}},
    }


def test_an_extra_of_a_wrong_kind_is_not_shown_in_clear() -> None:
    assert shown_fields({"extra": ["pl4nted"]}) == {"extra": "***"}
    assert "pl4nted" not in repr(WebhookChanges(active=True, extra=["pl4nted"]))


# What a template or a DAG makes of a value
@pytest.mark.parametrize("name", [" orders", "orders\n", "\torders "])
def test_blanks_around_the_name_are_not_sent(name: str) -> None:
    assert spec(name=name).given["name"] == "orders"
    assert sent(spec(name=name)) == GOOD
    assert sent(WebhookChanges(name=name)) == {"name": "orders"}


CURE = " Put it in quotes; in a template, end the expression with '| string'."


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": 2026}, "name must be a text, not 2026 (int)."),
        ({"name": True}, "name must be a text, not True (bool)."),
        (
            {"custom_headers": {"X-A": 1.5}},
            "custom_headers: the value of 'X-A' must be a text, not a value of type float.",
        ),
        ({"custom_headers": {1.5: "v"}}, "custom_headers: every name must be a text, not 1.5 (float)."),
        (
            {"target": 5},
            "target must be a URL, such as https://consumer.example.com/reach. It must be a text, not a value of type "
            "int.",
        ),
        (
            {"events": ["open", 5]},
            "events must be a list of event types, such as ['delivery', 'bounce']. Each must be a text, not 5 (int).",
        ),
        ({"auth_type": 5}, "auth_type must be 'none', 'basic' or 'oauth2'. It must be a text, not 5 (int)."),
        (
            {"auth_type": "basic", "auth_credentials": {"username": 5}},
            "auth_credentials: username must be a text, not a value of type int.",
        ),
        (
            {"auth_type": "basic", "auth_credentials": {"username": "u", "password": 1234}},
            "auth_credentials: password must be a text, not a value of type int.",
        ),
        (
            {"auth_type": "oauth2", "auth_request_details": {"url": 5, "body": {}}},
            "auth_type 'oauth2' needs auth_request_details with the url of the authorization server. It must be a "
            "text, not a value of type int.",
        ),
        *(
            (
                {"auth_type": "oauth2", "auth_request_details": {"url": "https://a.example", "body": {name: 77.1}}},
                f"auth_request_details: {name} must be a text, not a value of type float.",
            )
            for name in ("client_id", "client_secret", "grant_type", "scope", "audience", "username", "password")
        ),
    ],
)
def test_a_number_where_a_text_belongs_is_refused_with_a_cure(changes: dict[str, Any], says: str) -> None:
    assert list(WebhookChanges(**changes).problems()) == [f"{says}{CURE}"]


@pytest.mark.parametrize("value", [None, ["v"], {}])
def test_what_is_no_number_needs_another_cure(value: Any) -> None:
    for changes in ({"name": value}, {"custom_headers": {"X-A": value}}):
        [problem] = WebhookChanges(**changes).problems()
        assert problem.endswith((f"({type(value).__name__}).", f"of type {type(value).__name__}."))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"target": ""}, "target must be a URL, such as https://consumer.example.com/reach."),
        ({"events": "delivery"}, "events must be a list of event types, such as ['delivery', 'bounce']."),
        ({"auth_type": ""}, "auth_type must be 'none', 'basic' or 'oauth2'."),
        *(
            (
                {"auth_type": "oauth2", "auth_request_details": {**url, "body": {}}},
                "auth_type 'oauth2' needs auth_request_details with the url of the authorization server.",
            )
            for url in ({}, {"url": "a"})
        ),
    ],
)
def test_a_text_that_is_wrong_is_not_called_none(changes: dict[str, Any], says: str) -> None:
    assert list(WebhookChanges(**changes).problems()) == [says]


def test_a_header_behind_a_good_one_is_looked_at_too() -> None:
    assert list(WebhookChanges(custom_headers={"X-A": "v", " ": "v"}).problems()) == [
        "custom_headers: a name is empty."
    ]


def test_another_value_of_a_token_s_request_may_be_a_number() -> None:
    """As the JSON of a connection has it."""
    details = {"url": "https://a.example.com", "body": {"client_id": "i", "expires": 3600}}
    assert list(WebhookChanges(auth_type="oauth2", auth_request_details=details).problems()) == []


def test_mappings_of_other_kinds_are_sent() -> None:
    given = {"url": "https://a.example.com", "body": MappingProxyType({"client_id": "i"})}
    asked = spec(
        auth_type="oauth2",
        auth_request_details=MappingProxyType(given),
        custom_headers=MappingProxyType({"X-A": "h-pl4nted"}),
        extra=MappingProxyType({"nested": MappingProxyType({"a": 1})}),
    )
    assert sent(asked) == {
        **GOOD,
        "auth_type": "oauth2",
        "auth_request_details": {"url": "https://a.example.com", "body": {"client_id": "i"}},
        "custom_headers": {"X-A": "h-pl4nted"},
        "nested": {"a": 1},
    }
    assert "h-pl4nted" in asked.secrets


@pytest.mark.parametrize("field", ["auth_credentials", "auth_request_details", "extra"])
def test_a_value_that_is_nested_too_deep_is_refused(field: str) -> None:
    deep: Any = "pl4nted"
    for _ in range(5000):
        deep = {"token": deep}
    with pytest.raises(ReachInputError, match="nested too deep: '") as refused:
        WebhookChanges(**{field: deep}).body("update")
    assert "pl4nted" not in str(refused.value)


def test_a_wrong_extra_is_sent_in_no_field_s_place() -> None:
    assert WebhookChanges(name="a", extra={"name": "b", "limit": 5}).given == {"name": "a", "limit": 5}


def test_what_of_a_target_is_a_secret_is_known() -> None:
    asked = WebhookChanges(target="https://u:p4ss@c.example.com/?key=k-1&page=2")
    assert set(asked.secrets) == {"p4ss", "dTpwNHNz", "k-1"}


def test_the_fields_are_those_of_a_change() -> None:
    assert set(FIELDS) == {*WebhookChanges.__struct_fields__} - {"extra"}


@pytest.mark.parametrize("field", [*FIELDS, "extra"])
@pytest.mark.parametrize("in_list", [True, False])
def test_what_is_nested_too_deep_is_refused_by_name(field: str, in_list: bool) -> None:
    value: Any = "planted"
    for _ in range(3000):
        value = [value] if in_list else {"password": value}
    assert not WebhookChanges(extra=value).secrets
    changes = WebhookChanges(**{field: {"more": value} if field == "extra" else value})
    assert isinstance(changes.secrets, tuple)
    assert "planted" not in repr(changes) or in_list
    with pytest.raises(ReachInputError, match="nested too deep: '"):
        changes.body("update webhook")


def test_the_usual_ports_are_no_reason_to_warn() -> None:
    assert list(WebhookChanges(target="https://c.example.com:80/x").warnings()) == []
    assert list(WebhookChanges(target="https://c.example.com:443/x").warnings()) == []


def test_a_user_alone_is_meant_for_basic_authentication() -> None:
    problems = WebhookChanges(auth_credentials={"username": 5}).problems()
    assert any("username must be a text" in problem for problem in problems)


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_refused(name: str) -> None:
    assert list(WebhookChanges(name=name).problems()) == ["name must be a text that is not empty."]


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_of_a_header_is_refused(name: str) -> None:
    assert list(WebhookChanges(custom_headers={name: "v"}).problems()) == ["custom_headers: a name is empty."]


def test_a_value_may_be_nested_as_deep_as_can_be_read_again() -> None:
    def nested(levels: int) -> Any:
        return {"x": nested(levels - 1)} if levels else 1

    assert "nested too deep" not in "".join(WebhookChanges(extra={"x": nested(DEEPEST - 1)}).problems())
    assert "nested too deep: 'x'." in "".join(WebhookChanges(extra={"x": nested(DEEPEST)}).problems())


def test_what_cannot_be_sent_says_why() -> None:
    with pytest.raises(ReachInputError, match="a value cannot be sent as JSON: TypeError"):
        WebhookChanges(extra={"x": object()}).body("update")


def test_a_value_takes_only_so_much_of_a_repr() -> None:
    assert len(repr(WebhookChanges(name="n" * 2000))) == len("WebhookChanges(name=)") + 1000
