from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE, TESTS = ROOT / "airflow_provider_reach", ROOT / "tests" / "unit"

OF_SEVERAL_MODULES = {
    "test_public_paths.py": "the package: what people and the database of Airflow rely on",
    "test_layers.py": "the package: which module may import which",
    "test_mirror.py": "the tests themselves",
    "test_init.py": "the package's public names, which __init__.py exports",
    "test_rendered_values.py": "arguments of operators, the sensor, the connection and the command line",
    "client/test_both_clients.py": "sync.py and aio.py: what holds for either client",
    "client/test_together.py": "sync.py and aio.py: several webhooks at the same time, by either client",
    "client/test_transports.py": "requests_transport.py and aiohttp_transport.py: what holds for either of them",
    "core/test_purity.py": "core: what none of its modules may import or call",
}


def test_each_file_of_tests_has_the_module_that_it_tests() -> None:
    files = [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")]
    without = {path.as_posix() for path in files if not (PACKAGE / path.parent / path.name[5:]).is_file()}

    assert without == set(OF_SEVERAL_MODULES)
