"""Create a webhook exactly once: after a lost answer the webhook is looked for, never created again."""

from __future__ import annotations

from airflow_provider_reach.core.api.exchange import AskContext, Exchange, Wait, ask
from airflow_provider_reach.core.api.operations import create_webhook, list_webhooks
from airflow_provider_reach.core.api.retry import FIRST_WAIT, PERHAPS_TAKEN
from airflow_provider_reach.core.errors import ReachError, ReachUnsettledError
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.webhooks.diff import same_url
from airflow_provider_reach.core.webhooks.spec import WebhookSpec

LOOK_AFTER_CREATE = 30.0


def create(spec: WebhookSpec, context: AskContext) -> Exchange[str]:
    """
    Create a webhook and return its id; if the answer is lost, look for the webhook instead of sending a second POST.

    :param spec: The webhook to create.
    :param context: How long to keep asking while nothing was taken, and what to mask.
    :raises ReachUnsettledError: when the answer is lost and no such webhook appears within 30 s.
    :raises ReachCallError: when the service refuses, or cannot be reached.
    """
    call = create_webhook(spec)
    try:
        return (yield from ask(call, context))
    except PERHAPS_TAKEN as error:
        lost = error
    seen = f"no webhook of this name and target appeared within {LOOK_AFTER_CREATE:.0f} s"
    try:
        if found := (yield from _look_for(spec, context.masking(*call.secrets).with_budget(LOOK_AFTER_CREATE))):
            return found
    except ReachError as error:
        seen = f"whether the webhook is there could not be seen ({str(error).rstrip('.')})"
    raise ReachUnsettledError(
        f"{lost} It may have been carried out all the same: {seen}. It was not sent again, since a second webhook "
        "would deliver every event twice: look at the list of webhooks before you do.",
        **lost.origin,
    ) from lost


def _look_for(spec: WebhookSpec, context: AskContext) -> Exchange[str | None]:
    budget, tries = context.budget, 0
    while True:
        listed = yield from ask(list_webhooks(), context)
        for webhook in listed.webhooks:
            if webhook.name.strip() == spec.name.strip() and same_url(webhook.target, spec.target):
                return webhook.id
        if budget.left <= 0:
            return None
        seconds = min(FIRST_WAIT * 2.0**tries, budget.left)
        yield Wait(seconds, f"Whether webhook {shown(spec.name)} was created is not known; looking for it.")
        budget.spend(seconds)
        tries += 1
