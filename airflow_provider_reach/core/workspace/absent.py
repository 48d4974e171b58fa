"""Webhooks of a look at a workspace that do not exist: deleted since the list was made, or expected and not in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_reach.core.api.exchange import AskContext, Beginning, Exchange, Together, ask
from airflow_provider_reach.core.api.models import Gone, Webhook, WebhookList
from airflow_provider_reach.core.api.operations import get_webhook, list_webhooks
from airflow_provider_reach.core.delivery.check import still_there
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachError, ReachNotFoundError
from airflow_provider_reach.core.webhooks.missing import diagnosed

Result = DeliveryReport | ReachError
_MOST_DIAGNOSED = 20
"""To compare a name with those of a large workspace takes some 10 ms."""


def confirmed(
    found: Sequence[Webhook], results: Sequence[Result], context: AskContext
) -> Exchange[list[Result | Gone]]:
    """
    The results, in which each webhook that was answered with 404 is ``Gone`` if it is; one list serves them all.

    :param found: The webhooks.
    :param results: What came of asking about each.
    :param context: How long to keep asking, and what to mask.
    """
    told: list[Result | Gone] = [_doubted(result) for result in results]
    doubtful = [index for index, result in enumerate(results) if told[index] is not result]
    if not doubtful:
        return told
    try:
        latest = yield from ask(list_webhooks(), context)
    except ReachError as error:
        return [error if index in doubtful else result for index, result in enumerate(told)]
    ids = {webhook.id.lower() for webhook in latest.webhooks}
    absent = [index for index in doubtful if found[index].id.lower() not in ids]
    retrieved: Any = yield Together((_retrieving(found[index], context) for index in absent), len(absent))
    for place, index in enumerate(absent):
        if isinstance(retrieved[place], ReachNotFoundError):
            gone = Gone(id=found[index].id, name=found[index].name)
            told[index] = diagnosed(gone, latest.webhooks) if place < _MOST_DIAGNOSED else gone
        elif isinstance(retrieved[place], ReachError):
            told[index] = retrieved[place]
    return told


def _doubted(result: Result) -> Result:
    return still_there(result) if isinstance(result, ReachNotFoundError) else result


def _retrieving(webhook: Webhook, context: AskContext) -> Beginning:
    """A list may lag."""
    return lambda _: ask(get_webhook(webhook.id), context)


def missing_from(listed: WebhookList, names: Sequence[str]) -> list[Gone]:
    """
    The webhooks of these names, none of which exists.

    :param listed: The list that lacks them.
    :param names: The names.
    """
    rest = f"Webhooks in the workspace: {len(listed.webhooks):,}."
    return [diagnosed(Gone(name=name), listed.webhooks) for name in names[:_MOST_DIAGNOSED]] + [
        Gone(name=name, cause="unknown", said=rest) for name in names[_MOST_DIAGNOSED:]
    ]
