"""What the sandbox cannot play: other servers, proxies, TLS, and answers that do not end."""

from __future__ import annotations

import base64
import gc
import gzip
import hashlib
import json
import re
import socket
import ssl
import struct
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
import requests
import trustme
from cryptography import x509
from yarl import URL

from airflow_provider_reach.client import aiohttp_transport, requests_transport
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.api.exchange import ask
from airflow_provider_reach.core.api.operations import list_webhooks
from airflow_provider_reach.core.api.request import Request, request_for
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.errors import (
    ReachAuthError,
    ReachDecodeError,
    ReachError,
    ReachLostAnswerError,
    ReachNotFoundError,
    ReachRequestError,
    ReachTargetError,
    ReachTimeoutError,
    ReachUnreachableError,
)
from airflow_provider_reach.core.webhooks.spec import WebhookSpec
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.drivers import DRIVERS, Driver, LoopClient, put_ahead, run

KEY = "planted-api-key-4711"
PROXY_PASSWORD = "planted-proxy-password"
WORKSPACE = "0b7ee2a5-6f4e-4e52-8ef8-3e2c1d9e6f10"
LIST = f"/api/workspaces/{WORKSPACE}/reach/webhooks"
TIMEOUT = 0.2
EMPTY_LIST = b'{"results": []}'

Talk = Callable[[socket.socket, str], None]


