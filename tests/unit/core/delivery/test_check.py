from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.exchange import Known, Send
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.delivery.check import look
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.webhooks.index import indexed_list
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from tests.unit.core.helpers import (
    HOUR,
    ID,
    MINUTE,
    NOW,
    OTHER_ID,
    Played,
    Reply,
    answer,
    ask_context,
    listed,
    nested,
    play,
    refused,
    results,
)

ORDERS = {"id": ID, "name": "orders", "target": "https://c.example.com", "active": True}
OTHER = {**ORDERS, "id": OTHER_ID, "name": "other"}
LIST, GET, STATUS = "GET /webhooks", f"GET /webhooks/{ID}", f"GET /webhooks/{ID}/batch-status"


def row(batch_id: object, age: timedelta = HOUR) -> dict[str, Any]:
    return {"batch_id": str(batch_id), "ts": (NOW - age).isoformat(), "attempts": 1, "response_code": "503"}


def rows(number: int) -> Answer:
    return results([{"response_code": "200", "batch_id": str(n)} for n in range(number)])


def looked(
    *script: Reply,
    by_id: str = "",
    name: str = "orders",
    policy: DeliveryPolicy | None = None,
    budget: float = 60.0,
    secrets: tuple[str, ...] = (),
    forever: Reply | None = None,
    **given: Any,
) -> Played[DeliveryReport]:
    return play(
        look(WebhookRef(by_id, name), policy or DeliveryPolicy(), ask_context(budget, *secrets), **given),
        *script,
        forever=forever,
    )


@pytest.mark.parametrize(("by_id", "name"), [(ID, ""), (ID.upper(), ""), ("", "orders"), (ID, "a label")])
def test_a_look_finds_the_webhook_and_asks_for_the_batch_status(by_id: str, name: str) -> None:
    there, asked = (results(ORDERS), GET) if by_id else (listed(OTHER, ORDERS), LIST)
    played = looked(there, results([row("b")]), by_id=by_id, name=name)
    assert played.requests == [asked, f"{STATUS}?limit=1000"]
    assert (played.result.outcome, played.result.webhook_name, played.result.webhook_id) == ("healthy", "orders", ID)
    assert played.result.undelivered == 1


def test_the_time_is_the_services() -> None:
    date = "Sat, 31 Jan 2026 10:00:00 GMT"
    played = looked(listed(ORDERS), results([row("b")], date=date))
    assert played.result.counts["at_risk"] == 0
    assert played.result.counts["lost"] == 1
    assert looked(listed(ORDERS), results([row("b")])).result.counts["retrying"] == 1


def test_the_first_look_is_told_by_our_clock_and_the_service_s_may_be_off() -> None:
    ahead = "Sat, 31 Jan 2026 02:30:00 GMT"  # half an hour
    script = (listed(ORDERS), results([row("b", -20 * MINUTE)], date=ahead))
    drain = DeliveryPolicy(drain=True)
    assert looked(*script, policy=drain, watched_from=NOW).result.outcome == "wait"
    assert looked(*script, policy=drain, watched_from=NOW - HOUR).result.outcome == "healthy"


def test_blanks_around_an_id_or_a_name_do_not_count() -> None:
    assert looked(results(ORDERS), results([]), by_id=f" {ID}\n").result.webhook_name == "orders"
    assert looked(listed(ORDERS), results([]), by_id="", name=" orders\n").result.webhook_id == ID


def test_policy_and_first_look_are_passed_on() -> None:
    drain = DeliveryPolicy(drain=True)
    script = (listed(ORDERS), results([row("b")]))
    assert looked(*script, policy=drain).result.outcome == "wait"
    assert looked(*script, policy=drain, watched_from=NOW - 3 * HOUR).result.outcome == "healthy"


def test_the_list_tells_whether_it_is_active_and_last_delivered() -> None:
    assert looked(listed({**ORDERS, "active": False}), results([])).result.outcome == "failed"
    back = {**ORDERS, "last_successful": NOW.isoformat()}
    assert looked(listed(back), results([row("b")])).result.target_answers is True


