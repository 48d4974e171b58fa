"""What the operators that create and update a webhook have in common."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_reach.core.fields import AUTH_FIELDS, AUTH_TYPES
from airflow_provider_reach.integration.arguments import WEBHOOK_ARGUMENTS, webhook_fields
from airflow_provider_reach.integration.secret_fields import SECRET_FIELDS
from airflow_provider_reach.operators.base import ReachOperator

if TYPE_CHECKING:
    from airflow_provider_reach.core.webhooks.converge import Declared
    from airflow_provider_reach.core.webhooks.diff import FieldComparison


class DeclaringOperator(ReachOperator):
    """What create and update share: a webhook's fields as arguments, and logging what became of them."""

    def take(self, arguments: Mapping[str, Any]) -> None:
        """
        Make an attribute of each argument that describes a webhook.

        :param arguments: All arguments by name.
        """
        for name in WEBHOOK_ARGUMENTS:
            setattr(self, name, self.hide(name, arguments[name]) if name in SECRET_FIELDS else arguments[name])
        self._has_target_conn = arguments["target_conn_id"] is not None

    def declared_fields(self, what: str) -> dict[str, Any]:
        """
        The webhook's fields that were given, rendered and typed.

        :param what: What they are for, such as ``create webhook 'orders'``.
        """
        values = self.reveal(*WEBHOOK_ARGUMENTS)
        if self._has_target_conn and values["target_conn_id"] is None:
            values["target_conn_id"] = "None"  # rendered natively; it is refused as its text is
        return webhook_fields(values, what)

    def log_outcome(self, done: Declared, declared: Collection[str]) -> None:
        """
        Log what was changed, what was not, and what is not known.

        :param done: What became of the declaration.
        :param declared: The names of the declared fields.
        """
        unknown = [field for field in done.compared if field.result == "unknown" and field.field not in done.changed]
        changed = [field for field in done.compared if field.result == "differs" and field.field in done.changed]
        self._log_changes(done, changed, ", as far as the service shows it" if unknown else "")
        if unknown:
            self.log.log(
                logging.WARNING if any(field.field in AUTH_TYPES for field in unknown) else logging.INFO,
                "Whether these are what was declared is unknown, which alone is no reason to send them "
                "(ReachUpdateWebhookOperator sends them with always=True):%s",
                _listed(unknown),
            )
        self.log_unlike(done)
        if any(field.field == "target" for field in changed):
            self.log.warning(
                "Batches that were queued before still go to the old target: keep it answering 200 for 9 hours."
            )
        if {*AUTH_FIELDS} & {*done.changed}:
            self.log.info(
                "Batches that were queued before still carry the old credentials: let the target accept both for "
                "9 hours."
            )
        if done.active is False and "active" not in declared:
            self.log.warning(
                "Webhook %s is inactive: it delivers nothing. Declare active=True to change that.", done.label
            )

    def _log_changes(self, done: Declared, changed: list[FieldComparison], as_far_as: str) -> None:
        differing = [field for field in done.compared if field.result == "differs"]
        along = [name for name in done.changed if name not in {field.field for field in changed}]
        if changed:
            self.log.info("Changed webhook %s (from → to):%s", done.label, _listed(changed))
        elif differing:
            self.log.warning(
                "Webhook %s exists and was taken as it is, though it differs (what exists → what was declared):%s",
                done.label,
                _listed(differing),
            )
        elif not along:
            self.log.info("Webhook %s exists and is what was declared%s: nothing was sent.", done.label, as_far_as)
        if along:
            self.log.info("Sent to webhook %s, though no difference was seen: %s.", done.label, ", ".join(along))

    def log_unlike(self, done: Declared) -> None:
        """
        Warn if the service shows something other than what was sent.

        :param done: What became of the declaration.
        """
        if done.unlike:
            self.log.warning(
                "The service does not show what it was sent (what it shows → what was sent), so every run will see a "
                "difference:%s",
                _listed(done.unlike),
            )


def _listed(fields: Iterable[FieldComparison]) -> str:
    return "".join(f"\n  - {field}" for field in fields)
