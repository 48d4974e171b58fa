"""The first lines that people see, word for word: a change of wording shall be seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_reach.core.api.models import BatchRow, Gone, Webhook
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.policy import DeliveryPolicy
from tests.unit.core.helpers import HOUR, ID, MINUTE, NOW, delivered, failed, several

ORDERS = Webhook(id=ID, name="orders", active=True, last_successful=NOW - 2 * HOUR)
NAMED = "webhook 'orders'"
SUCCESS = "last success 2 h ago"

GOLDEN: list[tuple[list[BatchRow], dict[str, Any], dict[str, Any], str]] = [
    (
        several(12, 20 * MINUTE),
        {},
        {"watched_from": NOW - 2 * HOUR},
        f"HEALTHY: {NAMED}: 12 undelivered (limit 10, 12 of them in the early retries); {SUCCESS}.",
    ),
    (
        [failed(age=MINUTE, attempts=10)],
        {},
        {},
        f"FAILED: {NAMED}: at most 7 h 59 min left for 1 batch about to be discarded (by 2026-01-31 09:59 UTC, after "
        "10 of 12 attempts).",
    ),
    (
        [failed(age=4 * HOUR, attempts=10)],
        {},
        {},
        f"FAILED: {NAMED}: at most 4 h left for 1 batch about to be discarded (by 2026-01-31 06:00 UTC).",
    ),
    (
        [failed(age=MINUTE, attempts=11)],
        {},
        {},
        f"FAILED: {NAMED}: no time left for 1 batch about to be discarded (at any moment).",
    ),
    (
        [failed(age=MINUTE, attempts=12)],
        {},
        {},
        f"FAILED: {NAMED}: no time left for 1 batch about to be discarded (it had its last attempt, and may be "
        "discarded already).",
    ),
    ([], {}, {}, f"HEALTHY: {NAMED}: nothing is undelivered; {SUCCESS}."),
    (
        [],
        {},
        {"webhook": Webhook(id=ID, name="orders", active=True)},
        f"HEALTHY: {NAMED}: nothing is undelivered; no delivery is known either (no traffic, or just created).",
    ),
    (
        [delivered("a"), delivered("b")],
        {},
        {},
        f"HEALTHY: {NAMED}: nothing is undelivered; 2 recovered after a retry; {SUCCESS}.",
    ),
    (
        [*several(3, 2 * HOUR), delivered("a")],
        {},
        {},
        f"HEALTHY: {NAMED}: 3 undelivered (limit 10); 1 recovered after a retry; {SUCCESS}.",
    ),
    (several(10, 20 * MINUTE), {}, {}, f"HEALTHY: {NAMED}: 10 undelivered (limit 10); {SUCCESS}."),
    (
        several(3, 2 * HOUR),
        {},
        {"webhook": Webhook(id=ID, name="orders", active=True)},
        f"HEALTHY: {NAMED}: 3 undelivered (limit 10).",
    ),
    (
        [failed(age=9 * HOUR)],
        {"ignore_lost_before": NOW},
        {},
        f"HEALTHY: {NAMED}: nothing is undelivered; 1 batch lost, already reported; {SUCCESS}.",
    ),
    (
        [failed(age=9 * HOUR)],
        {"max_lost": 1},
        {},
        f"HEALTHY: {NAMED}: 1 batch presumed lost, created at 2026-01-30 17:00 UTC; {SUCCESS}.",
    ),
    (
        [],
        {"on_cut": "warn"},
        {"complete": False},
        f"HEALTHY: {NAMED}: the answer was cut by its limit, there may be more and worse; {SUCCESS}.",
    ),
    (
        several(12, 10 * MINUTE),
        {},
        {},
        f"NOT DECIDED YET: {NAMED}: 12 batches in the early retries would pass the limit of 10 if they do not recover.",
    ),
    ([failed()], {"drain": True}, {}, f"NOT DECIDED YET: {NAMED}: 1 batch still to be decided."),
    (
        several(11, 2 * HOUR),
        {},
        {},
        f"FAILED: {NAMED}: 11 batches undelivered, over the limit of 10.",
    ),
    (
        several(11, 2 * HOUR) + several(3, MINUTE),
        {},
        {},
        f"FAILED: {NAMED}: 11 batches undelivered (and 3 in the early retries), over the limit of 10.",
    ),
    (
        [failed(age=5 * HOUR + 2 * MINUTE)],
        {},
        {},
        f"FAILED: {NAMED}: at most 2 h 58 min left for 1 batch about to be discarded (by 2026-01-31 04:58 UTC).",
    ),
    (
        [failed(age=8 * HOUR + MINUTE)],
        {},
        {},
        f"FAILED: {NAMED}: no time left for 1 batch about to be discarded (at any moment).",
    ),
    (
        [failed("a", None), failed("b", None)],
        {},
        {},
        f"FAILED: {NAMED}: 2 batches about to be discarded (as far as is known: 2 without a time).",
    ),
    (
        [failed("a", 9 * HOUR), failed("b", 12 * HOUR), failed("c", 6 * HOUR)],
        {"ignore_lost_before": NOW - 3 * HOUR},
        {},
        f"FAILED: {NAMED}: 1 batch presumed lost, created at 2026-01-30 17:00 UTC; at most 2 h left for 1 batch "
        "about to be discarded (by 2026-01-31 04:00 UTC); 1 batch lost, already reported.",
    ),
    (
        [failed("a", 9 * HOUR), failed("b", 10 * HOUR)],
        {},
        {},
        f"FAILED: {NAMED}: 2 batches presumed lost, created 2026-01-30 16:00 to 17:00 UTC.",
    ),
    (
        [failed("a", 3 * HOUR), failed("b", 1 * HOUR)],
        {"retry_window": HOUR / 2, "at_risk_after": HOUR / 2, "min_age": 0},
        {},
        f"FAILED: {NAMED}: 2 batches presumed lost, created 2026-01-30 23:00 to 2026-01-31 01:00 UTC.",
    ),
    (
        several(1500, 9 * HOUR),
        {},
        {"webhook": None, "complete": False},
        "FAILED: webhook: 1,500 batches presumed lost, created at 2026-01-30 17:00 UTC; the answer was cut by its "
        "limit, there may be more and worse.",
    ),
    (
        [],
        {"max_silence": 2 * HOUR - timedelta(seconds=1)},
        {},
        f"FAILED: {NAMED}: no success for 2 h (limit 1 h 59 min), the last one at 2026-01-31 00:00 UTC.",
    ),
    ([], {"max_silence": 2 * HOUR}, {}, f"HEALTHY: {NAMED}: nothing is undelivered; {SUCCESS}."),
    (
        several(12, 10 * MINUTE),
        {"max_silence": HOUR, "drain": True},
        {},
        f"FAILED: {NAMED}: no success for 2 h (limit 1 h), the last one at 2026-01-31 00:00 UTC.",
    ),
    (
        [failed(age=9 * HOUR)],
        {"max_silence": HOUR},
        {},
        f"FAILED: {NAMED}: 1 batch presumed lost, created at 2026-01-30 17:00 UTC; no success for 2 h (limit 1 h), the "
        "last one at 2026-01-31 00:00 UTC.",
    ),
    (
        [],
        {"max_silence": HOUR},
        {"webhook": Webhook(id=ID, name="orders")},
        f"HEALTHY: {NAMED}: nothing is undelivered; no delivery is known either (no traffic, or just created); "
        "max_silence cannot be judged: no last success is known.",
    ),
    (
        several(11, 2 * HOUR),
        {"max_silence": HOUR},
        {"webhook": None},
        "FAILED: webhook: 11 batches undelivered, over the limit of 10; max_silence cannot be judged: no last success "
        "is known.",
    ),
    (
        [],
        {"max_silence": HOUR, "allow_inactive": True},
        {"webhook": Webhook(id=ID, name="orders", active=False, last_successful=NOW - 26 * HOUR)},
        f"HEALTHY: {NAMED}: it is inactive, nothing is delivered; last success 26 h ago.",
    ),
    (
        [],
        {"max_silence": HOUR, "allow_inactive": True},
        {"webhook": Webhook(id=ID, name="orders", active=False)},
        f"HEALTHY: {NAMED}: it is inactive, nothing is delivered.",
    ),
    (
        [],
        {"max_silence": HOUR},
        {"webhook": Gone(name="orders")},
        "FAILED: webhook 'orders': it does not exist (or no longer does); its events go nowhere.",
    ),
    ([], {}, {"webhook": Webhook(id=ID, active=False)}, f"FAILED: webhook {ID}: it is inactive, nothing is delivered."),
    (
        [],
        {},
        {"webhook": Gone(name="orders")},
        "FAILED: webhook 'orders': it does not exist (or no longer does); its events go nowhere.",
    ),
    (
        [],
        {},
        {"webhook": Gone(id=ID)},
        f"FAILED: webhook {ID}: it does not exist (or no longer does); its events go nowhere.",
    ),
]


@pytest.mark.parametrize(("rows", "policy", "given", "headline"), GOLDEN)
def test_the_first_line(rows: list[BatchRow], policy: dict[str, Any], given: dict[str, Any], headline: str) -> None:
    assert assess(rows, NOW, DeliveryPolicy(**policy), **{"webhook": ORDERS, **given}).headline == headline


def test_a_name_takes_only_so_much_of_the_line() -> None:
    named, unnamed = Webhook(id=ID, name="n" * 81), Webhook(id="i" * 65)
    assert f"'{'n' * 79}…'" in assess([], NOW, DeliveryPolicy(), webhook=named).headline
    assert f"webhook {'i' * 63}…:" in assess([], NOW, DeliveryPolicy(), webhook=unnamed).headline


def test_a_hostile_name_stays_on_the_line() -> None:
    hostile = Webhook(id="\x1b[31m" + "i" * 500, name="a\nFAILED: b\u202e" + "n" * 500)
    headline = assess([], NOW, DeliveryPolicy(), webhook=hostile).headline
    assert headline.isprintable()
    assert headline.startswith("HEALTHY: webhook 'a FAILED: b nnn")
    assert len(headline) < 300
