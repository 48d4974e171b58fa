"""How the watches of ``evidence/soak/triggerers.py`` are to end, and the evidence of how they did, and how often."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_reach.sandbox import Sandbox
from evidence.soak.postgres import Postgres
from evidence.soak.tables import Row
from scripts.playing import check


@dataclass(frozen=True)
class Fate:
    """
    What becomes of a webhook, and of its watch.

    :param name: What becomes of the webhook.
    :param state: The watch's state at the end.
    :param says: What the verdict's first line says.
    """

    name: str
    state: str
    says: str


RECOVERS = Fate("recovers", "success", "nothing is undelivered")
FAILS = Fate("goes on failing", "failed", "1 batch undelivered")
DELETED = Fate("is deleted", "failed", "does not exist")
INACTIVE = Fate("is made inactive", "failed", "it is inactive")

_IN_TURN = (RECOVERS, FAILS, RECOVERS, DELETED, RECOVERS, FAILS, RECOVERS, INACTIVE)


def fate_of(number: int) -> Fate:
    """
    What becomes of a webhook.

    :param number: Its watch's number.
    """
    return _IN_TURN[number % len(_IN_TURN)]


class Webhooks:
    """
    A webhook for each watch, with a batch that its target has just refused.

    :param reach: The service.
    :param number: How many.
    """

    def __init__(self, reach: Sandbox, number: int) -> None:
        self.connection: Mapping[str, Any] = reach.connection
        self._reach = reach
        self._ids = [self._make(f"webhook-{n:03d}", fate_of(n)) for n in range(number)]

    def _make(self, name: str, fate: Fate) -> str:
        target = self._reach.target(fate.name.replace(" ", "-"))
        target.answer(503, "no database connection")
        webhook_id = self._reach.add_webhook(name, target=target.url)
        self._reach.send(webhook_id, events=1)
        return webhook_id

    def all_looked_at_from_now(self) -> Callable[[], bool]:
        """Whether, from now on, each was looked at."""
        before = len(self._reach.requests)
        ids = set(self._ids)

        def all_looked_at() -> bool:
            new = self._reach.requests[before:]
            return ids <= {request.path.split("/")[-2] for request in new if request.operation == "batch_status"}

        return all_looked_at

    def decide(self) -> None:
        """Let each meet its fate; 40 minutes pass, which is time for the retries and not for a loss."""
        self._reach.target(RECOVERS.name).answer(200)
        for number, webhook_id in enumerate(self._ids):
            fate = fate_of(number)
            if fate is DELETED:
                self._reach.delete_webhook(webhook_id)
            elif fate is INACTIVE:
                self._reach.update_webhook(webhook_id, active=False)
        self._reach.advance(minutes=40)


def check_ends(database: Postgres, logs: Path, ended: Path, watches: int) -> list[Row]:
    """
    Check that every watch ended as it should and once, by all that tells of it.

    :param database: Airflow's.
    :param logs: Where the tasks' logs are.
    :param ended: The folder in which the callbacks noted each end.
    :param watches: How many there are.
    """
    tasks = {n: (state, tries) for n, state, tries in database.rows(_TASKS)}
    check(tasks.keys() == set(range(watches)), f"{len(tasks)} task instances, not {watches}")
    reports = dict(database.rows(_REPORTS))
    for number in range(watches):
        fate = fate_of(number)
        check(tasks[number] == (fate.state, 1), f"watch {number}, which {fate.name}: {tasks[number]} is its end")
        says = headline(reports.get(number))
        check(fate.says in says, f"watch {number}, which {fate.name}, says: {says!r}")
        noted = (ended / str(number)).read_text(encoding="utf-8").split()
        check(noted == [fate.state], f"watch {number}, which {fate.name}: its callbacks noted {noted}")
        check_log(logs, number, fate, says)
    before = database.rows("SELECT count(*) FROM task_instance_history")[0][0]
    check(before == 0, f"{before} tries came before the last ones")
    again = sum(times_fired(logs, number) > 1 for number in range(watches))
    fates = Counter(fate_of(number) for number in range(watches))
    return [
        *(Row(f"watches whose webhook {fate.name}: {fate.state}", str(count)) for fate, count in fates.items()),
        Row("fired twice, since the first triggerer was killed before it had handed the event over", str(again)),
        Row("ended otherwise, a second time, or in a second try", "0", "0"),
    ]


_TASKS = "SELECT map_index, state, try_number FROM task_instance"
_REPORTS = "SELECT map_index, value FROM xcom WHERE key = 'report'"


def headline(report: Any) -> str:
    """The first line of an XCom ``report``."""
    if isinstance(report, str):
        report = json.loads(report)
    return str(report["headline"]) if report else ""


def check_log(logs: Path, number: int, fate: Fate, verdict: str) -> None:
    """Check that a worker had the watch twice, to begin and to end it, and told its verdict once."""
    lines = log_of(logs, number, by_triggerers=False)
    for text, times in ((json.dumps(verdict)[1:-1], 1), (_BEGINS, 2)):
        found = sum(text in line for line in lines)
        check(found == times, f"watch {number}, which {fate.name}: {text!r} is {found} times in its log, not {times}")


def times_fired(logs: Path, number: int) -> int:
    """How often a triggerer said that a watch fired."""
    return sum(_FIRED in line for line in log_of(logs, number, by_triggerers=True))


def log_of(logs: Path, number: int, *, by_triggerers: bool) -> list[str]:
    """All lines that triggerers, or otherwise workers, wrote about a watch."""
    paths = sorted(logs.glob(f"tasks/*/*/task_id=watch/map_index={number}/*"))
    wanted = [path for path in paths if (".trigger." in path.name) == by_triggerers]
    return [line for path in wanted for line in path.read_text(encoding="utf-8").splitlines()]


_BEGINS, _FIRED = "Worker startup parse complete", "Trigger fired event"
