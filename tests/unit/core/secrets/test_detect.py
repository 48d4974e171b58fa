from __future__ import annotations

from base64 import b64encode

import pytest

from airflow_provider_reach.core.secrets.detect import (
    PUBLIC_NAMES,
    basic_tokens,
    is_masked,
    is_telltale,
    leaves,
    secrets_in,
    secrets_in_authentication,
    secrets_in_headers,
    secrets_in_url,
    secrets_named,
)
from airflow_provider_reach.core.secrets.redact import safe_headers


def test_every_leaf_is_a_secret_but_what_is_public_or_nothing() -> None:
    value = {
        "a": "S1",
        "b": ["S2", {"c": "S3"}],
        "d": 1234,
        "e": True,
        "f": None,
        "g": "",
        "username": "u",
        "h": ("S4",),
    }
    assert secrets_in(value, PUBLIC_NAMES) == ("S1", "S2", "S3", "1234", "S4")
    assert secrets_in(value)[-2:] == ("u", "S4")


TELLTALES = (
    "auth_token Password dbPasswd PWD client_secret credentials X-Auth Set-Cookie signature session_id apikey api-key "
    "X-API_KEY access_key AccessKey custom_headers"
)


@pytest.mark.parametrize("name", TELLTALES.split())
def test_a_name_that_tells_of_a_secret(name: str) -> None:
    assert is_telltale(name)
    assert secrets_named({name: "S3cret"}) == ("S3cret",)
    assert safe_headers({name: "S3cret"}) == {name: "***"}


@pytest.mark.parametrize("name", ["name", "limit", "X-Harmless", "key", "pass", "api", "", 5, None])
def test_a_name_that_tells_of_none(name: object) -> None:
    assert not is_telltale(name)
    assert secrets_named({name: "harmless"}) == ()


def test_only_what_stands_under_a_telling_name_is_a_secret() -> None:
    value = {
        "auth_token": "S1",
        "region": "eu",
        "nested": {"password": {"x": ["S2", {"name": "S3"}]}, "list": [{"secret": 1234, "limit": 5}, "plain"]},
        "tuple": ({"cookie": "S4"},),
        "secret_flag": True,
        "token": None,
        "pwd": "",
    }
    assert secrets_named(value) == ("S1", "S2", "S3", "1234", "S4")
    assert secrets_named([value, [value]]) == ("S1", "S2", "S3", "1234", "S4") * 2
    values: list[object] = ["S3cret", None, 5, [], {}]
    assert [secrets_named(nothing) for nothing in values] == [()] * 5


def test_the_token_of_basic_authentication_is_a_secret_too() -> None:
    assert basic_tokens("Aladdin", "open sesame") == ("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "QWxhZGRpbjpvcGVuIHNlc2FtZQ")
    for nobody in (None, ""):
        assert basic_tokens(nobody, "p") == ("OnA=", "OnA")
    assert basic_tokens("\ud800", 5) == ("Pzo1",)
    assert basic_tokens("u", "~~~???>") == ("dTp+fn4/Pz8+", "dTp-fn4_Pz8-")
    assert basic_tokens("u", "~~~???") == ("dTp+fn4/Pz8=", "dTp+fn4/Pz8", "dTp-fn4_Pz8=", "dTp-fn4_Pz8")


@pytest.mark.parametrize("password", [None, ""])
def test_without_a_password_there_is_no_token(password: object) -> None:
    assert basic_tokens("u", password) == ()


def test_what_authentication_holds_is_secret_also_as_it_is_sent() -> None:
    credentials = {"username": "u", "password": "p4ss", "access_token": "t-1", "expires_in": 60}
    body = {"client_id": "i", "client_secret": "s-1", "grant_type": "g", "scope": ["a"], "more": {"x": ["m-1"]}}
    details = {"url": "https://a.example.com", "body": body, "headers": {"X": "h-1"}}
    basic, client = {"dTpwNHNz"}, {"aTpzLTE=", "aTpzLTE"}
    assert set(secrets_in_authentication(credentials, None)) == {"p4ss", "t-1", "60", *basic}
    assert set(secrets_in_authentication(None, details)) == {"s-1", "m-1", "h-1", *client}
    both = set(secrets_in_authentication(credentials, details))
    assert both == {"p4ss", "t-1", "60", "s-1", "m-1", "h-1", *basic, *client}


@pytest.mark.parametrize("odd", [None, "odd-1", ["odd-1"], {"body": "odd-1"}, {"body": ["odd-1"]}, 5, {}])
def test_an_authentication_of_a_wrong_kind_is_secret_as_a_whole(odd: object) -> None:
    found = {"odd-1"} if "odd-1" in str(odd) else {"5"} if odd == 5 else set()
    assert set(secrets_in_authentication(odd, None)) == found
    assert set(secrets_in_authentication(None, odd)) == found


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"X-A": "v-1", "X-B": ""}, {"v-1"}),
        ({"X-A": "Bearer t-1"}, {"Bearer t-1", "t-1"}),
        ({"X-A": "Basic dTpwNHNz"}, {"Basic dTpwNHNz", "dTpwNHNz", "u:p4ss", "p4ss"}),
        ({"X-A": "Basic OnA="}, {"Basic OnA=", "OnA=", ":p", "p"}),
        ({"X-A": "Key YWJj"}, {"Key YWJj", "YWJj"}),  # no pair
        ({"X-A": "Key \u00fc="}, {"Key \u00fc=", "\u00fc="}),
        ({"X-A": "Key //79"}, {"Key //79", "//79"}),  # no text
        ({"X-A": "dTpwNHNz"}, {"dTpwNHNz"}),
        ({"X-A": 1234}, {"1234"}),
        ({"Content-Type": "application/json; x", "ACCEPT": "a", "accept-encoding": "b", "User-Agent": "c d"}, set()),
        ({"Content-Type-X": "v-1"}, {"v-1"}),
        ({5: "v-1"}, {"v-1"}),
        ({}, set()),
        (None, set()),
        ("v-1", {"v-1"}),
        (["v-1", {"X-A": "v-2"}], {"v-1", "v-2"}),
    ],
)
def test_what_custom_headers_hold_is_secret_but_what_is_harmless(headers: object, found: set[str]) -> None:
    assert set(secrets_in_headers(headers)) - {""} == found


