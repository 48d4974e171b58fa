"""Arguments of operators that may hold secrets: rendered like any other, and shown without them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_provider_reach.core.redaction import PUBLIC_NAMES, is_telltale, secrets_in, secrets_named
from airflow_provider_reach.core.spec import shown_fields

SECRET_FIELDS = ("target", "custom_headers", "auth_credentials", "auth_request_details", "extra")


class Hidden:
    """
    The value of a template field, which Airflow renders in place and keeps in its database as :meth:`serialize` has it.

    :param field: The webhook's field, or ``declared`` for the rows of a table of webhooks.
    :param value: What a person gave.
    """

    template_fields = ("secret",)  # a name that Airflow masks, should the rendering fail

    def __init__(self, field: str, value: Any) -> None:
        self.field = field
        self.secret = value
        self.is_literal = _holds_literal_secret(field, value)

    def serialize(self) -> Any:
        """The value as plain JSON, with its names and without its secrets."""
        if self.field == "declared":
            rows = self.secret if isinstance(self.secret, (list, tuple)) else [self.secret]
            return [shown_fields(row) if isinstance(row, Mapping) else str(row) for row in rows]
        return shown_fields({self.field: self.secret})[self.field]

    def __str__(self) -> str:
        return json.dumps(self.serialize(), default=str)

    __repr__ = __str__


def hidden(field: str, value: Any) -> Hidden | None:
    """
    The value, hidden; None stays None.

    :param field: As for :class:`Hidden`.
    :param value: Likewise.
    """
    return None if value is None else Hidden(field, value)


def _holds_literal_secret(field: str, value: Any) -> bool:
    """Whether a secret is written in the DAG itself; a template may get it from a connection."""
    if field == "declared":
        rows = value if isinstance(value, (list, tuple)) else []
        return any(
            _holds_literal_secret(str(name), inner)
            for row in rows
            if isinstance(row, Mapping)
            for name, inner in row.items()
        )
    if field in ("auth_credentials", "auth_request_details"):
        found = secrets_in(value, PUBLIC_NAMES)
    elif field == "custom_headers" and isinstance(value, Mapping):
        found = tuple(str(v) for name, v in value.items() if is_telltale(name) or "key" in str(name).lower())
    else:
        found = secrets_named(value) if field == "extra" else ()
    return any("{{" not in secret and "{%" not in secret for secret in found)
