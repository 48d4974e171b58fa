"""What can be seen of the watches of ``scripts/live.py``: their looks, their rows in the database, their logs."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from airflow_provider_reach.sandbox import Sandbox
from scripts.playing import ROOT, NotAsItShouldBe, check

LOGS = ROOT / ".airflow" / "live"
WEBHOOKS = ("deliveries", "bounces", "engagement")


class Looks:
    """
    Counts how often the webhooks were looked at.

    :param reach: The sandbox, whose only clients are the watches.
    :param webhooks: The webhooks' ids by name.
    """

    def __init__(self, reach: Sandbox, webhooks: Mapping[str, str]) -> None:
        self._reach = reach
        self._names = {webhook_id: name for name, webhook_id in webhooks.items()}

    def __str__(self) -> str:
        seen = self.so_far()
        return ", ".join(f"{seen[name]} looks at {name}" for name in WEBHOOKS)

    def so_far(self) -> Counter[str]:
        """How many there were, by name."""
        asked = [request.path.split("/")[-2] for request in self._reach.requests if request.operation == "batch_status"]
        return Counter(self._names[webhook_id] for webhook_id in asked)

    def more_than(self, number: int) -> Callable[[], bool]:
        """Whether each got more than this number from now on."""
        before = self.so_far()
        return lambda: all((self.so_far() - before)[name] > number for name in WEBHOOKS)

    def within(self, seconds: float) -> Counter[str]:
        """How many have come, once those under way have arrived."""
        time.sleep(0.5)
        before = self.so_far()
        time.sleep(seconds)
        return self.so_far() - before


@dataclass(frozen=True)
class Watch:
    """
    A trigger, as the database has it.

    :param triggerer: The triggerer that has it, or None.
    """

    row: int
    arguments: str
    created: str
    triggerer: int | None

    @property
    def kept(self) -> Sequence[object]:
        """What no triggerer may change."""
        return self.row, self.arguments, self.created

    @property
    def deadline(self) -> datetime:
        """When the watch gives up."""
        return datetime.fromisoformat(json.loads(self.arguments)["deadline"])


def watches(home: Path) -> dict[str, Watch]:
    """The deferred watches in the database."""
    query = (
        "SELECT task_id, trigger.id, kwargs, created_date, triggerer_id "
        "FROM trigger JOIN task_instance ON trigger_id = trigger.id"
    )
    with closing(sqlite3.connect(home / "airflow.db")) as database:
        return {name.removeprefix("watch_"): Watch(*rest) for name, *rest in database.execute(query)}


def log_of(name: str, files: str) -> str:
    """All that a watch's log says, in the files of that pattern."""
    paths = sorted((LOGS / "tasks").glob(f"*/*/task_id=watch_{name}/{files}"))
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def first_line_with(text: str, log: str) -> str:
    """The line of a message or an error that begins with the text."""
    for line in log.splitlines():
        entry = json.loads(line)
        for said in (entry["event"], *(error["exc_value"] for error in entry.get("error_detail") or ())):
            if said.startswith(text):
                return str(said.splitlines()[0])
    raise NotAsItShouldBe(f"the task's log has no '{text}'")


def other_tables(home: Path, secret: str) -> int:
    """Check that the secret is only among Airflow's connections, and return how many other tables there are."""
    tables = dict(contents_of_tables(home))
    found = [table for table, content in tables.items() if secret in content]
    check(found == ["connection"], f"the API key lies in the tables {found}, and should in 'connection' alone")
    return len(tables) - 1


def logs_without(secret: str) -> int:
    """Check that the secret is in no log, and return how many there are."""
    logs = [path for path in LOGS.rglob("*") if path.is_file()]
    found = [str(path.relative_to(LOGS)) for path in logs if secret.encode() in path.read_bytes()]
    check(not found, f"the API key stands in {found}")
    return len(logs)


def contents_of_tables(home: Path) -> Iterator[tuple[str, str]]:
    """All that is in the database, by table."""
    with closing(sqlite3.connect(home / "airflow.db")) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = database.execute(f"SELECT * FROM '{table}'").fetchall()  # noqa: S608
            yield table, "\n".join(str(value) for row in rows for value in row)
