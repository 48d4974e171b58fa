"""
The hook: a connection's client, with every operation of the API.

What only a running task needs is imported where it is used: every DAG file that uses this package loads this module.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook, conf

from airflow_provider_reach.core.config import DEFAULT_OUTAGE_TOLERANCE
from airflow_provider_reach.core.errors import (
    ReachAuthError,
    ReachConfigError,
    ReachConnectionError,
    ReachDecodeError,
    ReachError,
    ReachNotFoundError,
    ReachTimeoutError,
    ReachUnreachableError,
)
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.integration.compat import mask_secret, read_connection_async
from airflow_provider_reach.integration.connections import (
    CONN_TYPE,
    DEFAULT_CONN_ID,
    DEFAULT_MAX_CONNECTIONS,
    field_behaviour,
    form_widgets,
    read_connection,
    unknown_extras,
)
from airflow_provider_reach.integration.xcom import allow_in_xcoms

if TYPE_CHECKING:
    from airflow_provider_reach.client.aio import AsyncReachClient
    from airflow_provider_reach.client.sync import ReachClient
    from airflow_provider_reach.core.api.models import BatchStatus, ValidationResult, Webhook
    from airflow_provider_reach.core.config import ReachConfig
    from airflow_provider_reach.core.delivery.report import DeliveryReport
    from airflow_provider_reach.core.fields import EventType
    from airflow_provider_reach.core.policy import DeliveryPolicy
    from airflow_provider_reach.core.webhooks.converge import Declared, IfExists
    from airflow_provider_reach.core.webhooks.drift import Drift
    from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
    from airflow_provider_reach.integration.connections import AirflowConnection

    Events = Sequence[EventType] | Sequence[str]

_Changes = TypeVar("_Changes", bound="WebhookChanges")


allow_in_xcoms()


class ReachHook(BaseHook):
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
        return self._open(self.outage_tolerance)

    def _open(self, outage_tolerance: float) -> ReachClient:
        from airflow_provider_reach.client.sync import ReachClient

        conn_id = self._checked_conn_id
        with self._reading():
            conn = self.get_connection(conn_id)
        return ReachClient(self._config(conn), outage_tolerance=outage_tolerance)

    @asynccontextmanager
    async def async_client(
        self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> AsyncIterator[AsyncReachClient]:
        """
        The client for an event loop, over the session that all of the loop share who use the same connection.

        :param sleep: What to wait with, so that a test need not.
        :raises ReachConfigError: naming every wrong or missing value of the connection.
        """
        from airflow_provider_reach.client.aio import AsyncReachClient
        from airflow_provider_reach.client.pool import shared_session

        conn_id = self._checked_conn_id
        with self._reading():
            conn = await read_connection_async(conn_id)
        config = self._config(conn)
        async with shared_session(config, _most_connections()) as session:
            yield AsyncReachClient(config, session, outage_tolerance=self.outage_tolerance, sleep=sleep)

    @property
    def _checked_conn_id(self) -> str:
        if not isinstance(self.reach_conn_id, str):
            from airflow_provider_reach.core.values import no_text

            raise ReachConfigError(
                [no_text("reach_conn_id", self.reach_conn_id)], f"Connection {shown(self.reach_conn_id)}"
            )
        return self.reach_conn_id

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except AirflowNotFoundException as missing:
            problem = "it was not found: make a connection of type 'reach' with this id, or see why no backend has it."
            raise ReachConnectionError([problem], f"Connection {self.reach_conn_id!r}") from missing
        except Exception as error:  # of a secrets backend, or of Airflow's own API; its text may quote what it read
            problem = f"it could not be read ({type(error).__name__}). Ask again; if it goes on, look at its backend."
            raise ReachConnectionError([problem], f"Connection {self.reach_conn_id!r}") from error

    def _config(self, conn: AirflowConnection) -> ReachConfig:
        config = read_connection(conn)
        if unknown := unknown_extras(conn):
            names = ", ".join(unknown)
            self.log.warning("Connection %r has extras that mean nothing here: %s.", self.reach_conn_id, names)
        for warning in config.warnings:
            self.log.warning("Connection %r: %s", self.reach_conn_id, warning)
        return config

    def list_webhooks(self, expected: Collection[str] = ()) -> list[Webhook]:
        """
        Every webhook of the workspace.

        :param expected: Names that shall be there: where one is missing, the list is read once more 3 s later.
        """
        from airflow_provider_reach.core.webhooks.find import list_surely

        listed = self.get_conn().do(partial(list_surely, expected))
        return [_masked(webhook) for webhook in listed.webhooks]

    def get_webhook(self, webhook_id: str) -> Webhook:
        """
        One webhook.

        :param webhook_id: Its UUID.
        :raises ReachNotFoundError: when there is none of that id.
        """
        return _masked(self.get_conn().get_webhook(webhook_id))

    def find_webhook(self, name: str) -> Webhook | None:
        """
        The one webhook of a name, or None.

        :param name: The whole name.
        :raises ReachInputError: before anything is asked, when it is no text.
        :raises ReachLookupError: when several have it.
        """
        webhook = self.get_conn().find_webhook(name)
        return webhook and _masked(webhook)

    def create_webhook(
        self,
        name: str,
        target: str,
        events: Events,
        *,
        active: bool | None = None,
        custom_headers: Mapping[str, str] | None = None,
        auth_type: str | None = None,
        auth_credentials: Mapping[str, str] | None = None,
        auth_request_details: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """
        Create a webhook and return its id; a lost answer is settled by looking, never by a second POST.

        The service POSTs a test batch to the target first. None means not given; anything else, also empty or False,
        is sent.

        :param name: The webhook's name.
        :param target: The URL to which batches are POSTed.
        :param events: The event types it sends, at least one.
        :param active: Whether it sends anything.
        :param custom_headers: Headers sent to the target.
        :param auth_type: ``none``, ``basic`` or ``oauth2``.
        :param auth_credentials: ``{"username", "password"}`` for ``basic``.
        :param auth_request_details: ``{"url", "body"}`` for ``oauth2``.
        :param extra: Fields of the service that are none of these.
        :raises ReachInputError: before anything is sent, naming everything that is wrong.
        :raises ReachTargetError: when the target did not answer the test batch with 200.
        :raises ReachUnsettledError: when the answer was lost and no such webhook appears.
        """
        from airflow_provider_reach.core.webhooks.spec import WebhookSpec

        spec = WebhookSpec(
            name=name,
            target=target,
            events=events,
            **_given(
                active=active,
                custom_headers=custom_headers,
                auth_type=auth_type,
                auth_credentials=auth_credentials,
                auth_request_details=auth_request_details,
                extra=extra,
            ),
        )
        return self.get_conn().create_webhook(self._checked(spec, f"create webhook {name!r}"))

    def update_webhook(
        self,
        webhook_id: str,
        *,
        name: str | None = None,
        target: str | None = None,
        events: Events | None = None,
        active: bool | None = None,
        custom_headers: Mapping[str, str] | None = None,
        auth_type: str | None = None,
        auth_credentials: Mapping[str, str] | None = None,
        auth_request_details: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """
        Change the given fields of a webhook and return its id.

        None means not given; anything else, also empty or False, is sent. Batches already queued still go to the old
        target.

        :param webhook_id: Its UUID.
        :param name: The webhook's name.
        :param target: The URL to which batches are POSTed; the service POSTs a test batch to a new one first.
        :param events: The event types it sends, at least one.
        :param active: Whether it sends anything.
        :param custom_headers: Headers sent to the target.
        :param auth_type: ``none``, ``basic`` or ``oauth2``.
        :param auth_credentials: ``{"username", "password"}`` for ``basic``.
        :param auth_request_details: ``{"url", "body"}`` for ``oauth2``.
        :param extra: Fields of the service that are none of these.
        :raises ReachInputError: before anything is sent, naming everything that is wrong.
        :raises ReachTargetError: when a new target did not answer the test batch with 200.
        """
        from airflow_provider_reach.core.webhooks.spec import WebhookChanges

        changes = WebhookChanges(
            **_given(
                name=name,
                target=target,
                events=events,
                active=active,
                custom_headers=custom_headers,
                auth_type=auth_type,
                auth_credentials=auth_credentials,
                auth_request_details=auth_request_details,
                extra=extra,
            )
        )
        return self.get_conn().update_webhook(webhook_id, self._checked(changes, f"update webhook {webhook_id}"))

    def declare_webhook(self, spec: WebhookSpec, if_exists: IfExists | str = "reuse") -> Declared:
        """
        Have a webhook of this name exist; the same once or twice.

        :param spec: What it shall be.
        :param if_exists: ``reuse`` takes the one that is there as it is, ``update`` makes it match, ``fail`` refuses.
        :raises ReachInputError: before anything is sent, naming everything that is wrong.
        :raises ReachLookupError: when several have the name, or one has it and ``if_exists`` is ``fail``.
        :raises ReachTargetError: when the target did not answer the test batch with 200.
        :raises ReachUnsettledError: when the answer to the creation was lost; asking again looks first.
        """
        from airflow_provider_reach.core.webhooks.converge import declare

        self._checked(spec, f"create webhook {shown(spec.given.get('name'))}")
        return self.get_conn().do(partial(declare, spec, if_exists))

    def converge_webhook(
        self,
        webhook_id: str = "",
        changes: WebhookChanges | None = None,
        *,
        webhook_name: str = "",
        always: bool = False,
    ) -> Declared:
        """
        Make a webhook match: send what differs, and see that nothing else has changed.

        :param webhook_id: Its UUID; with a name as well, the id decides.
        :param changes: What shall be.
        :param webhook_name: Its name.
        :param always: Send every given field, also where nothing differs: for secrets that the service does not show.
        :raises ReachInputError: before anything is sent, naming everything that is wrong.
        :raises ReachLookupError: when there is no such webhook, or several have the name.
        :raises ReachTargetError: when a new target did not answer the test batch with 200.
        :raises ReachNotAppliedError: when a sent field is what it was before.
        :raises ReachSideEffectError: when a field that was not sent has changed.
        """
        from airflow_provider_reach.core.webhooks.converge import converge
        from airflow_provider_reach.core.webhooks.ref import WebhookRef
        from airflow_provider_reach.core.webhooks.spec import WebhookChanges

        changes = self._checked(changes or WebhookChanges(), f"update webhook {shown(webhook_name or webhook_id)}")
        return self.get_conn().do(partial(converge, WebhookRef(webhook_id, webhook_name), changes, always=always))

    def find_drift(self, declared: Iterable[WebhookSpec]) -> Drift:
        """
        Compare a declared set of webhooks with what exists; true when they differ.

        :param declared: What shall be.
        :raises ReachInputError: naming everything that is wrong with it.
        """
        from airflow_provider_reach.core.webhooks.drift import find_drift

        specs = list(declared)
        for secret in (secret for spec in specs for secret in spec.secrets):
            mask_secret(secret)
        return find_drift(specs, self.list_webhooks([str(spec.given.get("name")) for spec in specs]))

    def delete_webhook(self, webhook_id: str) -> None:
        """
        Delete a webhook; batches already queued are still delivered.

        :param webhook_id: Its UUID.
        :raises ReachNotFoundError: when there is none of that id.
        """
        self.get_conn().delete_webhook(webhook_id)

    def validate_webhook(self, webhook_id: str = "", *, webhook_name: str = "") -> ValidationResult:
        """
        Have the service POST a test batch to the webhook's target, and demand that it answers 200.

        :param webhook_id: Its UUID; with a name as well, the id decides.
        :param webhook_name: Its name.
        :raises ReachLookupError: when there is no such webhook, or several have the name.
        :raises ReachTargetError: when the target did not answer 200.
        """
        from airflow_provider_reach.core.webhooks.actions import validate
        from airflow_provider_reach.core.webhooks.ref import WebhookRef

        return self.get_conn().do(partial(validate, WebhookRef(webhook_id, webhook_name))).result

    def get_batch_status(self, webhook_id: str, limit: int = 1000) -> BatchStatus:
        """
        The batches of the last 24 hours that failed, or were delivered after a failure.

        :param webhook_id: The webhook's UUID.
        :param limit: Rows at the most, from 1.
        :raises ReachNotFoundError: when there is no webhook of that id.
        """
        return self.get_conn().get_batch_status(webhook_id, limit)

    def check_delivery(
        self,
        webhook_id: str = "",
        policy: DeliveryPolicy | None = None,
        *,
        webhook_name: str = "",
        watched_from: datetime | None = None,
        seen_id: str = "",
    ) -> DeliveryReport:
        """
        Look once at a webhook and judge what is seen: the verdict of the sensor.

        :param webhook_id: Its UUID; with a name as well, the id decides.
        :param policy: What counts as failed, and what is waited for.
        :param webhook_name: Its name.
        :param watched_from: When the watch looked first, by this machine's clock, where this is a later look.
        :param seen_id: The id that an earlier look of the same watch saw under the name.
        :raises ReachLookupError: when several webhooks have the name.
        :raises ReachCallError: when the service could not be asked; that is no verdict.
        """
        return self.get_conn().check_delivery(
            webhook_id, webhook_name, policy, watched_from=watched_from, seen_id=seen_id
        )

    def request(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, json: Any = None) -> Any:
        """
        Any other call to the workspace's API; returns the answer's JSON, or None for an empty one.

        :param method: The HTTP method; only GET, HEAD, PUT and DELETE are ever repeated.
        :param path: The path below the workspace's ``/reach``, such as ``/webhooks``.
        :param query: The query's parameters.
        :param json: What to send as JSON.
        :raises ReachInputError: when the path would leave the workspace's.
        """
        return self.get_conn().request(method, path, query=query, json=json)

    def test_connection(self) -> tuple[bool, str]:
        """
        Whether the connection works, and if not, what of it does not. It reads the list of webhooks, once.

        For region ``us`` it asks the other of the two hosts as well, if need be; a connection that leads to the wrong
        one does not work.
        """
        from airflow_provider_reach.client.region_probe import ask_both, told

        try:
            with self._open(outage_tolerance=0.0) as client:
                answered = ask_both(client.config)
        except ReachError as error:
            said = next(
                (said for kind, said in _CONNECTION_PROBLEMS if isinstance(error, kind)), "Reach cannot be asked"
            )
            return False, f"{said}. {error}"
        if answered.instead:
            return False, f"The connection leads to the wrong host. {told(answered)}"
        number, at = len(answered.webhooks), " at us-west-1" if answered.config.region == "us" else ""
        return True, f"The connection works{at}: the workspace has {number} webhook{'' if number == 1 else 's'}."

    def turn_to_host_that_answers(self) -> str:
        """
        Where the connection leaves open which of two hosts it means (region ``us``), go on with the one that answers.

        For a person who looks; in a task it would hide that the connection is wrong.

        :return: That it is not the connection's own, and what to set; else empty.
        :raises ReachAuthError: when both refuse the key.
        :raises ReachNotFoundError: when both know no such workspace.
        """
        from airflow_provider_reach.client.region_probe import ask_both, told
        from airflow_provider_reach.client.sync import ReachClient
        from airflow_provider_reach.core.api.regions import other_host

        if other_host(self.get_conn().config) is None:
            return ""
        try:
            answered = ask_both(self.get_conn().config)
        except ReachError as error:
            if error.final:
                raise
            return ""  # what may pass is asked again, within the outage tolerance
        if not answered.instead:
            return ""
        self._client.close()
        self._client = ReachClient(answered.config, outage_tolerance=self.outage_tolerance)
        return told(answered)

    def _checked(self, changes: _Changes, what: str) -> _Changes:
        for secret in changes.secrets:
            mask_secret(secret)
        changes.body(what)
        for warning in changes.warnings():
            self.log.warning("%s: %s", what, warning)
        return changes


def _most_connections() -> int:
    given = conf.get("reach", "max_connections", fallback=DEFAULT_MAX_CONNECTIONS)
    most = int(given) if str(given).strip().isdecimal() else 0
    if most < 1:
        problem = f"max_connections must be a whole number from 1, not {shown(given)}."
        raise ReachConfigError([problem], "Section [reach] of Airflow's configuration")
    return most


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _masked(webhook: Webhook) -> Webhook:
    for secret in webhook.secrets:
        mask_secret(secret)
    return webhook


_CONNECTION_PROBLEMS: tuple[tuple[type[ReachError], str], ...] = (
    (ReachConfigError, "The connection is incomplete"),
    (ReachAuthError, "The API key was refused"),
    (ReachNotFoundError, "The workspace is unknown"),
    (ReachUnreachableError, "The host is unreachable"),
    (ReachTimeoutError, "The host does not answer in time"),
    (ReachDecodeError, "This is not the Reach API"),
)
