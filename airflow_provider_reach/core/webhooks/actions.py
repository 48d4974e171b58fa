"""What is done to an existing webhook: validate, delete. Each function is an exchange."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from msgspec import Struct

from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.api.exchange import AskContext, Exchange, Wait, ask
from airflow_provider_reach.core.api.models import ValidationResult, Webhook
from airflow_provider_reach.core.api.origin import origin_of
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.api.target_errors import target_error
from airflow_provider_reach.core.errors import Origin, ReachCallError, ReachLookupError, ReachNotFoundError
from airflow_provider_reach.core.webhooks.find import LOOK_AGAIN, Absent, find_by_list, find_with_recheck, resolve
from airflow_provider_reach.core.webhooks.missing import diagnosed, missing
from airflow_provider_reach.core.webhooks.ref import WebhookRef


class Validated(Struct, frozen=True, kw_only=True):
    """A webhook whose target accepted the test batch."""

    webhook: Webhook
    result: ValidationResult


class Deleted(Struct, frozen=True, kw_only=True):
    """
    A webhook that is no longer there.

    :param webhook_id: Its UUID; empty where no webhook has the name.
    :param said: What was done, or why nothing was done, in a sentence.
    :param deleted: Whether it was deleted now; False where it was not there.
    :param doubtful: Whether another webhook, which still exists, may have been meant.
    """

    webhook_id: str
    said: str
    deleted: bool
    doubtful: bool = False


def validate(ref: WebhookRef, context: AskContext) -> Exchange[Validated]:
    """
    Have the service POST a test batch to a webhook's target, which must answer 200.

    :param ref: The webhook.
    :param context: How long to keep asking, and what to mask.
    :raises ReachLookupError: when there is no such webhook, or several have the name.
    :raises ReachTargetError: when the target does not answer 200.
    """
    webhook = yield from resolve(ref, context)
    call = operations.validate_webhook(webhook.id).about(webhook)

    def read_success(answer: Answer, secrets: tuple[str, ...]) -> ValidationResult:
        result = call.read(answer, secrets)
        if not result.ok:
            raise target_error(call.masking(secrets), answer, result.message, result.response)
        return result

    result = yield from ask(replace(call, read=read_success), context.masking(*webhook.secrets))
    return Validated(webhook=webhook, result=result)


def delete(ref: WebhookRef, context: AskContext, *, ignore_if_missing: bool = True) -> Exchange[Deleted]:
    """
    Delete a webhook. It counts as gone only if a list can be read and does not have it.

    :param ref: The webhook.
    :param context: How long to keep asking, and what to mask.
    :param ignore_if_missing: Whether a webhook that is not there is no error.
    :raises ReachLookupError: when several have the name, or it is missing and that is an error.
    """
    found = yield from find_with_recheck(ref, context)
    if isinstance(found, Absent):
        gone, there = found.gone, found.listed.webhooks
        said = missing(gone, there)
        if not ignore_if_missing:
            raise ReachLookupError(f"{said} Check the name or id and the connection, or set ignore_if_missing.")
        doubtful = diagnosed(gone, there).cause in ("misspelt", "recreated")
        return Deleted(webhook_id=gone.id, said=said, deleted=False, doubtful=doubtful)
    webhook = found.webhook
    call = operations.delete_webhook(webhook.id).about(webhook)
    must_be_gone = partial(_must_be_gone, webhook, context)
    try:
        if not (yield from ask(call, context.masking(*webhook.secrets))):
            yield from must_be_gone(f"Could not {call.operation}.", origin_of(call))
    except ReachNotFoundError as error:  # somebody else was faster
        yield from must_be_gone(str(error), error.origin)
        if not ignore_if_missing:
            raise
        return Deleted(webhook_id=webhook.id, said=f"Somebody else deleted webhook {webhook.label}.", deleted=False)
    return Deleted(webhook_id=webhook.id, said=f"Deleted webhook {webhook.label}.", deleted=True)


def _must_be_gone(webhook: Webhook, context: AskContext, said: str, origin: Origin) -> Exchange[None]:
    """Make sure with a list that the webhook is gone, since a 404 may not be the API's own."""
    for may_lag in (True, False):
        if isinstance((yield from find_by_list(WebhookRef(webhook.id), context)), Absent):
            return
        if may_lag:
            yield Wait(LOOK_AGAIN, said)
    raise ReachCallError(f"{said} Yet the webhook is there: ask again.", **origin)
