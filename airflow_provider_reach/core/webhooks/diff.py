"""What was declared compared with what exists: equal, different, or unknown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.fields import FIELDS
from airflow_provider_reach.core.secrets.detect import is_masked
from airflow_provider_reach.core.secrets.redact import safe_url
from airflow_provider_reach.core.serializable import Serializable
from airflow_provider_reach.core.text import one_line, shown
from airflow_provider_reach.core.webhooks.spec import WebhookChanges
from airflow_provider_reach.core.webhooks.validation import is_unused

Result = Literal["equal", "differs", "unknown"]
Found = tuple[Result, str]

NOT_SHOWN = "not shown by the service, or masked"
BLANK: tuple[Any, ...] = (None, "", {}, (), [])

_PORTS = {"http": 80, "https": 443}


class FieldComparison(Serializable, Struct, frozen=True, kw_only=True):
    """
    A declared field compared with what exists.

    :param field: Its name.
    :param result: ``unknown`` if the answer leaves it out or masks it.
    :param said: What differs, as ``what exists → what was declared``, or what is not known; without a secret.
    """

    field: str
    result: Result
    said: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.said}"


def compare(declared: WebhookChanges, existing: Webhook) -> list[FieldComparison]:
    """
    Compare each declared field with what exists.

    What the answer leaves out or masks is ``unknown``, which alone is no reason to send anything.
    """
    return [_compared(name, value, existing) for name, value in declared.given.items()]


def differences(declared: WebhookChanges, existing: Webhook) -> list[FieldComparison]:
    """The declared fields that differ from what exists."""
    return [field for field in compare(declared, existing) if field.result == "differs"]


def value_of(webhook: Webhook, field: str) -> Any:
    """What a webhook has for a field of the contract or any other; None where it is not known."""
    if field == "name":
        return webhook.name.strip() or None
    value = getattr(webhook, field) if field in FIELDS else webhook.extra.get(field)
    return None if value in ("", ()) else value


def fields_that(result: Result, compared: Iterable[FieldComparison]) -> list[str]:
    """The names of the fields with this result."""
    return [comparison.field for comparison in compared if comparison.result == result]


def _compared(field: str, declared: Any, webhook: Webhook) -> FieldComparison:
    existing = value_of(webhook, field)
    if declared and is_unused(field, webhook.auth_type):
        said = f"not in use, as auth_type is {shown(webhook.auth_type)}"
        return FieldComparison(field=field, result="differs", said=said)
    if field == "auth_credentials" and not declared and webhook.auth_type == "oauth2":  # there is the token
        return FieldComparison(field=field, result="equal")
    result, said = _COMPARERS.get(field, _other)(declared, existing)
    return FieldComparison(field=field, result=result, said=said)


def _plain(declared: Any, existing: Any) -> Found:
    if existing is None:
        return "unknown", NOT_SHOWN
    return ("equal", "") if declared == existing else ("differs", f"{shown(existing)} → {shown(declared)}")


def _target(declared: Any, existing: Any) -> Found:
    if same_url(declared, existing):
        return "equal", ""
    if existing is None or is_masked(existing):
        return "unknown", NOT_SHOWN
    before, after = safe_url(existing), safe_url(str(declared))
    hidden = " (in user name, password or query, which are not shown)" if before == after else ""
    return "differs", f"{before} → {after}{hidden}"


def same_url(one: Any, other: Any) -> bool:
    """Whether two URLs are the same, however the host, the default port and an empty path are written."""
    return bool(one == other or _canonical(one) == _canonical(other))


def same_value(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same. A number equals its text: services turn one into the other."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_value(value, other[name]) for name, value in one.items())
    if isinstance(one, str) != isinstance(other, str):
        text, value = (one, other) if isinstance(one, str) else (other, one)
        return isinstance(value, (int, float)) and not isinstance(value, bool) and shown(value, 100) == text
    return bool(one == other)


def _canonical(url: Any) -> Any:
    try:
        parts = urlsplit(url)
        user = parts.netloc.rpartition("@")[0]
        port = _PORTS.get(parts.scheme) if parts.port is None else parts.port
        return parts.scheme, user, parts.hostname, port, parts.path or "/", parts.query, parts.fragment
    except (ValueError, AttributeError, TypeError):
        return url


def _events(declared: Collection[str], existing: Collection[str] | None) -> Found:
    if existing is None:
        return "unknown", NOT_SHOWN
    added = [event for event in declared if event not in existing]
    dropped = [event for event in existing if event not in declared]
    said = "; ".join(f"{what} {', '.join(events)}" for what, events in (("add", added), ("drop", dropped)) if events)
    return ("differs", one_line(said)) if said else ("equal", "")


def _headers(declared: Mapping[str, Any], existing: Mapping[str, Any] | None) -> Found:
    if existing is None:
        return "unknown", NOT_SHOWN
    return _summary(_leaves(by_lower_name(declared), by_lower_name(existing), absent="differs", others="differs"))


def _credentials(declared: Mapping[str, Any], existing: Mapping[str, Any] | None) -> Found:
    """Tokens and the like, which the service adds to what was declared, are no difference."""
    if not declared and not is_blank(existing):
        return "differs", "set, and declared empty"
    return _summary(_leaves(declared, existing or {}))


def _details(declared: Mapping[str, Any], existing: Mapping[str, Any] | None) -> Found:
    """The body of a request for a token is the author's alone: anything else in it is a difference."""
    if not declared and not is_blank(existing):
        return "differs", "set, and declared empty"
    asked, found = dict(declared), dict(existing or {})
    body, found_body = asked.get("body"), found.get("body")
    if not isinstance(body, Mapping) or not isinstance(found_body, Mapping):
        return _summary(_leaves(asked, found))
    del asked["body"], found["body"]
    return _summary([*_leaves(asked, found), *_leaves(body, found_body, others="differs", within="body.")])


