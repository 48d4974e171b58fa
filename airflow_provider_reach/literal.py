"""What a task hands on of the service's and the targets' words: never a template, never one of Airflow's own names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_MARK = re.compile(r"\{(?=[{%#])")
_UNDERSCORES = re.compile(r"\A__")


def literal(value: Any) -> Any:
    """
    The same JSON value for an XCom, with a blank in each ``{{``, ``{%`` and ``{#`` of its texts.

    There is a blank too in the two underscores that a name begins with: under ``__id__``, ``__classname__`` or
    ``__type`` Airflow keeps what is no plain JSON, so that a header of that name would break the XCom, or its pull.

    Airflow renders what ``.expand_kwargs()`` takes from an XCom. Whoever may name a webhook could else have any
    expression rendered, with every variable and connection of Airflow.

    :param value: A JSON value.
    """
    if isinstance(value, str):
        return _MARK.sub("{ ", value)
    if isinstance(value, Mapping):
        return {_UNDERSCORES.sub("_ _", literal(name)): literal(inner) for name, inner in value.items()}
    return [literal(inner) for inner in value] if isinstance(value, (list, tuple)) else value
