from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.api.models import BatchRow, Gone, Webhook
from airflow_provider_reach.core.delivery.assess import assess, assess_batches
from airflow_provider_reach.core.delivery.batches import batches_of
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.target import advice
from tests.unit.core.helpers import HOUR, ID, MINUTE, NOW, bounded, delivered, failed, several

SECOND = timedelta(seconds=1)
DEFAULT = DeliveryPolicy()
TOLERANT = DeliveryPolicy(max_undelivered=1000, max_at_risk=1000, max_lost=1000)
ACTIVE = Webhook(id=ID, name="orders", active=True)


def look(
    rows: list[BatchRow], policy: DeliveryPolicy = DEFAULT, watched_for: timedelta | None = None, **given_: Any
) -> DeliveryReport:
    """One look, ``watched_for`` after the first."""
    since = None if watched_for is None else NOW - watched_for
    return assess(rows, NOW, policy, **{"webhook": ACTIVE, "watched_from": since, **given_})


# design.md, "The policy": every parameter on both sides of its limit
EARLY, RIPE, RISKY, LOST = 10 * MINUTE, 2 * HOUR, 5 * HOUR, 9 * HOUR
LIMITS: list[tuple[list[BatchRow], dict[str, Any], str]] = [
    ([], {}, "healthy"),
    (several(10, RIPE), {}, "healthy"),
    (several(11, RIPE), {}, "failed"),
    (several(11, RIPE), {"max_undelivered": 11}, "healthy"),
    (several(1, RIPE), {"max_undelivered": 0}, "failed"),
    (several(10, EARLY), {}, "healthy"),
    (several(11, EARLY), {}, "wait"),
    (several(10, RIPE) + several(1, EARLY), {}, "wait"),
    (several(9, RIPE) + several(1, EARLY), {}, "healthy"),
    (several(11, HOUR - SECOND), {}, "wait"),
    (several(11, HOUR), {}, "failed"),
    (several(11, EARLY), {"min_age": EARLY}, "failed"),
    (several(11, RIPE), {"min_age": RIPE + SECOND}, "wait"),
    (several(11, EARLY, attempts=5), {}, "wait"),
    (several(11, EARLY, attempts=6), {}, "failed"),
    (several(11, EARLY, attempts=None), {}, "wait"),
    (several(11, EARLY, attempts=2), {"min_attempts": 2}, "failed"),
    (several(11, EARLY, attempts=2), {"min_attempts": 3}, "wait"),
    (several(1, RISKY), {}, "failed"),
    (several(1, RISKY), {"max_at_risk": 1}, "healthy"),
    (several(2, RISKY), {"max_at_risk": 1}, "failed"),
    (several(1, RISKY) + several(1, EARLY), {"max_at_risk": 1, "max_undelivered": 1}, "wait"),
    (several(11, RISKY), {"max_at_risk": 11}, "failed"),
    (several(1, RISKY), {"at_risk_after": RISKY + SECOND}, "healthy"),
    (several(1, RIPE), {"at_risk_after": RIPE}, "failed"),
    (several(1, LOST), {}, "failed"),
    (several(1, LOST), {"max_lost": 1}, "healthy"),
    (several(2, LOST), {"max_lost": 1}, "failed"),
    (several(1, LOST), {"retry_window": 9 * HOUR}, "failed"),
    (several(1, LOST), {"retry_window": 9 * HOUR, "max_at_risk": 1}, "healthy"),
    (several(1, EARLY, attempts=3), {"max_attempts": 5}, "failed"),
    (several(1, EARLY, attempts=3), {"max_attempts": 6}, "healthy"),
    (several(1, EARLY, attempts=None), {"max_attempts": 2}, "healthy"),
    ([failed(age=None)], {}, "failed"),
    ([failed(age=None)], {"max_at_risk": 1}, "healthy"),
]


@pytest.mark.parametrize(("rows", "values", "outcome"), LIMITS)
def test_every_limit_on_both_its_sides(rows: list[BatchRow], values: dict[str, Any], outcome: str) -> None:
    assert look(rows, DeliveryPolicy(**values)).outcome == outcome


