from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import requests

from airflow_provider_reach.sandbox import Sandbox
from airflow_provider_reach.sandbox import __main__ as command
from airflow_provider_reach.sandbox.scenes import health_scene, workspace_scene

Call = Callable[..., requests.Response]


def test_the_health_scene(calling: Callable[[Sandbox], Call]) -> None:
    began = datetime.now(timezone.utc)
    with health_scene(api_key="mine") as reach:
        assert began <= reach.now <= datetime.now(timezone.utc)
        assert reach.api_key == "mine"
        state = reach.state()
        ids = {webhook["name"]: webhook["id"] for webhook in state["webhooks"]}
        assert list(ids) == ["deliveries", "engagement", "bounces"]
        rows = {
            name: calling(reach)("GET", f"/{webhook_id}/batch-status").json()["results"]
            for name, webhook_id in ids.items()
        }
        assert rows["deliveries"] == []
        assert rows["engagement"]
        assert {row["response_code"] for row in rows["engagement"]} == {"200"}
        assert {row["response_code"] for row in rows["bounces"]} == {"503"}
        assert len(rows["bounces"]) == 60
        [bounces] = [webhook for webhook in state["webhooks"] if webhook["name"] == "bounces"]
        assert bounces["batches"] == {"delivered": 84, "pending": 60, "discarded": 0}
        oldest = min(batch.created for batch in reach.batches(ids["bounces"]) if batch.state == "pending")
        assert timedelta(hours=4) < reach.now - oldest <= timedelta(hours=5)
        reach.target("bounces").answer(200)
        reach.advance(hours=3)
        assert {batch.state for batch in reach.batches(ids["bounces"])} == {"delivered"}


def test_the_scene_of_a_whole_workspace(calling: Callable[[Sandbox], Call]) -> None:
    with workspace_scene(webhooks=100, in_trouble=0.03, api_key="mine") as reach:
        assert reach.api_key == "mine"
        listed = calling(reach)("GET").json()["results"]
        assert [webhook["name"] for webhook in listed[::99]] == ["customer-0001", "customer-0100"]
        assert all(webhook["last_successful"] for webhook in listed)
        ailing = [webhook["id"] for webhook in listed if webhook["target"] == reach.target("down").url]
        assert ailing == [webhook["id"] for webhook in listed if webhook.get("last_failure")]
        ages = {"pending": 20, "discarded": 0}, {"pending": 20, "discarded": 0}, {"pending": 15, "discarded": 5}
        states = {webhook["id"]: webhook["batches"] for webhook in reach.state()["webhooks"]}
        assert [states[webhook_id] for webhook_id in ailing] == [{"delivered": 1, **age} for age in ages]
        for webhook_id, rows in ((listed[0]["id"], 0), (ailing[0], 20)):
            assert len(calling(reach)("GET", f"/{webhook_id}/batch-status").json()["results"]) == rows
        assert reach.target("up").received == reach.target("down").received == []
        reach.target("down").answer(200)
        reach.advance(hours=3)
        assert {batch.state for batch in reach.batches(ailing[0])} == {"delivered"}


@pytest.mark.parametrize(
    ("webhooks", "in_trouble", "expected"), [(1, 1, 1), (40, 0.01, 0), (150, 0.5, 75), (70, 1, 70)]
)
def test_the_share_that_is_in_trouble(webhooks: int, in_trouble: float, expected: int) -> None:
    with workspace_scene(webhooks, in_trouble) as reach:
        assert sum(webhook["batches"]["pending"] > 0 for webhook in reach.state()["webhooks"]) == expected


@pytest.mark.parametrize(("webhooks", "in_trouble"), [(0, 0.01), (10, 1.5), (10, -0.1)])
def test_a_workspace_that_cannot_be(webhooks: int, in_trouble: float) -> None:
    with (
        pytest.raises(ValueError, match=f"webhooks={webhooks}, in_trouble={in_trouble}"),
        workspace_scene(webhooks, in_trouble),
    ):
        pass


