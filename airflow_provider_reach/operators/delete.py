"""The operator that deletes a webhook."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_reach.core.values import flag
from airflow_provider_reach.exceptions import reach_errors, told_to_callbacks
from airflow_provider_reach.integration.connection_form import DEFAULT_CONN_ID
from airflow_provider_reach.integration.map_index import label_mapped_instance
from airflow_provider_reach.operators.base import ReachWebhookOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class ReachDeleteWebhookOperator(ReachWebhookOperator):
    """
    Delete a webhook; if it no longer exists, that is a success. Batches that are queued are still delivered.

    Returns ``{"webhook_id": ..., "deleted": ...}``; the id is empty if no webhook had that name.

    :param webhook_id: The webhook's UUID; with a name as well, the id decides and the name is its label.
    :param webhook_name: The webhook's name.
    :param ignore_if_missing: Whether it is fine if it does not exist. With False, a retry fails if the first try
        deleted the webhook and the answer was lost.
    :param reach_conn_id: The Airflow connection.
    """

    template_fields: Sequence[str] = (*ReachWebhookOperator.template_fields, "ignore_if_missing")

    def __init__(
        self,
        *,
        webhook_id: str = "",
        webhook_name: str = "",
        ignore_if_missing: bool | str = True,
        reach_conn_id: str = DEFAULT_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(webhook_id=webhook_id, webhook_name=webhook_name, reach_conn_id=reach_conn_id, **kwargs)
        self.ignore_if_missing = ignore_if_missing

    @told_to_callbacks
    def execute(self, context: Context) -> dict[str, Any]:
        """
        Look for the webhook, and delete it.

        :param context: The task's context.
        :raises AirflowFailException: wrong arguments or configuration, a refused key, several webhooks of that name, or
            none where ``ignore_if_missing`` is False.
        :raises AirflowException: the service could not be asked.
        """
        from airflow_provider_reach.core.webhooks.actions import delete
        from airflow_provider_reach.core.webhooks.ref import WebhookRef

        label_mapped_instance(context, self.webhook_name, self.webhook_id)
        with reach_errors():
            ignore = self.argument("ignore_if_missing", flag) is not False
            ref = WebhookRef(self.webhook_id, self.webhook_name)
            done = self.hook.get_conn().do(partial(delete, ref, ignore_if_missing=ignore))
        if done.deleted:
            self.log.info(
                "%s Batches that were queued before are still delivered to its target: keep it answering 200 "
                "for 9 hours.",
                done.said,
            )
        elif done.doubtful:
            self.log.warning(
                "Nothing was deleted. %s If that is the one to delete, it still exists: correct the name or id.",
                done.said,
            )
        else:
            self.log.info("Nothing was deleted. %s", done.said)
        return {"webhook_id": done.webhook_id, "deleted": done.deleted}
