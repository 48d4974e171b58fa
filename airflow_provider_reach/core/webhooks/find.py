"""Find the webhook that a caller names, by its id or its name."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from airflow_provider_reach.core.api.exchange import AskContext, Exchange, Wait, ask
from airflow_provider_reach.core.api.models import Gone, Webhook, WebhookList
from airflow_provider_reach.core.api.operations import get_webhook, list_webhooks
from airflow_provider_reach.core.errors import ReachLookupError, ReachNotFoundError
from airflow_provider_reach.core.secrets.redact import safe_url
from airflow_provider_reach.core.text import one_line, shown
from airflow_provider_reach.core.webhooks.missing import missing, missing_and_advice
from airflow_provider_reach.core.webhooks.ref import WebhookRef

LOOK_AGAIN = 3.0


class Found(Struct, frozen=True):
    """
    A webhook that exists.

    :param webhook: The webhook; only a list tells the times of its last delivery and failure.
    :param listed: The list that it was found in, where one was read.
    """

    webhook: Webhook
    listed: WebhookList | None = None


class Absent(Struct, frozen=True):
    """
    A webhook that does not exist.

    :param gone: What was asked for.
    :param listed: The list that lacks it.
    """

    gone: Gone
    listed: WebhookList


def find(ref: WebhookRef, context: AskContext) -> Exchange[Found | Absent]:
    """
    A webhook by its id, without the list of all, or by its name.

    :param ref: The webhook.
    :param context: How long to keep asking, and what to mask.
    :raises ReachInputError: when there is neither id nor name, one of them is not text, or the id is not a UUID.
    :raises ReachLookupError: when several webhooks have the name.
    """
    ref = ref.checked()
    if ref.id:
        try:
            return Found((yield from ask(get_webhook(ref.id), context)))
        except ReachNotFoundError:
            pass  # which may not be the API's own: the list decides, and tells why
    listed = yield from ask(list_webhooks(), context)
    webhook = in_list(ref, listed.webhooks)
    return Found(webhook, listed) if webhook else Absent(Gone(id=ref.id, name=ref.name), listed)


def find_by_list(ref: WebhookRef, context: AskContext) -> Exchange[Found | Absent]:
    """
    The same, by the list first: where another answer says that it is gone, and the list alone decides.

    :param ref: The webhook, checked.
    :param context: How long to keep asking, and what to mask.
    :raises ReachLookupError: when several webhooks have the name.
    """
    listed = yield from ask(list_webhooks(), context)
    return (yield from find_in(ref, listed, context))


def find_in(ref: WebhookRef, listed: WebhookList, context: AskContext) -> Exchange[Found | Absent]:
    """
    A webhook of a list; one of an id that the list lacks is retrieved, since a list may lag.

    :param ref: The webhook, checked.
    :param listed: The list.
    :param context: How long to keep asking, and what to mask.
    :raises ReachLookupError: when several webhooks have the name.
    """
    if webhook := in_list(ref, listed.webhooks):
        return Found(webhook, listed)
    if ref.id:
        try:
            return Found((yield from ask(get_webhook(ref.id), context)), listed)
        except ReachNotFoundError:
            pass
    return Absent(Gone(id=ref.id, name=ref.name), listed)


def in_list(ref: WebhookRef, webhooks: list[Webhook]) -> Webhook | None:
    """
    The webhook of a list, or None.

    :param ref: The webhook, checked.
    :param webhooks: The list.
    :raises ReachLookupError: when several webhooks have the name.
    """
    if not ref.id:
        return only(ref.name, webhooks)
    return next((webhook for webhook in webhooks if webhook.id.lower() == ref.id.lower()), None)


def find_with_recheck(ref: WebhookRef, context: AskContext) -> Exchange[Found | Absent]:
    """
    Find a webhook, and look once more when it is missing: a list may lag behind a creation.

    :param ref: The webhook.
    :param context: How long to keep asking, and what to mask.
    :raises ReachInputError: as :func:`find` does.
    :raises ReachLookupError: when several webhooks have the name.
    """
    found = yield from find(ref, context)
    if isinstance(found, Absent):
        yield Wait(LOOK_AGAIN, f"{missing(found.gone, found.listed.webhooks)} Looking once more.")
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
    found = yield from find_with_recheck(ref, context)
    if isinstance(found, Absent):
        raise ReachLookupError(missing_and_advice(found.gone, found.listed.webhooks))
    return found.webhook


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