@pytest.mark.parametrize(
    ("before", "outcome", "counted"),
    [
        (NOW, "healthy", "lost_before"),
        (NOW - HOUR + 15 * MINUTE + SECOND, "healthy", "lost_before"),
        (NOW - HOUR + 15 * MINUTE, "failed", "lost"),
        (NOW - 5 * HOUR, "failed", "lost"),
    ],
)
def test_a_loss_that_was_told_before_does_not_fail_again(before: datetime, outcome: str, counted: str) -> None:
    report = look([failed(age=9 * HOUR)], DeliveryPolicy(ignore_lost_before=before))
    assert (report.outcome, report.counts[counted]) == (outcome, 1)
    assert report.counts["lost"] + report.counts["lost_before"] == 1
    assert report.lost_from == report.lost_until == NOW - 9 * HOUR


@pytest.mark.parametrize(("ahead", "counted"), [(15 * MINUTE, "lost_before"), (15 * MINUTE + SECOND, "lost")])
def test_a_time_told_by_a_clock_that_was_wrong_hides_no_loss(ahead: timedelta, counted: str) -> None:
    report = look([failed(age=9 * HOUR)], DeliveryPolicy(ignore_lost_before=NOW + ahead))
    assert report.counts[counted] == 1


def test_what_was_told_before_hides_no_new_loss_and_nothing_at_risk() -> None:
    policy = DeliveryPolicy(ignore_lost_before=NOW - HOUR)
    assert look(several(5, 20 * HOUR), policy).outcome == "healthy"
    assert look(several(5, 20 * HOUR) + several(1, 8 * HOUR + 20 * MINUTE), policy).outcome == "failed"
    assert look(several(5, 20 * HOUR) + several(1, RISKY), policy).outcome == "failed"


def test_an_inactive_webhook_fails_unless_allowed() -> None:
    inactive = Webhook(id=ID, active=False)
    report = look([], webhook=inactive)
    assert (report.outcome, report.advice) == ("failed", [advice.REACTIVATE])
    allowed = look([], DeliveryPolicy(allow_inactive=True), webhook=inactive)
    assert (allowed.outcome, allowed.advice) == ("healthy", [])
    assert "inactive" in allowed.headline
    assert look([], webhook=Webhook(id=ID, active=None)).outcome == "healthy"
    assert look(several(1, LOST), DeliveryPolicy(allow_inactive=True), webhook=inactive).outcome == "failed"


def test_that_no_delivery_is_known_is_said_only_where_it_was_asked_for() -> None:
    assert "no delivery is known" in look([]).headline
    assert "no delivery is known" not in look([], times_known=False).headline


def test_a_deleted_webhook_always_fails() -> None:
    report = look([], DeliveryPolicy(allow_inactive=True, on_cut="warn"), webhook=Gone(id=ID, name="orders"))
    assert (report.outcome, report.advice) == ("failed", [advice.RECREATE])
    assert (report.webhook_id, report.webhook_name) == (ID, "orders")


def test_a_cut_answer_never_proves_health() -> None:
    report = look([], complete=False)
    assert (report.outcome, report.complete, report.advice) == ("failed", False, [advice.LARGER_LIMIT])
    warned = look([], DeliveryPolicy(on_cut="warn"), complete=False)
    assert (warned.outcome, warned.complete) == ("healthy", False)
    assert "cut by its limit" in warned.headline
    assert look(several(1, LOST), DeliveryPolicy(on_cut="warn"), complete=False).outcome == "failed"
    assert look(several(11, EARLY), DeliveryPolicy(on_cut="warn"), complete=False).outcome == "wait"


# drain: until every batch of the first look or earlier is decided
DRAIN = DeliveryPolicy(drain=True)


@pytest.mark.parametrize(
    ("rows", "watched_for", "outcome"),
    [
        ([], None, "healthy"),
        ([], HOUR, "healthy"),
        ([delivered()], HOUR, "healthy"),
        ([failed(age=MINUTE)], None, "wait"),
        ([failed(age=3 * HOUR)], 2 * HOUR, "wait"),
        ([failed(age=3 * HOUR)], 3 * HOUR, "wait"),
        ([failed(age=3 * HOUR)], 3 * HOUR + 15 * MINUTE, "wait"),
        ([failed(age=3 * HOUR)], 3 * HOUR + 15 * MINUTE + SECOND, "healthy"),
        ([failed(age=5 * HOUR)], 5 * HOUR, "failed"),
        ([failed(age=9 * HOUR)], None, "failed"),
        (several(11, RIPE), None, "failed"),
        (several(50, MINUTE), 3 * HOUR, "healthy"),
    ],
)
def test_drain_waits_for_what_was_in_flight_at_the_first_look(
    rows: list[BatchRow], watched_for: timedelta | None, outcome: str
) -> None:
    assert look(rows, DRAIN, watched_for).outcome == outcome


