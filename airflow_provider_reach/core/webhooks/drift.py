"""A declared set of webhooks compared with those of a workspace: missing, unexpected, different."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.serializable import Serializable
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.webhooks.diff import FieldComparison, compare
from airflow_provider_reach.core.webhooks.similar_names import near
from airflow_provider_reach.core.webhooks.spec import WebhookSpec


class Named(Serializable, Struct, frozen=True, kw_only=True):
    """
    A webhook that was not declared.

    :param webhook_id: Its UUID.
    :param webhook_name: Its name.
    :param doubled: Whether a declared one has the same name.
    """

    webhook_id: str
    webhook_name: str
    doubled: bool = False


class Drift(Serializable, Struct, frozen=True, kw_only=True):
    """
    How a workspace differs from what was declared; without secrets. It is false if nothing differs.

    :param missing: Names declared that no webhook has.
    :param unexpected: Webhooks that were not declared; of several with one declared name, all but the first.
    :param different: By name and field, what differs, as ``what exists → what was declared``.
    :param unknown: By name and field, what cannot be compared, because the service leaves it out or masks it.
    :param near: By missing name, the undeclared webhook that it may be in another spelling.
    """

    missing: list[str]
    unexpected: list[Named]
    different: dict[str, dict[str, str]]
    unknown: dict[str, dict[str, str]]
    near: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.different)

    def __str__(self) -> str:
        return "\n".join(self._lines()) or "What exists is what was declared."

    def _lines(self) -> Iterator[str]:
        for name in self.missing:
            yield f"Missing: {shown(name)} does not exist. {self.near.get(name, '')}".rstrip()
        for webhook in self.unexpected:
            what = "exists a second time: every event is sent twice" if webhook.doubled else "was not declared"
            yield f"Unexpected: {shown(webhook.webhook_name)} ({webhook.webhook_id}) {what}."
        for name, fields in self.different.items():
            said = "; ".join(f"{field}: {what}" for field, what in fields.items())
            yield f"Different: {shown(name)} has (what exists → what was declared) {said}."


_MOST_TOLD = 20
"""Missing names to compare with others, which takes time."""


def find_drift(declared: Iterable[WebhookSpec], existing: Iterable[Webhook]) -> Drift:
    """
    Compare a declared set with what exists; webhooks are told apart by their names.

    :param declared: The webhooks that should exist.
    :param existing: What the service lists.
    :raises ReachInputError: as :func:`check_declared` does.
    """
    specs, existing = list(declared), list(existing)
    check_declared(specs)
    by_name: dict[str, list[Webhook]] = {spec.given["name"]: [] for spec in specs}
    unexpected = []
    for webhook in existing:
        named = by_name.get(webhook.name.strip())
        if named is None or named:
            unexpected.append(Named(webhook_id=webhook.id, webhook_name=webhook.name, doubled=bool(named)))
        else:
            named.append(webhook)
    different, unknown = {}, {}
    for spec in specs:
        name = spec.given["name"]
        for webhook in by_name[name]:
            compared = compare(spec, webhook)
            if webhook.active is False and "active" not in spec.given:
                said = "False → True, which it is unless declared otherwise; declare active=True to have it set"
                compared.append(FieldComparison(field="active", result="differs", said=said))
            different[name] = {field.field: field.said for field in compared if field.result == "differs"}
            unknown[name] = {field.field: field.said for field in compared if field.result == "unknown"}
    missing = [name for name, webhooks in by_name.items() if not webhooks]
    strangers = [webhook for webhook in existing if webhook.name.strip() not in by_name]
    return Drift(
        missing=missing,
        unexpected=unexpected,
        different={name: fields for name, fields in different.items() if fields},
        unknown={name: fields for name, fields in unknown.items() if fields},
        near={name: question for name in missing[:_MOST_TOLD] if (question := near(name, strangers))},
    )


def check_declared(specs: Iterable[WebhookSpec]) -> None:
    """
    Refuse a set that is not valid.

    :param specs: The webhooks that should exist.
    :raises ReachInputError: naming everything that is wrong with it.
    """
    specs = list(specs)
    problems = [f"{shown(spec.given.get('name'))}: {problem}" for spec in specs for problem in spec.problems()]
    if not problems:
        repeated = [name for name, times in Counter(spec.given["name"] for spec in specs).items() if times > 1]
        problems = [f"{shown(name)} is declared more than once." for name in repeated]
    if problems:
        raise ReachInputError(problems, "the declared set of webhooks")
