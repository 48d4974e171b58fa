from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.decoding import ContractViolation
from airflow_provider_reach.core.api.error_mapping import decode_error, failure_error, status_error
from airflow_provider_reach.core.api.responses import Failure
from airflow_provider_reach.core.api.target_errors import target_error
from airflow_provider_reach.core.target.response import TargetResponse
from tests.unit.core.helpers import answer, bounded, call_to


def said(body: object, status: int = 400, **headers: str) -> str:
    return str(status_error(call_to(), answer(body, status, **headers)))


@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [
        ("unreachable", errors.ReachUnreachableError, ["could not be reached (refused)", "Nothing was sent", "region"]),
        ("busy", errors.ReachUnreachableError, ["refused within 31 s. Nothing was sent", "[reach] max_connections"]),
        ("timeout", errors.ReachTimeoutError, ["no answer within 31 s (refused)", "raise 'timeout'"]),
        ("lost", errors.ReachLostAnswerError, ["the connection broke", "(refused)", "Ask again"]),
    ],
)
def test_a_failure_says_what_on_what_why_and_what_to_do(kind: Any, error: type[Exception], says: list[str]) -> None:
    got = failure_error(call_to(), Failure(kind, "refused", 30.9))
    assert type(got) is error
    assert str(got).startswith("Could not list webhooks: ")
    assert got.operation == "list webhooks"
    assert [text for text in says if text not in str(got)] == []


def test_what_a_library_said_is_quoted_without_secrets_and_bounded() -> None:
    detail = "https://user:pl4nted@proxy/ k3y-123 " + "x" * 10_000
    text = str(failure_error(call_to(secrets=("k3y-123",)), Failure("lost", detail)))
    assert "pl4nted" not in text
    assert "k3y-123" not in text
    assert len(text) < 600


@pytest.mark.parametrize(
    ("status", "error", "advice"),
    [
        (400, errors.ReachRequestError, "correct what it names"),
        (401, errors.ReachAuthError, "check the connection's password and auth_scheme"),
        (403, errors.ReachAuthError, "belongs to the connection's workspace_id"),
        (404, errors.ReachNotFoundError, "check the webhook's id, and the connection's workspace_id and region"),
        (405, errors.ReachRequestError, "correct what it names"),
        (408, errors.ReachServerError, "ask again later"),
        (409, errors.ReachRequestError, "correct what it names"),
        (413, errors.ReachRequestError, "correct what it names"),
        (429, errors.ReachRateLimitError, "ask less often"),
        (500, errors.ReachServerError, "ask again later"),
        (503, errors.ReachServerError, "ask again later"),
        (599, errors.ReachServerError, "ask again later"),
    ],
)
def test_a_status_says_what_on_what_the_answer_and_what_to_do(
    status: int, error: type[errors.ReachStatusError], advice: str
) -> None:
    body = {"errors": [{"message": "the reason", "code": "1"}]}
    got = status_error(call_to(), answer(body, status, retry_after="7"))
    assert type(got) is error
    assert isinstance(got, errors.ReachStatusError)
    assert (got.operation, got.status, got.retry_after) == ("list webhooks", status, 7.0)
    assert got.service_message == "the reason (code 1)"
    assert str(got).startswith(f"Could not list webhooks: the service answered HTTP {status}: the reason (code 1). ")
    assert advice in str(got)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_says_where_to(status: int) -> None:
    got = status_error(call_to(), answer(b"", status, location="https://u:pl4nted@login/x?t=pl4nted"))
    assert type(got) is errors.ReachRequestError
    assert "It points to https://***@login/x?***, and redirects are not followed" in str(got)
    assert "set the connection's host" in str(got)
    assert "It points to nowhere" in said(b"", status)


