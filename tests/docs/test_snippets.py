"""The Python that the pages show is in ``docs/snippets`` and ``example_dags``, and runs."""

from __future__ import annotations

import runpy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_reach.sandbox import Sandbox
from tests.docs.pages import DOCS, PAGES, SNIPPETS, blocks, commands, name_of
from tests.tasks import run

RUN_HERE = ("by_hand.py", "own_task.py", "thresholds.py", "watch_all.py")
RUN_ELSEWHERE = ("tell_by_mail.py",)  # by tests/airflow/test_being_told.py


def snippet(name: str) -> dict[str, Any]:
    return runpy.run_path(str(SNIPPETS / name))


def bounces(reach: Sandbox, hours: float) -> None:
    """A webhook whose target has not answered 200 for so long."""
    webhook_id = reach.add_webhook("bounces", target=reach.target("consumer").url)
    reach.target("consumer").answer(503)
    reach.traffic(webhook_id, batches_per_hour=12)
    reach.advance(hours=hours)


def test_by_hand(monkeypatch: pytest.MonkeyPatch, naps: list[float]) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", "set by the snippet")  # and taken back by this

    done = snippet("by_hand.py")

    assert done["report"].outcome == "failed"
    assert done["report"].webhook_id == done["webhook_id"]
    assert naps, "the reset was not met"


def test_own_task(connected: Sandbox) -> None:
    bounces(connected, hours=5)

    ended = run(snippet("own_task.py")["dag"].get_task("check_bounces"))

    assert ended.how == "ReachDeliveryFailed"
    assert "over the limit of 50" in ended.said


def test_own_task_returns_the_report(connected: Sandbox) -> None:
    bounces(connected, hours=3)  # 36 batches

    ended = run(snippet("own_task.py")["dag"].get_task("check_bounces"))

    assert ended.returned["outcome"] == "healthy"
    assert ended.returned["counts"]["retrying"] == 36


def test_own_task_does_not_take_what_is_not_decided_for_success(connected: Sandbox) -> None:
    webhook_id = connected.add_webhook("bounces", target=connected.target("consumer").url)
    connected.target("consumer").answer(503)
    for _ in range(51):
        connected.send(webhook_id, events=1)

    ended = run(snippet("own_task.py")["dag"].get_task("check_bounces"))

    assert ended.how == "AirflowException"
    assert "NOT DECIDED YET" in ended.said


@pytest.mark.parametrize(
    ("name", "batches", "alarm_after"),
    [
        ("complaints", 1, timedelta(minutes=20)),
        ("deliveries", 1, timedelta(hours=2)),
        ("engagement-opens", 51, timedelta(hours=4)),
    ],
)
def test_thresholds(connected: Sandbox, name: str, batches: int, alarm_after: timedelta) -> None:
    check = snippet("thresholds.py")["check"]
    for named in {"complaints", "deliveries"} - {name}:
        connected.add_webhook(named, target=connected.target("well").url)
    webhook_id = connected.add_webhook(name, target=connected.target("consumer").url)
    connected.target("consumer").answer(503)
    for _ in range(batches):
        connected.send(webhook_id, events=1)
    minute = timedelta(minutes=1)

    connected.advance_to(connected.now + alarm_after - minute)
    before = run(check)
    connected.advance_to(connected.now + 2 * minute)
    after = run(check)

    assert before.xcoms["report"]["counts"]["failed"] == 0
    assert [row["webhook_name"] for row in after.returned] == [name]
    assert after.xcoms["report"]["outcome"] == "failed"


def test_every_webhook_is_watched_well_or_not(connected: Sandbox) -> None:
    for name in ("deliveries", "engagement", "bounces"):
        connected.add_webhook(name, target=connected.target("well").url)

    ended = run(snippet("watch_all.py")["webhooks"])

    assert [row["webhook_name"] for row in ended.returned] == ["deliveries", "engagement", "bounces"]


def test_every_snippet_is_run() -> None:
    typed = " ".join(command.text for page in DOCS.rglob("*.md") for command in commands(page))
    here = {path.name for path in SNIPPETS.glob("*.py")}

    assert {name for name in here if name not in typed} == {*RUN_HERE, *RUN_ELSEWHERE}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_is_of_a_kind_that_something_looks_at(page: Path) -> None:
    kinds = {block.kind.partition(" ")[0] for block in blocks(page)}
    known = {"", "text", "sh", "{literalinclude}", "{include}", "{toctree}", "{eval-rst}"}

    assert kinds - known <= (set() if DOCS in page.parents else {"python"})