def http(body: bytes = EMPTY_LIST, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def says(*answers: bytes) -> Talk:
    """Gives one answer after the other, and stays at the last."""
    left = list(answers)

    def talk(connection: socket.socket, head: str) -> None:
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return talk


class Server(ThreadingTCPServer):
    """A throw-away server: ``talk`` answers each request, knowing its head."""

    daemon_threads = False

    def __init__(self, talk: Talk, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.talk, self.tls = talk, tls
        self.heads: list[str] = []
        self.connections = 0
        self.left = threading.Event()
        self.port: int = self.socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/api"


class _Handler(BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        self.server.connections += 1
        connection: socket.socket = self.request
        connection.settimeout(5)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError):
            if self.server.tls:
                connection = self.server.tls.wrap_socket(connection, server_side=True)
            with connection:
                while head := _head(connection):
                    self.server.heads.append(head)
                    _body(connection, head)
                    self.server.talk(connection, head)
        self.server.left.set()


def _head(connection: socket.socket) -> str:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        more = connection.recv(1)
        if not more:
            return ""
        head += more
    return head.decode("latin-1")


def _body(connection: socket.socket, head: str) -> None:
    left = int((re.findall(r"(?i)\r\ncontent-length: (\d+)", head) or ["0"])[0])
    while left:
        left -= len(connection.recv(left)) or left


@contextmanager
def serving(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    with Server(talk, tls) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _a_plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> Driver:
    """What makes a client: what is said here of requests and answers holds for both."""
    made: Driver = request.param
    return made


Asking = Callable[..., ReachClient]
Failing = Callable[..., str]


@pytest.fixture
def asking(driver: Driver) -> Asking:
    """Makes a client that asks once."""

    def made(base_url: str, timeout: float = TIMEOUT) -> ReachClient:
        config = ReachConfig(base_url, WORKSPACE, KEY, timeout=timeout)
        return driver(config, outage_tolerance=0, sleep=lambda _: None)

    return made


@pytest.fixture
def failure(asking: Asking) -> Failing:
    """What the error of a list says: no secret, also not in what it hangs on."""

    def failing(base_url: str, kind: type[ReachError], timeout: float = TIMEOUT) -> str:
        with asking(base_url, timeout) as client, pytest.raises(ReachError) as raised:
            client.list_webhooks()
        error: BaseException | None = raised.value
        assert type(error) is kind
        while error is not None:
            assert "planted" not in f"{error} {error!r}"
            error = error.__cause__
        return str(raised.value)

    return failing


def loop_client(base_url: str) -> LoopClient:
    return LoopClient(ReachConfig(base_url, WORKSPACE, KEY, timeout=5.0), outage_tolerance=0)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def bound(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    for module in (requests_transport, aiohttp_transport):
        monkeypatch.setattr(module, "MAX_ANSWER_BYTES", size)


# --- connections


def test_one_connection_serves_many_calls_whatever_is_answered(asking: Asking) -> None:
    refusal = http(b'{"errors": [{"message": "no"}]}', "404 Not Found")
    with serving(says(http(), refusal, http(b"", "204 No Content"), http())) as server:
        with asking(server.url) as client:
            client.list_webhooks()
            with pytest.raises(ReachNotFoundError):
                client.get_webhook(WORKSPACE)
            client.delete_webhook(WORKSPACE)
            client.list_webhooks()

        assert (server.connections, len(server.heads)) == (1, 4)


def test_the_connection_is_released(asking: Asking) -> None:
    with serving(says(http())) as server:
        with asking(server.url) as client:
            client.list_webhooks()
            assert not server.left.is_set()
        assert server.left.wait(2)


def test_the_connection_of_an_answer_not_read_to_its_end_is_not_used_again(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound(monkeypatch, 1000)
    with serving(says(http(b" " * 10_000_000), http())) as server, asking(server.url) as client:
        with pytest.raises(ReachDecodeError):
            client.list_webhooks()
        assert client.list_webhooks() == []
        assert server.connections == 2


def test_a_connection_that_was_closed_meanwhile_is_replaced(asking: Asking) -> None:
    def talk(connection: socket.socket, head: str) -> None:
        connection.sendall(http())
        connection.shutdown(socket.SHUT_RDWR)

    with serving(talk) as server, asking(server.url) as client:
        for _ in range(3):
            assert client.list_webhooks() == []
            assert server.left.wait(2)
            server.left.clear()
        assert (server.connections, len(server.heads)) == (3, 3)


def test_a_request_is_sent_once_also_where_an_old_connection_breaks(asking: Asking) -> None:
    answers = [http()]

    def talk(connection: socket.socket, head: str) -> None:
        if answers:
            connection.sendall(answers.pop())
        else:
            connection.shutdown(socket.SHUT_RDWR)

    with serving(talk) as server, asking(server.url) as client:
        client.list_webhooks()
        with pytest.raises(ReachLostAnswerError, match="closed connection|connection was closed"):
            client.list_webhooks()
        assert (server.connections, len(server.heads)) == (1, 2)


@pytest.mark.parametrize(("idle", "changes", "sent"), [(300.0, False, 3), (10.0, False, 2), (300.0, True, 2)])
def test_an_idle_connection_that_the_service_has_closed_fails_no_look(idle: float, changes: bool, sent: int) -> None:
    answers = [http(), b"", http()]

    def talk(connection: socket.socket, head: str) -> None:
        said = answers.pop(0)
        connection.sendall(said) if said else connection.shutdown(socket.SHUT_RDWR)

    with serving(talk) as server, closing(loop_client(server.url)) as client:
        client.list_webhooks()
        put_ahead(client._loop, idle)
        if sent == 3:
            assert client.list_webhooks() == []
        else:
            with pytest.raises(ReachLostAnswerError):
                client.delete_webhook(WORKSPACE) if changes else client.list_webhooks()
        assert (server.connections, len(server.heads)) == (sent - 1, sent)


def test_the_system_asks_whether_an_idle_connection_is_still_there() -> None:
    async def work(request: Request) -> int:
        route = aiohttp_transport.NetworkRoute(None, None)
        async with aiohttp_transport.open_session(route) as session:
            assert isinstance(await aiohttp_transport.send(session, route, request), Answer)
            connector: Any = session.connector
            [[(kept, _)]] = connector._conns.values()
            connected: socket.socket = kept.transport.get_extra_info("socket")
            return connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

    with serving(says(http(EMPTY_LIST))) as server:
        config = ReachConfig(server.url, WORKSPACE, KEY, timeout=5.0)
        assert run(work(request_for(list_webhooks(), config, "tests"))) == 1


def test_cookies_are_not_sent_back(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(says(http(EMPTY_LIST, "200 OK", "Set-Cookie: a=b; Path=/"))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")  # aiohttp keeps no cookie of an IP address
        with asking("http://reach.test/api") as client:
            client.list_webhooks()
            client.list_webhooks()

    assert len(proxy.heads) == 2
    assert not [head for head in proxy.heads if "cookie" in head.lower()]


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"])
def test_redirects_are_not_followed(asking: Asking, failure: Failing, status: str) -> None:
    with serving(says(http())) as other:
        place = f"Location: http://user:planted@127.0.0.1:{other.port}/login?token=planted"
        with serving(says(http(b"", status, place))) as server:
            said = failure(server.url, ReachRequestError)
            with asking(server.url) as client, pytest.raises(ReachRequestError):
                client.create_webhook(WebhookSpec(name="orders", target="https://consumer.example", events=["open"]))

            assert len(server.heads) == 2
            assert other.connections == 0
            assert f"It points to http://***@127.0.0.1:{other.port}/login" in said
            assert "set the connection's host to the API's own base URL" in said


def test_what_a_redirect_says_is_told(failure: Failing) -> None:
    answer = http(b'{"errors": [{"message": "moved to another region"}]}', "302 Found", "Location: https://x.example/")
    with serving(says(answer)) as server:
        assert "moved to another region" in failure(server.url, ReachRequestError)


def test_a_redirect_to_a_place_in_no_known_letters(failure: Failing) -> None:
    answer = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: https://x.example/\xff\r\n\r\n"
    with serving(then_hang_up(answer)) as server:
        assert "It points to https://x.example/" in failure(server.url, ReachRequestError).encode().decode()


def test_netrc_does_not_override_the_key(
    driver: Driver, reach: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    with driver(ReachConfig(reach.base_url, reach.workspace_id, reach.api_key)) as client:
        client.list_webhooks()

    assert reach.requests[0].headers["Authorization"] == f"AccessKey {reach.api_key}"


# --- the environment: proxies and certificates


@pytest.mark.parametrize("scheme", ["http://", ""])
@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_proxy_is_used(asking: Asking, name: str, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(says(http())) as proxy:
        monkeypatch.setenv(name, f"{scheme}127.0.0.1:{proxy.port}")
        with asking("http://reach.test/api") as client:
            assert client.list_webhooks() == []

    assert proxy.heads[0].startswith(f"GET http://reach.test{LIST} HTTP/1.1\r\n")


def test_a_proxy_that_knows_its_users(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(says(http())) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://us%40er:pl%3Aanted@127.0.0.1:{proxy.port}")
        with asking("http://reach.test/api") as client:
            assert client.list_webhooks() == []

    credentials = base64.b64encode(b"us@er:pl:anted").decode()
    assert f"\r\nProxy-Authorization: Basic {credentials}\r\n" in proxy.heads[0]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", ["socks5", "socks5h", "socks4"])
def test_a_proxy_of_another_kind_gets_no_key(
    failure: Failing, kind: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(says(http())) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"{kind}://user:{PROXY_PASSWORD}@127.0.0.1:{proxy.port}")
        said = failure(f"{scheme}://reach.test/api", ReachUnreachableError)

    assert "Nothing was sent." in said
    assert proxy.heads == []


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_no_proxy_is_honoured(asking: Asking, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    monkeypatch.setenv(name, "localhost,127.0.0.1")

    with serving(says(http())) as server, asking(server.url) as client:
        assert client.list_webhooks() == []


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that nobody knows; its name is in small letters, as OpenSSL looks for it."""
    return trustme.CA(organization_name="reach", organization_unit_name="tests")


@pytest.fixture(scope="module")
def ca_bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """A server's for reach.test and this machine."""
    return _tls(authority.issue_cert("reach.test", "127.0.0.1"))


def _tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_ca_bundle_of_ones_own(
    asking: Asking, name: str, tls: ssl.SSLContext, ca_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(ca_bundle))

    with serving(says(http()), tls) as server, asking(server.url, timeout=2) as client:
        assert client.list_webhooks() == []


def test_a_directory_of_ca_certificates(
    asking: Asking, tls: ssl.SSLContext, ca_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = x509.load_pem_x509_certificate(ca_bundle.read_bytes())
    digest = hashlib.sha1(made.subject.public_bytes()[2:]).digest()  # what OpenSSL looks for, as of a short name
    (tmp_path / f"{int.from_bytes(digest[:4], 'little'):08x}.0").write_bytes(ca_bundle.read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))

    with serving(says(http()), tls) as server, asking(server.url, timeout=2) as client:
        assert client.list_webhooks() == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_bundle_that_is_none(
    failure: Failing, content: str | None, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content:
        bundle.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))

    with serving(says(http()), tls) as server:
        assert "Nothing was sent." in failure(server.url, ReachUnreachableError, timeout=2)
        assert server.heads == []


def test_a_certificate_with_only_a_common_name_gets_no_key(
    failure: Failing, authority: trustme.CA, ca_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = authority.issue_cert(common_name="reach.test")
    inner: list[str] = []

    def tunnel(connection: socket.socket, head: str) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with _tls(certificate).wrap_socket(connection, server_side=True) as wrapped:
            inner.append(_head(wrapped))

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_bundle))
    with serving(tunnel) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert "certificate verify failed" in failure("https://reach.test/api", ReachUnreachableError, timeout=2)

    assert "".join(inner) == ""


def test_an_unknown_certificate_gets_no_key(failure: Failing, tls: ssl.SSLContext) -> None:
    with serving(says(http()), tls) as server:
        said = failure(server.url, ReachUnreachableError, timeout=2)
        assert server.heads == []

    assert "certificate verify failed" in said
    assert "Nothing was sent." in said
    assert "set REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) to a file" in said


def test_of_the_settings_for_certificates_these_two_alone_are_read(
    failure: Failing, tls: ssl.SSLContext, ca_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_bundle))
    with serving(says(http()), tls) as server:
        assert "certificate verify failed" in failure(server.url, ReachUnreachableError, timeout=2)


def test_the_certificate_of_another_name_gets_no_key(
    failure: Failing, tls: ssl.SSLContext, ca_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_bundle))
    with serving(says(http()), tls) as server:
        said = failure(server.url.replace("127.0.0.1", "localhost"), ReachUnreachableError, timeout=2)
        assert server.heads == []

    assert "certificate verify failed" in said
    assert "set REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) to a file" in said


def test_tls_where_none_is_spoken_gets_no_key(failure: Failing, reach: Sandbox) -> None:
    said = failure(reach.base_url.replace("http://", "https://"), ReachUnreachableError, timeout=2)

    assert "Nothing was sent. What answers on that port speaks no TLS" in said
    assert reach.requests == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "EOF|ConnectionResetError"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "handshake failure"),
        (None, "handshake operation timed out|Connection timeout"),
    ],
)
def test_tls_that_does_not_come_about_gets_no_key(failure: Failing, answer: bytes | None, said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                if answer is None:
                    connection.recv(4096)
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=talk)
        thread.start()
        assert re.search(said, failure(f"https://127.0.0.1:{listener.getsockname()[1]}/api", ReachUnreachableError))
        thread.join()


def test_https_through_a_proxy_shows_it_no_key(
    asking: Asking, tls: ssl.SSLContext, ca_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner: list[str] = []

    def tunnel(connection: socket.socket, head: str) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with tls.wrap_socket(connection, server_side=True) as wrapped:
            while head := _head(wrapped):
                inner.append(head)
                wrapped.sendall(http())

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_bundle))
    with serving(tunnel) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PROXY_PASSWORD}@127.0.0.1:{proxy.port}")
        with asking("https://reach.test/api", timeout=2) as client:
            assert client.list_webhooks() == []

    (outer,) = proxy.heads
    assert outer.startswith("CONNECT reach.test:443 HTTP/1.")
    assert "\r\nProxy-Authorization: Basic " in outer
    assert KEY not in outer
    assert f"\r\nAuthorization: AccessKey {KEY}\r\n" in inner[0]
    assert "Proxy-Authorization" not in inner[0]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the oldest urllib3 leaves the tunnel to be collected
@pytest.mark.parametrize(
    "status", ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway", "503 Service Unavailable"]
)
def test_a_proxy_that_refuses(failure: Failing, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(says(http(b"", status))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PROXY_PASSWORD}@127.0.0.1:{proxy.port}")
        said = failure("https://reach.test/api", ReachUnreachableError, timeout=2)
        gc.collect()

    assert f"(Tunnel connection failed: {status}). Nothing was sent. The proxy " in said
    assert ("user name and password" in said) == status.startswith("407")


def reset(connection: socket.socket, head: str) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hang_up(connection: socket.socket, head: str) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def then_hang_up(answer: bytes) -> Talk:
    def talk(connection: socket.socket, head: str) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    return talk


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the oldest urllib3 leaves the tunnel to be collected
@pytest.mark.parametrize(
    "talk",
    [hang_up, reset, then_hang_up(b"SSH-2.0\r\n"), lambda connection, head: None],
    ids=["hangs up", "resets", "speaks something else", "says nothing"],
)
def test_a_proxy_that_makes_no_tunnel(failure: Failing, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(talk) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        try:
            assert "Nothing was sent." in failure("https://reach.test/api", ReachUnreachableError)
        finally:
            gc.collect()


@pytest.mark.parametrize("talk", [hang_up, reset])
def test_a_proxy_that_took_a_request_may_have_passed_it_on(
    failure: Failing, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(talk) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        failure("http://reach.test/api", ReachLostAnswerError)

    assert len(proxy.heads) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(failure: Failing, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{scheme}_proxy", f"http://user:{PROXY_PASSWORD}@127.0.0.1:{unused_port()}")

    assert "Nothing was sent." in failure(f"{scheme}://reach.test/api", ReachUnreachableError, timeout=2)


# --- no connection


def test_refused(failure: Failing) -> None:
    assert "Connection refused" in failure(f"http://127.0.0.1:{unused_port()}/api", ReachUnreachableError)


def test_a_name_that_nobody_knows(failure: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_knows(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody_knows)

    said = failure("https://reach.test/api", ReachUnreachableError)

    assert "Name or service not known" in said
    assert "host or region, DNS, proxy and firewall" in said


@pytest.mark.parametrize("host", ["a" * 64, "reach..test", "*"])
def test_a_name_that_can_be_nobodys(failure: Failing, host: str) -> None:
    failure(f"https://{host}/api", ReachUnreachableError)


def test_nobody_takes_the_connection(failure: Failing) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as busy, socket.socket() as first:
        first.connect(busy.getsockname())
        started = time.monotonic()
        said = failure(f"http://127.0.0.1:{busy.getsockname()[1]}/api", ReachUnreachableError)

    assert TIMEOUT <= time.monotonic() - started < 2
    assert "Nothing was sent." in said


# --- no whole answer


def test_no_answer(failure: Failing) -> None:
    with serving(lambda connection, head: None) as server:
        started = time.monotonic()
        said = failure(server.url, ReachTimeoutError, timeout=0.5)

    assert 0.5 <= time.monotonic() - started < 0.95  # not twice as long, as for an answer that trickles in
    assert "raise 'timeout' in the connection's extras" in said


def test_what_makes_the_service_ask_the_target_has_its_time_too(
    driver: Driver, reach: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_reach.core.api.request.TARGET_TIME", 5.0)
    reach.fail(Fault.slow(2 * TIMEOUT))
    spec = WebhookSpec(name="orders", target=reach.target("orders").url, events=["open"])

    with driver(ReachConfig(reach.base_url, reach.workspace_id, reach.api_key, timeout=TIMEOUT)) as client:
        made = client.create_webhook(spec)

    assert [webhook["id"] for webhook in reach.state()["webhooks"]] == [made]
    assert len(reach.requests) == 1


def drips(*, chunked: bool) -> Talk:
    def talk(connection: socket.socket, head: str) -> None:
        length = "Transfer-Encoding: chunked" if chunked else "Content-Length: 1000"
        connection.sendall(f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode())
        for _ in range(1000):
            connection.sendall(b"1\r\n \r\n" if chunked else b" ")
            time.sleep(TIMEOUT / 10)

    return talk


@pytest.mark.parametrize("chunked", [False, True])
def test_an_answer_that_trickles_in_ends_at_the_deadline(failure: Failing, chunked: bool) -> None:
    with serving(drips(chunked=chunked)) as server:
        started = time.monotonic()
        failure(server.url, ReachTimeoutError)

    assert 2 * TIMEOUT <= time.monotonic() - started < 2


def drips_head(*lines: bytes) -> Talk:
    """Sends the lines a byte now and then, the last one over and over."""

    def talk(connection: socket.socket, head: str) -> None:
        for line in (*lines, *[lines[-1]] * 100):
            for byte in line:
                connection.sendall(bytes([byte]))
                time.sleep(TIMEOUT / 10)

    return talk


@pytest.mark.parametrize(
    "lines",
    [[b"HTTP/1.1 200 ", b"O"], [b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n"], [b"HTTP/1.1 100 Continue\r\n\r\n"]],
    ids=["first line", "headers", "interim answers"],
)
def test_a_head_that_trickles_in_ends_at_the_deadline(failure: Failing, lines: list[bytes]) -> None:
    with serving(drips_head(*lines)) as server:
        started = time.monotonic()
        failure(server.url, ReachTimeoutError)

    assert 2 * TIMEOUT <= time.monotonic() - started < 2


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the oldest urllib3 leaves the tunnel to be collected
def test_a_proxy_whose_head_trickles_in_is_not_waited_for(failure: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(drips_head(b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        started = time.monotonic()
        try:
            assert "Nothing was sent." in failure("https://reach.test/api", ReachUnreachableError)
        finally:
            gc.collect()

    assert time.monotonic() - started < 2


def floods(first: bytes, then: bytes) -> Talk:
    def talk(connection: socket.socket, head: str) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(then * 1000)

    return talk


@pytest.mark.parametrize(
    "talk",
    [
        floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        floods(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzip.compress(b"")),
    ],
    ids=["interim answers", "gzip of nothing"],
)
def test_an_answer_that_says_nothing_without_end_ends_at_the_deadline(failure: Failing, talk: Talk) -> None:
    with serving(talk) as server:
        started = time.monotonic()
        failure(server.url, ReachTimeoutError)

    assert time.monotonic() - started < 2


def test_interim_answers_are_not_the_answer(asking: Asking) -> None:
    interim = b"".join(f"HTTP/1.1 {status} Wait\r\nX: 1\r\n\r\n".encode() for status in (100, 102, 103, 103))
    with serving(says(interim + http())) as server, asking(server.url, timeout=5) as client:
        assert client.list_webhooks() == []
        assert client.list_webhooks() == []
        assert server.connections == 1


def test_another_protocol_in_place_of_an_answer_is_no_refusal(failure: Failing) -> None:
    with serving(then_hang_up(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")) as server:
        assert "HTTP 101" in failure(server.url, ReachDecodeError, timeout=5)


def test_half_a_head_deletes_nothing(asking: Asking) -> None:
    half = b"HTTP/1.1 204 No Content\r\nX: 1\r\n"
    with (
        serving(then_hang_up(half)) as server,
        asking(server.url, timeout=5) as client,
        pytest.raises(ReachLostAnswerError),
    ):
        client.delete_webhook(WORKSPACE)


def without_end(connection: socket.socket, head: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        connection.sendall(b" " * 65_536)


def bomb(connection: socket.socket, head: str) -> None:
    zeros = gzip.compress(bytes(20_000_000)) * 10
    connection.sendall(http(zeros, "200 OK", "Content-Encoding: gzip"))


def packed(status: str, coding: str, *headers: str, body: bytes = b"\x0b\x02\x80{}") -> bytes:
    return http(body, status, f"Content-Encoding: {coding}", *headers)


TWICE = gzip.compress(gzip.compress(EMPTY_LIST, mtime=0), mtime=0)
NOT_ASKED_FOR = "its body is packed with {}, which was not asked for, and cannot be read"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (packed("200 OK", "gzip, gzip", body=TWICE), NOT_ASKED_FOR.format("gzip, gzip")),
        (packed("200 OK", "br"), NOT_ASKED_FOR.format("br")),
        (packed("200 OK", "zstd"), NOT_ASKED_FOR.format("zstd")),
        (packed("200 OK", "gzip"), "its body is packed with gzip and cannot be unpacked"),
        (packed("200 OK", "gzip", body=TWICE[:-9]), "its body is packed with gzip and ends before it can be unpacked"),
    ],
    ids=["gzip twice", "br", "zstd", "no gzip", "gzip that ends"],
)
def test_a_good_answer_that_cannot_be_read_says_why(failure: Failing, answer: bytes, why: str) -> None:
    with serving(says(answer)) as server:
        said = failure(server.url, ReachDecodeError, timeout=5)

    assert f"(HTTP 200) is not the Reach API's: {why}" in said
    assert "\r\nAccept-Encoding: gzip, deflate\r\n" in server.heads[0]


UNREADABLE: dict[str, Callable[[str, str], bytes]] = {
    "br": lambda status, header: packed(status, "br", header),
    "zstd": lambda status, header: packed(status, "zstd", header),
    "gzip twice": lambda status, header: packed(status, "gzip, gzip", header, body=TWICE),
    "no gzip": lambda status, header: packed(status, "gzip", header),
    "gzip that ends": lambda status, header: packed(status, "gzip", header, body=TWICE[:-9]),
    "breaks off": lambda status, header: http(b'{"err', status, header, length=100),
    "chunks that break off": lambda status, header: chunked(b'{"err', b"5\r\n", status),
}
"""Bodies that cannot be read, from the status and a header."""
SPEC = WebhookSpec(name="orders", target="https://consumer.example/o", events=["bounce"])


@pytest.mark.parametrize("body", UNREADABLE)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("400 Bad Request", ReachTargetError),
        ("401 Unauthorized", ReachAuthError),
        ("404 Not Found", ReachNotFoundError),
        ("422 Unprocessable Content", ReachRequestError),
    ],
)
def test_a_refusal_is_one_though_its_body_cannot_be_read(
    driver: Driver, body: str, status: str, kind: type[ReachError]
) -> None:
    waits: list[float] = []
    with serving(then_hang_up(UNREADABLE[body](status, "X-A: 1"))) as server:
        config = ReachConfig(server.url, WORKSPACE, KEY, timeout=5)
        with driver(config, outage_tolerance=60, sleep=waits.append) as client, pytest.raises(ReachError) as raised:
            client.create_webhook(SPEC)

    assert type(raised.value) is kind
    assert re.search(rf"HTTP {status[:3]}: its body (is packed with|breaks off)", str(raised.value))
    assert (len(server.heads), waits) == (1, [])  # neither sent again nor looked for


@pytest.mark.parametrize("body", [name for name in UNREADABLE if not name.startswith("chunks")])
@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_its_retry_after_counts_too(driver: Driver, body: str, status: str) -> None:
    waits: list[float] = []
    answers = [UNREADABLE[body](status, "Retry-After: 15\r\nConnection: close"), http()]
    with serving(lambda connection, head: then_hang_up(answers.pop(0))(connection, head)) as server:
        config = ReachConfig(server.url, WORKSPACE, KEY, timeout=5)
        with driver(config, outage_tolerance=60, sleep=waits.append) as client:
            assert client.list_webhooks() == []

    (waited,) = waits
    assert 15 <= waited <= 18
    assert len(server.heads) == 2


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "gzip"])
def test_a_creation_that_was_taken_is_found_though_its_answer_cannot_be_read(driver: Driver, coding: str) -> None:
    made = {"id": WORKSPACE, "name": SPEC.name, "target": SPEC.target, "events": ["bounce"]}
    listed = http(json.dumps({"results": [made]}).encode())
    with serving(says(packed("200 OK", coding), listed)) as server:
        config = ReachConfig(server.url, WORKSPACE, KEY, timeout=5)
        with driver(config, outage_tolerance=60, sleep=lambda _: None) as client:
            assert client.create_webhook(SPEC) == WORKSPACE

    assert [head.partition(" ")[0] for head in server.heads] == ["POST", "GET"]


def test_a_deletion_that_was_taken_is_done_though_its_answer_cannot_be_read(driver: Driver) -> None:
    gone = http(b'{"errors": [{"message": "none"}]}', "404 Not Found")
    with serving(says(packed("200 OK", "br"), gone)) as server:
        config = ReachConfig(server.url, WORKSPACE, KEY, timeout=5)
        with driver(config, outage_tolerance=60, sleep=lambda _: None) as client:
            client.delete_webhook(WORKSPACE)

    assert len(server.heads) == 2


@pytest.mark.parametrize("talk", [without_end, bomb])
def test_an_answer_without_bound_is_not_kept(asking: Asking, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    bound(monkeypatch, 1_000_000)
    with serving(talk) as server, asking(server.url, timeout=5) as client:
        tracemalloc.start()
        try:
            with pytest.raises(ReachDecodeError, match="larger than any answer of the API"):
                client.list_webhooks()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak < 64_000_000


def chunked(body: bytes, end: bytes = b"0\r\n\r\n", status: str = "200 OK") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\n".encode()
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + f"{len(body):x}\r\n".encode()
        + body
        + b"\r\n"
        + end
    )


@pytest.mark.parametrize(
    "answer",
    [
        http(gzip.compress(EMPTY_LIST), "200 OK", "Content-Encoding: gzip"),
        http(zlib.compress(EMPTY_LIST), "200 OK", "Content-Encoding: deflate"),
        http(zlib.compress(EMPTY_LIST)[2:-4], "200 OK", "Content-Encoding: deflate"),
        http(EMPTY_LIST, "200 OK", "X-Long: " + "x" * 60_000),
        http(EMPTY_LIST, "200 OK", *(f"X-Many-{number}: 1" for number in range(90))),
        chunked(EMPTY_LIST),
        http(EMPTY_LIST + b" " * 3_000_000),
        http(gzip.compress(EMPTY_LIST + b" " * 3_000_000), "200 OK", "Content-Encoding: gzip"),
    ],
    ids=[
        "gzip",
        "deflate",
        "bare deflate",
        "a long header",
        "many headers",
        "chunked",
        "large",
        "large gzip",
    ],
)
def test_a_whole_answer_in_any_wrapping(asking: Asking, answer: bytes) -> None:
    with serving(says(answer)) as server, asking(server.url, timeout=5) as client:
        assert client.list_webhooks() == []
        assert client.list_webhooks() == []
        assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        http(EMPTY_LIST, length=100),
        chunked(EMPTY_LIST, end=b""),
    ],
    ids=["nothing", "half a line", "another protocol", "too short", "chunks without end"],
)
def test_an_answer_that_breaks_off(failure: Failing, answer: bytes) -> None:
    with serving(then_hang_up(answer)) as server:
        failure(server.url, ReachLostAnswerError, timeout=2)


@pytest.mark.parametrize("driver", DRIVERS[:1])  # the oldest aiohttp reads any number
def test_an_answer_of_too_many_headers(failure: Failing) -> None:
    with serving(then_hang_up(http(EMPTY_LIST, "200 OK", *["X-Many: 1"] * 200))) as server:
        failure(server.url, ReachLostAnswerError, timeout=2)


def test_an_answer_that_ends_with_the_connection(asking: Asking) -> None:
    with serving(then_hang_up(b"HTTP/1.1 200 OK\r\n\r\n" + EMPTY_LIST)) as server, asking(server.url) as client:
        assert client.list_webhooks() == []


def test_of_headers_given_twice_the_first_counts(asking: Asking) -> None:
    twice = [f"Date: Mon, 01 Jan 2024 00:00:0{second} GMT" for second in (1, 2)]
    with serving(says(http(EMPTY_LIST, "200 OK", *twice))) as server, asking(server.url) as client:
        listed = client.do(lambda context: ask(list_webhooks(), context))

    assert listed.at == datetime(2024, 1, 1, 0, 0, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize("answer", [http(b"\xff\xfe\x00"), http(b'{"results": "\xff"}'), http(b"[" * 100_000)])
def test_an_answer_in_no_known_letters(failure: Failing, answer: bytes) -> None:
    with serving(says(answer)) as server:
        failure(server.url, ReachDecodeError, timeout=2)


def test_the_key_is_masked_where_something_else_quotes_it(failure: Failing) -> None:
    quoted: list[Any] = [http(f"your headers: Authorization: AccessKey {KEY}".encode(), "200 OK")]
    with serving(says(*quoted)) as server:
        failure(server.url, ReachDecodeError, timeout=2)


def test_a_plain_url_is_spelled_as_requests_spells_it() -> None:
    """They are spelled without asking it, which would take most of the time of a call; all others are not."""
    plain = [
        f"{base}/workspaces/{WORKSPACE}/reach/webhooks" for base in ("http://127.0.0.1:80/a_b", "https://h.x-y.com/v-1")
    ]
    odd = ["https://H.example/A", "http://[::1]:8/x", "https://h/a%20b", "https://h/a/../b", "https://h/ü", "https://h"]
    for url in (*plain, *odd):
        for query in ((), (("limit", "1000"),), (("a", "b c"), ("d", "é&"))):
            spelled = requests.PreparedRequest()
            spelled.prepare_url(url, query)
            assert aiohttp_transport._prepared(url, query) == URL(spelled.url or "", encoded=True)
    assert [bool(aiohttp_transport._PLAIN.fullmatch(url)) for url in (*plain, *odd)] == [True] * 2 + [False] * 6
