from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from airflow_provider_reach.connection import EXTRA_FIELDS, FIELD_BEHAVIOUR
from airflow_provider_reach.get_provider_info import get_provider_info
from airflow_provider_reach.hooks import ReachHook

KNOWN_TO_AIRFLOW = """
import json, warnings
warnings.simplefilter("ignore")
from airflow.providers_manager import ProvidersManager
manager = ProvidersManager()
hook = manager.hooks["reach"]
widgets = manager.connection_form_widgets
print("\\n" + json.dumps({
    "hook": [hook.hook_class_name, hook.connection_id_attribute_name, hook.hook_name, hook.connection_testable],
    "fields": {name: widget.field_name for name, widget in widgets.items() if name.startswith("extra__reach__")},
    "behaviour": manager.field_behaviours["reach"],
}))
"""


@pytest.fixture
def info() -> dict[str, Any]:
    return get_provider_info()


def airflow_schema(name: str) -> Any:
    spec = find_spec("airflow")
    assert spec
    assert spec.origin
    return json.loads((Path(spec.origin).parent / name).read_text())


def test_it_is_of_airflows_schema(info: dict[str, Any]) -> None:
    jsonschema.validate(info, airflow_schema("provider_info.schema.json"))


def test_the_standard_fields_are_shown_as_airflow_allows() -> None:
    shown = ReachHook.get_ui_field_behaviour()

    jsonschema.validate(shown, airflow_schema("customized_form_field_behaviours.schema.json"))
    assert shown == {name.replace("-", "_"): value for name, value in FIELD_BEHAVIOUR.items()}


def test_it_is_plain_json(info: dict[str, Any]) -> None:
    assert json.loads(json.dumps(info)) == info


def test_the_connection_type_is_the_hooks(info: dict[str, Any]) -> None:
    (connection,) = info["connection-types"]
    module, _, name = connection["hook-class-name"].rpartition(".")

    assert getattr(import_module(module), name) is ReachHook
    assert connection["connection-type"] == ReachHook.conn_type == "reach"
    assert connection["hook-name"] == ReachHook.hook_name
    assert connection["conn-fields"] == EXTRA_FIELDS
    assert connection["ui-field-behaviour"] == FIELD_BEHAVIOUR


def test_every_module_it_names_is_there(info: dict[str, Any]) -> None:
    modules = [name for kind in ("hooks", "operators", "sensors") for name in info[kind][0]["python-modules"]]

    assert len(modules) == 3
    assert all(import_module(module) for module in modules)


def test_airflow_finds_it() -> None:
    (entry,) = (
        e for e in entry_points(group="apache_airflow_provider") if e.module.startswith("airflow_provider_reach")
    )

    assert entry.load() is get_provider_info


def test_no_field_has_a_default_and_every_field_may_be_empty() -> None:
    for field in EXTRA_FIELDS.values():
        assert field.keys() == {"label", "description", "schema"}
        assert field["schema"].keys() <= {"type", "enum", "format"}
        assert field["schema"]["type"][1:] == ["null"]


def test_the_key_is_in_airflows_own_password_field_and_no_extra_is_a_secret() -> None:
    secrets = {name for name, field in EXTRA_FIELDS.items() if field["schema"].get("format") == "password"}

    assert FIELD_BEHAVIOUR["relabeling"]["password"] == "API key"
    assert "password" not in FIELD_BEHAVIOUR["hidden-fields"]
    assert secrets == {name for name in EXTRA_FIELDS if "key" in name or "secret" in name or "token" in name}


def test_both_forms_show_the_same() -> None:
    wtforms = pytest.importorskip("wtforms")
    kinds = {"string": wtforms.StringField, "integer": wtforms.IntegerField, "boolean": wtforms.BooleanField}

    widgets = ReachHook.get_connection_form_widgets()
    form = wtforms.form.BaseForm(widgets)
    form.process()

    assert list(widgets) == list(EXTRA_FIELDS)
    for name, field in EXTRA_FIELDS.items():
        schema = field["schema"]
        shown = form[name]
        assert type(shown) is (
            wtforms.PasswordField if schema.get("format") == "password" else kinds[schema["type"][0]]
        )
        assert str(shown.label.text) == field["label"]
        assert shown.description == field["description"]
        assert not shown.data
        assert [v.values for v in shown.validators if isinstance(v, wtforms.validators.AnyOf)] == (
            [schema["enum"]] if "enum" in schema else []
        )
    assert form.validate()


def test_a_running_airflow_knows_the_connection_and_its_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))

    said = subprocess.run(
        [sys.executable, "-c", KNOWN_TO_AIRFLOW], check=True, capture_output=True, text=True, cwd=tmp_path
    ).stdout
    known = json.loads(said.splitlines()[-1])

    assert known["hook"] == ["airflow_provider_reach.hooks.ReachHook", "reach_conn_id", "Reach", True]
    assert known["fields"] == {f"extra__reach__{name}": name for name in EXTRA_FIELDS}
    behaviour = known["behaviour"]
    assert behaviour["relabeling"] == FIELD_BEHAVIOUR["relabeling"]
    assert behaviour["placeholders"] == FIELD_BEHAVIOUR["placeholders"]
    assert behaviour.get("hidden_fields", behaviour.get("hidden-fields")) == FIELD_BEHAVIOUR["hidden-fields"]
