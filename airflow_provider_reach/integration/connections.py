"""The Airflow connection: its fields, their forms in both Airflow generations, and the ReachConfig they give."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from airflow_provider_reach.core.config import ReachConfig

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


class AirflowConnection(Protocol):
    """What is read from an Airflow connection."""

    conn_id: Any
    host: Any
    port: Any
    schema: Any
    login: Any
    password: Any
    extra: Any

    @property
    def extra_dejson(self) -> Any:
        """The extras."""


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


def read_connection(conn: AirflowConnection) -> ReachConfig:
    """
    Check an Airflow connection.

    :param conn: From the UI, the command line, or a URI or JSON in the environment, where everything is text.
    :raises ReachConfigError: naming every wrong or missing value and how to set each.
    """
    from airflow_provider_reach.core.config import read_config
    from airflow_provider_reach.core.errors import ReachConfigError

    extra, where = conn.extra_dejson, f"Connection {conn.conn_id!r}"
    problems: list[str] = []
    try:
        config = read_config(
            api_key=conn.password,
            key_in_login=bool(conn.login),
            base_url=_base_url(conn, problems),
            where=where,
            **{name: extra.get(name) for name in EXTRA_FIELDS} if isinstance(extra, Mapping) else {},
        )
        if not problems:
            return config
    except ReachConfigError as error:
        problems += error.problems
    if unknown := unknown_extras(conn):
        problems.append(f"extras that mean nothing here, perhaps misspelt: {', '.join(unknown)}.")
    raise ReachConfigError(problems, where)


def unknown_extras(conn: AirflowConnection, known: Collection[str] = EXTRA_FIELDS) -> list[str]:
    """
    The names of extras that mean nothing here, and are most likely misspelt.

    :param conn: The connection.
    :param known: The names that mean something.
    """
    extra = conn.extra_dejson
    if not isinstance(extra, Mapping):
        return []
    from airflow_provider_reach.core.text import one_line

    named_twice = {f"extra__{CONN_TYPE}__{name}" for name in known if name in extra}  # by the Test button of Airflow 2
    return sorted(one_line(str(name), 40) for name in extra if name not in known and name not in named_twice)


def _base_url(conn: AirflowConnection, problems: list[str]) -> str:
    """The host, with the port and path that are split off a URI such as ``reach://:key@127.0.0.1:8000/api``."""
    url = str(conn.host or "").strip().rstrip("/")
    schema_scheme, schema_path = _scheme_and_path(conn, problems)
    if not url:
        if schema_scheme == "http" or schema_path:
            what = "says http" if schema_scheme else "holds a path"
            problems.append(f"schema {what}, and there is no host: empty schema, or set host to the base URL.")
        return ""
    scheme, _, rest = url.rpartition("://")
    host, slash, path = rest.partition("/")
    if schema_scheme and scheme and scheme.lower() != schema_scheme:
        problems.append(
            f"schema says {schema_scheme}, and host says {scheme.lower()[:10]}: empty schema, and set host to the base "
            "URL."
        )
    if schema_path and path and path != schema_path:
        problems.append("schema holds another path than host: empty schema, and set host to the whole base URL.")
    if host.count(":") > 1 and not re.search(r"[@\[]", host):
        host = f"[{host}]"  # an IPv6 address, whose brackets are lost when a URI is read
    if conn.port and not re.search(r":\d*$", host):
        host = f"{host}:{conn.port}"
    if schema_path and not path:
        slash, path = "/", schema_path
    scheme = scheme or schema_scheme
    return f"{scheme}://{host}{slash}{path}" if scheme else f"{host}{slash}{path}"


_PATH = re.compile(r"(?:[\w.-]{1,30}/){0,3}api(?:/v\d{1,3})?", re.ASCII)
"""The path of a base URL, as a URI has it. No secret looks like that."""


def _scheme_and_path(conn: AirflowConnection, problems: list[str]) -> tuple[str, str]:
    """
    What ``schema`` holds: a scheme, as for Airflow's HTTP provider, or the path of a connection URI.

    Nothing else that it holds is shown: it may be the key, or a whole connection.
    """
    schema = str(conn.schema or "").strip().strip("/")
    if schema.lower() in ("http", "https"):
        return schema.lower(), ""
    if not schema or _PATH.fullmatch(schema):
        return "", schema
    if '"conn_type"' in schema:
        problems.append(
            "schema holds a whole connection in JSON, as 'airflow connections import' reads it from an env file: "
            "delete this connection, make it anew (export it with --file-format json), and revoke the key, which lies "
            "there in clear."
        )
    else:
        problems.append(
            "schema holds neither http, nor https, nor a path that ends in /api (not shown, since it may be a secret): "
            "empty it, and set host to the whole base URL."
        )
    return "", ""
