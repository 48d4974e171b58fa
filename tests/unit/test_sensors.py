from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowNotFoundException

from airflow_provider_reach import DeliveryPolicy, ReachBatchStatusSensor, ReachHook
from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.tasks import Ended, in_dag, run

MODES = ("poke", "reschedule")
FLAGS: dict[str, dict[str, bool]] = {
    "": {},
    "soft_fail": {"soft_fail": True},
    "never_fail": {"never_fail": True},
    "silent_fail": {"silent_fail": True},
    "soft and silent": {"soft_fail": True, "silent_fail": True},
    "never and silent": {"never_fail": True, "silent_fail": True},
}


def watch(first_look: datetime | None = None, context: dict[str, Any] | None = None, **arguments: Any) -> Ended:
    """Let a sensor look; unless told otherwise, it does not wait for what is undecided."""
    settings: dict[str, Any] = {"webhook_name": "orders", "timeout": 0, "outage_tolerance": 0, **arguments}
    return run(in_dag(ReachBatchStatusSensor, **settings), first_look=first_look, **context or {})


def failing(reach: Sandbox, batches: int, **age: float) -> str:
    """The webhook ``orders``, of which so many batches have failed since then."""
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.target("orders").answer(503)
    for _ in range(batches):
        reach.send(webhook_id, 1)
    reach.advance(**age)
    return webhook_id


def deleted(reach: Sandbox) -> dict[str, Any]:
    webhook_id = failing(reach, 0)
    reach.delete_webhook(webhook_id)
    return {"webhook_id": webhook_id}


def inactive(reach: Sandbox) -> dict[str, Any]:
    webhook_id = failing(reach, 0)
    reach.update_webhook(webhook_id, active=False)
    return {}


def ambiguous(reach: Sandbox) -> dict[str, Any]:
    failing(reach, 0)
    failing(reach, 0)
    return {}


def faulty(fault: Fault, on: str = "any") -> Callable[[Sandbox], dict[str, Any]]:
    def faulty(reach: Sandbox) -> dict[str, Any]:
        failing(reach, 0)
        reach.fail(fault, on=on, times=None)
        return {}

    return faulty


def unreachable(reach: Sandbox) -> dict[str, Any]:
    reach.target("closed").refuse()
    return {"connection": reach.connection | {"host": reach.target("closed").url}}


def connection(**fields: Any) -> Callable[[Sandbox], dict[str, Any]]:
    return lambda reach: {"connection": reach.connection | fields}


VERDICTS: dict[str, tuple[Callable[[Sandbox], Any], dict[str, Any], str]] = {
    "lost": (lambda reach: failing(reach, 1, hours=9), {}, "1 batch presumed lost, created"),
    "at risk": (
        lambda reach: failing(reach, 1, hours=5),
        {},
        "at most 3 h left for 1 batch about to be discarded (by ",
    ),
    "piled up": (lambda reach: failing(reach, 11, hours=2), {}, "11 batches undelivered, over the limit of 10"),
    "deleted": (deleted, {}, "it does not exist (or no longer does); its events go nowhere"),
    "no such name": (
        lambda reach: failing(reach, 0),
        {"webhook_name": "none"},
        "webhook 'none': there is no webhook of this",
    ),
    "misspelt": (
        lambda reach: failing(reach, 0),
        {"webhook_name": "Orders"},
        "webhook 'Orders': there is no webhook of this name. Is it 'orders'? Upper and lower case differ.",
    ),
    "inactive": (inactive, {}, "it is inactive, nothing is delivered"),
    "at risk under another policy": (
        lambda reach: failing(reach, 1, minutes=31),
        {"at_risk_after": "{{ params.minutes * 60 }}", "min_age": 0, "max_at_risk": "0"},
        "1 batch about to be discarded",
    ),
}
FINAL: dict[str, tuple[Callable[[Sandbox], dict[str, Any]], dict[str, Any], str]] = {
    "key refused": (connection(password="wrong"), {}, "The API key was refused"),
    "workspace unknown": (
        connection(extra={"workspace_id": "01234567-89ab-cdef-0123-456789abcdef"}),
        {},
        "No such webhook, or no such workspace in this region",
    ),
    "connection incomplete": (
        connection(password="", extra={}),
        {},
        "Connection 'reach_default' cannot be used:\n  - workspace_id is missing",
    ),
    "ambiguous name": (ambiguous, {}, "2 webhooks are named 'orders'"),
    "neither id nor name": (inactive, {"webhook_name": ""}, "give webhook_id or webhook_name."),
    "neither, rendered to None": (
        inactive,
        {"webhook_id": None, "webhook_name": None},
        "give webhook_id or webhook_name.",
    ),
    "no id": (inactive, {"webhook_id": "orders"}, "webhook_id 'orders' is not a UUID"),
    "wrong policy": (
        inactive,
        {"max_lost": "{{ params.word }}", "on_cut": "stop"},
        "the delivery policy was refused:\n  - max_lost must be a whole number from 0, not 'many'.\n"
        "  - on_cut must be 'fail' or 'warn', not 'stop'.",
    ),
    "wrong tolerance": (inactive, {"outage_tolerance": "abc"}, "outage_tolerance must be a duration from 0"),
    "request refused": (faulty(Fault.status(400), on="batch_status"), {}, "The service refused the request itself"),
}
UNASKED: dict[str, tuple[Callable[[Sandbox], dict[str, Any]], dict[str, Any], str]] = {
    "unreachable": (unreachable, {}, "Could not list webhooks: the service could not be reached"),
    "failing": (faulty(Fault.status(500)), {}, "the service answered HTTP 500"),
    "busy": (faulty(Fault.status(429)), {}, "Too many requests"),
    "silent about batches": (faulty(Fault.reset_before(), on="batch_status"), {}, "Could not get batch status of"),
    "not the API": (faulty(Fault.body("<p>Sign in</p>")), {}, "is not the Reach API's"),
}
PARAMS = {"params": {"word": "many", "minutes": 30}}


