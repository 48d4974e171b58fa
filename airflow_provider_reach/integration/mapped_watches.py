"""The tasks that take what a check of a workspace returns: whether there are any, and whether they can."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator, conf

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.policy_fields import POLICY_FIELDS
from airflow_provider_reach.core.values import scalar
from airflow_provider_reach.core.workspace.policies import DEFAULT, differing
from airflow_provider_reach.integration.rendering import TextStaysText
from airflow_provider_reach.integration.xcom import literal

if TYPE_CHECKING:
    from airflow_provider_reach.core.workspace.policies import PolicyTable
    from airflow_provider_reach.core.workspace.report import WorkspaceReport

ROWS = "return_value"
SENSORS_OWN = "ignore_lost_before"
"""What only the sensor can know: when this webhook was last looked at."""


def rows_of(
    report: WorkspaceReport, task: BaseOperator, policies: PolicyTable, of_every_row: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """
    A row for each webhook that is not settled well: its id and name, and the limits that its watch would not have.

    :param report: What the look came to.
    :param task: The task that returns the rows.
    :param policies: The policies in force.
    :param of_every_row: What every row has besides.
    """
    overruled = _in_default_args(task)
    rows: list[dict[str, Any]] = literal(
        [
            {"webhook_id": one.webhook_id, "webhook_name": one.webhook_name, **of_every_row, **one.policy}
            | {field: scalar(getattr(policies.of(one.webhook_name), field)) for field in overruled}
            for one in report.verdicts
        ]
    )
    return rows


def _in_default_args(task: BaseOperator) -> set[str]:
    """The limits that any ``default_args`` of the DAG give: a watch would have them instead of the check's."""
    if not task.has_dag():
        return set()
    dag: Any = task.dag
    every = [dag.default_args, *(group.default_args for group in dag.task_group_dict.values())]
    return {field for given in every for field in given or ()} & {*POLICY_FIELDS} - {SENSORS_OWN}


def most_rows(task: BaseOperator, map_index: int) -> int | None:
    """
    Over how many rows Airflow maps the tasks that depend on this one; None if it does not ask.

    :param task: The task that returns the rows.
    :param map_index: Its own.
    """
    # Of a task that is mapped itself, Airflow does not ask how long its list is; of a task in a mapped group it does.
    is_mapped_itself = map_index >= 0 and task.get_closest_mapped_task_group() is None
    if is_mapped_itself or not _mapped_over(task):
        return None
    return conf.getint("core", "max_map_length", fallback=1024) or 0


def _mapped_over(task: BaseOperator) -> list[Any]:
    """The tasks and groups that are mapped over what a task returns; none of a task that is run by itself."""
    return list(task.iter_mapped_dependants()) if task.has_dag() else []


def _after(task: BaseOperator) -> list[Any]:
    return list(task.downstream_list) if task.has_dag() else []


def is_taken(task: BaseOperator) -> bool:
    """
    Whether another task takes the rows that this one returns, and may fail by them.

    :param task: A task of a DAG.
    """
    if any(not _is_ours_without_verdict(one) for mapped in _mapped_over(task) for one in _tasks_of(mapped)):
        return True
    others = [other for other in _after(task) if not _is_ours_without_verdict(other)]
    return any(source.node_id == task.node_id and key == ROWS for other in others for source, key in _given(other))


def _given(task: Any) -> Iterator[tuple[Any, str]]:
    """The XComs that a task is given, by task and key; those that it is mapped over left out."""
    from airflow.providers.common.compat.sdk import XComArg

    references: Iterator[tuple[Any, str]] = XComArg.iter_xcom_references(
        task if isinstance(task, BaseOperator) else task.partial_kwargs
    )
    return references


def _tasks_of(mapped: Any) -> list[Any]:
    """The tasks of a mapped group; of a mapped task, itself."""
    return list(mapped.iter_tasks()) if hasattr(mapped, "iter_tasks") else [mapped]


def _is_ours_without_verdict(task: Any) -> bool:
    """Whether it is a task of this package that judges no delivery, such as a test of a target."""
    return _is_ours(task) and not _judges(getattr(task, "operator_class", type(task)))


