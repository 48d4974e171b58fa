"""A full answer decoded and judged, compared with just reading its JSON and times."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import count
from operator import itemgetter

from airflow_provider_reach.core.api.decoding import batch_rows
from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.delivery.assess import assess, assess_batches
from airflow_provider_reach.core.delivery.status import grouped
from airflow_provider_reach.core.policy import DeliveryPolicy
from evidence.bench.answers import LIMIT, Rows, body


@dataclass(frozen=True)
class Verdict:
    """
    Milliseconds, the best of many, for one kind of answer.

    :param answer: Which kind.
    :param goal: How much of ``plain`` the whole may take.
    :param plain: Its JSON and times merely read.
    :param decode: Its rows decoded.
    :param judge: Rows judged.
    :param both: From the body to the report.
    :param again: The same, of a body that is the last look's.
    """

    answer: str
    goal: float
    plain: float
    decode: float
    judge: float
    both: float
    again: float


def time_of(text: str) -> datetime:
    """A time of the service, in the usual way."""
    return datetime.fromisoformat(text if sys.version_info >= (3, 11) else text.replace("Z", "+00:00"))


def read_plainly(answer: bytes) -> list[datetime]:
    """What anybody would do with batch status: its JSON, and the time of each row."""
    return [time_of(row["ts"]) for row in json.loads(answer)["results"]]


def measure(rounds: int) -> list[Verdict]:
    """
    Measure several kinds of full answers.

    :param rounds: How often each is done, by turns.
    """
    now = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
    rows = Rows(now)
    undelivered = rows.undelivered(LIMIT, 60, 3 * 3600, 5)
    answers = [
        (0.7, "all undelivered", undelivered),
        (0.7, "the same, in the order of time", sorted(undelivered, key=itemgetter("ts"))),
        (0.5, "70 % recovered, 20 % retrying, 5 % at risk, 5 % lost", rows.mixed(LIMIT)),
        (0.4, "all recovered", rows.recovered(LIMIT)),
    ]
    return [_measured(name, goal, body(results), now, rounds) for goal, name, results in answers]


def _measured(name: str, goal: float, answer: bytes, now: datetime, rounds: int) -> Verdict:
    policy, rows = DeliveryPolicy(), batch_rows(answer)
    webhook = Webhook(
        id="x", name="n", active=True, last_successful=now - timedelta(hours=1), last_failure=now - timedelta(minutes=1)
    )
    other = (answer + b" " * number for number in count(1))

    def look(received: bytes) -> object:
        return assess_batches(grouped(received, now, policy.delivered_by).batches, now, policy, webhook=webhook)

    return Verdict(
        name,
        goal,
        *best_of(
            rounds,
            lambda: read_plainly(answer),
            lambda: batch_rows(answer),
            lambda: assess(rows, now, policy, webhook=webhook),
            lambda: look(next(other)),
            lambda: look(bytes(bytearray(answer))),
        ),
    )


def best_of(rounds: int, *functions: Callable[[], object]) -> list[float]:
    """The shortest time of each in milliseconds; by turns, so that what disturbs one disturbs all."""
    best = [float("inf")] * len(functions)
    for _ in range(rounds):
        for index, function in enumerate(functions):
            began = time.perf_counter()
            function()
            best[index] = min(best[index], (time.perf_counter() - began) * 1000)
    return best


HEAD = (
    "answer of 1000 rows | JSON and times merely read, ms | decoded, ms | judged, ms | both, ms | ratio | goal | "
    "the last look's body again, ms | ratio"
)


def figures(verdicts: Sequence[Verdict]) -> list[tuple[str, str, bool]]:
    """Each goal, what was measured, and whether it is met."""
    found = [
        (
            f"{v.answer}, decoded and judged: at most {v.goal} of the JSON and times merely read",
            f"{v.both / v.plain:.2f}",
            v.both <= v.goal * v.plain,
        )
        for v in verdicts
    ]
    again = max(v.again / v.plain for v in verdicts)
    return [*found, ("the last look's body again: at most 0.4", f"{again:.2f} at most", again <= 0.4)]


def rows(verdicts: Sequence[Verdict]) -> list[tuple[str, ...]]:
    """The table's rows."""
    return [
        (
            v.answer,
            *(f"{milliseconds:.2f}" for milliseconds in (v.plain, v.decode, v.judge, v.both)),
            f"{v.both / v.plain:.2f}",
            f"{v.goal}",
            f"{v.again:.2f}",
            f"{v.again / v.plain:.2f}",
        )
        for v in verdicts
    ]
