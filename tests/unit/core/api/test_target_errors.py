from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.error_mapping import status_error
from airflow_provider_reach.core.api.target_errors import is_about_the_request
from airflow_provider_reach.core.target.response import TargetResponse
from airflow_provider_reach.core.target.service_message import documented, whose
from tests.unit.core.helpers import answer, call_to

FIX_TARGET, CHECK_TOKEN = "fix the target (look at its log)", "check the url, client_id, client_secret and grant_type"


@pytest.mark.parametrize(
    "said",
    [
        "Request to target failed",
        "The target did not return HTTP 200",
        "POST to webhook target URL failed - The target failed the test POST",
        "Received non-200 response 503 from webhook",
        "Could not reach https://consumer.example.com",
        "Could not reach endpoint: unknown error",
        "SSL handshake failed",
        "SSL certificate invalid",
        "unknown host",
        "Webhook target must return 200",
        "missing 200 response from target",
        "Response too large",
        "request timed out",
        "Webhook could not be saved",
        "",
    ],
)
def test_what_may_be_the_targets_is_left_to_the_retries(said: str) -> None:
    assert not is_about_the_request(said)


@pytest.mark.parametrize(
    "said",
    [
        "A field is missing or not valid - Object missing required field `name`",
        "events: unknown event type 'bounced'",
        "Expected `array`, got `str` - at `$.events`",
        "target must be an https URL",
        "Invalid auth_type",
        "name is not unique: it must be",
        "Too many webhooks: parameter limit",
    ],
)
def test_what_names_the_request_is_final(said: str) -> None:
    assert is_about_the_request(said)


# Whose fault a failed test is. Literal texts of the service's older documentation ("SparkPost", webhooks and their
# support pages), and of public reports by those who met them
DOCUMENTED_TOKENS = {
    "errors": [
        {
            "code": 400,
            "message": "POST to webhook tokens URL failed",
            "response": {
                "body": "response body",
                "headers": {
                    "connection": "close",
                    "content-length": "536",
                    "content-type": "text/html; charset=iso-8859-1",
                },
                "status": 502,
            },
        }
    ]
}
TARGET, TOKENS = "the webhook's target", "the authorization server"
OPERATIONS = ("create webhook 'orders'", "update webhook 'orders'", "validate webhook 'orders'")


def failed_test(
    body: object, operation: str = OPERATIONS[0], *, status: int = 400, url: str = "", asks_target: bool = True
) -> errors.ReachTargetError:
    error = status_error(call_to(operation, asks_target=asks_target, target=url), answer(body, status))
    assert type(error) is errors.ReachTargetError, error
    assert not error.final
    return error


def refused_by(message: str, response: dict[str, Any] | None = None, **more: Any) -> str:
    entry = {"code": 400, "message": message} | ({} if response is None else {"response": response})
    return str(failed_test({"errors": [entry]}, **more))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_documented_failure_of_a_token_request_blames_the_authorization_server(operation: str) -> None:
    got = failed_test(DOCUMENTED_TOKENS, operation)

    assert str(got).startswith(
        f"Could not {operation}:\nthe authorization server answered HTTP 502: response body "
        "[content-type: text/html; charset=iso-8859-1], in a call of 0.0 s.\n"
        "The service said: POST to webhook tokens URL failed (code 400)\n"
        "It must give the service an access token. It fails or is overloaded: look at its log, then run this again."
    )
    assert got.response.status == 502
    assert TARGET not in str(got)
    assert FIX_TARGET not in str(got)
    assert ("Nothing was changed." in str(got)) is not operation.startswith("validate")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("in_a_list", [True, False], ids=["a list", "one object"])
def test_without_its_response_too(operation: str, in_a_list: bool) -> None:
    error = {"message": "POST to webhook tokens URL failed"}
    got = failed_test({"errors": [error] if in_a_list else error}, operation)

    assert str(got) == (
        f"Could not {operation}:\nthe service answered HTTP 400: POST to webhook tokens URL failed\n"
        "The authorization server gave the service no access token: check the url, client_id, client_secret and "
        "grant_type of auth_request_details." + ("" if operation.startswith("validate") else " Nothing was changed.")
    )
    assert got.response == TargetResponse()


