"""The fields of a Reach connection, and their form in both generations of Airflow's UI."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

CONN_TYPE = "reach"
DEFAULT_CONN_ID = "reach_default"
DEFAULT_MAX_CONNECTIONS = 20

EXTRA_FIELDS: dict[str, dict[str, Any]] = {
    "workspace_id": {
        "label": "Workspace ID",
        "description": "The workspace's UUID: it stands in the address of the Bird dashboard. Required.",
        "schema": {"type": ["string", "null"]},
    },
    "region": {
        "label": "Region",
        "description": "Where the workspace is: eu or us, or by its full name. Required, unless Base URL is given.",
        "schema": {"type": ["string", "null"], "enum": ["eu", "us", "eu-west-1", "us-west-1", "us-west-2"]},
    },
    "auth_scheme": {
        "label": "Auth scheme",
        "description": "The word before the key in the Authorization header: AccessKey, also where empty, or Bearer.",
        "schema": {"type": ["string", "null"], "enum": ["AccessKey", "Bearer"]},
    },
    "timeout": {
        "label": "Timeout (seconds)",
        "description": "How long to wait for a connection, and again for an answer. 30 where empty.",
        "schema": {"type": ["number", "null"]},
    },
    "allow_http": {
        "label": "Allow plain http",
        "description": "Lets the key be sent unencrypted to another machine. Only for a test set-up.",
        "schema": {"type": ["boolean", "null"]},
    },
}

FIELD_BEHAVIOUR: dict[str, Any] = {
    "hidden-fields": ["schema", "login", "port"],
    "relabeling": {"password": "API key", "host": "Base URL"},
    "placeholders": {
        "password": "an access key of the workspace: Bird dashboard, Developer, Access keys",
        "host": "empty for the region's own, or https://email.eu-west-1.api.bird.com/api",
    },
}


def form_widgets() -> dict[str, Any]:
    """
    The extra fields as WTForms fields, for the form of Airflow 2.11 to 3.1.

    The form says nothing helpful about a value that it refuses, so it accepts whatever the connection may hold.
    """
    from flask_appbuilder.fieldwidgets import BS3PasswordFieldWidget, BS3TextFieldWidget
    from flask_babel import lazy_gettext
    from wtforms import BooleanField, PasswordField, StringField
    from wtforms.validators import Optional, any_of

    kinds = {"string": StringField, "number": StringField, "boolean": BooleanField}  # Airflow knows no decimals
    looks = {StringField: BS3TextFieldWidget(), PasswordField: BS3PasswordFieldWidget(), BooleanField: _checkbox}
    widgets: dict[str, Any] = {}
    for name, field in EXTRA_FIELDS.items():
        schema = field["schema"]
        kind = PasswordField if schema.get("format") == "password" else kinds[schema["type"][0]]
        arguments: dict[str, Any] = {"description": field["description"], "validators": [Optional()]}
        if choices := schema.get("enum"):
            arguments["validators"] += [partial(_as_written_in, choices), any_of(choices)]
        widgets[name] = kind(lazy_gettext(field["label"]), widget=looks[kind], **arguments)
    return widgets


def _checkbox(field: Any, **attributes: Any) -> Any:
    """A box that the text "false" does not tick, and whose own value is understood."""
    from wtforms.widgets import CheckboxInput

    from airflow_provider_reach.core.values import flag

    try:
        field.checked = bool(flag(field.data))
    except ValueError:
        field.checked = False
    return CheckboxInput()(field, **{**attributes, "value": "true"})


def _as_written_in(choices: Sequence[str], form: Any, field: Any) -> None:
    """A validator, because the fields with which Airflow 3.1 replaces WTForms' own take no filters."""
    text = str(field.data).strip().lower()
    field.data = next((choice for choice in choices if choice.lower() == text), field.data)


def field_behaviour() -> dict[str, Any]:
    """How the standard fields are shown, for the form of Airflow 2.11 to 3.1."""
    return {name.replace("-", "_"): value for name, value in FIELD_BEHAVIOUR.items()}
