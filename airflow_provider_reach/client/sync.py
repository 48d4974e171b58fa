"""The client that talks: a small driver of :mod:`airflow_provider_reach.core.api.exchange`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from airflow_provider_reach.client.requests_transport import Session, send
from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.api.exchange import AskContext, Exchange, Send, Wait, ask
from airflow_provider_reach.core.api.models import BatchStatus, ValidationResult, Webhook
from airflow_provider_reach.core.api.operations import DEFAULT_LIMIT, Call
from airflow_provider_reach.core.api.regions import with_hint
from airflow_provider_reach.core.api.request import request_for
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.api.retry import RetryBudget
from airflow_provider_reach.core.config import DEFAULT_OUTAGE_TOLERANCE, ReachConfig
from airflow_provider_reach.core.delivery.check import look
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.values import no_text
from airflow_provider_reach.core.webhooks.create import create
from airflow_provider_reach.core.webhooks.find import only
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from airflow_provider_reach.version import __version__

T = TypeVar("T")

log = logging.getLogger(__name__)

USER_AGENT = f"airflow-provider-reach/{__version__}"


class ReachClient:
    """
    The Reach API over one ``requests`` session; proxies and the CA bundle come from the environment.

    :param config: Where the service is and who asks.
    :param outage_tolerance: Seconds to keep asking while the service cannot be reached; 0 asks once.
    :param patience: The former name of ``outage_tolerance``.
    :param sleep: What to wait with, so that a test need not.
    """

    def __init__(
        self,
        config: ReachConfig,
        *,
        outage_tolerance: float = DEFAULT_OUTAGE_TOLERANCE,
        patience: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.config = config
        self.outage_tolerance = outage_tolerance if patience is None else patience
        self._sleep = sleep
        self._session = Session()

    def __enter__(self) -> ReachClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the session's connections."""
        self._session.close()

    def list_webhooks(self) -> list[Webhook]:
        """Every webhook of the workspace."""
        return self._ask(operations.list_webhooks()).webhooks

    def get_webhook(self, webhook_id: str) -> Webhook:
        """
        One webhook.

        :param webhook_id: Its UUID.
        :raises ReachNotFoundError: when there is none of that id.
        """
        return self._ask(operations.get_webhook(webhook_id))

    def find_webhook(self, name: str) -> Webhook | None:
        """
        The one webhook of a name, or None.

        :param name: The whole name.
        :raises ReachInputError: before anything is asked, when it is no text.
        :raises ReachLookupError: when several have it.
        """
        if not isinstance(name, str):
            raise ReachInputError([no_text("name", name)], "find webhook")
        return only(name, self.list_webhooks())

    def create_webhook(self, spec: WebhookSpec) -> str:
        """
        Create a webhook and return its id; a lost answer is settled by looking, never by a second POST.

        :param spec: What it shall be.
        :raises ReachInputError: before anything is sent, naming everything that is wrong with it.
        :raises ReachTargetError: when its target did not answer the service's test batch with 200.
        :raises ReachUnsettledError: when the answer was lost and no such webhook appears.
        """
        return self.do(partial(create, spec))

    def update_webhook(self, webhook_id: str, changes: WebhookChanges) -> str:
        """
        Change the given fields of a webhook and return its id.

        :param webhook_id: Its UUID.
        :param changes: The fields to change.
        :raises ReachInputError: before anything is sent, naming everything that is wrong with them.
        :raises ReachTargetError: when a changed target did not answer the service's test batch with 200.
        """
        return self._ask(operations.update_webhook(webhook_id, changes))

    def delete_webhook(self, webhook_id: str) -> None:
        """
        Delete a webhook.

        :param webhook_id: Its UUID.
        :raises ReachNotFoundError: when there is none of that id.
        """
        self._ask(operations.delete_webhook(webhook_id))

    def validate_webhook(self, webhook_id: str) -> ValidationResult:
        """
        Have the service POST a test batch to the webhook's target; ``ok`` of the result says whether it answered 200.

        :param webhook_id: Its UUID.
        :raises ReachTargetError: when the service itself calls the target's answer a failure.
        """
        return self._ask(operations.validate_webhook(webhook_id))

    def get_batch_status(self, webhook_id: str, limit: int = DEFAULT_LIMIT) -> BatchStatus:
        """
        The batches of the last 24 hours that failed, or were delivered after a failure.

        :param webhook_id: The webhook's UUID.
        :param limit: Rows at the most, from 1.
        """
        return self._ask(operations.get_batch_status(webhook_id, limit))

    def check_delivery(
        self,
        webhook_id: str = "",
        webhook_name: str = "",
        policy: DeliveryPolicy | None = None,
        *,
        watched_from: datetime | None = None,
        seen_id: str = "",
    ) -> DeliveryReport:
        """
        Look once at a webhook and judge what is seen.

        :param webhook_id: Its UUID; with a name as well, the id decides.
        :param webhook_name: Its name.
        :param policy: What counts as failed, and what is waited for.
        :param watched_from: When the watch looked first, by this machine's clock, where this is a later look.
        :param seen_id: The id that an earlier look of the same watch saw under the name.
        """
        ref, policy = WebhookRef(webhook_id, webhook_name), policy or DeliveryPolicy()
        return self.do(partial(look, ref, policy, watched_from=watched_from, seen_id=seen_id))

    def request(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, json: Any = None) -> Any:
        """
        Any other call to the workspace's API; returns the answer's JSON, or None for an empty one.

        :param method: The HTTP method; only GET, HEAD, PUT and DELETE are ever repeated.
        :param path: The path below the workspace's ``/reach``, such as ``/webhooks``.
        :param query: The query's parameters.
        :param json: What to send as JSON.
        """
        return self._ask(operations.any_request(method, path, query, json))

    def do(self, exchange: Callable[[AskContext], Exchange[T]]) -> T:
        """
        Carry out an exchange, with one retry budget for all its calls.

        :param exchange: Makes the exchange, given the budget and the values to mask.
        """
        asked = exchange(AskContext(RetryBudget(self.outage_tolerance), (self.config.api_key,)))
        return self.run(with_hint(asked, self.config))

    def run(self, exchange: Exchange[T]) -> T:
        """
        Drive an exchange to its end.

        :param exchange: What to ask; its errors are raised as they are.
        """
        step: Send | Wait = next(exchange)
        while True:
            try:
                step = exchange.send(self._carry_out(step))
            except StopIteration as done:
                result: T = done.value
                return result

    def _ask(self, call: Call[T]) -> T:
        return self.do(partial(ask, call))

    def _carry_out(self, step: Send | Wait) -> Answer | Failure | None:
        if isinstance(step, Send):
            return send(self._session, request_for(step.call, self.config, USER_AGENT))
        log.warning("%s Next try in %.1f s.", step.reason, step.seconds)
        self._sleep(step.seconds)
        return None
