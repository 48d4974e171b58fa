from __future__ import annotations

from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.api.request import Request, request_for
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.webhooks.spec import WebhookChanges

ID = "0b7ee2a5-6f4e-4e52-8ef8-3e2c1d9e6f10"
CONFIG = ReachConfig("https://reach.example/api", "7c1b54a0-0d5e-4f6e-9a51-2f7f4f1b6d3e", "planted-key", timeout=3.0)


def test_a_question_has_no_body_and_the_plain_time_out() -> None:
    assert request_for(operations.get_batch_status(ID, 5), CONFIG, "tests/1") == Request(
        method="GET",
        url=f"https://reach.example/api/workspaces/{CONFIG.workspace_id}/reach/webhooks/{ID}/batch-status",
        query={"limit": "5"},
        headers={
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Authorization": "AccessKey planted-key",
            "User-Agent": "tests/1",
        },
        body=None,
        connect_timeout=3.0,
        read_timeout=3.0,
    )


def test_what_makes_the_service_ask_a_target_waits_for_that_too() -> None:
    request = request_for(operations.update_webhook(ID, WebhookChanges(active=False)), CONFIG, "tests/1")
    assert (request.connect_timeout, request.read_timeout, request.longest) == (3.0, 13.0, 26.0)
    assert (request.body, request.headers["Content-Type"]) == (b'{"active":false}', "application/json")


def test_the_key_is_not_in_its_repr() -> None:
    shown = repr(request_for(operations.list_webhooks(), CONFIG, "tests/1"))
    assert "planted-key" not in shown
    assert "Authorization" not in shown


def test_no_credentials_are_in_its_repr() -> None:
    given = WebhookChanges(auth_type="basic", auth_credentials={"username": "u", "password": "pl4nted"})
    assert "pl4nted" not in repr(request_for(operations.update_webhook(ID, given), CONFIG, "tests/1"))
