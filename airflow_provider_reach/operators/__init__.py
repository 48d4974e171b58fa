"""Operators on the webhooks of a workspace."""

from __future__ import annotations

from airflow_provider_reach.operators.create import ReachCreateWebhookOperator
from airflow_provider_reach.operators.delete import ReachDeleteWebhookOperator
from airflow_provider_reach.operators.listing import ReachListWebhooksOperator
from airflow_provider_reach.operators.update import ReachUpdateWebhookOperator
from airflow_provider_reach.operators.validate import ReachValidateWebhookOperator

__all__ = [
    "ReachCreateWebhookOperator",
    "ReachDeleteWebhookOperator",
    "ReachListWebhooksOperator",
    "ReachUpdateWebhookOperator",
    "ReachValidateWebhookOperator",
]
