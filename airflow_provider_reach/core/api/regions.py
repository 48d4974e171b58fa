"""
The two hosts of the United States: for a workspace, the wrong one looks like a wrong key or a dead network.

The contract has ``us-west-1``; public clients of the same API use ``us-west-2``. Only an answer shows which of the two
has a workspace.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TypeVar

from airflow_provider_reach.core.api.exchange import Exchange
from airflow_provider_reach.core.config import REGIONS, ReachConfig
from airflow_provider_reach.core.errors import ReachAuthError, ReachCallError, ReachNotFoundError, ReachUnreachableError

T = TypeVar("T")

WRONG_PLACE = (ReachUnreachableError, ReachAuthError, ReachNotFoundError)
"""The errors of the wrong host, which a wrong key or a dead network cause too."""

_TWINS = {"us-west-1": "us-west-2", "us-west-2": "us-west-1"}
_NO_SUCH_HOST = re.compile(
    r"name or service not known|name resolution|failed to resolve|does not resolve|nodename nor servname|getaddrinfo"
    r"|no address associated|domain name not found|\bdns server",
    re.IGNORECASE,
)


def twin_of(config: ReachConfig) -> str:
    """The other region that may have the workspace; empty where there is none."""
    return next((twin for region, twin in _TWINS.items() if REGIONS[region] == config.base_url), "")


def other_host(config: ReachConfig) -> ReachConfig | None:
    """
    The same configuration with the other host; None unless the region is ``us``, which leaves open which one it is.

    :param config: Where the service is asked.
    """
    twin = twin_of(config) if config.region == "us" else ""
    return replace(config, base_url=REGIONS[twin], region=twin) if twin else None


def hint(error: ReachCallError, config: ReachConfig) -> str:
    """What to set if the workspace is at the other host; empty where the error does not point there."""
    if isinstance(error, ReachUnreachableError) and not _NO_SUCH_HOST.search(str(error)):
        return ""
    if isinstance(error, ReachNotFoundError) and error.kind != "list":
        return ""
    if not (isinstance(error, WRONG_PLACE) and (twin := twin_of(config))):
        return ""
    host = "" if config.region else ", and leave its host empty"
    return f" If the workspace is in {twin}, set the connection's region to {twin}{host}."


def with_hint(exchange: Exchange[T], config: ReachConfig) -> Exchange[T]:
    """The same exchange, whose errors name the other host where the workspace may be."""
    try:
        return (yield from exchange)
    except WRONG_PLACE as error:
        error.hint = f"{error.hint}{hint(error, config)}"
        raise
