"""Which webhooks of a workspace are meant: by their state and name, and those that must be among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.errors import ReachInputError, ReachLookupError
from airflow_provider_reach.core.text import one_line, shown
from airflow_provider_reach.core.values import flag, no_text, read, read_text, text_of
from airflow_provider_reach.core.webhooks.similar_names import near
from airflow_provider_reach.core.webhooks.validation import list_of

_MOST_TOLD = 20


@dataclass(frozen=True, kw_only=True)
class Selection:
    """
    Which webhooks are meant. Any value may be text, as a template renders it.

    :param active: Only those that are active (True) or inactive (False); None takes both.
    :param name_pattern: Only names that match, such as ``orders-*``; upper and lower case differ.
    :param expect: Names that must be among those found: one, or several.
    :param allow_empty: Whether finding nothing is fine.
    """

    active: bool | None = None
    name_pattern: str = "*"
    expect: tuple[str, ...] = ()
    allow_empty: bool = False

    def __post_init__(self) -> None:
        problems: list[str] = []
        for name, reader in _READERS.items():
            try:
                object.__setattr__(self, name, reader(getattr(self, name)))
            except ReachInputError as error:
                problems += error.problems
        if problems:
            raise ReachInputError(problems, _WHAT)

    def takes(self, webhook: Webhook) -> bool:
        """Whether a webhook is meant."""
        return (self.active is None or webhook.active is self.active) and self.takes_name(webhook.name)

    def takes_name(self, name: str) -> bool:
        """Whether a name is meant, whatever the state of its webhook."""
        return fnmatchcase(name.strip(), self.name_pattern)

    def check(self, listed: Sequence[Webhook], found: Sequence[Webhook]) -> None:
        """
        Check that what is expected was found.

        :param listed: Every webhook of the workspace.
        :param found: Those of them that are meant.
        :raises ReachLookupError: when an expected one is not among them, or nothing was found.
        """
        names = {webhook.name.strip() for webhook in found}
        if missing := [name for name in self.expect if name not in names]:
            raise ReachLookupError(self._said_of(missing, listed, found))
        self.check_not_empty(listed, found)

    def check_not_empty(self, listed: Sequence[Webhook], found: Sequence[Webhook]) -> None:
        """
        Check that anything was found, unless finding nothing is fine.

        :param listed: Every webhook of the workspace.
        :param found: Those of them that are meant.
        :raises ReachLookupError: when nothing was found.
        """
        if found or self.allow_empty:
            return
        raise ReachLookupError(
            f"No webhook was found, so that nothing would be watched. The workspace has {len(listed)}: "
            f"{_names(listed)}. Check the filters (active={self.active}, name_pattern={shown(self.name_pattern)}) "
            "and the connection's workspace, or set allow_empty=True."
        )

    def check_filters(self, listed: Sequence[Webhook], found: Sequence[Webhook]) -> None:
        """
        Check that the filters leave out no expected webhook that exists.

        :param listed: Every webhook of the workspace.
        :param found: Those of them that are meant.
        :raises ReachLookupError: when they do.
        """
        left_out = {webhook.name.strip() for webhook in listed} - {webhook.name.strip() for webhook in found}
        if missing := [name for name in self.expect if name in left_out]:
            raise ReachLookupError(self._said_of(missing, listed, found))

    def _said_of(self, missing: Sequence[str], listed: Sequence[Webhook], found: Sequence[Webhook]) -> str:
        told = missing[:_MOST_TOLD]
        questions = _near(told, listed, self.expect)
        why = [_why_missing(name, listed, questions.get(name)) for name in told]
        more = f"; and {len(missing) - _MOST_TOLD} more" if len(missing) > _MOST_TOLD else ""
        correct = (
            "First correct a name that is misspelt: declaring it would send every event twice. " if questions else ""
        )
        return (
            f"{len(missing)} of {len(self.expect)} expected webhooks were not found: {'; '.join(why)}{more}. "
            f"Found: {_names(found)}. {correct}Declare what is missing, or take it off 'expect'."
        )


def _expected(value: Any) -> tuple[str, ...]:
    if value is None or (isinstance(value, str) and not text_of(value)):
        return ()
    names = list_of(value)
    if others := [name for name in names if not isinstance(name, str)]:
        raise ReachInputError([no_text("expect: each name", others[0])], _WHAT)
    if not all(name.strip() for name in names):
        raise ReachInputError(["expect: a name is empty; perhaps a template rendered to nothing."], _WHAT)
    return tuple(name.strip() for name in names)


_WHAT = "the selection of webhooks"
_READERS: dict[str, Callable[[Any], object]] = {
    "active": lambda value: read(flag, "active", value, _WHAT),
    "name_pattern": lambda value: read_text("name_pattern", value, _WHAT) or "*",
    "expect": _expected,
    "allow_empty": lambda value: bool(read(flag, "allow_empty", value, _WHAT)),
}


def _near(missing: Iterable[str], listed: Iterable[Webhook], expected: Collection[str]) -> dict[str, str]:
    """By name that none has, the question whether it is one that nobody expects."""
    there = {webhook.name.strip() for webhook in listed}
    strangers = [webhook for webhook in listed if webhook.name.strip() not in expected]
    return {name: question for name in missing if name not in there and (question := near(name, strangers))}


def _why_missing(name: str, listed: Iterable[Webhook], question: str | None) -> str:
    if any(webhook.name.strip() == name for webhook in listed):
        return f"'{name}' exists but is filtered out by active or name_pattern"
    return f"'{name}' does not exist" + (f" ({question})" if question else "")


def _names(webhooks: Iterable[Webhook]) -> str:
    names = sorted(one_line(webhook.name or webhook.id, 80) for webhook in webhooks)
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(f"'{name}'" for name in names[:20]) + more if names else "none"