def _other(declared: Any, existing: Any) -> Found:
    return _summary(_leaves({"": declared}, {"": existing}))


_COMPARERS: dict[str, Any] = {
    "name": _plain,
    "target": _target,
    "events": _events,
    "active": _plain,
    "auth_type": _plain,
    "custom_headers": _headers,
    "auth_credentials": _credentials,
    "auth_request_details": _details,
}


def _leaves(
    declared: Mapping[str, Any],
    existing: Mapping[str, Any],
    *,
    absent: Result = "unknown",
    others: Result = "equal",
    within: str = "",
) -> Iterator[tuple[str, Result, str]]:
    """Compare leaf by leaf: what an absent one means, and what others beside the declared ones."""
    for name, value in declared.items():
        path, found = f"{within}{name}", existing.get(name)
        if isinstance(value, Mapping) and (found is None or isinstance(found, Mapping)):
            yield from _leaves(value, found or {}, others=others, within=f"{path}." if path else "")
        elif same_value(value, found) or (name == "url" and same_url(value, found)):
            yield path, "equal", ""
        elif name not in existing and absent == "differs":
            yield path, "differs", "missing"
        elif found in BLANK or is_masked(found):
            yield path, "unknown", NOT_SHOWN
        else:
            yield path, "differs", "differs"
    undeclared = [name for name, found in existing.items() if name not in declared and not is_blank(found)]
    yield from ((f"{within}{name}", others, "not declared") for name in undeclared)


def _summary(leaves: Iterable[tuple[str, Result, str]]) -> Found:
    """One difference makes the whole different; otherwise one unknown makes it unknown."""
    found = list(leaves)
    results: tuple[Result, ...] = ("differs", "unknown")
    for result in results:
        if said := [f"{path} {why}".strip() for path, is_so, why in found if is_so == result]:
            return result, one_line(", ".join(said))
    return "equal", ""


def is_blank(value: Any) -> bool:
    """Whether nothing is set: no value, an empty one, or a mapping of nothing but these."""
    return all(is_blank(inner) for inner in value.values()) if isinstance(value, Mapping) else value in BLANK


def by_lower_name(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Headers by names that can be compared: case does not matter in them."""
    return {str(name).lower(): value for name, value in headers.items()}