# domain.md, "Errors and limits": every shape that was seen
SHAPES: list[tuple[object, str]] = [
    ({"errors": [{"message": "M", "code": "C"}]}, "M (code C)"),
    ({"errors": [{"message": "M", "code": 1902}]}, "M (code 1902)"),
    ({"errors": [{"message": "M", "description": "D", "code": "C"}]}, "M - D (code C)"),
    ({"errors": [{"message": "M"}, {"message": "N"}, {"message": "M"}]}, "M; N"),
    ({"errors": {"message": "M", "code": "C"}}, "M (code C)"),
    ({"errors": ["odd", {"message": "M"}]}, "M"),
    ({"errors": "M"}, "M"),
    ({"code": "C", "message": "M"}, "M (code C)"),
    ({"type": "T", "message": "M"}, "M (code T)"),
    ({"error": {"message": "M", "type": "T"}}, "M (code T)"),
    ({"error": "M"}, "M"),
    ({"errors": [{"description": "D"}]}, "D"),
    ({"errors": [{"code": 0, "message": "M"}]}, "M (code 0)"),
    ({"errors": [{"code": "C"}]}, "code C"),
    ({"errors": []}, '{"errors": []}'),
    ({"errors": [{}]}, '{"errors": [{}]}'),
    ({"errors": [{"message": None}]}, '{"errors": [{"message": null}]}'),
    ({"errors": ["odd"]}, '{"errors": ["***"]} (an answer of no known form, so that its texts are not shown)'),
]
# which are not the API's
OTHER_SHAPES: list[tuple[object, str]] = [
    ([1, 2], "[1, 2]"),
    ("M", '"***"'),
    ({"status": "M"}, '{"status": "***"}'),
    (b"<html><body>Bad <b>Gateway</b></body></html>", "Bad Gateway"),
    (b"upstream connect error", "upstream connect error"),
    (b'{"errors": [{"message": "M", "co', '{"errors": [{"message": "***", "***"'),
]


@pytest.mark.parametrize(("body", "message"), SHAPES)
def test_every_shape_of_error_that_was_seen(body: object, message: str) -> None:
    assert f"the service answered HTTP 400: {message}. " in said(body)


@pytest.mark.parametrize(("body", "begins"), OTHER_SHAPES)
def test_what_has_no_shape_of_the_api_s_is_quoted_as_somebody_else_s(body: object, begins: str) -> None:
    assert f" It begins: {begins} - Check that the connection's host" in said(body)


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_an_empty_error(body: bytes) -> None:
    assert "the service answered HTTP 500. The service itself failed" in said(body, 500)


TARGET_FAILED = {
    "errors": [
        {
            "message": "Test POST failed",
            "code": 1902,
            "response": {"status": 401, "headers": {"Set-Cookie": "pl4nted"}, "body": "who are you?\n"},
        }
    ]
}


def test_a_failed_test_post_shows_what_the_target_answered() -> None:
    got = status_error(call_to("create webhook 'orders'"), answer(TARGET_FAILED, 400))
    assert type(got) is errors.ReachTargetError
    assert str(got) == (
        "Could not create webhook 'orders':\n"
        "the webhook's target answered HTTP 401: who are you?, in a call of 0.0 s.\n"
        "The service said: Test POST failed (code 1902)\n"
        'It must answer exactly 200 within 10 s to the service\'s test batch, documented as [{"msys": {}}]: fix the '
        "target (look at its log), then run this again. Nothing was changed."
    )


def test_a_target_that_did_not_answer_at_all() -> None:
    body = {"errors": [{"message": "Test POST failed", "response": {}}]}
    assert "target answered no HTTP status, in a call of 0.0 s.\nThe service said: Test POST failed\nIt must" in said(
        body
    )


def test_a_targets_response_matters_with_400_only() -> None:
    assert type(status_error(call_to("x"), answer(TARGET_FAILED, 500))) is errors.ReachServerError
    assert type(status_error(call_to("x"), answer({"errors": [{"message": "M", "response": "odd"}]}, 400))) is (
        errors.ReachRequestError
    )


def test_a_404_that_is_no_json_says_nothing_about_a_webhook() -> None:
    got = status_error(call_to("get webhook"), answer(b"<html>no such page</html>", 404))
    assert type(got) is errors.ReachDecodeError
    assert "(HTTP 404) is not the Reach API's" in str(got)
    assert type(status_error(call_to("get webhook"), answer(b"", 404))) is errors.ReachNotFoundError


