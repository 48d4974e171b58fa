"""What a task passes on from the service and its targets: never a template, and no name that Airflow reserves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from airflow_provider_reach.core.moved import NEVER_MOVED, RETURNED


def literal(value: Any) -> Any:
    """
    The same JSON value for an XCom, with a blank in each ``{{``, ``{%`` and ``{#`` of its texts.

    Airflow renders what ``.expand_kwargs()`` takes from an XCom. Otherwise anybody who may name a webhook could have
    any expression rendered, with every variable and connection of Airflow.

    There is also a blank between two underscores at the beginning of a name: Airflow uses ``__id__``, ``__classname__``
    and ``__type`` for what is not plain JSON, so that a header of that name would break the XCom, or its pull.
    """
    if isinstance(value, str):
        return re.sub(r"\{(?=[{%#])", "{ ", value)
    if isinstance(value, Mapping):
        return {re.sub(r"\A__", "_ _", literal(name)): literal(inner) for name, inner in value.items()}
    return [literal(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def allow_in_xcoms() -> None:
    """
    Let tasks of this process read what the hook returns from XComs; by default Airflow reads only its own classes.

    Classes are allowed by name, because importing them would slow down every DAG file. Airflow's own ``allow_class``
    (from 3.3 on) needs the classes themselves.
    """
    try:
        serde = import_module("airflow.sdk.serde")
    except ImportError:
        serde = import_module("airflow.serialization.serde")
    serde._extra_allowed.update(f"{module}.{name}" for name, *modules in RETURNED for module in modules)
    serde._extra_allowed.update(NEVER_MOVED)
