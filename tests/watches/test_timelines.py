"""
What a careful operator would want: no green while data is lost and untold, no alarm where nothing is wrong.

Every story is played under three retry schedules and looked at in eight ways (a row a batch or an attempt; its time the
creation or the last attempt; kept 24 hours from the creation or from the last change), each by a nightly check at 02:00
that drains and by an hourly one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache

import pytest

from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.hooks import ReachHook
from airflow_provider_reach.sandbox import Sandbox, Switches
from airflow_provider_reach.sandbox.service.model import Batch
from evidence.simulation.play import Moment, Play
from evidence.simulation.service import Service
from tests.watches.timelines import SCHEDULES, STEP, VIEWS, Check, Story, at, check, down, moments

NIGHTLY, HOURLY = DeliveryPolicy(drain=True), DeliveryPolicy()
NIGHTS = ("Tue 02:00", "Wed 02:00", "Thu 02:00")
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Wanted:
    """
    What the nights of Tuesday, Wednesday and Thursday end with.

    :param nights: If the status of a batch is kept for 24 hours from its creation; None: as the batches are.
    :param kept_longer: If it is kept from its last change; None: as the batches are.
    :param told_in: How long the nightly check of Tuesday may take.
    :param quiet: Whether the hourly check never says anything.
    """

    nights: str | None
    kept_longer: str | None = None
    told_in: timedelta = timedelta(hours=9)
    quiet: bool = False


def too_large(created_from: str, created_until: str) -> Story:
    """One batch or a few that the target never takes, while it takes every other."""
    first, last = at(created_from), at(created_until)
    return Story(lambda now, batch: 413 if first < batch.created < last else 200, batches_per_hour=4)


def fails_at_first(now: object, batch: Batch) -> int:
    """Every batch fails; half of them are taken on the first retry, half on the second."""
    return 200 if len(batch.answers) > batch.created.minute // 3 % 2 else 503


def fails_at_first_and_some_for_good(now: object, batch: Batch) -> int:
    return 503 if batch.created.minute >= 57 and batch.created >= at("Tue 00:00") else fails_at_first(now, batch)


STORIES: dict[str, tuple[Story, Wanted]] = {
    "down 20 minutes before the check and back": (
        Story(down("Tue 01:30 - Tue 01:50"), batches_per_hour=6),
        Wanted("healthy healthy healthy", told_in=HOUR, quiet=True),
    ),
    "down as the check begins, and back": (
        Story(down("Tue 01:50 - Tue 02:05"), batches_per_hour=6),
        Wanted("healthy healthy healthy", told_in=HOUR, quiet=True),
    ),
    "busy, down 20 minutes before the check and back": (
        Story(down("Tue 01:30 - Tue 01:50"), batches_per_hour=30),
        Wanted("healthy healthy healthy", told_in=HOUR, quiet=True),
    ),
    "down 6 hours and still down": (
        Story(down("Mon 20:00 - Thu 12:00")),
        Wanted("failed failed failed", told_in=1.5 * HOUR),
    ),
    "down 6 hours and back since 6": (
        Story(down("Mon 14:00 - Mon 20:00")),
        Wanted("healthy healthy healthy", told_in=timedelta(0)),
    ),
    "down 6 hours and back since 1": (Story(down("Mon 19:00 - Tue 01:00")), Wanted(None)),
    "a deploy blip each day": (
        Story(down(*(f"{day} 13:00 - {day} 13:05" for day in ("Mon", "Tue", "Wed"))), batches_per_hour=30),
        Wanted("healthy healthy healthy", told_in=timedelta(0), quiet=True),
    ),
    "a deploy blip during the check": (
        Story(down(*(f"{day} 02:05 - {day} 02:10" for day in ("Tue", "Wed", "Thu"))), batches_per_hour=30),
        Wanted("healthy healthy healthy", told_in=1.5 * HOUR, quiet=True),
    ),
    "quiet, down 22:30 to 10:00": (
        Story(down("Mon 22:30 - Tue 10:00")),
        Wanted("failed healthy healthy", "failed failed healthy", told_in=4 * HOUR),
    ),
    "down 10:00 to 19:00 the day before": (
        Story(down("Mon 10:00 - Mon 19:00")),
        Wanted("failed healthy healthy", told_in=timedelta(0)),
    ),
    "refused connections, then gone, for 24 hours": (
        Story(down("Mon 12:00 - Tue 12:00", status=404)),
        Wanted("failed failed healthy", told_in=timedelta(0)),
    ),
    "a batch too large by day": (
        too_large("Mon 13:00", "Mon 13:10"),
        Wanted("failed healthy healthy", told_in=timedelta(0)),
    ),
    "a batch too large before the check": (
        too_large("Tue 01:00", "Tue 01:10"),
        Wanted("failed healthy healthy", "failed failed healthy", told_in=7 * HOUR),
    ),
    "busy, with fresh failures all night": (
        Story(fails_at_first, batches_per_hour=20),
        Wanted("healthy healthy healthy", told_in=3 * HOUR, quiet=True),
    ),
    "busy, with fresh failures all night and one an hour for good": (
        Story(fails_at_first_and_some_for_good, batches_per_hour=20),
        Wanted("failed failed failed", told_in=7 * HOUR),
    ),
    "deleted": (
        Story(down(), changes={"Tue 00:00": None}),
        Wanted("failed failed failed", told_in=timedelta(0)),
    ),
    "deleted during the check": (
        Story(down("Tue 01:30 - Tue 02:20"), batches_per_hour=6, changes={"Tue 02:10": None}),
        Wanted("failed failed failed", told_in=HOUR),
    ),
    "deactivated by mistake, for half a day": (
        Story(down(), changes={"Tue 00:00": {"active": False}, "Tue 12:00": {"active": True}}),
        Wanted("failed healthy healthy", told_in=timedelta(0)),
    ),
}
TEN_MINUTES = timedelta(minutes=10)


@cache
def played(story: str, schedule: str) -> Play:
    return STORIES[story][0].play(schedule)


def view_id(view: Switches) -> str:
    return f"{view.rows}-{view.ts}-{view.kept_from}"


def nightly(service: Service) -> list[Check]:
    return [check(service, at(night), NIGHTLY, 9 * HOUR) for night in NIGHTS]


def hourly(service: Service, first: str = "Mon 10:00", last: str = "Wed 16:00") -> list[Check]:
    return [check(service, hour, HOURLY, HOURLY.longest_wait) for hour in moments(first, last, HOUR)]


def something_is_wrong(moment: Moment, slack: timedelta = timedelta(0)) -> bool:
    """Whether an alarm is right, by what the service itself knows."""
    if not all(webhook.active for webhook in moment.webhooks) or not moment.webhooks:
        return True
    piled_up = 0
    for batch in moment.batches:
        age, attempts = moment.now - batch.created + slack, len(batch.answers)
        if batch.state == "discarded" and moment.now - batch.answers[-1][0] < 24 * HOUR:
            return True
        if batch.state == "pending":
            if age >= 4 * HOUR or attempts >= 10:
                return True
            piled_up += age >= HOUR or attempts >= 6
    return piled_up > 10


def told(batch: Batch, checks: list[Check], until: timedelta) -> bool:
    """Whether a check failed while the batch was in trouble, or soon after."""
    return any(c.outcome == "failed" and batch.created <= c.ended <= batch.created + until for c in checks)


def lost(play: Play, before: str) -> list[Batch]:
    return [batch for batch in play.batches if batch.state == "discarded" and batch.answers[-1][0] < at(before)]


all_views = pytest.mark.parametrize("view", VIEWS, ids=view_id)
all_schedules = pytest.mark.parametrize("schedule", SCHEDULES)
all_stories = pytest.mark.parametrize("story", STORIES)


@all_views
@all_schedules
@all_stories
def test_the_nightly_check(story: str, schedule: str, view: Switches) -> None:
    play, wanted = played(story, schedule), STORIES[story][1]

    checks = nightly(Service(play, view))

    _assert_right(play, checks)
    nights = wanted.kept_longer or wanted.nights if view.kept_from == "last_change" else wanted.nights
    assert nights is None or " ".join(c.outcome for c in checks) == nights
    assert checks[0].ended - checks[0].begun <= wanted.told_in


@all_views
@all_schedules
@all_stories
def test_the_hourly_check(story: str, schedule: str, view: Switches) -> None:
    play, wanted = played(story, schedule), STORIES[story][1]
    busy = STORIES[story][0].batches_per_hour >= 20

    checks = hourly(Service(play, view), *(("Mon 23:00", "Tue 10:00") if busy else ()))

    for c in checks:
        assert c.outcome != "timeout"
        assert c.outcome == "healthy" or something_is_wrong(play.moment(c.ended)), c
    if wanted.quiet:
        assert {c.outcome for c in checks} == {"healthy"}
    for batch in lost(play, before="Tue 10:00"):
        assert told(batch, checks, 8 * HOUR), batch.created


@all_views
@pytest.mark.parametrize("schedule", ["doubling", "even"])
@pytest.mark.parametrize("off", [TEN_MINUTES, -TEN_MINUTES], ids=["fast", "slow"])
@pytest.mark.parametrize("dated", [True, False], ids=["dated", "no-date"])
@pytest.mark.parametrize(
    "story",
    [
        "down as the check begins, and back",
        "quiet, down 22:30 to 10:00",
        "down 10:00 to 19:00 the day before",
        "a batch too large before the check",
    ],
)
def test_the_service_s_clock_is_ten_minutes_off(
    story: str, dated: bool, off: timedelta, schedule: str, view: Switches
) -> None:
    play = played(story, schedule)

    checks = nightly(Service(play, view, clock_offset=off, dated=dated))

    _assert_right(play, checks, slack=TEN_MINUTES)
    assert [c.outcome for c in checks] == [c.outcome for c in nightly(Service(play, view))]


def _assert_right(play: Play, checks: list[Check], slack: timedelta = timedelta(0)) -> None:
    for number, c in enumerate(checks):
        moment = play.moment(c.ended)
        assert c.outcome != "timeout", c
        if c.outcome == "failed":
            assert something_is_wrong(moment, slack), c
            continue
        before = [batch for batch in moment.batches if batch.created <= c.begun]
        assert "pending" not in {batch.state for batch in before}, c
        for batch in before:
            assert batch.state == "delivered" or told(batch, checks[:number], 24 * HOUR), batch
    for batch in lost(play, before=NIGHTS[2]):
        assert told(batch, checks, 24 * HOUR + 3 * STEP), batch.created


@all_views
@all_schedules
def test_checks_twice_a_day_may_begin_late(schedule: str, view: Switches) -> None:
    """Once a day they may not: what fails just after a first look is out of sight at a later one of the next day."""
    play = too_large("Tue 02:00", "Tue 02:10").play(schedule)
    service = Service(play, view)

    checks = [check(service, at(begun), NIGHTLY, 9 * HOUR) for begun in ("Tue 02:00", "Tue 14:50", "Wed 02:50")]

    [batch] = lost(play, before="Tue 12:00")
    assert told(batch, checks, 13 * HOUR)


@all_schedules
@all_stories
def test_rows_of_attempts_tell_the_creation_too(story: str, schedule: str) -> None:
    play = played(story, schedule)

    by_creation, by_attempt = (
        nightly(Service(play, Switches(rows=rows, ts=ts)))  # type: ignore[arg-type]
        for rows, ts in (("batch", "creation"), ("attempt", "last_attempt"))
    )

    assert [(c.outcome, c.ended) for c in by_creation] == [(c.outcome, c.ended) for c in by_attempt]


@pytest.mark.parametrize("schedule", ["doubling", "early"])
def test_who_comes_back_just_before_the_check_is_said_to_be_back(schedule: str) -> None:
    service = Service(played("down 6 hours and back since 1", schedule), VIEWS[0])

    first, *_ = nightly(service)

    assert first.outcome == "failed"
    assert first.report.target_answers is True
    assert "\nThe target is answering again.\n" in str(first.report)
    assert "  - What is in flight will be sent at its next retry, now that the target answers" in str(first.report)


@all_views
def test_a_check_that_was_told_of_a_loss_is_green_again(view: Switches) -> None:
    service = Service(played("down 10:00 to 19:00 the day before", "doubling"), view)
    policy = DeliveryPolicy(drain=True, ignore_lost_before=at("Tue 04:00"), max_at_risk=2)

    report = check(service, at("Tue 05:00"), policy, 9 * HOUR).report

    assert report.outcome == "healthy"
    assert report.counts["lost_before"] == 2


@all_views
def test_over_real_sockets_it_is_the_same(view: Switches, monkeypatch: pytest.MonkeyPatch) -> None:
    story, off = "quiet, down 22:30 to 10:00", TEN_MINUTES
    remembered = Service(played(story, view.retry_schedule), view, clock_offset=off)
    start = at("Mon 12:00") + timedelta(seconds=20)
    with Sandbox(switches=view, start=start, clock_offset=off, target_timeout=5) as reach:
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
        webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
        reach.traffic(webhook_id, 2, events_per_batch=1)
        reach.advance_to(at("Mon 22:30"))
        reach.target("orders").answer(503)
        hook = ReachHook()
        for now in moments("Tue 02:00", "Tue 04:20", STEP):
            reach.advance_to(now)
            elapsed = now - at("Tue 02:00")
            report = hook.check_delivery(webhook_id, NIGHTLY, watched_from=datetime.now(timezone.utc) - elapsed)
            same = remembered.look(now, NIGHTLY, at("Tue 02:00"))
            assert (report.outcome, report.counts, report.looked_at, report.first_discard_at) == (
                same.outcome,
                same.counts,
                same.looked_at,
                same.first_discard_at,
            )
    assert report.outcome == "failed"
