from __future__ import annotations

import ast
from pathlib import Path

import pytest

import airflow_provider_reach.core

CORE = Path(airflow_provider_reach.core.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(CORE).with_suffix("").parts) for path in CORE.rglob("*.py") if path.stem != "__init__"
)


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
