"""A whole workspace, checked by a real Airflow in one task."""

from __future__ import annotations

import time

import pytest

from airflow_provider_reach.sandbox.scenes import workspace_scene
from tests.airflow.real_airflow import RealAirflow


def test_only_what_is_not_well_gets_a_watch(airflow: RealAirflow) -> None:
    """Deferred: what the worker does is seen in the health example."""
    deferring = {"AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE": "True"}
    with workspace_scene(webhooks=60, in_trouble=0.05) as reach:
        run = airflow.test_dag("checking", environment=deferring, reach_default=reach.connection_json)

    report = run.xcoms["check_workspace", -1, "report"]
    assert report["counts"] == {"failed": 3, "unknown": 0, "wait": 0, "healthy": 57}
    failed = [verdict["webhook_name"] for verdict in report["verdicts"]]
    assert run.states == {"check_workspace": "success", **{f"watch_delivery {name}": "failed" for name in failed}}
    for index, verdict in enumerate(report["verdicts"]):
        assert run.xcoms["watch_delivery", index, "report"]["headline"] == verdict["headline"]
        assert f"ReachDeliveryFailed: {verdict['headline']}\n" in run.output
    assert [request.operation for request in reach.requests].count("batch_status") == 60 + 3
    assert "WARNING - Reach" not in run.output


@pytest.mark.long
def test_more_than_airflow_maps_over_fail_the_check_with_the_worst_of_them(airflow: RealAirflow) -> None:
    limited = {"AIRFLOW__CORE__MAX_MAP_LENGTH": "4"}
    with workspace_scene(webhooks=20, in_trouble=0.5) as reach:
        run = airflow.test_dag("checking", environment=limited, reach_default=reach.connection_json)

    assert run.states == {"check_workspace": "failed", "watch_delivery": "upstream_failed"}
    assert "ReachDeliveryFailed: FAILED: 10 of 20 webhooks" in run.output
    assert "so that no watch was begun; 6 would be left out" in run.output
    assert len(run.xcoms["check_workspace", -1, "return_value"]) == 4


@pytest.mark.long
def test_an_execution_timeout_ends_a_look_that_hangs(airflow: RealAirflow) -> None:
    with workspace_scene(webhooks=2, latency=100) as reach:
        began = time.monotonic()
        run = airflow.test_dag("checking_in_time", reach_default=reach.connection_json)
        lasted = time.monotonic() - began

    assert run.states == {"check_workspace": "failed"}
    assert "not over within the execution_timeout of 3 s. This is no verdict" in run.output
    assert lasted < 100
