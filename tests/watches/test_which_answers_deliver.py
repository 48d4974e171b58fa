"""A consumer that answers 202, on a Reach that counts 200 alone and on one that counts any 2xx; and silence."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest

from airflow_provider_reach import DeliveryPolicy, ReachBatchStatusSensor, ReachHook, __version__
from airflow_provider_reach.core.watch.events import read_event
from airflow_provider_reach.core.watch.watch import Watch
from airflow_provider_reach.integration.watch_loop import watch_to_its_end
from airflow_provider_reach.sandbox import Sandbox, Switches
from tests.tasks import Clock, TaskInstance, in_dag, run

STILL = "Batches answered 201–299 that are overdue for a retry: 1 of 1. Their attempts have stopped"


@pytest.fixture(params=["200", "2xx"])
def reach(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """One of each kind."""
    with Sandbox(target_timeout=5, switches=Switches(delivered_by=request.param)) as reach:
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
        yield reach


def answered_202(reach: Sandbox, failures: int = 1, **age: float) -> str:
    """The webhook ``orders`` with one batch, answered 503 so often and with 202 from then on."""
    target = reach.target("orders")
    target.answer_in_turn(*([503] * failures), 202)
    webhook_id = reach.add_webhook("orders", target=target.url)
    reach.send(webhook_id, 1)
    reach.advance(**age)
    return webhook_id


def counts_2xx(reach: Sandbox) -> bool:
    return reach.switches.delivered_by == "2xx"


@pytest.mark.parametrize("delivered_by", ["200", "2xx"])
def test_the_policy_decides_in_the_sensor_and_the_hook(reach: Sandbox, delivered_by: Literal["200", "2xx"]) -> None:
    webhook_id = answered_202(reach, hours=5)

    ended = run(in_dag(ReachBatchStatusSensor, webhook_name="orders", timeout=0, delivered_by=delivered_by))
    report = ReachHook().check_delivery(webhook_id, DeliveryPolicy(delivered_by=delivered_by))

    assert ended.how == ("success" if delivered_by == "2xx" else "ReachDeliveryFailed")
    assert report.outcome == ended.xcoms["report"]["outcome"]
    if delivered_by == "200":
        assert report.advice[0].startswith("1 of these batches was last answered 201–299.")
        assert (STILL in str(ended.raised)) is (STILL in str(report)) is counts_2xx(reach)
    else:
        assert (report.counts["recovered"], report.taken) == (1, 0)


def test_a_sensor_that_looks_twice_knows_earlier_that_attempts_stand_still(reach: Sandbox) -> None:
    answered_202(reach, failures=6, minutes=65)
    sensor = in_dag(ReachBatchStatusSensor, webhook_name="orders", drain=True)
    context = {"ti": TaskInstance(sensor), "task": sensor}

    assert sensor.poke(context) is False
    reach.advance(minutes=115)
    assert sensor.poke(context) is False

    assert sensor._looks.report.standing_still == (1 if counts_2xx(reach) else 0)
    assert ReachHook().check_delivery(webhook_name="orders").standing_still == 0  # which has no look before it


def test_a_trigger_that_looks_on_says_so_in_its_verdict(reach: Sandbox) -> None:
    webhook_id = answered_202(reach, failures=6, minutes=65)
    clock = Clock(reach)
    now = clock.now()
    watch = Watch(
        webhook_id=webhook_id,
        webhook_name="orders",
        policy=DeliveryPolicy(drain=True),
        watched_from=now,
        deadline=now + timedelta(hours=9),
        limit="timeout",
        poke_interval=timedelta(minutes=5),
        outage_tolerance=timedelta(minutes=15),
        silent_fail=False,
        version=__version__,
    )

    looking = watch_to_its_end(
        ReachHook().async_client, watch.to_scalars(), logging.getLogger("tests"), clock.asleep, clock.now
    )
    end: Any = read_event(json.loads(json.dumps(asyncio.run(looking))))

    assert end.outcome == "failed"
    assert (STILL in str(end)) is counts_2xx(reach)


# Silence


def silent(reach: Sandbox, hours: float) -> str:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.send(webhook_id, 1)
    reach.advance(hours=hours)
    return webhook_id


@pytest.mark.parametrize(("limit", "how"), [("6h", "ReachDeliveryFailed"), ("27:00:00", "success"), (None, "success")])
def test_silence(connected: Sandbox, limit: str | None, how: str) -> None:
    sent = connected.now
    silent(connected, hours=26.01)

    ended = run(in_dag(ReachBatchStatusSensor, webhook_name="orders", drain=True, timeout=0, max_silence=limit))

    assert ended.how == how
    told = datetime.fromisoformat(ended.xcoms["report"]["last_successful"].replace("Z", "+00:00"))
    assert abs(told - sent) < timedelta(seconds=20)
    if limit == "6h":
        assert "FAILED: webhook 'orders': no success for 26 h (limit 6 h), the last one at " in str(ended.raised)


def test_a_webhook_that_never_sent_is_not_silent(connected: Sandbox) -> None:
    connected.add_webhook("orders", target=connected.target("orders").url)
    connected.advance(hours=26)

    ended = run(in_dag(ReachBatchStatusSensor, webhook_name="orders", timeout=0, max_silence="6h"))

    assert ended.how == "success"
    assert "max_silence cannot be judged: no last success is known." in ended.xcoms["report"]["headline"]
