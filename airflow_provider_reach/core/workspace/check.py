"""One look at all webhooks that are meant: one list, and the batch status of each at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

from airflow_provider_reach.core.api.exchange import AskContext, Beginning, Exchange, Together
from airflow_provider_reach.core.api.models import Gone, Webhook
from airflow_provider_reach.core.api.retry import SharedBudget
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.delivery.check import judge_existing
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachCallError, ReachError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.webhooks.find import list_with_recheck
from airflow_provider_reach.core.webhooks.selection import Selection
from airflow_provider_reach.core.workspace.absent import Result, confirmed, missing_from
from airflow_provider_reach.core.workspace.policies import PolicyTable
from airflow_provider_reach.core.workspace.report import WorkspaceReport
from airflow_provider_reach.core.workspace.summary import Seen, summary

if TYPE_CHECKING:
    from typing_extensions import Unpack

Progress = Callable[[int, int], None]
"""Is told how many webhooks have been asked about, of how many."""


class CheckOptions(TypedDict, total=False):
    """What :func:`check_of` takes besides the policy."""

    policies: Mapping[str, Mapping[str, Any]] | None
    active: bool | None
    name_pattern: str | None
    expect: Iterable[str] | str
    allow_empty: bool
    progress: Progress | None


def check_of(
    policy: DeliveryPolicy | None = None, **options: Unpack[CheckOptions]
) -> Callable[[AskContext], Exchange[WorkspaceReport]]:
    """
    The check that the clients' ``check_workspace`` carries out.

    :param policy: What counts as failed, and what is waited for.
    :param options: As of :meth:`airflow_provider_reach.client.calls.ReachCalls.check_workspace`.
    :raises ReachInputError: naming everything that is wrong.
    """
    table = PolicyTable(policy or DeliveryPolicy(), options.pop("policies", None))
    progress = options.pop("progress", None)
    selection: dict[str, Any] = {**options}
    return partial(check_workspace, Selection(**selection), table, progress=progress)


def check_workspace(
    selection: Selection, policies: PolicyTable, context: AskContext, progress: Progress | None = None
) -> Exchange[WorkspaceReport]:
    """
    Look once at all webhooks that are meant, and judge each.

    :param selection: Which are meant, and which must exist.
    :param policies: What counts as failed, and what is waited for.
    :param context: How long to keep asking while something fails, for the whole look, and what to mask.
    :param progress: Called after each webhook.
    :return: The verdicts; a webhook that could not be asked about has none, and the others' are not lost by it.
    :raises ReachLookupError: when nothing is meant, or the filters leave out an expected webhook.
    :raises ReachCallError: when the list could not be had, or nothing about any webhook; that is no verdict.
    """
    budget = SharedBudget(context.budget.left)
    of_list = budget.beginning()
    expected = dict.fromkeys((*selection.expect, *filter(selection.takes_name, policies.names)))
    listed = yield from list_with_recheck(expected, context.drawing_on(of_list))
    found = [webhook for webhook in listed.webhooks if selection.takes(webhook)]
    selection.check_filters(listed.webhooks, found)
    there = {webhook.name.strip() for webhook in listed.webhooks}
    missing = [name for name in expected if name not in there]
    if not missing:
        selection.check_not_empty(listed.webhooks, found)

    def judging(webhook: Webhook) -> Beginning:
        policy = policies.of(webhook.name)

        def begin(at: float) -> Exchange[DeliveryReport]:
            asked = context.drawing_on(budget.beginning(of_list.at + at))
            return judge_existing(webhook, policy, asked, listed_at=listed.at)

        return begin

    answers: Any = yield Together(map(judging, found), len(found), progress)
    results = yield from confirmed(found, answers, context.drawing_on(budget.beginning(budget.latest)))
    if found and not missing:
        _check_answered(results)
    seen = [_seen(webhook, policies, results[index], listed.at) for index, webhook in enumerate(found)]
    seen += [_seen(gone, policies, gone, listed.at) for gone in missing_from(listed, missing)]
    unused = policies.unused_patterns(there)
    return summary(seen, listed, [f"No webhook matches the pattern {shown(one)} in policies." for one in unused])


def _seen(webhook: Webhook | Gone, policies: PolicyTable, result: Result | Gone, at: datetime) -> Seen:
    policy = policies.of(webhook.name)
    if isinstance(result, Gone):
        return Seen(result, policy, assess([], at, policy, webhook=result))
    return Seen(webhook, policy, result)


def _check_answered(results: Sequence[Result | Gone]) -> None:
    """Raise the error that stands for all where nothing was answered: then it is the service that fails, or the key."""
    errors = [result for result in results if isinstance(result, ReachError)]
    if len(errors) < len(results):
        return
    error = next((error for error in errors if not error.final), errors[0])
    if isinstance(error, ReachCallError) and len(errors) > 1:
        error.hint = f" None of the {len(errors):,} webhooks could be asked about."
    raise error
