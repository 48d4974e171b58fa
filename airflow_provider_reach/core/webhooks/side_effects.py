"""What an update changed in a webhook that it should not have changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.secrets.detect import is_masked
from airflow_provider_reach.core.secrets.redact import safe_url
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.webhooks.diff import (
    by_lower_name,
    is_blank,
    same_url,
    same_value,
    value_of,
)


def how_changed(before: Webhook, after: Webhook, field: str) -> str:
    """
    How a field has changed, in words; empty where it has not, or where that is unknown.

    :param before: The webhook as it was shown; a value that was not shown, or is masked, is not known to have changed.
    :param after: The webhook as it is shown now; a value that is no longer shown has changed.
    :param field: The field's name.
    """
    old, new = value_of(before, field), value_of(after, field)
    if old is None:
        return ""
    if is_blank(new) and not is_blank(old):
        return f"{field}: was set, and is not shown any more"
    if isinstance(old, Mapping) and (new is None or isinstance(new, Mapping)):
        if field == "custom_headers":
            old, new = by_lower_name(old), by_lower_name(new or {})
        names = ", ".join(_changed_leaves(old, new or {}))
        return f"{field}: {names} changed" if names else ""
    if _same(old, new, as_url=field == "target"):
        return ""
    if field == "events":
        return "" if set(old) == set(new) else f"{field}: {', '.join(old)} → {', '.join(new)}"
    shown_old, shown_new = (safe_url(value) if field == "target" else shown(value) for value in (old, new))
    return f"{field}: {shown_old} → {shown_new}"


def _changed_leaves(old: Mapping[str, Any], new: Mapping[str, Any], within: str = "") -> Iterator[str]:
    for name in dict.fromkeys([*old, *new]):
        one, other = old.get(name), new.get(name)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _changed_leaves(one, other, f"{within}{name}.")
        elif not _same(one, other, as_url=name == "url"):
            yield f"{within}{name}"


def _same(old: Any, new: Any, *, as_url: bool) -> bool:
    """Whether they are the same as far as that can be known: a masked value may be any but an empty one."""
    if is_blank(old) or is_blank(new):
        return is_blank(old) and is_blank(new)
    is_same = same_url(old, new) if as_url else same_value(old, new)
    return is_same or is_masked(old) or is_masked(new)
