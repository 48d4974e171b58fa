"""
The calls that the client and the hook have in common.

Every DAG file that uses this package loads this module: what only a call needs is imported by the call.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_reach.core.text import shown

if TYPE_CHECKING:
    from airflow_provider_reach.core.api.exchange import AskContext, Exchange
    from airflow_provider_reach.core.api.models import BatchStatus, ValidationResult, Webhook
    from airflow_provider_reach.core.api.operations import Call
    from airflow_provider_reach.core.delivery.report import DeliveryReport
    from airflow_provider_reach.core.policy import DeliveryPolicy
    from airflow_provider_reach.core.webhooks.converge import Declared, IfExists
    from airflow_provider_reach.core.webhooks.drift import Drift
    from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
    from airflow_provider_reach.core.workspace.report import WorkspaceReport

T = TypeVar("T")
_Changes = TypeVar("_Changes", bound="WebhookChanges")


class ReachCalls:
    """The calls that need nothing but :meth:`do`."""

    def do(self, exchange: Callable[[AskContext], Exchange[T]]) -> T:
        """
        Carry out an exchange, with one retry budget for all its calls.

        :param exchange: Makes the exchange, given the budget and the values to mask.
        """
        raise NotImplementedError

    def _ask(self, call: Call[T]) -> T:
        from airflow_provider_reach.core.api.exchange import ask

        return self.do(partial(ask, call))

    def list_webhooks(self, expected: Collection[str] = ()) -> list[Webhook]:
        """
        Every webhook of the workspace.

        :param expected: Names that should be there: if one is missing, the list is read once more 3 s later.
        """
        from airflow_provider_reach.core.webhooks.find import list_with_recheck

        return self.do(partial(list_with_recheck, expected)).webhooks

    def get_webhook(self, webhook_id: str) -> Webhook:
        """
        One webhook.

        :param webhook_id: Its UUID.
        :raises ReachNotFoundError: when no webhook has that id.
        """
        from airflow_provider_reach.core.api import operations

        return self._ask(operations.get_webhook(webhook_id))

    def find_webhook(self, name: str) -> Webhook | None:
        """
        The one webhook of a name, or None.

        :param name: The whole name.
        :raises ReachInputError: before anything is asked, when it is not a text.
        :raises ReachLookupError: when several webhooks have it.
        """
        from airflow_provider_reach.core.errors import ReachInputError
        from airflow_provider_reach.core.values import no_text
        from airflow_provider_reach.core.webhooks.find import only

        if not isinstance(name, str):
            raise ReachInputError([no_text("name", name)], "find webhook")
        return only(name, self.list_webhooks())

    def declare_webhook(self, spec: WebhookSpec, if_exists: IfExists | str = "reuse") -> Declared:
        """
        Make sure that a webhook of this name exists; doing it twice changes nothing.

        :param spec: How it should be.
        :param if_exists: ``reuse`` takes the one that exists as it is, ``update`` makes it match, ``fail`` refuses.
        :raises ReachInputError: before anything is sent, naming everything that is wrong.
        :raises ReachLookupError: when several webhooks have the name, or one has it and ``if_exists`` is ``fail``.
        :raises ReachTargetError: when the target did not answer the test batch with 200.
        :raises ReachUnsettledError: when the answer to the creation was lost; asking again looks first.
        """
        from airflow_provider_reach.core.webhooks.converge import declare

        self._checked(spec, f"create webhook {shown(spec.given.get('name'))}")
        return self.do(partial(declare, spec, if_exists))

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
        :param changes: How it should be.
        :param webhook_name: Its name.
        :param always: Send every given field even if nothing differs, for secrets that the service does not show.
        :raises ReachInputError: before anything is sent, naming everything that is wrong.
        :raises ReachLookupError: when there is no such webhook, or several have the name.
        :raises ReachTargetError: when a new target did not answer the test batch with 200.
        :raises ReachNotAppliedError: when a sent field is what it was before.
        :raises ReachSideEffectError: when a field that was not sent has changed.
        """
        from airflow_provider_reach.core.webhooks.converge import converge
        from airflow_provider_reach.core.webhooks.ref import WebhookRef
        from airflow_provider_reach.core.webhooks.spec import WebhookChanges

        ref = WebhookRef(webhook_id, webhook_name)
        changes = self._checked(changes or WebhookChanges(), f"update webhook {ref}")
        return self.do(partial(converge, ref, changes, always=always))

    def find_drift(self, declared: Iterable[WebhookSpec]) -> Drift:
        """
        Compare a declared set of webhooks with what exists; true when they differ.

        :param declared: The webhooks that should exist.
        :raises ReachInputError: naming everything that is wrong with it.
        """
        from airflow_provider_reach.core.webhooks.drift import find_drift

        specs = list(declared)
        self._mask(secret for spec in specs for secret in spec.secrets)
        return find_drift(specs, self.list_webhooks([str(spec.given.get("name")) for spec in specs]))

    def delete_webhook(self, webhook_id: str) -> None:
        """
        Delete a webhook; batches that are already queued are still delivered.

        :param webhook_id: Its UUID.
        :raises ReachNotFoundError: when no webhook has that id.
        """
        from airflow_provider_reach.core.api import operations

        self._ask(operations.delete_webhook(webhook_id))

    def validate_webhook(self, webhook_id: str = "", *, webhook_name: str = "") -> ValidationResult:
        """
        Have the service POST a test batch to the webhook's target, which must answer 200.

        :param webhook_id: Its UUID; with a name as well, the id decides.
        :param webhook_name: Its name.
        :raises ReachLookupError: when there is no such webhook, or several have the name.
        :raises ReachTargetError: when the target did not answer 200.
        """
        from airflow_provider_reach.core.webhooks.actions import validate
        from airflow_provider_reach.core.webhooks.ref import WebhookRef

        return self.do(partial(validate, WebhookRef(webhook_id, webhook_name))).result

    def get_batch_status(self, webhook_id: str, limit: int = 1000) -> BatchStatus:
        """
        The batches of the last 24 hours that failed, or were delivered after a failure.

        :param webhook_id: The webhook's UUID.
        :param limit: At most how many rows, from 1.
        :raises ReachNotFoundError: when no webhook has that id.
        """
        from airflow_provider_reach.core.api import operations

        return self._ask(operations.get_batch_status(webhook_id, limit))

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
        :param watched_from: When the watch looked first, by this machine's clock, if this is a later look.
        :param seen_id: The id that an earlier look of the same watch saw under the name.
        :raises ReachLookupError: when several webhooks have the name.
        :raises ReachCallError: when the service could not be asked; that is no verdict.
        """
        from airflow_provider_reach.core.delivery.check import look
        from airflow_provider_reach.core.policy import DeliveryPolicy
        from airflow_provider_reach.core.webhooks.ref import WebhookRef

        ref, policy = WebhookRef(webhook_id, webhook_name), policy or DeliveryPolicy()
        return self.do(partial(look, ref, policy, watched_from=watched_from, seen_id=seen_id))

    def check_workspace(
        self,
        policy: DeliveryPolicy | None = None,
        *,
        policies: Mapping[str, Mapping[str, Any]] | None = None,
        active: bool | None = None,
        name_pattern: str | None = None,
        expect: Iterable[str] | str = (),
        allow_empty: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> WorkspaceReport:
        """
        Look once at all webhooks of the workspace, or those that are meant, and judge each.

        :param policy: What counts as failed, and what is waited for.
        :param policies: By a webhook's name, or a pattern such as ``orders-*``: fields of the policy that differ. A
            name, unlike a pattern, must exist.
        :param active: Only those that are active (True) or inactive (False); None takes both.
        :param name_pattern: Only names that match, such as ``orders-*``.
        :param expect: Names that must exist; one that does not is a failure in the report.
        :param allow_empty: Whether finding nothing is fine.
        :param progress: Called after each webhook, with how many are done and the number of all; perhaps in another
            thread.
        :return: The verdicts. A webhook that could not be asked about has none.
        :raises ReachInputError: before anything is asked, naming everything that is wrong.
        :raises ReachLookupError: when nothing is found, or an expected webhook is filtered out.
        :raises ReachCallError: when nothing at all could be asked; that is no verdict.
        """
        from airflow_provider_reach.core.workspace.check import check_of

        check = check_of(
            policy,
            policies=policies,
            active=active,
            name_pattern=name_pattern,
            expect=expect,
            allow_empty=allow_empty,
            progress=progress,
        )
        self._prepare_together()
        return self.do(check)

    def request(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, json: Any = None) -> Any:
        """
        Any other call to the workspace's API; returns the answer's JSON, or None if it is empty.

        :param method: The HTTP method; only GET, HEAD, PUT and DELETE are ever repeated.
        :param path: The path below the workspace's ``/reach``, such as ``/webhooks``.
        :param query: The query's parameters.
        :param json: What to send as JSON.
        :raises ReachInputError: when the path would leave the workspace's.
        """
        from airflow_provider_reach.core.api import operations

        return self._ask(operations.any_request(method, path, query, json))

    def _checked(self, changes: _Changes, what: str) -> _Changes:
        self._mask(changes.secrets)
        changes.body(what)
        return changes

    def _prepare_together(self) -> None:
        """Read what many requests at the same time need, where something is to be read."""

    def _mask(self, secrets: Iterable[str]) -> None:
        """Have secrets masked in the log, where somebody can."""