@pytest.mark.parametrize(
    ("said", "whose"),
    [
        ("POST to webhook tokens URL failed", TOKENS),
        ("POST to webhook token URL failed", TOKENS),
        ("post to Webhook Tokens url failed: POST to webhook target URL failed", TOKENS),
        ("The authorization server gave no access token - The token request failed: it answered HTTP 401", TOKENS),
        ("Could not get an access token for the target", TOKENS),
        ("OAuth2 failed", TOKENS),
        ("POST to webhook target URL failed", TARGET),
        ("POST to webhook target URL failed with non-2xx response code 401: token expired", TARGET),
        ("POST to webhook target URL failed with non-2xx response code 401: POST to webhook tokens URL failed", TARGET),
        ("Webhook target https://consumer.example.com did not respond with 200: no token", TARGET),
        ("Test POST to endpoint failed: OAuth token refused", TARGET),
        ("Test POST failed", TARGET),
        ("something", TARGET),
        ("", TARGET),
    ],
)
def test_the_service_s_words_say_whose_answer_it_quotes(said: str, whose: str) -> None:
    text = refused_by(
        said, {"status": 401, "body": "the token of the authorization server: POST to webhook tokens URL"}
    )
    assert f"\n{whose} answered HTTP 401" in text


@pytest.mark.parametrize("body", ["invalid token", "POST to webhook tokens URL failed", "OAuth2 authorization server"])
def test_a_target_s_own_words_never_blame_the_authorization_server(body: str) -> None:
    text = refused_by("POST to webhook target URL failed", {"status": 401, "body": body})
    assert f"\n{TARGET} answered HTTP 401: {body}" in text
    assert CHECK_TOKEN not in text


def test_a_token_server_s_200_without_a_token_is_no_contradiction() -> None:
    text = refused_by("POST to webhook tokens URL failed", {"status": 200, "body": '{"ok": true}'})
    again = refused_by("POST to webhook tokens URL failed", {"status": 200, "body": "HTTP 200"})
    assert "\nthe authorization server answered HTTP 200 without an access token: HTTP 200, in a call" in again
    assert '\nthe authorization server answered HTTP 200 without an access token: {"ok": true}, in a call' in text
    assert "access token: HTTP 200, and JSON with an access_token." in text


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (400, CHECK_TOKEN),
        (401, CHECK_TOKEN),
        (403, CHECK_TOKEN),
        (404, CHECK_TOKEN),
        (429, "It fails or is overloaded: look at its log"),
        (500, "It fails or is overloaded: look at its log"),
        (502, "It fails or is overloaded: look at its log"),
        (300, "It redirects to ?***, which is not followed: set the url of auth_request_details to the final URL."),
        (307, "It redirects to ?***, which is not followed: set the url of auth_request_details to the final URL."),
    ],
)
def test_what_the_authorization_server_answered_says_what_to_do(status: int, says: str) -> None:
    text = refused_by("POST to webhook tokens URL failed", {"status": status, "headers": {"Location": "?token"}})
    assert says in text
    assert [
        other for other in (CHECK_TOKEN, "look at its log", "final URL") if other in text and other not in says
    ] == []


@pytest.mark.parametrize("said", ["a token could not be fetched", "OAuth2 went wrong"])
def test_other_words_of_a_token_without_a_response_most_likely_mean_its_server(said: str) -> None:
    text = refused_by(said)
    assert "\nMost likely the authorization server gave the service no access token: check the url" in text
    assert text.endswith("If it is about the request, correct what it names.")


