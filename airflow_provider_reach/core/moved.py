"""What the hook returns, by class: where it is, and where XComs and pickles of older versions look for it."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_CORE = "airflow_provider_reach.core"
# A class, its module, and its module in older XComs.
RETURNED = tuple(
    (name, f"{_CORE}.{module}", f"{_CORE}.{formerly}")
    for name, module, formerly in (
        ("BatchRow", "api.models", "models"),
        ("BatchStatus", "api.models", "models"),
        ("Declared", "webhooks.converge", "declare"),
        ("DeliveryReport", "delivery.report", "report"),
        ("Drift", "webhooks.drift", "drift"),
        ("FieldComparison", "webhooks.diff", "compare"),
        ("Named", "webhooks.drift", "drift"),
        ("TargetResponse", "target.response", "models"),
        ("ValidationResult", "api.models", "models"),
        ("Webhook", "api.models", "models"),
    )
)
NEVER_MOVED = (f"{_CORE}.workspace.report.WorkspaceReport",)
"""What it returns besides, by the only path there has been."""


class _FormerModule(ModuleType):
    """A module that has moved: it imports a class when somebody asks for it."""

    def __getattr__(self, name: str) -> Any:
        for known, module, formerly in RETURNED:
            if (known, formerly) == (name, self.__name__):
                return getattr(import_module(module), name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


for _, _, _formerly in RETURNED:
    sys.modules.setdefault(_formerly, _FormerModule(_formerly))