def _judges(made: Any) -> bool:
    return {*POLICY_FIELDS} <= {*made.template_fields}


def check_mapped(task: BaseOperator, policies: PolicyTable, of_every_row: Collection[str]) -> None:
    """
    Refuse what would break a mapped task, or judge otherwise than the check, on the night when it has a row.

    :param task: The task that returns the rows.
    :param policies: The policies in force.
    :param of_every_row: What every row has beside the policy's fields.
    :raises ReachInputError: naming the mapped task and its arguments.
    """
    handed_on = {name for policy in policies.every for name in differing(policy)} | _in_default_args(task)
    mapped_over = _mapped_over(task)
    ours = [one for one in mapped_over if _is_ours(one)]
    problems = [text for one in ours for text in _problems(task, one, handed_on, of_every_row)]
    grouped = [one for mapped in mapped_over if mapped not in ours for one in _tasks_of(mapped)]
    problems += [text for one in grouped for text in _problems_in_group(task, one, handed_on)]
    if problems:
        raise ReachInputError(problems, f"task {task.task_id!r}")


def _is_ours(task: Any) -> bool:
    made = getattr(task, "operator_class", type(task))
    return isinstance(made, type) and issubclass(made, TextStaysText)


def _takes_whole_rows(mapped: Any) -> bool:
    """Whether a task is mapped over the rows as they are, those of several tasks one after the other too."""
    rows: Any = mapped.expand_input.value
    parts = rows.args if type(rows).__name__ == "ConcatXComArg" else [rows]
    return all(hasattr(part, "operator") for part in parts)


def _problems(task: BaseOperator, mapped: Any, handed_on: set[str], of_every_row: Collection[str]) -> Iterator[str]:
    whole, limits = _takes_whole_rows(mapped), ", ".join(sorted(handed_on))
    if not _judges(mapped.operator_class):
        if whole and handed_on:
            yield (
                f"the task {mapped.task_id!r} is mapped over rows that have {limits}, which only a "
                "ReachBatchStatusSensor takes. Map it over names: .expand(webhook_name=[...])."
            )
        return
    if handed_on and not whole:
        yield (
            f"the mapped task {mapped.task_id!r} does not take the rows as they are, so that {limits} may not "
            "reach it. Map it by .expand_kwargs(check.output); what changes the rows can be a task between the two."
        )
        return
    told = {*POLICY_FIELDS} - ({SENSORS_OWN} - handed_on) | ({*of_every_row} if whole else set())
    if twice := sorted(told & mapped.partial_kwargs.keys()):
        yield (
            f"the mapped task {mapped.task_id!r} gives {', '.join(twice)} itself. Leave that to {task.task_id!r}, "
            "which hands it on to each watch: otherwise the two would judge differently, or Airflow would refuse it."
        )


def _problems_in_group(task: BaseOperator, one: Any, handed_on: set[str]) -> Iterator[str]:
    """A mapped group passes on of a row what it has arguments for, and drops the rest without a word."""
    if not (isinstance(one, BaseOperator) and _is_ours(one) and _judges(type(one))):
        return
    given = {name for name in POLICY_FIELDS if getattr(one, name) != getattr(DEFAULT, name)} - {SENSORS_OWN}
    if own := sorted(name for name in given | handed_on if not hasattr(getattr(one, name), "iter_references")):
        yield (
            f"the task {one.task_id!r} in a mapped group does not take {', '.join(own)} from its row, so that it would "
            f"judge otherwise than {task.task_id!r}. Map it without the group, by .expand_kwargs(check.output)."
        )


def refuse_drain(task: BaseOperator, policies: PolicyTable) -> None:
    """
    Refuse to drain where no sensor goes on with what one look finds undecided.

    :param task: The task that looks.
    :param policies: The policies in force.
    :raises ReachInputError: where one of them drains.
    """
    if any(policy.drain for policy in policies.every):
        raise ReachInputError(
            [
                "drain waits until every batch is delivered or lost, and this task looks once. Map a "
                "ReachBatchStatusSensor over what it returns, by .expand_kwargs(check.output), with "
                "on_failed='return'; or leave drain out."
            ],
            f"task {task.task_id!r}",
        )
