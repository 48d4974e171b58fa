"""A target connection: from its login, password and extras to a webhook's authentication and headers."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from airflow_provider_reach.core.errors import ReachConfigError, ReachConnectionError
from airflow_provider_reach.core.values import no_text
from airflow_provider_reach.integration.reach_connection import unknown_extras

if TYPE_CHECKING:
    from airflow_provider_reach.integration.reach_connection import AirflowConnection

log = logging.getLogger(__name__)

GRANT_TYPE = "client_credentials"
EXTRAS = ("token_url", "grant_type", "scope", "audience", "token_fields", "headers")


def read_target_connection(conn_id: str) -> dict[str, Any]:
    """
    Read a webhook's authentication and headers from an Airflow connection.

    :param conn_id: A connection of any type.
    :return: ``auth_type`` with ``auth_credentials`` or ``auth_request_details``, and ``custom_headers``; without those
        that the connection does not have.
    :raises ReachConnectionError: when there is none with that id, or no backend answers.
    :raises ReachConfigError: naming everything that is wrong with it.
    """
    try:
        conn = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as missing:
        problem = (
            "it was not found: make it with the login and password of the target, or find out why no secrets backend "
            "has it."
        )
        raise ReachConnectionError([problem], f"Target connection {conn_id!r}") from missing
    fields = target_fields(conn)
    if unknown := unknown_extras(conn, EXTRAS):
        log.warning("Target connection %r has extras that mean nothing here: %s.", conn_id, ", ".join(unknown))
    return fields


def target_fields(conn: AirflowConnection) -> dict[str, Any]:
    """
    Make a webhook's authentication and headers from an Airflow connection.

    Login and password become basic credentials. With the extra ``token_url`` they become the client id and secret of
    OAuth 2, whose request also includes the extras ``grant_type``, ``scope``, ``audience`` and all of ``token_fields``.
    The extra ``headers`` becomes custom headers.

    :param conn: The connection; where it was given as a URI or JSON in the environment, every extra is text.
    :raises ReachConfigError: naming everything that is wrong with it.
    """
    extra = conn.extra_dejson if isinstance(conn.extra_dejson, Mapping) else {}
    problems = list(_extra_problems(conn, extra))
    login, password = str(conn.login or ""), str(conn.password or "")
    headers, token_fields = (_mapping(name, extra.get(name), problems) for name in ("headers", "token_fields"))
    fields: dict[str, Any] = {}
    if token_url := str(extra.get("token_url") or "").strip():
        client = {name: value for name, value in (("client_id", login), ("client_secret", password)) if value}
        named = {name: extra[name] for name in ("grant_type", "scope", "audience") if extra.get(name)}
        problems += [no_text(f"the extra {name}", value) for name, value in named.items() if not isinstance(value, str)]
        if twice := sorted({*client, *named} & token_fields.keys()):
            problems.append(f"the extra token_fields repeats what stands elsewhere in it: {', '.join(twice)}.")
        body = {"grant_type": GRANT_TYPE, **client, **named, **token_fields}
        fields = {"auth_type": "oauth2", "auth_request_details": {"url": token_url, "body": body}}
    elif login:
        fields = {"auth_type": "basic", "auth_credentials": {"username": login}}
        if password:
            fields["auth_credentials"]["password"] = password
    elif password:
        problems.append("it has a password and no login: basic credentials need a user name.")
    if headers:
        fields["custom_headers"] = headers
    if not fields and not problems:
        problems.append("it has nothing for a target: neither login and password, nor the extra token_url or headers.")
    if problems:
        raise ReachConfigError(problems, f"Target connection {conn.conn_id!r}")
    return fields


def _extra_problems(conn: AirflowConnection, extra: Mapping[str, Any]) -> Iterator[str]:
    """Report misspelt or unreadable extras: without them, the target would lack its credentials."""
    from difflib import get_close_matches  # here, since no DAG file needs it

    if not extra and str(conn.extra or "").strip() not in ("", "{}", "null"):
        yield "its extra is not a JSON object."
    for name in map(str, extra):
        if name not in EXTRAS and (similar := get_close_matches(name.lower(), EXTRAS, 1, 0.75)):
            yield f"the extra {name!r} means nothing here: is it {similar[0]!r}?"


def _mapping(name: str, value: Any, problems: list[str]) -> dict[str, Any]:
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except ValueError:
            value = "no JSON"
    if not value:
        return {}
    if not isinstance(value, Mapping):
        problems.append(f"the extra {name} must be a mapping of names to values.")
        return {}
    return dict(value)
