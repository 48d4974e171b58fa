from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.webhooks.selection import Selection
from airflow_provider_reach.core.workspace.check import check_of, check_workspace
from airflow_provider_reach.core.workspace.policies import PolicyTable
from airflow_provider_reach.core.workspace.report import WorkspaceReport
from tests.unit.core.helpers import HOUR, NOW, Played, Reply, answer, ask_context, listed, play, refused, results

A, B, C, D = (f"{number}1234567-89ab-cdef-0123-456789abcdef" for number in "abcd")
ORDERS, BOUNCES, CLICKS = (
    {"id": webhook_id, "name": name, "target": "https://c.example.com", "active": True}
    for webhook_id, name in ((A, "orders"), (B, "bounces"), (C, "clicks"))
)
LIST, STATUS = "GET /webhooks", "GET /webhooks/{}/batch-status?limit=1000"
WELL, FAILS = results([]), refused(403, "not this one")
GONE = (listed(BOUNCES), refused(404))


def rows(number: int, age: timedelta = HOUR, attempts: int = 8) -> Answer:
    return results(
        [
            {"batch_id": str(n), "ts": (NOW - age).isoformat(), "attempts": attempts, "response_code": "503"}
            for n in range(number)
        ]
    )


def checked(
    *script: Reply,
    policy: DeliveryPolicy | None = None,
    policies: Any = None,
    budget: float = 0.0,
    progress: Any = None,
    **selected: Any,
) -> Played[WorkspaceReport]:
    table = PolicyTable(policy or DeliveryPolicy(), policies)
    return play(check_workspace(Selection(**selected), table, ask_context(budget), progress), *script)


def test_it_lists_once_and_asks_about_each_webhook() -> None:
    played = checked(listed(ORDERS, BOUNCES), WELL, rows(3))

    report = played.result
    assert played.requests == [LIST, STATUS.format(A), STATUS.format(B)]
    assert (report.outcome, report.listed, report.looked) == ("healthy", 2, 2)
    assert report.counts == {"failed": 0, "unknown": 0, "wait": 0, "healthy": 2}
    assert (report.verdicts, report.unanswered, report.warnings, report.looked_at) == ([], {}, [], NOW)
    assert [(each.webhook_name, each.undelivered) for each in report.reports] == [("bounces", 3), ("orders", 0)]
    assert report.headline == "HEALTHY: all 2 webhooks."


def test_only_those_that_are_meant_are_asked_about() -> None:
    played = checked(listed(ORDERS, {**BOUNCES, "active": False}, CLICKS), WELL, active=True, name_pattern="[ob]*")

    assert played.requests == [LIST, STATUS.format(A)]
    assert (played.result.listed, played.result.looked) == (3, 1)
    assert played.result.headline.startswith("HEALTHY: webhook 'orders': nothing is undelivered")


def test_the_worst_comes_first_and_what_could_not_be_asked_about_is_never_healthy() -> None:
    at_risk, waits = rows(3, 5 * HOUR), rows(20, timedelta(minutes=5), attempts=1)
    played = checked(
        listed(ORDERS, BOUNCES, CLICKS, {**CLICKS, "id": D, "name": "opens"}), FAILS, waits, WELL, at_risk, budget=60.0
    )

    report = played.result
    assert report.outcome == "failed"
    assert report.counts == {"failed": 1, "unknown": 1, "wait": 1, "healthy": 1}
    assert [(row.webhook_id, row.outcome) for row in report.verdicts] == [(D, "failed"), (A, "unknown"), (B, "wait")]
    assert [each.webhook_name for each in report.reports] == ["opens", "bounces", "clicks"]
    assert report.headline == (
        "FAILED: 1 of 4 webhooks: webhook 'opens': at most 3 h left for 3 batches about to be discarded (the first by "
        "2026-01-31 05:00 UTC). Besides: 1 not answered, 1 not decided yet."
    )
    assert [*report.unanswered] == [f"'orders' ({A})"]
    assert "HTTP 403: not this one" in report.unanswered[f"'orders' ({A})"]


def test_without_a_failure_what_is_not_known_decides() -> None:
    report = checked(listed(ORDERS, BOUNCES), FAILS, WELL).result

    assert report.outcome == "unknown"
    assert report.headline.startswith("NOT ANSWERED: 1 of 2 webhooks: webhook 'orders': Could not get batch status of ")


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ((FAILS, FAILS), errors.ReachAuthError),
        ((FAILS, answer(b"", 503)), errors.ReachServerError),  # which may pass: the task is to be retried
    ],
)
def test_where_nothing_is_answered_there_is_no_verdict(answers: tuple[Answer, ...], kind: type[Exception]) -> None:
    played = checked(listed(ORDERS, BOUNCES), *answers)

    assert type(played.error) is kind
    assert "None of the 2 webhooks could be asked about." in str(played.error)


