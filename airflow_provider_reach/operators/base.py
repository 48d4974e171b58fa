"""What the operators share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator, XComArg

from airflow_provider_reach.connection import DEFAULT_CONN_ID
from airflow_provider_reach.core.declare import Declared
from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.spec import FIELDS
from airflow_provider_reach.declared import webhook_fields
from airflow_provider_reach.hidden import SECRET_FIELDS, Hidden, hidden
from airflow_provider_reach.hooks import ReachHook


class ReachOperator(BaseOperator):
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
        return ReachHook(self.reach_conn_id)

    def hide(self, field: str, value: Any) -> Hidden | None:
        """
        A value that may hold secrets, for a template field; the tasks whose XComs it holds run before this one.

        :param field: The field's name.
        :param value: What the DAG's author gave.
        """
        XComArg.apply_upstream_relationship(self, value)
        return hidden(field, value)

    def reveal(self, *fields: str) -> dict[str, Any]:
        """
        The values of these template fields, rendered by now, by name; what is secret in them is the author's to keep.

        :param fields: Their names.
        """
        values = {field: getattr(self, field) for field in fields}
        literal = [field for field, value in values.items() if isinstance(value, Hidden) and value.is_literal]
        if literal:
            self.log.warning(
                "A secret is given literally in %s: it lies in clear in the DAG's code, which Airflow keeps in its "
                "database, and for a mapped task in the serialized DAG too. Put it into an Airflow connection, and "
                "name that by target_conn_id.",
                ", ".join(literal),
            )
        return {field: value.secret if isinstance(value, Hidden) else value for field, value in values.items()}

    def flag(self, field: str) -> bool | None:
        """
        A switch that may come from a template: None and empty are not given.

        :param field: The attribute's name.
        :raises ReachInputError: when it is neither True nor False.
        """
        value = getattr(self, field)
        text = "" if value is None else str(value).strip().lower()
        if text in ("", "none"):
            return None
        if text not in ("true", "false"):
            raise ReachInputError([f"{field} must be True or False, not {value!r}."], f"task {self.task_id!r}")
        return text == "true"


class ReachWebhookOperator(ReachOperator):
    """
    A task on one webhook, which is looked up when the task runs.

    :param webhook_id: The webhook's UUID; with a name as well, the id decides and the name is its label.
    :param webhook_name: The webhook's name.
    :param reach_conn_id: The Airflow connection.
    """

    template_fields: Sequence[str] = (*ReachOperator.template_fields, "webhook_id", "webhook_name")

    def __init__(self, *, webhook_id: str = "", webhook_name: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.webhook_id = webhook_id
        self.webhook_name = webhook_name


class DeclaringOperator(ReachOperator):
    """What create and update share: a webhook's fields as arguments, and telling what became of them."""

    DECLARED_FIELDS = (*FIELDS, "extra", "target_conn_id")

    def take(self, **fields: Any) -> None:
        """
        Make each argument an attribute.

        :param fields: A webhook's fields, ``extra`` and ``target_conn_id``, by name.
        """
        for name, value in fields.items():
            setattr(self, name, self.hide(name, value) if name in SECRET_FIELDS else value)

    def given(self, what: str) -> dict[str, Any]:
        """
        The fields that were given, rendered and typed.

        :param what: What they are for, such as ``create webhook 'orders'``.
        """
        return webhook_fields(self.reveal(*self.DECLARED_FIELDS), what)

    def tell(self, done: Declared) -> None:
        """
        Log what was changed, what was not, and what is not known.

        :param done: What became of the declaration.
        """
        differing = [str(field) for field in done.compared if field.result == "differs"]
        unknown = [
            str(field) for field in done.compared if field.result == "unknown" and field.field not in done.changed
        ]
        if done.changed:
            self.log.info("Changed %s of webhook %s.%s", ", ".join(done.changed), done.label, _listed(differing))
        elif differing:
            self.log.warning(
                "Webhook %s exists and was taken as it is, though it differs (what exists → what was declared):%s",
                done.label,
                _listed(differing),
            )
        else:
            seen = ", as far as the service shows it" if unknown else ""
            self.log.info("Webhook %s exists and is what was declared%s: nothing was sent.", done.label, seen)
        if unknown:
            self.log.info(
                "Not to be compared, and not sent for that alone (an update with always=True sends it):%s",
                _listed(unknown),
            )
        if done.unlike:
            self.log.warning(
                "The service shows otherwise what it was sent (what it shows → what was sent); each run will send it "
                "again:%s",
                _listed([str(field) for field in done.unlike]),
            )
        if "target" in done.changed:
            self.log.warning(
                "Batches that were queued before still go to the old target, for up to 8 h: keep it answering 200 "
                "until then."
            )


def _listed(lines: list[str]) -> str:
    return "".join(f"\n  - {line}" for line in lines)
