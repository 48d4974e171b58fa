"""The connection to Reach, as the hook reads it: found and checked, with warnings about what is unusual."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

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
from airflow_provider_reach.integration.compat import read_connection_async
from airflow_provider_reach.integration.connections import DEFAULT_MAX_CONNECTIONS, read_connection, unknown_extras

if TYPE_CHECKING:
    from airflow_provider_reach.core.config import ReachConfig
    from airflow_provider_reach.integration.connections import AirflowConnection


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
    most = int(said) if str(said).strip().isdecimal() else 0
    if most < 1:
        problem = f"max_connections must be a whole number from 1, not {shown(said)}."
        raise ReachConfigError([problem], "Section [reach] of Airflow's configuration")
    return most


def tested(read: Callable[[], ReachConfig]) -> tuple[bool, str]:
    """
    Whether a connection works, and if not, what is wrong with it. The list of webhooks is read once.

    For region ``us`` the other of the two hosts is asked as well, if need be; a connection that leads to the wrong one
    does not work.

    :param read: Reads the connection.
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
        from airflow_provider_reach.core.values import no_text

        raise ReachConfigError([no_text("reach_conn_id", conn_id)], f"Connection {shown(conn_id)}")


@contextmanager
def _reading(conn_id: str) -> Iterator[None]:
    try:
        yield
    except AirflowNotFoundException as missing:
        problem = "it was not found: make a connection of type 'reach' with this id, or see why no backend has it."
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
