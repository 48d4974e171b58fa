"""When a batch is tried: the first time at once, then 11 retries over 8 hours."""

from __future__ import annotations

from datetime import timedelta

ATTEMPTS = 12
WINDOW = timedelta(hours=8)

_MINUTES: dict[str, tuple[float, ...]] = {
    # Each gap twice the one before, from a minute to about an hour and a half.
    "doubling": (0, 1, 3, 7, 15, 31, 63, 127, 215, 303, 391, 480),
    # Equal gaps of about 44 minutes.
    "even": tuple(480 * attempt / (ATTEMPTS - 1) for attempt in range(ATTEMPTS)),
    # Nine attempts in the first hour, then one every two to two and a half hours.
    "early": (0, 1, 2, 4, 8, 15, 25, 40, 60, 180, 330, 480),
}


def attempt_offsets(schedule: str) -> tuple[timedelta, ...]:
    """
    When each of the 12 attempts happens.

    :param schedule: a value of ``Switches.retry_schedule``.
    :return: the time of each attempt after the batch's creation; the first is zero, the last 8 hours.
    """
    return tuple(timedelta(minutes=minutes) for minutes in _MINUTES[schedule])
