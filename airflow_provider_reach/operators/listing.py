"""The operator that lists webhooks, and reports how they differ from what was declared."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_reach.core.fields import AUTH_TYPES
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.values import choice, flag, is_not_given
from airflow_provider_reach.exceptions import reach_errors, told_to_callbacks
from airflow_provider_reach.integration.arguments import selection_of, webhook_specs
from airflow_provider_reach.integration.connection_form import DEFAULT_CONN_ID
from airflow_provider_reach.integration.xcom import literal
from airflow_provider_reach.operators.base import ReachOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_reach.core.webhooks.drift import Drift
    from airflow_provider_reach.core.webhooks.spec import WebhookSpec


class ReachListWebhooksOperator(ReachOperator):
    """
    List the webhooks of the workspace, for a mapped sensor or operator to work on each.

    With ``declared`` it compares them with how they should be: what is missing, unexpected or different is pushed as
    the XCom ``drift``, and fails the task for good.

    Returns ``[{"webhook_id": ..., "webhook_name": ...}, ...]``, made for ``.expand_kwargs()``; everything else that is
    known of them, without secrets, is pushed as the XCom ``webhooks``. A name that looks like a template has a blank in
    each ``{{`` there, so that Airflow does not render it; the id says which webhook is meant. Airflow maps a task over
    at most 1,024 of them, unless its setting ``[core] max_map_length`` says otherwise.

    Finding nothing is a failure: an empty mapping would succeed with nothing watched. A name in ``expect`` that is not
    found is one too. Both are final.

    :param active: Only those that are active (True) or inactive (False). None, the default, takes both, so that a
        watch can tell that a webhook was deactivated.
    :param name_pattern: Only names that match, such as ``orders-*``; upper and lower case differ.
    :param expect: Names that must be among those found.
    :param allow_empty: Whether finding nothing is fine.
    :param declared: The webhooks that should exist: mappings of those arguments of
        :class:`~airflow_provider_reach.ReachCreateWebhookOperator` that describe a webhook, including
        ``target_conn_id``. If ``active`` or ``name_pattern`` is given, other webhooks are not unexpected.
    :param on_drift: ``fail``, or ``warn`` in the log.
    :param with_conn_id: Whether each row that is returned has ``reach_conn_id`` too, so that the rows of several
        workspaces can be mapped together.
    :param reach_conn_id: The Airflow connection.
    """

    template_fields: Sequence[str] = (
        "reach_conn_id",
        "active",
        "name_pattern",
        "expect",
        "allow_empty",
        "declared",
        "on_drift",
        "with_conn_id",
    )

    def __init__(
        self,
        *,
        active: bool | str | None = None,
        name_pattern: str | None = None,
        expect: Sequence[str] | str = (),
        allow_empty: bool | str = False,
        declared: Sequence[Mapping[str, Any]] | str | None = None,
        on_drift: Literal["fail", "warn"] | str = "fail",
        with_conn_id: bool | str = False,
        reach_conn_id: str = DEFAULT_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(reach_conn_id=reach_conn_id, **kwargs)
        self.active = active
        self.name_pattern = name_pattern
        self.expect = expect
        self.allow_empty = allow_empty
        self.declared = self.hide("declared", declared)
        self.on_drift = on_drift
        self.with_conn_id = with_conn_id

    @told_to_callbacks
    def execute(self, context: Context) -> list[dict[str, str]]:
        """
        Ask once, and check what was found.

        :param context: The task's context.
        :raises AirflowFailException: when nothing, or not all that is expected, was found; on drift; on wrong
            configuration; when a task is mapped over more webhooks than Airflow allows.
        :raises AirflowException: when the service could not be asked.
        """
        from airflow_provider_reach.core.webhooks.drift import find_drift

        with reach_errors():
            conn_id = {"reach_conn_id": self.reach_conn_id} if self.argument("with_conn_id", flag) else {}
            selection = selection_of(self)
            on_drift, specs = self.argument("on_drift", partial(choice, known=("fail", "warn"))), self._declared_specs()
            names = [str(spec.given["name"]) for spec in specs or ()]
            listed = self.hook.list_webhooks(expected=[*selection.expect, *names])
        found = [webhook for webhook in listed if selection.takes(webhook)]
        for webhook in found:
            self.log.info("Found %s", webhook)
        if specs is not None:
            drift = find_drift(
                specs, [webhook for webhook in listed if webhook in found or webhook.name.strip() in names]
            )
            context["ti"].xcom_push(key="drift", value=literal(drift.to_dict()))
            self._tell(drift, on_drift)
        with reach_errors():
            selection.check(listed, found)
        context["ti"].xcom_push(key="webhooks", value=literal([webhook.to_dict() for webhook in found]))
        self._check_mapped(len(found), context["ti"])
        return [literal({"webhook_id": webhook.id, "webhook_name": webhook.name, **conn_id}) for webhook in found]

    def _declared_specs(self) -> list[WebhookSpec] | None:
        """What is declared, checked before anything is asked."""
        from airflow_provider_reach.core.webhooks.drift import check_declared

        declared = self.reveal("declared")["declared"]
        if is_not_given(declared):
            return None
        specs = webhook_specs(declared)
        check_declared(specs)
        return specs

    def _tell(self, drift: Drift, on_drift: str) -> None:
        for name, fields in drift.unknown.items():
            self.log.log(
                logging.WARNING if AUTH_TYPES.keys() & fields else logging.INFO,
                "Whether these of webhook %s are what was declared is unknown: %s",
                shown(name),
                "; ".join(f"{field}: {why}" for field, why in fields.items()),
            )
        if drift and on_drift == "fail":
            correct = (
                "First correct a name that is misspelt: declaring it would send every event twice. "
                if drift.near
                else ""
            )
            raise AirflowFailException(
                f"The webhooks are not what was declared:\n{drift}\n{correct}Run the DAG that declares them (with "
                "if_exists='update'), or declare what exists; of two with one name, delete the one that was not meant."
            )
        seen = " (as far as the service shows it)" if drift.unknown else ""
        self.log.log(logging.WARNING if drift else logging.INFO, "%s%s", drift, seen)

    def _check_mapped(self, number: int, ti: Any) -> None:
        """Refuse for good what Airflow would refuse at each try, without saying this."""
        from airflow_provider_reach.integration.mapped_watches import most_rows

        most = most_rows(self, ti.map_index)
        if most is not None and number > most:
            raise AirflowFailException(
                f"{number:,} webhooks were found, and Airflow maps a task over at most {most:,}. Raise its setting "
                "[core] max_map_length, for the workers too, or list fewer at a time by name_pattern. The XCom "
                "'webhooks' has what was found."
            )
