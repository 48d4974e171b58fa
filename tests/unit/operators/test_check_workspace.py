from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow import DAG
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred, TaskGroup, XComArg, task, task_group

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachCheckWorkspaceOperator,
    ReachValidateWebhookOperator,
)
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.workspace.report import WorkspaceReport
from airflow_provider_reach.exceptions import ReachDeliveryFailed
from airflow_provider_reach.integration.compat import AirflowTaskTimeout
from airflow_provider_reach.sandbox import Fault, Sandbox
from airflow_provider_reach.triggers import ReachWorkspaceTrigger
from tests.tasks import Ended, in_dag, resume, run
from tests.unit.operators.helpers import did


@pytest.fixture
def ids(connected: Sandbox) -> dict[str, str]:
    """Three healthy webhooks, one with batches at risk, and one whose batches are in their early retries."""
    ids = {name: connected.add_webhook(name, target=connected.target(name).url) for name in ("a", "b", "c")}
    for name, batches, hours in (("risky", 3, 5), ("early", 11, 0)):
        ids[name] = connected.add_webhook(name, target=connected.target(name).url)
        connected.target(name).answer(503)
        for _ in range(batches):
            connected.send(ids[name], 1)
        connected.advance(hours=hours)
    connected.forget_requests()
    return ids


def mapped(watch: dict[str, Any] | None = None, **arguments: Any) -> ReachCheckWorkspaceOperator:
    """The check of a DAG in which a watch is mapped over its rows."""
    with DAG("a_dag", schedule=None):
        check = ReachCheckWorkspaceOperator(task_id="a_task", **arguments)
        ReachBatchStatusSensor.partial(task_id="watch", **watch or {}).expand_kwargs(check.output)
    return check


def mapped_over_ids(**watch: Any) -> ReachCheckWorkspaceOperator:
    """The check of a DAG in which a watch is mapped over the ids of its rows alone."""
    with DAG("a_dag", schedule=None):
        check = ReachCheckWorkspaceOperator(task_id="a_task")
        ids = check.output.map(lambda row: row["webhook_id"])
        ReachBatchStatusSensor.partial(task_id="watch", **watch).expand(webhook_id=ids)
    return check


def test_what_is_not_settled_well_is_returned_the_worst_first(
    ids: dict[str, str], connected: Sandbox, logged: Callable[[], str]
) -> None:
    ended = run(mapped())

    assert ended.returned == [
        {"webhook_id": ids["risky"], "webhook_name": "risky"},
        {"webhook_id": ids["early"], "webhook_name": "early"},
    ]
    assert sorted(map(str, did(connected))) == [*["batch_status"] * 5, "list"]
    assert ended.xcoms["report"]["counts"] == {"failed": 1, "unknown": 0, "wait": 1, "healthy": 3}
    assert ended.xcoms["report"]["headline"] in logged()


def test_where_all_are_well_there_is_nothing_to_watch_and_the_log_says_so(
    ids: dict[str, str], logged: Callable[[], str]
) -> None:
    ended = run(mapped(name_pattern="?"))

    assert ended.returned == []
    assert ended.xcoms["report"]["looked"] == 3
    assert "HEALTHY: all 3 webhooks" in logged()


def test_each_row_makes_the_sensor_judge_as_the_check_did(ids: dict[str, str]) -> None:
    policies = {"early": {"max_undelivered": "1"}, "r*": {"at_risk_after": timedelta(hours=3), "min_age": "30 min"}}
    check = mapped({"ignore_lost_before": "{{ none }}"}, drain=True, min_attempts=3, policies=policies, expect=["none"])

    ended = run(check)
    risky, none, early = ended.returned

    assert risky == {
        "webhook_id": ids["risky"],
        "webhook_name": "risky",
        "drain": True,
        "min_attempts": 3,
        "at_risk_after": 10800.0,
        "min_age": 1800.0,
    }
    assert none == {"webhook_id": "", "webhook_name": "none", "drain": True, "min_attempts": 3}
    assert early == {"webhook_id": ids["early"], "webhook_name": "early", "drain": True, "min_attempts": 3} | {
        "max_undelivered": 1
    }
    headlines = {one["webhook_name"]: one["headline"] for one in ended.xcoms["report"]["verdicts"]}
    for row in (risky, none):
        watched = run(in_dag(ReachBatchStatusSensor, **row))
        assert watched.how == "ReachDeliveryFailed"
        assert watched.said.startswith(headlines[row["webhook_name"]])
    assert in_dag(ReachBatchStatusSensor, **early).timeout == 9 * 3600


