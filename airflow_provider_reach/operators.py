"""Operators on the webhooks of a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, BaseOperator

from airflow_provider_reach.connection import DEFAULT_CONN_ID
from airflow_provider_reach.core.redaction import one_line
from airflow_provider_reach.exceptions import reach_errors
from airflow_provider_reach.hooks import ReachHook

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_reach.core.models import Webhook


class ReachListWebhooksOperator(BaseOperator):
    """
    List the webhooks of the workspace, for a mapped sensor or operator to work on each.

    Returns ``[{"webhook_id": ..., "webhook_name": ...}, ...]``, made for ``.expand_kwargs()``; everything else that is
    known of them, without secrets, is pushed as the XCom ``webhooks``.

    Finding nothing is a failure: an empty mapping would be green with nothing watched. So is a name of ``expect`` that
    is not found. Both are final.

    :param active: Only those that are active (True) or inactive (False). None, the default, takes both, so that a
        watch can tell that a webhook was deactivated.
    :param name_pattern: Only names that match, such as ``orders-*``; upper and lower case differ.
    :param expect: Names that must be among those found.
    :param allow_empty: Whether finding nothing is fine.
    :param reach_conn_id: The Airflow connection.
    """

    template_fields: Sequence[str] = ("reach_conn_id", "active", "name_pattern", "expect", "allow_empty")
    ui_color = "#e6f1f2"

    def __init__(
        self,
        *,
        active: bool | str | None = None,
        name_pattern: str | None = None,
        expect: Sequence[str] | str = (),
        allow_empty: bool | str = False,
        reach_conn_id: str = DEFAULT_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.active = active
        self.name_pattern = name_pattern
        self.expect = expect
        self.allow_empty = allow_empty
        self.reach_conn_id = reach_conn_id

    def execute(self, context: Context) -> list[dict[str, str]]:
        """
        Ask once, and check what was found.

        :param context: The task's context.
        :raises AirflowFailException: when nothing, or not all that is expected, was found; also on wrong configuration.
        :raises AirflowException: when the service could not be asked.
        """
        with reach_errors():
            listed = ReachHook(self.reach_conn_id).list_webhooks()
        found = [webhook for webhook in listed if self._matches(webhook)]
        for webhook in found:
            self.log.info("Found %s", webhook)
        self._check(listed, found)
        context["ti"].xcom_push(key="webhooks", value=[webhook.to_dict() for webhook in found])
        return [{"webhook_id": webhook.id, "webhook_name": webhook.name} for webhook in found]

    def _matches(self, webhook: Webhook) -> bool:
        active = flag("active", self.active)
        return (active is None or webhook.active is active) and fnmatchcase(webhook.name, self.name_pattern or "*")

    def _check(self, listed: list[Webhook], found: list[Webhook]) -> None:
        names = {webhook.name for webhook in found}
        expected = [self.expect] if isinstance(self.expect, str) and self.expect else self.expect or ()
        if missing := [name for name in expected if name not in names]:
            raise AirflowFailException(
                f"{len(missing)} of {len(expected)} expected webhooks were not found: "
                f"{'; '.join(_why_missing(name, listed) for name in missing)}. Found: {_names(found)}. Declare what is "
                "missing, or take it off 'expect'."
            )
        if not found and not flag("allow_empty", self.allow_empty):
            raise AirflowFailException(
                f"No webhook was found, so that nothing would be watched. The workspace has {len(listed)}: "
                f"{_names(listed)}. Check the filters (active={self.active}, name_pattern={self.name_pattern!r}) and "
                "the connection's workspace, or set allow_empty=True."
            )


def flag(name: str, value: bool | str | None) -> bool | None:
    """
    A switch that may come from a template: None and empty are not given.

    :param name: The parameter's name, for the message.
    :param value: A boolean or its text.
    :raises AirflowFailException: when it is neither.
    """
    text = "" if value is None else str(value).strip().lower()
    if text in ("", "none"):
        return None
    if text not in ("true", "false"):
        raise AirflowFailException(f"{name} must be True or False, not {value!r}.")
    return text == "true"


def _why_missing(name: str, listed: list[Webhook]) -> str:
    if any(webhook.name == name for webhook in listed):
        return f"'{name}' exists but is filtered out by active or name_pattern"
    return f"'{name}' does not exist"


def _names(webhooks: Iterable[Webhook]) -> str:
    names = sorted(one_line(webhook.name or webhook.id, 80) for webhook in webhooks)
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(f"'{name}'" for name in names[:20]) + more if names else "none"
