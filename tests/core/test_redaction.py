from __future__ import annotations

import json
import time
from base64 import b64encode
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.redaction import (
    PUBLIC_NAMES,
    basic_tokens,
    beginning_of,
    is_deeper,
    is_masked,
    is_telltale,
    leaves,
    one_line,
    redacted,
    safe_headers,
    safe_text,
    safe_url,
    secrets_in,
    secrets_in_authentication,
    secrets_in_headers,
    secrets_in_url,
    secrets_named,
    shown_fields,
)
from tests.core.helpers import bounded

secrets = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-_.+=!$%", min_size=8, max_size=40).map("S3".__add__)
plain = st.text("klmnopqr ", max_size=30)
names = st.text("abcdefgh-X_", min_size=1, max_size=12)


@bounded
@given(st.text(max_size=2000), st.integers(10, 400))
def test_one_line_is_one_printable_bounded_line(text: str, most: int) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert line.isprintable()
    assert line == line.strip()


def test_one_line_shows_that_it_was_cut() -> None:
    assert one_line("a" * 20, 10) == "aaaaaaaaa…"
    assert one_line("a" * 10, 10) == "a" * 10
    assert one_line("a\n\tb\x00c\u202ed  e") == "a b c d e"


@bounded
@given(plain, secrets, plain)
def test_a_known_secret_never_survives(before: str, secret: str, after: str) -> None:
    assert secret not in safe_text(before + secret + after, [secret])
    assert secret not in beginning_of((before + secret + after).encode(), [secret])