def test_default_args_never_make_a_watch_laxer_than_the_check(ids: dict[str, str]) -> None:
    lax: dict[str, Any] = {"max_at_risk": 100, "ignore_lost_before": None}
    with DAG("a_dag", schedule=None, default_args=lax):
        check = ReachCheckWorkspaceOperator(task_id="a_task", policies={"risky": {"max_at_risk": 0}})
        with TaskGroup("a_group", default_args={"at_risk_after": timedelta(hours=7)}):
            watch: Any = ReachBatchStatusSensor.partial(task_id="watch").expand_kwargs(check.output)

    risky, early = run(check).returned

    assert risky == {"webhook_id": ids["risky"], "webhook_name": "risky", "max_at_risk": 0, "at_risk_after": 14400.0}
    assert early["max_at_risk"] == 100
    assert run(watch.unmap(risky)).how == "ReachDeliveryFailed"


def not_mapped(**arguments: Any) -> ReachCheckWorkspaceOperator:
    return in_dag(ReachCheckWorkspaceOperator, **arguments)  # type: ignore[no-any-return]


def by_itself(**arguments: Any) -> ReachCheckWorkspaceOperator:
    return ReachCheckWorkspaceOperator(task_id="a_task", **arguments)


def taken_by_a_task(**arguments: Any) -> ReachCheckWorkspaceOperator:
    with DAG("a_dag", schedule=None):
        check = ReachCheckWorkspaceOperator(task_id="a_task", **arguments)

        @task
        def tell(rows: Any) -> None:
            pass

        tell(check.output)
    return check


def only_before_another(**arguments: Any) -> ReachCheckWorkspaceOperator:
    with DAG("a_dag", schedule=None):
        check = ReachCheckWorkspaceOperator(task_id="a_task", **arguments)
        check >> ReachValidateWebhookOperator.partial(task_id="other").expand(webhook_name=["a"])
        check >> ReachValidateWebhookOperator(task_id="another", webhook_name="a")
    return check


def taken_by_a_group_that_tests_targets(**arguments: Any) -> ReachCheckWorkspaceOperator:
    with DAG("a_dag", schedule=None):
        check = ReachCheckWorkspaceOperator(task_id="a_task", **arguments)

        @task_group
        def each(webhook_name: str) -> None:
            ReachValidateWebhookOperator(task_id="validate", webhook_name=webhook_name)

        each.expand_kwargs(check.output)
    return check


def only_told(**arguments: Any) -> ReachCheckWorkspaceOperator:
    """Its report is printed, and its rows' targets are tested: no task fails by what it found."""
    with DAG("a_dag", schedule=None):
        check = ReachCheckWorkspaceOperator(task_id="a_task", **arguments)
        ReachValidateWebhookOperator.partial(task_id="validate").expand_kwargs(check.output)

        @task
        def tell(report: Any, more: int = 0) -> None:
            pass

        tell(XComArg(check, "report"))
        tell.partial(report=XComArg(check, "report")).expand(more=[1])
    return check


@pytest.mark.parametrize(
    ("make", "arguments", "how"),
    [
        (not_mapped, {}, "ReachDeliveryFailed"),
        (by_itself, {}, "ReachDeliveryFailed"),
        (only_told, {}, "ReachDeliveryFailed"),
        (only_before_another, {}, "ReachDeliveryFailed"),
        (taken_by_a_group_that_tests_targets, {}, "ReachDeliveryFailed"),
        (mapped, {"on_failed": " Fail\n"}, "ReachDeliveryFailed"),
        (taken_by_a_task, {}, "success"),
        (not_mapped, {"name_pattern": "early"}, "success"),  # not decided: the next run looks again
    ],
)
def test_a_failure_that_no_task_goes_on_with_fails_the_check(
    make: Callable[..., Any], arguments: dict[str, Any], how: str, ids: dict[str, str]
) -> None:
    ended = run(make(**arguments))

    assert ended.how == how
    if ended.raised:
        assert isinstance(ended.raised, AirflowFailException)
        assert ended.said.startswith(ended.xcoms["report"]["headline"])
        assert ended.raised.report.outcome == "failed"  # type: ignore[attr-defined]