def test_a_lone_webhook_that_is_not_answered_says_only_that() -> None:
    assert "None of the" not in str(checked(listed(ORDERS), FAILS).error)


def test_a_missing_name_is_a_verdict_even_where_nothing_is_answered() -> None:
    played = checked(listed(ORDERS), listed(ORDERS), FAILS, expect=["orders", "order"])

    report = played.result
    assert [wait.seconds for wait in played.waits] == [3.0]
    assert (report.outcome, report.missing, report.looked) == ("failed", ["order"], 1)
    assert report.counts == {"failed": 1, "unknown": 1, "wait": 0, "healthy": 0}
    assert [(row.webhook_id, row.webhook_name, row.outcome) for row in report.verdicts] == [
        ("", "order", "failed"),
        (A, "orders", "unknown"),
    ]
    assert report.verdicts[0].headline == (
        "FAILED: webhook 'order': there is no webhook of this name. Is it 'orders'? Every character counts."
    )


def test_many_missing_names_are_not_all_compared() -> None:
    report = checked(listed(ORDERS), listed(ORDERS), WELL, expect=[f"orders {n:02}" for n in range(22)]).result

    assert [("Is it 'orders'?" in row.headline) for row in report.verdicts] == [True] * 20 + [False] * 2
    assert report.reports[20].advice[0].startswith("Webhooks in the workspace: 1.")


def test_an_expected_webhook_that_is_filtered_out_fails_before_any_is_asked_about() -> None:
    played = checked(listed(ORDERS, {**BOUNCES, "active": False}), expect=["bounces"], active=True)

    assert isinstance(played.error, errors.ReachLookupError)
    assert "1 of 1 expected webhooks were not found: 'bounces' exists but is filtered out" in str(played.error)


def test_nothing_found_is_no_verdict_unless_that_is_fine() -> None:
    assert "No webhook was found" in str(checked(listed(ORDERS), name_pattern="x").error)

    report = checked(listed(ORDERS), name_pattern="x", allow_empty=True).result
    assert (report.outcome, report.headline) == ("healthy", "HEALTHY: no webhook was to be looked at.")


def test_each_is_judged_by_its_own_policy_and_its_row_says_which() -> None:
    played = checked(
        listed(ORDERS, BOUNCES, CLICKS),
        rows(3),
        rows(3),
        rows(3),
        policy=DeliveryPolicy(max_at_risk=5),
        policies={"bounces": {"max_undelivered": 1}, "cl*": {"max_undelivered": "2", "min_age": "10m"}, "x*": {}},
    )

    report = played.result
    assert {row.webhook_name: row.policy for row in report.verdicts} == {
        "bounces": {"max_at_risk": 5, "max_undelivered": 1},
        "clicks": {"max_at_risk": 5, "max_undelivered": 2, "min_age": 600.0},
    }
    assert report.warnings == ["No webhook matches the pattern 'x*' in policies."]


def test_a_name_in_the_table_of_policies_must_exist_unless_it_is_not_meant() -> None:
    table = {"bounce": {"max_lost": 1}}
    report = checked(listed(BOUNCES), listed(BOUNCES), WELL, policies=table).result
    assert (report.outcome, report.missing, report.verdicts[0].policy) == ("failed", ["bounce"], {"max_lost": 1})

    assert checked(listed(ORDERS), WELL, policies=table, name_pattern="o*").result.outcome == "healthy"
    filtered = checked(listed(ORDERS, {**BOUNCES, "active": False}), WELL, policies={"bounces": {}}, active=True)
    assert filtered.result.outcome == "healthy"


def test_a_webhook_deleted_meanwhile_and_an_inactive_one() -> None:
    idle = {**BOUNCES, "active": False}
    report = checked(listed(ORDERS, idle), refused(404), WELL, *GONE).result

    assert (report.outcome, report.gone, report.inactive) == ("failed", ["orders"], ["bounces"])
    assert report.headline.startswith("FAILED: 2 of 2 webhooks. The worst: webhook 'bounces': it is inactive")


def test_a_look_that_takes_long_makes_no_webhook_silent() -> None:
    """The list said an hour before that the last success was half an hour before the list."""
    busy = {**ORDERS, "last_successful": (NOW - HOUR / 2).isoformat()}
    quiet = {**BOUNCES, "last_successful": (NOW - 2 * HOUR).isoformat()}
    late = replace(WELL, received=NOW + HOUR)
    report = checked(listed(busy, quiet), late, late, policy=DeliveryPolicy(max_silence=HOUR)).result

    assert [(one.webhook_name, one.outcome) for one in report.reports] == [("bounces", "failed"), ("orders", "healthy")]
    assert "no success for 2 h (limit 1 h)" in report.verdicts[0].headline


