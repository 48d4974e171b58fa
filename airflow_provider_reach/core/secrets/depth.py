"""How deeply a value is nested, without recursion into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final

DEEPEST: Final = 100
"""The most levels of a JSON value: whatever reads or masks a value descends into it by recursion."""


def is_deeper(value: Any, levels: int) -> bool:
    """Whether a value is nested more deeply than allowed."""
    inside = _containers([value])
    while inside and levels > 0:
        inside = _containers(chain.from_iterable(map(_inside, inside)))
        levels -= 1
    return bool(inside)


def _containers(values: Iterable[Any]) -> list[Any]:
    """The values that contain others, without duplicates."""
    holding = (v for v in values if type(v) not in _LEAVES and isinstance(v, (list, tuple, Mapping)) and v)
    return list({id(container): container for container in holding}.values())


def _inside(container: Any) -> Iterable[Any]:
    return container if isinstance(container, (list, tuple)) else container.values()


_LEAVES = frozenset({str, int, float, bool, type(None)})  # most of an answer, and isinstance is slow
