"""A list of webhooks for many who look something up: sorted once, and read only where it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property, partial

import msgspec

from airflow_provider_reach.core.api import decoding
from airflow_provider_reach.core.api.models import Webhook, WebhookList
from airflow_provider_reach.core.api.operations import Call, list_webhooks
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.webhooks.ref import WebhookRef

Named = decoding.Key | Webhook

_ODD = (msgspec.MsgspecError, ValueError, RecursionError)


class WebhookIndex:
    """
    The webhooks of a list by id and by name.

    :param read: Reads all of them.
    :param each: By what each is found, and the webhook, read or not.
    """

    def __init__(self, read: Callable[[], WebhookList], each: Iterable[tuple[Named, Webhook | msgspec.Raw]]) -> None:
        self._read = read
        self._by_id: dict[str, Webhook | msgspec.Raw] = {}
        self._ids: dict[str, str] = {}
        for named, webhook in each:
            webhook_id, name = named.id.lower(), named.name.strip()
            self._by_id.setdefault(webhook_id, webhook)
            self._ids[name] = "" if name in self._ids else webhook_id  # several of a name: it tells none

    @cached_property
    def listed(self) -> WebhookList | None:
        """The list; None where one of its webhooks cannot be read."""
        try:
            return self._read()
        except decoding.ContractViolation:
            return None

    def only(self, ref: WebhookRef) -> Webhook | None:
        """
        The webhook of this id, or the only one of this name; None where there is none, or several, or it is unreadable.

        :param ref: The webhook, checked.
        """
        webhook_id = ref.id.lower() or self._ids.get(ref.name, "")
        found = self._by_id.get(webhook_id)
        if isinstance(found, msgspec.Raw):
            try:
                found = self._by_id[webhook_id] = decoding.listed_webhook(found)
            except decoding.ContractViolation:
                return None
        return found


def indexed_list() -> Call[WebhookIndex]:
    """List the webhooks of the workspace, for many to look something up."""
    call = list_webhooks()

    def read(answer: Answer, secrets: tuple[str, ...]) -> WebhookIndex:
        whole = partial(call.read, answer, secrets)
        try:
            return WebhookIndex(whole, decoding.unread_webhooks(answer.body))
        except _ODD:
            listed = whole()
            return WebhookIndex(lambda: listed, ((each, each) for each in listed.webhooks))

    return replace(call, read=read)  # type: ignore[arg-type,return-value]