@pytest.mark.parametrize(("failed", "how"), [(False, "AirflowException"), (True, "ReachDeliveryFailed")])
def test_what_was_not_answered_is_asked_again(failed: bool, how: str, ids: dict[str, str], connected: Sandbox) -> None:
    connected.fail(Fault.status(500), on="batch_status", times=None, webhook_id=ids["b"])
    arguments = {"outage_tolerance": 0, "name_pattern": "*" if failed else "?"}

    returned, ended = run(mapped(**arguments)), run(not_mapped(**arguments))

    assert {"webhook_id": ids["b"], "webhook_name": "b"} in returned.returned
    assert (ended.how, ended.xcoms["report"]["counts"]["unknown"]) == (how, 1)
    assert "'b'" in ended.said
    assert ended.raised.report.outcome == ("failed" if failed else "unknown")  # type: ignore[union-attr]
    assert ("no verdict" in ended.said) is not failed


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: mapped({"drain": True, "poke_interval": 600}, drain=True),
            "the mapped task 'watch' gives drain itself. Leave that to 'a_task', which",
        ),
        (lambda: mapped({"webhook_name": "a"}), "gives webhook_name itself"),
        (lambda: mapped({"max_lost": 1}), "the mapped task 'watch' gives max_lost itself"),
        (
            lambda: mapped(
                {"ignore_lost_before": "{{ ds }}"}, policies={"a": {"ignore_lost_before": "2026-01-01T00Z"}}
            ),
            "policies['a']: ignore_lost_before must be",
        ),
        (
            lambda: mapped({"ignore_lost_before": "{{ ds }}"}, ignore_lost_before="2026-01-01T00:00Z"),
            "'watch' gives ignore_lost_before itself",
        ),
        (lambda: mapped_over_ids(max_undelivered=100), "the mapped task 'watch' gives max_undelivered itself"),
        (
            lambda: mapped({"reach_conn_id": "other"}, with_conn_id=True),
            "'watch' gives reach_conn_id itself",
        ),
        (lambda: mapped(policies={"a": {"max_lots": 1}}), "Is it 'max_lost'?"),
        (lambda: mapped(policies="many"), "policies must be a mapping"),
        (
            lambda: not_mapped(drain=True),
            "drain waits until every batch is delivered or lost, and this task looks once",
        ),
        (lambda: mapped(on_failed="fail", policies={"a": {"drain": True}}), "drain waits until"),
        (lambda: mapped(on_failed="warn"), "on_failed must be 'return' or 'fail', not 'warn'."),
    ],
)
def test_what_would_fail_one_night_is_refused_at_every_run_before_anything_is_sent(
    make: Callable[[], Any], said: str, ids: dict[str, str], connected: Sandbox
) -> None:
    ended = run(make())

    assert ended.how == "AirflowFailException"
    assert said in ended.said
    assert connected.requests == []


@pytest.mark.parametrize(
    ("expand", "how"),
    [
        (lambda watch, rows: watch.expand(webhook_id=rows.map(lambda row: row["webhook_id"])), "AirflowFailException"),
        (lambda watch, rows: watch.expand_kwargs(rows.map(lambda row: row)), "AirflowFailException"),
        (lambda watch, rows: watch.expand_kwargs(rows.concat(rows)), "success"),
    ],
)
def test_limits_reach_a_watch_by_whole_rows_alone(expand: Any, how: str, ids: dict[str, str]) -> None:
    for arguments, ends in (({"max_silence": "6h"}, how), ({}, "success")):
        with DAG("a_dag", schedule=None):
            check = ReachCheckWorkspaceOperator(task_id="a_task", **arguments)
            expand(ReachBatchStatusSensor.partial(task_id="watch"), check.output)

        ended = run(check)

        assert ended.how == ends, ended.said
        assert ends == "success" or "does not take the rows as they are, so that max_silence may not" in ended.said


