"""What the operators have in common."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_reach.core.fields import AUTH_FIELDS, AUTH_TYPES
from airflow_provider_reach.core.values import read
from airflow_provider_reach.integration.arguments import WEBHOOK_ARGUMENTS, webhook_fields
from airflow_provider_reach.integration.connection_form import DEFAULT_CONN_ID
from airflow_provider_reach.integration.rendering import TextStaysText
from airflow_provider_reach.integration.secret_fields import SECRET_FIELDS, Hidden, hidden
from airflow_provider_reach.integration.xcom import allow_in_xcoms

if TYPE_CHECKING:
    import jinja2
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_reach.core.webhooks.converge import Declared
    from airflow_provider_reach.core.webhooks.diff import FieldComparison
    from airflow_provider_reach.hooks import ReachHook

_T = TypeVar("_T")

allow_in_xcoms()


class ReachOperator(TextStaysText, BaseOperator):
    """
    A task on the webhooks of a workspace.

    :param reach_conn_id: The Airflow connection.
    """

    template_fields: Sequence[str] = ("reach_conn_id",)
    ui_color = "#e6f1f2"

    def __init__(self, *, reach_conn_id: str = DEFAULT_CONN_ID, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reach_conn_id = reach_conn_id

    @property
    def hook(self) -> ReachHook:
        """A hook of the connection."""
        from airflow_provider_reach.hooks import ReachHook

        return ReachHook(self.reach_conn_id)

    def hide(self, field: str, value: Any) -> Hidden | None:
        """
        A value that may hold secrets, for a template field. The tasks whose XComs it holds run before this one.

        :param field: The field's name.
        :param value: What the DAG's author gave.
        """
        from airflow.providers.common.compat.sdk import XComArg  # not with the module, to keep DAG files fast

        XComArg.apply_upstream_relationship(self, value)
        return hidden(field, value)

    def render_template_fields(self, context: Context, jinja_env: jinja2.Environment | None = None) -> None:
        """
        Render the template fields. What is hidden is rendered in a copy, because this task may run again.

        :param context: The task's context.
        :param jinja_env: Jinja's environment.
        """
        for field in self.template_fields:
            if isinstance(value := getattr(self, field), Hidden):
                setattr(self, field, copy(value))
        super().render_template_fields(context, jinja_env)

    def reveal(self, *fields: str) -> dict[str, Any]:
        """
        The rendered values of these template fields by name, with a warning if a secret is given literally.

        :param fields: Their names.
        """
        values = {field: getattr(self, field) for field in fields}
        literal = [field for field, value in values.items() if isinstance(value, Hidden) and value.is_literal]
        if literal:
            self.log.warning(
                "A secret is given literally in %s: it lies in clear in the DAG's code or the XCom it comes from, both "
                "of which Airflow keeps in its database, and for a mapped task in the serialized DAG too. Put it into "
                "an Airflow connection, and name that by target_conn_id (in a target's URL: {{ conn.ID.password }}).",
                ", ".join(literal),
            )
        return {field: value.secret if isinstance(value, Hidden) else value for field, value in values.items()}

    @property
    def named(self) -> str:
        """The task as errors name it."""
        return f"task {self.task_id!r}"

    def argument(self, field: str, reader: Callable[[Any], _T]) -> _T:
        """
        A rendered argument, as the value that it stands for.

        :param field: The attribute's name.
        :param reader: One of :mod:`airflow_provider_reach.core.values`.
        :raises ReachInputError: with what it must be.
        """
        return read(reader, field, getattr(self, field), self.named)


class ReachWebhookOperator(ReachOperator):
    """
    A task on one webhook, which it looks up when it runs.

    :param webhook_id: The webhook's UUID; with a name as well, the id decides and the name is its label.
    :param webhook_name: The webhook's name.
    :param reach_conn_id: The Airflow connection.
    """

    template_fields: Sequence[str] = (*ReachOperator.template_fields, "webhook_id", "webhook_name")

    def __init__(self, *, webhook_id: str = "", webhook_name: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("multiple_outputs", True)  # so that .output["webhook_id"] is one of what it returns
        super().__init__(**kwargs)
        self.webhook_id = webhook_id
        self.webhook_name = webhook_name


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
