from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.fields import FIELDS
from airflow_provider_reach.core.webhooks.diff import (
    FieldComparison,
    compare,
    fields_that,
    is_blank,
    same_url,
    value_of,
)
from airflow_provider_reach.core.webhooks.side_effects import how_changed
from airflow_provider_reach.core.webhooks.spec import WebhookChanges
from tests.unit.core.helpers import ID, bounded

URL = "https://c.example.com/x"
HIDDEN = "(in user name, password or query, which are not shown)"
NOT_SHOWN = "not shown by the service, or masked"
MASKS = ["********", "abc***", "•••", "••", "xxxx", "XXX", "[REDACTED]", "<hidden>"]
BASIC = {"username": "u", "password": "p"}
BODY = {"client_id": "i", "client_secret": "s", "grant_type": "client_credentials"}
OAUTH = {"url": "https://a.example.com", "body": BODY}


@pytest.mark.parametrize(
    ("declared", "existing", "same"),
    [
        ([123], ["123"], True),
        (["123"], [123], True),
        ((123,), ["123"], True),
        ({"a": [{"b": 123}]}, {"a": [{"b": "123"}]}, True),
        ([1.5], ["1.5"], True),
        ([-1], ["-1"], True),
        ([0], ["0"], True),
        ([123], ["124"], False),
        ([123], ["123", "124"], False),
        ([123], ["0123"], False),
        ([123], ["123 "], False),
        ([123], "123", False),
        ([True], ["True"], False),
        ([1], ["True"], False),
        ([None], ["None"], False),
        ([10**99], [f"1{'0' * 99}"], True),
        ([10**100], [f"1{'0' * 100}"], False),
        ([10**5000], ["1"], False),
        ([{"a": 1}], [{"a": "1", "b": "1"}], False),
        ([{"a": 1}], [{"b": "1"}], False),
    ],
    ids=lambda value: str(value)[:20] if not isinstance(value, list) or value != [10**5000] else "many digits",
)
def test_numbers_and_their_digits_are_the_same(declared: Any, existing: Any, same: bool) -> None:
    """A service that makes one of the other would be sent a PUT by every run."""
    changes = WebhookChanges(extra={"exception_subaccounts": declared})
    before = Webhook(id=ID, extra={"exception_subaccounts": existing})
    after = Webhook(id=ID, extra={"exception_subaccounts": declared})

    assert fields_that("equal", compare(changes, before)) == ["exception_subaccounts"] * same
    assert bool(how_changed(before, after, "exception_subaccounts")) is not same


