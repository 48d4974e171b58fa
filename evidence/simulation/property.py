"""A property-based trial: of all lives, find the smallest one that breaks a rule."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.simulation.checks import HOURLY, TOLD_ONCE, TWICE_A_DAY, TWO_HOURLY
from evidence.simulation.life import make_life
from evidence.simulation.service import Service
from evidence.simulation.trials import ANSWERS, RETRY_SCHEDULES, VIEWS, Answers, broken, played, view_of
from evidence.simulation.truth import score


def lives_hold(examples: int) -> None:
    """
    Try lives that are made to break a rule, always the same ones.

    :param examples: How many.
    :raises AssertionError: with the smallest life that breaks one.
    """

    @given(
        st.randoms(use_true_random=False),
        st.sampled_from(RETRY_SCHEDULES),
        st.integers(0, len(VIEWS) - 1),
        st.sampled_from(ANSWERS),
    )
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def holds(random: Random, retry_schedule: str, view: int, delivered_by: Answers) -> None:
        life = make_life(random, days=4)
        shown = replace(view_of(retry_schedule, view, 0), delivered_by=delivered_by)
        service = Service(played(life, retry_schedule, delivered_by), shown, life.clock_offset, life.dated)
        for usual in (HOURLY, TOLD_ONCE, TWO_HOURLY, TWICE_A_DAY):
            schedule = replace(usual, policy=replace(usual.policy, delivered_by=delivered_by))
            found = broken(schedule, score(life, service, schedule))
            assert not found, f"{found[0]}\n{life}\n{service.view}"

    holds()
