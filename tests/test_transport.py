"""What the sandbox cannot play: other servers, proxies, TLS, and answers that do not end."""

from __future__ import annotations

import gc
import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from airflow_provider_reach import transport
from airflow_provider_reach.client import ReachClient
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.errors import (
    ReachDecodeError,
    ReachError,
    ReachLostAnswerError,
    ReachNotFoundError,
    ReachRequestError,
    ReachTimeoutError,
    ReachUnreachableError,
)
from airflow_provider_reach.core.spec import WebhookSpec
from airflow_provider_reach.sandbox import Fault, Sandbox

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


@contextmanager
def asking(base_url: str, timeout: float = TIMEOUT, patience: float = 0, api_key: str = KEY) -> Iterator[ReachClient]:
    config = ReachConfig(base_url, WORKSPACE, api_key, timeout=timeout)
    with ReachClient(config, patience=patience, sleep=lambda _: None) as client:
        yield client


def failure(base_url: str, kind: type[ReachError], timeout: float = TIMEOUT) -> str:
    """What the error of a list says: no secret, also not in what it hangs on."""
    with asking(base_url, timeout) as client, pytest.raises(ReachError) as raised:
        client.list_webhooks()
    error: BaseException | None = raised.value
    assert type(error) is kind
    while error is not None:
        assert "planted" not in f"{error} {error!r}"
        error = error.__cause__
    return str(raised.value)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


# --- connections


def test_one_connection_serves_many_calls_whatever_is_answered() -> None:
    refusal = http(b'{"errors": [{"message": "no"}]}', "404 Not Found")
    with serving(says(http(), refusal, http(b"", "204 No Content"), http())) as server:
        with asking(server.url) as client:
            client.list_webhooks()
            with pytest.raises(ReachNotFoundError):
                client.get_webhook(WORKSPACE)
            client.delete_webhook(WORKSPACE)
            client.list_webhooks()

        assert (server.connections, len(server.heads)) == (1, 4)


def test_the_connection_is_released() -> None:
    with serving(says(http())) as server:
        with asking(server.url) as client:
            client.list_webhooks()
            assert not server.left.is_set()
        assert server.left.wait(2)


def test_the_connection_of_an_answer_not_read_to_its_end_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", 1000)
    with serving(says(http(b" " * 100_000), http())) as server, asking(server.url) as client:
        with pytest.raises(ReachDecodeError):
            client.list_webhooks()
        assert client.list_webhooks() == []
        assert server.connections == 2


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"])
def test_redirects_are_not_followed(status: str) -> None:
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


