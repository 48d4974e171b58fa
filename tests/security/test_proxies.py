"""What real proxies answer in the service's place: their words are theirs, not the key's fault nor the target's."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.errors import (
    ReachAuthError,
    ReachDecodeError,
    ReachError,
    ReachNotFoundError,
    ReachRateLimitError,
    ReachServerError,
    ReachUnreachableError,
    ReachUnsettledError,
)
from airflow_provider_reach.core.webhooks.spec import WebhookSpec
from airflow_provider_reach.sandbox import Sandbox
from evidence.faults import certificates
from tests.conftest import API_KEY, WORKSPACE_ID
from tests.drivers import Driver
from tests.security.proxies import GATE, HAPROXY, LOGIN, NGINX, SQUID, running, unused_ports

NAMES = ("nginx", "nginx_tls", "haproxy", "squid", "squid_gate", "nobody")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One that squid may read, which gives up root's rights, and so all in a folder of root's own."""
    path = Path(tempfile.mkdtemp(prefix="reach-proxies-", dir="/tmp" if os.geteuid() == 0 else None))
    path.chmod(0o755)
    (path / "hosts").write_text("127.0.0.1 reach.test denied.test\n")
    user, _, password = LOGIN.partition(":")
    (path / "users.sh").write_text(
        f'while read user password; do [ "$user:$password" = {user}:{password} ] && echo OK || echo ERR; done\n'
    )
    try:
        yield path
    finally:
        shutil.rmtree(path)


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(target_timeout=1.0, api_key=API_KEY, workspace_id=WORKSPACE_ID) as service:
        yield service


