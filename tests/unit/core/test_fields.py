from __future__ import annotations

import inspect
from typing import Any

import pytest

from airflow_provider_reach import ReachCreateWebhookOperator, ReachUpdateWebhookOperator, WebhookChanges, WebhookSpec
from airflow_provider_reach.core.fields import FIELDS, OptionalFields, WebhookFields

EVERY = {*FIELDS, "extra"}


def test_what_an_editor_completes_is_every_field() -> None:
    assert {*WebhookFields.__annotations__} == EVERY
    assert {*OptionalFields.__annotations__} == EVERY - {"name", "target", "events"}


@pytest.mark.parametrize("takes", [WebhookChanges, WebhookSpec])
def test_every_field_can_be_given_as_a_value(takes: Any) -> None:
    assert {*takes.__struct_fields__} == EVERY


@pytest.mark.parametrize("operator", [ReachCreateWebhookOperator, ReachUpdateWebhookOperator])
def test_every_field_is_an_argument_of_the_operators(operator: Any) -> None:
    assert {*inspect.signature(operator.__init__).parameters} > {*EVERY, "target_conn_id"}
