"""A list of webhooks, sorted once for all who look something up in it."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_reach.core.api.models import Webhook, WebhookList
from airflow_provider_reach.core.api.operations import Call, list_webhooks
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.webhooks.ref import WebhookRef


class WebhookIndex:
    """
    The webhooks of a list by id and by name.

    :param listed: The list.
    """

    def __init__(self, listed: WebhookList) -> None:
        self.listed = listed
        self._by_id: dict[str, Webhook] = {}
        self._by_name: dict[str, list[Webhook]] = {}
        for webhook in listed.webhooks:
            self._by_id.setdefault(webhook.id.lower(), webhook)
            self._by_name.setdefault(webhook.name.strip(), []).append(webhook)

    def only(self, ref: WebhookRef) -> Webhook | None:
        """
        The webhook of this id, or the only one of this name; None where there is none, or several.

        :param ref: The webhook, checked.
        """
        if ref.id:
            return self._by_id.get(ref.id.lower())
        named = self._by_name.get(ref.name, ())
        return named[0] if len(named) == 1 else None


def indexed_list() -> Call[WebhookIndex]:
    """List the webhooks of the workspace, for many to look something up."""
    call = list_webhooks()

    def read(answer: Answer, secrets: tuple[str, ...]) -> WebhookIndex:
        return WebhookIndex(call.read(answer, secrets))

    return replace(call, read=read)  # type: ignore[arg-type,return-value]
