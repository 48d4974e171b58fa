"""The messages of a check of a whole workspace."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import task_group

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachCheckWorkspaceOperator,
    ReachHook,
    ReachValidateWebhookOperator,
)
from airflow_provider_reach.integration.workspace_look import look_once
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.docs.messages.stage import ENTRY, NAME, Stage, Told, failed, message, ran
from tests.tasks import resume, run
from tests.unit.core.helpers import HOUR, NOW


def add(reach: Sandbox, name: str, *ages: float, **fields: Any) -> str:
    """A webhook with an undelivered batch of each age, in hours."""
    reach.target("consumer").answer(503)
    webhook_id = reach.add_webhook(name, target=reach.target("consumer").url, **fields)
    for age in ages:
        reach.add_past_batch(webhook_id, NOW - age * HOUR, 503)
    return webhook_id


def mapped(watch: dict[str, Any] | None = None, **arguments: Any) -> Any:
    """A check in a DAG in which a watch is mapped over its rows."""
    with DAG("a_dag", schedule=None):
        check = ReachCheckWorkspaceOperator(task_id="check_workspace", outage_tolerance=0, **arguments)
        ReachBatchStatusSensor.partial(task_id="watch_delivery", **watch or {}).expand_kwargs(check.output)
    return check


def checked(**arguments: Any) -> Told:
    """How a check fails over which nothing is mapped."""
    return ran(ReachCheckWorkspaceOperator, outage_tolerance=0, **arguments)


def ends_with(told: Told) -> Told:
    """The first line and the last one."""
    first, *_, last = told.text.splitlines()
    return Told(f"{first}\n…\n{last}", told.raised)


@message
def workspace_failed(stage: Stage) -> Told:
    reach = stage.reach()
    add(reach, NAME, 5, 5, 5)
    add(reach, "clicks", 9)
    add(reach, "deliveries", active=False)
    add(reach, "delays", *[0.1] * 11)
    reach.fail(Fault.status(500), on="batch_status", times=None, webhook_id=add(reach, "orders"))
    policies = {"clicks": {"max_lost": 10}, "news-*": {"max_lost": 10}}
    return checked(expect=["engagement"], policies=policies)


@message
def workspace_deleted_from(stage: Stage) -> Told:
    reach = stage.reach()
    gone, there = add(reach, "opens"), add(reach, NAME)
    reach.delete_webhook(gone)
    listed = [{**ENTRY, "id": gone, "name": "opens"}, {**ENTRY, "id": there}]
    reach.fail(Fault.body({"results": listed}), on="list")
    return checked()


@message
def workspace_not_answered(stage: Stage) -> Told:
    reach = stage.reach()
    for name in ("clicks", "orders"):
        reach.fail(Fault.status(500), on="batch_status", times=None, webhook_id=add(reach, name))
    add(reach, NAME)
    return checked()


@message
def workspace_unasked(stage: Stage) -> Told:
    reach = stage.reach()
    for name in ("clicks", NAME):
        reach.fail(Fault.status(500), on="batch_status", times=None, webhook_id=add(reach, name))
    return checked()


@message
def too_many_to_watch(stage: Stage) -> Told:
    reach = stage.reach()
    for name in ("clicks", "deliveries", NAME):
        add(reach, name, 5)
    stage.environment.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "2")
    return ends_with(failed(run(mapped()).raised))


@message
def workspace_timed_out(stage: Stage) -> Told:
    check = mapped(execution_timeout=timedelta(minutes=5), deferrable=True)
    return failed(resume(check, "execute_complete", {"event": {"kind": "timeout"}}).raised)


@message
def unknown_event_of_check(stage: Stage) -> Told:
    return failed(resume(mapped(), "execute_complete", {"event": {"kind": "news"}}).raised)


@message
def check_begun_by_newer(stage: Stage) -> Told:
    stage.reach()
    newer = {"policy": {"max_delay": 60}, "version": "99.0.0", "deadline": "2099-01-01T00:00:00Z"}
    event = asyncio.run(look_once(ReachHook().async_client, newer))
    return failed(resume(mapped(), "execute_complete", {"event": event}).raised)


@message
def limit_given_twice(stage: Stage) -> Told:
    return failed(run(mapped({"drain": True})).raised)


@message
def drains_in_one_look(stage: Stage) -> Told:
    return checked(drain=True)


@message
def rows_have_limits(stage: Stage) -> Told:
    with DAG("a_dag", schedule=None):
        check = ReachCheckWorkspaceOperator(task_id="check_workspace", drain=True)
        ReachValidateWebhookOperator.partial(task_id="validate_target").expand_kwargs(check.output)
    return failed(run(check).raised)


@message
def limits_do_not_reach(stage: Stage) -> Told:
    with DAG("a_dag", schedule=None):
        check = ReachCheckWorkspaceOperator(task_id="check_workspace", drain=True)
        names = check.output.map(lambda row: row["webhook_name"])
        ReachBatchStatusSensor.partial(task_id="watch_delivery").expand(webhook_name=names)
    return failed(run(check).raised)


@message
def limits_do_not_reach_a_group(stage: Stage) -> Told:
    with DAG("a_dag", schedule=None):
        check = ReachCheckWorkspaceOperator(task_id="check_workspace", drain=True)

        @task_group
        def each(webhook_name: str) -> None:
            ReachBatchStatusSensor(task_id="watch_delivery", webhook_name=webhook_name)

        each.expand_kwargs(check.output)
    return failed(run(check).raised)


@message
def no_such_limit(stage: Stage) -> Told:
    return checked(policies={NAME: {"max_lots": 1}, "news-*": {"min_age": "soon"}})
