from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.secrets.detect import PUBLIC_NAMES
from airflow_provider_reach.core.secrets.redact import (
    beginning_of,
    redacted,
    safe_headers,
    safe_text,
    safe_url,
    shown_fields,
    stable_name,
)
from tests.unit.core.helpers import bounded

secrets = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-_.+=!$%", min_size=8, max_size=40).map("S3".__add__)
plain = st.text("klmnopqr ", max_size=30)
names = st.text("abcdefgh-X_", min_size=1, max_size=12)


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
        ("//user:S3cret@c.example.com/", "//***@c.example.com/"),
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


# The forms in which a secret may come back


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


def test_what_is_hidden_is_bounded_by_name_and_number() -> None:
    assert list(redacted({"n" * 81: "s"})) == ["n" * 79 + "…"]
    assert len(redacted({str(n): "s" for n in range(101)})) == 100


def test_a_target_that_is_no_text_is_hidden_like_any_value() -> None:
    assert shown_fields({"target": {"url": "https://u:pl4nted@h"}}) == {"target": {"url": "***"}}
    assert shown_fields({"target": "https://u:pl4nted@h"}) == {"target": "https://***@h"}


def test_what_is_named_by_an_object_is_shown_under_its_type() -> None:
    assert [stable_name(name) for name in ("a", 5, 1.5, None, ("a",), object())] == [
        *("a", "5", "1.5", "None"),
        *("<tuple>", "<object>"),
    ]


def test_only_of_a_page_the_style_is_no_text() -> None:
    assert beginning_of(b"<p>Off <style>a b</style> now") == "Off now"
    assert beginning_of(b"Off <style>a b</style> now") == "Off <style>a b</style> now"


def test_a_secret_in_the_path_of_a_redirect_is_masked() -> None:
    assert safe_headers({"Location": "https://c.test/k3y-1/x"}, ["k3y-1"]) == {"Location": "https://c.test/***/x"}
