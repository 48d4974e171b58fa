"""One look at a webhook: is it there, what is its batch status, is that complete, and what does it mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from msgspec import structs

from airflow_provider_reach.core.api.exchange import AskContext, Exchange, ask
from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.api.operations import DEFAULT_LIMIT, MAX_LIMIT, Call, list_webhooks
from airflow_provider_reach.core.delivery.assess import assess, assess_batches
from airflow_provider_reach.core.delivery.batches import DeliveredBy
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.delivery.status import GroupedStatus, get_grouped_status
from airflow_provider_reach.core.errors import ReachCallError, ReachNotFoundError, ReachRequestError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.times import as_utc
from airflow_provider_reach.core.webhooks.find import Absent, find, find_by_list, find_in, in_list
from airflow_provider_reach.core.webhooks.index import indexed_list
from airflow_provider_reach.core.webhooks.missing import diagnosed
from airflow_provider_reach.core.webhooks.ref import WebhookRef

_LIST = indexed_list()
_TIMES_WITHIN = 10.0
_OVER_THE_CAP = (400, 413, 416, 422)
_ROUND = 1000


def look(
    ref: WebhookRef,
    policy: DeliveryPolicy,
    context: AskContext,
    *,
    watched_from: datetime | None = None,
    seen_id: str = "",
    max_list_age: float | None = None,
) -> Exchange[DeliveryReport]:
    """
    Look once at a webhook and judge what is seen.

    :param ref: The webhook.
    :param policy: What counts as failed, and what is waited for.
    :param context: How long to keep asking, for all calls of the look together, and what to mask.
    :param watched_from: When the watch looked first, by this machine's clock, where this is a later look.
    :param seen_id: The id that an earlier look of the same watch saw under the name.
    :param max_list_age: How many seconds before the look another look may have asked for the list of webhooks; None
        where no list is shared: then a webhook with an id is looked at without the list, if it is healthy.
    :raises ReachInputError: when neither id nor name is given, or the id is not a UUID.
    :raises ReachLookupError: when several webhooks have the name.
    :raises ReachCallError: when the service could not be asked; that is no verdict.
    """
    if max_list_age is not None:
        return (yield from _look_sharing(ref.checked(), policy, context, watched_from, seen_id, max_list_age))
    found = yield from find(ref, context)
    if isinstance(found, Absent):
        return _gone(found, policy, seen_id)
    listed = found.listed is not None
    return (yield from judge(found.webhook, policy, context, watched_from=watched_from, listed=listed))


def _look_sharing(
    ref: WebhookRef,
    policy: DeliveryPolicy,
    context: AskContext,
    watched_from: datetime | None,
    seen_id: str,
    max_list_age: float,
) -> Exchange[DeliveryReport]:
    """
    Look with a list that many share, as long as the watch goes on.

    Such a list may say that a webhook is there and active. Anything else, and any verdict that ends a watch, rests on a
    list that was asked for after the look began.
    """
    index = yield from ask(_LIST, context, max_list_age)
    webhook = index.only(ref)
    report = None
    if webhook and webhook.active is not False:
        report = yield from judge(webhook, policy, context, watched_from=watched_from)
        if report.outcome == "wait":
            return report
    latest = yield from ask(_LIST, context, 0.0)
    if report and latest is index:
        return report
    listed = latest.listed or (yield from ask(list_webhooks(), context))  # whose error says what is wrong with it
    found = yield from find_in(ref, listed, context)
    if isinstance(found, Absent):
        return _gone(found, policy, seen_id)
    return (yield from judge(found.webhook, policy, context, watched_from=watched_from))


def judge(
    webhook: Webhook,
    policy: DeliveryPolicy,
    context: AskContext,
    *,
    watched_from: datetime | None = None,
    listed: bool = True,
) -> Exchange[DeliveryReport]:
    """
    Judge a webhook that exists.

    :param webhook: The webhook.
    :param policy: What counts as failed, and what is waited for.
    :param context: How long to keep asking, and what to mask.
    :param watched_from: As of :func:`look`.
    :param listed: False if it is of a retrieve, which tells no times: the list is asked for them where they matter.
    :raises ReachCallError: when its batch status could not be had; that is no verdict.
    """
    try:
        return (yield from judge_existing(webhook, policy, context, watched_from=watched_from, listed=listed))
    except ReachNotFoundError as error:
        again = yield from find_by_list(WebhookRef(webhook.id, webhook.name), context)
        if isinstance(again, Absent):
            return _gone(again, policy)
        raise still_there(error) from error


def still_there(error: ReachNotFoundError) -> ReachCallError:
    """
    The error for a webhook that exists, although the service answered 404; it is not final.

    :param error: The service's answer.
    """
    return ReachCallError(f"{error} Yet the webhook is there: ask again.", **error.origin)


def judge_existing(
    webhook: Webhook,
    policy: DeliveryPolicy,
    context: AskContext,
    *,
    watched_from: datetime | None = None,
    listed: bool = True,
    listed_at: datetime | None = None,
) -> Exchange[DeliveryReport]:
    """
    The same, where a 404 is left to the caller.

    :param webhook: The webhook.
    :param policy: What counts as failed, and what is waited for.
    :param context: How long to keep asking, and what to mask.
    :param watched_from: As of :func:`look`.
    :param listed: As of :func:`judge`.
    :param listed_at: The service's time of the list that the webhook is from, where it may be minutes old.
    :raises ReachNotFoundError: when it may not exist any more.
    :raises ReachCallError: when its batch status could not be had; that is no verdict.
    """
    status = yield from _batch_status(webhook.id, policy.delivered_by, context)
    if watched_from is not None:  # this machine's clock and the service's may differ
        watched_from = as_utc(watched_from) + (status.at - status.received)
    judged = partial(
        assess_batches,
        status.grouped.batches,
        status.at,
        policy,
        watched_from=watched_from,
        complete=status.complete,
        listed_at=listed_at,
    )
    if listed or webhook.last_successful or webhook.last_failure:
        return judged(webhook=webhook)
    report = judged(webhook=webhook, times_known=False)
    if report.outcome == "healthy" and policy.max_silence is None:
        return report
    with_times = yield from _with_times(webhook, context, needed=_depends_on_times(report, policy))
    return judged(webhook=with_times) if with_times else report


def _depends_on_times(report: DeliveryReport, policy: DeliveryPolicy) -> bool:
    return policy.max_silence is not None and report.outcome != "failed"


def _with_times(webhook: Webhook, context: AskContext, *, needed: bool) -> Exchange[Webhook | None]:
    """
    The webhook with the times that only the list tells; None where they cannot be had.

    A retrieve is believed in all else. Where the times change only the text of a verdict, it does not wait for them.
    """
    asked = context if needed else context.with_budget(min(_TIMES_WITHIN, context.budget.left))
    try:
        listed = yield from ask(list_webhooks(), asked)
    except ReachCallError:
        if needed:
            raise
        return None
    told = in_list(WebhookRef(webhook.id), listed.webhooks)
    if told is None:
        return webhook
    return structs.replace(webhook, last_successful=told.last_successful, last_failure=told.last_failure)


def _gone(absent: Absent, policy: DeliveryPolicy, seen_id: str = "") -> DeliveryReport:
    webhook = diagnosed(absent.gone, absent.listed.webhooks, seen_id)
    return assess([], absent.listed.at, policy, webhook=webhook)


def _batch_status(webhook_id: str, delivered_by: DeliveredBy, context: AskContext) -> Exchange[GroupedStatus]:
    """
    The batch status, asked for with ever larger limits until it is complete.

    A service may cap the limit without saying so. No more rows than with the smaller limit, a round number of rows, and
    a refusal of the larger limit are all taken for such a cap.
    """
    asked = partial(get_grouped_status, webhook_id, delivered_by)
    limit = DEFAULT_LIMIT
    status = yield from ask(asked(limit), context)
    while not status.complete and limit < MAX_LIMIT:
        limit, larger = yield from _with_larger_limit(asked, limit, context)
        if larger is None or larger.grouped.rows <= status.grouped.rows:
            return status
        capped = larger.grouped.rows % _ROUND == 0
        status = structs.replace(larger, complete=larger.complete and not capped)
    return status


def _with_larger_limit(
    asked: Callable[[int], Call[GroupedStatus]], limit: int, context: AskContext
) -> Exchange[tuple[int, GroupedStatus | None]]:
    """The largest limit that the service accepts, and the batch status; None if it accepts none."""
    for larger in dict.fromkeys(min(times * limit, MAX_LIMIT) for times in (10, 5, 2)):
        try:
            return larger, (yield from ask(asked(larger), context))
        except ReachRequestError as error:
            if error.status not in _OVER_THE_CAP:
                raise
    return limit, None