@pytest.mark.parametrize(
    ("arguments", "own", "refused"),
    [
        ({}, {}, ""),
        ({}, {"max_lost": 1}, "max_lost"),
        ({}, {"ignore_lost_before": "{{ ds }}"}, ""),
        ({"max_undelivered": 5}, {}, "max_undelivered"),
        ({"drain": True}, {}, ""),
    ],
)
def test_a_watch_in_a_mapped_group_judges_as_the_check_did(
    arguments: dict[str, Any], own: dict[str, Any], refused: str, ids: dict[str, str]
) -> None:
    with DAG("a_dag", schedule=None):
        check = ReachCheckWorkspaceOperator(task_id="a_task", **arguments)

        @task_group
        def each(webhook_id: str, webhook_name: str, drain: Any = False) -> None:
            ReachBatchStatusSensor(
                task_id="watch", webhook_id=webhook_id, webhook_name=webhook_name, drain=drain, **own
            )

        each.expand_kwargs(check.output)

    ended = run(check)

    assert ended.how == ("AirflowFailException" if refused else "success"), ended.said
    assert f"the task 'each.watch' in a mapped group does not take {refused} from its row" in ended.said or not refused


@pytest.mark.parametrize(("arguments", "how"), [({}, "success"), ({"drain": True}, "AirflowFailException")])
def test_another_task_of_this_package_may_be_mapped_over_rows_without_limits(
    arguments: dict[str, Any], how: str, ids: dict[str, str]
) -> None:
    with (check := mapped(**arguments)).dag:
        ReachValidateWebhookOperator.partial(task_id="validate").expand_kwargs(check.output)

    ended = run(check)

    assert ended.how == how
    assert how == "success" or "'validate' is mapped over rows that have drain" in ended.said


def test_more_undecided_webhooks_than_airflow_maps_over_are_final_too(
    ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "0")

    ended = run(mapped(name_pattern="early"))

    assert ended.how == "AirflowFailException"
    assert ended.said.endswith("or check fewer at a time by name_pattern.")


def test_more_rows_than_airflow_maps_over_are_told_and_the_worst_of_them_pushed(
    ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "1")

    ended = run(mapped())

    assert ended.how == "ReachDeliveryFailed"
    assert ended.said.startswith(ended.xcoms["report"]["headline"])
    assert "Airflow maps a task over at most 1, so that no watch was begun; 1 would be left out." in ended.said
    assert ended.xcoms["return_value"] == [{"webhook_id": ids["risky"], "webhook_name": "risky"}]
    assert run(mapped(), map_index=0).how == "success"  # Airflow does not ask how long the lists of a mapped task are


def fired(deferral: Any) -> Any:
    """The event of the trigger, as another triggerer builds it of what is in the database."""
    assert isinstance(deferral, TaskDeferred)
    classpath, arguments = deferral.trigger.serialize()
    assert classpath == f"{ReachWorkspaceTrigger.__module__}.{ReachWorkspaceTrigger.__qualname__}"
    kept = ReachWorkspaceTrigger(**json.loads(json.dumps(arguments)))

    async def event() -> Any:
        [fired] = [fired async for fired in kept.run()]
        return fired.payload

    return asyncio.run(event())


GIVEN: dict[str, Any] = {
    "drain": True,
    "policies": {"early": {"min_age": timedelta(hours=2)}},
    "expect": ["a"],
    "active": "true",
    "with_conn_id": True,
}


def test_deferred_it_ends_as_on_the_worker_and_asks_in_the_triggerer_alone(
    ids: dict[str, str], connected: Sandbox
) -> None:
    on_worker = run(mapped(**GIVEN))
    connected.forget_requests()

    deferral = run(mapped(**GIVEN, deferrable=True)).raised
    assert connected.requests == []
    event = fired(deferral)
    asked = did(connected)
    ended = resume(mapped(**GIVEN, deferrable=True), "execute_complete", {"event": event})

    assert ended.returned == on_worker.returned
    assert len(ended.returned) == 2
    assert ended.xcoms["report"] | {"looked_at": ""} == on_worker.xcoms["report"] | {"looked_at": ""}
    assert asked.count("batch_status") == 5
    assert repr(event) == "{'kind': 'workspace', ...}"  # Airflow writes it into the task's log
    assert did(connected) == asked
    assert connected.api_key not in json.dumps([event, deferral.trigger.serialize()])  # type: ignore[union-attr]


