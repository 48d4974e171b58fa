"""The connection to Reach, as the hook reads it: found and checked, with warnings about what is unusual."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

from airflow.providers.common.compat.sdk import AirflowNotFoundException, conf

from airflow_provider_reach.core.errors import (
    ReachAuthError,
    ReachConfigError,
    ReachConnectionError,
    ReachDecodeError,
    ReachError,
    ReachNotFoundError,
    ReachTimeoutError,
    ReachUnreachableError,
)
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.values import count, no_text
from airflow_provider_reach.integration.compat import read_connection_async
from airflow_provider_reach.integration.connection_form import CONN_TYPE, DEFAULT_MAX_CONNECTIONS, EXTRA_FIELDS

if TYPE_CHECKING:
    from airflow_provider_reach.core.config import ReachConfig


def read_config(conn_id: Any, get_connection: Callable[[str], Any], warn: Callable[..., None]) -> ReachConfig:
    """
    Where the service is and who asks, as an Airflow connection says.

    :param conn_id: The connection's id.
    :param get_connection: Gets it from Airflow.
    :param warn: Logs a warning.
    :raises ReachConfigError: naming every wrong or missing value of the connection.
    :raises ReachConnectionError: when there is no connection of that id, or no backend answered.
    """
    _check_id(conn_id)
    with _reading(conn_id):
        conn = get_connection(conn_id)
    return _checked(conn_id, conn, warn)


async def read_config_async(conn_id: Any, warn: Callable[..., None]) -> ReachConfig:
    """
    The same in an event loop.

    :param conn_id: The connection's id.
    :param warn: Logs a warning.
    :raises ReachConfigError: as :func:`read_config`.
    :raises ReachConnectionError: as :func:`read_config`.
    """
    _check_id(conn_id)
    with _reading(conn_id):
        conn = await read_connection_async(conn_id)
    return _checked(conn_id, conn, warn)


def max_connections() -> int:
    """How many connections a triggerer may hold open to one service, as Airflow's configuration says."""
    said = conf.get("reach", "max_connections", fallback=DEFAULT_MAX_CONNECTIONS)
    with suppress(ValueError):
        if most := count(said):
            return most
    raise _wrong(f"max_connections must be a whole number from 1, not {shown(said)}.")


def max_list_age() -> float | None:
    """Seconds that a shared list of webhooks may be old, as Airflow's configuration says; None where it does not."""
    said = conf.get("reach", "max_list_age", fallback=None)
    if not (said and said.strip()):
        return None
    with suppress(ValueError):
        if 0 <= (seconds := float(said)) < inf:
            return seconds
    raise _wrong(f"max_list_age must be a number of seconds from 0, not {shown(said)}.")


def _wrong(problem: str) -> ReachConfigError:
    return ReachConfigError([problem], "Section [reach] of Airflow's configuration")


def tested(read: Callable[[], ReachConfig]) -> tuple[bool, str]:
    """
    Whether a connection works, and if not, what is wrong with it. The list of webhooks is read once.

    For region ``us`` the other of the two hosts is asked as well, if need be; a connection that leads to the wrong one
    does not work.
    """
    from airflow_provider_reach.client.region_probe import ask_both, told

    try:
        answered = ask_both(read())
    except ReachError as error:
        said = next((said for kind, said in _PROBLEMS if isinstance(error, kind)), "Reach cannot be asked")
        return False, f"{said}. {error}"
    if answered.instead:
        return False, f"The connection leads to the wrong host. {told(answered)}"
    number, at = len(answered.webhooks), " at us-west-1" if answered.config.region == "us" else ""
    return True, f"The connection works{at}: the workspace has {number} webhook{'' if number == 1 else 's'}."


_PROBLEMS: tuple[tuple[type[ReachError], str], ...] = (
    (ReachConfigError, "The connection is incomplete"),
    (ReachAuthError, "The API key was refused"),
    (ReachNotFoundError, "The workspace is unknown"),
    (ReachUnreachableError, "The host is unreachable"),
    (ReachTimeoutError, "The host does not answer in time"),
    (ReachDecodeError, "This is not the Reach API"),
)


def _check_id(conn_id: Any) -> None:
    if not isinstance(conn_id, str):
        raise ReachConfigError([no_text("reach_conn_id", conn_id)], f"Connection {shown(conn_id)}")


@contextmanager
def _reading(conn_id: str) -> Iterator[None]:
    try:
        yield
    except AirflowNotFoundException as missing:
        problem = (
            "it was not found: make a connection of type 'reach' with this id, or find out why no secrets backend "
            "has it."
        )
        raise ReachConnectionError([problem], f"Connection {conn_id!r}") from missing
    except Exception as error:  # of a secrets backend, or of Airflow's own API; its text may quote what it read
        problem = f"it could not be read ({type(error).__name__}). Ask again; if it goes on, look at its backend."
        raise ReachConnectionError([problem], f"Connection {conn_id!r}") from error


def _checked(conn_id: str, conn: AirflowConnection, warn: Callable[..., None]) -> ReachConfig:
    config = read_connection(conn)
    if unknown := unknown_extras(conn):
        warn("Connection %r has extras that mean nothing here: %s.", conn_id, ", ".join(unknown))
    for warning in config.warnings:
        warn("Connection %r: %s", conn_id, warning)
    return config


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
    """The names of extras that mean nothing here, and are most likely misspelt."""
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