@pytest.fixture
def signals_as_they_were() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals_as_they_were")
@pytest.mark.parametrize("scene", ["empty", "health", "workspace"])
def test_the_command_tells_all_and_lets_time_flow(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scene: str
) -> None:
    flowed: list[float] = []
    monkeypatch.setattr(Sandbox, "advance", lambda self, **span: flowed.append(span.get("seconds", 0)))
    naps = iter([0.01, 0.01])

    def nap(seconds: float) -> None:
        try:
            real_sleep(next(naps))
        except StopIteration:
            raise KeyboardInterrupt from None

    real_sleep = time.sleep
    monkeypatch.setattr(time, "sleep", nap)
    assert command.main(["--scene", scene, "--speed", "3600"]) == 0
    said = capsys.readouterr().out
    assert 'export AIRFLOW_CONN_REACH_DEFAULT=\'{"conn_type": "reach"' in said
    assert "/sandbox/advance" in said
    assert ("bounces      http" in said) == (scene == "health")
    assert ("none yet" in said) == (scene == "empty")
    assert ("… and 990 more: curl http" in said) == (scene == "workspace")
    assert said.endswith("The sandbox has ended.\n")
    assert [seconds >= 36 for seconds in flowed[-2:]] == [True, True]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_cleanly(end: signal.Signals) -> None:
    arguments = [sys.executable, "-W", "error", "-m", "airflow_provider_reach.sandbox", "--scene", "empty"]
    # What runs in the background of a script inherits that SIGINT is ignored, and would not end by it.
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    finally:
        signal.signal(signal.SIGINT, ignored)
    with process:
        try:
            assert process.stdout
            said = ""
            while "/send" not in said:
                line = process.stdout.readline()
                assert line, process.communicate()[1]
                said += line
            root = str(re.findall(r"http://127\.0\.0\.1:\d+", said)[0])
            assert requests.get(f"{root}/sandbox/state", timeout=5).status_code == 200
            process.send_signal(end)
            out, err = process.communicate(timeout=10)
            assert (process.returncode, out, err) == (0, "The sandbox has ended.\n", "")
        finally:
            process.kill()


def test_the_command_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--scene", "opera"])
    assert ended.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


PLAYED = """
import json, os, sys, urllib.request
assert json.loads(os.environ["AIRFLOW_CONN_REACH_DEFAULT"])["conn_type"] == "reach"
with urllib.request.urlopen(os.environ["REACH_SANDBOX"] + "/state") as state:
    assert [webhook["name"] for webhook in json.load(state)["webhooks"]] == ["deliveries", "engagement", "bounces"]
sys.exit(7)
"""


@pytest.mark.usefixtures("signals_as_they_were")
def test_it_runs_a_command_and_ends_as_that_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--scene", "health", "--", sys.executable, "-c", PLAYED]) == 7
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("signals_as_they_were")
def test_a_workspace_as_large_and_as_slow_as_told() -> None:
    counts = "import os, sys, urllib.request as u; state = u.urlopen(os.environ['REACH_SANDBOX'] + '/state').read(); "
    counts += "sys.exit(state.count(b'customer-'))"
    options = ["--scene", "workspace", "--webhooks", "30", "--latency", "0.01"]
    assert command.main([*options, "--", sys.executable, "-c", counts]) == 30


@pytest.mark.usefixtures("signals_as_they_were")
def test_a_command_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--scene", "empty", "--", "no-such-command"]) == 127
    said = capsys.readouterr()
    assert said.out == ""
    assert "no-such-command" in said.err


@pytest.mark.usefixtures("signals_as_they_were")
def test_a_command_that_may_not_be_run(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    assert command.main(["--scene", "empty", "--", str(tmp_path / "data")]) == 126


@pytest.mark.usefixtures("signals_as_they_were")
def test_no_command_outlives_a_sandbox_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    program = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"

    def fails(self: Sandbox, **span: float) -> None:
        if pid.exists() and pid.read_text():
            raise RuntimeError("time stands still")

    monkeypatch.setattr(Sandbox, "advance", fails)
    with pytest.raises(RuntimeError, match="time stands still"):
        command.main(["--scene", "empty", "--", sys.executable, "-c", program])

    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--"], "a command must follow --"),
        (["--speed", "-1"], "invalid _amount value"),
        (["--speed", "nan"], "invalid _amount value"),
        (["--scene", "workspace", "--webhooks", "0"], "invalid _count value"),
        (["--webhooks", "5"], "--webhooks goes with --scene workspace"),
    ],
)
def test_what_would_not_end_or_not_begin_is_refused(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.usefixtures("signals_as_they_were")
def test_a_command_that_never_began_did_not_succeed(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Sandbox) -> Sandbox:
        raise KeyboardInterrupt

    monkeypatch.setattr(Sandbox, "__enter__", interrupted)

    assert command.main(["--scene", "empty", "--", "true"]) == 130


@pytest.mark.parametrize(
    ("end", "status"),
    [(signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGHUP, 128 + signal.SIGHUP), (signal.SIGINT, 0)],
)
def test_it_hands_on_signals(end: signal.Signals, status: int) -> None:
    sleeper = "import signal, sys, time; signal.signal(signal.SIGINT, lambda *_: sys.exit(0)); print(); time.sleep(60)"
    arguments = [sys.executable, "-m", "airflow_provider_reach.sandbox", "--scene", "empty", "--"]
    with subprocess.Popen(
        [*arguments, sys.executable, "-u", "-c", sleeper], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            process.send_signal(end)
            assert process.wait(10) == status
        finally:
            process.kill()