# field, declared, existing, result, said
CASES: list[tuple[str, Any, Any, str, str]] = [
    ("name", "orders", "orders", "equal", ""),
    ("name", "orders", "Orders", "differs", "'Orders' → 'orders'"),
    ("name", "orders", "", "unknown", NOT_SHOWN),
    ("name", "orders", " orders\n", "equal", ""),
    ("name", "orders", " Orders", "differs", "'Orders' → 'orders'"),
    ("active", True, True, "equal", ""),
    ("active", False, False, "equal", ""),
    ("active", False, True, "differs", "True → False"),
    ("active", True, False, "differs", "False → True"),
    ("active", False, None, "unknown", NOT_SHOWN),
    ("auth_type", "basic", "basic", "equal", ""),
    ("auth_type", "none", "basic", "differs", "'basic' → 'none'"),
    ("auth_type", "none", None, "unknown", NOT_SHOWN),
    ("target", URL, URL, "equal", ""),
    ("target", URL, f"{URL}/", "differs", f"{URL}/ → {URL}"),
    ("target", "https://C.Example.COM:443", "https://c.example.com/", "equal", ""),
    ("target", "http://h:80/", "http://h", "equal", ""),
    ("target", "https://h:443/x?k=a#f", "https://H/x?k=a#f", "equal", ""),
    ("target", "https://h/", "http://h/", "differs", "http://h/ → https://h/"),
    ("target", "https://h:80/", "https://h/", "differs", "https://h/ → https://h:80/"),
    ("target", "https://h/X", "https://h/x", "differs", "https://h/x → https://h/X"),
    ("target", "https://U@h/", "https://u@h/", "differs", f"https://***@h/ → https://***@h/ {HIDDEN}"),
    ("target", URL, "https://h:port/", "differs", f"(unreadable) → {URL}"),
    ("target", "https://h:port/", "https://h:port/", "equal", ""),
    ("target", "HTTPS://h", "https://h/", "equal", ""),
    ("target", "https://u:p@H/", "https://u:p@h", "equal", ""),
    ("target", f"{URL}?k=a", URL, "differs", f"{URL} → {URL}?***"),
    ("target", f"{URL}?k=a", f"{URL}?k=b", "differs", f"{URL}?*** → {URL}?*** {HIDDEN}"),
    (
        "target",
        "https://u:a@h/",
        "https://u:b@h/",
        "differs",
        f"https://***@h/ → https://***@h/ {HIDDEN}",
    ),
    ("target", URL, "", "unknown", NOT_SHOWN),
    ("target", URL, None, "unknown", NOT_SHOWN),
    ("target", "https://u:a@h/", "https://***@h/", "unknown", NOT_SHOWN),
    ("events", ["a", "b"], ("a", "b"), "equal", ""),
    ("events", ["b", "a"], ("a", "b"), "equal", ""),
    ("events", ["a", "b"], ("a",), "differs", "add b"),
    ("events", ["a"], ("a", "b", "c"), "differs", "drop b, c"),
    ("events", ["a", "b"], ("c",), "differs", "add a, b; drop c"),
    ("events", ["a"], (), "unknown", NOT_SHOWN),
    ("custom_headers", {"X-A": "v"}, {"X-A": "v"}, "equal", ""),
    ("custom_headers", {"X-A": "v"}, {"x-a": "v"}, "equal", ""),
    ("custom_headers", {"x-a": "v"}, {"X-A": "v"}, "equal", ""),
    ("custom_headers", {}, {}, "equal", ""),
    ("custom_headers", {}, None, "unknown", NOT_SHOWN),
    ("custom_headers", {"X-A": "v"}, None, "unknown", NOT_SHOWN),
    ("custom_headers", {"X-A": "v"}, {}, "differs", "x-a missing"),
    ("custom_headers", {"X-A": "v"}, {"X-A": "V"}, "differs", "x-a differs"),
    ("custom_headers", {}, {"X-A": "v"}, "differs", "x-a not declared"),
    ("custom_headers", {"X-A": "v"}, {"X-A": "v", "X-B": "w"}, "differs", "x-b not declared"),
    ("custom_headers", {"X-A": "v"}, {"X-A": None}, "unknown", f"x-a {NOT_SHOWN}"),
    ("custom_headers", {"X-A": "v", "X-B": "w"}, {"X-A": "***", "X-B": "W"}, "differs", "x-b differs"),
    ("custom_headers", {"X-A": "v", "X-B": "w"}, {"X-A": "***", "X-B": "w"}, "unknown", f"x-a {NOT_SHOWN}"),
    ("custom_headers", {"X-A": "v", "X-B": "w"}, {"X-C": "v"}, "differs", "x-a missing, x-b missing, x-c not declared"),
    ("auth_credentials", BASIC, BASIC, "equal", ""),
    ("auth_credentials", BASIC, {**BASIC, "access_token": "t", "expires_in": 60}, "equal", ""),
    ("auth_credentials", {}, BASIC, "differs", "set, and declared empty"),
    ("auth_credentials", {}, {"username": "***"}, "differs", "set, and declared empty"),
    ("auth_credentials", {}, {}, "equal", ""),
    ("auth_credentials", {}, None, "equal", ""),
    ("auth_request_details", {}, OAUTH, "differs", "set, and declared empty"),
    ("auth_credentials", BASIC, {**BASIC, "password": "q"}, "differs", "password differs"),
    ("auth_credentials", BASIC, {"username": "U", "password": "q"}, "differs", "username differs, password differs"),
    ("auth_credentials", BASIC, {"username": "U"}, "differs", "username differs"),
    ("auth_credentials", BASIC, {"username": "u"}, "unknown", f"password {NOT_SHOWN}"),
    ("auth_credentials", BASIC, {"USERNAME": "u", "password": "p"}, "unknown", f"username {NOT_SHOWN}"),
    ("auth_credentials", BASIC, None, "unknown", f"username {NOT_SHOWN}, password {NOT_SHOWN}"),
    ("auth_request_details", OAUTH, OAUTH, "equal", ""),
    ("auth_request_details", OAUTH, {**OAUTH, "headers": {"a": "b"}, "token": "t"}, "equal", ""),
    ("auth_request_details", OAUTH, {**OAUTH, "body": {**BODY, "x": 1}}, "differs", "body.x not declared"),
    ("auth_request_details", OAUTH, {**OAUTH, "body": {**BODY, "x": "***"}}, "differs", "body.x not declared"),
    ("auth_request_details", {"url": OAUTH["url"]}, OAUTH, "equal", ""),
    ("auth_request_details", OAUTH, {**OAUTH, "url": "https://b.example.com"}, "differs", "url differs"),
    ("auth_request_details", OAUTH, {**OAUTH, "url": "https://A.example.com:443/"}, "equal", ""),
    ("auth_request_details", OAUTH, {**OAUTH, "url": "http://a.example.com"}, "differs", "url differs"),
    ("auth_request_details", OAUTH, {**OAUTH, "url": None}, "unknown", f"url {NOT_SHOWN}"),
    ("auth_request_details", OAUTH, {"url": OAUTH["url"], "body": ""}, "unknown", f"body {NOT_SHOWN}"),
    (
        "auth_request_details",
        {"body": {"deep": {"a": 1}}},
        {"body": {"deep": {"a": 1, "b": 2}}},
        "differs",
        "body.deep.b not declared",
    ),
    ("nested", {"url": "https://H"}, {"url": "https://h:443/"}, "equal", ""),
    ("nested", {"link": "https://H"}, {"link": "https://h/"}, "differs", "link differs"),
    (
        "auth_request_details",
        OAUTH,
        {**OAUTH, "body": {**BODY, "client_secret": "S"}},
        "differs",
        "body.client_secret differs",
    ),
    ("auth_request_details", OAUTH, {**OAUTH, "body": "client_id=i"}, "differs", "body differs"),
    ("auth_request_details", OAUTH, {**OAUTH, "body": "***"}, "unknown", f"body {NOT_SHOWN}"),
    (
        "auth_request_details",
        OAUTH,
        {**OAUTH, "body": {"client_id": "i", "grant_type": "client_credentials"}},
        "unknown",
        f"body.client_secret {NOT_SHOWN}",
    ),
    (
        "auth_request_details",
        OAUTH,
        {"url": OAUTH["url"]},
        "unknown",
        f"body.client_id {NOT_SHOWN}, body.client_secret {NOT_SHOWN}, body.grant_type {NOT_SHOWN}",
    ),
    ("auth_request_details", {"body": {"n": 5}}, {"body": {"n": "5"}}, "equal", ""),
    ("batch_limit", 5, 5, "equal", ""),
    ("batch_limit", 5, 6, "differs", "differs"),
    ("batch_limit", 5, None, "unknown", NOT_SHOWN),
    ("auth_token", "t", "***", "unknown", NOT_SHOWN),
    ("nested", {"a": [1]}, {"a": [1]}, "equal", ""),
    ("nested", {"a": [1]}, {"a": [2]}, "differs", "a differs"),
    ("nested", {"a": 1}, {"a": 1, "b": 2}, "equal", ""),
    ("nested", {"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, "equal", ""),
    ("nested", {"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, "differs", "a.b differs"),
    ("nested", {"a": 1, "b": 2}, {"a": 1}, "unknown", f"b {NOT_SHOWN}"),
    ("nested", {"a": 1}, None, "unknown", f"a {NOT_SHOWN}"),
    ("nested", {"a": 1}, "text", "differs", "differs"),
    ("list", [1, 2], [2, 1], "differs", "differs"),
]


def compare_field(field: str, declared: Any, existing: Any, auth_type: str | None = None) -> FieldComparison:
    if field in FIELDS:
        asked, there = WebhookChanges(**{field: declared}), {"auth_type": auth_type, field: existing}
    else:
        asked, there = WebhookChanges(extra={field: declared}), {"extra": {field: existing}}
    [compared] = compare(asked, Webhook(id=ID, **there))
    return compared


@pytest.mark.parametrize(("field", "declared", "existing", "result", "said"), CASES)
def test_a_field_is_equal_or_differs_or_is_not_known(
    field: str, declared: Any, existing: Any, result: str, said: str
) -> None:
    compared = compare_field(field, declared, existing)
    assert (compared.field, compared.result, compared.said) == (field, result, said)


@pytest.mark.parametrize("mask", MASKS)
def test_what_the_service_masks_is_not_known(mask: str) -> None:
    for field, declared, existing in (
        ("auth_credentials", BASIC, {**BASIC, "password": mask}),
        ("auth_request_details", OAUTH, {**OAUTH, "body": {**BODY, "client_secret": mask}}),
        ("custom_headers", {"X-A": "v"}, {"x-a": mask}),
        ("target", URL, mask),
        ("batch_limit", 5, mask),
    ):
        assert compare_field(field, declared, existing).result == "unknown"
    assert compare_field("auth_credentials", {"password": mask}, {"password": mask}).result == "equal"


@pytest.mark.parametrize("text", ["x", "xx", "xxy", "x**", "x••", 0, False, ["***"]])
def test_what_only_looks_a_little_like_a_mask_is_compared(text: Any) -> None:
    assert compare_field("auth_credentials", {"password": "p"}, {"password": text}).result == "differs"


@pytest.mark.parametrize(
    ("field", "declared", "auth_type", "others"),
    [
        ("auth_credentials", BASIC, "basic", ["none", "oauth2"]),
        ("auth_request_details", OAUTH, "oauth2", ["none", "basic"]),
    ],
)
def test_credentials_of_an_auth_type_that_is_not_in_use_differ(
    field: str, declared: dict[str, Any], auth_type: str, others: list[str]
) -> None:
    for existing in (declared, None, {"username": "***"}):
        for other in others:
            compared = compare_field(field, declared, existing, other)
            assert (compared.result, compared.said) == ("differs", f"not in use, as auth_type is {other!r}")
        assert "not in use" not in compare_field(field, declared, existing, auth_type).said
        assert "not in use" not in compare_field(field, declared, existing).said
    assert compare_field(field, {}, None, others[0]).result == "equal"
    assert compare_field(field, {}, declared, others[0]).said == "set, and declared empty"


def test_an_auth_type_that_nobody_knows_may_make_use_of_any_credentials() -> None:
    for field, value in (("auth_credentials", BASIC), ("auth_request_details", OAUTH)):
        assert compare_field(field, value, value, "hmac").result == "equal"
        assert "not in use" not in compare_field(field, value, None, "hmac").said


def test_the_token_of_oauth2_is_no_difference_from_empty_credentials() -> None:
    token = {"access_token": "t", "expires_in": 60}
    assert compare_field("auth_credentials", {}, token, "oauth2").result == "equal"
    for auth_type in ("basic", "none", "hmac", None):
        compared = compare_field("auth_credentials", {}, token, auth_type)
        assert (compared.result, compared.said) == ("differs", "set, and declared empty")
    assert compare_field("auth_request_details", {}, OAUTH, "oauth2").result == "differs"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://h", "https://H:443/", True),
        ("http://h:80/x?a#b", "HTTP://H/x?a#b", True),
        ("https://h:8443", "https://H:8443/", True),
        ("https://h/", "https://h:80/", False),
        ("https://h/x", "https://h/x/", False),
        ("https://h/?a", "https://h/?A", False),
        ("https://h/#a", "https://h/", False),
        ("https://u@h/", "https://h/", False),
        ("https://[h", "https://[h", True),
        ("https://[h", "https://[H", False),
        (None, None, True),
        (None, "https://h", False),
        (5, 5, True),
        (["https://h"], "https://h", False),
        ("https://h", "***", False),
    ],
)
def test_two_urls_are_the_same_however_they_are_written(one: Any, other: Any, same: bool) -> None:
    assert same_url(one, other) is same
    assert same_url(other, one) is same


@pytest.mark.parametrize("blank", [None, "", {}, (), {"a": None}, {"a": {"b": ""}, "c": {}}])
def test_what_is_blank(blank: Any) -> None:
    assert is_blank(blank)


@pytest.mark.parametrize("value", [0, False, " ", "***", {"a": 0}, {"a": {"b": "", "c": False}}, ("",)])
def test_what_is_not_blank(value: Any) -> None:
    assert not is_blank(value)


def test_only_what_is_declared_is_compared_in_its_order() -> None:
    changes = WebhookChanges(
        name="orders", active=False, custom_headers={}, extra={"limit": 5, "other": 1, "null": None}
    )
    existing = Webhook(id=ID, name="Orders", target=URL, active=False, extra={"limit": 6, "third": 1})
    compared = compare(changes, existing)
    assert [(field.field, field.result) for field in compared] == [
        ("name", "differs"),
        ("active", "equal"),
        ("custom_headers", "unknown"),
        ("limit", "differs"),
        ("other", "unknown"),
        ("null", "equal"),
    ]
    assert fields_that("differs", compared) == ["name", "limit"]
    assert fields_that("unknown", compared) == ["custom_headers", "other"]
    assert fields_that("equal", compared) == ["active", "null"]


def test_a_repeated_event_is_no_difference() -> None:
    existing = Webhook(id=ID, events=("a", "b"))
    assert compare(WebhookChanges(events=["b", "a", "b"]), existing)[0].result == "equal"


def test_what_a_webhook_has_for_a_field() -> None:
    webhook = Webhook(id=ID, name="orders", extra={"limit": 5})
    assert [value_of(webhook, field) for field in ("name", "active", "limit", "other")] == ["orders", None, 5, None]
    empty = Webhook(id=ID, active=False, custom_headers={}, extra={"limit": 0, "text": ""})
    fields = ("name", "target", "events", "active", "custom_headers", "limit", "text")
    assert [value_of(empty, field) for field in fields] == [None, None, None, False, {}, 0, None]


def test_a_field_that_a_webhook_has_of_its_own_is_none_of_the_contracts() -> None:
    assert value_of(Webhook(id=ID, name="orders", extra={}), "label") is None


def test_a_comparison_as_text() -> None:
    assert str(FieldComparison(field="active", result="differs", said="True → False")) == "active: True → False"


SECRETS: list[tuple[str, Any, Any]] = [
    ("target", "https://u:pl4nted-1@h/x?k=pl4nted-1#pl4nted-1", "https://u:pl4nted-2@h/x?k=pl4nted-2#pl4nted-2"),
    ("target", "https://pl4nted-1@h/x", "https://h/y"),
    ("target", "https://h/x", "https://u:pl4n/pl4nted-2@h/x"),
    ("custom_headers", {"X-A": "pl4nted-1"}, {"X-A": "pl4nted-2", "X-B": "pl4nted-3"}),
    ("custom_headers", {"X-A": "pl4nted-1"}, {"X-A": "pl4nted***"}),
    ("custom_headers", {"X-A": "pl4nted-1"}, None),
    ("auth_credentials", {"username": "u", "password": "pl4nted-1"}, {"username": "u", "password": "pl4nted-2"}),
    ("auth_credentials", {"username": "u", "password": "pl4nted-1"}, {"username": "u"}),
    ("auth_credentials", {"password": {"deep": "pl4nted-1"}}, {"password": {"deep": ["pl4nted-2"]}}),
    ("auth_request_details", {"body": {"client_secret": "pl4nted-1"}}, {"body": {"client_secret": "pl4nted-2"}}),
    ("auth_request_details", {"body": {"client_secret": "pl4nted-1"}}, {"body": "client_secret=pl4nted-2"}),
    ("auth_request_details", {"url": "https://u:pl4nted-1@h"}, {"url": "https://u:pl4nted-2@h"}),
    ("auth_token", "pl4nted-1", "pl4nted-2"),
    ("nested", {"a": ["pl4nted-1"]}, {"a": ["pl4nted-2"]}),
    ("nested", ["pl4nted-1"], None),
]


@pytest.mark.parametrize(("field", "declared", "existing"), SECRETS)
def test_no_secret_is_in_what_is_said(field: str, declared: Any, existing: Any) -> None:
    compared = compare_field(field, declared, existing)
    assert compared.result != "equal"
    assert compared.said
    assert "pl4n" not in repr(compared)
    assert "pl4n" not in str(compared)


def test_what_is_said_is_one_bounded_line() -> None:
    long = "n\n" * 5000
    for field, declared, existing in (
        ("name", long, f"{long}m"),
        ("target", f"https://h/{long}", f"https://h/m{long}"),
        ("events", [long], ("a",)),
        ("custom_headers", {long: "v"}, {}),
        ("auth_credentials", {f"a{n}\n": "v" for n in range(500)}, {}),
    ):
        compared = compare_field(field, declared, existing)
        assert compared.said.isprintable()
        assert len(compared.said) < 500


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
objects = st.dictionaries(
    st.text("abcX-", min_size=1, max_size=6),
    st.recursive(leaves, lambda inner: st.dictionaries(st.text("ab", min_size=1, max_size=3), inner, max_size=3)),
    max_size=4,
)


@bounded
@given(objects, objects)
def test_a_webhook_is_equal_to_itself_whatever_else_it_has(value: dict[str, Any], more: dict[str, Any]) -> None:
    for field in ("auth_credentials", "auth_request_details", "other"):
        assert compare_field(field, value, value).result == "equal"
        if value:
            assert compare_field(field, value, {**more, **value}).result == "equal"


@bounded
@given(objects, objects)
def test_any_two_objects_are_compared(declared: dict[str, Any], existing: dict[str, Any]) -> None:
    for field in ("auth_credentials", "auth_request_details", "custom_headers", "other"):
        compared = compare_field(field, declared, existing)
        assert (compared.result == "equal") is (compared.said == "")


def test_a_token_beside_credentials_that_shall_be_empty_is_no_difference() -> None:
    token = Webhook(id=ID, auth_type="oauth2", auth_credentials={"access_token": "t"})
    [found] = compare(WebhookChanges(auth_credentials={}), token)
    assert (found.field, found.result) == ("auth_credentials", "equal")