def test_every_leaf_of_a_value() -> None:
    value = {"a": 0, "b": [False, None, {"c": ""}], "url": "x", "d": ({"url": 1, "e": "f"},)}
    assert list(leaves(value)) == [0, False, "x", 1, "f"]
    assert list(leaves(value, PUBLIC_NAMES)) == [0, False, "f"]
    alone: list[object] = ["x", "", None, 5, {}, []]
    assert [list(leaves(one)) for one in alone] == [["x"], [], [], [5], [], []]


MASKS = ["***", "ab***", " ******** ", "•••", "p•••", "•", "**", "●●", "··", "xxx", "XXXX", "[REDACTED]", "<hidden>"]
MASKS += ["(masked)", "{Filtered}", "redacted", "https://u:***@h/"]


@pytest.mark.parametrize("text", MASKS)
def test_what_stands_in_for_a_secret(text: str) -> None:
    assert is_masked(text)


@pytest.mark.parametrize(
    "value",
    ["", " ", "[]", "x", "xx", "xxy", "a**", "a••b", "hidden value", "...", None, 0, False, ["***"], {"a": "***"}],
)
def test_what_only_looks_a_little_like_it(value: object) -> None:
    assert not is_masked(value)


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://h/x", set()),
        ("https://u@h/x?page=2", set()),
        ("https://u:p4ss@h/", {"p4ss", "dTpwNHNz"}),
        ("https://u:p%40ss@h/", {"p@ss", "dTpwQHNz"}),
        ("https://:p@h/", {"p", "OnA=", "OnA"}),
        ("https://h/?api_key=k-1&page=2&Token=t%2F1&code=c-1&sig=s-1&hash=&name=n", {"k-1", "t/1", "c-1", "s-1"}),
        ("https://h/?a=elevenchars&b=twelve-chars", {"twelve-chars"}),
        ("https://long-key@h/", {"long-key"}),
        ("https://sh0rter@h/", set()),
        ("https://long-k%40y@h/", {"long-k@y"}),
        ("https://long-user:p4ss@h/", {"p4ss", "bG9uZy11c2VyOnA0c3M=", "bG9uZy11c2VyOnA0c3M"}),
        ("u:p@h", set()),
        ("https://[h/?key=k-1", set()),
        ("", set()),
        (None, set()),
        (5, set()),
    ],
)
def test_what_of_a_url_is_a_secret(url: object, secrets: set[str]) -> None:
    assert set(secrets_in_url(url)) == secrets


def test_the_tokens_of_a_url_may_be_left_out() -> None:
    assert secrets_in_url("https://u:p4ss@h/?key=k-1", tokens=False) == ("k-1", "p4ss")


def test_the_last_word_of_a_header_is_its_token() -> None:
    assert "t0ken" in secrets_in_headers({"X-Auth": "Custom of t0ken"})


def test_a_password_may_hold_a_colon() -> None:
    token = b64encode(b"user:pa:ss").decode()
    assert "pa:ss" in secrets_in_headers({"Authorization": f"Basic {token}"})


@pytest.mark.parametrize(
    ("value", "masked"),
    [("secret", False), ("<secret>", True), ("Hidden", False), ("[Hidden]", True), ("*•●·", True), ("•a", False)],
)
def test_a_word_stands_for_what_is_hidden_only_in_brackets(value: str, masked: bool) -> None:
    assert is_masked(value) is masked
