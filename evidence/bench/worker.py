"""What a task asks by ``ReachClient``, beside the same by hand with a session of ``requests``: lists, and one look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import requests

from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.config import ReachConfig
from evidence.bench.answers import WORKSPACE, webhook_ids
from evidence.bench.server import serving
from evidence.bench.verdicts import best_of, time_of


@dataclass(frozen=True)
class Asked:
    """
    Milliseconds, the best of many, in turns.

    :param what: What is asked.
    :param goal: How much of ``plain`` it may take.
    :param plain: By hand.
    :param ours: By this package.
    """

    what: str
    goal: float
    plain: float
    ours: float


def measure(rounds: int) -> list[Asked]:
    """
    Measure lists of 1000 and 5000 webhooks, and a look at one webhook of 3 and of 1000.

    :param rounds: How often a look is done; a list is asked for a tenth as often.
    """
    with serving() as url:
        lists = [_list(f"{url}/of-{number}", number, rounds // 10) for number in (1000, 5000)]
        return lists + [_look(f"{url}/of-{number}", number, rounds) for number in (3, 1000)]


def _list(url: str, number: int, rounds: int) -> Asked:
    with ReachClient(_config(url)) as client, requests.Session() as session:
        plain, ours = best_of(rounds, lambda: _get(session, url), client.list_webhooks)
    return Asked(f"a list of {number} webhooks", 1.3, plain, ours)


def _look(url: str, number: int, rounds: int) -> Asked:
    webhook_id = webhook_ids(3)[1]

    def by_hand() -> list[datetime]:
        [webhook] = [listed for listed in _get(session, url) if listed["id"] == webhook_id]
        rows = _get(session, url, f"/{webhook_id}/batch-status?limit=1000")
        return [time_of(webhook["last_successful"]), *(time_of(row["ts"]) for row in rows)]

    with ReachClient(_config(url)) as client, requests.Session() as session:
        plain, ours = best_of(rounds, by_hand, lambda: client.check_delivery(webhook_id))
    return Asked(f"a look at one of {number} webhooks by its id", 0.6, plain, ours)


def _config(url: str) -> ReachConfig:
    return ReachConfig(url, WORKSPACE, "key-of-the-benchmark")


def _get(session: requests.Session, url: str, path: str = "") -> list[dict[str, str]]:
    headers = {"Authorization": "AccessKey key-of-the-benchmark"}
    answer = session.get(f"{url}/workspaces/{WORKSPACE}/reach/webhooks{path}", headers=headers, timeout=30)
    found: list[dict[str, str]] = json.loads(answer.content)["results"]
    return found


HEAD = "what a task asks | by hand, ms | by this package, ms | ratio | goal"


def figures(asked: Sequence[Asked]) -> list[tuple[str, str, bool]]:
    """Each goal, what was measured, and whether it is met."""
    return [
        (
            f"{a.what}: at most {a.goal} of a session of `requests`",
            f"{a.ours / a.plain:.2f}",
            a.ours <= a.goal * a.plain,
        )
        for a in asked
    ]


def rows(asked: Sequence[Asked]) -> list[tuple[str, ...]]:
    """The table's rows."""
    return [(a.what, f"{a.plain:.2f}", f"{a.ours:.2f}", f"{a.ours / a.plain:.2f}", f"{a.goal}") for a in asked]
