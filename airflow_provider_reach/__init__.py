"""
Declare, check and watch the webhooks of Bird's Reach Email API from Airflow.

The names below are loaded when first used: Airflow imports this package at every start to read the provider's metadata,
and a DAG file that uses one of them should not pay for the rest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow_provider_reach.version import __version__

if TYPE_CHECKING:
    from airflow_provider_reach.core.fields import EventType
    from airflow_provider_reach.core.policy import DeliveryPolicy
    from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
    from airflow_provider_reach.hooks import ReachHook
    from airflow_provider_reach.operators import (
        ReachCheckWorkspaceOperator,
        ReachCreateWebhookOperator,
        ReachDeleteWebhookOperator,
        ReachListWebhooksOperator,
        ReachUpdateWebhookOperator,
        ReachValidateWebhookOperator,
    )
    from airflow_provider_reach.sensors import ReachBatchStatusSensor
    from airflow_provider_reach.triggers import ReachBatchStatusTrigger, ReachWorkspaceTrigger

__all__ = [
    "DeliveryPolicy",
    "EventType",
    "ReachBatchStatusSensor",
    "ReachBatchStatusTrigger",
    "ReachCheckWorkspaceOperator",
    "ReachCreateWebhookOperator",
    "ReachDeleteWebhookOperator",
    "ReachHook",
    "ReachListWebhooksOperator",
    "ReachUpdateWebhookOperator",
    "ReachValidateWebhookOperator",
    "ReachWorkspaceTrigger",
    "WebhookChanges",
    "WebhookSpec",
    "__version__",
]

_MODULES = {
    "DeliveryPolicy": "core.policy",
    "EventType": "core.fields",
    "ReachBatchStatusSensor": "sensors",
    "ReachBatchStatusTrigger": "triggers",
    "ReachCheckWorkspaceOperator": "operators.check_workspace",
    "ReachCreateWebhookOperator": "operators.create",
    "ReachDeleteWebhookOperator": "operators.delete",
    "ReachHook": "hooks",
    "ReachListWebhooksOperator": "operators.listing",
    "ReachUpdateWebhookOperator": "operators.update",
    "ReachValidateWebhookOperator": "operators.validate",
    "ReachWorkspaceTrigger": "triggers",
    "WebhookChanges": "core.webhooks.spec",
    "WebhookSpec": "core.webhooks.spec",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
