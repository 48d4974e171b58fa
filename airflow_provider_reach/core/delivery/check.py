"""One look at a webhook: is it there, what is its batch status, is that complete, and what does it mean."""

from __future__ import annotations

from datetime import datetime

from msgspec import structs

from airflow_provider_reach.core.api.exchange import AskContext, Exchange, ask
from airflow_provider_reach.core.api.models import BatchStatus, Gone, Webhook
from airflow_provider_reach.core.api.operations import DEFAULT_LIMIT, MAX_LIMIT, get_batch_status
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachCallError, ReachNotFoundError, ReachRequestError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.times import as_utc
from airflow_provider_reach.core.webhooks.find import find
from airflow_provider_reach.core.webhooks.missing import diagnosed
from airflow_provider_reach.core.webhooks.ref import WebhookRef

_OVER_THE_CAP = (400, 413, 416, 422)
_ROUND = 1000


def look(
    ref: WebhookRef,
    policy: DeliveryPolicy,
    context: AskContext,
    *,
    watched_from: datetime | None = None,
    seen_id: str = "",
) -> Exchange[DeliveryReport]:
    """
    Look once at a webhook and judge what is seen.

    :param ref: The webhook.
    :param policy: What counts as failed, and what is waited for.
    :param context: How long to keep asking, for all calls of the look together, and what to mask.
    :param watched_from: When the watch looked first, by this machine's clock, where this is a later look.
    :param seen_id: The id that an earlier look of the same watch saw under the name.
    :raises ReachInputError: when neither id nor name is given, or the id is not a UUID.
    :raises ReachLookupError: when several webhooks have the name.
    :raises ReachCallError: when the service could not be asked; that is no verdict.
    """
    webhook, listed = yield from find(ref, context)
    if isinstance(webhook, Gone):
        return assess([], listed.at, policy, webhook=diagnosed(webhook, listed.webhooks, seen_id))
    return (yield from judge(webhook, policy, context, watched_from=watched_from))


def judge(
    webhook: Webhook, policy: DeliveryPolicy, context: AskContext, *, watched_from: datetime | None = None
) -> Exchange[DeliveryReport]:
    """
    Judge a webhook that a list of this look has.

    :param webhook: The webhook, as listed.
    :param policy: What counts as failed, and what is waited for.
    :param context: How long to keep asking, and what to mask.
    :param watched_from: As of :func:`look`.
    :raises ReachCallError: when its batch status could not be had; that is no verdict.
    """
    try:
        status = yield from _batch_status(webhook.id, context)
    except ReachNotFoundError as error:
        again, listed = yield from find(WebhookRef(webhook.id, webhook.name), context)
        if isinstance(again, Gone):
            return assess([], listed.at, policy, webhook=diagnosed(again, listed.webhooks))
        raise ReachCallError(f"{error} Yet the webhook is there: ask again.", **error.origin) from error
    if watched_from is not None:  # this machine's clock and the service's may differ
        watched_from = as_utc(watched_from) + (status.at - status.received)
    return assess(status.rows, status.at, policy, watched_from=watched_from, webhook=webhook, complete=status.complete)


def _batch_status(webhook_id: str, context: AskContext) -> Exchange[BatchStatus]:
    """
    The batch status, asked for with ever larger limits until it is complete.

    A service may cap the limit without saying so. No more rows than with the smaller limit, a round number of rows, and
    a refusal of the larger limit are all taken for such a cap.
    """
    limit = DEFAULT_LIMIT
    status = yield from ask(get_batch_status(webhook_id, limit), context)
    while not status.complete and limit < MAX_LIMIT:
        limit, larger = yield from _with_larger_limit(webhook_id, limit, context)
        if larger is None or len(larger.rows) <= len(status.rows):
            return status
        capped = len(larger.rows) % _ROUND == 0
        status = structs.replace(larger, complete=larger.complete and not capped)
    return status


def _with_larger_limit(webhook_id: str, limit: int, context: AskContext) -> Exchange[tuple[int, BatchStatus | None]]:
    """The largest limit that the service accepts, and the batch status; None if it accepts none."""
    for larger in dict.fromkeys(min(times * limit, MAX_LIMIT) for times in (10, 5, 2)):
        try:
            return larger, (yield from ask(get_batch_status(webhook_id, larger), context))
        except ReachRequestError as error:
            if error.status not in _OVER_THE_CAP:
                raise
    return limit, None
