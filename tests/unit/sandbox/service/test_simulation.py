"""The service without HTTP: targets are functions."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from airflow_provider_reach.sandbox.service.model import Batch, PostResult, Webhook
from airflow_provider_reach.sandbox.service.schedule import attempt_offsets
from airflow_provider_reach.sandbox.service.simulation import Simulation, UnknownWebhook

OK = PostResult(latency=5, status=200)
BUSY = PostResult(latency=5, status=503, failure="503")


class Consumer:
    """Answers what it is told to and remembers when it was asked."""

    def __init__(self) -> None:
        self.answer = OK
        self.simulation: Simulation
        self.seen: list[tuple[datetime, Batch]] = []

    def __call__(self, batch: Batch) -> PostResult:
        self.seen.append((self.simulation.now, batch))
        return self.answer

    @property
    def times(self) -> list[datetime]:
        return [at for at, _ in self.seen]


@pytest.fixture
def consumer() -> Consumer:
    return Consumer()


@pytest.fixture
def simulation(consumer: Consumer, start: datetime) -> Simulation:
    consumer.simulation = Simulation(consumer, start, batch_size=1000, retry_schedule="doubling")
    return consumer.simulation


def add(simulation: Simulation, **fields: Any) -> str:
    webhook = Webhook(
        **{
            "id": f"webhook-{len(simulation.webhooks())}",
            "name": "orders",
            "target": "http://consumer",
            "events": ("bounce", "click"),
            "ready_at": simulation.now,
            **fields,
        }
    )
    simulation.add(webhook)
    return webhook.id


def test_time_stands_still_until_told_otherwise(simulation: Simulation, start: datetime) -> None:
    assert simulation.now == start
    simulation.advance_to(start + timedelta(hours=3))
    assert simulation.now == start + timedelta(hours=3)


@pytest.mark.parametrize("moment", [datetime(2026, 3, 1, 11), datetime(2027, 3, 1)])
def test_a_moment_without_time_zone_is_refused(simulation: Simulation, moment: datetime) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        simulation.advance_to(moment)


def test_time_does_not_go_back(simulation: Simulation, start: datetime) -> None:
    with pytest.raises(ValueError, match="is before"):
        simulation.advance_to(start - timedelta(seconds=1))


def test_a_start_without_time_zone_is_refused(consumer: Consumer) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Simulation(consumer, datetime(2026, 3, 1), batch_size=1000, retry_schedule="doubling")


def test_what_succeeds_at_once_is_tried_once(simulation: Simulation, consumer: Consumer, start: datetime) -> None:
    webhook_id = add(simulation)
    [batch_id] = simulation.send(webhook_id, 3)
    simulation.advance_to(start + timedelta(hours=24))
    [batch] = simulation.batches(webhook_id)
    assert (batch.batch_id, batch.state, batch.delivered_at, batch.discarded_at) == (
        batch_id,
        "delivered",
        start,
        None,
    )
    assert consumer.times == [start]
    assert simulation.webhook(webhook_id).last_successful == start
    assert simulation.webhook(webhook_id).last_failure is None


@pytest.mark.parametrize("schedule", ["doubling", "even", "early"])
def test_what_never_succeeds_is_tried_by_the_schedule_and_discarded(
    consumer: Consumer, start: datetime, schedule: str
) -> None:
    simulation = consumer.simulation = Simulation(consumer, start, 1000, schedule)
    consumer.answer = BUSY
    webhook_id = add(simulation)
    simulation.send(webhook_id, 1)
    simulation.advance_to(start + timedelta(hours=8) - timedelta(microseconds=1))
    [batch] = simulation.batches(webhook_id)
    assert (batch.state, batch.failures) == ("pending", 11)
    simulation.advance_to(start + timedelta(hours=48))
    [batch] = simulation.batches(webhook_id)
    assert (batch.state, batch.delivered_at, batch.discarded_at) == (
        "discarded",
        None,
        start + timedelta(hours=8),
    )
    assert batch.attempts == [(start + offset, 503, "503") for offset in attempt_offsets(schedule)]
    assert consumer.times == [attempt.at for attempt in batch.attempts]


def test_a_batch_recovers_at_its_next_retry(simulation: Simulation, consumer: Consumer, start: datetime) -> None:
    consumer.answer = BUSY
    webhook_id = add(simulation)
    simulation.send(webhook_id, 1)
    simulation.advance_to(start + timedelta(minutes=20))
    consumer.answer = OK
    simulation.advance_to(start + timedelta(hours=24))
    [batch] = simulation.batches(webhook_id)
    assert (batch.state, batch.failures) == ("delivered", 5)
    assert batch.delivered_at == start + timedelta(minutes=31)
    assert simulation.webhook(webhook_id).last_failure == start + timedelta(minutes=15)
    assert simulation.webhook(webhook_id).last_successful == start + timedelta(minutes=31)


def test_an_advance_does_everything_in_the_order_of_time(
    simulation: Simulation, consumer: Consumer, start: datetime
) -> None:
    consumer.answer = BUSY
    for batches_per_hour in (2, 12, 7):
        interval = timedelta(hours=1) / batches_per_hour
        simulation.set_traffic(add(simulation), interval, events_per_batch=1)
    simulation.advance_to(start + timedelta(hours=10))
    assert consumer.times == sorted(consumer.times)
    assert len(consumer.times) > 1000


def test_one_long_advance_is_as_good_as_many_short_ones(start: datetime) -> None:
    def times(steps: int) -> list[datetime]:
        consumer = Consumer()
        consumer.simulation = Simulation(consumer, start, 1000, "early")
        consumer.answer = BUSY
        consumer.simulation.set_traffic(add(consumer.simulation), timedelta(minutes=17), 1)
        for _ in range(steps):
            consumer.simulation.advance_to(consumer.simulation.now + timedelta(hours=12) / steps)
        return consumer.times

    assert times(1) == times(720)


def test_traffic_is_evenly_spaced_until_replaced_or_stopped(
    simulation: Simulation, consumer: Consumer, start: datetime
) -> None:
    webhook_id = add(simulation)
    simulation.set_traffic(webhook_id, timedelta(minutes=30), events_per_batch=7)
    simulation.advance_to(start + timedelta(hours=1))
    simulation.set_traffic(webhook_id, timedelta(minutes=20), events_per_batch=3)
    simulation.advance_to(start + timedelta(hours=2))
    simulation.set_traffic(webhook_id, None, events_per_batch=0)
    simulation.advance_to(start + timedelta(hours=9))
    assert [at - start for at in consumer.times] == [timedelta(minutes=minutes) for minutes in (30, 60, 80, 100, 120)]
    assert [len(batch.events) for _, batch in consumer.seen] == [7, 7, 3, 3, 3]


def test_an_inactive_webhook_makes_no_batches_but_its_queue_still_goes_out(
    simulation: Simulation, consumer: Consumer, start: datetime
) -> None:
    consumer.answer = BUSY
    webhook_id = add(simulation)
    simulation.set_traffic(webhook_id, timedelta(hours=1), 1)
    queued = simulation.send(webhook_id, 1)
    simulation.change(webhook_id, active=False)
    consumer.answer = OK
    assert simulation.send(webhook_id, 1) == []
    simulation.advance_to(start + timedelta(hours=5))
    assert [(batch.batch_id, batch.state) for batch in simulation.batches(webhook_id)] == [(queued[0], "delivered")]
    simulation.change(webhook_id, active=True)
    simulation.advance_to(start + timedelta(hours=6))
    assert len(simulation.batches(webhook_id)) == 2


def test_a_webhook_is_not_ready_before_its_time(simulation: Simulation, start: datetime) -> None:
    webhook_id = add(simulation, ready_at=start + timedelta(minutes=1))
    assert simulation.send(webhook_id, 1) == []
    simulation.advance_to(start + timedelta(minutes=1))
    assert len(simulation.send(webhook_id, 1)) == 1


def test_what_is_queued_keeps_the_target_it_was_made_for(
    simulation: Simulation, consumer: Consumer, start: datetime
) -> None:
    consumer.answer = BUSY
    webhook_id = add(simulation)
    simulation.send(webhook_id, 1)
    simulation.change(webhook_id, target="http://new", auth_credentials={"username": "new"})
    simulation.send(webhook_id, 1)
    simulation.advance_to(start + timedelta(hours=9))
    targets = [batch.webhook.target for _, batch in consumer.seen]
    assert targets.count("http://consumer") == targets.count("http://new") == 12
    assert {dict(batch.webhook.auth_credentials).get("username") for _, batch in consumer.seen} == {None, "new"}


def test_what_is_queued_outlives_its_webhook(simulation: Simulation, consumer: Consumer, start: datetime) -> None:
    consumer.answer = BUSY
    webhook_id = add(simulation)
    simulation.set_traffic(webhook_id, timedelta(hours=1), 1)
    simulation.send(webhook_id, 1)
    simulation.remove(webhook_id)
    simulation.advance_to(start + timedelta(hours=9))
    assert [batch.state for batch in simulation.batches(webhook_id)] == ["discarded"]
    assert simulation.webhooks() == []


def test_batches_hold_no_more_events_than_the_batch_size(consumer: Consumer, start: datetime) -> None:
    simulation = consumer.simulation = Simulation(consumer, start, 100, "doubling")
    webhook_id = add(simulation)
    assert len(simulation.send(webhook_id, 250)) == 3
    assert [len(batch.events) for batch in simulation.batches(webhook_id)] == [100, 100, 50]
    assert simulation.send(webhook_id, 0) == []


def test_only_the_events_that_were_asked_for_are_sent(simulation: Simulation) -> None:
    webhook_id = add(simulation)
    whole = {"msys": {"relay_event": {"type": "click", "mine": 1}}}
    simulation.send(
        webhook_id,
        [{"type": "bounce", "rcpt_to": "a@b"}, {"type": "open"}, whole, {"msys": {}}],
    )
    [batch] = simulation.batches(webhook_id)
    first, second = batch.events
    assert first["msys"]["message_event"]["rcpt_to"] == "a@b"
    assert first["msys"]["message_event"]["event_id"]
    assert second == whole
    assert simulation.send(webhook_id, [{"type": "open"}]) == []


def test_what_is_unknown_says_so(simulation: Simulation) -> None:
    for ask in (
        simulation.webhook,
        simulation.remove,
        simulation.change,
        simulation.batches,
        lambda webhook_id: simulation.send(webhook_id, 1),
        lambda webhook_id: simulation.set_traffic(webhook_id, None, 1),
    ):
        with pytest.raises(UnknownWebhook, match="no webhook nobody"):
            ask("nobody")
    with pytest.raises(TypeError):
        simulation.change(add(simulation), colour="red")


def test_the_state_can_be_read_while_a_batch_is_under_way(simulation: Simulation, consumer: Consumer) -> None:
    seen: list[int] = []

    def deliver(batch: Batch) -> PostResult:
        reader = threading.Thread(target=lambda: seen.append(len(simulation.batches(webhook_id))), daemon=True)
        reader.start()
        reader.join(5)
        return OK

    webhook_id = add(simulation)
    simulation._deliver = deliver
    simulation.send(webhook_id, 1)
    assert seen == [0]


def test_time_stands_still_while_a_batch_is_under_way(simulation: Simulation, start: datetime) -> None:
    advanced = threading.Event()

    def advance() -> None:
        simulation.advance_to(start + timedelta(hours=1))
        advanced.set()

    other = threading.Thread(target=advance)

    def deliver(batch: Batch) -> PostResult:
        other.start()
        assert not advanced.wait(0.05)
        return OK

    webhook_id = add(simulation)
    simulation._deliver = deliver
    simulation.send(webhook_id, 1)
    other.join(5)
    assert advanced.is_set()
    assert simulation.batches(webhook_id)[0].delivered_at == start


def test_whoever_advances_at_the_same_time_advances_in_turn(
    simulation: Simulation, consumer: Consumer, start: datetime
) -> None:
    simulation.set_traffic(add(simulation), timedelta(minutes=1), 1)
    consumer.answer = BUSY
    with ThreadPoolExecutor(4) as others:
        list(others.map(simulation.advance, [timedelta(minutes=5)] * 24))
    assert simulation.now == start + timedelta(hours=2)
    assert consumer.times == sorted(consumer.times)


def test_a_stopped_simulation_ends_an_advance_at_once(
    simulation: Simulation, consumer: Consumer, start: datetime
) -> None:
    simulation.set_traffic(add(simulation), timedelta(hours=1), 1)
    simulation.stop()
    simulation.advance_to(start + timedelta(days=365))
    assert consumer.seen == []
