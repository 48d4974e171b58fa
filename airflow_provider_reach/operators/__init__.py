"""Operators on the webhooks of a workspace, each loaded when first used, as the package's names are."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_reach.operators.check_workspace import ReachCheckWorkspaceOperator
    from airflow_provider_reach.operators.create import ReachCreateWebhookOperator
    from airflow_provider_reach.operators.delete import ReachDeleteWebhookOperator
    from airflow_provider_reach.operators.listing import ReachListWebhooksOperator
    from airflow_provider_reach.operators.update import ReachUpdateWebhookOperator
    from airflow_provider_reach.operators.validate import ReachValidateWebhookOperator

__all__ = [
    "ReachCheckWorkspaceOperator",
    "ReachCreateWebhookOperator",
    "ReachDeleteWebhookOperator",
    "ReachListWebhooksOperator",
    "ReachUpdateWebhookOperator",
    "ReachValidateWebhookOperator",
]

_MODULES = {
    "ReachCheckWorkspaceOperator": "check_workspace",
    "ReachCreateWebhookOperator": "create",
    "ReachDeleteWebhookOperator": "delete",
    "ReachListWebhooksOperator": "listing",
    "ReachUpdateWebhookOperator": "update",
    "ReachValidateWebhookOperator": "validate",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
