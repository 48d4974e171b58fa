from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from airflow_provider_reach.sandbox.service.schedule import ATTEMPTS, WINDOW, attempt_offsets

SCHEDULES = ["doubling", "even", "early"]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_twelve_attempts_over_eight_hours_with_gaps_that_never_shrink(schedule: str) -> None:
    offsets = attempt_offsets(schedule)
    gaps = [later - earlier for earlier, later in pairwise(offsets)]
    assert len(offsets) == ATTEMPTS == 12
    assert offsets[0] == timedelta(0)
    assert offsets[-1] == WINDOW == timedelta(hours=8)
    # Equal gaps of a part of a minute are rounded to microseconds.
    assert all(later >= earlier - timedelta(microseconds=1) for earlier, later in pairwise(gaps))
    assert min(gaps) > timedelta(0)


def test_the_schedules_differ_as_their_names_say() -> None:
    in_the_first_hour = {
        schedule: sum(offset <= timedelta(hours=1) for offset in attempt_offsets(schedule)) for schedule in SCHEDULES
    }
    assert in_the_first_hour == {"doubling": 6, "even": 2, "early": 9}