def test_an_answer_outside_the_contract_quotes_its_beginning_and_says_where_to_look() -> None:
    got = decode_error(call_to(), answer(b"<html><p>Log in</p>"), ContractViolation("no JSON"))
    assert str(got) == (
        "Could not list webhooks: the answer (HTTP 200) is not the Reach API's: no JSON. It begins: Log in - Check "
        "that the connection's host is the API's base URL (it ends in /api) and that no proxy or login page answers in "
        "its place."
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["errors", "error", "message", "code", "type", "description", "response", "status", "body", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@bounded
@given(json_values | st.binary(max_size=60), st.sampled_from([400, 401, 403, 404, 408, 429, 302, 418, 500, 503]))
def test_any_body_makes_a_bounded_error_of_few_lines(body: Any, status: int) -> None:
    got = status_error(call_to(), answer(body, status))
    assert str(got).startswith("Could not list webhooks:")
    assert len(str(got)) < 1500
    lines = str(got).split("\n")
    assert len(lines) <= 4
    assert all(line.isprintable() for line in lines)


def test_messages_with_anything_in_them_are_masked_and_bounded() -> None:
    body = {"errors": [{"message": {"auth_credentials": {"password": "pl4nted"}}, "code": "x" * 5000}]}
    text = said(body)
    assert "pl4nted" not in text
    assert len(text) < 600


# A refusal of the test batch: whose it was, and what to do
FIX_TARGET, CHECK_TOKEN = "fix the target (look at its log)", "check the url, client_id, client_secret and grant_type"


def target_said(said: str = "", status: int = 400, operation: str = "update webhook x") -> errors.ReachTargetError:
    response = TargetResponse(status=401, headers={"server": "nginx"}, body="no")
    call = call_to(operation, target="https://c.example.com")
    return target_error(call, answer(b"", status, seconds=2.04, retry_after="3"), said, response)


def test_a_refusal_by_the_target_carries_what_it_answered() -> None:
    got = target_said("Test POST failed")
    assert (got.operation, got.status, got.retry_after, got.service_message) == (
        "update webhook x",
        400,
        3.0,
        "Test POST failed",
    )
    assert got.response == TargetResponse(status=401, headers={"server": "nginx"}, body="no")
    assert "the webhook's target answered HTTP 401: no [server: nginx], in a call of 2.0 s." in str(got)
    assert not got.final


@pytest.mark.parametrize(
    "said",
    [
        "Could not fetch a token",
        "the Authorization Server answered 401",
        "authorisation server said no",
        "OAuth2 failed",
    ],
)
def test_a_refusal_by_the_authorization_server_is_told_apart(said: str) -> None:
    text = str(target_said(said))
    assert "the authorization server answered HTTP 401: no" in text
    assert CHECK_TOKEN in text
    assert FIX_TARGET not in text


@pytest.mark.parametrize(
    ("said", "status"), [("", 400), ("Test POST failed", 400), ("tokens", 400), ("Could not fetch a token", 200)]
)
def test_any_other_refusal_is_the_target_s(said: str, status: int) -> None:
    text = str(target_said(said, status))
    assert "the webhook's target answered HTTP 401: no" in text
    assert FIX_TARGET in text
    assert CHECK_TOKEN not in text


def test_what_the_service_says_is_quoted_where_it_says_something() -> None:
    assert "said: Test POST failed" in str(target_said("Test POST failed"))
    assert "said:" not in str(target_said())
    assert str(target_said("this")).replace("\nThe service said: this", "") == str(target_said())


@pytest.mark.parametrize(
    ("operation", "says_so"),
    [
        ("create webhook 'orders'", True),
        ("update webhook 'validate'", True),
        ("validate webhook 'orders'", False),
    ],
)
def test_what_changes_nothing_anyway_does_not_say_so(operation: str, says_so: bool) -> None:
    assert ("Nothing was changed." in str(target_said(operation=operation))) is says_so


def test_a_failed_test_post_may_be_the_authorization_server_s() -> None:
    body = {"errors": [{"message": "Could not fetch a token", "response": {"status": 401, "body": "bad client"}}]}
    got = status_error(call_to("create webhook 'orders'"), answer(body, 400, retry_after="5", seconds=1.5))
    assert type(got) is errors.ReachTargetError
    assert "the authorization server answered HTTP 401: bad client, in a call of 1.5 s." in str(got)
    assert (got.retry_after, got.response.status) == (5.0, 401)


# The contract's 400 without the target's answer: most likely the target's, unless its words are about the request
ABOUT_THE_TARGET = [
    "Connection to target timed out",
    "Could not connect to the URL",
    "The request to your endpoint failed with 503",
    "target did not respond",
    "Endpoint unreachable",
    "test POST failed",
    "Failed to send the test batch",
    "timeout",
    # words of both: the target's
    "invalid response: the target returned 503",
    "the test request failed with an unknown status",
    # words of neither
    "Bad Request",
    "no",
    "something went wrong",
    "invalidated",
    "",
]
ABOUT_THE_REQUEST = [
    "events is required",
    "unknown event type 'x'",
    "name must be unique",
    "Invalid auth_type",
    "target is not a valid URL",
    "the port of the target is unsupported",
    "malformed JSON",
    "the name is too long",
    "too many headers",
    "no such field",
    "$.events[0]: no",
    "schema",
]


def asked_target(said: str, operation: str, status: int = 400, asks_target: bool = True) -> errors.ReachCallError:
    body = {"errors": [{"message": said}]} if said else b""
    return status_error(call_to(operation, asks_target=asks_target), answer(body, status, retry_after="5"))


@pytest.mark.parametrize("said", ABOUT_THE_TARGET)
def test_a_400_that_does_not_speak_of_the_request_is_most_likely_the_target_s(said: str) -> None:
    got = asked_target(said, "create webhook 'orders'")
    assert type(got) is errors.ReachTargetError
    assert str(got) == (
        f"Could not create webhook 'orders':\nthe service answered HTTP 400: {said or '(nothing)'}\nMost likely the "
        "webhook's target did not take the service's test batch. It must answer exactly 200 within 10 s to the "
        "service's test batch: fix the target (look at its log), then run this again. If it is about the request, "
        "correct what it names."
    )
    assert (got.status, got.service_message, got.retry_after, got.response) == (400, said, 5.0, TargetResponse())
    assert not got.final


@pytest.mark.parametrize("said", ABOUT_THE_REQUEST)
def test_a_400_that_speaks_of_the_request_is_the_request_s(said: str) -> None:
    for operation in ("create webhook 'orders'", "update webhook 'validate'", "POST '/webhooks'"):
        got = asked_target(said, operation)
        assert type(got) is errors.ReachRequestError
        assert got.final


@pytest.mark.parametrize("said", [*ABOUT_THE_TARGET, *ABOUT_THE_REQUEST])
def test_any_400_to_a_validation_is_the_target_s(said: str) -> None:
    got = asked_target(said, "validate webhook 'orders'")
    assert type(got) is errors.ReachTargetError
    assert f"the service answered HTTP 400: {said or '(nothing)'}\n" in str(got)


@pytest.mark.parametrize("said", ABOUT_THE_TARGET)
def test_what_asks_no_target_and_what_is_no_400_is_not(said: str) -> None:
    assert type(asked_target(said, "list webhooks", asks_target=False)) is errors.ReachRequestError
    for status in (401, 422, 500):
        assert type(asked_target(said, "validate webhook 'orders'", status)) is not errors.ReachTargetError


@pytest.mark.parametrize("body", ["k3y-123 is no key", '{"note": "k3y-123"}', '{"errors": [{"message": "k3y-123"}]}'])
def test_what_the_service_says_is_quoted_without_secrets(body: str) -> None:
    error = status_error(call_to(secrets=("k3y-123",)), answer(body.encode(), 500))
    assert "***" in str(error)
    assert "k3y-123" not in str(error)


def test_a_number_may_be_a_secret_too() -> None:
    error = status_error(call_to(secrets=("471147",)), answer({"unknown": 471147}, 500))
    assert "471147" not in str(error)


def test_an_interim_answer_says_so() -> None:
    text = str(status_error(call_to(), answer(b"", 103)))
    assert text.startswith("Could not list webhooks: ")
    assert "an interim answer" in text


def test_a_page_in_the_place_of_a_404_says_what_is_wrong_with_it() -> None:
    assert "no JSON" in str(status_error(call_to("get webhook x"), answer(b"<html>", 404)))


def test_every_status_from_300_may_point_elsewhere() -> None:
    assert "It points to https://there.test/" in str(
        status_error(call_to("op"), answer(b"", 300, location="https://there.test/"))
    )


def test_what_may_be_the_target_s_names_the_operation() -> None:
    error = status_error(call_to("create webhook 'x'", asks_target=True), answer(b"", 400))
    assert (type(error), error.operation) == (errors.ReachTargetError, "create webhook 'x'")
