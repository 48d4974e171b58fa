"""A call as it goes over the wire; every driver sends exactly this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_reach.core.api.operations import Call
from airflow_provider_reach.core.config import ReachConfig, Secret

ACCEPTED = "gzip, deflate"
"""The value of ``Accept-Encoding``."""
TARGET_TIME = 10.0
"""Seconds for which the service itself waits for a webhook's target before it answers."""


@dataclass(frozen=True)
class Request:
    """
    An HTTP request.

    :param method: The HTTP method.
    :param url: The URL without its query.
    :param query: The query's parameters.
    :param headers: All headers but those that the HTTP library adds; the API key is among them.
    :param body: The JSON body, or None.
    :param connect_timeout: Seconds to wait for a connection.
    :param read_timeout: Seconds to wait for the answer, and then for each further piece of it.
    """

    method: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    connect_timeout: float
    read_timeout: float

    @property
    def longest(self) -> float:
        """Seconds after which an answer that only trickles in is abandoned."""
        return 2 * self.read_timeout


def request_for(call: Call[Any], config: ReachConfig, user_agent: str) -> Request:
    """The request of a call."""
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": ACCEPTED,
        "Authorization": Secret(f"{config.auth_scheme} {config.api_key}"),
        "User-Agent": user_agent,
    }
    if call.body is not None:
        headers["Content-Type"] = "application/json"
    return Request(
        method=call.method,
        url=f"{config.base_url}/workspaces/{config.workspace_id}/reach{call.path}",
        query=call.query,
        headers=headers,
        body=call.body,
        connect_timeout=config.timeout,
        read_timeout=config.timeout + (TARGET_TIME if call.asks_target else 0.0),
    )
