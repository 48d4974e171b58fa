"""
Declare webhooks: look, compare, and change only what differs; a second run changes nothing.

Each function is an exchange, so that any client can drive it.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, structs

from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.api.exchange import AskContext, Exchange, Wait, ask
from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.api.retry import FIRST_WAIT
from airflow_provider_reach.core.errors import (
    ReachCallError,
    ReachExistsError,
    ReachInputError,
    ReachLookupError,
    ReachNotAppliedError,
    ReachSideEffectError,
)
from airflow_provider_reach.core.fields import AUTH_FIELDS, AUTH_TYPES, FIELDS
from airflow_provider_reach.core.serializable import Serializable
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.webhooks.create import create
from airflow_provider_reach.core.webhooks.diff import (
    FieldComparison,
    compare,
    differences,
    fields_that,
    value_of,
)
from airflow_provider_reach.core.webhooks.find import Absent, find_with_recheck, only
from airflow_provider_reach.core.webhooks.missing import missing_and_advice
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from airflow_provider_reach.core.webhooks.side_effects import how_changed
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from airflow_provider_reach.core.webhooks.validation import is_unused

IF_EXISTS = ("reuse", "update", "fail")
IfExists = Literal["reuse", "update", "fail"]

LOOK_AFTER_UPDATE = 10.0


class Declared(Serializable, Struct, frozen=True, kw_only=True):
    """
    The outcome of a declaration.

    :param webhook_id: The webhook's UUID.
    :param name: Its name.
    :param active: Whether it sends anything; None where that is unknown.
    :param created: Whether it was created now.
    :param changed: The fields that were sent in an update.
    :param compared: How each declared field compares with its value before; empty for a new webhook.
    :param unlike: Sent fields that the service now shows neither as they were sent nor as they were before.
    """

    webhook_id: str
    name: str
    active: bool | None
    created: bool = False
    changed: list[str] = []
    compared: list[FieldComparison] = []
    unlike: list[FieldComparison] = []

    @property
    def label(self) -> str:
        """The webhook as messages name it."""
        return Webhook(id=self.webhook_id, name=self.name).label


def declare(spec: WebhookSpec, if_exists: IfExists | str, context: AskContext) -> Exchange[Declared]:
    """
    Make sure that a webhook with this name exists: reuse, change or refuse an existing one, or create it.

    Because it looks first, it also finds a webhook that an earlier try created although the answer was lost.

    :param spec: The webhook as it must be.
    :param if_exists: ``reuse`` leaves an existing one as it is, ``update`` makes it match, ``fail`` raises an error.
    :param context: How long to keep asking, and what to mask.
    :raises ReachInputError: before anything is sent, naming everything that is wrong with the spec.
    :raises ReachLookupError: when several webhooks have the name.
    :raises ReachExistsError: when one has it and ``if_exists`` is ``fail``.
    :raises ReachUnsettledError: when the answer to the creation is lost and no such webhook appears.
    """
    operation = f"create webhook {shown(spec.given.get('name'))}"
    spec.body(operation)
    if if_exists not in IF_EXISTS:
        raise ReachInputError([f"if_exists must be 'reuse', 'update' or 'fail', not {shown(if_exists)}."], operation)
    context = context.masking(*spec.secrets)
    listed = yield from ask(operations.list_webhooks(), context)
    existing = only(spec.name, listed.webhooks)
    if existing is None:
        webhook_id = yield from create(spec, context)
        unlike = yield from _see_what_was_made(spec, webhook_id, context)
        return Declared(
            webhook_id=webhook_id,
            name=spec.given["name"],
            active=spec.given.get("active", True),
            created=True,
            unlike=unlike,
        )
    if if_exists == "fail":
        raise ReachExistsError(
            f"Could not {operation}: there is one of that name already, {existing.id}. (An earlier try of this task "
            "may have made it.) Choose another name, or set if_exists to 'reuse' or 'update'."
        )
    if if_exists == "update":
        return (yield from _update(existing.id, spec, context, always=False))
    return Declared(
        webhook_id=existing.id, name=existing.name, active=existing.active, compared=compare(spec, existing)
    )


def _see_what_was_made(spec: WebhookSpec, webhook_id: str, context: AskContext) -> Exchange[list[FieldComparison]]:
    """
    Compare the new webhook with what was sent, and make sure that it is the only one with its name.

    Two tasks that look at the same time both find nothing, and both create one.
    """
    try:
        listed = yield from ask(operations.list_webhooks(), context.with_budget(0.0))
    except ReachCallError:
        return []  # the webhook exists, and nothing suggests that it is wrong
    name = spec.given["name"]
    named = {webhook.id.lower(): webhook for webhook in listed.webhooks if webhook.name.strip() == name}
    made = named.pop(webhook_id.lower(), None)
    if named:
        raise ReachExistsError(
            f"Webhook {shown(name)} was created, {webhook_id}, and at the same time somebody else created one of that "
            f"name: {', '.join([*named][:5])}. Every event is sent by each of them: delete all but one, and let only "
            "one task declare it."
        )
    return differences(spec, made) if made else []


def converge(
    ref: WebhookRef, changes: WebhookChanges, context: AskContext, *, always: bool = False
) -> Exchange[Declared]:
    """
    Make a webhook match: send what differs, read it again, and raise an error if anything else has changed.

    A value that the service does not show, or masks, is unknown; that alone is no reason to send it.

    :param ref: The webhook.
    :param changes: The values that it must have.
    :param context: How long to keep asking, and what to mask.
    :param always: Whether to send every given field even if nothing differs, for secrets that the service masks.
    :raises ReachInputError: before anything is sent, naming everything that is wrong with the changes.
    :raises ReachLookupError: when there is no such webhook, or several have the name; if it is to be renamed, a webhook
        that already has the new name is taken for it.
    :raises ReachExistsError: when another webhook has its new name.
    :raises ReachNotAppliedError: when a sent field is still as it was before.
    :raises ReachSideEffectError: when a field that was not sent has changed.
    """
    changes.body(f"update webhook {ref}")
    context = context.masking(*changes.secrets)
    found = yield from find_with_recheck(ref, context)
    new_name = changes.given.get("name")
    if isinstance(found, Absent):
        return (yield from _update(_renamed_before(found, new_name).id, changes, context, always=always))
    if new_name and found.webhook.name.strip() != new_name:
        listed = found.listed or (yield from ask(operations.list_webhooks(), context))
        _check_not_taken(new_name, found.webhook, listed.webhooks)
    before = found.webhook if found.listed is None else None
    return (yield from _update(found.webhook.id, changes, context, always=always, before=before))


def _renamed_before(absent: Absent, new_name: str | None) -> Webhook:
    """The webhook of the new name, where none has the old one: an earlier run may have renamed it."""
    taken = only(new_name, absent.listed.webhooks) if new_name else None
    if taken is None or absent.gone.id:
        raise ReachLookupError(missing_and_advice(absent.gone, absent.listed.webhooks))
    return taken


def _check_not_taken(new_name: str, webhook: Webhook, webhooks: list[Webhook]) -> None:
    """No second webhook gets a name."""
    taken = only(new_name, webhooks)
    if taken and taken.id.lower() != webhook.id.lower():
        raise ReachExistsError(
            f"Webhook {webhook.label} cannot be named {shown(new_name)}: webhook {taken.label} is. Two of one name "
            "could not be told apart by it: choose another name."
        )


def _update(
    webhook_id: str, changes: WebhookChanges, context: AskContext, *, always: bool, before: Webhook | None = None
) -> Exchange[Declared]:
    before = before or (yield from ask(operations.get_webhook(webhook_id), context))
    _check_authentication(before, changes)
    compared = compare(changes, before)
    sent = changes.only(_to_send(compared, always))
    done = Declared(
        webhook_id=webhook_id, name=before.name, active=before.active, changed=list(sent.given), compared=compared
    )
    if not sent.given:
        return done
    context = context.masking(*before.secrets)
    yield from ask(operations.update_webhook(webhook_id, sent).about(before), context)
    try:
        after = yield from _updated(before, sent, context)
    except ReachCallError as error:
        raise ReachCallError(
            f"The update of webhook {before.label} was taken ({', '.join(sent.given)}), and whether it changed "
            f"anything else could not be checked, and a retry cannot check it either: look at the webhook. {error}",
            **error.origin,
        ) from error
    if surprising := _changed_unsent(before, after, sent):
        raise ReachSideEffectError(
            f"Updating webhook {before.label} changed more than was sent, or somebody else changed it at the same "
            f"time. Not sent, and different now: {'; '.join(surprising)}. Sent: {', '.join(sent.given)}. Look at the "
            "webhook, set right what is wrong, and declare these fields too, so that they are held."
        )
    return structs.replace(done, name=after.name, active=after.active, unlike=differences(sent, after))


def _check_authentication(before: Webhook, changes: WebhookChanges) -> None:
    """Refuse credentials that the webhook's auth_type does not use: they would change nothing, but seem to."""
    given = changes.given
    auth_type = given.get("auth_type", before.auth_type)
    problems = [
        f"{field} have no effect, since the webhook's auth_type is {shown(auth_type)}: give auth_type '{wanted}' too."
        for field, wanted in AUTH_TYPES.items()
        if given.get(field) and is_unused(field, auth_type)
    ]
    if problems:
        raise ReachInputError(problems, f"update webhook {before.label}")


