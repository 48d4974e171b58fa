"""
The hook: a connection's client, with every operation of the API.

Every DAG file that uses this package loads this module: what only a running task needs is imported where it is used.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_reach.client.calls import ReachCalls
from airflow_provider_reach.core.config import DEFAULT_OUTAGE_TOLERANCE
from airflow_provider_reach.core.fields import FIELDS
from airflow_provider_reach.integration.compat import mask_secret
from airflow_provider_reach.integration.connection_form import CONN_TYPE, DEFAULT_CONN_ID, field_behaviour, form_widgets
from airflow_provider_reach.integration.reach_connection import (
    max_connections,
    read_config,
    read_config_async,
    tested,
)
from airflow_provider_reach.integration.xcom import allow_in_xcoms

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from airflow_provider_reach.client.aio import AsyncReachClient
    from airflow_provider_reach.client.sync import ReachClient
    from airflow_provider_reach.core.api.exchange import AskContext, Exchange
    from airflow_provider_reach.core.config import ReachConfig
    from airflow_provider_reach.core.fields import EventType, OptionalFields, WebhookFields
    from airflow_provider_reach.core.webhooks.spec import WebhookChanges

    Events = Sequence[EventType] | Sequence[str]

_Changes = TypeVar("_Changes", bound="WebhookChanges")
T = TypeVar("T")


allow_in_xcoms()


class ReachHook(ReachCalls, BaseHook):
    """
    The Reach Email API's webhooks.

    The connection is read and checked at the first call, never in ``__init__``. Errors are those of
    :mod:`airflow_provider_reach.core.errors`; wrap calls in
    :func:`airflow_provider_reach.exceptions.reach_errors` to have Airflow retry what may pass and fail what may not.

    :param reach_conn_id: The Airflow connection.
    :param outage_tolerance: Seconds to keep asking while the service cannot be reached; 0 asks once.
    :param patience: The former name of ``outage_tolerance``.
    """

    conn_name_attr = "reach_conn_id"
    default_conn_name = DEFAULT_CONN_ID
    conn_type = CONN_TYPE
    hook_name = "Reach"

    def __init__(
        self,
        reach_conn_id: str = DEFAULT_CONN_ID,
        *,
        outage_tolerance: float = DEFAULT_OUTAGE_TOLERANCE,
        patience: float | None = None,
    ) -> None:
        super().__init__()
        self.reach_conn_id = reach_conn_id
        self.outage_tolerance = outage_tolerance if patience is None else patience

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """The extra fields of the connection's form, for Airflow 2.11 to 3.1."""
        return form_widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """How the standard fields of the connection's form are shown, for Airflow 2.11 to 3.1."""
        return field_behaviour()

    def get_conn(self) -> ReachClient:
        """
        The client of the connection; one for the life of the hook.

        :raises ReachConfigError: naming every wrong or missing value of the connection.
        """
        return self._client

    @cached_property
    def _client(self) -> ReachClient:
        return self._open(self._config())

    def _open(self, config: ReachConfig) -> ReachClient:
        from airflow_provider_reach.client.sync import ReachClient

        return ReachClient(config, outage_tolerance=self.outage_tolerance)

    def _config(self) -> ReachConfig:
        return read_config(self.reach_conn_id, self.get_connection, self.log.warning)

    @asynccontextmanager
    async def async_client(
        self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> AsyncIterator[AsyncReachClient]:
        """
        The client for an event loop; all clients of one connection in a loop share their session.

        :param sleep: What to wait with, so that a test need not.
        :raises ReachConfigError: naming every wrong or missing value of the connection.
        """
        from airflow_provider_reach.client.aio import AsyncReachClient
        from airflow_provider_reach.client.pool import shared_session

        config = await read_config_async(self.reach_conn_id, self.log.warning)
        async with shared_session(config, max_connections()) as session:
            yield AsyncReachClient(config, session, outage_tolerance=self.outage_tolerance, sleep=sleep)

    def do(self, exchange: Callable[[AskContext], Exchange[T]]) -> T:
        """
        Carry out an exchange, and have Airflow mask every secret of the webhooks that come of it.

        :param exchange: Makes the exchange, given its retry budget and the values to mask.
        """
        from airflow_provider_reach.core.api.models import Webhook, WebhookList

        found = self.get_conn().do(exchange)
        for webhook in found.webhooks if isinstance(found, WebhookList) else [found]:
            if isinstance(webhook, Webhook):
                self._mask(webhook.secrets)
        return found

    def create_webhook(self, name: str, target: str, events: Events, **optional: Unpack[OptionalFields]) -> str:
        """
        Create a webhook and return its id; a lost answer is settled by looking, never by a second POST.

        The service POSTs a test batch to the target first. None means not given; anything else, even if it is empty or
        False, is sent.

        :param name: The webhook's name.
        :param target: The URL to which batches are POSTed.
        :param events: The event types it sends, at least one.
        :param optional: ``active``, ``custom_headers``, ``auth_type``, ``auth_credentials``, ``auth_request_details``
            and ``extra``, as of :class:`~airflow_provider_reach.WebhookSpec`.
        :raises ReachInputError: before anything is sent, naming everything that is wrong.
        :raises ReachTargetError: when the target did not answer the test batch with 200.
        :raises ReachUnsettledError: when the answer was lost and no such webhook appears.
        """
        from airflow_provider_reach.core.webhooks.spec import WebhookSpec

        spec = WebhookSpec(name=name, target=target, events=events, **_without_none(optional))
        return self.get_conn().create_webhook(self._checked(spec, f"create webhook {name!r}"))

    def update_webhook(self, webhook_id: str, **changes: Unpack[WebhookFields]) -> str:
        """
        Change the given fields of a webhook and return its id.

        None means not given; anything else is sent, even if it is empty or False. The service POSTs a test batch to a
        new target first; batches that are already queued still go to the old one.

        :param webhook_id: Its UUID.
        :param changes: ``name``, ``target``, ``events``, ``active``, ``custom_headers``, ``auth_type``,
            ``auth_credentials``, ``auth_request_details`` and ``extra``, as of
            :class:`~airflow_provider_reach.WebhookChanges`.
        :raises ReachInputError: before anything is sent, naming everything that is wrong.
        :raises ReachTargetError: when a new target did not answer the test batch with 200.
        """
        from airflow_provider_reach.core.webhooks.spec import WebhookChanges

        checked = self._checked(WebhookChanges(**_without_none(changes)), f"update webhook {webhook_id}")
        return self.get_conn().update_webhook(webhook_id, checked)

    def test_connection(self) -> tuple[bool, str]:
        """
        Whether the connection works, and if not, what is wrong with it; it reads the list of webhooks.

        For region ``us`` it asks the other of the two hosts as well, if need be; a connection that leads to the wrong
        one does not work.
        """
        return tested(self._config)

    def turn_to_host_that_answers(self) -> str:
        """
        If region ``us`` leaves open which of its two hosts is meant, go on with the one that answers.

        This is for a person who looks; in a task it would hide that the connection is wrong.

        :return: That the host is not the connection's own, and what to set; otherwise empty.
        :raises ReachAuthError: when both hosts refuse the key.
        :raises ReachNotFoundError: when neither host knows the workspace.
        """
        from airflow_provider_reach.client.region_probe import answered_elsewhere, told

        answered = answered_elsewhere(self.get_conn().config)
        if answered is None:
            return ""
        self._client.close()
        self._client = self._open(answered.config)
        return told(answered)

    def _checked(self, changes: _Changes, what: str) -> _Changes:
        super()._checked(changes, what)
        for warning in changes.warnings():
            self.log.warning("%s: %s", what, warning)
        return changes

    def _prepare_together(self) -> None:
        self.get_conn().max_connections = max_connections()

    def _mask(self, secrets: Iterable[str]) -> None:
        for secret in secrets:
            mask_secret(secret)


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are given, and any name that no field has, which is then refused."""
    return {name: value for name, value in fields.items() if value is not None or name not in (*FIELDS, "extra")}
