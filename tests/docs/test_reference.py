"""The reference has every public name, and repeats the provider's metadata."""

from __future__ import annotations

import inspect
import re

import airflow_provider_reach
from airflow_provider_reach import sandbox
from airflow_provider_reach.core import errors
from airflow_provider_reach.get_provider_info import get_provider_info
from tests.docs.pages import DOCS

REFERENCE = {page.name: page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md")}
NAMED = set(re.findall(r"^\.\. auto\w+:: (\S+)", "\n".join(REFERENCE.values()), re.MULTILINE))


def test_every_public_name_is_there() -> None:
    public = {f"airflow_provider_reach.{name}" for name in airflow_provider_reach.__all__ if name != "__version__"}
    public |= {f"airflow_provider_reach.sandbox.{name}" for name in sandbox.__all__}

    assert public - NAMED == set()


def test_every_error_is_there() -> None:
    assert errors.__name__ in NAMED  # with all of its members
    assert [name for name, of in inspect.getmembers(errors, inspect.isclass) if not of.__doc__] == []


def test_the_modules_are_those_of_the_provider() -> None:
    info = get_provider_info()
    told = re.findall(r"^\| (\w+) \| `(airflow_provider_reach\.\w+)` \|$", REFERENCE["index.md"], re.MULTILINE)

    kinds = ("hooks", "operators", "sensors", "triggers")
    assert told == [(kind, module) for kind in kinds for part in info[kind] for module in part["python-modules"]]
    [connection] = info["connection-types"]
    assert f"connection type is `{connection['connection-type']}`" in REFERENCE["index.md"]
    assert f"class `{connection['hook-class-name']}`" in REFERENCE["index.md"]
    assert (
        f"{info['config']['reach']['options']['max_connections']['default']} where it is not set"
        in (REFERENCE["index.md"])
    )
