"""Arguments of operators that may hold secrets: rendered like any others, and shown without the secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from airflow_provider_reach.core.fields import AUTH_TYPES

SECRET_FIELDS = ("target", "custom_headers", "auth_credentials", "auth_request_details", "extra")


class Hidden:
    """
    A template field's value: Airflow renders it in place, and keeps what :meth:`serialize` returns in its database.

    :param field: The webhook's field, or ``declared`` for the rows of a table of webhooks.
    :param value: What a person gave.
    """

    template_fields = ("secret",)  # a name that Airflow 2.11 masks in its log, should the rendering fail

    def __init__(self, field: str, value: Any) -> None:
        self.field = field
        self.secret = value
        self.is_literal = _holds_literal_secret(field, value)

    def serialize(self) -> Any:
        """The value as plain JSON, with its names and without its secrets; the same each time the DAG is parsed."""
        from airflow_provider_reach.core.secrets.redact import REDACTED, shown_fields

        if self.field != "declared":
            return _plain(shown_fields({self.field: self.secret})[self.field])
        rows = self.secret if isinstance(self.secret, (list, tuple)) else [self.secret]
        return [_plain(shown_fields(row)) if isinstance(row, Mapping) else REDACTED for row in rows]

    def __str__(self) -> str:
        return json.dumps(self.serialize())

    __repr__ = __str__


def hidden(field: str, value: Any) -> Hidden | None:
    """The value, hidden; None stays None."""
    return None if value is None else Hidden(field, value)


def _plain(value: Any) -> Any:
    """A value as JSON. The address in an object's own text would give the DAG a new version at each parse."""
    from airflow_provider_reach.core.secrets.redact import stable_name

    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Mapping):
        return {stable_name(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, (date, timedelta, UUID)) else f"<{type(value).__name__}>"


def _holds_literal_secret(field: str, value: Any) -> bool:
    """Whether a secret stands in the DAG itself, or comes by XCom; a template may get it from a connection."""
    if field == "declared" and isinstance(value, (list, tuple)):
        rows = [row for row in value if isinstance(row, Mapping)]
        return any(_holds_literal_secret(str(name), inner) for row in rows for name, inner in row.items())
    return any(not _is_template(leaf) for leaf in _secret_leaves(field, value))


def _secret_leaves(field: str, value: Any) -> Iterable[Any]:
    from airflow_provider_reach.core.secrets.depth import DEEPEST, is_deeper
    from airflow_provider_reach.core.secrets.detect import (
        PUBLIC_NAMES,
        is_telltale,
        leaves,
        secrets_in_url,
        secrets_named,
    )

    if is_deeper(value, DEEPEST):  # it is refused when the task runs
        return ()
    if field in AUTH_TYPES:
        return leaves(value, PUBLIC_NAMES)
    if field == "target":
        return secrets_in_url(value, tokens=False)
    if field == "custom_headers" and isinstance(value, Mapping):
        return [inner for name, inner in value.items() if is_telltale(name) or "key" in str(name).lower()]
    if field not in ("custom_headers", "extra", "declared"):
        return ()
    return [value] if isinstance(value, str) and value.strip()[:1] in ("[", "{") else secrets_named(value)


def _is_template(value: Any) -> bool:
    return isinstance(value, str) and ("{{" in value or "{%" in value)