def test_drain_waits_for_what_is_at_risk_where_that_is_allowed() -> None:
    policy = DeliveryPolicy(drain=True, max_at_risk=5)
    assert look([failed(age=7 * HOUR)], policy, 3 * HOUR).outcome == "wait"
    assert look([failed(age=None)], policy, 3 * HOUR).outcome == "wait"
    assert look([failed(age=HOUR), failed(age=None)], policy, 3 * HOUR).outcome == "wait"


def test_what_came_after_the_first_look_may_fail_but_never_prolongs() -> None:
    fresh = several(50, EARLY)
    assert look(fresh, watched_for=30 * MINUTE).outcome == "healthy"
    assert look(fresh, watched_for=EARLY).outcome == "wait"
    assert look(several(50, EARLY, attempts=6), watched_for=30 * MINUTE).outcome == "failed"
    assert look(several(50, RIPE), watched_for=10 * HOUR).outcome == "failed"


def test_ripe_batches_of_later_do_not_prolong_either() -> None:
    policy = DeliveryPolicy(max_undelivered=2, min_attempts=1)
    early = [failed("early", 50 * MINUTE, attempts=0)]
    later = several(2, MINUTE, attempts=1)
    assert look(early, policy, 45 * MINUTE).outcome == "healthy"
    assert look(early + later, policy, 45 * MINUTE).outcome == "healthy"
    assert look(early + later, policy, MINUTE).outcome == "wait"


def test_early_batches_of_later_do_not_prolong_either() -> None:
    policy = DeliveryPolicy(max_undelivered=2)
    first, later = several(2, 50 * MINUTE, attempts=1), several(1, MINUTE, attempts=1)
    assert look(first + later, policy, 45 * MINUTE).outcome == "healthy"
    assert look(first + later, policy, MINUTE).outcome == "wait"


# ts may be that of the last attempt: the more attempts, the older the batch may be
@pytest.mark.parametrize(
    ("attempts", "outcome"), [(0, "healthy"), (1, "healthy"), (4, "healthy"), (5, "wait"), (9, "wait"), (None, "wait")]
)
def test_a_time_that_may_be_of_the_last_attempt(attempts: int | None, outcome: str) -> None:
    part = 8 * HOUR / 11
    just_before = 4 * part + 15 * MINUTE - SECOND
    assert look([failed(age=timedelta(0), attempts=attempts)], DRAIN, just_before).outcome == outcome


def test_how_much_older_a_batch_may_be_is_bounded_by_its_attempts() -> None:
    four_parts = 4 * (8 * HOUR / 11) + 15 * MINUTE
    fifth = [failed(age=timedelta(0), attempts=5)]
    assert look(fifth, DRAIN, four_parts).outcome == "wait"
    assert look(fifth, DRAIN, four_parts + SECOND).outcome == "healthy"


@pytest.mark.parametrize(
    ("rows", "policy", "longest"),
    [
        (several(11, timedelta(0), attempts=None), DEFAULT, HOUR + 15 * MINUTE),
        ([failed(age=None)], DeliveryPolicy(drain=True, max_at_risk=1), 8 * HOUR + 30 * MINUTE),
    ],
)
def test_a_wait_ends_at_the_longest_wait(rows: list[BatchRow], policy: DeliveryPolicy, longest: timedelta) -> None:
    assert look(rows, policy, longest - SECOND).outcome == "wait"
    assert look(rows, policy, longest).outcome == "healthy"


def test_without_a_first_look_this_is_it() -> None:
    assert look(several(11, EARLY)).outcome == look(several(11, EARLY), watched_for=timedelta(0)).outcome == "wait"


@pytest.mark.parametrize(
    "moved",
    [
        NOW.replace(tzinfo=None),
        NOW.astimezone(timezone(timedelta(hours=-8))),
        pendulum.instance(NOW),
        pendulum.instance(NOW).in_timezone("Asia/Tokyo"),
    ],
)
def test_times_may_be_given_in_any_zone_and_naive_is_utc(moved: datetime) -> None:
    rows = several(11, EARLY)
    same = assess(rows, moved, DEFAULT, watched_from=moved)
    assert same == assess(rows, NOW, DEFAULT, watched_from=NOW)
    assert same.to_dict()["looked_at"] == "2026-01-31T02:00:00Z"


