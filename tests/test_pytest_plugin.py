from __future__ import annotations

import os

from airflow_provider_reach import ReachHook
from airflow_provider_reach.sandbox import Sandbox


def test_the_default_connection_leads_to_it(reach_sandbox: Sandbox) -> None:
    reach_sandbox.add_webhook("orders", target=reach_sandbox.target("consumer").url)

    assert [webhook.name for webhook in ReachHook().list_webhooks()] == ["orders"]


def test_the_connection_ends_with_the_test() -> None:
    assert "AIRFLOW_CONN_REACH_DEFAULT" not in os.environ
