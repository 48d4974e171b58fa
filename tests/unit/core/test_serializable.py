"""What travels from task to task comes back as it was, without its secrets."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_reach.core.api.models import BatchRow, BatchStatus, ValidationResult, Webhook
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.serializable import Serializable
from airflow_provider_reach.core.target.response import TargetResponse
from airflow_provider_reach.core.webhooks.converge import Declared
from airflow_provider_reach.core.webhooks.diff import FieldComparison
from airflow_provider_reach.core.webhooks.drift import Drift, Named
from airflow_provider_reach.core.workspace.report import WebhookVerdict, WorkspaceReport
from tests.unit.core.helpers import HOUR, ID, MINUTE, NOW, failed

ROWS = [failed("lost", 10 * HOUR, batch_size=1000), failed("risky", 5 * HOUR), BatchRow(response_code="?", latency=0.5)]
COMPARED = FieldComparison(field="target", result="differs", said="this → that")

TRAVELLING: list[Any] = [
    Webhook(id=ID),
    Webhook(id=ID, name="{{ orders }}", target="https://h/", events=("open",), active=False, last_failure=NOW),
    *ROWS,
    BatchStatus(rows=ROWS, complete=False, at=NOW, received=NOW + timedelta(microseconds=1)),
    TargetResponse(),
    ValidationResult(message="m", response=TargetResponse(status=200, headers={"a": "b"}, body="ok"), seconds=0.25),
    COMPARED,
    Declared(webhook_id=ID, name="orders", active=None, changed=["target"], compared=[COMPARED]),
    Drift(missing=["a"], unexpected=[Named(webhook_id=ID, webhook_name="n")], different={"b": {"c": "d"}}, unknown={}),
    assess([], NOW, DeliveryPolicy(), webhook=Webhook(id=ID)),
    assess(ROWS, NOW + MINUTE, DeliveryPolicy(), webhook=Webhook(id=ID, name="orders", last_successful=NOW)),
    WorkspaceReport(
        outcome="failed",
        headline="FAILED: 1 of 2 webhooks",
        looked_at=NOW,
        listed=3,
        looked=2,
        counts={"failed": 1, "unknown": 1},
        verdicts=[
            WebhookVerdict(webhook_id=ID, webhook_name="n", outcome="failed", headline="h", policy={"drain": True})
        ],
        reports=[assess(ROWS, NOW, DeliveryPolicy(), webhook=Webhook(id=ID))],
        unanswered={"other": "HTTP 500"},
    ),
]


@pytest.mark.parametrize("sent", TRAVELLING, ids=lambda sent: type(sent).__name__)
def test_it_comes_back_as_it_was(sent: Any) -> None:
    assert type(sent).deserialize(sent.serialize(), sent.__version__) == sent
    assert json.loads(sent.serialize()) == sent.to_dict()
    assert sent.__version__ == 1, "Airflow reads no XCom again of an older one"


def test_each_kind_is_among_them() -> None:
    assert {type(sent) for sent in TRAVELLING} | {Named} == set(Serializable.__subclasses__())


def test_secrets_stay_behind() -> None:
    webhook = Webhook(
        id=ID,
        target="https://user:pl4nted@h/?token=pl4nted",
        auth_credentials={"username": "reach", "password": "pl4nted"},
        auth_request_details={"url": "https://a/", "body": {"client_id": "i", "client_secret": "pl4nted"}},
        custom_headers={"X-Key": "pl4nted"},
        extra={"auth_token": "pl4nted"},
    )

    back = Webhook.deserialize(webhook.serialize(), 1)

    assert "pl4nted" not in webhook.serialize()
    assert back.auth_credentials == {"username": "reach", "password": "***"}
    assert back.custom_headers == {"X-Key": "***"}
    assert back.to_dict() == webhook.to_dict()


@pytest.mark.parametrize("name", ["__id__", "__classname__", "__version__", "__data__", "__type", "__var"])
def test_no_name_of_a_header_is_a_mark_of_airflow_s(name: str) -> None:
    webhook = Webhook(id=ID, custom_headers={name: "x"})

    assert isinstance(webhook.serialize(), str)
    assert Webhook.deserialize(webhook.serialize(), 1).custom_headers == {name: "***"}


def test_what_a_later_version_knows_more_is_left_out() -> None:
    assert TargetResponse.deserialize('{"status": 200, "unheard_of": 1}', 2) == TargetResponse(status=200)