def test_ages_are_of_the_services_clock_though_this_machines_differs() -> None:
    ahead = NOW + 10 * MINUTE
    rows = [BatchRow(batch_id="b", ts=ahead - MINUTE, attempts=1, response_code="503")]
    report = assess(rows, NOW, DEFAULT, webhook=ACTIVE)
    assert (report.outcome, report.counts["retrying"], report.oldest_seconds) == ("healthy", 1, 0.0)


def test_the_report_of_a_bad_night() -> None:
    rows = [
        failed("lost-1", 10 * HOUR, batch_size=100, response_code=None, failure_code=None),
        failed("lost-2", 9 * HOUR, batch_size=50),
        failed("risky", 5 * HOUR, batch_size=None, attempts=7),
        failed("early", 10 * MINUTE, batch_size=5),
        delivered("fine"),
    ]
    report = look(rows)
    assert report.outcome == "failed"
    assert report.counts == {
        "lost": 2,
        "at_risk": 1,
        "unknown_age": 0,
        "retrying": 1,
        "recovered": 1,
        "lost_before": 0,
    }
    assert (report.undelivered, report.events, report.events_at_least) == (2, 155, True)
    assert report.oldest_seconds == 5 * 3600
    assert report.first_discard_at == NOW + 3 * HOUR
    assert (report.lost_from, report.lost_until) == (NOW - 10 * HOUR, NOW - 9 * HOUR)
    assert report.responses == {"503": 3, "no response": 1}
    assert report.batch_ids == ["lost-1", "lost-2", "risky", "early"]
    assert report.advice[0] == advice.REPLAY
    assert len(report.advice) == 3
    assert (report.webhook_id, report.webhook_name, report.looked_at, report.complete) == (ID, "orders", NOW, True)
    assert report.target_answers is None


def test_nothing_known_is_none() -> None:
    report = look([], webhook=None)
    assert (report.events, report.oldest_seconds, report.first_discard_at) == (None, None, None)
    assert (report.lost_from, report.lost_until, report.target_answers) == (None, None, None)
    assert (report.responses, report.batch_ids, report.advice, report.webhook_id) == ({}, [], [], "")


def test_events_are_at_least_that_many_where_a_size_is_missing_or_the_answer_cut() -> None:
    assert look([failed(batch_size=5)]).events_at_least is False
    assert look([failed(batch_size=5)], complete=False).events_at_least is True
    assert look([failed("a", batch_size=5), failed("b")]).events_at_least is True


def test_the_most_frequent_answers_come_first_and_only_so_many() -> None:
    rows = [failed(f"{code}-{n}", response_code=code) for code in range(401, 413) for n in range(1 + (code == 412))]
    for given_ in (rows, list(reversed(rows))):
        assert look(given_).responses == {"412": 2, **{str(code): 1 for code in range(401, 408)}}


def test_a_few_ids_are_enough_the_oldest_first() -> None:
    rows = [failed(f"b{hours}", hours * HOUR) for hours in range(1, 8)]
    assert look(rows).batch_ids == ["b7", "b6", "b5", "b4", "b3"]


def test_a_batch_of_unknown_age_counts_as_new_among_the_oldest_ids() -> None:
    older = [failed(f"b{hours}", hours * HOUR) for hours in range(1, 5)]
    new = [failed(batch_id, timedelta(0)) for batch_id in ("x", "y")]
    assert look([failed("a", None), *older, *new]).batch_ids == ["b4", "b3", "b2", "b1", "a"]
    assert look([failed("z", None), *older, *new]).batch_ids == ["b4", "b3", "b2", "b1", "x"]


def test_rows_that_are_grouped_already_are_judged_alike() -> None:
    for rows in ([], several(11, EARLY), several(1, LOST)):
        grouped = batches_of(rows, NOW, DEFAULT.delivered_by)
        assert assess_batches(grouped, NOW, DEFAULT, webhook=ACTIVE) == assess(rows, NOW, DEFAULT, webhook=ACTIVE)


def test_what_names_the_webhook_is_cut() -> None:
    report = look([], webhook=Webhook(id="i" * 100, name="n" * 300))
    assert (report.webhook_id, report.webhook_name) == ("i" * 63 + "…", "n" * 199 + "…")
    report = look([], webhook=None)
    assert (report.webhook_id, report.webhook_name) == ("", "")


def test_ids_that_cannot_be_shown_are_left_out() -> None:
    assert look([failed("\x00\x01"), failed(None), failed("a\nb" + "c" * 100)]).batch_ids == ["a b" + "c" * 60 + "…"]


