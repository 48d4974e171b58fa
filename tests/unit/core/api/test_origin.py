"""Every error of an answer keeps and shows the service's id of the request."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.decoding import ContractViolation
from airflow_provider_reach.core.api.error_mapping import decode_error, failure_error, status_error
from airflow_provider_reach.core.api.exchange import ask
from airflow_provider_reach.core.api.operations import create_webhook, list_webhooks, validate_webhook
from airflow_provider_reach.core.api.origin import origin_of
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.delivery.check import look
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.watch.events import event_of, read_event
from airflow_provider_reach.core.webhooks.actions import validate
from airflow_provider_reach.core.webhooks.create import create
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from airflow_provider_reach.core.webhooks.spec import WebhookSpec
from tests.unit.core.helpers import ID, answer, ask_context, call_to, listed, play, refused, results

REQUEST_ID = "4f1c9e62-0b7a-4c11-9c1e-2f6d1f0a7b55"
SPEC = WebhookSpec(name="orders", target="https://consumer.example.com/", events=["bounce"])
PAGE = b"<html><body>no</body></html>"
TARGET = {"errors": [{"message": "POST to webhook target URL failed", "response": {"status": 503}}]}


@pytest.mark.parametrize(
    "got",
    [
        *(refused(status, x_request_id=REQUEST_ID) for status in (302, 400, 401, 403, 404, 408, 429, 500, 503)),
        *(answer(PAGE, status, x_request_id=REQUEST_ID) for status in (103, 400, 401, 407, 429, 502)),
        answer(TARGET, 400, x_request_id=REQUEST_ID),
        answer(b"", 400, x_request_id=REQUEST_ID),
    ],
)
def test_every_error_of_an_answer_has_it_once(got: Answer) -> None:
    error = status_error(create_webhook(SPEC), got)

    assert (error.request_id, error.kind, error.operation) == (REQUEST_ID, "create", create_webhook(SPEC).operation)
    assert str(error).count(f" (request id {REQUEST_ID})") == str(error).count(REQUEST_ID) == 1


def test_so_has_a_good_status_with_an_odd_body() -> None:
    error = decode_error(list_webhooks(), answer(PAGE, x_request_id=REQUEST_ID), ContractViolation("no JSON"))

    assert error.request_id == REQUEST_ID
    assert str(error).endswith(f" (request id {REQUEST_ID})")


@pytest.mark.parametrize("kind", ["unreachable", "busy", "timeout", "lost"])
def test_without_an_answer_there_is_none(kind: Any) -> None:
    error = failure_error(list_webhooks(), Failure(kind, "no"))

    assert (error.request_id, error.kind) == ("", "list")
    assert "request id" not in str(error)


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"x_request_id": " a-1 "}, "a-1"),
        ({"x_correlation_id": "a-1"}, "a-1"),
        ({"request_id": "a-1"}, "a-1"),
        ({"x_amzn_requestid": "a-1"}, "a-1"),
        ({"x_amzn_trace_id": "Root=1-67891233-abcdef012345678912345678"}, "Root=1-67891233-abcdef012345678912345678"),
        ({"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}, f"00-{'a' * 32}-{'b' * 16}-01"),
        ({"x_request_id": "first", "traceparent": "second"}, "first"),
        ({"x_request_id": " ", "x_correlation_id": "second"}, "second"),
        ({"x_request_id": "x" * 500}, "x" * 79 + "…"),
        ({"x_request_id": "a\x07b\nc"}, "a b c"),
        ({"x_request_id": "k3y-4711"}, "***"),
        ({"x_request_id": "Bearer abcdefgh"}, "Bearer ***"),
        ({"x_unknown": "a-1"}, ""),
        ({}, ""),
    ],
)
def test_it_is_one_short_line_without_a_secret(headers: dict[str, str], shown: str) -> None:
    assert origin_of(call_to(secrets=("k3y-4711",)), answer(b"", 500, **headers))["request_id"] == shown


def test_the_values_to_mask_of_an_exchange_are_masked_in_it() -> None:
    error = play(ask(list_webhooks(), ask_context(0.0, "k3y-4711")), refused(500, x_request_id="k3y-4711")).error

    assert isinstance(error, errors.ReachServerError)
    assert error.request_id == "***"


def test_a_failed_validation_that_was_answered_well_has_it() -> None:
    failed = results({"msg": "no", "response": {"status": 503}}, x_request_id=REQUEST_ID)
    error = play(
        validate(WebhookRef(name="orders"), ask_context()), listed({"id": ID, "name": "orders", "active": True}), failed
    ).error

    assert isinstance(error, errors.ReachTargetError)
    assert (error.status, error.kind, error.request_id) == (200, "validate", REQUEST_ID)


def test_an_error_made_of_another_takes_it_over_and_shows_it_once() -> None:
    there = listed({"id": ID, "name": "orders", "active": True})
    made = [
        play(create(SPEC, ask_context()), refused(500, x_request_id=REQUEST_ID), forever=listed()).error,
        play(
            look(WebhookRef(name="orders"), DeliveryPolicy(), ask_context()),
            there,
            refused(404, x_request_id=REQUEST_ID),
            there,
        ).error,
    ]

    for error in made:
        assert isinstance(error, errors.ReachCallError)
        assert error.request_id == REQUEST_ID
        assert str(error).count(REQUEST_ID) == 1


def test_the_repr_is_the_same_for_all() -> None:
    shown = [
        repr(status_error(list_webhooks(), refused(401, x_request_id="a-1"))),
        repr(decode_error(validate_webhook(ID), answer(PAGE), ContractViolation("no JSON"))),
        repr(failure_error(list_webhooks(), Failure("timeout", "no"))),
    ]

    assert shown == [
        "ReachAuthError(status=401, operation='list webhooks', request_id='a-1')",
        f"ReachDecodeError(operation='validate webhook {ID}')",
        "ReachTimeoutError(operation='list webhooks')",
    ]


def test_it_reaches_another_process_and_the_task_that_resumes() -> None:
    error = status_error(list_webhooks(), refused(401, x_request_id="a-1"))

    for again in (
        copy.copy(error),
        pickle.loads(pickle.dumps(error)),
        read_event(json.loads(json.dumps(event_of(error)))),
    ):
        assert isinstance(again, errors.ReachAuthError)
        assert (again.request_id, again.kind, str(again), repr(again)) == ("a-1", "list", str(error), repr(error))


def test_an_event_of_an_older_version_is_read_without_it() -> None:
    details = {"operation": "list webhooks", "status": 401, "service_message": "no", "retry_after": None}
    again = read_event({"kind": "error", "type": "ReachAuthError", "message": "refused", "details": details})

    assert isinstance(again, errors.ReachAuthError)
    assert (again.request_id, again.kind, again.operation) == ("", "", "list webhooks")
    assert repr(again) == "ReachAuthError(status=401, operation='list webhooks')"