def test_one_list_serves_all_that_are_answered_with_404() -> None:
    four = [{**ORDERS, "id": webhook_id, "name": webhook_id[:1]} for webhook_id in (A, B, C, D)]
    missing = refused(404)
    played = checked(listed(*four), *[missing] * 4, listed(four[1]), missing, results({"name": "c"}), FAILS)

    retrieved = [f"GET /webhooks/{webhook_id}" for webhook_id in (A, C, D)]
    assert played.requests[5:] == [LIST, *retrieved]
    report = played.result
    assert (report.gone, report.looked, report.counts["failed"], report.counts["unknown"]) == (["a"], 4, 1, 3)
    assert report.headline.startswith("FAILED: 1 of 4 webhooks: webhook 'a': it does not exist (or no longer does)")
    assert ["Yet the webhook is there" in why for why in report.unanswered.values()] == [True, True, False]


def test_where_every_status_is_a_404_and_all_are_there_it_is_no_verdict() -> None:
    there = listed(ORDERS, BOUNCES)
    played = checked(there, refused(404), refused(404), there)

    assert "Yet the webhook is there: ask again. None of the 2 webhooks could be asked about." in str(played.error)
    assert played.error
    assert not played.error.final


def test_a_404_that_cannot_be_looked_into_costs_no_other_the_verdict() -> None:
    report = checked(listed(ORDERS, BOUNCES), refused(404), WELL, refused(503)).result

    assert (report.outcome, report.counts["healthy"]) == ("unknown", 1)
    assert "Could not list webhooks" in report.unanswered[f"'orders' ({A})"]


def test_what_a_client_is_asked_is_read_whole_before_anything_is_sent() -> None:
    told: list[tuple[int, int]] = []
    make = check_of(
        DeliveryPolicy(max_lost=1),
        policies={"orders": {"max_undelivered": 1}},
        name_pattern="o*",
        progress=lambda *done: told.append(done),
    )
    report = play(make(ask_context()), listed(ORDERS, BOUNCES), rows(2)).result

    assert (report.looked, told) == (1, [(1, 1)])
    assert report.verdicts[0].policy == {"max_undelivered": 1, "max_lost": 1}
    assert play(check_of()(ask_context()), listed(ORDERS), WELL).result.outcome == "healthy"
    with pytest.raises(errors.ReachInputError, match="active must be True or False"):
        check_of(active="perhaps")


def test_each_begins_when_it_is_its_turn() -> None:
    """One that fails ten seconds after another uses up time of its own."""
    exchange: Any = check_workspace(Selection(), PolicyTable(DeliveryPolicy()), ask_context(60.0))
    next(exchange)
    first, second, third = exchange.send(listed(ORDERS, BOUNCES, CLICKS)).beginnings
    for begin, at in ((first, 0.0), (second, 10.0)):
        asked = begin(at)
        next(asked)
        asked.send(replace(refused(503), seconds=5.0))
        send = asked.send(None)

    assert 60 - 2 * (5 + 1.3) <= send.pool_timeout <= 60 - 2 * (5 + 0.7)
    asked = third(12.0)  # while the second one fails and waits
    next(asked)
    asked.send(replace(refused(503), seconds=3.0))
    assert asked.send(None).pool_timeout >= 60 - 2 * (5 + 1.3)


def test_many_deleted_webhooks_are_not_all_compared_with_those_that_are_left() -> None:
    many = [{**ORDERS, "id": f"{n:08}-89ab-cdef-0123-456789abcdef", "name": f"orders {n:02}"} for n in range(22)]
    again = [{**ORDERS, "id": webhook_id, "name": f"orders {n}"} for webhook_id, n in ((A, 18), (B, 19), (C, 20))]
    report = checked(listed(*many), *[refused(404)] * 22, listed(*again), *[refused(404)] * 22).result

    assert len(report.gone) == report.counts["failed"] == 22
    assert ["has another id" in one.headline for one in report.reports[18:]] == [True, True, False, False]


def test_one_budget_serves_all_and_only_what_fails_or_waits_uses_it() -> None:
    """Here all begin at the same second: the waits of four are over in the time that the longest one takes."""
    busy, four = refused(503), [{**ORDERS, "id": webhook_id, "name": webhook_id} for webhook_id in (A, B, C, D)]
    slow = replace(listed(*four), seconds=1000.0)

    assert checked(slow, *(busy, WELL) * 4, budget=2.7).result.outcome == "healthy"
    assert checked(listed(ORDERS, BOUNCES, CLICKS), WELL, busy, busy, WELL, budget=2.0).result.outcome == "unknown"


def test_looking_into_a_404_takes_time_of_its_own() -> None:
    """Of 13 seconds, ten and a wait are used up before, so that the list is not asked for again after another ten."""
    slow = replace(refused(503), seconds=10.0)
    report = checked(listed(ORDERS, BOUNCES), slow, WELL, refused(404), slow, budget=13.0).result

    assert (report.counts["healthy"], report.counts["unknown"]) == (1, 1)


def test_it_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    checked(listed(ORDERS, BOUNCES), WELL, WELL, progress=lambda *done: told.append(done))

    assert told == [(1, 2), (2, 2)]
