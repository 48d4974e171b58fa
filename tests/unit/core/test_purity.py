from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import airflow_provider_reach.core

CORE = Path(airflow_provider_reach.core.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(CORE).with_suffix("").parts) for path in CORE.rglob("*.py") if path.stem != "__init__"
)


def test_core_loads_neither_airflow_nor_an_http_library() -> None:
    imports = "; ".join(f"import airflow_provider_reach.core.{name}" for name in MODULES)
    heavy = {"airflow", "aiohttp", "http.client", "httpx", "requests", "starlette", "urllib3", "uvicorn"}
    program = (
        f"import sys; before = set(sys.modules); {imports}; print(*sorted({heavy!r} & (set(sys.modules) - before)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CORE.parents[1]
    )
    assert run.stdout.split() == []


@pytest.mark.parametrize("module", MODULES)
def test_core_has_no_clock_no_sleep_and_no_log(module: str) -> None:
    tree = ast.parse(CORE.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    called = {
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not imported & {"asyncio", "logging", "socket", "threading", "time"}
    assert not called & {"now", "utcnow", "today", "sleep", "monotonic"}


@pytest.mark.parametrize("module", MODULES)
def test_core_imports_only_core(module: str) -> None:
    tree = ast.parse(CORE.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8"))
    ours = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert [name for name in ours if name.startswith("airflow") and "airflow_provider_reach.core" not in name] == []
