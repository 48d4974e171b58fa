"""The sandbox against the service's contract: whatever is asked, no server error, and no answer outside the schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from airflow_provider_reach.sandbox import Sandbox
from tests.conftest import API_KEY, WORKSPACE_ID
from tests.fuzz.contract import OPERATIONS, completed
from tests.fuzz.values import examples

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(completed())
KEY = {"Authorization": f"AccessKey {API_KEY}"}


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(api_key=API_KEY, workspace_id=WORKSPACE_ID) as reach:
        reach.target("orders")
        yield reach


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def webhook_of(reach: Sandbox) -> str:
    """A webhook with a batch that failed and one that was delivered after a failure; few are kept."""
    for webhook in reach.state()["webhooks"][20:]:
        reach._simulation.remove(webhook["id"])
    if found := [webhook["id"] for webhook in reach.state()["webhooks"] if webhook["name"] == "fuzzed"]:
        return str(found[0])
    webhook_id = reach.add_webhook("fuzzed", target=reach.target("orders").url)
    reach.target("orders").answer(503)
    reach.send(webhook_id, 3)
    reach.advance(hours=1)
    reach.target("orders").answer(200)
    reach.advance(hours=2)
    return webhook_id


def ask(case: Any, reach: Sandbox, session: requests.Session) -> requests.Response:
    """Send a case as it is, over a real socket, and hold the answer against the contract."""
    response = case.call(base_url=reach.base_url, session=session, headers=KEY)
    case.validate_response(response, checks=CHECKS)
    reach.forget_requests()
    return response  # type: ignore[no-any-return]


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@given(data=st.data())
@examples(0.15)
def test_any_request_is_answered_by_the_contract(
    operation: str, mode: GenerationMode, data: st.DataObject, service: Sandbox, session: requests.Session
) -> None:
    method, path, _ = OPERATIONS[operation]
    described = SCHEMA[path][method]
    if mode is GenerationMode.NEGATIVE and operation == "list" and not described.query:
        mode = GenerationMode.POSITIVE
    case = data.draw(described.as_strategy(generation_mode=mode))
    if data.draw(st.integers(0, 3)):  # else nothing is ever found
        case.path_parameters = {
            name: WORKSPACE_ID if name == "workspaceId" else webhook_of(service) for name in case.path_parameters or {}
        }
    if operation in ("create", "update") and isinstance(case.body, dict) and data.draw(st.booleans()):
        case.body = {**case.body, "target": service.target("orders").url, "name": "x", "events": ["bounce"]}
    ask(case, service, session)