@pytest.mark.parametrize(
    ("said", "whose", "status"),
    [
        ("POST to webhook target URL failed with non-2xx response code 404: ", TARGET, 404),
        ("POST to webhook target URL failed with non-2xx response code 405", TARGET, 405),
        ("POST to webhook target URL failed with response code 302", TARGET, 302),
        ("POST to webhook tokens URL failed with response code 401", TOKENS, 401),
        ("POST to Webhook Target URL failed with Response Code 404", TARGET, 404),
    ],
)
def test_a_status_in_the_service_s_words_is_the_answer_that_it_does_not_quote(
    said: str, whose: str, status: int
) -> None:
    got = failed_test({"errors": {"message": said}})
    assert f"\n{whose} answered HTTP {status}, in a call of 0.0 s." in str(got)
    assert got.response == TargetResponse(status=status)


@pytest.mark.parametrize(
    "said",
    [
        "response code 404",
        "the endpoint failed with response code 404",
        "POST to webhook target URL failed with response code ４０４",
    ],
)
def test_a_status_in_other_words_proves_nothing(said: str) -> None:
    assert failed_test({"errors": {"message": said}}).response == TargetResponse()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("UNABLE_TO_VERIFY_LEAF_SIGNATURE", "does not accept the target's TLS certificate"),
        ("SELF_SIGNED_CERT_IN_CHAIN", "does not accept the target's TLS certificate"),
        ("EPROTO", "The TLS handshake with the target fails: check its certificate"),
        ("ENOTFOUND", "host name cannot be resolved"),
        ("ECONNREFUSED", "refuses connections"),
        ("ETIMEDOUT", "did not answer in time"),
    ],
)
@pytest.mark.parametrize("response", [None, {}], ids=["no response", "an empty one"])
def test_a_code_in_the_service_s_words_says_why_there_was_no_answer(code: str, says: str, response: Any) -> None:
    text = refused_by(f"POST to webhook target URL failed with error code {code}", response)
    assert says in text
    assert "hen run this again." in text
    assert "Most likely" not in text


def test_a_code_that_is_not_known_is_quoted_and_no_more() -> None:
    text = refused_by("POST to webhook target URL failed with error code ESOMETHING")
    assert "\nThe webhook's target did not take the service's test batch. It must answer exactly 200 within" in text


def test_a_code_of_the_token_request_is_not_the_target_s() -> None:
    text = refused_by("POST to webhook tokens URL failed with error code CERT_HAS_EXPIRED")
    assert "target's TLS certificate" not in text
    assert (
        "\nThe authorization server gave the service no access token. It could not be reached: check the url of" in text
    )


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422])
def test_the_documented_words_count_with_any_refusal(status: int) -> None:
    for said, who in (("tokens", TOKENS), ("target", TARGET)):
        body = {"errors": [{"message": f"POST to webhook {said} URL failed", "response": {"status": 418}}]}
        assert f"\n{who} answered HTTP 418" in str(failed_test(body, status=status))
    got = failed_test({"errors": {"message": "POST to webhook tokens URL failed"}}, status=status)
    assert f"\nthe service answered HTTP {status}: POST to webhook tokens URL failed\nThe authorization" in str(got)
    assert got.status == status
    other = status_error(call_to(OPERATIONS[0], asks_target=True), answer({"errors": {"message": "a target"}}, status))
    assert type(other) is not errors.ReachTargetError


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_the_documented_words_are_of_no_target_where_none_was_asked(status: int) -> None:
    entry = {"message": "POST to webhook target URL failed", "response": {"status": 503}}
    error = status_error(call_to(), answer({"errors": [entry]}, status))
    assert type(error) is not errors.ReachTargetError
    assert "fix the target" not in str(error)


def test_the_words_are_told_apart() -> None:
    assert (documented("POST to webhook target URL failed"), documented("the target")) == ("target", None)
    assert documented("POST to webhook tokens URL failed") == whose("a token") == "tokens"
    assert whose("the target") == whose("") == "target"


@pytest.mark.parametrize("status", [408, 429, 500, 502])
def test_and_not_where_the_service_itself_may_be_the_reason(status: int) -> None:
    assert type(status_error(call_to(OPERATIONS[0], asks_target=True), answer(DOCUMENTED_TOKENS, status))) in (
        errors.ReachServerError,
        errors.ReachRateLimitError,
    )


