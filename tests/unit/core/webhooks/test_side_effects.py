from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.webhooks.side_effects import how_changed
from tests.unit.core.helpers import ID


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"name": "https://h"}, {"name": "https://h:443/"}, "name: 'https://h' → 'https://h:443/'"),
        ({"target": "https://h"}, {"target": "https://h:443/"}, ""),
        ({"extra": {"x": {"a": 1}}}, {"extra": {"x": 5}}, "x: {'a': 1} → 5"),
        ({"extra": {"x": 5}}, {"extra": {"x": {"a": 1}}}, "x: 5 → {'a': 1}"),
        ({"extra": {"x": {"a": {"b": 1}}}}, {"extra": {"x": {"a": 5}}}, "x: a changed"),
        ({"extra": {"x": {"a": {"b": 1, "c": 2}}}}, {"extra": {"x": {"a": {"b": 1, "c": 3}}}}, "x: a.c changed"),
    ],
)
def test_how_a_field_changed(before: dict[str, Any], after: dict[str, Any], said: str) -> None:
    field = next(iter(before)) if "extra" not in before else "x"
    assert how_changed(Webhook(id=ID, **before), Webhook(id=ID, **after), field) == said
