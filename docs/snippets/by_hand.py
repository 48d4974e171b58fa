"""The sandbox without pytest: shown in docs/sandbox.md."""

from __future__ import annotations

import os

from airflow_provider_reach import ReachHook
from airflow_provider_reach.sandbox import Fault, Sandbox, Switches

with Sandbox(switches=Switches(rows="attempt", ts="last_attempt")) as reach:
    target = reach.target("consumer")
    webhook_id = reach.add_webhook("orders", target=target.url)
    target.answer(503)
    reach.traffic(webhook_id, batches_per_hour=12, events_per_batch=100)
    reach.advance(hours=5)
    reach.fail(Fault.reset_before(), on="batch_status")  # the next question is not answered; it is asked again

    os.environ["AIRFLOW_CONN_REACH_DEFAULT"] = reach.connection_json
    report = ReachHook().check_delivery(webhook_name="orders")
