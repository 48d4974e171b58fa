"""The operator that makes a webhook match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.values import flag
from airflow_provider_reach.exceptions import reach_errors, told_to_callbacks
from airflow_provider_reach.integration.arguments import WEBHOOK_ARGUMENTS
from airflow_provider_reach.integration.connection_form import DEFAULT_CONN_ID
from airflow_provider_reach.integration.map_index import label_mapped_instance
from airflow_provider_reach.operators.base import ReachWebhookOperator
from airflow_provider_reach.operators.declaring import DeclaringOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_reach.core.fields import EventType


class ReachUpdateWebhookOperator(ReachWebhookOperator, DeclaringOperator):
    """
    Make a webhook match: read it, send what differs, read it again.

    Each given field is equal, different, or unknown because the service leaves it out or masks it. What differs is
    sent; what is unknown is no reason to send anything. If nothing differs, nothing is sent, and the log says so. The
    task fails if a field that was not sent has changed, and names it.

    Returns ``{"webhook_id": ..., "changed": [...]}``. None, or a template that renders to None, is not given; anything
    else is, even if it is empty or False.

    :param webhook_id: The webhook's UUID; with a name as well, the id decides and the name is its label.
    :param webhook_name: The webhook's name.
    :param name: Its new name.
    :param target: The URL to which batches are POSTed; the service POSTs a test batch to a new one first. Batches that
        are queued already still go to the old one.
    :param events: The event types it sends, at least one.
    :param active: Whether it sends anything.
    :param custom_headers: Headers sent to the target; ``{}`` for none.
    :param auth_type: ``none``, ``basic`` or ``oauth2``.
    :param auth_credentials: ``{"username", "password"}`` for ``basic``; better by ``target_conn_id``.
    :param auth_request_details: ``{"url", "body"}`` for ``oauth2``; better by ``target_conn_id``.
    :param target_conn_id: The Airflow connection that holds the credentials at the target: login and password for
        ``basic``; with the extra ``token_url``, client id and secret for ``oauth2`` (more extras: ``grant_type``,
        ``scope``, ``audience``, ``token_fields``); the extra ``headers`` for custom headers.
    :param extra: Fields of the service that are none of these.
    :param always: Send everything that was given, also where nothing differs: for secrets that the service masks.
    :param reach_conn_id: The Airflow connection.
    """

    template_fields: Sequence[str] = (
        *ReachWebhookOperator.template_fields,
        *WEBHOOK_ARGUMENTS,
        "always",
    )

    def __init__(
        self,
        *,
        webhook_id: str = "",
        webhook_name: str = "",
        name: str | None = None,
        target: str | None = None,
        events: Sequence[EventType] | Sequence[str] | str | None = None,
        active: bool | str | None = None,
        custom_headers: Mapping[str, Any] | str | None = None,
        auth_type: str | None = None,
        auth_credentials: Mapping[str, Any] | str | None = None,
        auth_request_details: Mapping[str, Any] | str | None = None,
        target_conn_id: str | None = None,
        extra: Mapping[str, Any] | str | None = None,
        always: bool | str = False,
        reach_conn_id: str = DEFAULT_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(webhook_id=webhook_id, webhook_name=webhook_name, reach_conn_id=reach_conn_id, **kwargs)
        self.take(locals())
        self.always = always

    @told_to_callbacks
    def execute(self, context: Context) -> dict[str, Any]:
        """
        Compare, and send what differs.

        :param context: The task's context.
        :raises AirflowFailException: wrong arguments or configuration, a refused key, no such webhook or several, or a
            field that was not sent and has changed.
        :raises AirflowException: the service could not be asked, a new target did not answer the test batch with 200,
            or the update has no visible effect.
        """
        from airflow_provider_reach.core.webhooks.spec import WebhookChanges

        label_mapped_instance(context, self.webhook_name, self.webhook_id)
        with reach_errors():
            what = f"update webhook {shown(self.webhook_name or self.webhook_id)}"
            changes = WebhookChanges(**self.declared_fields(what))
            done = self.hook.converge_webhook(
                self.webhook_id, changes, webhook_name=self.webhook_name, always=bool(self.argument("always", flag))
            )
        label_mapped_instance(context, self.webhook_name, done.name)
        self.log_outcome(done, changes.given)
        return {"webhook_id": done.webhook_id, "changed": done.changed}
