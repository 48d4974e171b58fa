"""
An embedded Reach for tests and demonstrations: the whole webhooks API, real deliveries, simulated time.

It imports nothing from the rest of the package: it is a second, independent reading of the service's contract.
"""

from __future__ import annotations

from importlib.util import find_spec

if not all(find_spec(part) for part in ("starlette", "uvicorn")):
    raise ImportError("The Reach sandbox needs Starlette and uvicorn: pip install 'airflow-provider-reach[sandbox]'")

from airflow_provider_reach.sandbox.facade import Sandbox
from airflow_provider_reach.sandbox.http.faults import Fault
from airflow_provider_reach.sandbox.http.wire import RecordedRequest
from airflow_provider_reach.sandbox.service.switches import Switches
from airflow_provider_reach.sandbox.targets import Target

__all__ = ["Fault", "RecordedRequest", "Sandbox", "Switches", "Target"]
