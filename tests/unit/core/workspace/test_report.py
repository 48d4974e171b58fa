from __future__ import annotations

import json
from typing import Any

from airflow_provider_reach.core.api.models import Gone, Webhook, WebhookList
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.errors import ReachCallError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.workspace.report import WorkspaceReport
from airflow_provider_reach.core.workspace.summary import Seen, summary
from tests.unit.core.helpers import HOUR, NOW, failed

POLICY = DeliveryPolicy()


def seen(name: str, *rows: Any, error: str = "", **policy: Any) -> Seen:
    webhook, judged_by = Webhook(id=f"id of {name}", name=name), DeliveryPolicy(**policy)
    result = assess(rows, NOW, judged_by, webhook=webhook)
    return Seen(webhook, judged_by, ReachCallError(error, operation="ask") if error else result)


def reported(*all_seen: Seen, listed: int = 0) -> WorkspaceReport:
    there = [one.webhook for one in all_seen if isinstance(one.webhook, Webhook)]
    return summary(all_seen, WebhookList(webhooks=[*there, *there[:1] * listed], at=NOW))


def test_as_json_it_is_bounded_however_many_webhooks_there_are() -> None:
    """It passes through Airflow's database; what is done with each webhook is in the short rows."""
    lost, errors = [seen(f"lost {n:03}", failed("b", 9 * HOUR)) for n in range(150)], range(120)
    report = reported(*lost, *(seen(f"e {n}", error="no " * 500) for n in errors), *(seen(f"ok {n}") for n in errors))

    plain = json.loads(report.serialize())
    assert len(plain["verdicts"]) == 270
    assert [each["webhook_name"] for each in plain["reports"]] == [f"lost {n:03}" for n in range(100)]
    assert len(plain["unanswered"]) == 100
    assert [row["headline"] for row in plain["verdicts"][:100]] == [row.headline for row in report.verdicts[:100]]
    assert [row["headline"] for row in plain["verdicts"][100:]] == [
        f"{row.headline[:119]}…" if len(row.headline) > 120 else row.headline for row in report.verdicts[100:]
    ]
    assert max(len(row["headline"]) for row in plain["verdicts"][100:]) == 120
    assert len(json.dumps(plain)) < 240_000
    assert len(report.reports) == 270
    assert max(len(row.headline) for row in report.verdicts) == 500, "the report itself is left as it is"
    assert WorkspaceReport.deserialize(report.serialize(), 1).to_dict() == report.to_dict()
    assert all(row["webhook_id"] and row["webhook_name"] for row in plain["verdicts"]), "no row is left out"


def test_its_text_says_first_what_somebody_woken_needs() -> None:
    risky = [seen(f"risky {n:02}", failed("b", 5 * HOUR + HOUR * n / 10), failed("c", 9 * HOUR)) for n in range(12)]
    lines = str(reported(*risky, seen("other", error="HTTP 500"), seen("well"), listed=1)).splitlines()

    assert lines[0] == (
        "FAILED: 12 of 14 webhooks. The worst: webhook 'risky 11': 1 batch presumed lost, created at 2026-01-30 17:00 "
        "UTC; at most 1 h 54 min left for 1 batch about to be discarded (by 2026-01-31 03:54 UTC). Besides: 1 not "
        "answered."
    )
    assert lines[1] == "The worst:"
    assert [line[:29] for line in lines[2:12]] == [f"  - FAILED: webhook 'risky {n:02}" for n in range(11, 1, -1)]
    assert lines[12:14] == ["  … and 3 more", "What to do:"]
    assert lines[-2:] == [
        "Webhooks looked at: 14 of the workspace's 15: 12 failed, 1 could not be asked about, 1 healthy.",
        "Could not be asked about: 'other' (id of other).",
    ]
    assert len(lines) == len(set(lines)), "each advice is given once"


def test_advice_says_for_which_webhooks_it_is() -> None:
    idle = Webhook(id="i", name="idle", active=False)
    lost = [seen(name, failed("b", 9 * HOUR)) for name in ("lost one", "lost two")]
    report = reported(*lost, Seen(idle, POLICY, assess([], NOW, POLICY, webhook=idle)))

    advice = [line for line in str(report).splitlines() if ": " in line and line.startswith("  - '")]
    assert advice[0].startswith("  - 'idle': Reactivate the webhook")
    assert advice[1].startswith("  - 'lost one', 'lost two': ")
    assert "  - Reactivate" in str(reported(Seen(idle, POLICY, assess([], NOW, POLICY, webhook=idle)))), "for all"


def test_a_lone_trouble_is_not_said_twice() -> None:
    text = str(reported(seen("lost", failed("b", 9 * HOUR)), seen("well")))

    assert text.count("presumed lost") == 1
    assert text.splitlines()[0].endswith("UTC.")
    assert len(reported(seen("lost", failed("b", 9 * HOUR)), seen("well")).to_dict()["reports"]) == 1
    assert text.startswith("FAILED: 1 of 2 webhooks: webhook 'lost': 1 batch presumed lost, created at ")