def arranged(
    situation: tuple[Callable[[Sandbox], Any], dict[str, Any], str],
    reach: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    **arguments: Any,
) -> Ended:
    arrange, given, _ = situation
    arranged = arrange(reach)
    settings = {**(arranged if isinstance(arranged, dict) else {}), **given, **arguments}
    if connection := settings.pop("connection", None):
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", repr(connection).replace("'", '"'))
    return watch(context=PARAMS, **settings)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("flags", FLAGS)
def test_healthy(flags: str, mode: str, connected: Sandbox) -> None:
    webhook_id = failing(connected, 3)

    ended = watch(mode=mode, **FLAGS[flags])

    assert ended.how == "success"
    assert ended.xcoms["report"]["outcome"] == "healthy"
    assert ended.xcoms["report"]["undelivered"] == 3
    looked_at = connected.now.replace(microsecond=0)
    assert ended.xcoms[f"looked_at_{webhook_id}"] == looked_at.isoformat()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("situation", VERDICTS)
def test_a_failed_verdict_is_final(
    situation: str, flags: str, mode: str, connected: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = arranged(VERDICTS[situation], connected, monkeypatch, mode=mode, **FLAGS[flags])

    failure = ended.raised
    if "soft" in flags or "never" in flags:
        assert ended.how == "AirflowSkipException"
        failure = ended.raised and ended.raised.__cause__
    assert type(failure).__name__ == "ReachDeliveryFailed"
    assert ended.said == str(failure)
    assert ended.said.startswith("FAILED: webhook ")
    assert VERDICTS[situation][2] in ended.said
    assert failure.report.to_dict() == ended.xcoms["report"]  # type: ignore[union-attr]
    assert ended.xcoms["report"]["outcome"] == "failed"
    assert (len(ended.xcoms) == 2) is (situation not in ("no such name", "misspelt"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("situation", FINAL)
def test_what_asking_again_cannot_help_is_final(
    situation: str, flags: str, mode: str, connected: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = arranged(FINAL[situation], connected, monkeypatch, mode=mode, **FLAGS[flags])

    skipped = "soft" in flags or "never" in flags
    assert ended.how == ("AirflowSkipException" if skipped else "AirflowFailException")
    assert FINAL[situation][2] in ended.said
    assert ended.xcoms == {}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("situation", UNASKED)
def test_a_failure_to_ask_is_no_verdict(
    situation: str, flags: str, mode: str, connected: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = arranged(UNASKED[situation], connected, monkeypatch, mode=mode, **FLAGS[flags])

    assert (
        ended.how
        == {
            "": "AirflowException",
            "soft_fail": "AirflowSkipException",
            "never_fail": "AirflowSkipException",
            "silent_fail": "AirflowSensorTimeout",  # it looks again, until its time is over
            "soft and silent": "AirflowSkipException",
            "never and silent": "AirflowSkipException",
        }[flags]
    )
    assert UNASKED[situation][2] in ended.said
    assert "hether the batches are delivered is not known" in ended.said
    assert ended.said.startswith("No verdict within the timeout") is ("silent" in flags)
    assert ended.xcoms == {}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("flags", FLAGS)
def test_no_verdict_in_time(flags: str, mode: str, connected: Sandbox) -> None:
    webhook_id = failing(connected, 20)

    ended = watch(mode=mode, **FLAGS[flags])

    skipped = "soft" in flags or "never" in flags
    assert ended.how == ("AirflowSkipException" if skipped else "AirflowSensorTimeout")
    assert ended.said.startswith(
        "No verdict within the timeout of 0 s. The last look:\nNOT DECIDED YET: webhook 'orders': "
    )
    assert "20 batches in the early retries would pass the limit of 10 if they do not recover." in ended.said
    assert ended.xcoms["report"]["outcome"] == "wait"
    assert f"looked_at_{webhook_id}" in ended.xcoms


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("flags", "how"), [("", "AirflowException"), ("soft_fail", "AirflowSkipException")])
def test_a_connection_that_is_not_there(flags: str, how: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(conn_id: str) -> None:
        raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")

    monkeypatch.setattr(ReachHook, "get_connection", staticmethod(missing))

    ended = watch(mode=mode, reach_conn_id="gone", **FLAGS[flags])

    assert ended.how == how
    assert "Connection 'gone' cannot be used:\n  - it was not found" in ended.said


def test_an_inactive_webhook_may_be_allowed(connected: Sandbox) -> None:
    inactive(connected)

    ended = watch(allow_inactive="{{ params.allowed }}", context={"params": {"allowed": True}})

    assert ended.how == "success"
    assert ended.xcoms["report"]["headline"].endswith("it is inactive, nothing is delivered.")


def test_a_message_says_what_to_do(connected: Sandbox) -> None:
    failing(connected, 1, hours=5)

    ended = watch()

    assert ended.said.startswith("FAILED: webhook 'orders': at most 3 h left for 1 batch about to be discarded (by ")
    assert "\nWhat to do:\n  - The consumer fails or is overloaded: look at its log;" in ended.said


def test_poke_mode_looks_until_it_is_healthy(connected: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(connected, 20)
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            connected.target("orders").answer(200)
        connected.advance(seconds=seconds)

    monkeypatch.setattr(time, "sleep", nap)

    ended = watch(timeout=3600)

    assert ended.how == "success"
    assert naps == [300.0, 300.0]
    assert ended.xcoms["report"]["counts"]["recovered"] == 20


@pytest.mark.parametrize(
    ("then", "says"),
    [
        (
            lambda reach, webhook_id: reach.delete_webhook(webhook_id),
            "it does not exist (or no longer does); its events",
        ),
        (
            lambda reach, webhook_id: reach.update_webhook(webhook_id, name="Orders"),
            "The webhook is now named 'Orders'.",
        ),
    ],
    ids=["deleted", "renamed"],
)
def test_poke_mode_knows_what_an_earlier_look_has_seen(
    then: Callable[[Sandbox, str], None], says: str, connected: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook_id = failing(connected, 20)
    monkeypatch.setattr(time, "sleep", lambda _: then(connected, webhook_id))

    ended = watch(timeout=3600)

    assert ended.how == "ReachDeliveryFailed"
    assert says in ended.said


def test_reschedule_mode_knows_when_it_looked_first(connected: Sandbox) -> None:
    failing(connected, 20)

    first = watch(mode="reschedule", timeout=3600, poke_interval=timedelta(minutes=10))
    later = watch(mode="reschedule", timeout=3600, first_look=datetime.now(timezone.utc) - timedelta(minutes=30))

    assert first.how == "AirflowRescheduleException"
    wanted = datetime.now(timezone.utc) + timedelta(minutes=10)
    assert abs(first.raised.reschedule_date - wanted) < timedelta(minutes=1)  # type: ignore[union-attr]
    assert first.xcoms == {}
    assert later.how == "success"  # what failed since is none of its business


def test_one_blip_does_not_end_a_look(connected: Sandbox, naps: list[float]) -> None:
    failing(connected, 0)
    connected.fail(Fault.status(503), on="list", times=2)
    connected.fail(Fault.cut_json(), on="batch_status")

    ended = watch(outage_tolerance=timedelta(minutes=1))

    assert ended.how == "success"
    assert [request.operation for request in connected.requests] == ["list"] * 3 + ["batch_status"] * 2
    assert len(naps) == 3


@pytest.mark.parametrize(
    ("tolerance", "asked_for"),
    [(timedelta(minutes=15), (500, 900)), (60, (20, 60)), (0, (0, 0)), (timedelta(0), (0, 0)), (0.0, (0, 0))],
)
def test_one_look_keeps_asking_as_long_as_it_may(
    tolerance: timedelta | float, asked_for: tuple[float, float], connected: Sandbox, naps: list[float]
) -> None:
    failing(connected, 0)
    connected.fail(Fault.status(502), on="list", times=None)

    ended = watch(outage_tolerance=tolerance)

    assert ended.how == "AirflowException"
    assert asked_for[0] <= sum(naps) <= asked_for[1]
    assert len(connected.requests) == len(naps) + 1


def test_fifteen_minutes_are_the_default(connected: Sandbox, naps: list[float]) -> None:
    failing(connected, 0)
    connected.fail(Fault.status(502), on="list", times=None)

    run(in_dag(ReachBatchStatusSensor, webhook_name="orders"))

    assert 500 < sum(naps) < 900


HOUR = 3600.0


@pytest.mark.parametrize(
    ("arguments", "timeout"),
    [
        ({}, 1.25 * HOUR),
        ({"min_age": timedelta(hours=2)}, 2.25 * HOUR),
        ({"min_age": 600}, 1500.0),
        ({"min_age": "600"}, 1500.0),
        ({"drain": True}, 9 * HOUR),
        ({"drain": "True"}, 9 * HOUR),
        ({"drain": True, "retry_window": timedelta(hours=4)}, 5 * HOUR),
        ({"drain": "{{ params.drain }}"}, 9 * HOUR),
        ({"min_age": "{{ params.age }}"}, 9 * HOUR),
        ({"timeout": 7}, 7.0),
        ({"timeout": timedelta(minutes=1), "drain": True}, 60.0),
        ({"timeout": 0}, 0.0),
        ({"timeout": "90m"}, 5400.0),
        ({"timeout": "01:30:00"}, 5400.0),
        ({"timeout": "PT1H30M"}, 5400.0),
        ({"timeout": "5400"}, 5400.0),
        ({"min_age": "PT2H"}, 2.25 * HOUR),
        ({"drain": True, "retry_window": "4h"}, 5 * HOUR),
    ],
)
def test_timeouts(arguments: dict[str, Any], timeout: float) -> None:
    assert in_dag(ReachBatchStatusSensor, webhook_name="orders", **arguments).timeout == timeout


def test_five_minutes_are_between_two_looks() -> None:
    assert in_dag(ReachBatchStatusSensor, webhook_name="orders").poke_interval == 300.0


@pytest.mark.parametrize("interval", ["10m", "600", "00:10:00", "PT10M", 600, timedelta(minutes=10)])
def test_the_time_between_two_looks_may_be_text(interval: Any) -> None:
    assert in_dag(ReachBatchStatusSensor, webhook_name="orders", poke_interval=interval).poke_interval == 600.0


@pytest.mark.parametrize("name", ["poke_interval", "timeout"])
def test_a_text_that_is_no_duration_is_refused_when_the_file_is_parsed(name: str) -> None:
    with pytest.raises(ReachInputError, match=f"{name} must be a duration from 0, .* not '90:00'") as refused:
        in_dag(ReachBatchStatusSensor, webhook_name="orders", **{name: "90:00"})
    assert str(refused.value).startswith("Nothing was sent: the watch was refused:")


def test_its_defaults_are_the_policy_s() -> None:
    sensor = in_dag(ReachBatchStatusSensor, webhook_name="orders")

    policy = DeliveryPolicy()
    for name in DeliveryPolicy.__dataclass_fields__:
        assert getattr(sensor, name) == getattr(policy, name)
        assert name in sensor.template_fields


def test_every_template_is_rendered(connected: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook_id = failing(connected, 2, hours=9)
    monkeypatch.setenv("AIRFLOW_CONN_REACH_OTHER", connected.connection_json)
    monkeypatch.delenv("AIRFLOW_CONN_REACH_DEFAULT")
    values = {
        "reach_conn_id": "reach_other",
        "webhook_id": webhook_id,
        "webhook_name": "a label",
        "delivered_by": "2xx",
        "max_undelivered": 3,
        "min_age": 1800.0,
        "min_attempts": 4,
        "max_at_risk": 1,
        "at_risk_after": 7200,
        "max_lost": 2,
        "ignore_lost_before": None,
        "max_silence": None,
        "drain": False,
        "allow_inactive": True,
        "on_cut": "warn",
        "retry_window": 28800,
        "max_attempts": 12,
    }
    sensor = in_dag(ReachBatchStatusSensor, timeout=0, **{name: f"{{{{ params.{name} }}}}" for name in values})

    ended = run(sensor, params=values)

    assert set(values) == set(sensor.template_fields)
    assert {name: getattr(sensor, name) for name in values} == {name: str(value) for name, value in values.items()}
    assert ended.how == "success"  # because two may be lost
    assert ended.xcoms["report"]["counts"]["lost"] == 2


@pytest.mark.parametrize(
    ("given", "rendered"), [("200", "200"), ("{{ params.answers }}", "200"), ("{{ params.answers | int }}", 200)]
)
def test_a_native_template_makes_numbers_of_policies(given: str, rendered: str | int, connected: Sandbox) -> None:
    failing(connected, 2, hours=2)
    sensor = in_dag(
        ReachBatchStatusSensor,
        webhook_name="orders",
        timeout=0,
        delivered_by=given,
        max_undelivered="{{ params.limit }}",
        min_age="{{ params.age }}",
        max_silence="{{ params.silence }}",
    )
    sensor.dag.render_template_as_native_obj = True

    ended = run(sensor, params={"answers": "200", "limit": 2.0, "age": "PT1H30M", "silence": None})

    assert (sensor.delivered_by, sensor.max_undelivered, sensor.max_silence) == (rendered, 2.0, None)
    assert ended.how == "success"


def test_what_was_told_before_may_be_ignored(connected: Sandbox) -> None:
    failing(connected, 2, hours=9)
    now = connected.now

    told = watch(ignore_lost_before="{{ params.then }}", context={"params": {"then": now.isoformat()}})
    untold = watch(ignore_lost_before="{{ params.then }}", context={"params": {"then": now - timedelta(hours=2)}})

    assert told.how == "success"
    assert told.xcoms["report"]["counts"]["lost_before"] == 2
    assert untold.how == "ReachDeliveryFailed"


def test_the_id_decides_and_the_name_is_a_label(connected: Sandbox) -> None:
    webhook_id = failing(connected, 0)

    ended = watch(webhook_id=webhook_id.upper(), webhook_name="something else")

    assert ended.xcoms["report"]["webhook_name"] == "orders"


def test_parsing_a_dag_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReachHook, "get_connection", staticmethod(pytest.fail))

    in_dag(ReachBatchStatusSensor, webhook_id="{{ no_uuid }}", max_lost="{{ many }}", min_age="{{ long }}")


def test_a_key_that_was_changed_in_the_connection_is_used(
    connected: Sandbox, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(connected, 0)
    changed = connected.connection | {"extra": {**connected.connection["extra"], "auth_scheme": "Bearer"}}
    sensor = in_dag(ReachBatchStatusSensor, webhook_name="orders")
    assert run(sensor).how == "success"
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", json.dumps(changed))
    connected.fail(Fault.status(401), times=1)

    assert run(sensor).how == "success"

    schemes = [request.headers["authorization"].split()[0] for request in connected.requests]
    assert schemes == ["AccessKey"] * 3 + ["Bearer"] * 2


def test_a_deferred_watch_says_that_it_does_not_back_off(
    connected: Sandbox, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(connected, 20)
    for given in ({"exponential_backoff": True}, {}):
        ended = run(in_dag(ReachBatchStatusSensor, webhook_name="orders", deferrable=True, **given))
        assert ended.how == "TaskDeferred"
        said = caplog.text + capsys.readouterr().out
        assert ("exponential_backoff has no effect" in said) is bool(given)
        caplog.clear()


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_watch_without_an_end_is_refused(deferrable: bool, connected: Sandbox) -> None:
    ended = watch(timeout=timedelta(days=10**7), deferrable=deferrable)

    assert ended.how == "AirflowFailException"
    assert "timeout is too long: 10000000 days" in ended.said
    assert connected.requests == []


def test_what_an_answer_that_was_cut_may_hide_was_not_told(connected: Sandbox) -> None:
    failing(connected, 0)
    row = '{"batch_id":"%d","ts":"2026-01-01T00:00:00Z","response_code":"200","attempts":2}'
    cut = '{"results":[' + ",".join(row % number for number in range(1000)) + "]}"
    connected.fail(Fault.body(cut), on="batch_status", times=None)

    ended = watch(on_cut="warn")

    assert ended.how == "success"
    assert ended.xcoms["report"]["complete"] is False
    assert set(ended.xcoms) == {"report"}


@pytest.mark.parametrize(("flag", "how"), [({}, "RuntimeError"), ({"never_fail": True}, "AirflowSkipException")])
def test_what_is_none_of_ours_is_not_taken_for_a_timeout(
    flag: dict[str, bool], how: str, connected: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(ReachHook, "check_delivery", broken)

    ended = watch(**flag)

    assert ended.how == how
    assert "No verdict within" not in ended.said
