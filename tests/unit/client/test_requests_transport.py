from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from airflow_provider_reach.client.requests_transport import Adapter, Attempt, Session, current_attempt, send
from airflow_provider_reach.core.api.request import Request
from airflow_provider_reach.core.api.responses import Answer
from tests.unit.client.test_transports import http, says, serving


class SocketOfPyOpenSSL:
    """As ``urllib3.contrib.pyopenssl`` has them: it does not tell its timeout."""

    def __init__(self, connected: socket.socket) -> None:
        self.makefile, self.settimeout = connected.makefile, connected.settimeout


def pool_of(adapter: Adapter, url: str) -> Any:
    return adapter.get_connection_with_tls_context(requests.Request("GET", url).prepare(), verify=True)


@pytest.mark.parametrize("made_of", [lambda connected: connected, SocketOfPyOpenSSL])
def test_an_answer_over_any_socket_has_its_deadline(made_of: Callable[[socket.socket], Any]) -> None:
    answer = pool_of(Adapter(), "http://127.0.0.1").ConnectionCls.response_class
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 200 OK\r\n")
        current_attempt.set(Attempt(time.monotonic() + 0.1))
        with pytest.raises(TimeoutError):
            answer(made_of(ours)).begin()


def test_the_next_answer_over_a_connection_has_its_own_time() -> None:
    with serving(says(http())) as server, requests.Session() as session:
        session.trust_env = False
        adapter = Adapter()
        session.mount("http://", adapter)
        timeouts = []
        for longest in (5.0, math.inf):
            current_attempt.set(Attempt(time.monotonic() + longest))
            session.get(server.url, timeout=20)
            [connection] = [c for c in pool_of(adapter, server.url).pool.queue if c]
            timeouts.append(connection.sock.gettimeout())

    assert server.connections == 1
    assert timeouts == [pytest.approx(5, abs=1), 20]


def request_to(url: str) -> Request:
    return Request("GET", f"{url}/webhooks", {}, {}, None, connect_timeout=5.0, read_timeout=5.0)


def test_the_environment_is_asked_once_how_to_reach_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "reach.test")
    with serving(says(http())) as proxy, Session() as session:
        route = session.route("http://reach.test")
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy")
        assert session.route("http://reach.test") is route
        assert (route.pool.host, route.names_service) == ("reach.test", False)
        assert session.route("http://other.test").names_service


def test_a_session_that_was_closed_opens_connections_anew() -> None:
    with serving(says(http())) as server, Session() as session:
        for _ in range(2):
            for _ in range(2):
                answer = send(session, request_to(server.url))
                assert isinstance(answer, Answer)
                assert answer.status == 200
            session.close()

    assert server.connections == 2