def ended_with(event: Any, **arguments: Any) -> Ended:
    return resume(mapped(**arguments, deferrable=True), "execute_complete", {"event": event})


def test_a_failure_to_ask_in_the_triggerer_is_no_verdict(ids: dict[str, str], connected: Sandbox) -> None:
    connected.fail(Fault.status(503), on="list", times=None)

    ended = ended_with(fired(run(mapped(deferrable=True, outage_tolerance=0)).raised))

    assert ended.how == "AirflowException"
    assert "HTTP 503" in ended.said
    assert "This is no verdict" in ended.said


def test_a_look_that_is_not_over_in_time_is_left_to_the_retries(ids: dict[str, str], connected: Sandbox) -> None:
    limits: dict[str, Any] = {"deferrable": True, "execution_timeout": timedelta(seconds=0.01)}

    ended = ended_with(fired(run(mapped(**limits)).raised), execution_timeout=limits["execution_timeout"])

    assert isinstance(ended.raised, AirflowTaskTimeout)
    assert "not over within the execution_timeout of 0 s. This is no verdict" in ended.said


@pytest.mark.parametrize("event", [None, {}, {"kind": "news"}, {"kind": "workspace", "report": {"outcome": "lost"}}])
def test_an_event_of_another_version_is_no_success(event: Any) -> None:
    ended = ended_with(event)

    assert ended.how == "AirflowException"
    assert "an event that this version does not know" in ended.said


@pytest.mark.parametrize("changes", [{"added": 1}, {"policy": {"max_slow": 1}}, {"expect": 7}])
def test_arguments_of_another_version_are_not_half_understood(changes: dict[str, Any], connected: Sandbox) -> None:
    deferral = run(mapped(deferrable=True)).raised
    deferral.trigger.look |= changes  # type: ignore[union-attr]

    event = fired(deferral)

    assert event["type"] in ("ReachVersionError", "ReachInputError")
    assert connected.requests == []


def test_a_look_that_no_triggerer_runs_says_so() -> None:
    ended = resume(mapped(deferrable=True), "__fail__", {"error": "Trigger timeout"})

    assert "was ended by Airflow (Trigger timeout)" in ended.said


@pytest.fixture
def struck() -> Iterator[None]:
    """In a moment Airflow's execution timeout strikes, as it does: by a signal."""

    def strike(*_: Any) -> None:
        raise AirflowTaskTimeout("Timeout")

    before = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_an_execution_timeout_in_mid_look_is_no_verdict(monkeypatch: pytest.MonkeyPatch, struck: None) -> None:
    with Sandbox(latency=60) as slow:
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", slow.connection_json)

        ended = run(mapped(execution_timeout=timedelta(seconds=0.5)))

    assert isinstance(ended.raised, AirflowTaskTimeout)
    assert "The look at the workspace was not over within the execution_timeout" in ended.said
    assert vars(ended.raised)["report"] is None


def test_what_it_says_to_callbacks_is_a_report_of_the_workspace(ids: dict[str, str]) -> None:
    report = run(not_mapped()).raised.report  # type: ignore[union-attr]

    assert isinstance(report, WorkspaceReport)
    assert [(one.webhook_name, type(one)) for one in report.reports[:1]] == [("risky", DeliveryReport)]
    assert str(ReachDeliveryFailed(report)) == str(report)


def test_names_that_are_templates_are_rendered_by_nobody(connected: Sandbox) -> None:
    webhook_id = connected.add_webhook("{{ conn.a }}", target=connected.target("a").url, active=False)

    assert run(mapped()).returned == [{"webhook_id": webhook_id, "webhook_name": "{ { conn.a }}"}]