def test_the_order_is_by_what_can_still_be_saved() -> None:
    report = reported(
        seen("piled up", *(failed(str(n), 2 * HOUR, attempts=7) for n in range(11))),
        seen("lost one", failed("b", 9 * HOUR)),
        seen("lost two", failed("b", 9 * HOUR), failed("c", 9 * HOUR)),
        Seen(idle := Webhook(id="i", name="idle", active=False), POLICY, assess([], NOW, POLICY, webhook=idle)),
        seen("at risk, of no known age", failed("b", None)),
        seen("at risk", failed("b", 5 * HOUR)),
        seen("more at risk", failed("b", 6 * HOUR)),
        seen("at risk, and lost", failed("b", 5 * HOUR), failed("c", 9 * HOUR)),
        seen("most piled up", *(failed(str(n), 2 * HOUR, attempts=7) for n in range(12))),
    )

    assert [row.webhook_name for row in report.verdicts] == [
        "more at risk",
        "at risk, and lost",
        "at risk",
        "at risk, of no known age",
        "idle",
        "lost two",
        "lost one",
        "most piled up",
        "piled up",
    ]


def test_what_a_policy_allows_is_told_all_the_same() -> None:
    lost = [seen(f"lost {n:02}", failed("b", 9 * HOUR), max_lost=1) for n in range(12)]
    report = reported(*lost, seen("well"))

    assert report.headline == "HEALTHY: all 13 webhooks."
    assert report.warnings[0].startswith("Allowed by its policy: HEALTHY: webhook 'lost 00': 1 batch presumed lost")
    assert report.warnings[10:] == ["So do the policies of 2 more."]
    assert str(report).splitlines()[-1] == report.warnings[-1]


def test_the_undecided_come_last() -> None:
    waits = [seen(name, *(failed(str(n), HOUR / 12) for n in range(11))) for name in ("a", "b")]
    report = reported(*waits, seen("well"))

    assert report.outcome == "wait"
    assert report.headline.startswith("NOT DECIDED YET: 2 of 3 webhooks. The first: webhook 'a': 11 batches in the ")
    assert str(report).splitlines()[1] == "Not settled well:"


def last_lines(report: WorkspaceReport, number: int) -> list[str]:
    return str(report).splitlines()[-number:]


def test_names_are_told_as_far_as_they_fit() -> None:
    inactive = [Webhook(id=f"{n}", name=f"idle {n:02}", active=False) for n in range(21)]
    allowed = DeliveryPolicy(allow_inactive=True)
    idle = [Seen(one, allowed, assess([], NOW, allowed, webhook=one)) for one in inactive]
    names = ", ".join(f"'idle {n:02}'" for n in range(20))

    assert last_lines(reported(*idle[:20]), 1) == [f"Inactive: {names}."]
    assert last_lines(reported(*idle), 1) == [f"Inactive: {names} and 1 more."]
    assert reported(*idle, listed=3).headline == (
        "HEALTHY: all 21 webhooks that were looked at, of the workspace's 24."
    )
    assert str(reported(listed=0)).splitlines()[1] == "Webhooks looked at: 0 of the workspace's 0: none."


def test_what_is_missing_and_what_was_deleted_is_named() -> None:
    missing, deleted = Gone(name="a" * 300, cause="unknown", said="No."), Gone(id="i", name="")
    report = reported(*(Seen(one, POLICY, assess([], NOW, POLICY, webhook=one)) for one in (missing, deleted)))

    assert (report.missing, report.gone, report.looked) == ([f"{'a' * 199}…"], ["i"], 1)
    assert last_lines(report, 2) == [f"Expected, but missing: '{'a' * 58}….", "Deleted meanwhile: 'i'."]


def test_ten_are_told_and_an_eleventh_is_counted() -> None:
    lost = [seen(f"lost {n:02}", failed("b", 9 * HOUR)) for n in range(11)]

    ten, eleven = (str(reported(*several)).splitlines() for several in (lost[:10], lost))
    assert (ten[1], ten[12]) == ("Not settled well:", "What to do:")
    assert (eleven[1], eleven[12]) == ("The worst:", "  … and 1 more")


def test_what_is_not_answered_is_bounded() -> None:
    report = reported(seen("n" * 90, error="no " * 400), seen("well"))

    assert report.headline.startswith(f"NOT ANSWERED: 1 of 2 webhooks: webhook '{'n' * 79}…': no no ")
    assert len(report.verdicts[0].headline) == len(next(iter(report.unanswered.values()))) == 500


def test_what_was_allowed_says_ten_and_how_many_more() -> None:
    cut = assess([], NOW, DeliveryPolicy(on_cut="warn"), webhook=Webhook(id="i", name="cut"), complete=False)
    lost = [seen(f"lost {n}", failed("b", 9 * HOUR), max_lost=1) for n in range(10)]

    assert len(reported(*lost).warnings) == 10
    assert reported(Seen(Webhook(id="i", name="cut"), POLICY, cut), seen("well")).warnings == [
        "Allowed by its policy: HEALTHY: webhook 'cut': the answer was cut by its limit, there may be more and worse."
    ]
    assert reported(seen("at risk", failed("b", 5 * HOUR), max_at_risk=1)).warnings
