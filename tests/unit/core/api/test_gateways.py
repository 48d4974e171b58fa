"""What stands between here and the API answers in its place: it is named, blamed for its own words, and asked again."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.decoding import ContractViolation
from airflow_provider_reach.core.api.error_mapping import decode_error, failure_error, status_error
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.api.retry import wait_before_repeat
from tests.unit.core.helpers import NOW, answer, call_to

NGINX_400 = (
    b"<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n<body>\r\n"
    b"<center><h1>400 Bad Request</h1></center>\r\n"
    b"<center>The plain HTTP request was sent to HTTPS port</center>\r\n<hr><center>nginx/1.22.1</center>\r\n"
    b"</body>\r\n</html>\r\n"
)
SQUID = (
    b'<!DOCTYPE html>\n<html><head>\n<meta type="copyright" content="The Squid Software Foundation">\n'
    b'<title>ERROR: Access Denied</title>\n<style type="text/css"><!-- \n /*\n * Stylesheet */\n'
    + b"a { b: c }\n"
    * 300
) + b"--></style></head><body id=ERR_ACCESS_DENIED><h1>ERROR</h1>Access Denied.</body></html>"
HAPROXY_401 = b"<html><body><h1>401 Unauthorized</h1>\nYou need a valid user and password.\n</body></html>"
PAGE = b"<html><body>No</body></html>"
OPERATION = "create webhook 'orders'"


def error_of(got: Answer, *, asks_target: bool = True) -> errors.ReachCallError:
    return status_error(call_to(OPERATION, ("k3y-4711",), asks_target=asks_target), got)


def test_a_refusal_that_is_no_page_may_be_the_key_s_after_all() -> None:
    key = " If it is the API after all, it refuses the key: check the connection's password and auth_scheme."
    for status in (401, 403):
        for body in ({"statusCode": status}, [1], b"Unauthorized"):
            assert str(error_of(answer(body, status, server="nginx"))).endswith(key)
    for got in (answer(PAGE, 401), answer(b"no", 404), answer(b"", 407), answer(b"x", 401, proxy_authenticate="Basic")):
        assert key not in str(error_of(got))


@pytest.mark.parametrize(
    ("got", "says"),
    [
        (
            answer(NGINX_400, 400, server="nginx/1.22.1"),
            ["(HTTP 400) is not the Reach API's: no JSON", "(Server: nginx/1.22.1)", "port speaks https", "https://"],
        ),
        (answer(b"Client sent an HTTP request to an HTTPS server.\n", 400), ["port speaks https"]),
        (answer(PAGE, 400, server="cloudflare"), ["(Server: cloudflare)", "HTTPS_PROXY", "the connection's host"]),
        (
            answer(HAPROXY_401, 401, www_authenticate='Basic realm="the gate"'),
            ['(WWW-Authenticate: Basic realm="the gate")', "You need a valid user", "the connection's host"],
        ),
        (
            answer(SQUID, 403, server="squid/5.7", via="1.1 box (squid/5.7)", x_squid_error="ERR_ACCESS_DENIED 0"),
            [
                "(Server: squid/5.7; Via: 1.1 box (squid/5.7); X-Squid-Error: ERR_ACCESS_DENIED 0)",
                "It begins: ERROR: Access Denied ERROR Access Denied.",
            ],
        ),
        (answer(b"RBAC: access denied", 403, server="envoy"), ["(Server: envoy)", "It begins: RBAC: access denied"]),
        (answer(PAGE, 404), ["(HTTP 404) is not the Reach API's: no JSON", "and gives no name."]),
        (
            answer(SQUID, 407, proxy_authenticate='Basic realm="squid"'),
            ['(Proxy-Authenticate: Basic realm="squid")', "user name and password", "HTTPS_PROXY"],
        ),
        (answer(b"", 407), ["(HTTP 407)", "A proxy answered in its place. The proxy wants a user name and password"]),
        (answer({"message": "Log in"}, 407), ["(HTTP 407)", "user name and password"]),
        (answer(b"", 401, proxy_authenticate="Negotiate"), ["(Proxy-Authenticate: Negotiate)", "user name and pass"]),
        (answer({"errors": []}, 403, x_squid_error="ERR_X 0"), ["(X-Squid-Error: ERR_X 0)", "HTTPS_PROXY"]),
        (answer(b"", 403, content_type="text/html; charset=utf-8"), ["an HTML page", "HTTPS_PROXY"]),
        (answer(PAGE, 413), ["(HTTP 413)", "HTTPS_PROXY"]),
        (answer(PAGE, 302, location="https://login/x?t=k3y-4711"), ["It points to https://login/x?***", "login page"]),
        (answer([1, 2], 401), ["(HTTP 401) is not the Reach API's: JSON of another form"]),
        (answer({"status": "no"}, 400), ["(HTTP 400) is not the Reach API's: JSON of another form"]),
        (answer(b'{"errors": [{"message": "M", "co', 401), ["JSON that is cut off"]),
    ],
)
def test_what_is_not_the_api_s_is_said_by_whoever_stands_between_and_asked_again(got: Answer, says: list[str]) -> None:
    error = error_of(got)

    assert type(error) is errors.ReachDecodeError
    assert not error.final
    assert error.operation == OPERATION
    assert str(error).startswith(f"Could not {OPERATION}: the answer (HTTP {got.status}) is not the Reach API's: ")
    assert [each for each in says if each not in str(error)] == []
    blamed = ("API key was refused", "may not do this", "webhook's target", "No such webhook", "correct what it names")
    assert [each for each in blamed if each in str(error)] == []
    assert "k3y-4711" not in str(error)


@pytest.mark.parametrize(
    ("got", "kind"),
    [
        (answer(PAGE, 429, server="nginx", retry_after="7"), errors.ReachRateLimitError),
        (answer(PAGE, 408), errors.ReachServerError),
        (answer(PAGE, 500), errors.ReachServerError),
        (answer(PAGE, 502, server="nginx"), errors.ReachServerError),
        (answer(PAGE, 503, retry_after="7"), errors.ReachServerError),
        (answer(b"upstream connect error", 503, server="envoy"), errors.ReachServerError),
        (answer(SQUID, 504, via="1.1 squid", x_squid_error="ERR_READ_TIMEOUT 0"), errors.ReachServerError),
    ],
)
def test_what_passes_keeps_its_kind_and_its_retry_after(got: Answer, kind: type[errors.ReachStatusError]) -> None:
    error = error_of(got)

    assert type(error) is kind
    assert isinstance(error, errors.ReachStatusError)
    assert (error.status, error.retry_after, error.operation) == (got.status, got.retry_after, OPERATION)
    assert error.service_message == ""
    assert f"(HTTP {got.status}) is not the Reach API's" in str(error)
    assert "service itself failed" not in str(error)


def test_a_gateway_that_fails_says_so() -> None:
    error = error_of(answer(PAGE, 503, server="nginx"))

    assert str(error) == (
        "Could not create webhook 'orders': the answer (HTTP 503) is not the Reach API's: no JSON. Another server or "
        "a proxy answered in its place (Server: nginx). It begins: No - It may not reach the service, or the service "
        "may be down. If it goes on, look at that server's log."
    )


@pytest.mark.parametrize("status", [408, 500, 504])
def test_what_fails_has_a_log(status: int) -> None:
    assert "look at that server's log" in str(error_of(answer(PAGE, status)))


def test_what_does_not_fail_has_none() -> None:
    assert "look at the log" not in str(error_of(answer(PAGE, 409)))


@pytest.mark.parametrize("status", [300, 302])
def test_a_page_that_redirects_to_no_place(status: int) -> None:
    assert "It points to nowhere, and redirects are not followed" in str(error_of(answer(PAGE, status)))


@pytest.mark.parametrize(("before", "found"), [(4096 - 18, True), (4096 - 17, False)])
def test_of_a_page_the_beginning_alone_is_looked_through(before: int, found: bool) -> None:
    body = b"<" + b" " * (before - 1) + b"plain HTTP request"
    assert ("That port speaks https" in str(error_of(answer(body, 400)))) is found


def test_one_that_is_asked_too_often_says_so() -> None:
    assert "It was asked too often: ask less often" in str(error_of(answer(PAGE, 429)))


@pytest.mark.parametrize(
    ("got", "kind"),
    [
        (answer({"message": "Unauthorized"}, 401, server="awselb/2.0"), errors.ReachAuthError),
        (answer({"code": 403}, 403, via="1.1 x.cloudfront.net"), errors.ReachAuthError),
        (answer({"type": "about:blank"}, 405), errors.ReachRequestError),
        (answer({"description": "D"}, 405), errors.ReachRequestError),
        (answer({"error": "M"}, 404), errors.ReachNotFoundError),
        (answer({"results": []}, 403), errors.ReachAuthError),
        (answer({"errors": []}, 401, content_type="text/html"), errors.ReachAuthError),
        (answer(b"", 401, server="nginx"), errors.ReachAuthError),
        (answer(b" \n", 403), errors.ReachAuthError),
        (answer(b"", 404), errors.ReachNotFoundError),
        (answer(b"", 400), errors.ReachTargetError),
        (answer(b"", 302, location="https://x/"), errors.ReachRequestError),
    ],
)
def test_what_may_be_the_api_s_means_what_it_meant(got: Answer, kind: type[errors.ReachStatusError]) -> None:
    assert type(error_of(got)) is kind


@pytest.mark.parametrize(
    ("status", "advice"),
    [(401, "check the connection's password and auth_scheme."), (403, "workspace_id and has the rights.")],
)
def test_an_empty_refusal_of_the_key_may_be_somebody_else_s(status: int, advice: str) -> None:
    empty = "The answer is empty: if the key is right, another server or a proxy gave it (Server: nginx)."

    assert f"{advice} {empty}" in str(error_of(answer(b"", status, server="nginx")))
    assert "The answer is empty" not in str(error_of(answer({"errors": [{"message": "no"}]}, status, server="nginx")))


def test_no_error_of_the_api_is_so_large() -> None:
    text = str(error_of(Answer(401, {}, b'{"errors": [{"message": "no"}]}', NOW, too_large=True)))

    assert "(HTTP 401) is not the Reach API's: larger than any answer of the API. Another server" in text


def test_names_are_bounded_printable_and_hold_no_secret() -> None:
    hostile = "\x1b[2Jk3y-4711 https://u:pl4nted@x/ " + "y" * 5_000
    names = dict.fromkeys(("server", "via", "proxy_authenticate", "www_authenticate", "x_squid_error"), hostile)
    text = str(error_of(answer(PAGE, 401, **names)))

    assert text.isprintable()
    assert "k3y-4711" not in text
    assert len(text) < 1_400


@pytest.mark.parametrize("names", [{"server": "AkamaiGHost"}, {}])
def test_a_page_in_the_place_of_a_good_answer_names_itself_too(names: dict[str, str]) -> None:
    text = str(decode_error(call_to(), answer(PAGE, **names), ContractViolation("no JSON")))

    assert ("Another server or a proxy answered in its place (Server: AkamaiGHost). " in text) == bool(names)


# --- answers that cannot be read


def unreadable(status: int, **headers: str) -> Answer:
    made = answer(b"", status, **headers)
    why = "its body is packed with br, which was not asked for, and cannot be read"
    return Answer(made.status, made.headers, b"", NOW, unreadable=why)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.ReachTargetError),
        (401, errors.ReachAuthError),
        (403, errors.ReachAuthError),
        (404, errors.ReachNotFoundError),
        (405, errors.ReachRequestError),
        (429, errors.ReachRateLimitError),
        (503, errors.ReachServerError),
    ],
)
def test_the_status_and_the_headers_count_where_the_body_cannot_be_read(status: int, kind: type[Any]) -> None:
    error = error_of(unreadable(status, retry_after="15"))

    assert type(error) is kind
    assert isinstance(error, errors.ReachStatusError)
    assert (error.status, error.retry_after) == (status, 15.0)
    assert f"HTTP {status}: its body is packed with br, which was not asked for, and cannot be read" in str(error)
    assert "The answer is empty" not in str(error)


@pytest.mark.parametrize(
    "got",
    [
        unreadable(401, content_type="text/html"),
        unreadable(407),
        Answer(403, {}, b" <html><bo", NOW, unreadable="its body breaks off"),
    ],
)
def test_a_page_that_cannot_be_read_is_a_page_all_the_same(got: Answer) -> None:
    error = error_of(got)

    assert type(error) is errors.ReachDecodeError
    assert got.unreadable in str(error)
    assert "It begins: (nothing)" not in str(error)


def test_a_good_status_that_cannot_be_read_is_no_good_answer() -> None:
    got = unreadable(200)
    text = str(decode_error(call_to(), got, ContractViolation(got.unreadable)))

    assert "(HTTP 200) is not the Reach API's: its body is packed with br" in text
    assert "It begins" not in text


# --- not reached


@pytest.mark.parametrize(
    ("detail", "says"),
    [
        ("Tunnel connection failed: 407 Proxy Authentication Required", "user name and password"),
        ("Tunnel connection failed: 403 Forbidden", "The proxy does not let it through"),
        ("Tunnel connection failed: 500 Internal Server Error", "The proxy does not get through"),
        ("Tunnel connection failed: 503 Service Unavailable", "The proxy does not get through"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate", "REQUESTS_CA_BUNDLE"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch", "REQUESTS_CA_BUNDLE"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", "speaks no TLS"),
        ("[SSL] record layer failure (_ssl.c:1006)", "speaks no TLS"),
        ("[Errno -2] Name or service not known", "host or region, DNS, proxy and firewall"),
    ],
)
def test_what_was_not_reached_says_where_to_look(detail: str, says: str) -> None:
    error = failure_error(call_to(), Failure("unreachable", detail))

    assert type(error) is errors.ReachUnreachableError
    assert f"could not be reached ({detail}). Nothing was sent. " in str(error)
    assert says in str(error)


# --- Retry-After


@pytest.mark.parametrize("digits", ["9" * 10, "9" * 40, "9" * 5_000, f" {'9' * 10} ", "9" * 10 + ".5"])
def test_however_many_digits_it_is_a_very_long_time(digits: str) -> None:
    got = answer({"errors": []}, 503, retry_after=digits)
    error = error_of(got)

    assert got.retry_after == 1e9
    assert 300 <= wait_before_repeat(error, 0) <= 360


@pytest.mark.parametrize("said", ["+5", "-5", "1e9", "0x10", "5 s", "5,5", "\u0665", "", "."])
def test_what_is_no_number_of_seconds_is_none(said: str) -> None:
    assert answer({}, 503, retry_after=said).retry_after is None
