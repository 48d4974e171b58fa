"""The sandbox is for processes of this machine, and for no page that a browser on it shows."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from airflow_provider_reach.sandbox import Sandbox


@pytest.fixture(scope="module")
def reach() -> Iterator[Sandbox]:
    with Sandbox() as reach:
        yield reach


PAGES = {
    "another site's form": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "a sandboxed page": {"Origin": "null"},
    "another port's page": {"Origin": "http://localhost:8080"},
    "an image of another site": {"Sec-Fetch-Site": "cross-site"},
    "a name that was bound anew": {"Host": "evil.example"},
    "the same with a port": {"Host": "evil.example:8000"},
    "a name that looks like it": {"Host": "127.0.0.1.evil.example"},
    "no readable name": {"Host": "[::1"},
}


@pytest.mark.parametrize("headers", PAGES.values(), ids=PAGES)
def test_a_web_page_neither_sees_nor_controls_it(headers: dict[str, str], reach: Sandbox) -> None:
    before = reach.now
    state = requests.get(f"{reach.control_url}/state", headers=headers, timeout=5)
    orders = requests.post(f"{reach.control_url}/advance", data='{"hours": 9}', headers=headers, timeout=5)

    assert (state.status_code // 100, orders.status_code // 100) == (4, 4)
    assert "targets" not in state.text
    assert reach.now == before


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "none"}, {"Host": "localhost:1"}, {"Host": "[::1]:1"}])
def test_who_types_its_address_does(headers: dict[str, str], reach: Sandbox) -> None:
    assert requests.get(f"{reach.control_url}/state", headers=headers, timeout=5).status_code == 200


def test_no_page_may_send_a_key_either(reach: Sandbox) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Headers": "authorization"}
    answer = requests.options(
        f"{reach.base_url}/workspaces/{reach.workspace_id}/reach/webhooks", headers=asked, timeout=5
    )

    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_the_api_and_the_targets_listen_on_loopback_alone(reach: Sandbox) -> None:
    for url in (reach.root_url, reach.target("orders").url):
        host, port = url.split("//")[1].split("/")[0].split(":")
        assert host == "127.0.0.1"
        with socket.socket() as probe, pytest.raises(OSError, match="refused|unreachable|assign"):
            probe.connect(("127.0.0.2", int(port)))  # all of 127/8 leads here, were it bound to every address


def test_its_keys_are_made_up_anew() -> None:
    sandboxes = [Sandbox() for _ in range(3)]

    keys = {key for reach in sandboxes for key in (reach.api_key, reach.limited_key)}
    assert len(keys) == 6
    assert min(map(len, keys)) > 30


def test_a_command_gets_a_made_up_key_and_no_shell_reads_its_words() -> None:
    shows = "import os, sys; print(os.environ['AIRFLOW_CONN_REACH_DEFAULT'], sys.argv[1:])"
    environment = {**os.environ, "AIRFLOW_CONN_REACH_DEFAULT": '{"password": "planted-real-key"}'}
    sandbox = [sys.executable, "-m", "airflow_provider_reach.sandbox", "--scene", "empty", "--"]
    said = subprocess.run(
        [*sandbox, sys.executable, "-c", shows, "$(echo x)", "; echo y", "*"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    assert "['$(echo x)', '; echo y', '*']" in said
    assert '"password": "sandbox-' in said
    assert "planted" not in said
