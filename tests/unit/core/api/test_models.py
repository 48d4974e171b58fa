from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from airflow_provider_reach.core.api.models import ValidationResult, Webhook
from airflow_provider_reach.core.fields import EventType
from airflow_provider_reach.core.target.response import TargetResponse
from tests.unit.core.helpers import HOUR, ID, NOW

SECRETS: dict[str, Any] = {
    "auth_credentials": {"username": "u", "password": "pl4nted", "access_token": "pl4nted"},
    "auth_request_details": {"url": "https://u:pl4nted@a/", "body": {"client_id": "i", "client_secret": "pl4nted"}},
    "custom_headers": {"X-Harmless": "pl4nted"},
    "target": "https://u:pl4nted@c.example.com/x?key=pl4nted",
}


def test_the_event_types_of_the_contract() -> None:
    assert len(set(get_args(EventType))) == 15


def test_a_webhook_shows_no_secret() -> None:
    webhook = Webhook(id=ID, name="orders", **SECRETS)
    for shown in (repr(webhook), str(webhook), json.dumps(webhook.to_dict()), repr(webhook.__rich_repr__())):
        assert "pl4nted" not in shown
        assert "orders" in shown


def test_the_secrets_of_a_webhook_are_known() -> None:
    assert set(Webhook(id=ID, **SECRETS).secrets) == {"pl4nted", "dTpwbDRudGVk", "aTpwbDRudGVk"}
    assert Webhook(id=ID).secrets == ()


def test_what_is_not_known_is_left_out() -> None:
    assert Webhook(id=ID).to_dict() == {"id": ID, "name": "", "target": "", "events": []}


def test_a_webhook_as_plain_json() -> None:
    webhook = Webhook(
        id=ID,
        name="orders",
        target="https://c.example.com/x",
        events=("delivery",),
        active=False,
        auth_type="basic",
        auth_credentials={"username": "u", "password": "p"},
        custom_headers={},
        last_successful=NOW,
        last_failure=NOW - HOUR,
    )
    assert webhook.to_dict() == {
        "id": ID,
        "name": "orders",
        "target": "https://c.example.com/x",
        "events": ["delivery"],
        "active": False,
        "auth_type": "basic",
        "auth_credentials": {"username": "u", "password": "***"},
        "custom_headers": {},
        "last_successful": "2026-01-31T02:00:00+00:00",
        "last_failure": "2026-01-31T01:00:00+00:00",
    }


def test_a_label_names_a_webhook_on_one_line() -> None:
    assert Webhook(id=ID, name="orders").label == f"'orders' ({ID})"
    assert Webhook(id=ID).label == ID
    assert Webhook(id=ID, name="a\nb" + "c" * 500).label.isprintable()
    assert len(Webhook(id=ID, name="c" * 500).label) < 200


@pytest.mark.parametrize(("status", "ok"), [(200, True), (201, False), (204, False), (500, False), (None, False)])
def test_only_200_is_a_valid_target(status: int | None, ok: bool) -> None:
    assert ValidationResult(message="", response=TargetResponse(status=status)).ok is ok


def test_what_a_target_said_as_text() -> None:
    assert str(TargetResponse(status=503, body="busy")) == "HTTP 503: busy"
    assert str(TargetResponse(status=503)) == "HTTP 503"
    assert str(TargetResponse()) == "no HTTP status"


def test_fields_that_the_contract_does_not_know_are_never_shown() -> None:
    webhook = Webhook(id=ID, name="orders", extra={"harmless": "pl4nted", "auth_token": "pl4nted"})
    for shown in (repr(webhook), str(webhook), json.dumps(webhook.to_dict()), repr(webhook.__rich_repr__())):
        assert "pl4nted" not in shown
        assert "extra" not in shown
        assert "harmless" not in shown


def test_of_fields_that_the_contract_does_not_know_the_name_tells_what_is_secret() -> None:
    extra = {"auth_token": "t-1", "nested": [{"password": ["p-1", {"x": "p-2"}], "limit": 5}], "region": "eu"}
    webhook = Webhook(
        id=ID,
        auth_credentials={"username": "u", "password": "p-3"},
        custom_headers={"username": "h-1"},
        extra=extra,
    )
    assert set(webhook.secrets) == {"t-1", "p-1", "p-2", "p-3", "h-1", "dTpwLTM=", "dTpwLTM"}


def test_the_headers_of_a_target_that_tell_what_answered() -> None:
    headers = {
        "Content-Type": "text/html",
        "SERVER": "cloudflare",
        "cf-ray": "1-AMS",
        "Location": "https://login.example.com/",
        "WWW-Authenticate": "Digest",
        "X-Request-Id": "r-1",
        "Date": "now",
        "X-Other": "x",
        "Set-Cookie": "***",
    }
    telling = (
        "[Content-Type: text/html, SERVER: cloudflare, cf-ray: 1-AMS, Location: https://login.example.com/, "
        "WWW-Authenticate: Digest, X-Request-Id: r-1]"
    )
    assert str(TargetResponse(status=403, headers=headers, body="no")) == f"HTTP 403: no {telling}"
    assert str(TargetResponse(status=403, headers=headers)) == f"HTTP 403 {telling}"
    assert str(TargetResponse(status=403, headers={"Date": "now", "X-Other": "x"}, body="no")) == "HTTP 403: no"


@pytest.mark.parametrize("name", ["retry-after", "via", "x-amzn-requestid", "x-amzn-trace-id"])
def test_every_other_telling_header(name: str) -> None:
    assert str(TargetResponse(headers={name.upper(): "v"})) == f"no HTTP status [{name.upper()}: v]"


def test_what_of_a_target_is_a_secret_is_known() -> None:
    assert set(Webhook(id=ID, target="https://u:p4ss@h/?key=k-1&page=2").secrets) == {"p4ss", "dTpwNHNz", "k-1"}


def test_a_label_is_cut() -> None:
    assert Webhook(id=ID, name="n" * 81).label == f"'{'n' * 79}…' ({ID})"


def test_what_is_shown_of_how_a_token_is_fetched() -> None:
    details = {"url": "https://a.example.com", "body": {"client_id": "i", "client_secret": "s3cr3t"}}
    assert Webhook(id=ID, auth_request_details=details).to_dict()["auth_request_details"] == {
        "url": "https://a.example.com",
        "body": {"client_id": "i", "client_secret": "***"},
    }


def test_what_is_shown_of_a_webhook_is_bounded() -> None:
    shown = Webhook(id=ID, events=tuple(f"{n}-{'e' * 100}" for n in range(101)), auth_type="t" * 100).to_dict()
    assert len(shown["events"]) == 100
    assert shown["events"][0] == "0-" + "e" * 77 + "…"
    assert shown["auth_type"] == "t" * 79 + "…"


def test_a_validation_that_was_not_timed_took_no_time() -> None:
    assert ValidationResult(message="", response=TargetResponse()).seconds == 0.0
