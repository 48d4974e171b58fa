"""How deep a value is nested, seen without going down into it by recursion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final

DEEPEST: Final = 100
"""Levels of a JSON value, at the most: what reads or hides a value goes down into it by recursion."""


def is_deeper(value: Any, levels: int) -> bool:
    """
    Whether a value is nested deeper than that.

    :param value: Any value.
    :param levels: At the most; text and numbers have none.
    """
    inside = _containers([value])
    while inside and levels > 0:
        inside = _containers(chain.from_iterable(map(_inside, inside)))
        levels -= 1
    return bool(inside)


def _containers(values: Iterable[Any]) -> list[Any]:
    """Those of the values that hold others, each once, however often it is there."""
    holding = (v for v in values if type(v) not in _LEAVES and isinstance(v, (list, tuple, Mapping)) and v)
    return list({id(container): container for container in holding}.values())


def _inside(container: Any) -> Iterable[Any]:
    return container if isinstance(container, (list, tuple)) else container.values()


_LEAVES = frozenset({str, int, float, bool, type(None)})  # most of an answer: to ask them for their kind takes long
