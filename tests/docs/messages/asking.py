"""The messages of a look that brought no usable answer."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from airflow_provider_reach import ReachHook
from airflow_provider_reach.client import pool
from airflow_provider_reach.client.aiohttp_transport import NetworkRoute
from airflow_provider_reach.client.body import Body
from airflow_provider_reach.client.pool import SharedSession
from airflow_provider_reach.core.api.operations import list_webhooks
from airflow_provider_reach.core.api.regions import with_hint
from airflow_provider_reach.core.api.request import request_for
from airflow_provider_reach.core.api.responses import Answer, Failure
from airflow_provider_reach.core.config import REGIONS, read_config
from airflow_provider_reach.core.delivery.check import look
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.docs.messages.stage import (
    CONFIG,
    ENTRY,
    NAME,
    POLICY,
    Stage,
    Told,
    asked,
    message,
    no,
    watched,
    wrong,
)
from tests.drivers import ImpatientLoop
from tests.drivers import run as in_loop
from tests.unit.core.helpers import ID, NOW, Reply, answer, ask_context, listed


@message
def key_refused(stage: Stage) -> Told:
    return asked(no(401))


@message
def key_may_not(stage: Stage) -> Told:
    return asked(no(403))


@message
def key_refused_without_a_word(stage: Stage) -> Told:
    return asked(answer(b"", 401, server="nginx/1.22.1"))


@message
def refusal_that_cannot_be_read(stage: Stage) -> Told:
    return asked(Answer(401, {}, b"", NOW, unreadable=_received(b"\x0b\x02\x80", "br").unreadable))


def _received(piece: bytes, packed_with: str) -> Body:
    body = Body(packed_with, 1000)
    body.add(piece)
    return body


@message
def workspace_unknown(stage: Stage) -> Told:
    return asked(no(404))


@message
def unreachable(stage: Stage) -> Told:
    return asked(Failure("unreachable", "[Errno -2] Name or service not known"))


def asked_in_the_us(reply: Reply, base_url: str = "") -> Told:
    """How a watch ends whose connection has the region us, or one of its hosts."""
    config = read_config(api_key="k", workspace_id=ID, region="us", base_url=base_url)
    return watched(wrong(with_hint(look(WebhookRef(name=NAME), POLICY, ask_context(0.0)), config), reply))


@message
def key_refused_in_the_us(stage: Stage) -> Told:
    return asked_in_the_us(no(401))


@message
def key_refused_at_a_host_of_the_us(stage: Stage) -> Told:
    return asked_in_the_us(no(401), REGIONS["us-west-2"])


@message
def no_such_host_in_the_us(stage: Stage) -> Told:
    return asked_in_the_us(Failure("unreachable", "[Errno -2] Name or service not known"))


def in_two_hosts(stage: Stage, status: int = 200) -> None:
    """A connection with the region us, of whose hosts the second answers so."""
    second = stage.reach()
    first = stage.running.enter_context(Sandbox(workspace_id=second.workspace_id))
    for region, reach in (("us", first), ("us-west-1", first), ("us-west-2", second)):
        stage.environment.setitem(REGIONS, region, reach.base_url)
    if status != 200:
        second.fail(Fault.status(status), times=None)
    extra = {"workspace_id": second.workspace_id, "region": "us"}
    stage.connection(password=second.api_key, extra=extra)


@message
def at_the_other_host(stage: Stage) -> Told:
    in_two_hosts(stage)
    return Told(f"WARNING: {ReachHook().turn_to_host_that_answers()}")


@message
def led_to_the_wrong_host(stage: Stage) -> Told:
    in_two_hosts(stage)
    return Told(ReachHook().test_connection()[1])


@message
def refused_at_both_hosts(stage: Stage) -> Told:
    in_two_hosts(stage, 403)
    return Told(ReachHook().test_connection()[1])


@message
def tunnel_wants_credentials(stage: Stage) -> Told:
    return asked(Failure("unreachable", "Tunnel connection failed: 407 Proxy Authentication Required"))


@message
def tunnel_refused(stage: Stage) -> Told:
    return asked(Failure("unreachable", "Tunnel connection failed: 403 Forbidden"))


@message
def tunnel_failed(stage: Stage) -> Told:
    return asked(Failure("unreachable", "Tunnel connection failed: 503 Service Unavailable"))


@message
def certificate_refused(stage: Stage) -> Told:
    said = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain"
    return asked(Failure("unreachable", said))


@message
def no_tls_there(stage: Stage) -> Told:
    return asked(Failure("unreachable", "[SSL: WRONG_VERSION_NUMBER] wrong version number"))


@message
def no_answer_in_time(stage: Stage) -> Told:
    return asked(Failure("timeout", "Read timed out", 30.0))


@message
def connections_in_use(stage: Stage) -> Told:
    async def hang(*_: object) -> NoReturn:
        await asyncio.sleep(3600)
        raise AssertionError

    async def crowd() -> Answer | Failure:
        session, request = SharedSession(NetworkRoute(None, None), 20), request_for(list_webhooks(), CONFIG, "a test")
        crowding = [asyncio.create_task(session.send(request, 0.0)) for _ in range(20)]
        await asyncio.sleep(0)
        try:
            return await session.send(request, 900.0)
        finally:
            for each in crowding:
                each.cancel()
            await session.close()

    stage.environment.setattr(pool, "send", hang)
    return asked(in_loop(crowd(), ImpatientLoop()))


@message
def answer_lost(stage: Stage) -> Told:
    return asked(Failure("lost", "Connection reset by peer"))


@message
def not_the_api(stage: Stage) -> Told:
    return asked(answer(b"<html><title>Sign in</title>"))


@message
def too_large(stage: Stage) -> Told:
    return asked(Answer(200, {}, b'{"results": [', NOW, too_large=True))


@message
def answer_that_cannot_be_read(stage: Stage) -> Told:
    return asked(Answer(200, {}, b"", NOW, unreadable=_received(b"no gzip", "gzip").unreadable))


SQUID = {"server": "squid/5.7", "via": "1.1 proxy (squid/5.7)"}


@message
def proxy_denies(stage: Stage) -> Told:
    page = b"<html><title>ERROR: Access Denied</title>"
    return asked(answer(page, 403, **SQUID, x_squid_error="ERR_ACCESS_DENIED 0"))


@message
def proxy_wants_credentials(stage: Stage) -> Told:
    page = b"<html><title>ERROR: Cache Access Denied</title>"
    return asked(answer(page, 407, proxy_authenticate='Basic realm="proxy"'))


@message
def gateway_denies(stage: Stage) -> Told:
    return asked(answer(b"<html><h1>403 Forbidden</h1>Request forbidden by administrative rules.</html>", 403))


@message
def plain_http_to_https(stage: Stage) -> Told:
    page = b"<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>"
    return asked(answer(page, 400, server="nginx/1.22.1"))


@message
def of_another_form(stage: Stage) -> Told:
    return asked(answer({"status": "no"}, 401))


@message
def gateway_failed(stage: Stage) -> Told:
    return asked(answer(b"<html><title>502 Bad Gateway</title></html>", 502, server="nginx/1.22.1"))


@message
def gateway_limits(stage: Stage) -> Told:
    return asked(answer(b"<html><title>429 Too Many Requests</title></html>", 429, server="nginx/1.22.1"))


@message
def too_many_requests(stage: Stage) -> Told:
    return asked(no(429))


@message
def service_failed(stage: Stage) -> Told:
    return asked(no(503, x_request_id="4f1c9e62-0b7a-4c11-9c1e-2f6d1f0a7b55"))


@message
def redirected(stage: Stage) -> Told:
    return asked(no(302, location="https://login.example.com/"))


@message
def redirected_by_a_page(stage: Stage) -> Told:
    page = b"<html><title>302 Found</title></html>"
    return asked(answer(page, 302, server="nginx/1.22.1", location="https://login.example.com/"))


@message
def request_refused(stage: Stage) -> Told:
    return asked(no(405))


@message
def refused_without_words(stage: Stage) -> Told:
    return asked(answer({"errors": [{"reason": "no"}]}, 400))


@message
def there_yet_unknown(stage: Stage) -> Told:
    return asked(listed(ENTRY), no(404), listed(ENTRY))