# Redirects
@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
@pytest.mark.parametrize(
    ("url", "location", "place"),
    [
        ("https://c.test/hook", "/hook/", "https://c.test/hook/"),
        ("https://c.test/a/hook", "hook/", "https://c.test/a/hook/"),
        ("http://c.test/hook", "https://c.test/hook", "https://c.test/hook"),
        ("https://u:pl4nted@c.test/hook?k=pl4nted", "/hook/?k=pl4nted", "https://***@c.test/hook/?***"),
        ("", "/hook/", "/hook/"),
        ("", "?hook", "?***"),
        ("https://c.test/hook", "//other.test/x", "https://other.test/x"),
        ("https://c.test/hook", f"/{'long' * 60}/end", f"https://c.test/{'long' * 60}/end"[:199] + "…"),
    ],
)
def test_a_redirect_of_the_target_names_the_final_url(status: int, url: str, location: str, place: str) -> None:
    response = {"status": status, "headers": {"location": location}}
    text = refused_by("POST to webhook target URL failed", response, url=url)
    assert (
        f"\nIt redirects to {place}, and redirects are not followed: set the webhook's target to the final URL, unless "
        "that is a login page, then run this again."
    ) in text
    assert "pl4nted" not in text
    assert "fix the target" not in text


@pytest.mark.parametrize("location", [None, "", "http://[half", 7])
def test_a_redirect_to_nowhere_that_is_known(location: Any) -> None:
    headers = {} if location is None else {"Location": location}
    text = refused_by("POST to webhook target URL failed", {"status": 308, "headers": headers}, url="https://c.test/h")
    if location == 7:
        assert "It redirects to https://c.test/7, and" in text
    else:
        assert (
            "\nIt redirects, and redirects are not followed: set the webhook's target to the final URL, often the same "
            "with or without a slash at its end, then run this again."
        ) in text


@pytest.mark.parametrize("url", ["http://[half", "https://c.test:port/", "https://[/"])
def test_a_target_that_cannot_be_read_does_not_break_it(url: str) -> None:
    response = {"status": 308, "headers": {"Location": "/x"}}
    assert "\nIt redirects, and redirects" in refused_by("POST to webhook target URL failed", response, url=url)


def test_not_modified_is_no_redirect() -> None:
    assert FIX_TARGET in refused_by("POST to webhook target URL failed", {"status": 304})


# What was sent
SENT = """documented as [{"msys": {}}]"""
READS_EVENTS = """That batch holds no event: a consumer that reads [0]["msys"]["message_event"]"""
SAME_ID = "77c2b630-d712-11e4-9642-efc2723b99c1"


@pytest.mark.parametrize(
    ("status", "sent", "reads", "same_id"),
    [
        (400, True, True, False),
        (401, True, False, False),
        (403, True, False, False),
        (404, True, False, False),
        (409, True, False, True),
        (412, True, False, True),
        (413, True, False, False),
        (422, True, True, False),
        (429, True, False, False),
        (500, True, True, False),
        (502, True, True, False),
        (503, True, False, False),
        (504, True, False, False),
        (599, True, True, False),
        (600, True, False, False),
        (204, False, False, False),
        (208, False, False, True),
        (307, False, False, False),
        (None, False, False, False),
    ],
)
def test_a_refusal_of_the_test_batch_shows_what_was_sent(
    status: int | None, sent: bool, reads: bool, same_id: bool
) -> None:
    text = refused_by("POST to webhook target URL failed", {"status": status})
    assert (SENT in text, READS_EVENTS in text, SAME_ID in text) == (sent, reads, same_id)


@pytest.mark.parametrize("body", ["Duplicate key value", "this batch was processed already"])
def test_a_consumer_that_has_seen_it_says_so_with_any_status(body: str) -> None:
    for status in (400, 500):
        assert SAME_ID in refused_by("POST to webhook target URL failed", {"status": status, "body": body})
    assert SAME_ID not in refused_by("POST to webhook target URL failed", {"status": 401, "body": body})


def test_what_the_token_server_got_is_no_test_batch() -> None:
    assert SENT not in refused_by("POST to webhook tokens URL failed", {"status": 500})
