from __future__ import annotations

from tests.airflow.conftest import homes, migrated

__all__ = ["homes", "migrated"]  # fixtures of the tests that have a real Airflow