def test_a_look_by_id_asks_the_list_only_for_times_that_matter() -> None:
    told = {**ORDERS, "last_successful": NOW.isoformat()}
    silence = DeliveryPolicy(max_silence=HOUR)
    by_id = [GET, f"{STATUS}?limit=1000"]
    healthy = looked(results(ORDERS), results([]), by_id=ID)
    assert (healthy.requests, healthy.result.headline) == (by_id, "HEALTHY: webhook 'orders': nothing is undelivered.")

    failed = looked(results(ORDERS), results([row("b", 5 * HOUR)]), listed(OTHER, told), by_id=ID)
    assert (failed.requests, failed.result.target_answers) == ([*by_id, LIST], True)
    long_ago = listed({**told, "last_successful": (NOW - 2 * HOUR).isoformat()})
    silent = looked(results(ORDERS), results([]), long_ago, by_id=ID, policy=silence)
    assert (silent.requests, silent.result.outcome) == ([*by_id, LIST], "failed")
    known = looked(results(told), results([row("b", 5 * HOUR)]), by_id=ID)
    assert (known.requests, known.result.target_answers) == (by_id, True)
    lagging = looked(results(ORDERS), results([]), listed(OTHER), by_id=ID, policy=silence).result.headline
    assert "max_silence cannot be judged" in lagging


def test_in_all_but_the_times_a_retrieve_is_believed() -> None:
    script = (results(ORDERS), results([row("b", 5 * HOUR)]), listed({**ORDERS, "active": False, "name": "late"}))
    report = looked(*script, by_id=ID).result
    assert "inactive" not in str(report)
    assert report.webhook_name == "orders"


@pytest.mark.parametrize("unanswered", [refused(500), Failure("timeout", "", seconds=20.0)])
def test_a_verdict_does_not_wait_for_times_that_change_only_its_text(unanswered: Reply) -> None:
    there, lost = results(ORDERS), results([row("b", 9 * HOUR)])
    played = looked(there, lost, by_id=ID, budget=900.0, forever=unanswered)
    assert (played.result.outcome, played.result.target_answers) == ("failed", None)
    assert played.waited < 15.0
    silence = DeliveryPolicy(max_silence=HOUR)
    assert looked(there, lost, unanswered, by_id=ID, budget=0.0, policy=silence).result.outcome == "failed"
    assert looked(there, results([]), unanswered, by_id=ID, budget=0.0, policy=silence).error is not None


# One list for many looks
EARLY = results([row(n, MINUTE) for n in range(11)])
GONE = "it does not exist"


Listed = list[dict[str, Any]]


def sharing(old: Listed, new: Listed | None, *script: Reply, ref: WebhookRef, **given: Any) -> Played[DeliveryReport]:
    """
    A look where others have asked for the list.

    :param old: Before the look began.
    :param new: Meanwhile; None: the older one is of this look, too.
    """
    indexes = [indexed_list().read(listed(*there), ()) for there in (old, old if new is None else new)]
    asked = [""]

    def shared(step: Send) -> Known | None:
        if step.max_age is None:
            return None
        asked.append(f"{step.max_age:g}")
        return Known(indexes[step.max_age == 0.0 and new is not None])

    policy = given.pop("policy", DeliveryPolicy())
    look_at = look(ref, policy, ask_context(0.0), max_list_age=30.0, **given)
    played = play(look_at, *script, shared=shared)
    assert asked[1] == "30"
    return played


@pytest.mark.parametrize("ref", [WebhookRef(ID), WebhookRef(name="orders"), WebhookRef(ID.upper(), "a label")])
def test_as_long_as_a_watch_goes_on_an_older_list_will_do(ref: WebhookRef) -> None:
    played = sharing([OTHER, ORDERS], [], EARLY, ref=ref)
    assert (played.requests, played.result.outcome) == ([f"{STATUS}?limit=1000"], "wait")


