"""What nobody would send or type, and what may come of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

SECRET = "pl4nted-S3cret"
"""Stands in what is sent and answered, and in nothing that is said."""

LONGEST = 4000
"""Characters of any message, at most."""


def examples(part: float) -> settings:
    """
    As many examples as the profile has, less where one takes long.

    :param part: How many of the profile's.
    """
    return settings(max_examples=max(20, int(settings().max_examples * part)))


numbers: SearchStrategy[Any] = st.one_of(
    st.integers(),
    st.integers(-5, 1000),
    st.floats(),
    st.sampled_from([0, -0.0, 1e308, -1e308, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30, 10**400]),
)

HOSTILE = (
    "",
    " ",
    "\0",
    "\x1b[31mred\x07",
    "line\r\nbreak: forged",
    "\u2028\u2029\u0085",
    "\u202egnp.exe",
    "\ud800",
    "\udfff\ud800",
    "{{ conn.x.password }}",
    "{% for %}",
    "../../sandbox/state",
    "%2e%2e%2f",
    "None",
    "null",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "0x10",
    "1_000",
    "\u0661\u0662",
    "***",
    "{",
    "[",
    "'" * 70,
    "http://",
    "https://[::1",
    "https://[v1.x]/",
    "https://host:99999/",
    "https://user:word@host/",
    "http://127.0.0.1\\@example.com/",
    "http://localhost:0",
)

texts: SearchStrategy[str] = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(codec=None), max_size=20),
    st.sampled_from(HOSTILE),
    st.sampled_from([("9", 5000), ("x", 20_000), ("e\u0301", 50), ("(", 300), ("[", 30_000), ('{"a":', 3000)]).map(
        lambda part: part[0] * part[1]
    ),
)

scalars = st.one_of(st.none(), st.booleans(), numbers, texts)

json_values: SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
"""What JSON can hold, with numbers beyond what it should."""


@dataclass(frozen=True)
class Nested:
    """
    A value nested this deep, which JSON's own writer could not write.

    :param depth: How many.
    :param in_list: Whether to nest lists, not mappings.
    :param leaf: What is at its bottom.
    """

    depth: int
    in_list: bool
    leaf: Any

    @property
    def value(self) -> Any:
        """As Python's own."""
        value = self.leaf
        for _ in range(self.depth):
            value = [value] if self.in_list else {"password": value}
        return value

    @property
    def json(self) -> str:
        """As JSON."""
        opening, closing = ("[", "]") if self.in_list else ('{"password":', "}")
        return opening * self.depth + json.dumps(self.leaf) + closing * self.depth


deep = st.builds(
    Nested, st.sampled_from([5, 60, 99, 101, 150, 300, 490, 900, 3000]), st.booleans(), st.sampled_from([1, SECRET])
)


class Odd:
    """An object of no use."""

    def __repr__(self) -> str:
        return "<odd\n object>"


@dataclass(frozen=True)
class Endless:
    """A number of more digits than Python writes."""

    digits: int = 5000

    @property
    def value(self) -> int:
        """As Python's own."""
        return int(10**self.digits)


def real(value: Any) -> Any:
    """What stands for a value that Hypothesis could not show, made that value."""
    if isinstance(value, (Nested, Endless)):
        return value.value
    if type(value) is dict:
        return {name: real(inner) for name, inner in value.items()}
    return [real(inner) for inner in value] if type(value) is list else value


moments: SearchStrategy[datetime] = st.one_of(
    st.datetimes(),
    st.datetimes(
        timezones=st.sampled_from([timezone.utc, timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))])
    ),
    st.sampled_from(
        [datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), datetime.max.replace(tzinfo=timezone.utc)]
    ),
)

python_values: SearchStrategy[Any] = st.one_of(
    json_values,
    st.builds(Nested, st.sampled_from([5, 60, 300, 900, 3000]), st.booleans(), st.just(1)),
    st.binary(max_size=20),
    moments,
    st.timedeltas(),
    st.sampled_from(
        [
            timedelta.max,
            timedelta.min,
            date(2026, 1, 1),
            Decimal("NaN"),
            Decimal("1e999"),
            complex(1, 2),
            (),
            ("bounce", "bounce"),
            {"bounce"},
            frozenset({1}),
            MappingProxyType({"X-A": "b"}),
            PurePosixPath("/x"),
            range(3),
            Ellipsis,
            int,
            len,
            Odd(),
        ]
    ),
    st.dictionaries(st.one_of(st.integers(), st.none(), st.binary(max_size=3)), scalars, max_size=2),
)
"""What a person's Python code may hand in by mistake."""

anything = python_values | st.just(Endless())


def as_bytes(value: Any) -> bytes:
    """JSON as some writers produce it, including NaN, infinities, halves of a character, and very deep nesting."""
    nests: list[str] = []

    def place(nested: Nested) -> str:
        nests.append(nested.json)
        return f"nest {len(nests) - 1}"

    written = json.dumps(value, default=place)
    for number, nest in enumerate(nests):
        written = written.replace(f'"nest {number}"', nest)
    return written.encode()


def check_said(said: str, *secrets: str, lines: int = 60) -> None:
    """
    Check that a message is short, can be shown on a terminal, and holds no secret.

    :param said: A message.
    :param secrets: What must not be in it.
    :param lines: The most lines it may have.
    """
    assert said.strip()
    assert len(said) <= LONGEST, len(said)
    assert said.count("\n") <= lines
    odd = [c for c in said if not (c.isprintable() or c == "\n")]
    assert not odd, odd[:5]
    for secret in (SECRET, *secrets):
        assert secret not in said


def plain(value: Any) -> Any:
    """The value after it has been JSON; it must be the same before."""
    written = json.dumps(value, allow_nan=False)
    read = json.loads(written)
    assert read == value
    return read


def texts_of(value: Any) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, Mapping):
        return [text for name, inner in value.items() for text in (str(name), *texts_of(inner))]
    if isinstance(value, (list, tuple)):
        return [text for inner in value for text in texts_of(inner)]
    return [value] if isinstance(value, str) else []
