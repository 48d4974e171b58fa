"""Which webhook is meant: by its id, or by its name."""

from __future__ import annotations

from collections.abc import Collection

from airflow_provider_reach.core.api.exchange import Exchange, Wait, ask
from airflow_provider_reach.core.api.models import Gone, Webhook, WebhookList
from airflow_provider_reach.core.api.operations import get_webhook, list_webhooks
from airflow_provider_reach.core.api.retry import Patience
from airflow_provider_reach.core.errors import ReachInputError, ReachLookupError, ReachNotFoundError
from airflow_provider_reach.core.secrets.redact import safe_url
from airflow_provider_reach.core.text import one_line, shown
from airflow_provider_reach.core.webhooks.missing import missing, missing_and_advice
from airflow_provider_reach.core.webhooks.validation import no_text

LOOK_AGAIN = 3.0


def find(
    webhook_id: str, webhook_name: str, patience: Patience, secrets: tuple[str, ...] = ()
) -> Exchange[tuple[Webhook | Gone, WebhookList]]:
    """
    A webhook by its id or its name, or ``Gone``, and the list in which it was looked for.

    :param webhook_id: Its UUID; with a name as well, the id decides and the name is its label.
    :param webhook_name: Its name.
    :param patience: How long to keep asking when the service cannot be asked.
    :param secrets: Values to mask in errors.
    :raises ReachInputError: when neither id nor name is given, one of them is no text, or the id is no UUID.
    :raises ReachLookupError: when several webhooks have the name.
    """
    webhook_id, webhook_name = _given("webhook_id", webhook_id), _given("webhook_name", webhook_name)
    if not webhook_id and not webhook_name:
        raise ReachInputError(["give webhook_id or webhook_name."], "the look at a webhook")
    retrieve = get_webhook(webhook_id) if webhook_id else None
    listed: WebhookList = yield from ask(list_webhooks(), patience, secrets)
    if retrieve is None:
        return only(webhook_name, listed.webhooks) or Gone(name=webhook_name), listed
    for webhook in listed.webhooks:
        if webhook.id.lower() == webhook_id.lower():
            return webhook, listed
    try:
        return (yield from ask(retrieve, patience, secrets)), listed
    except ReachNotFoundError:
        return Gone(id=webhook_id, name=webhook_name), listed


def _given(argument: str, text: str | None) -> str:
    """A template easily adds a line break, or renders to None; what is no text may be of another webhook's name."""
    if not isinstance(text, (str, type(None))):
        raise ReachInputError([no_text(argument, text)], "the look at a webhook")
    stripped = (text or "").strip()
    return "" if stripped == "None" else stripped


def find_surely(
    webhook_id: str, webhook_name: str, patience: Patience, secrets: tuple[str, ...] = ()
) -> Exchange[tuple[Webhook | Gone, WebhookList]]:
    """
    The same, and looked for once more where it is missing: a list may lag behind a creation.

    :param webhook_id: As for :func:`find`, which see for the errors.
    :param webhook_name: Likewise.
    :param patience: Likewise.
    :param secrets: Likewise.
    """
    found = yield from find(webhook_id, webhook_name, patience, secrets)
    if isinstance(found[0], Gone):
        yield Wait(LOOK_AGAIN, f"{missing(found[0], found[1].webhooks)} Looking once more.")
        found = yield from find(webhook_id, webhook_name, patience, secrets)
    return found


def list_surely(expected: Collection[str], patience: Patience, secrets: tuple[str, ...] = ()) -> Exchange[WebhookList]:
    """
    Every webhook; the list is read once more where an expected one is missing.

    :param expected: Names that shall be there.
    :param patience: How long to keep asking when the service cannot be asked.
    :param secrets: Values to mask in errors.
    """
    listed = yield from ask(list_webhooks(), patience, secrets)
    there = {webhook.name.strip() for webhook in listed.webhooks}
    if absent := [name for name in expected if name.strip() not in there]:
        yield Wait(LOOK_AGAIN, f"{', '.join(map(shown, absent[:5]))} not found. Looking once more.")
        listed = yield from ask(list_webhooks(), patience, secrets)
    return listed


def resolve(webhook_id: str, webhook_name: str, patience: Patience, secrets: tuple[str, ...] = ()) -> Exchange[Webhook]:
    """
    The webhook of this id or name.

    :param webhook_id: As for :func:`find`, which see for the other errors.
    :param webhook_name: Likewise.
    :param patience: Likewise.
    :param secrets: Likewise.
    :raises ReachLookupError: when there is none, or several have the name.
    """
    webhook, listed = yield from find_surely(webhook_id, webhook_name, patience, secrets)
    if isinstance(webhook, Gone):
        raise ReachLookupError(missing_and_advice(webhook, listed.webhooks))
    return webhook


def only(name: str, webhooks: list[Webhook]) -> Webhook | None:
    """
    The one webhook of that name, or None.

    :param name: The whole name.
    :param webhooks: Where to look.
    :raises ReachLookupError: when several have it, naming their ids and targets.
    """
    named = [webhook for webhook in webhooks if webhook.name.strip() == name.strip()]
    if len(named) > 1:
        which = "; ".join(f"{webhook.id} (to {one_line(safe_url(webhook.target), 80)})" for webhook in named[:5])
        raise ReachLookupError(
            f"{len(named)} webhooks are named {shown(name)}, so that the name does not tell which is meant: {which}"
            f"{'; …' if len(named) > 5 else ''}. Say which by webhook_id, or rename or delete all but one."
        )
    return named[0] if named else None
