"""What the service answers: bodies of the size and kind that are measured."""

from __future__ import annotations

import json
import random
import uuid
from datetime import datetime, timedelta
from typing import Any

LIMIT = 1000
"""Rows of a full answer; one fewer where a watch reads it, which would otherwise ask again with a larger limit."""

WORKSPACE = "01234567-89ab-cdef-0123-456789abcdef"


def webhook_ids(number: int) -> list[str]:
    """The ids of so many webhooks."""
    return [str(uuid.UUID(int=one, version=4)) for one in range(1, number + 1)]


def in_trouble(webhook_id: str) -> bool:
    """Whether the deliveries of a webhook fail: of every hundredth."""
    return int(webhook_id[-12:], 16) % 100 == 0


WEBHOOKS = tuple(webhook_ids(3))


class Rows:
    """
    Makes rows of batch status, the same ones each time.

    :param now: The service's time.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._random = random.Random(1)

    def undelivered(self, number: int, youngest: float, oldest: float, attempts: int) -> list[dict[str, Any]]:
        """Batches of such an age in seconds that the target refused with three different codes."""
        return [
            self._row(youngest, oldest, self._random.choice(["503", "500", "429"]), attempts) for _ in range(number)
        ]

    def recovered(self, number: int) -> list[dict[str, Any]]:
        """Batches delivered after a failure."""
        return [self._row(60, 23 * 3600, "200", 3) for _ in range(number)]

    def mixed(self, number: int) -> list[dict[str, Any]]:
        """70 % recovered, 20 % retrying, 5 % at risk, 5 % lost, in any order."""
        twentieth = number // 20
        rows = [
            *self.recovered(number - 6 * twentieth),
            *self.undelivered(4 * twentieth, 60, 3 * 3600, 5),
            *self.undelivered(twentieth, 5 * 3600, 8 * 3600, 9),
            *self.undelivered(twentieth, 9 * 3600, 20 * 3600, 12),
        ]
        self._random.shuffle(rows)
        return rows

    def early(self, number: int) -> list[dict[str, Any]]:
        """Batches in their early retries, for which a watch goes on waiting."""
        return self.undelivered(number, 60, 1200, 4)

    def _row(self, youngest: float, oldest: float, code: str, attempts: int) -> dict[str, Any]:
        choose = self._random
        ts = self._now - timedelta(seconds=choose.uniform(youngest, oldest))
        row = {
            "batch_id": str(uuid.UUID(int=choose.getrandbits(128), version=4)),
            "ts": f"{ts:%Y-%m-%dT%H:%M:%S}.{ts.microsecond // 1000:03d}Z",
            "attempts": attempts,
            "latency": choose.randrange(50, 9000),
            "batch_size": choose.randrange(1, 1000),
            "response_code": code,
        }
        return row if code == "200" else {**row, "failure_code": code}


def body(results: object) -> bytes:
    """The JSON of an answer."""
    return json.dumps({"results": results}).encode()


def webhooks(now: datetime, number: int = len(WEBHOOKS)) -> bytes:
    """The list of so many webhooks whose target does not answer."""
    return body(
        [
            {
                "id": webhook_id,
                **_webhook(number),
                "last_successful": (now - timedelta(hours=1)).isoformat(),
                "last_failure": (now - timedelta(minutes=1)).isoformat(),
            }
            for number, webhook_id in enumerate(webhook_ids(number))
        ]
    )


def webhook() -> bytes:
    """One webhook, as it is retrieved: without its id and its times."""
    return body(_webhook(0))


def _webhook(number: int) -> dict[str, Any]:
    return {
        "name": f"webhook {number}",
        "target": f"https://consumer.example.com/{number}",
        "events": ["delivery", "bounce", "open", "click"],
        "active": True,
        "auth_type": "none",
        "custom_headers": {},
        "links": [{"href": f"/webhooks/{number}", "rel": "self", "method": ["GET", "PUT"]}],
    }
