"""What a test of one's own looks like: shown in docs/sandbox.md, which runs it."""

from __future__ import annotations

import subprocess

from airflow_provider_reach import DeliveryPolicy, ReachHook
from airflow_provider_reach.sandbox import Sandbox


def test_an_outage_is_told_before_anything_is_lost(reach_sandbox: Sandbox) -> None:
    target = reach_sandbox.target("consumer")
    webhook_id = reach_sandbox.add_webhook("bounces", target=target.url)
    reach_sandbox.traffic(webhook_id, batches_per_hour=12, events_per_batch=100)
    my_policy = DeliveryPolicy(max_undelivered=20)

    target.answer(503)
    reach_sandbox.advance(hours=1)
    fresh = ReachHook().check_delivery(webhook_id, my_policy)
    reach_sandbox.advance(hours=3)
    alarm = ReachHook().check_delivery(webhook_id, my_policy)

    assert fresh.outcome == "healthy"  # 12 batches are within the limit
    assert alarm.outcome == "failed"
    assert alarm.counts["lost"] == 0
    assert alarm.responses.keys() == {"503"}


def test_the_dag_passes_while_all_is_delivered(reach_sandbox: Sandbox) -> None:
    target = reach_sandbox.target("consumer")
    for name in ("deliveries", "engagement", "bounces"):
        reach_sandbox.add_webhook(name, target=target.url)

    done = subprocess.run(["airflow", "dags", "test", "example_reach_webhook_health"], check=False)

    assert done.returncode == 0
    assert len(target.received) == 3  # a test batch from each webhook