@pytest.mark.parametrize(
    ("last_successful", "last_failure", "answers"),
    [
        (None, None, None),
        (None, NOW, None),
        (NOW, None, True),
        (NOW, NOW - MINUTE, True),
        (NOW - MINUTE, NOW, False),
        (NOW, NOW, False),
        (NOW - 3 * HOUR, None, False),
    ],
)
def test_whether_the_target_is_answering_again(
    last_successful: datetime | None, last_failure: datetime | None, answers: bool | None
) -> None:
    webhook = Webhook(id=ID, active=True, last_successful=last_successful, last_failure=last_failure)
    rows = [failed("old", 5 * HOUR), failed("new", HOUR), failed("new", 2 * HOUR)]
    report = look(rows, webhook=webhook)
    assert report.target_answers is answers
    assert report.outcome == look(rows).outcome == "failed"
    assert (advice.IS_BACK in report.advice) is (answers is True)
    assert any("raw batch" in sentence for sentence in report.advice) is (answers is not True)


def test_no_retry_is_promised_to_batches_that_had_their_last_attempt() -> None:
    back = Webhook(id=ID, active=True, last_successful=NOW)
    spent, retried = failed("spent", attempts=12), failed("retried", attempts=11)
    assert look([spent], webhook=back).advice == [advice.REPLAY]
    assert look([spent, retried], webhook=back).advice == [advice.IS_BACK, advice.REPLAY]
    lost = failed("lost", 9 * HOUR, attempts=12)
    assert look([spent, lost], webhook=back).advice == [advice.REPLAY]  # said once, though both need it


def test_whether_a_target_answers_is_not_known_without_a_failure() -> None:
    webhook = Webhook(id=ID, active=True, last_successful=NOW)
    assert look([], webhook=webhook).target_answers is None
    assert look([failed(age=None)], webhook=webhook).target_answers is None


def test_a_healthy_look_gives_no_advice() -> None:
    assert look(several(3, RIPE)).advice == []
    assert look(several(11, EARLY)).advice != []


# Properties: any rows, under any policy
durations = st.timedeltas(timedelta(0), timedelta(hours=12))
texts = st.none() | st.text(max_size=200)
codes = (
    st.none()
    | st.sampled_from(["200", "503", "", "0", 200, 0, "timeout"])
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
)
instants = (
    st.timedeltas(timedelta(hours=-26), timedelta(hours=2)).map(lambda ahead: NOW + ahead)
    | st.none()
    | st.datetimes(timezones=st.none() | st.just(timezone.utc))
)
sizes = st.none() | st.integers(-5, 20) | st.integers()
any_row = st.builds(
    BatchRow,
    batch_id=st.sampled_from(["a", "b", "c", "d"]) | texts,
    ts=instants,
    attempts=sizes,
    response_code=codes,
    failure_code=codes,
    latency=st.none() | st.integers() | st.floats(),
    batch_size=sizes,
)
any_webhook = (
    st.none()
    | st.builds(Gone, id=st.text(max_size=200), name=st.text(max_size=200))
    | st.builds(
        Webhook,
        id=st.text(max_size=200),
        name=st.text(max_size=300),
        active=st.sampled_from([None, False, True]),
        last_successful=st.sampled_from([None, NOW, NOW - 6 * HOUR]),
        last_failure=st.sampled_from([None, NOW, NOW - 6 * HOUR]),
    )
)


@st.composite
def policies(draw: st.DrawFn, *, most_counted: int = 6, **fixed: Any) -> DeliveryPolicy:
    counts = st.integers(0, most_counted)
    min_age, more, most = sorted(draw(st.tuples(durations, durations, durations)))
    return DeliveryPolicy(
        **{
            "delivered_by": draw(st.sampled_from(["200", "2xx"])),
            "max_undelivered": draw(counts),
            "min_age": min_age,
            "min_attempts": draw(st.integers(0, 14)),
            "max_at_risk": draw(counts),
            "at_risk_after": more + SECOND,
            "max_lost": draw(counts),
            "ignore_lost_before": draw(st.none() | st.sampled_from([NOW, NOW - 5 * HOUR])),
            "max_silence": draw(st.none() | st.timedeltas(SECOND, 9 * HOUR)),
            "drain": draw(st.booleans()),
            "allow_inactive": draw(st.booleans()),
            "on_cut": draw(st.sampled_from(["fail", "warn"])),
            "retry_window": most + SECOND,
            "max_attempts": draw(st.integers(2, 14)),
            **fixed,
        }
    )