@pytest.mark.parametrize("rows", [results([]), results([row("b", 9 * HOUR)])])
def test_no_watch_ends_by_an_older_list(rows: Reply) -> None:
    by_id, asked = WebhookRef(ID), f"{STATUS}?limit=1000"
    gone = sharing([ORDERS], [OTHER], rows, refused(404), ref=by_id)
    assert (gone.requests, GONE in gone.result.headline) == ([asked, GET], True)
    stopped = sharing([ORDERS], [{**ORDERS, "active": False}], rows, rows, ref=by_id)
    assert (stopped.requests, "it is inactive" in stopped.result.headline) == ([asked] * 2, True)
    at_once = sharing([ORDERS], None, rows, ref=by_id)
    assert (at_once.requests, at_once.result.webhook_name) == ([asked], "orders")


@pytest.mark.parametrize("ref", [WebhookRef(ID), WebhookRef(name="orders")])
@pytest.mark.parametrize("old", [[], [{**ORDERS, "active": False}], [ORDERS, {**ORDERS, "id": OTHER_ID}]])
def test_an_older_list_makes_no_webhook_gone_or_inactive_or_ambiguous(
    ref: WebhookRef, old: list[dict[str, Any]]
) -> None:
    played = sharing(old, [ORDERS], EARLY, ref=ref)
    assert (played.requests, played.result.outcome) == ([f"{STATUS}?limit=1000"], "wait")
    assert "inactive" not in played.result.headline


def test_what_the_watch_knows_counts_for_a_new_list_too() -> None:
    drain: dict[str, Any] = {"policy": DeliveryPolicy(drain=True), "ref": WebhookRef(ID)}
    there: Listed = [ORDERS]
    for old in ([], there):
        rows = [results([row("b")])] * (1 + len(old))
        later = sharing(old, there, *rows, watched_from=NOW - 3 * HOUR, **drain)
        assert later.result.outcome == "healthy"
    renamed = sharing([], [{**ORDERS, "name": "new"}], ref=WebhookRef(name="orders"), seen_id=ID)
    assert "The webhook is now named 'new'." in renamed.result.headline


def test_the_last_failure_that_the_list_tells_counts() -> None:
    told = {**ORDERS, "last_successful": (NOW - HOUR).isoformat(), "last_failure": NOW.isoformat()}
    played = looked(results(ORDERS), results([row("b", 5 * HOUR)]), listed(told), by_id=ID)
    assert played.result.target_answers is False


@pytest.mark.parametrize("ref", [WebhookRef(ID), WebhookRef(name="orders")])
def test_a_list_that_cannot_be_read_is_an_error_of_the_look(ref: WebhookRef) -> None:
    deep = {**ORDERS, "custom_headers": nested(300)}
    assert type(sharing([deep], None, listed(deep), ref=ref).error) is errors.ReachDecodeError


def test_a_new_list_decides_what_an_older_one_could_not() -> None:
    by_name = WebhookRef(name="orders")
    assert "there is no webhook of this name" in sharing([], [OTHER], ref=by_name).result.headline
    assert "it is inactive" in sharing([], [{**ORDERS, "active": False}], EARLY, ref=by_name).result.headline
    several = sharing([ORDERS, {**ORDERS, "id": OTHER_ID}], None, ref=by_name)
    assert type(several.error) is errors.ReachLookupError
    retrieved = sharing([], [OTHER], results(ORDERS), EARLY, ref=WebhookRef(ID))
    assert (retrieved.requests, retrieved.result.outcome) == ([GET, f"{STATUS}?limit=1000"], "wait")


@pytest.mark.parametrize("gone", [refused(404), answer(b"", 404)])
def test_a_deleted_webhook_is_a_verdict(gone: Answer) -> None:
    played = looked(gone, listed(OTHER), by_id=ID)
    assert played.requests == [GET, LIST]
    assert (played.result.outcome, played.result.webhook_name, played.result.webhook_id) == ("failed", "orders", ID)
    assert "does not exist" in played.result.headline


