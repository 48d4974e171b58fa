"""The operator that tests a webhook's target."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_reach.exceptions import reach_errors, told_to_callbacks
from airflow_provider_reach.integration.map_index import label_mapped_instance
from airflow_provider_reach.integration.xcom import literal
from airflow_provider_reach.operators.base import ReachWebhookOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class ReachValidateWebhookOperator(ReachWebhookOperator):
    """
    Have the service POST a test batch to a webhook's target, and fail unless the target answers 200.

    Returns ``{"webhook_id", "webhook_name", "status", "seconds", "headers", "body"}`` of the target's answer, bounded
    and without secrets.

    :param webhook_id: The webhook's UUID; with a name as well, the id decides and the name is its label.
    :param webhook_name: The webhook's name.
    :param reach_conn_id: The Airflow connection.
    """

    @told_to_callbacks
    def execute(self, context: Context) -> dict[str, Any]:
        """
        Look for the webhook, and have it validated.

        :param context: The task's context.
        :raises AirflowFailException: wrong arguments or configuration, a refused key, no such webhook or several.
        :raises AirflowException: the target did not answer 200, or the service could not be asked.
        """
        from airflow_provider_reach.core.webhooks.actions import validate
        from airflow_provider_reach.core.webhooks.ref import WebhookRef

        label_mapped_instance(context, self.webhook_name, self.webhook_id)
        with reach_errors():
            done = self.hook.get_conn().do(partial(validate, WebhookRef(self.webhook_id, self.webhook_name)))
        webhook, response, seconds = done.webhook, done.result.response, done.result.seconds
        label_mapped_instance(context, self.webhook_name, webhook.name, webhook.id)
        self.log.info(
            "The target of webhook %s answered %s, in a call of %.1f s.",
            webhook.label,
            response,
            seconds,
        )
        if webhook.active is False:
            self.log.warning("Webhook %s is inactive: its target answers, and it delivers nothing.", webhook.label)
        answered: dict[str, Any] = literal(
            {
                "webhook_id": webhook.id,
                "webhook_name": webhook.name,
                "status": response.status,
                "seconds": round(seconds, 3),
                "headers": response.headers,
                "body": response.body,
            }
        )
        return answered
