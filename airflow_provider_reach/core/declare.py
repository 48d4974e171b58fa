"""
Declaring webhooks: look, compare, and change only what differs; the same once or twice.

Each function is an exchange, so that any client can drive it.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from airflow_provider_reach.core import calls
from airflow_provider_reach.core.compare import FieldComparison, compare, compare_field, fields_that, value_of
from airflow_provider_reach.core.config import shown
from airflow_provider_reach.core.errors import (
    ReachExistsError,
    ReachInputError,
    ReachLookupError,
    ReachNotAppliedError,
    ReachSideEffectError,
)
from airflow_provider_reach.core.exchange import FIRST_WAIT, Exchange, Patience, Wait, ask, create
from airflow_provider_reach.core.lookup import find, missing, only
from airflow_provider_reach.core.models import Gone, Webhook
from airflow_provider_reach.core.spec import FIELDS, WebhookChanges, WebhookSpec

IF_EXISTS = ("reuse", "update", "fail")
IfExists = Literal["reuse", "update", "fail"]

AUTH_FIELDS = ("auth_type", "auth_credentials", "auth_request_details")
LOOK_AFTER_UPDATE = 10.0


class Declared(Struct, frozen=True, kw_only=True):
    """
    What became of a declaration.

    :param webhook_id: The webhook's UUID.
    :param name: Its name.
    :param created: Whether it was made now.
    :param changed: The fields that were sent in an update.
    :param compared: How each declared field compared with what was there before; empty for a new webhook.
    :param unlike: Sent fields that the service shows otherwise than they were sent, though not as before.
    """

    webhook_id: str
    name: str
    created: bool = False
    changed: list[str] = []
    compared: list[FieldComparison] = []
    unlike: list[FieldComparison] = []

    @property
    def label(self) -> str:
        """The webhook as messages name it."""
        return Webhook(id=self.webhook_id, name=self.name).label


def declare(
    spec: WebhookSpec, if_exists: IfExists | str, patience: Patience, secrets: tuple[str, ...] = ()
) -> Exchange[Declared]:
    """
    Have a webhook of this name: take, change or refuse the one that is there, or create it.

    Looking first also settles a creation of an earlier try whose answer was lost.

    :param spec: What it shall be.
    :param if_exists: ``reuse`` takes the one that is there as it is, ``update`` makes it match, ``fail`` refuses.
    :param patience: How long to keep asking when the service cannot be asked.
    :param secrets: Values to mask in errors.
    :raises ReachInputError: before anything is sent, naming everything that is wrong with the spec.
    :raises ReachLookupError: when several webhooks have the name.
    :raises ReachExistsError: when one has it and ``if_exists`` is ``fail``.
    :raises ReachUnsettledError: when the answer to the creation was lost and no such webhook appears.
    """
    operation = f"create webhook {shown(spec.given.get('name'))}"
    spec.body(operation)
    if if_exists not in IF_EXISTS:
        raise ReachInputError([f"if_exists must be 'reuse', 'update' or 'fail', not {shown(if_exists)}."], operation)
    masked = (*secrets, *spec.secrets)
    listed = yield from ask(calls.list_webhooks(), patience, masked)
    existing = only(spec.name, listed.webhooks)
    if existing is None:
        webhook_id = yield from create(spec, patience, secrets)
        return Declared(webhook_id=webhook_id, name=spec.name, created=True)
    if if_exists == "fail":
        raise ReachExistsError(
            f"Could not {operation}: there is one of that name already, {existing.id}. (An earlier try of this task "
            "may have made it.) Choose another name, or set if_exists to 'reuse' or 'update'."
        )
    if if_exists == "update":
        return (yield from _update(existing.id, spec, patience, always=False, secrets=secrets))
    return Declared(webhook_id=existing.id, name=existing.name, compared=compare(spec, existing))


def converge(
    webhook_id: str,
    webhook_name: str,
    changes: WebhookChanges,
    patience: Patience,
    secrets: tuple[str, ...] = (),
    *,
    always: bool = False,
) -> Exchange[Declared]:
    """
    Make a webhook match: send what differs, read it again, and tell when more than that has changed.

    What the service does not show or masks is unknown, which alone is no reason to send.

    :param webhook_id: Its UUID; with a name as well, the id decides.
    :param webhook_name: Its name.
    :param changes: What shall be.
    :param patience: How long to keep asking when the service cannot be asked.
    :param secrets: Values to mask in errors.
    :param always: Send every given field, also where nothing differs: for secrets that the service does not show.
    :raises ReachInputError: before anything is sent, naming everything that is wrong with the changes.
    :raises ReachLookupError: when there is no such webhook, or several have the name; where it is to be renamed, one
        that has the new name already is taken for it.
    :raises ReachExistsError: when another webhook has its new name.
    :raises ReachNotAppliedError: when a sent field is what it was before.
    :raises ReachSideEffectError: when a field that was not sent has changed.
    """
    changes.body(f"update webhook {shown(webhook_name or webhook_id)}")
    webhook, listed = yield from find(webhook_id, webhook_name, patience, (*secrets, *changes.secrets))
    existing = _renamed(webhook, changes.given.get("name"), listed.webhooks)
    return (yield from _update(existing.id, changes, patience, always=always, secrets=secrets))


def _renamed(webhook: Webhook | Gone, new_name: str | None, webhooks: list[Webhook]) -> Webhook:
    """The webhook to update, which an earlier run may have renamed; a name is not given to a second webhook."""
    taken = only(new_name, webhooks) if new_name else None
    if isinstance(webhook, Gone):
        if taken is None or webhook.id:
            raise ReachLookupError(missing(webhook, webhooks))
        return taken
    if taken and taken.id != webhook.id:
        raise ReachExistsError(
            f"Webhook {webhook.label} cannot be named {shown(new_name)}: webhook {taken.label} is. Two of one name "
            "could not be told apart by it: choose another name."
        )
    return webhook


def _update(
    webhook_id: str, changes: WebhookChanges, patience: Patience, *, always: bool, secrets: tuple[str, ...]
) -> Exchange[Declared]:
    before = yield from ask(calls.get_webhook(webhook_id), patience, (*secrets, *changes.secrets))
    compared = compare(changes, before)
    sent = changes.only(_to_send(compared, always))
    if not sent.given:
        return Declared(webhook_id=webhook_id, name=before.name, compared=compared)
    masked = (*secrets, *changes.secrets, *before.secrets)
    yield from ask(calls.about(before, calls.update_webhook(webhook_id, sent)), patience, masked)
    after = yield from _updated(before, sent, patience, masked)
    if surprising := _changed_unsent(before, after, sent):
        raise ReachSideEffectError(
            f"Updating webhook {before.label} changed more than was sent, or somebody else changed it at the same "
            f"time. Not sent, and different now: {'; '.join(surprising)}. Sent: {', '.join(sent.given)}. Look at the "
            "webhook, set right what is wrong, and declare these fields too, so that they are held."
        )
    unlike = [field for field in compare(sent, after) if field.result == "differs"]
    return Declared(webhook_id=webhook_id, name=after.name, changed=list(sent.given), compared=compared, unlike=unlike)


def _to_send(compared: list[FieldComparison], always: bool) -> list[str]:
    """
    What differs.

    Of the authentication also what is not known: its parts make no sense alone. And all of it with another auth_type.
    """
    if always:
        return [field.field for field in compared]
    differing = fields_that("differs", compared)
    if "auth_type" in differing:
        differing += AUTH_FIELDS
    elif any(field in AUTH_FIELDS for field in differing):
        differing += [field for field in fields_that("unknown", compared) if field in AUTH_FIELDS]
    return differing


def _updated(before: Webhook, sent: WebhookChanges, patience: Patience, secrets: tuple[str, ...]) -> Exchange[Webhook]:
    """Read the webhook until it is no longer what it was, in case that an answer comes from a copy that lags."""
    left, seconds = LOOK_AFTER_UPDATE, FIRST_WAIT
    while True:
        after = yield from ask(calls.get_webhook(before.id), patience, secrets)
        differing = fields_that("differs", compare(sent, after))
        stale = [field for field in differing if _is_known(before, field) and not _changed(before, after, field)]
        if not stale:
            return after
        if seconds > left:
            raise ReachNotAppliedError(
                f"The service took the update of webhook {before.label}, and yet {LOOK_AFTER_UPDATE:.0f} s later still "
                f"shows what was before: {', '.join(stale)}. Look at the webhook, and run this again."
            )
        yield Wait(seconds, f"The update of webhook {before.label} is not to be seen yet: {', '.join(stale)}.")
        left -= seconds
        seconds *= 2


def _changed_unsent(before: Webhook, after: Webhook, sent: WebhookChanges) -> list[str]:
    """What was not sent and changed; what either answer leaves out or masks is not known to have."""
    own = set(sent.given)
    if own.intersection(AUTH_FIELDS):
        own.update(AUTH_FIELDS)
    if "oauth2" in (before.auth_type, after.auth_type):
        own.add("auth_credentials")  # every update fetches a new token, which is shown there
    return [str(changed) for field in FIELDS if field not in own and (changed := _changed(before, after, field))]


def _changed(before: Webhook, after: Webhook, field: str) -> FieldComparison | None:
    if not (_is_known(before, field) and _is_known(after, field)):
        return None
    compared = compare_field(field, value_of(after, field), value_of(before, field))
    return compared if compared.result == "differs" else None


def _is_known(webhook: Webhook, field: str) -> bool:
    return value_of(webhook, field) not in (None, "", ())