def test_a_name_that_none_has_is_a_verdict_too() -> None:
    played = looked(listed(OTHER), by_id="", name="orders")
    assert played.requests == [LIST]
    assert (played.result.outcome, played.result.webhook_name, played.result.webhook_id) == ("failed", "orders", "")
    assert "there is no webhook of this name" in played.result.headline


def test_a_name_in_another_spelling_is_asked_about_and_not_called_deleted() -> None:
    said = str(looked(listed(OTHER, ORDERS), by_id="", name="Orders").result)
    assert "there is no webhook of this name. Is it 'orders'? Upper and lower case differ." in said
    assert "deleted" not in said
    assert "Do not declare this name: every event would be sent twice." in said


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ([OTHER], "it does not exist (or no longer does); its events go nowhere"),
        (
            [{**ORDERS, "name": "Orders"}],
            "there is no webhook of this name any more. The webhook is now named 'Orders'.",
        ),
    ],
)
def test_what_an_earlier_look_has_seen_was_deleted_or_renamed(there: list[dict[str, Any]], says: str) -> None:
    assert says in looked(listed(*there), by_id="", name="orders", seen_id=ID).result.headline


def test_deleted_and_created_again_between_the_list_and_the_batch_status() -> None:
    again = {**ORDERS, "id": OTHER_ID}
    played = looked(listed(ORDERS), refused(404), listed(again), refused(404), by_id="", name="orders")
    assert f"it does not exist any more; its events go nowhere. The one named 'orders' has another id, {OTHER_ID}" in (
        played.result.headline
    )


def test_deleted_between_the_list_and_the_batch_status() -> None:
    played = looked(listed(ORDERS), refused(404), listed(OTHER), refused(404), by_id="", name="orders")
    assert played.requests == [LIST, f"{STATUS}?limit=1000", LIST, GET]
    assert (played.result.outcome, played.result.webhook_id, played.result.webhook_name) == ("failed", ID, "orders")


def test_no_batch_status_though_the_webhook_is_there_is_no_verdict() -> None:
    played = looked(listed(ORDERS), refused(404), listed(ORDERS))
    assert type(played.error) is errors.ReachCallError
    assert not played.error.final
    assert played.error.operation == f"get batch status of webhook {ID}"
    assert str(played.error).startswith(f"Could not get batch status of webhook {ID}: the service answered HTTP 404")
    assert str(played.error).endswith("Yet the webhook is there: ask again.")


@pytest.mark.parametrize("page", [answer(b"<html>Not here", 404), Failure("timeout", ""), refused(500)])
def test_a_webhook_is_not_gone_because_it_could_not_be_asked_for(page: Reply) -> None:
    for script in ([page], [refused(404), page]):
        played = looked(*script, by_id=ID, budget=0.0)
        assert isinstance(played.error, errors.ReachCallError)
        assert not played.error.final


def test_an_unknown_workspace_is_no_deleted_webhook() -> None:
    played = looked(refused(404, "no such workspace"))
    assert type(played.error) is errors.ReachNotFoundError
    assert "no such workspace" in str(played.error)


@pytest.mark.parametrize(
    ("by_id", "says"),
    [("", "give webhook_id or webhook_name"), ("orders", "is not a UUID"), (f"{ID}/x", "is not a UUID")],
)  # fmt: skip
def test_a_wrong_id_is_refused_before_anything_is_sent(by_id: str, says: str) -> None:
    played = looked(by_id=by_id, name="")
    assert type(played.error) is errors.ReachInputError
    assert says in str(played.error)
    assert played.sent == []


# The limit: 1000, then ten times as many, up to 100,000, and every way it may end
def limits(played: Played[DeliveryReport]) -> list[str]:
    return [call.query["limit"] for call in played.sent[1:]]


