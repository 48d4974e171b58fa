"""Find the webhook that a caller names, by its id or its name."""

from __future__ import annotations

from collections.abc import Collection

from airflow_provider_reach.core.api.exchange import AskContext, Exchange, Wait, ask
from airflow_provider_reach.core.api.models import Gone, Webhook, WebhookList
from airflow_provider_reach.core.api.operations import get_webhook, list_webhooks
from airflow_provider_reach.core.errors import ReachLookupError, ReachNotFoundError
from airflow_provider_reach.core.secrets.redact import safe_url
from airflow_provider_reach.core.text import one_line, shown
from airflow_provider_reach.core.webhooks.missing import missing, missing_and_advice
from airflow_provider_reach.core.webhooks.ref import WebhookRef

LOOK_AGAIN = 3.0


def find(ref: WebhookRef, context: AskContext) -> Exchange[tuple[Webhook | Gone, WebhookList]]:
    """
    A webhook by its id or its name, or ``Gone``, and the list that was searched.

    :param ref: The webhook.
    :param context: How long to keep asking, and what to mask.
    :raises ReachInputError: when there is neither id nor name, one of them is not text, or the id is not a UUID.
    :raises ReachLookupError: when several webhooks have the name.
    """
    ref = ref.checked()
    retrieve = get_webhook(ref.id) if ref.id else None
    listed: WebhookList = yield from ask(list_webhooks(), context)
    if retrieve is None:
        return only(ref.name, listed.webhooks) or Gone(name=ref.name), listed
    for webhook in listed.webhooks:
        if webhook.id.lower() == ref.id.lower():
            return webhook, listed
    try:
        return (yield from ask(retrieve, context)), listed
    except ReachNotFoundError:
        return Gone(id=ref.id, name=ref.name), listed


def find_with_recheck(ref: WebhookRef, context: AskContext) -> Exchange[tuple[Webhook | Gone, WebhookList]]:
    """
    Find a webhook, and look once more when it is missing: a list may lag behind a creation.

    :param ref: The webhook.
    :param context: How long to keep asking, and what to mask.
    :raises ReachInputError: as :func:`find` does.
    :raises ReachLookupError: when several webhooks have the name.
    """
    found = yield from find(ref, context)
    if isinstance(found[0], Gone):
        yield Wait(LOOK_AGAIN, f"{missing(found[0], found[1].webhooks)} Looking once more.")
        found = yield from find(ref, context)
    return found


def list_with_recheck(expected: Collection[str], context: AskContext) -> Exchange[WebhookList]:
    """Every webhook; the list is read once more when an expected one is missing."""
    listed = yield from ask(list_webhooks(), context)
    there = {webhook.name.strip() for webhook in listed.webhooks}
    if absent := [name for name in expected if name.strip() not in there]:
        yield Wait(LOOK_AGAIN, f"{', '.join(map(shown, absent[:5]))} not found. Looking once more.")
        listed = yield from ask(list_webhooks(), context)
    return listed


def resolve(ref: WebhookRef, context: AskContext) -> Exchange[Webhook]:
    """
    The webhook of this id or name, which must exist.

    :param ref: The webhook.
    :param context: How long to keep asking, and what to mask.
    :raises ReachInputError: as :func:`find` does.
    :raises ReachLookupError: when there is none, or several have the name.
    """
    webhook, listed = yield from find_with_recheck(ref, context)
    if isinstance(webhook, Gone):
        raise ReachLookupError(missing_and_advice(webhook, listed.webhooks))
    return webhook


def only(name: str, webhooks: list[Webhook]) -> Webhook | None:
    """
    The one webhook with a name, or None.

    :param name: The whole name.
    :param webhooks: The webhooks to search.
    :raises ReachLookupError: when several have it, with their ids and targets.
    """
    named = [webhook for webhook in webhooks if webhook.name.strip() == name.strip()]
    if len(named) > 1:
        which = "; ".join(f"{webhook.id} (to {one_line(safe_url(webhook.target), 80)})" for webhook in named[:5])
        raise ReachLookupError(
            f"{len(named)} webhooks are named {shown(name)}, so that the name does not tell which is meant: {which}"
            f"{'; …' if len(named) > 5 else ''}. Say which by webhook_id, or rename or delete all but one."
        )
    return named[0] if named else None