def test_netrc_does_not_override_the_key(reach: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    with ReachClient(ReachConfig(reach.base_url, reach.workspace_id, reach.api_key)) as client:
        client.list_webhooks()

    assert reach.requests[0].headers["Authorization"] == f"AccessKey {reach.api_key}"


# --- the environment: proxies and certificates


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_a_proxy_is_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(says(http())) as proxy:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with asking("http://reach.test/api") as client:
            assert client.list_webhooks() == []

    assert proxy.heads[0].startswith(f"GET http://reach.test{LIST} HTTP/1.1\r\n")


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_no_proxy_is_honoured(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    monkeypatch.setenv(name, "localhost,127.0.0.1")

    with serving(says(http())) as server, asking(server.url) as client:
        assert client.list_webhooks() == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own making for reach.test and this machine, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reach.test")])
    now = datetime.now(timezone.utc)
    others = "content_commitment key_encipherment data_encipherment key_agreement crl_sign encipher_only decipher_only"
    usage = dict.fromkeys(others.split(), False)
    names: list[x509.GeneralName] = [x509.DNSName("reach.test"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_ca_bundle_of_ones_own(
    name: str, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(certificate))

    with serving(says(http()), tls) as server, asking(server.url, timeout=2) as client:
        assert client.list_webhooks() == []


def test_an_unknown_certificate_gets_no_key(tls: ssl.SSLContext) -> None:
    with serving(says(http()), tls) as server:
        said = failure(server.url, ReachUnreachableError, timeout=2)
        assert server.heads == []

    assert "certificate verify failed" in said
    assert "Nothing was sent." in said


def test_the_certificate_of_another_name_gets_no_key(
    tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serving(says(http()), tls) as server:
        said = failure(server.url.replace("127.0.0.1", "localhost"), ReachUnreachableError, timeout=2)
        assert server.heads == []

    assert "certificate verify failed" in said


def test_tls_where_none_is_spoken_gets_no_key(reach: Sandbox) -> None:
    said = failure(reach.base_url.replace("http://", "https://"), ReachUnreachableError, timeout=2)

    assert "Nothing was sent." in said
    assert reach.requests == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [(b"", "EOF"), (b"\x15\x03\x01\x00\x02\x02\x28", "handshake failure"), (None, "handshake operation timed out")],
)
def test_tls_that_does_not_come_about_gets_no_key(answer: bytes | None, said: str) -> None:
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
        assert said in failure(f"https://127.0.0.1:{listener.getsockname()[1]}/api", ReachUnreachableError)
        thread.join()


def test_https_through_a_proxy_shows_it_no_key(
    tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner: list[str] = []

    def tunnel(connection: socket.socket, head: str) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with tls.wrap_socket(connection, server_side=True) as wrapped:
            while head := _head(wrapped):
                inner.append(head)
                wrapped.sendall(http())

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
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
@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden"])
def test_a_proxy_that_refuses(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(says(http(b"", status))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PROXY_PASSWORD}@127.0.0.1:{proxy.port}")
        said = failure("https://reach.test/api", ReachUnreachableError, timeout=2)
    gc.collect()

    assert status in said


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{scheme}_proxy", f"http://user:{PROXY_PASSWORD}@127.0.0.1:{unused_port()}")

    assert "Nothing was sent." in failure(f"{scheme}://reach.test/api", ReachUnreachableError, timeout=2)


# --- no connection


def test_refused() -> None:
    assert "Connection refused" in failure(f"http://127.0.0.1:{unused_port()}/api", ReachUnreachableError)


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_knows(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody_knows)

    said = failure("https://reach.test/api", ReachUnreachableError)

    assert "Name or service not known" in said
    assert "host or region, DNS, proxy and firewall" in said


@pytest.mark.parametrize("host", ["a" * 64, "reach..test", "*"])
def test_a_name_that_can_be_nobodys(host: str) -> None:
    failure(f"https://{host}/api", ReachUnreachableError)


def test_nobody_takes_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as busy, socket.socket() as first:
        first.connect(busy.getsockname())
        started = time.monotonic()
        said = failure(f"http://127.0.0.1:{busy.getsockname()[1]}/api", ReachUnreachableError)

    assert TIMEOUT <= time.monotonic() - started < 2
    assert "Nothing was sent." in said


# --- no whole answer


def test_no_answer() -> None:
    with serving(lambda connection, head: None) as server:
        started = time.monotonic()
        said = failure(server.url, ReachTimeoutError)

    assert TIMEOUT <= time.monotonic() - started < 2
    assert "raise 'timeout' in the connection's extras" in said


def test_what_makes_the_service_ask_the_target_has_its_time_too(
    reach: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_reach.core.request.TARGET_TIME", 5.0)
    reach.fail(Fault.slow(2 * TIMEOUT))
    spec = WebhookSpec(name="orders", target=reach.target("orders").url, events=["open"])

    with ReachClient(ReachConfig(reach.base_url, reach.workspace_id, reach.api_key, timeout=TIMEOUT)) as client:
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
def test_an_answer_that_trickles_in_ends_at_the_deadline(chunked: bool) -> None:
    with serving(drips(chunked=chunked)) as server:
        started = time.monotonic()
        failure(server.url, ReachTimeoutError)

    assert 2 * TIMEOUT <= time.monotonic() - started < 2


def without_end(connection: socket.socket, head: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        connection.sendall(b" " * 65_536)


def bomb(connection: socket.socket, head: str) -> None:
    zeros = gzip.compress(bytes(20_000_000)) * 10
    connection.sendall(http(zeros, "200 OK", "Content-Encoding: gzip"))


@pytest.mark.parametrize("talk", [without_end, bomb])
def test_an_answer_without_bound_is_not_kept(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", 1_000_000)
    with serving(talk) as server, asking(server.url, timeout=5) as client:
        tracemalloc.start()
        try:
            with pytest.raises(ReachDecodeError, match="larger than any answer of the API"):
                client.list_webhooks()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak < 64_000_000


def chunked(body: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + f"{len(body):x}\r\n".encode() + body + b"\r\n" + end
    )


@pytest.mark.parametrize(
    "answer",
    [
        http(gzip.compress(EMPTY_LIST), "200 OK", "Content-Encoding: gzip"),
        chunked(EMPTY_LIST),
        http(EMPTY_LIST + b" " * 3_000_000),
        http(gzip.compress(EMPTY_LIST + b" " * 3_000_000), "200 OK", "Content-Encoding: gzip"),
    ],
    ids=["gzip", "chunked", "large", "large gzip"],
)
def test_a_whole_answer_in_any_wrapping(answer: bytes) -> None:
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
        http(b"\x00 this is not gzip", "200 OK", "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 200 + b"\r\n",
    ],
    ids=["nothing", "half a line", "another protocol", "too short", "chunks without end", "no gzip", "many headers"],
)
def test_an_answer_that_breaks_off(answer: bytes) -> None:
    def talk(connection: socket.socket, head: str) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    with serving(talk) as server:
        failure(server.url, ReachLostAnswerError, timeout=2)


@pytest.mark.parametrize("answer", [http(b"\xff\xfe\x00"), http(b'{"results": "\xff"}'), http(b"[" * 100_000)])
def test_an_answer_in_no_known_letters(answer: bytes) -> None:
    with serving(says(answer)) as server:
        failure(server.url, ReachDecodeError, timeout=2)


def test_the_key_is_masked_where_something_else_quotes_it() -> None:
    quoted: list[Any] = [http(f"your headers: Authorization: AccessKey {KEY}".encode(), "200 OK")]
    with serving(says(*quoted)) as server:
        failure(server.url, ReachDecodeError, timeout=2)
