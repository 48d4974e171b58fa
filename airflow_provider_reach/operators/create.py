"""The operator that makes sure that a webhook exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_reach.core.errors import ReachUnsettledError
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.values import choice, read
from airflow_provider_reach.exceptions import reach_errors, told_to_callbacks
from airflow_provider_reach.integration.arguments import WEBHOOK_ARGUMENTS
from airflow_provider_reach.integration.connection_form import DEFAULT_CONN_ID
from airflow_provider_reach.integration.map_index import label_mapped_instance
from airflow_provider_reach.integration.xcom import literal
from airflow_provider_reach.operators.declaring import DeclaringOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_reach.core.fields import EventType
    from airflow_provider_reach.core.webhooks.converge import Declared, IfExists
    from airflow_provider_reach.core.webhooks.spec import WebhookSpec


class ReachCreateWebhookOperator(DeclaringOperator):
    """
    Make sure that a webhook of this name exists: create it, or take, change or refuse the one that exists.

    Running it twice changes nothing. If the answer to a creation is lost, the task looks for the webhook before it
    repeats anything, and so does its next try. Only with ``if_exists="fail"`` the next try fails: it cannot tell a
    webhook that an earlier try made from somebody else's.

    Returns ``{"webhook_id": ..., "created": ..., "changed": [...]}``. To validate what a mapped task made:
    ``.expand(webhook_id=create.output.map(lambda made: made["webhook_id"]))``.

    None, or a template that renders to None, is not given; anything else is, even if it is empty or False. Let only one
    task declare a name: two that look at the same time both create it, and both fail.

    :param name: The webhook's name.
    :param target: The URL to which batches are POSTed; the service POSTs a test batch to it first.
    :param events: The event types it sends, at least one.
    :param active: Whether it sends anything.
    :param custom_headers: Headers sent to the target.
    :param auth_type: ``none``, ``basic`` or ``oauth2``.
    :param auth_credentials: ``{"username", "password"}`` for ``basic``; better by ``target_conn_id``.
    :param auth_request_details: ``{"url", "body"}`` for ``oauth2``; better by ``target_conn_id``.
    :param target_conn_id: The Airflow connection that holds the credentials at the target: login and password for
        ``basic``; with the extra ``token_url``, client id and secret for ``oauth2`` (more extras: ``grant_type``,
        ``scope``, ``audience``, ``token_fields``); the extra ``headers`` for custom headers.
    :param extra: Fields of the service that are none of these.
    :param if_exists: ``reuse`` takes the webhook of that name as it is and logs each difference, ``update`` makes it
        match by sending what differs, ``fail`` fails.
    :param reach_conn_id: The Airflow connection.
    """

    name: str
    template_fields: Sequence[str] = (
        *DeclaringOperator.template_fields,
        *WEBHOOK_ARGUMENTS,
        "if_exists",
    )

    def __init__(
        self,
        *,
        name: str,
        target: str,
        events: Sequence[EventType] | Sequence[str] | str,
        active: bool | str | None = None,
        custom_headers: Mapping[str, Any] | str | None = None,
        auth_type: str | None = None,
        auth_credentials: Mapping[str, Any] | str | None = None,
        auth_request_details: Mapping[str, Any] | str | None = None,
        target_conn_id: str | None = None,
        extra: Mapping[str, Any] | str | None = None,
        if_exists: IfExists | str = "reuse",
        reach_conn_id: str = DEFAULT_CONN_ID,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("multiple_outputs", True)  # so that .output["webhook_id"] is one of what it returns
        super().__init__(reach_conn_id=reach_conn_id, **kwargs)
        self.take(locals())
        self.if_exists = if_exists

    @told_to_callbacks
    def execute(self, context: Context) -> dict[str, Any]:
        """
        Look for the webhook, and create or change it if necessary.

        :param context: The task's context.
        :raises AirflowFailException: wrong arguments or configuration, a refused key, several webhooks of that name, or
            one where ``if_exists`` is ``fail``.
        :raises AirflowException: the service could not be asked, or the target did not answer the test batch with 200.
        """
        from airflow_provider_reach.core.webhooks.spec import WebhookSpec

        label_mapped_instance(context, self.name)
        with reach_errors():
            what = f"create webhook {shown(self.name)}"
            spec = WebhookSpec.of(self.declared_fields(what))
            done = self._declare(spec, what)
        if done.created:
            begins = (
                "sends nothing until it is activated"
                if spec.active is False
                else "begins to receive events in about a minute"
            )
            self.log.info("Created webhook %s. It %s.", done.label, begins)
            self.log_unlike(done)
        else:
            self.log_outcome(done, spec.given)
        return {"webhook_id": literal(done.webhook_id), "created": done.created, "changed": done.changed}

    def _declare(self, spec: WebhookSpec, what: str) -> Declared:
        from airflow_provider_reach.core.webhooks.converge import IF_EXISTS

        if_exists = read(partial(choice, known=IF_EXISTS), "if_exists", self.if_exists, what)
        try:
            return self.hook.declare_webhook(spec, if_exists)
        except ReachUnsettledError as error:  # not final here: the next try looks first
            raise AirflowException(f"{error} The next try of this task looks for it first.") from error
