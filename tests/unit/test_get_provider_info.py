from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from airflow import __version__ as airflow_version

from airflow_provider_reach.get_provider_info import get_provider_info
from airflow_provider_reach.hooks import ReachHook
from airflow_provider_reach.integration.connection_form import EXTRA_FIELDS, FIELD_BEHAVIOUR

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
    "behaviour": manager.field_behaviours.get("reach"),
}))
"""

SHOWN_IN_THE_UI = """
import json, warnings
warnings.simplefilter("ignore")
from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
(shown,) = (hook for hook in HookMetaService.hook_meta_data() if hook.connection_type == "reach")
print("\\n" + shown.model_dump_json())
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
    kinds = {"string": wtforms.StringField, "number": wtforms.StringField, "boolean": wtforms.BooleanField}

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


def filled_in(data: dict[str, Any] | None = None, **sent: str) -> Any:
    """The form of Airflow 2.11: as it shows a connection's extras, or as it is sent."""
    wtforms = pytest.importorskip("wtforms")
    multidict = pytest.importorskip("werkzeug.datastructures").MultiDict
    form = wtforms.form.BaseForm(ReachHook.get_connection_form_widgets())
    form.process(multidict(sent) if sent else None)
    for name, value in (data or {}).items():
        form[name].data = value  # which is how Airflow fills it in
    return form


@pytest.mark.parametrize(
    ("stored", "ticked"), [(True, True), (False, False), ("true", True), ("True", True), ("false", False), ("0", False)]
)
def test_the_box_is_ticked_as_the_connection_is_read(stored: Any, ticked: bool) -> None:
    assert ("checked" in str(filled_in({"allow_http": stored})["allow_http"]())) is ticked


def test_the_box_sends_a_word_that_is_understood() -> None:
    assert 'value="true"' in str(filled_in()["allow_http"]())


def test_what_the_connection_may_hold_can_be_saved_from_the_form() -> None:
    form = filled_in(region="EU", auth_scheme="bearer", timeout="12.5", allow_http="true")

    assert form.validate(), form.errors
    assert (form["region"].data, form["auth_scheme"].data) == ("eu", "Bearer")
    assert (form["timeout"].data, form["allow_http"].data) == ("12.5", True)


def test_a_choice_that_is_none_cannot() -> None:
    form = filled_in(region="mars", auth_scheme="Basic")

    assert not form.validate()
    assert set(form.errors) == {"region", "auth_scheme"}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """What a program prints last, run in an Airflow of its own."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))

    def told(program: str) -> Any:
        said = subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=tmp_path
        ).stdout
        return json.loads(said.splitlines()[-1])

    return told


def test_a_running_airflow_knows_the_connection_and_its_form(told: Callable[[str], Any]) -> None:
    known = told(KNOWN_TO_AIRFLOW)

    assert known["hook"] == ["airflow_provider_reach.hooks.ReachHook", "reach_conn_id", "Reach", True]
    if airflow_version.startswith(("3.0.", "3.1.")):
        return  # only their UI makes a form
    assert known["fields"] == {f"extra__reach__{name}": name for name in EXTRA_FIELDS}
    behaviour = known["behaviour"]
    assert behaviour["relabeling"] == FIELD_BEHAVIOUR["relabeling"]
    assert behaviour["placeholders"] == FIELD_BEHAVIOUR["placeholders"]
    assert behaviour.get("hidden_fields", behaviour.get("hidden-fields")) == FIELD_BEHAVIOUR["hidden-fields"]


@pytest.mark.skipif(airflow_version.startswith("2."), reason="Airflow 2 has the other form")
@pytest.mark.skipif(airflow_version.startswith("3.0."), reason="Airflow 3.0 shows no provider's form but with FAB's")
def test_the_ui_of_airflow_3_shows_the_form(told: Callable[[str], Any]) -> None:
    shown = told(SHOWN_IN_THE_UI)

    fields = {
        name: (field["schema"]["title"], field["description"], field["schema"].get("enum"))
        for name, field in shown["extra_fields"].items()
    }
    assert fields == {
        name: (field["label"], field["description"], field["schema"].get("enum"))
        for name, field in EXTRA_FIELDS.items()
    }
    standard = {name: field for name, field in shown["standard_fields"].items() if field}
    hidden = {name.removeprefix("url_") for name, field in standard.items() if field["hidden"]}
    assert hidden == set(FIELD_BEHAVIOUR["hidden-fields"])
    for what, said in (("title", "relabeling"), ("placeholder", "placeholders")):
        assert {name: field[what] for name, field in standard.items() if field[what]} == FIELD_BEHAVIOUR[said]
