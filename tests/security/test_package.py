"""What the package never does, anywhere."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "airflow_provider_reach"
MODULES = sorted(PACKAGE.rglob("*.py"))

NEVER_CALLED = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "yaml.load",
    "subprocess.getoutput",
    "tempfile.mktemp",
    "ssl._create_unverified_context",
}
NEVER_IMPORTED = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "yaml", "telnetlib", "ftplib"}
MAY_RUN_COMMANDS = {"sandbox/__main__.py"}
MAY_IMPORT_BY_NAME = {
    "__init__.py",
    "client/__init__.py",
    "integration/compat.py",
    "integration/xcom.py",
    "core/moved.py",
    "operators/__init__.py",
}
"""Their names are written in the module itself."""


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return f"{name_of(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else "?"


def sins_of(source: str, where: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names]
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else names
            yield from (f"imports {name}" for name in modules if name.split(".")[0] in NEVER_IMPORTED)
            if "subprocess" in modules and where not in MAY_RUN_COMMANDS:
                yield "runs commands"
        if isinstance(node, ast.Call):
            called = name_of(node.func)
            if called in NEVER_CALLED:
                yield f"calls {called}"
            if called.endswith("import_module") and where not in MAY_IMPORT_BY_NAME:
                yield "imports by name"
            for keyword in node.keywords:
                value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                if (keyword.arg, value) in {("shell", True), ("verify", False), ("ssl", False), ("trust_env", True)}:
                    yield f"{keyword.arg}={value!r}"
        if isinstance(node, ast.Attribute) and node.attr in ("CERT_NONE", "check_hostname"):
            yield f"touches {node.attr}"


@pytest.mark.parametrize("module", [str(path.relative_to(PACKAGE)) for path in MODULES])
def test_nothing_runs_code_or_trusts_everybody(module: str) -> None:
    assert list(sins_of((PACKAGE / module).read_text(), module)) == []


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "exec(x)",
        "import pickle",
        "from yaml import load",
        "import subprocess",
        "import os; os.system('x')",
        "import subprocess as s; s.run('x', shell=True)",
        "requests.get(u, verify=False)",
        "aiohttp.TCPConnector(ssl=False)",
        "from importlib import import_module; import_module(name)",
        "context.check_hostname = False",
    ],
)
def test_each_would_be_seen(source: str) -> None:
    assert list(sins_of(source, "hooks.py"))


def test_an_import_of_any_module_does_nothing_outside_of_python() -> None:
    """No socket, no command, no file written, no thread: also where no Airflow is configured."""
    watched = ("socket.connect", "subprocess.Popen", "os.system", "os.exec", "_thread.start_new_thread")
    code = (
        "import sys, threading\n"
        "def hook(event, args):\n"
        f"    if event in {watched!r}: seen.append(event)\n"
        "    if event == 'open' and isinstance(args[1], str) and set(args[1]) & set('wax+'): seen.append(args[:2])\n"
        "seen = []\n"
        "sys.addaudithook(hook)\n"
        "import airflow_provider_reach, airflow_provider_reach.get_provider_info\n"
        "import airflow_provider_reach.integration.connection_form\n"
        "import airflow_provider_reach.cli.definition\n"
        "airflow_provider_reach.get_provider_info.get_provider_info()\n"
        "import airflow_provider_reach.client.sync, airflow_provider_reach.client.aio\n"
        "import airflow_provider_reach.pytest_plugin, airflow_provider_reach.sandbox\n"
        "assert threading.active_count() == 1\n"
        "assert not seen, seen\n"
    )
    subprocess.run([sys.executable, "-B", "-c", code], check=True, timeout=60, cwd=PACKAGE.parent)


def test_what_other_programs_load_by_themselves_is_known() -> None:
    ours = {(point.group, point.value) for point in distribution("airflow-provider-reach").entry_points}

    assert ours
    assert ours <= {
        ("apache_airflow_provider", "airflow_provider_reach.get_provider_info:get_provider_info"),
        ("pytest11", "airflow_provider_reach.pytest_plugin"),
    }
