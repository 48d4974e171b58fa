"""A webhook's fields as a task's arguments or a table's row give them: rendered values, typed."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.fields import AUTH_FIELDS, FIELDS
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.values import flag, is_rendered_none, no_text, text_of
from airflow_provider_reach.integration.compat import mask_secret

if TYPE_CHECKING:
    from airflow_provider_reach.core.webhooks.selection import Selection
    from airflow_provider_reach.core.webhooks.spec import WebhookSpec

WEBHOOK_ARGUMENTS = (*FIELDS, "extra", "target_conn_id")
"""What describes a webhook, as arguments of a task or in a row of a table."""

_TEXTS = ("name", "target", "auth_type", "target_conn_id")


def selection_of(task: Any) -> Selection:
    """
    Which webhooks a task's rendered arguments mean.

    :param task: A task with ``active``, ``name_pattern``, ``expect`` and ``allow_empty``.
    :raises ReachInputError: naming everything that is wrong.
    """
    from airflow_provider_reach.core.webhooks.selection import Selection

    given: dict[str, Any] = {name: getattr(task, name) for name in ("active", "name_pattern", "allow_empty")}
    return Selection(**given, expect=parsed(task.expect))


def webhook_fields(values: Mapping[str, Any], what: str) -> dict[str, Any]:
    """
    A webhook's fields from rendered arguments; every secret among them is masked in the task's log.

    None, or what a template renders to None, is not given. Anything else is, even if it is empty or False, but an empty
    ``active`` is not. A ``target_conn_id`` that renders to None is refused.

    :param values: By name: a webhook's fields, ``extra``, and ``target_conn_id``.
    :param what: What they are for, such as ``create webhook 'orders'``.
    :raises ReachInputError: for a name that no field has, or a value that contradicts the target's connection.
    :raises ReachConfigError: when the target's connection cannot be used.
    """
    from airflow_provider_reach.core.webhooks.spec import WebhookChanges

    if unknown := [shown(name) for name in values if name not in WEBHOOK_ARGUMENTS]:
        raise ReachInputError([f"no field of a webhook is named {', '.join(unknown)}."], what)
    given = {name: typed for name, value in values.items() if (typed := _typed(name, value)) is not None}
    conn_id = given.pop("target_conn_id", None)
    if problems := list(_no_texts(conn_id, given.get("auth_request_details"))):
        raise ReachInputError(problems, what)
    fields = given if conn_id is None else _with_connection(given, conn_id, what)
    for secret in WebhookChanges(**fields).secrets:
        mask_secret(secret)
    return fields


def webhook_specs(rows: Any) -> list[WebhookSpec]:
    """
    The webhooks that a table's rendered rows declare.

    :param rows: Mappings of a webhook's fields, as :func:`webhook_fields` takes them.
    :raises ReachInputError: when it is not a list of mappings, or as :func:`webhook_fields` does.
    :raises ReachConfigError: when a target's connection cannot be used.
    """
    from airflow_provider_reach.core.webhooks.spec import WebhookSpec

    rows = parsed(rows)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ReachInputError(
            ["declared must be a list of mappings with name, target and events."], "the declared set of webhooks"
        )
    return [WebhookSpec.of(webhook_fields(row, f"declared webhook {shown(row.get('name'))}")) for row in rows]


def _no_texts(conn_id: Any, details: Any) -> Iterator[str]:
    """
    What the core does not check: it takes the body of a request for a token as a connection's JSON has it.

    A number in it is most likely a text that a template turned into one; a number that is meant belongs in the
    connection.
    """
    from airflow_provider_reach.core.secrets.depth import DEEPEST, is_deeper
    from airflow_provider_reach.core.secrets.detect import leaves

    if not isinstance(conn_id, (str, type(None))):
        yield no_text("target_conn_id", conn_id)
    body = details.get("body") if isinstance(details, Mapping) else None
    if isinstance(body, Mapping) and not is_deeper(body, DEEPEST):  # which is refused
        for name, value in body.items():
            if others := [leaf for leaf in leaves(value) if not isinstance(leaf, str)]:
                yield no_text(f"auth_request_details: {shown(name)}", others[0], secret=True)


def _typed(name: str, value: Any) -> Any:
    if name == "active":
        try:
            return flag(value)
        except ValueError:
            return value  # which is refused, with all else that is wrong
    if is_rendered_none(value) and name != "target_conn_id":  # without which there would be no credentials
        return None
    if name in _TEXTS:
        return value.strip() if isinstance(value, str) else value
    return parsed(value)


def parsed(value: Any) -> Any:
    """A list or mapping that a template turned into text, or that comes from mapped tasks."""
    if isinstance(value, str) and value.strip()[:1] in ("[", "{", "("):
        for parse in (json.loads, ast.literal_eval):
            try:
                value = parse(value.strip())
                break
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                continue
    return list(value) if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else value


def _with_connection(given: dict[str, Any], conn_id: str, what: str) -> dict[str, Any]:
    from airflow_provider_reach.integration.target_connection import read_target_connection

    if not text_of(conn_id):
        raise ReachInputError([f"target_conn_id is {shown(conn_id)}: name a connection, or leave it out."], what)
    fields = read_target_connection(conn_id)
    problems = [
        f"{name} is given, and by target_conn_id {conn_id!r} too: give one of them."
        for name in AUTH_FIELDS
        if "auth_type" in fields and name in given and given[name] != fields.get(name)
    ]
    headers, more = given.get("custom_headers", {}), fields.get("custom_headers", {})
    if not isinstance(headers, Mapping):
        fields["custom_headers"] = headers  # which is refused as it is
    elif headers:
        names = {str(name).lower() for name in headers}
        problems += [
            f"the header {shown(name)} is given, and by target_conn_id {conn_id!r} too: give one of them."
            for name in more
            if str(name).lower() in names
        ]
        fields["custom_headers"] = {**headers, **more}
    if problems:
        raise ReachInputError(problems, what)
    return {**given, **fields}
