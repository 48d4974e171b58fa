"""What a task hands on of the service's and the targets' words: never a template, never one of Airflow's own names."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
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


_PACKAGE = "airflow_provider_reach"
# What the hook returns: a class, its module, and the module under which older XComs have it.
_CLASSES = (
    ("BatchRow", "core.api.models", "core.models"),
    ("BatchStatus", "core.api.models", "core.models"),
    ("Declared", "core.webhooks.converge", "core.declare"),
    ("DeliveryReport", "core.delivery.report", "core.report"),
    ("Drift", "core.webhooks.drift", "core.drift"),
    ("FieldComparison", "core.webhooks.diff", "core.compare"),
    ("Named", "core.webhooks.drift", "core.drift"),
    ("TargetResponse", "core.target.response", "core.models"),
    ("ValidationResult", "core.api.models", "core.models"),
    ("Webhook", "core.api.models", "core.models"),
)


class _FormerModule(ModuleType):
    """A module that is elsewhere now: it imports a class when Airflow asks for it."""

    def __getattr__(self, name: str) -> Any:
        for known, module, formerly in _CLASSES:
            if (known, f"{_PACKAGE}.{formerly}") == (name, self.__name__):
                return getattr(import_module(f"{_PACKAGE}.{module}"), name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def allow_in_xcoms() -> None:
    """
    Let tasks of this process take what the hook returns from XComs; by default Airflow takes only its own classes.

    Classes are allowed by name: importing them would slow down every DAG file. Airflow's own ``allow_class``, from 3.3
    on, takes the classes themselves.
    """
    try:
        serde = import_module("airflow.sdk.serde")
    except ImportError:
        serde = import_module("airflow.serialization.serde")
    for name, *modules in _CLASSES:
        serde._extra_allowed.update(f"{_PACKAGE}.{module}.{name}" for module in modules)
        sys.modules.setdefault(f"{_PACKAGE}.{modules[-1]}", _FormerModule(f"{_PACKAGE}.{modules[-1]}"))
