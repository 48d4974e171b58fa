"""A name that no webhook has: which other may have been meant, and how the two differ."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher, get_close_matches

from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.text import one_line, shown

_MOST_ALIKE, _MOST_SIMILAR, _MOST_DIFFERENCES, _MOST_CHARACTERS = 2, 3, 3, 3
_MOST_COMPARED = 200
"""Characters of a name to compare: comparing long names takes long."""

_TWINS = str.maketrans(
    "авекмнорстухіјѕԁһԛԝӏαβεηικμνορτυχ‐‑‒–—―−’‘",
    "abekmhopctyxijsdhqwlabenikmvoptux-------''",
)
"""Small Cyrillic and Greek letters, dashes and quotes, and what they look like, in either case."""


def alike(name: str, webhooks: Iterable[Webhook]) -> list[Webhook]:
    """The webhooks whose names a person takes for this one: another case, other blanks, letters that look the same."""
    look = _look(name)
    return [webhook for webhook in webhooks if look and _look(webhook.name) == look]


def near(name: str, webhooks: Iterable[Webhook]) -> str:
    """The question that helps, and how the names differ; empty if no name is similar."""
    webhooks = [webhook for webhook in webhooks if webhook.name]
    if found := alike(name, webhooks):
        return " ".join(_asked_about(name, webhook) for webhook in found[:_MOST_ALIKE])
    by_look: dict[str, str] = {}
    for other in sorted(webhook.name for webhook in webhooks):
        by_look.setdefault(_look(other)[:_MOST_COMPARED], other)
    similar = get_close_matches(_look(name)[:_MOST_COMPARED], by_look, _MOST_SIMILAR, 0.7)
    if not similar:
        return ""
    return f"Is it {' or '.join(shown(by_look[close]) for close in similar)}? Every character counts."


def _asked_about(name: str, webhook: Webhook) -> str:
    there, name = webhook.name.strip(), name.strip()
    if there.casefold() == name.casefold():
        return f"Is it {shown(there)}? Upper and lower case differ."
    differences = list(_differences(there, name)) or [f"other characters beyond the first {_MOST_COMPARED}"]
    more = "; …" if len(differences) > _MOST_DIFFERENCES else ""
    return (
        f"Is it {shown(there)} ({one_line(webhook.id, 64)})? It has {'; '.join(differences[:_MOST_DIFFERENCES])}{more}."
    )


def _differences(there: str, name: str) -> Iterator[str]:
    """How two names differ that look the same, apart from case, which can be seen."""
    there, name = there[:_MOST_COMPARED], name[:_MOST_COMPARED]
    folded = [c.casefold() for c in there], [c.casefold() for c in name]
    for kind, i, j, k, m in SequenceMatcher(None, *folded, autojunk=False).get_opcodes():
        if kind != "equal":
            yield f"{_characters(there[i:j])} where the name that was asked for has {_characters(name[k:m])}"


def _characters(text: str) -> str:
    codes = [f"U+{ord(c):04X} {unicodedata.name(c, '')}".rstrip() for c in text[:_MOST_CHARACTERS]]
    return f"{', '.join(codes)}{', …' if len(text) > _MOST_CHARACTERS else ''}" or "nothing"


def _look(name: str) -> str:
    """What is left of a name if only its look counts."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold().translate(_TWINS))
    return " ".join("".join(c for c in text if unicodedata.category(c) != "Cf").split())
