from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import airflow_provider_reach

PROGRAM = """
import sys
import airflow_provider_reach
import airflow_provider_reach.connection
from airflow_provider_reach.get_provider_info import get_provider_info
get_provider_info()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_every_public_name_is_there() -> None:
    for name in airflow_provider_reach.__all__:
        assert getattr(airflow_provider_reach, name)
    assert set(airflow_provider_reach.__all__) <= set(dir(airflow_provider_reach))


def test_what_the_hook_is_given_is_exported() -> None:
    from airflow_provider_reach.core import models, spec

    assert airflow_provider_reach.WebhookSpec is spec.WebhookSpec
    assert airflow_provider_reach.WebhookChanges is spec.WebhookChanges
    assert airflow_provider_reach.EventType is models.EventType
    assert {"WebhookSpec", "WebhookChanges", "EventType"} <= set(airflow_provider_reach.__all__)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'airflow_provider_reach' has no attribute 'ReachHok'"):
        _ = airflow_provider_reach.ReachHok


def test_the_version_is_the_distributions() -> None:
    assert airflow_provider_reach.__version__ == version("airflow-provider-reach")


def test_what_airflow_reads_at_its_start_imports_next_to_nothing() -> None:
    loaded = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True).stdout.split()

    assert "airflow_provider_reach" in loaded
    assert not {"airflow", "requests", "msgspec", "pendulum", "aiohttp", "wtforms"} & set(loaded)
