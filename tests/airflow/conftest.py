from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest

from scripts.health_check import set_up
from tests.airflow.real_airflow import RealAirflow


@pytest.fixture(scope="session")
def homes() -> Iterator[Path]:
    """Where this process keeps its Airflow homes, until its end; Airflow wants no ``%`` in their name."""
    with TemporaryDirectory(prefix="reach-tests-") as homes:
        yield Path(homes)


@pytest.fixture(scope="session")
def migrated(homes: Path) -> Path:
    """A database as Airflow makes it, to be copied."""
    home = homes / "migrated"
    home.mkdir()
    airflow = RealAirflow(home)
    airflow.migrate()
    return airflow.database


@pytest.fixture
def airflow(homes: Path, migrated: Path, request: pytest.FixtureRequest) -> RealAirflow:
    """An Airflow in which nothing happened yet."""
    home = Path(mkdtemp(prefix=f"{request.node.name[:40]}-", dir=homes))
    shutil.copy(migrated, home)
    set_up(home)
    return RealAirflow(home)