@bounded
@given(secrets, st.integers(0, 3000), st.sampled_from([" ", "<b>", "x", "\n"]))
def test_not_even_the_half_of_a_known_secret_survives_where_a_text_is_cut(
    secret: str, place: int, filling: str
) -> None:
    text = f"<p>{filling * place}{secret} {secret}"
    half = secret[: len(secret) // 2 + 1]
    assert half not in safe_text(text, [secret])
    assert half not in beginning_of(text.encode(), [secret])


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_not_even_the_half_of_what_looks_like_a_secret_survives_there(cut: int) -> None:
    text = "<p>" + " " * (2400 - 3 - cut) + "https://user:S3cret-S3cret-S3cret-S3cret-S3cret@h/ x"
    assert "S3c" not in safe_text(text)
    assert "S3c" not in beginning_of(text.encode())


def test_a_text_of_nothing_but_secrets_shows_none_of_them() -> None:
    secret = "Z" * 40
    assert "ZZ" not in safe_text(f"{secret} " * 200, [secret])
    assert "ZZ" not in beginning_of(f"{secret} ".encode() * 200, [secret])


def test_the_longer_of_two_secrets_goes_first_and_tiny_ones_would_mask_everything() -> None:
    assert safe_text("key-1-long key-1 a1b", ["key-1", "key-1-long", "a1b", ""]) == "*** *** a1b"


def nested(value: Any, path: list[str]) -> Any:
    for name in path:
        value = [{name: value}] if len(name) % 2 else {name: value}
    return value


@bounded
@given(secrets, st.lists(names, max_size=5), plain, st.sampled_from([None, 1]), st.integers(0, 20))
def test_no_text_of_a_json_body_survives_whole_or_cut(
    secret: str, path: list[str], text: str, indent: int | None, cut: int
) -> None:
    body = json.dumps({"results": [{"name": text, **({"a": nested(f"{text}{secret}{text}", path)})}, 5]}, indent=indent)
    for shown in (
        body,
        body[: len(body) - cut],
        body[: body.index(secret) + len(secret)],
        f"\ufeff{body}",
        f"oops {body}",
    ):
        assert secret not in beginning_of(shown.encode())
        assert "results" in beginning_of(shown.encode())


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", "(nothing)"),
        (b" \n ", "(nothing)"),
        (b"<html></html>", "(nothing)"),
        (b"<html><head><title>502 Bad Gateway</title></head>", "502 Bad Gateway"),
        (b'{"results": [{"name": "orders", "n": 5}]}', '{"results": [{"name": "***", "n": 5}]}'),
        (b'{"results":[{"name":"orders","auth', '{"results":[{"name":"***","***"'),
        (b'{"a": "x\\"y", "b": "z"}', '{"a": "***", "b": "***"}'),
        (b'{"a": "x\\\nS3cret"}', '{"a": "***"}'),
        (b'"S3cret"', '"***"'),
        (b'["S3cret", 1]', '["***", 1]'),
        (b'<pre>{"X-Harmless": "S3cret"}</pre>', '{"X-Harmless": "***"}'),
        (b"no such host", "no such host"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_the_beginning_of_a_body(body: bytes, shown: str) -> None:
    assert beginning_of(body) == shown


TELLING = [
    "password=S3cret",
    "Password: S3cret",
    "db_passwd = S3cret",
    "client_secret=S3cret&x=1",
    "access_token: 'S3cret and more S3cret'",
    '"token": "S3cret and \\" more S3cret"',
    '"token": "S3cret cut',
    "'token': 'S3cret cut",
    '{"password": 123, "auth_token": "S3cret"}',
    '{"credentials": {"password": "S3cret", "other": {"x": "S3cret"}, "y": "S3cret"}}',
    '{"credentials": ["a", "S3cret"]}',
    "{'auth_request_details': {'body': {'client_secret': 'S3cret'}}}",
    '{\\"api_key\\": \\"S3cret\\"}',
    "Authorization: AccessKey S3cret",
    "Authorization: Token S3cret",
    "Authorization: Basic S3cret==",
    "proxy-authorization: Digest username=x, response=S3cret",
    "Cookie: a=1; sid=S3cret",
    "Set-Cookie: sid=S3cret; Path=/",
    "X-Api-Key: S3cret",
    "sent with Bearer S3cret",
    "AccessKey S3cret was refused",
    "https://user:S3cret@c.example.com/x",
    "https://S3cret@c.example.com/x",
    "https://user:pa/S3cret@c.example.com/x",
    "https://c.example.com/x?key=S3cret&x=S3cret",
    '<a href="https://c.example.com/x?k=S3cret">',
]


@pytest.mark.parametrize("text", TELLING)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert "S3cret" not in safe_text(f"it said {text}")
    assert "S3cret" not in safe_text(text.upper().replace("S3CRET", "S3cret"))
    assert "S3cret" not in beginning_of(f"<p>{text}".encode())
    assert "it said" in safe_text(f"it said\n{text}")


def test_white_space_and_tags_do_not_crowd_out_what_was_said() -> None:
    assert safe_text("a" + " " * 1000 + "b") == "a b"
    assert beginning_of(b"<html>" + b"<br/>" * 300 + b"Bad Gateway") == "Bad Gateway"


@pytest.mark.parametrize(
    "text",
    [
        "no such host c.example.com",
        "HTTPSConnectionPool(host='c.example.com', port=443): Max retries exceeded",
        "see https://docs.example.com/x for more",
        "SSL: CERTIFICATE_VERIFY_FAILED",
        "events must hold 1 or more of: delivery, bounce",
        "",
    ],
)
def test_what_does_not_is_shown(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize(
    ("piece", "times"),
    [
        ("a", 5000),
        ("auth", 1300),
        ("a.", 2500),
        ("-", 5000),
        ("auth:", 1000),
        ('"', 5000),
        ("\\", 5000),
        ('"\\', 2500),
        ("<", 5000),
        ("://", 1700),
        ("auth ", 1000),
        ("auth    ", 700),
        ("authorization:", 400),
        ("Bearer ", 800),
        ("{", 5000),
        ("auth: x ", 1_000_000),
        ("<a href='x'>", 500_000),
    ],
)
def test_no_text_takes_long(piece: str, times: int) -> None:
    text = piece * times
    started = time.process_time()
    safe_text(text)
    beginning_of(text.encode())
    beginning_of(b"{" + text.encode())
    assert time.process_time() - started < 1.0


@bounded
@given(st.binary(max_size=3000), st.lists(st.text(max_size=6), max_size=3))
def test_the_beginning_of_any_bytes_is_a_bounded_line(body: bytes, known: list[str]) -> None:
    shown = beginning_of(body, known)
    assert shown
    assert len(shown) <= 300
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://c.example.com/reach", "https://c.example.com/reach"),
        ("https://c.example.com:8443/", "https://c.example.com:8443/"),
        ("https://user:S3cret@c.example.com/x", "https://***@c.example.com/x"),
        ("https://S3cret@c.example.com", "https://***@c.example.com"),
        ("https://a:S3@cret@c.example.com", "https://***@c.example.com"),
        ("https://c.example.com/@team/x", "https://c.example.com/@team/x"),
        ("https://c.example.com/x?key=S3cret#S3cret", "https://c.example.com/x?***#***"),
        ("//user:S3cret@c.example.com/", "***@c.example.com/"),
        ("/login?next=S3cret", "/login?***"),
        ("user:S3cret@c.example.com/x", "user://c.example.com/x"),
        ("https://user:pa/S3cret@c.example.com", "(unreadable)"),
        ("https://user:pa?S3cret@c.example.com", "(unreadable)"),
        ("http://[S3cret", "(unreadable)"),
        ("", ""),
    ],
)
def test_a_url_as_it_may_be_shown(url: str, shown: str) -> None:
    assert safe_url(url) == shown


@bounded
@given(st.text(max_size=400))
def test_any_url_is_a_bounded_line(url: str) -> None:
    assert len(safe_url(url)) <= 200
    assert safe_url(url).isprintable()


@bounded
@given(
    secrets,
    st.sampled_from(["https://u:{}@h/x", "https://{}@h", "https://h/?a={}", "https://h/x?{}#y", "https://h#{}"]),
)
def test_no_secret_of_a_url_survives(secret: str, url: str) -> None:
    assert secret not in safe_url(url.format(secret.replace("%", "")))


def test_headers_of_a_target_as_they_may_be_shown() -> None:
    headers = {"Content-Type": "text/plain", "Set-Cookie": "S3cret", "X-Auth": "S3cret", "X\nY": "a\nb k3y-1", "N": 5}
    assert safe_headers(headers, ["k3y-1"]) == {
        "Content-Type": "text/plain",
        "Set-Cookie": "***",
        "X-Auth": "***",
        "X Y": "a b ***",
        "N": "5",
    }
    many = safe_headers({f"X-{n}" * 100: "v" * 1000 for n in range(100)})
    assert len(many) <= 20
    assert all(len(name) <= 80 and len(value) <= 120 for name, value in many.items())


def test_a_redacted_value_shows_what_is_set() -> None:
    value = {"username": "u", "password": "S3cret", "nested": {"list": ["S3cret"], "none": None, "flag": False}, 5: 6}
    assert redacted(value) == {
        "username": "***",
        "password": "***",
        "nested": {"list": "***", "none": None, "flag": "***"},
        "5": "***",
    }
    assert redacted(None) is None
    assert redacted("S3cret") == "***"


def test_public_names_are_shown_and_their_urls_without_credentials() -> None:
    value = {
        "username": "ops@example.com",
        "url": "https://u:S3cret@a/",
        "body": {"client_id": "i", "password": "S3cret"},
    }
    assert redacted(value, PUBLIC_NAMES) == {
        "username": "ops@example.com",
        "url": "https://***@a/",
        "body": {"client_id": "i", "password": "***"},
    }
    assert redacted({"username": {"odd": "S3cret"}}, PUBLIC_NAMES) == {"username": {"odd": "***"}}


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


@pytest.mark.parametrize("name", ["WWW-Authenticate", "www-authenticate", "Www-Authenticate"])
def test_a_challenge_tells_what_is_missing_and_is_shown(name: str) -> None:
    value = 'Digest realm="orders", error="invalid_request" k3y-1'
    assert safe_headers({name: value}, ["k3y-1"]) == {name: 'Digest realm="orders", error="invalid_request" ***'}
    for challenge in ('Basic realm="orders"', 'Bearer realm="a", error="invalid_token", error_description="expired"'):
        assert safe_headers({name: challenge}) == {name: challenge}
    assert safe_headers({name: "Basic " + "x\n" * 500})[name].isprintable()
    assert len(safe_headers({name: "Basic " + "x\n" * 500})[name]) == 120
    assert safe_headers({"Proxy-Authorization": value, "X-WWW-Authenticate": value}) == {
        "Proxy-Authorization": "***",
        "X-WWW-Authenticate": "***",
    }


# What HTTP makes of credentials
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


# What stands in for a secret
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


# What of a URL is a secret, and the forms in which a secret may come back
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


@pytest.mark.parametrize(
    "said",
    [
        'k"3y/\u00fc 1',
        'k\\"3y/\u00fc 1',
        'k\\"3y/\\u00fc 1',
        "k%223y/%C3%BC%201",
        "k%223y%2F%C3%BC%201",
        "k%223y%2F%C3%BC+1",
        "k%223y/%c3%bc%201",
        "k%223y%2f%c3%bc%201",
        "k%223y%2f%c3%bc+1",
        "k&quot;3y/\u00fc 1",
    ],
)
def test_a_secret_is_masked_in_every_form_in_which_it_may_be_repeated(said: str) -> None:
    assert safe_text(f"saw {said}.", ['k"3y/\u00fc 1']) == "saw ***."


def test_a_secret_is_masked_in_the_forms_of_html() -> None:
    for said in ("a&lt;b&gt;&amp;&quot;&#x27;", "a&lt;b&gt;&amp;\"'", "a<b>&\"'"):
        assert safe_text(f"saw {said}.", ["a<b>&\"'"]) == "saw ***."


def test_a_secret_that_no_text_can_hold_does_no_harm() -> None:
    assert safe_text("saw it", ["\ud800" * 5]) == "saw it"


def test_the_longest_secret_is_replaced_first_and_the_shortest_has_four_letters() -> None:
    assert safe_text("a-zzzz-b", ("zzzz", "a-zzzz-b")) == "***"
    assert safe_text("is pa55 it", ("pa55",)) == "is *** it"


def test_what_is_shown_is_as_long_as_it_may_be() -> None:
    assert safe_text("ab " * 5000) == "ab " * 99 + "ab…"
    assert len(beginning_of(b"x " * 1000, (), 50)) == 50
    assert safe_url("https://h/" + "x" * 300) == "https://h/" + "x" * 189 + "…"
    assert redacted({"username": "n" * 300}, PUBLIC_NAMES) == {"username": "n" * 199 + "…"}


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


@pytest.mark.parametrize(
    ("value", "levels"),
    [
        ("text", 0),
        (None, 0),
        ([], 0),
        ({}, 0),
        ([1], 1),
        ((1,), 1),
        (MappingProxyType({"a": "b"}), 1),
        ([{"a": ["b"]}, 1, []], 3),
        ({"a": {"b": ({"c": 1}, {})}}, 4),
    ],
)
def test_how_deep_a_value_is_nested(value: Any, levels: int) -> None:
    assert not is_deeper(value, levels)
    assert levels == 0 or is_deeper(value, levels - 1)


def test_a_value_that_holds_itself_is_deeper_and_one_that_is_there_often_is_looked_at_once() -> None:
    itself: list[Any] = []
    itself.append(itself)
    often: list[Any] = [1]
    for _ in range(99):
        often = [often, often]

    assert is_deeper(itself, 100)
    assert is_deeper(often, 99)
    assert not is_deeper(often, 100)


def test_what_is_hidden_is_bounded_by_name_and_number() -> None:
    assert list(redacted({"n" * 81: "s"})) == ["n" * 79 + "…"]
    assert len(redacted({str(n): "s" for n in range(101)})) == 100


def test_a_target_that_is_no_text_is_hidden_like_any_value() -> None:
    assert shown_fields({"target": {"url": "https://u:pl4nted@h"}}) == {"target": {"url": "***"}}
    assert shown_fields({"target": "https://u:pl4nted@h"}) == {"target": "https://***@h"}


def test_a_value_is_as_deep_as_the_deepest_in_it() -> None:
    assert is_deeper([[[1]], [1]], 2)
    assert is_deeper([[1], [[1]]], 2)
    assert not is_deeper([[1], [[1]]], 3)