any_rows = st.lists(any_row, max_size=8)
any_policy = policies()
since = st.none() | st.timedeltas(timedelta(0), timedelta(hours=10)).map(lambda ago: NOW - ago)
failing_row = st.builds(
    failed,
    st.sampled_from(["a", "b", "c"]) | st.none(),
    st.none() | st.timedeltas(timedelta(hours=-1), timedelta(hours=26)),
    attempts=st.none() | st.integers(0, 13),
)


@bounded
@given(any_rows, any_policy, any_webhook, since, st.booleans())
def test_any_rows_make_a_plain_bounded_report(
    rows: list[BatchRow],
    policy: DeliveryPolicy,
    webhook: Webhook | Gone | None,
    watched_from: datetime | None,
    complete: bool,
) -> None:
    report = assess(rows, NOW, policy, watched_from=watched_from, webhook=webhook, complete=complete)
    plain = report.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert len(json.dumps(plain)) < 10_000
    assert len(str(report)) < 6_000
    assert all(line.isprintable() for line in str(report).split("\n"))
    assert report.headline == str(report).split("\n")[0]
    assert len(report.headline) < 800


@bounded
@given(st.lists(failing_row, max_size=60), any_policy, any_webhook)
def test_many_rows_make_no_longer_report(
    rows: list[BatchRow], policy: DeliveryPolicy, webhook: Webhook | Gone | None
) -> None:
    report = assess(rows, NOW, policy, webhook=webhook)
    assert len(str(report)) < 6_000
    assert len(report.batch_ids) <= 5
    assert sum(report.responses.values()) <= report.undelivered + report.counts["lost"]


@bounded
@given(any_rows, any_policy, any_webhook, since, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_anything(
    rows: list[BatchRow],
    policy: DeliveryPolicy,
    webhook: Webhook | Gone | None,
    watched_from: datetime | None,
    random: Any,
) -> None:
    shuffled = rows + rows[: random.randint(0, len(rows))]
    random.shuffle(shuffled)
    first, second = (
        assess(given_, NOW, policy, watched_from=watched_from, webhook=webhook).to_dict() for given_ in (rows, shuffled)
    )
    assert second == first
    assert list(second["responses"]) == list(first["responses"])


@bounded
@given(any_rows, st.lists(failing_row, max_size=8), policies(most_counted=2), since)
def test_more_failed_batches_never_turn_failed_into_better(
    rows: list[BatchRow], more: list[BatchRow], policy: DeliveryPolicy, watched_from: datetime | None
) -> None:
    fresh = [failed(f"fresh-{n}", row.ts and NOW - row.ts, attempts=row.attempts) for n, row in enumerate(more)]
    if assess(rows, NOW, policy, watched_from=watched_from).outcome == "failed":
        assert assess(rows + fresh, NOW, policy, watched_from=watched_from).outcome == "failed"


# More rows of the *same* batch may tell that it is lost rather than at risk, or lost before it was told: with
# max_lost above max_at_risk, or with ignore_lost_before, that is rightly a milder verdict.
@bounded
@given(any_rows, st.lists(failing_row, max_size=8), policies(most_counted=2, max_lost=0, ignore_lost_before=None))
def test_more_failures_of_any_batch_never_turn_failed_into_better(
    rows: list[BatchRow], more: list[BatchRow], policy: DeliveryPolicy
) -> None:
    if assess(rows, NOW, policy).outcome == "failed":
        assert assess(rows + more, NOW, policy).outcome == "failed"


@bounded
@given(any_rows, any_policy, st.integers(0, 30), st.timedeltas(16 * MINUTE, 8 * HOUR))
def test_later_batches_never_prolong(
    rows: list[BatchRow], policy: DeliveryPolicy, number: int, watched_for: timedelta
) -> None:
    later = several(number, watched_for - 15 * MINUTE - SECOND, attempts=1)
    if look(rows, policy, watched_for).outcome != "wait":
        assert look(rows + later, policy, watched_for).outcome != "wait"


@bounded
@given(any_rows, any_policy, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_every_wait_ends(rows: list[BatchRow], policy: DeliveryPolicy, more: timedelta) -> None:
    assert look(rows, policy, policy.longest_wait + more).outcome != "wait"


@bounded
@given(any_rows, any_policy)
def test_every_batch_is_in_exactly_one_state(rows: list[BatchRow], policy: DeliveryPolicy) -> None:
    counts = look(rows, policy).counts
    unknown_age = counts.pop("unknown_age")
    assert sum(counts.values()) == len({row.batch_id or row for row in rows})
    assert unknown_age <= counts["at_risk"]