@pytest.mark.parametrize(
    ("counts", "complete", "seen"),
    [
        ([0], True, 0),
        ([999], True, 999),
        ([1000, 1001], True, 1001),
        ([1000, 9999], True, 9999),
        ([1000, 1000], False, 1000),  # a cap of the service's own
        ([1500, 1500], False, 1500),
        ([1000, 990], False, 1000),  # fewer than with the smaller limit: no more to be trusted than as many
        ([1000, 10_000, 10_001], True, 10_001),
        ([1000, 10_000, 10_000], False, 10_000),
        ([1000, 10_001, 10_001], False, 10_001),
        ([1000, 5000, 5000], False, 5000),  # a round number is taken for a cap
        ([1000, 5000, 5001], True, 5001),
        ([1000, 10_000, 50_000], False, 50_000),
        ([1000, 10_000, 100_000], False, 100_000),
        ([1000, 10_000, 99_999], True, 99_999),
    ],
)
def test_a_cut_answer_is_asked_for_again(counts: list[int], complete: bool, seen: int) -> None:
    played = looked(listed(ORDERS), *map(rows, counts))
    assert limits(played) == ["1000", "10000", "100000"][: len(counts)]
    assert played.result.complete is complete
    assert played.result.counts["recovered"] == seen
    assert played.result.outcome == ("healthy" if complete else "failed")


@pytest.mark.parametrize("status", [400, 413, 416, 422])
@pytest.mark.parametrize(
    ("answers", "asked", "complete", "seen"),
    [
        ([1000, None, None, None], [1000, 10_000, 5000, 2000], False, 1000),
        ([1000, None, 1400], [1000, 10_000, 5000], True, 1400),
        ([1000, None, None, 2000, None, None, None], [1000, 10_000, 5000, 2000, 20_000, 10_000, 4000], False, 2000),
        ([1000, 10_000, None, None, 11_001], [1000, 10_000, 100_000, 50_000, 20_000], True, 11_001),
        (
            [1000, 10_000, None, None, 20_000, None, 30_001],
            [1000, 10_000, 100_000, 50_000, 20_000, 100_000, 40_000],
            True,
            30_001,
        ),
    ],
)
def test_where_a_larger_limit_is_refused_a_smaller_one_may_do(
    status: int, answers: list[int | None], asked: list[int], complete: bool, seen: int
) -> None:
    replies = [refused(status, "limit too large") if count is None else rows(count) for count in answers]

    played = looked(listed(ORDERS), *replies)

    assert limits(played) == [str(limit) for limit in asked]
    assert (played.result.complete, played.result.counts["recovered"]) == (complete, seen)


def test_a_refusal_of_the_first_limit_is_an_error() -> None:
    assert type(looked(listed(ORDERS), refused(400)).error) is errors.ReachRequestError


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refused(401), errors.ReachAuthError),
        (refused(409), errors.ReachRequestError),
        (refused(302), errors.ReachRequestError),
        (refused(500), errors.ReachServerError),
        (refused(429), errors.ReachRateLimitError),
        (Failure("timeout", ""), errors.ReachTimeoutError),
    ],
)
def test_any_other_error_to_the_larger_limit_is_an_error(reply: Reply, error: type[errors.ReachError]) -> None:
    assert type(looked(listed(ORDERS), rows(1000), forever=reply).error) is error


def test_deleted_while_the_larger_limit_was_asked_for() -> None:
    played = looked(listed(ORDERS), rows(1000), refused(404), listed(), refused(404))
    assert "does not exist" in played.result.headline


def test_all_calls_of_a_look_draw_on_the_same_patience() -> None:
    slow = Failure("timeout", "", seconds=20.0)
    played = looked(slow, listed(ORDERS), slow, slow, budget=60.0)
    assert type(played.error) is errors.ReachTimeoutError
    assert played.requests == [LIST, LIST, f"{STATUS}?limit=1000", f"{STATUS}?limit=1000"]


def test_no_secret_is_in_an_error_of_a_look() -> None:
    for script in (
        [refused(500, "k3y-123")],
        [listed(ORDERS), refused(500, "k3y-123")],
        [listed(ORDERS), refused(404), refused(500, "k3y-123")],
        [listed(ORDERS), rows(1000), refused(500, "k3y-123")],
    ):
        played = looked(*script, budget=0.0, secrets=("k3y-123",))
        assert "HTTP 500: ***" in str(played.error)
        assert "k3y-123" not in str(played.error)
