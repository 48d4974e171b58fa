from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.policy_fields import POLICY_FIELDS, default_timeout
from tests.unit.core.helpers import HOUR


def test_the_fields_are_the_policy_s_in_its_order() -> None:
    assert tuple(field.name for field in fields(DeliveryPolicy)) == POLICY_FIELDS


@pytest.mark.parametrize("drain", [True, "false", "", "{{ drain }}"])
@pytest.mark.parametrize("min_age", [0, "90m", 4 * HOUR, 4 * HOUR + timedelta(seconds=1), "{{ min_age }}", 1e300])
@pytest.mark.parametrize("retry_window", ["4h", "03:59:59", 8 * HOUR, timedelta(days=30), timedelta(days=31), None])
def test_the_timeout_is_as_the_policy_would_have_it(drain: object, min_age: object, retry_window: object) -> None:
    try:
        policy = DeliveryPolicy(min_age=min_age, drain=drain, retry_window=retry_window)
    except ReachInputError:
        expected = 9 * HOUR
    else:
        expected = policy.retry_window + HOUR if policy.drain else policy.longest_wait
    assert default_timeout(min_age, drain, retry_window) == expected