def _to_send(compared: list[FieldComparison], always: bool) -> list[str]:
    """
    The fields that differ, and with them those that are unknown; with another auth_type, the whole authentication.

    Unknown fields are sent too, since no documentation says that an update keeps the fields that it leaves out.
    """
    if always:
        return [field.field for field in compared]
    differing = fields_that("differs", compared)
    if not differing:
        return []
    authentication = AUTH_FIELDS if "auth_type" in differing else ()
    return [*differing, *fields_that("unknown", compared), *authentication]


def _updated(before: Webhook, sent: WebhookChanges, context: AskContext) -> Exchange[Webhook]:
    """Read the webhook until it is no longer as it was, in case an answer comes from a replica that lags."""
    left, seconds = LOOK_AFTER_UPDATE, FIRST_WAIT
    while True:
        after = yield from ask(operations.get_webhook(before.id).about(before), context)
        stale = [field for field in differences(sent, after) if _is_as_before(before, after, field.field)]
        if not stale:
            return after
        if left <= 0:
            break
        yield Wait(seconds, f"The update of webhook {before.label} does not show yet ({_said(stale)}).")
        left -= seconds
        seconds = min(2 * seconds, left)
    if seen := [field for field in stale if field.field in _SEEN_FIELDS]:
        raise ReachNotAppliedError(
            f"The service took the update of webhook {before.label}, and {LOOK_AFTER_UPDATE:.0f} s later still shows "
            f"what was before (what it shows → what was sent): {_said(seen)}. Either it did not carry it out: look at "
            "the webhook. Or it keeps this in another form: then declare what it shows."
        )
    return after


_SEEN_FIELDS = ("name", "target", "events", "active", "auth_type")
"""Fields that are shown as they are; any other that looks unchanged may be masked in an unknown way."""


def _said(fields: list[FieldComparison]) -> str:
    return "; ".join(map(str, fields))


def _is_as_before(before: Webhook, after: Webhook, field: str) -> bool:
    return value_of(before, field) is not None and not how_changed(before, after, field)


def _changed_unsent(before: Webhook, after: Webhook, sent: WebhookChanges) -> list[str]:
    own = set(sent.given)
    if "auth_type" in own:
        own.update(AUTH_TYPES)
    if "oauth2" in (before.auth_type, after.auth_type):
        own.add("auth_credentials")  # every update fetches a new token, which appears there
    return [changed for field in FIELDS if field not in own and (changed := how_changed(before, after, field))]
