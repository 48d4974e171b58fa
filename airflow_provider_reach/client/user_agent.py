"""How the clients introduce themselves."""

from __future__ import annotations

from airflow_provider_reach.version import __version__

USER_AGENT = f"airflow-provider-reach/{__version__}"
