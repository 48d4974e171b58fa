from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from airflow_provider_reach.core.delivery.report import DeliveryReport, NextRetry
from airflow_provider_reach.core.errors import ReachAuthError, ReachConnectionError, ReachError
from airflow_provider_reach.core.watch.events import End, TimedOut
from airflow_provider_reach.core.watch.step import Log, Look, Looks, Reconnect, ending
from tests.unit.core.watch.test_events import DOWN, REPORT
from tests.unit.core.watch.test_watch import NOON, watch

WAIT, FAILED = structs.replace(REPORT, outcome="wait"), structs.replace(REPORT, outcome="failed")
EARLIER = structs.replace(WAIT, headline="earlier")
FINAL = ReachAuthError("refused", operation="list webhooks", status=401)
BEFORE, AT = NOON - timedelta(microseconds=1), NOON


@pytest.mark.parametrize("silent_fail", [False, True])
@pytest.mark.parametrize("now", [BEFORE, AT])
@pytest.mark.parametrize("seen", [REPORT, FAILED, FINAL])
def test_a_verdict_and_a_final_error_end_it_at_any_time(seen: Any, now: datetime, silent_fail: bool) -> None:
    assert ending(watch(deadline=NOON, silent_fail=silent_fail), seen, EARLIER, True, now) is seen


@pytest.mark.parametrize(
    ("silent_fail", "seen", "earlier", "now", "end"),
    [
        (False, WAIT, None, BEFORE, None),
        (False, WAIT, EARLIER, AT, TimedOut("timeout", WAIT)),
        (False, DOWN, EARLIER, BEFORE, DOWN),
        (False, DOWN, EARLIER, AT, TimedOut("timeout", EARLIER)),
        (False, DOWN, None, AT, DOWN),
        (True, DOWN, EARLIER, BEFORE, None),
        (True, DOWN, EARLIER, AT, TimedOut("timeout", EARLIER)),
        (True, DOWN, None, AT, TimedOut("timeout", DOWN)),
    ],
)
def test_what_is_undecided_or_could_not_be_asked_ends_it_at_the_deadline(
    silent_fail: bool, seen: Any, earlier: DeliveryReport | None, now: datetime, end: Any
) -> None:
    assert ending(watch(deadline=NOON, silent_fail=silent_fail), seen, earlier, False, now) == end


@pytest.mark.parametrize(("cut_short", "end"), [(True, None), (False, DOWN)])
def test_a_look_that_the_deadline_cuts_short_is_not_the_last(cut_short: bool, end: Any) -> None:
    assert ending(watch(deadline=NOON), DOWN, EARLIER, cut_short, BEFORE) is end


# What is done for a look


def played(looks: Looks, *results: Any) -> tuple[list[Any], End | None]:
    """What a look wants done, and how the watch ends by it; each result is sent, each error thrown."""
    step, wanted, to_come = looks.look(), [], list(results)
    try:
        action = next(step)
        while True:
            wanted.append(action)
            result = None if isinstance(action, Log) else to_come.pop(0)
            action = step.throw(result) if isinstance(result, ReachError) else step.send(result)
    except StopIteration as done:
        assert not to_come
        return wanted, done.value


def looks(silent_fail: bool = False, now: Callable[[], datetime] = lambda: BEFORE, **how: Any) -> Looks:
    return Looks(watch(webhook_id="", deadline=NOON, silent_fail=silent_fail), now, **how)


def texts(actions: list[Any]) -> list[tuple[str, str]]:
    return [(action.level, action.text) for action in actions if isinstance(action, Log)]


SEEN = structs.replace(WAIT, webhook_id="3f2504e0-4f89-11d3-9a0c-0305e82c3301")


@pytest.mark.parametrize("seen", [REPORT, FAILED])
def test_a_verdict_ends_the_watch_and_needs_nothing_more(seen: DeliveryReport) -> None:
    one = looks()

    assert played(one, seen) == ([Look(one.watch)], seen)


def test_what_is_waited_for_is_told_and_remembered() -> None:
    one = looks()
    first, end = played(one, SEEN)

    assert end is None
    assert texts(first) == [("info", f"Waiting, 0 s left: none undelivered. {SEEN.headline}")]
    assert (one.report, one.last, one.watch.seen_id) == (SEEN, SEEN, SEEN.webhook_id)

    again, end = played(one, SEEN)
    assert (again, end) == ([Look(watch(webhook_id="", deadline=NOON, seen_id=SEEN.webhook_id))], None)


def test_a_retry_that_was_due_before_stays_due() -> None:
    one = looks()
    due = NextRetry(attempts=3, due=NOON, last=NOON - timedelta(hours=1))
    played(one, structs.replace(SEEN, next_retries={"a": due}))

    played(one, structs.replace(SEEN, next_retries={"a": structs.replace(due, due=NOON + timedelta(hours=1))}))

    assert one.report is not None
    assert one.report.next_retries == {"a": due}


@pytest.mark.parametrize("result", [REPORT, SEEN, DOWN, FINAL])
def test_a_refused_key_is_read_again_once_where_the_connection_has_another(result: DeliveryReport | ReachError) -> None:
    one = looks()
    look = Look(one.watch)

    wanted, end = played(one, FINAL, True, result)

    assert wanted[:2] == [look, Reconnect()]
    assert wanted[2] == Log("info", "The key was refused, and the connection has changed: asking as it says now.")
    assert wanted[3] == look
    assert end is (None if result is SEEN else result)


@pytest.mark.parametrize("silent_fail", [False, True])
@pytest.mark.parametrize("found", [False, ReachConnectionError(["it was not found"], "Connection 'reach'")])
def test_a_refused_key_is_final_where_it_is_the_connections_own(found: Any, silent_fail: bool) -> None:
    wanted, end = played(looks(silent_fail), FINAL, found)

    assert [type(action) for action in wanted][:2] == [Look, Reconnect]
    assert texts(wanted) == ([] if end else [("error", f"Not answered, and the watch goes on: {found}")])
    assert end is (FINAL if not found else None if silent_fail else found)


def test_a_failure_is_told_and_remembered_until_there_is_a_report() -> None:
    one = looks(silent_fail=True)

    assert (one.report, one.failure, one.last) == (None, None, None)
    assert texts(played(one, DOWN)[0]) == [("error", f"Not answered, and the watch goes on: {DOWN}")]
    assert (one.report, one.last, one.watch.seen_id) == (None, DOWN, "")
    played(one, SEEN)
    played(one, DOWN)
    assert (one.report, one.failure, one.last) == (SEEN, DOWN, SEEN)


@pytest.mark.parametrize("may_be_cut_short", [False, True])
@pytest.mark.parametrize(("left", "is_near"), [(timedelta(minutes=15), False), (timedelta(minutes=14), True)])
def test_only_a_look_that_the_deadline_cuts_short_may_fail(
    left: timedelta, is_near: bool, may_be_cut_short: bool
) -> None:
    one = looks(now=lambda: NOON - left, may_be_cut_short=may_be_cut_short)

    _, end = played(one, DOWN)

    assert end is (None if is_near and may_be_cut_short else DOWN)


def test_the_time_after_the_look_counts() -> None:
    times = iter([BEFORE, AT])

    _, end = played(looks(now=lambda: next(times), may_be_cut_short=True), SEEN)

    assert end == TimedOut("timeout", SEEN)


def test_a_failure_at_the_deadline_ends_the_watch_with_the_report_before_it() -> None:
    times = iter([BEFORE, AT])
    one = looks(now=lambda: next(times))
    played(one, SEEN)

    assert played(one, DOWN)[1] == TimedOut("timeout", SEEN)