@pytest.fixture(scope="module")
def ports(service: Sandbox) -> Iterator[dict[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reach = int(service.base_url.rpartition(":")[2].partition("/")[0])
        yield {**unused_ports(*NAMES), "reach": reach, "silent": int(silent.getsockname()[1])}


@pytest.fixture(scope="module")
def nginx(folder: Path, ports: dict[str, int]) -> Iterator[None]:
    certificates.make(folder)
    given = NGINX.format(folder=folder, gate=GATE, **ports)
    with running("nginx", folder, given, ports["nginx"], ports["nginx_tls"]):
        yield


@pytest.fixture(scope="module")
def haproxy(folder: Path, ports: dict[str, int]) -> Iterator[None]:
    with running("haproxy", folder, HAPROXY.format(gate=GATE, **ports), ports["haproxy"]):
        yield


@pytest.fixture(scope="module")
def squid(folder: Path, ports: dict[str, int]) -> Iterator[None]:
    given = SQUID.format(folder=folder, gate=GATE, **ports)
    with running("squid", folder, given, ports["squid"], ports["squid_gate"]):
        yield


Asking = Callable[..., ReachClient]
Failing = Callable[..., str]


@pytest.fixture
def asking(driver: Driver, ports: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> Asking:
    """Makes a client that asks once, at a URL, through a proxy where one is named."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)

    def made(
        url: str, proxy: str = "", outage_tolerance: float = 0.0, sleep: Callable[[float], None] = print
    ) -> ReachClient:
        for name in ("HTTP_PROXY", "HTTPS_PROXY") if proxy else ():
            monkeypatch.setenv(name, f"http://{proxy}".format(**ports))
        config = ReachConfig(url.format(**ports), WORKSPACE_ID, API_KEY, timeout=5.0)
        return driver(config, outage_tolerance=outage_tolerance, sleep=sleep)

    return made


@pytest.fixture
def failure(asking: Asking) -> Failing:
    """What the error of a list says; it is asked again, blames neither key nor webhook, and holds no secret."""

    def failing(kind: type[ReachError], url: str, proxy: str = "") -> str:
        with asking(url, proxy) as client, pytest.raises(ReachError) as raised:
            client.list_webhooks()
        said = str(raised.value)
        assert type(raised.value) is kind, said
        assert not raised.value.final
        for wrong in ("planted", "API key was refused", "may not do this", "webhook's target", "No such webhook"):
            assert wrong not in said
        return said

    return failing


DECODE, SERVER, RATE, UNREACHABLE = ReachDecodeError, ReachServerError, ReachRateLimitError, ReachUnreachableError
AT_NGINX, AT_HAPROXY = "http://127.0.0.1:{nginx}", "http://127.0.0.1:{haproxy}"
SQUID_DOOR, SQUID_GATE = "127.0.0.1:{squid}", "127.0.0.1:{squid_gate}"


@pytest.mark.usefixtures("nginx")
@pytest.mark.parametrize(
    ("url", "kind", "says"),
    [
        ("http://127.0.0.1:{nginx_tls}/api", DECODE, "(HTTP 400)|That port speaks https"),
        (f"{AT_NGINX}/login/api", DECODE, f'(HTTP 401)|WWW-Authenticate: Basic realm="{GATE}"|401 Authorization Req'),
        (f"{AT_NGINX}/denied/api", DECODE, "(HTTP 403)|It begins: 403 Forbidden"),
        (f"{AT_NGINX}/none/api", DECODE, "(HTTP 404)|It begins: 404 Not Found"),
        (f"{AT_NGINX}/portal/api", DECODE, "(HTTP 302)|It points to https://login.example/"),
        (f"{AT_NGINX}/busy/api", RATE, "(HTTP 429)|It was asked too often"),
        (f"{AT_NGINX}/down/api", SERVER, "(HTTP 502)|It may not reach the service"),
    ],
)
def test_nginx_is_named(failure: Failing, url: str, kind: type[ReachError], says: str) -> None:
    said = failure(kind, url)

    assert [
        each for each in (*says.split("|"), "Server: nginx/", "is not the Reach API's: no JSON") if each not in said
    ] == []


@pytest.mark.usefixtures("haproxy")
@pytest.mark.parametrize(
    ("url", "kind", "says"),
    [
        (f"{AT_HAPROXY}/login/api", DECODE, f'(HTTP 401)|(WWW-Authenticate: Basic realm="{GATE}")'),
        (f"{AT_HAPROXY}/denied/api", DECODE, "(HTTP 403)|Request forbidden by administrative rules|gives no name"),
        (f"{AT_HAPROXY}/down/api", SERVER, "(HTTP 503)|No server is available to handle this request"),
        (f"{AT_HAPROXY}/silent/api", SERVER, "(HTTP 504)|The server didn't respond in time"),
    ],
)
def test_haproxy_s_words_are_its_own(failure: Failing, url: str, kind: type[ReachError], says: str) -> None:
    said = failure(kind, url)

    assert [each for each in (*says.split("|"), "is not the Reach API's: no JSON") if each not in said] == []


@pytest.mark.usefixtures("haproxy")
def test_haproxy_as_a_proxy_that_wants_credentials(failure: Failing) -> None:
    said = failure(DECODE, "http://reach.test/api", "127.0.0.1:{haproxy}")

    assert (
        "(HTTP 407) is not the Reach API's: a proxy's own words. A proxy answered in its place. It begins: 407" in said
    )
    assert "The proxy wants a user name and password" in said


@pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")  # urllib3 2.2 forgets a tunnel whose TLS fails
@pytest.mark.usefixtures("squid", "nginx")
@pytest.mark.parametrize(
    ("url", "proxy", "kind", "says"),
    [
        ("http://denied.test/api", SQUID_DOOR, DECODE, "(HTTP 403)|X-Squid-Error: ERR_ACCESS_DENIED|Access Denied"),
        ("http://reach.test:{nobody}/api", SQUID_DOOR, SERVER, "(HTTP 503)|ERR_CONNECT_FAIL|Server: squid/"),
        ("http://reach.test/api", SQUID_GATE, DECODE, "(HTTP 407)|Server: squid/|wants a user name and password"),
        ("https://denied.test/api", SQUID_DOOR, UNREACHABLE, "(Tunnel connection failed: 403 Forbidden)|NO_PROXY"),
        ("https://reach.test/api", SQUID_GATE, UNREACHABLE, "failed: 407 Proxy Auth|wants a user name and password"),
        ("https://reach.test:{nobody}/api", SQUID_DOOR, UNREACHABLE, "failed: 503 Service Unav|does not get through"),
        ("https://reach.test:{nginx_tls}/api", SQUID_DOOR, UNREACHABLE, "certificate verify failed|REQUESTS_CA_BUNDLE"),
        ("https://reach.test:{nginx}/api", SQUID_DOOR, UNREACHABLE, "speaks no TLS"),
    ],
)
def test_squid_is_named_and_its_tunnel(
    failure: Failing, url: str, proxy: str, kind: type[ReachError], says: str
) -> None:
    said = failure(kind, url, proxy)
    gc.collect()

    assert [each for each in says.split("|") if each not in said] == [], said


@pytest.mark.parametrize(
    ("program", "url", "proxy"),
    [
        ("nginx", f"{AT_NGINX}/through/api", ""),
        ("nginx", "https://127.0.0.1:{nginx_tls}/api", ""),
        ("haproxy", f"{AT_HAPROXY}/api", ""),
        ("squid", "http://reach.test:{nginx}/through/api", SQUID_DOOR),
        ("squid", "http://reach.test:{nginx}/through/api", f"{LOGIN}@{SQUID_GATE}"),
    ],
)
def test_they_let_the_service_s_own_answers_through(
    program: str,
    url: str,
    proxy: str,
    request: pytest.FixtureRequest,
    asking: Asking,
    folder: Path,
    driver: Driver,
) -> None:
    if LOGIN in proxy and driver is not ReachClient and aiohttp.__version__.startswith("3.11."):
        pytest.skip("over plain http, aiohttp 3.11 logs in at a proxy for a connection's first request alone")
    for each in ("nginx", program):  # which squid asks, since the sandbox answers to this machine's own names alone
        request.getfixturevalue(each)
    request.getfixturevalue("monkeypatch").setenv("REQUESTS_CA_BUNDLE", str(folder / "trusted.pem"))

    with asking(url, proxy) as client:
        assert client.list_webhooks() == []
        with pytest.raises(ReachNotFoundError, match="No such webhook"):
            client.get_webhook(WORKSPACE_ID)


@pytest.mark.usefixtures("nginx")
def test_a_refusal_that_nginx_packs_in_a_way_nobody_asked_for_is_one(asking: Asking) -> None:
    waits: list[float] = []
    spec = WebhookSpec(name="orders", target="https://consumer.example/o", events=["bounce"])
    with asking(f"{AT_NGINX}/packed/api", outage_tolerance=20, sleep=waits.append) as client:
        with pytest.raises(ReachAuthError, match="HTTP 401: its body is packed with br, which was not asked for"):
            client.create_webhook(spec)
        assert waits == []
        with pytest.raises(ReachRateLimitError, match="HTTP 429: its body is packed with br") as busy:
            client.list_webhooks()

    assert busy.value.retry_after == 15
    assert [15 <= seconds <= 18 for seconds in waits] == [True]


@pytest.mark.usefixtures("nginx")
def test_a_creation_that_nginx_refuses_is_looked_for_and_never_repeated(asking: Asking, service: Sandbox) -> None:
    before = len(service.requests)
    spec = WebhookSpec(name="orders", target="https://consumer.example/o", events=["bounce"])
    unsettled = pytest.raises(ReachUnsettledError, match=r"HTTP 413\).*It may have been carried out all the same")
    with asking(f"{AT_NGINX}/small/api", sleep=lambda _: None) as client, unsettled as raised:
        client.create_webhook(spec)

    assert isinstance(raised.value.__cause__, ReachDecodeError)
    assert [asked.operation for asked in service.requests[before:] if asked.operation != "list"] == []
