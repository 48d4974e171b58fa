from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from airflow_provider_reach.core.secrets.depth import is_deeper


@pytest.mark.parametrize(
    ("value", "levels"),
    [
        ("text", 0),
        (None, 0),
        ([], 0),
        ({}, 0),
        ([1], 1),
        ((1,), 1),
        (MappingProxyType({"a": "b"}), 1),
        ([{"a": ["b"]}, 1, []], 3),
        ({"a": {"b": ({"c": 1}, {})}}, 4),
    ],
)
def test_how_deep_a_value_is_nested(value: Any, levels: int) -> None:
    assert not is_deeper(value, levels)
    assert levels == 0 or is_deeper(value, levels - 1)


def test_a_value_that_holds_itself_is_deeper_and_one_that_is_there_often_is_looked_at_once() -> None:
    itself: list[Any] = []
    itself.append(itself)
    often: list[Any] = [1]
    for _ in range(99):
        often = [often, often]

    assert is_deeper(itself, 100)
    assert is_deeper(often, 99)
    assert not is_deeper(often, 100)


def test_a_value_is_as_deep_as_the_deepest_in_it() -> None:
    assert is_deeper([[[1]], [1]], 2)
    assert is_deeper([[1], [[1]]], 2)
    assert not is_deeper([[1], [[1]]], 3)
