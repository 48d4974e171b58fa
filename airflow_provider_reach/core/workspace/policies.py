"""A policy for each webhook: a default, and what differs from it by name or pattern."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.policy import POLICY_FIELDS, DeliveryPolicy
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.values import is_not_given, no_text, scalar

_WILDCARDS = frozenset("*?[")
_WHAT = "the table of policies"


class PolicyTable:
    """
    The policy of each webhook, checked whole before anything is sent.

    :param default: For every webhook that the table does not name.
    :param by_name: By a webhook's name, or a pattern such as ``orders-*``: fields of the policy that differ from the
        default. The exact name counts first, otherwise the first pattern that matches.
    :raises ReachInputError: naming every key and field that is wrong.
    """

    def __init__(self, default: DeliveryPolicy, by_name: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.default = default
        self._by_key: dict[str, DeliveryPolicy] = {}
        problems: list[str] = []
        for key, changes in _checked(by_name).items():
            try:
                self._by_key[key.strip()] = _changed(default, changes)
            except ReachInputError as error:
                problems += [f"policies[{shown(key)}]: {problem}" for problem in error.problems]
        if problems:
            raise ReachInputError(problems, _WHAT)

    @property
    def names(self) -> list[str]:
        """The names that the table has policies for, without patterns: their webhooks must exist."""
        return [key for key in self._by_key if not _WILDCARDS & {*key}]

    @property
    def every(self) -> list[DeliveryPolicy]:
        """Each policy that some webhook may have."""
        return [self.default, *self._by_key.values()]

    def of(self, name: str) -> DeliveryPolicy:
        """
        The policy of a webhook.

        :param name: Its name.
        """
        name = name.strip()
        if (exact := self._by_key.get(name)) is not None:
            return exact
        matching = (policy for pattern, policy in self._by_key.items() if fnmatchcase(name, pattern))
        return next(matching, self.default)

    def unused_patterns(self, names: Iterable[str]) -> list[str]:
        """
        The patterns that match none of these names.

        :param names: The names of all webhooks.
        """
        names = [name.strip() for name in names]
        patterns = [key for key in self._by_key if _WILDCARDS & {*key}]
        return [
            pattern for pattern in patterns if not any(name == pattern or fnmatchcase(name, pattern) for name in names)
        ]


def differing(policy: DeliveryPolicy) -> dict[str, str | float | bool | None]:
    """
    The fields of a policy that are not as by default, as plain JSON: a duration in seconds, a time as text.

    :param policy: The policy.
    """
    values = {field.name: getattr(policy, field.name) for field in fields(policy) if _differs(policy, field.name)}
    return {name: scalar(value) for name, value in values.items()}


def _differs(policy: DeliveryPolicy, name: str) -> bool:
    return bool(getattr(policy, name) != getattr(DEFAULT, name))


DEFAULT = DeliveryPolicy()


def _checked(by_name: Any) -> Mapping[str, Any]:
    if is_not_given(by_name):
        return {}
    if not isinstance(by_name, Mapping):
        problem = f"policies must be a mapping of names or patterns to fields of the policy, not {shown(by_name)}."
        raise ReachInputError([problem], _WHAT)
    if others := [key for key in by_name if not isinstance(key, str)]:
        raise ReachInputError([no_text("policies: each name", others[0])], _WHAT)
    keys = Counter(key.strip() for key in by_name)
    problems = ["policies: a name is empty; perhaps a template rendered to nothing."] if "" in keys else []
    problems += [f"policies: {shown(key)} is there twice, but for blanks around it." for key in keys if keys[key] > 1]
    if problems:
        raise ReachInputError(problems, _WHAT)
    return by_name


def _changed(default: DeliveryPolicy, changes: Any) -> DeliveryPolicy:
    if not isinstance(changes, Mapping):
        raise ReachInputError([f"it must be a mapping of fields of the policy, not {shown(changes)}."], _WHAT)
    problems = [_unknown(name) for name in changes if name not in POLICY_FIELDS]
    try:
        changed = replace(default, **{name: value for name, value in changes.items() if name in POLICY_FIELDS})
    except ReachInputError as error:
        problems += error.problems
    if problems:
        raise ReachInputError(problems, _WHAT)
    return changed


def _unknown(name: object) -> str:
    close = get_close_matches(str(name), POLICY_FIELDS, 1)
    return f"the policy has no field {shown(name)}. " + (
        f"Is it {shown(close[0])}?" if close else f"It has {', '.join(POLICY_FIELDS)}."
    )
