from __future__ import annotations

from tests.airflow.conftest import connected, homes, migrated, naps

__all__ = ["connected", "homes", "migrated", "naps"]  # fixtures of the tests that have a real Airflow
