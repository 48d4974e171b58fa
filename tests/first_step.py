"""
A test that fails, to be finished as a first step: CONTRIBUTING.md says how.

It is not part of ``make test``.
"""

from __future__ import annotations

from airflow_provider_reach.core.target.advice import advice_for


def test_a_target_that_does_not_take_json_is_told_which_content_type_comes() -> None:
    (advice,) = advice_for(["415"])

    assert "application/json" in advice
