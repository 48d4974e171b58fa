"""What the operators have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_reach.core.values import read
from airflow_provider_reach.integration.connection_form import DEFAULT_CONN_ID
from airflow_provider_reach.integration.rendering import TextStaysText
from airflow_provider_reach.integration.xcom import allow_in_xcoms

if TYPE_CHECKING:
    import jinja2
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_reach.hooks import ReachHook
    from airflow_provider_reach.integration.secret_fields import Hidden

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

        from airflow_provider_reach.integration.secret_fields import hidden

        XComArg.apply_upstream_relationship(self, value)
        return hidden(field, value)

    def render_template_fields(self, context: Context, jinja_env: jinja2.Environment | None = None) -> None:
        """
        Render the template fields. What is hidden is rendered in a copy, because this task may run again.

        :param context: The task's context.
        :param jinja_env: Jinja's environment.
        """
        from airflow_provider_reach.integration.secret_fields import Hidden

        for field in self.template_fields:
            if isinstance(value := getattr(self, field), Hidden):
                setattr(self, field, copy(value))
        super().render_template_fields(context, jinja_env)

    def reveal(self, *fields: str) -> dict[str, Any]:
        """
        The rendered values of these template fields by name, with a warning if a secret is given literally.

        :param fields: Their names.
        """
        from airflow_provider_reach.integration.secret_fields import Hidden

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
