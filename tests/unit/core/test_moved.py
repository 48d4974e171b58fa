from __future__ import annotations

from importlib import import_module

import pytest

from airflow_provider_reach.core.moved import RETURNED


@pytest.mark.parametrize(("name", "module", "formerly"), RETURNED)
def test_a_class_is_the_same_under_its_former_path(name: str, module: str, formerly: str) -> None:
    assert getattr(import_module(formerly), name) is getattr(import_module(module), name)


@pytest.mark.parametrize(("module", "name"), [("models", "Webhok"), ("models", "Drift"), ("drift", "Webhook")])
def test_a_former_module_has_no_other_name(module: str, name: str) -> None:
    formerly = import_module(f"airflow_provider_reach.core.{module}")

    with pytest.raises(
        AttributeError, match=f"^module 'airflow_provider_reach.core.{module}' has no attribute '{name}'$"
    ):
        getattr(formerly, name)
