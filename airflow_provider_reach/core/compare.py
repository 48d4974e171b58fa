"""What a person declared beside what exists: equal, different, or not to be known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from airflow_provider_reach.core.config import shown
from airflow_provider_reach.core.models import Webhook
from airflow_provider_reach.core.redaction import one_line, safe_url
from airflow_provider_reach.core.spec import FIELDS, WebhookChanges

Result = Literal["equal", "differs", "unknown"]


class FieldComparison(Struct, frozen=True, kw_only=True):
    """
    A declared field beside what exists.

    :param field: Its name.
    :param result: ``unknown`` where the answer leaves it out or masks it.
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

    :param declared: What shall be.
    :param existing: What the service answers.
    """
    return [compare_field(name, value, value_of(existing, name)) for name, value in declared.given.items()]


def compare_field(field: str, declared: Any, existing: Any) -> FieldComparison:
    """
    Compare one field.

    What the answer leaves out or masks is ``unknown``, which is no reason to send anything.

    :param field: Its name.
    :param declared: What shall be.
    :param existing: What is; None where the answer leaves it out.
    """
    result, said = _COMPARERS.get(field, _unnamed)(declared, existing)
    return FieldComparison(field=field, result=result, said=said)


def value_of(webhook: Webhook, field: str) -> Any:
    """
    What a webhook has for a field of the contract or any other.

    :param webhook: The webhook.
    :param field: The field's name.
    """
    return getattr(webhook, field) if field in FIELDS else webhook.extra.get(field)


def fields_that(result: Result, compared: Iterable[FieldComparison]) -> list[str]:
    """
    The names of the fields that compare so.

    :param result: How.
    :param compared: What :func:`compare` found.
    """
    return [comparison.field for comparison in compared if comparison.result == result]


def _text(declared: Any, existing: Any) -> tuple[Result, str]:
    if existing is None or existing == "":
        return "unknown", "not shown by the service"
    return ("equal", "") if declared == existing else ("differs", f"{shown(existing)} → {shown(declared)}")


def _target(declared: Any, existing: Any) -> tuple[Result, str]:
    if declared == existing:
        return "equal", ""
    if not existing or _is_masked(existing):
        return "unknown", "not shown by the service, or masked"
    before, after = safe_url(existing), safe_url(str(declared))
    hidden = " (in user name, password or query, which are not shown)" if before == after else ""
    return "differs", f"{before} → {after}{hidden}"


def _events(declared: Collection[str], existing: Collection[str]) -> tuple[Result, str]:
    if not existing:
        return "unknown", "not shown by the service"
    added = [event for event in declared if event not in existing]
    dropped = [event for event in existing if event not in declared]
    said = "; ".join(f"{what} {', '.join(events)}" for what, events in (("add", added), ("drop", dropped)) if events)
    return ("differs", one_line(said)) if said else ("equal", "")


def _headers(declared: Mapping[str, Any], existing: Mapping[str, Any] | None) -> tuple[Result, str]:
    if existing is None:
        return "unknown", "not shown by the service"
    return _summary(_leaves(_by_lower_name(declared), _by_lower_name(existing), exactly=True))


def _authentication(declared: Mapping[str, Any], existing: Mapping[str, Any] | None) -> tuple[Result, str]:
    """The service adds fields of its own, such as tokens: only what was declared is compared."""
    return _summary(_leaves(declared, existing or {}))


def _unnamed(declared: Any, existing: Any) -> tuple[Result, str]:
    if existing is None or _is_masked(existing):
        return "unknown", "not shown by the service, or masked"
    return ("equal", "") if declared == existing else ("differs", "differs")


_COMPARERS: dict[str, Any] = {
    "name": _text,
    "target": _target,
    "events": _events,
    "active": _text,
    "auth_type": _text,
    "custom_headers": _headers,
    "auth_credentials": _authentication,
    "auth_request_details": _authentication,
}


def _leaves(
    declared: Mapping[str, Any], existing: Mapping[str, Any], *, exactly: bool = False, within: str = ""
) -> Iterator[tuple[str, Result, str]]:
    for name, value in declared.items():
        path, found = f"{within}{name}", existing.get(name)
        if isinstance(value, Mapping) and (found is None or isinstance(found, Mapping)):
            yield from _leaves(value, found or {}, within=f"{path}.")
        elif value == found:
            yield path, "equal", ""
        elif name not in existing and exactly:
            yield path, "differs", "missing"
        elif found is None or _is_masked(found):
            yield path, "unknown", "not shown by the service, or masked"
        else:
            yield path, "differs", "differs"
    if exactly:
        yield from ((name, "differs", "not declared") for name in existing if name not in declared)


def _summary(leaves: Iterable[tuple[str, Result, str]]) -> tuple[Result, str]:
    """One difference makes the whole different; else one that is not known makes the whole unknown."""
    found = list(leaves)
    results: tuple[Result, ...] = ("differs", "unknown")
    for result in results:
        if said := [f"{path} {why}" for path, is_so, why in found if is_so == result]:
            return result, one_line(", ".join(said))
    return "equal", ""


def _by_lower_name(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name).lower(): value for name, value in headers.items()}


def _is_masked(value: Any) -> bool:
    return isinstance(value, str) and ("***" in value or "•••" in value or (len(value) > 2 and set(value) <= set("xX")))
