"""Operators and the sensor with any arguments: they end as Airflow expects, and what is refused is never sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachCheckWorkspaceOperator,
    ReachCreateWebhookOperator,
    ReachDeleteWebhookOperator,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.policy import POLICY_FIELDS
from airflow_provider_reach.integration.compat import AirflowTaskTimeout
from airflow_provider_reach.sandbox import Sandbox
from tests.conftest import API_KEY, WORKSPACE_ID
from tests.fuzz.test_arguments import policy_values, webhook_values
from tests.fuzz.values import Nested, examples, python_values, real, texts
from tests.tasks import in_dag, run
from tests.unit.core.helpers import ID

KNOWN = (AirflowException, AirflowSkipException, AirflowSensorTimeout, AirflowTaskTimeout, TaskDeferred)


def is_literal(value: Any) -> bool:
    """Whether Airflow renders nothing in it: how it fails at braces or at depth is no matter of this package."""
    if isinstance(value, dict):
        return all(is_literal(part) for pair in value.items() for part in pair)
    if isinstance(value, (list, tuple)):
        return all(map(is_literal, value))
    return not isinstance(value, Nested) and not callable(value) and "{" not in str(value)


literal = python_values.filter(is_literal)
references = st.fixed_dictionaries(
    {},
    optional={
        "webhook_id": st.sampled_from([ID, "", "None"]) | texts.filter(lambda text: "{" not in text) | literal,
        "webhook_name": st.sampled_from(["orders", "nobody", " orders\n"]) | literal,
    },
)
declared = webhook_values.filter(is_literal)
sensors = st.builds(
    lambda reference, policy, more: {**reference, **policy, **more},
    references,
    st.dictionaries(st.sampled_from(POLICY_FIELDS), policy_values, max_size=3).filter(is_literal),
    st.fixed_dictionaries(
        {"timeout": st.just(0)},
        optional={
            "deferrable": st.booleans(),
            "outage_tolerance": st.integers(-1, 10) | literal,
            "soft_fail": st.booleans(),
        },
    ),
)
checks = st.builds(
    lambda policy, more: {"expect": ["orders"], "outage_tolerance": 0, **policy, **more},
    st.dictionaries(st.sampled_from(POLICY_FIELDS), policy_values, max_size=3).filter(is_literal),
    st.fixed_dictionaries(
        {},
        optional={
            "policies": st.dictionaries(texts.filter(is_literal), st.dictionaries(texts, policy_values)) | literal,
            "name_pattern": st.sampled_from(["*", "orders-*", "[", "[!]"]) | literal,
            "expect": st.just(["orders"]) | literal,
            "on_failed": st.sampled_from(["return", "fail"]) | literal,
            "deferrable": st.booleans(),
        },
    ),
)
tasks: st.SearchStrategy[tuple[Any, dict[str, Any]]] = st.one_of(
    st.tuples(
        st.just(ReachCreateWebhookOperator),
        st.builds(
            lambda fields, how: {
                "name": "new",
                "target": "https://x.example.com",
                "events": ["bounce"],
                **fields,
                **how,
            },
            declared,
            st.fixed_dictionaries({}, optional={"if_exists": st.sampled_from(["reuse", "update", "fail"]) | literal}),
        ),
    ),
    st.tuples(
        st.just(ReachUpdateWebhookOperator),
        st.builds(lambda which, fields: {**which, **fields}, references, declared),
    ),
    st.tuples(st.sampled_from([ReachDeleteWebhookOperator, ReachValidateWebhookOperator]), references),
    st.tuples(
        st.just(ReachListWebhooksOperator),
        st.fixed_dictionaries(
            {},
            optional={
                "active": st.booleans() | literal,
                "name_pattern": st.sampled_from(["*", "orders-*", "[", "[!]"]) | literal,
                "expect": st.just(["orders"]) | literal,
                "allow_empty": st.booleans() | literal,
                "declared": st.lists(declared, max_size=2) | literal,
                "on_drift": st.sampled_from(["fail", "warn"]) | literal,
            },
        ),
    ),
    st.tuples(st.just(ReachBatchStatusSensor), sensors),
    st.tuples(st.just(ReachCheckWorkspaceOperator), checks),
)


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with (
        Sandbox(api_key=API_KEY, workspace_id=WORKSPACE_ID, target_timeout=0.2) as reach,
        pytest.MonkeyPatch.context() as patched,
        patch("airflow_provider_reach.integration.arguments.mask_secret"),
        patch("airflow_provider_reach.hooks.mask_secret"),
        patch.dict(ReachClient.__init__.__kwdefaults__, {"sleep": lambda seconds: None}),
    ):
        patched.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
        reach.add_webhook("orders", target=reach.target("orders").url)
        yield reach


@given(tasks)
@examples(0.5)
def test_a_task_of_any_arguments_ends_as_airflow_knows_it(service: Sandbox, task: tuple[Any, dict[str, Any]]) -> None:
    operator, arguments = task
    service.forget_requests()
    before = service.state()["webhooks"]
    try:
        made = in_dag(operator, **real(arguments))
    except AirflowException:  # of Airflow's own checks, such as those of a sensor's timeout
        return
    ended = run(made)
    assert ended.raised is None or isinstance(ended.raised, KNOWN), repr(ended.raised)
    if ended.raised is not None and not isinstance(ended.raised, TaskDeferred):
        assert ended.said.strip()
        assert len(ended.said) < 6000
    if "Nothing was sent" in ended.said:
        assert not service.requests
        assert service.state()["webhooks"] == before
    if operator is ReachDeleteWebhookOperator and ended.raised is None:
        service.add_webhook("orders", target=service.target("orders").url)
