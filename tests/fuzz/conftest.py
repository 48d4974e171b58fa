"""
How much is tried: ``long`` some fifty thousand examples in all, ``short`` a minute's worth.

One seed, no database: two runs try the same.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# On a busy machine any example may be slow; what is slow by itself has a property of its own.
EASY = {"deadline": None, "database": None, "print_blob": True, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("short", max_examples=100, **EASY)
settings.register_profile("long", max_examples=2_000, **EASY)
settings.load_profile("short")


def pytest_configure(config: pytest.Config) -> None:
    # Of a long value that fails, Hypothesis would tell only that it is long.
    config.addinivalue_line("filterwarnings", "ignore:Generating overly large repr")
