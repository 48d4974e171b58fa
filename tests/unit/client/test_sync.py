from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import partial
from typing import Any

import pytest

from airflow_provider_reach import __version__
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.api import operations
from airflow_provider_reach.core.api.exchange import AskContext, Exchange, ask
from airflow_provider_reach.core.api.models import ValidationResult
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.errors import (
    ReachAuthError,
    ReachCallError,
    ReachDecodeError,
    ReachError,
    ReachInputError,
    ReachLookupError,
    ReachLostAnswerError,
    ReachNotFoundError,
    ReachRateLimitError,
    ReachRequestError,
    ReachServerError,
    ReachStatusError,
    ReachTargetError,
    ReachTimeoutError,
    ReachUnreachableError,
    ReachUnsettledError,
)
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from airflow_provider_reach.sandbox import Fault, Sandbox, Switches
from tests.drivers import DRIVERS, Driver

NOBODY = "00000000-0000-4000-8000-000000000000"
PASSWORD, CLIENT_SECRET, HEADER = "planted-password", "planted-client-secret", "planted-header"
EVENTS = ["delivery", "bounce"]
TIMEOUT = 0.4


def config_of(reach: Sandbox, **changes: Any) -> ReachConfig:
    return ReachConfig(
        **{
            "base_url": reach.base_url,
            "workspace_id": reach.workspace_id,
            "api_key": reach.api_key,
            "timeout": 5.0,
            **changes,
        }
    )


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> Driver:
    """What makes a client: every test here holds for both."""
    made: Driver = request.param
    return made


@pytest.fixture
def waits() -> list[float]:
    """The seconds the client would have slept."""
    return []


@pytest.fixture
def client(
    reach: Sandbox, driver: Driver, waits: list[float], caplog: pytest.LogCaptureFixture
) -> Iterator[ReachClient]:
    with driver(config_of(reach), sleep=waits.append) as client:
        yield client
    assert_no_secret(caplog.text + repr(client) + repr(client.config), reach)


@pytest.fixture
def impatient(
    request: pytest.FixtureRequest, reach: Sandbox, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ReachClient]:
    """Asks once, and waits for no slow answer longer than the tests like; a busy machine makes no other one slow."""
    monkeypatch.setattr("airflow_provider_reach.core.api.request.TARGET_TIME", 0.0)
    is_slow = hasattr(request.node, "callspec") and request.node.callspec.params.get("fault") == "slow"
    with driver(config_of(reach, **({"timeout": TIMEOUT} if is_slow else {})), outage_tolerance=0) as client:
        yield client


def assert_no_secret(text: str, reach: Sandbox) -> None:
    assert not [s for s in (reach.api_key, reach.limited_key, PASSWORD, CLIENT_SECRET, HEADER) if s in text]


def failure(reach: Sandbox, ask: Callable[[], object]) -> ReachError:
    """The error of a call; neither it nor what it hangs on says a secret."""
    with pytest.raises(ReachError) as raised:
        ask()
    error: BaseException | None = raised.value
    while error is not None:
        assert_no_secret(f"{error} {error!r}", reach)
        error = error.__cause__
    return raised.value


def basic(reach: Sandbox, name: str = "orders") -> WebhookSpec:
    return WebhookSpec(
        name=name,
        target=reach.target(name).url,
        events=EVENTS,
        auth_type="basic",
        auth_credentials={"username": "reach", "password": PASSWORD},
        custom_headers={"X-Token": HEADER},
    )


def done(reach: Sandbox) -> list[str | None]:
    return [request.operation for request in reach.requests]


# --- every operation, over a real socket


def test_list(reach: Sandbox, client: ReachClient) -> None:
    ids = [reach.add_webhook(name, target=reach.target(name).url) for name in ("orders", "bounces")]

    assert [(w.id, w.name, w.active) for w in client.list_webhooks()] == [
        (ids[0], "orders", True),
        (ids[1], "bounces", True),
    ]


def test_an_empty_list(client: ReachClient) -> None:
    assert client.list_webhooks() == []


def test_get(reach: Sandbox, client: ReachClient) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url, events=EVENTS, active=False)

    webhook = client.get_webhook(webhook_id.upper())

    assert (webhook.name, webhook.events, webhook.active) == ("orders", tuple(EVENTS), False)
    assert webhook.target == reach.target("orders").url


def test_find(reach: Sandbox, client: ReachClient) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    for _ in range(2):
        reach.add_webhook("twice", target=reach.target("orders").url)

    found = client.find_webhook("orders")

    assert found
    assert found.id == webhook_id
    assert client.find_webhook("order") is None
    with pytest.raises(ReachLookupError, match="2 webhooks are named 'twice'"):
        client.find_webhook("twice")


def test_create_with_basic(reach: Sandbox, client: ReachClient) -> None:
    webhook_id = client.create_webhook(basic(reach))

    (made,) = client.list_webhooks()
    assert made.id == webhook_id
    assert made.auth_credentials == {"username": "reach", "password": PASSWORD}
    assert made.custom_headers == {"X-Token": HEADER}
    (test,) = reach.target("orders").received
    assert test.headers["X-Token"] == HEADER
    assert test.headers["Authorization"].startswith("Basic ")
    assert PASSWORD not in repr(made)
    assert HEADER not in repr(made)


def test_create_with_oauth2(reach: Sandbox, client: ReachClient) -> None:
    reach.target("tokens").answer(200, '{"access_token": "planted-token", "token_type": "Bearer"}')
    details = {
        "url": reach.target("tokens").url,
        "body": {"client_id": "reach", "client_secret": CLIENT_SECRET, "grant_type": "client_credentials"},
    }

    webhook_id = client.create_webhook(
        WebhookSpec(
            name="orders",
            target=reach.target("orders").url,
            events=EVENTS,
            auth_type="oauth2",
            auth_request_details=details,
        )
    )

    assert client.get_webhook(webhook_id).auth_request_details == details
    assert reach.target("orders").received[0].headers["Authorization"] == "Bearer planted-token"


def test_update_sends_what_was_given_also_the_falsy_and_nothing_else(reach: Sandbox, client: ReachClient) -> None:
    webhook_id = client.create_webhook(basic(reach))

    assert client.update_webhook(webhook_id, WebhookChanges(active=False, custom_headers={})) == webhook_id

    assert reach.requests[-1].body == b'{"active":false,"custom_headers":{}}'
    webhook = client.get_webhook(webhook_id)
    assert (webhook.active, webhook.custom_headers, webhook.name) == (False, {}, "orders")
    assert webhook.auth_credentials == {"username": "reach", "password": PASSWORD}


def test_delete(reach: Sandbox, client: ReachClient) -> None:
    webhook_id = client.create_webhook(basic(reach))

    client.delete_webhook(webhook_id)

    assert client.list_webhooks() == []


def test_validate(reach: Sandbox, client: ReachClient) -> None:
    webhook_id = client.create_webhook(basic(reach))
    reach.target("orders").answer(200, "welcome")

    result = client.validate_webhook(webhook_id)

    assert result.ok
    assert (result.response.status, result.response.body) == (200, "welcome")
    assert len(reach.target("orders").received) == 2


def test_batch_status(reach: Sandbox, client: ReachClient) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.target("orders").answer(503)
    (batch_id,) = reach.send(webhook_id, 3)
    created = reach.now

    status = client.get_batch_status(webhook_id)

    (row,) = status.rows
    assert (row.batch_id, row.attempts, row.response_code, row.failure_code) == (batch_id, 1, "503", "503")
    assert row.ts
    assert abs(row.ts - created) < timedelta(seconds=1)
    assert abs(status.at - created) < timedelta(seconds=1)
    assert status.complete
    assert reach.requests[-1].query == {"limit": "1000"}


def test_as_many_rows_as_asked_for_may_be_cut(reach: Sandbox, client: ReachClient) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.target("orders").answer(503)
    for _ in range(3):
        reach.send(webhook_id, 1)

    whole, cut = client.get_batch_status(webhook_id, 4), client.get_batch_status(webhook_id, 3)

    assert (len(whole.rows), whole.complete) == (3, True)
    assert (len(cut.rows), cut.complete) == (3, False)


def test_check_delivery(reach: Sandbox, client: ReachClient) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)

    assert client.check_delivery(webhook_id).outcome == "healthy"
    reach.target("orders").answer(503)
    reach.send(webhook_id, 1)
    reach.advance(hours=5)

    report = client.check_delivery(webhook_name="orders")
    assert (report.outcome, report.counts["at_risk"], report.looked_at) == (
        "failed",
        1,
        reach.now.replace(microsecond=0),
    )
    assert client.check_delivery(NOBODY).outcome == "failed"


def test_check_delivery_by_a_policy_of_one_s_own(reach: Sandbox, client: ReachClient) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.target("orders").answer(503)
    reach.send(webhook_id, 1)
    reach.advance(hours=1)
    drain, now = DeliveryPolicy(drain=True), datetime.now(timezone.utc)

    assert client.check_delivery(webhook_id).outcome == "healthy"
    for watched_from, outcome in ((now, "wait"), (now - timedelta(days=1), "healthy")):
        assert client.check_delivery(webhook_id, policy=drain, watched_from=watched_from).outcome == outcome


def test_any_other_request(reach: Sandbox, client: ReachClient) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    path = f"/webhooks/{webhook_id}"

    assert client.request("GET", "/webhooks")["results"][0]["id"] == webhook_id
    assert client.request("PUT", path, json={"active": False})["results"]["id"] == webhook_id
    assert client.request("GET", f"{path}/batch-status", query={"limit": 7}) == {"results": []}
    assert reach.requests[-1].query == {"limit": "7"}
    assert client.request("DELETE", path) is None
    assert isinstance(failure(reach, lambda: client.request("PATCH", "/nothing")), ReachNotFoundError)
    assert isinstance(failure(reach, lambda: client.request("GET", "/../../else")), ReachInputError)


def test_every_request_has_the_key_its_scheme_and_our_name(driver: Driver, reach: Sandbox, waits: list[float]) -> None:
    with driver(config_of(reach, auth_scheme="Bearer"), sleep=waits.append) as client:
        webhook_id = client.create_webhook(basic(reach))
        client.get_webhook(webhook_id)

    for request in reach.requests:
        assert request.headers["Authorization"] == f"Bearer {reach.api_key}"
        assert request.headers["User-Agent"] == f"airflow-provider-reach/{__version__}"
        assert request.headers["Accept"] == "application/json"
    create, retrieve = reach.requests
    assert create.headers["Content-Type"] == "application/json"
    assert "Content-Type" not in retrieve.headers


@pytest.mark.parametrize("secrets", ["echoed", "masked", "absent"])
@pytest.mark.parametrize("custom_headers", ["echoed", "absent"])
def test_secrets_echoed_masked_or_absent(driver: Driver, secrets: Any, custom_headers: Any, waits: list[float]) -> None:
    switches = Switches(secrets=secrets, custom_headers=custom_headers)
    with Sandbox(switches=switches) as reach, driver(config_of(reach), sleep=waits.append) as client:
        webhook_id = client.create_webhook(basic(reach))
        listed, got = client.list_webhooks()[0], client.get_webhook(webhook_id)

    password = {"echoed": {"password": PASSWORD}, "masked": {"password": "********"}, "absent": {}}[secrets]
    header = {"echoed": {"X-Token": HEADER}, "masked": {"X-Token": "********"}, "absent": None}[secrets]
    for webhook in (listed, got):
        assert webhook.auth_credentials == {"username": "reach", **password}
        assert webhook.custom_headers == (header if custom_headers == "echoed" else None)
        assert_no_secret(f"{webhook!r} {webhook.to_dict()}", reach)


# --- what goes wrong, on every operation


def validate(client: ReachClient, webhook_id: str) -> ValidationResult:
    """The call alone, without the look for the webhook that comes before it."""
    return client.do(partial(ask, operations.validate_webhook(webhook_id)))


OPERATIONS: dict[str, Callable[[ReachClient, str], object]] = {
    "list": lambda client, _: client.list_webhooks(),
    "retrieve": lambda client, webhook_id: client.get_webhook(webhook_id),
    "batch_status": lambda client, webhook_id: client.get_batch_status(webhook_id),
    "update": lambda client, webhook_id: client.update_webhook(webhook_id, WebhookChanges(active=False)),
    "delete": lambda client, webhook_id: client.delete_webhook(webhook_id),
    "validate": lambda client, webhook_id: validate(client, webhook_id),
}

HTML = "<html><body>Please sign in</body></html>"
PASSING: dict[str, tuple[Fault, type[ReachCallError]]] = {
    "429": (Fault.status(429), ReachRateLimitError),
    "500": (Fault.status(500), ReachServerError),
    "502 HTML": (Fault.status(502, HTML), ReachServerError),
    "503 empty": (Fault.status(503, ""), ReachServerError),
    "504": (Fault.status(504), ReachServerError),
    "408": (Fault.status(408), ReachServerError),
    "slow": (Fault.slow(3 * TIMEOUT), ReachTimeoutError),
    "reset before": (Fault.reset_before(), ReachLostAnswerError),
    "reset after": (Fault.reset_after(), ReachLostAnswerError),
    "truncated": (Fault.truncated(), ReachLostAnswerError),
    "cut JSON": (Fault.cut_json(), ReachDecodeError),
    "200 HTML": (Fault.body(HTML), ReachDecodeError),
    "400 HTML": (Fault.status(400, HTML), ReachDecodeError),
    "401 HTML": (Fault.status(401, HTML), ReachDecodeError),
    "403 HTML": (Fault.status(403, HTML), ReachDecodeError),
    "404 HTML": (Fault.status(404, HTML), ReachDecodeError),
    "407": (Fault.status(407, "", {"Proxy-Authenticate": "Basic"}), ReachDecodeError),
    "302 HTML": (Fault.status(302, HTML, {"Location": "https://login.example/?next=x"}), ReachDecodeError),
    "200 empty": (Fault.body(""), ReachDecodeError),
    "other JSON": (Fault.body({"message": "hello"}), ReachDecodeError),
    "wrong types": (Fault.body({"results": "none"}), ReachDecodeError),
    "huge": (Fault.huge(200_000), ReachDecodeError),
}
FINAL: dict[str, tuple[Fault, type[ReachStatusError]]] = {
    "400": (Fault.status(400, {"errors": [{"message": "events is required"}]}), ReachRequestError),
    "401": (Fault.status(401), ReachAuthError),
    "401 empty": (Fault.status(401, ""), ReachAuthError),
    "401 flat": (Fault.status(401, {"message": "Unauthorized"}), ReachAuthError),
    "403": (Fault.status(403), ReachAuthError),
    "404": (Fault.status(404), ReachNotFoundError),
    "409": (Fault.status(409), ReachRequestError),
    "302": (Fault.status(302, "", {"Location": "https://login.example/?next=x"}), ReachRequestError),
}


@pytest.fixture
def webhook_id(reach: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    for transport in ("requests_transport", "aiohttp_transport"):
        monkeypatch.setattr(f"airflow_provider_reach.client.{transport}.MAX_ANSWER_BYTES", 100_000)
    return reach.add_webhook("orders", target=reach.target("orders").url)


# Of an empty answer nothing can be cut off, and nothing is asked of its shape.
NO_ERROR_OF_DELETE = ("truncated", "cut JSON", "200 empty", "other JSON", "wrong types")
EVERY_WAY = [
    (operation, fault)
    for operation in OPERATIONS
    for fault in PASSING
    if not (operation == "delete" and fault in NO_ERROR_OF_DELETE)
]


@pytest.mark.parametrize(("operation", "fault"), EVERY_WAY)
def test_what_may_pass_is_typed(
    operation: str, fault: str, reach: Sandbox, webhook_id: str, impatient: ReachClient
) -> None:
    what, kind = PASSING[fault]
    reach.fail(what, on=operation)

    error = failure(reach, lambda: OPERATIONS[operation](impatient, webhook_id))

    assert type(error) is kind
    assert not error.final
    assert operation.replace("retrieve", "get").replace("_", " ") in str(error)
    assert done(reach) == [operation]


@pytest.mark.parametrize(("operation", "fault"), EVERY_WAY)
def test_what_may_pass_is_asked_again(
    driver: Driver,
    operation: str,
    fault: str,
    reach: Sandbox,
    webhook_id: str,
    impatient: ReachClient,
    waits: list[float],
) -> None:
    reach.fail(PASSING[fault][0], on=operation)

    with driver(impatient.config, sleep=waits.append) as patient:
        OPERATIONS[operation](patient, webhook_id)

    assert done(reach) == [operation, operation]
    assert len(waits) == 1
    assert 0.7 <= waits[0] <= 1.3


@pytest.mark.parametrize(
    ("operation", "fault"),
    [(operation, fault) for operation in OPERATIONS for fault in FINAL if (operation, fault) != ("validate", "400")],
)
def test_what_is_final_is_asked_once(
    operation: str, fault: str, reach: Sandbox, webhook_id: str, client: ReachClient, waits: list[float]
) -> None:
    what, kind = FINAL[fault]
    reach.fail(what, on=operation)

    error = failure(reach, lambda: OPERATIONS[operation](client, webhook_id))

    assert type(error) is kind
    assert error.final
    assert done(reach) == [operation]
    assert waits == []


def test_a_validation_that_is_refused_is_most_likely_the_target_s_and_passes(
    reach: Sandbox, webhook_id: str, client: ReachClient, waits: list[float]
) -> None:
    reach.fail(Fault.status(400), on="validate")

    error = failure(reach, lambda: validate(client, webhook_id))

    assert isinstance(error, ReachTargetError)
    assert not error.final
    assert (error.status, error.response.status) == (400, None)
    assert done(reach) == ["validate"]
    assert waits == []


@pytest.mark.parametrize("operation", ["create", "update", "validate"])
def test_a_target_that_is_down_is_the_target_s_error(
    operation: str, reach: Sandbox, webhook_id: str, client: ReachClient
) -> None:
    reach.target("down").refuse()
    down = reach.target("down").url
    ask = {
        "create": lambda: client.create_webhook(WebhookSpec(name="new", target=down, events=["open"])),
        "update": lambda: client.update_webhook(webhook_id, WebhookChanges(target=down)),
        "validate": lambda: validate(client, reach.add_webhook("new", target=down)),
    }[operation]

    error = failure(reach, ask)

    assert isinstance(error, ReachTargetError)
    assert not error.final
    assert done(reach) == [operation]
    assert "\nthe service answered HTTP 400: " in str(error)


def test_a_400_that_says_nothing_of_a_target_is_the_caller_s(
    reach: Sandbox, webhook_id: str, client: ReachClient
) -> None:
    reach.fail(Fault.status(400, {"errors": [{"message": "events: unknown", "code": "x"}]}), on="update")

    changes = WebhookChanges(target=reach.target("orders").url)
    assert type(failure(reach, lambda: client.update_webhook(webhook_id, changes))) is ReachRequestError


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_outage_uses_up_the_retry_budget(
    operation: str, reach: Sandbox, webhook_id: str, client: ReachClient, waits: list[float]
) -> None:
    reach.fail(Fault.status(429), on=operation, times=None)

    error = failure(reach, lambda: OPERATIONS[operation](client, webhook_id))

    assert isinstance(error, ReachRateLimitError)
    assert 20 < sum(waits) <= 60
    assert len(done(reach)) == len(waits) + 1
    assert waits == sorted(waits)


@pytest.mark.parametrize(
    ("said", "least"),
    [("7", 7.0), ("0", 1.0), ("1.5", 1.5), ("-1", 0.7), ("soon", 0.7), ("DATE", 19.0)],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_service_is_given_the_time_it_asks_for(
    status: int, said: str, least: float, reach: Sandbox, client: ReachClient, waits: list[float]
) -> None:
    when = format_datetime(reach.now + timedelta(seconds=20), usegmt=True)
    reach.fail(Fault.status(status, headers={"Retry-After": said.replace("DATE", when)}))

    assert client.list_webhooks() == []

    assert len(waits) == 1
    assert least <= waits[0] <= max(1.3, 1.2 * (least + 1))


def test_what_does_not_last_for_the_wait_asked_for_is_not_spent(reach: Sandbox, client: ReachClient) -> None:
    reach.fail(Fault.status(429, headers={"Retry-After": "3600"}))

    error = failure(reach, client.list_webhooks)

    assert isinstance(error, ReachRateLimitError)
    assert error.retry_after == 3600
    assert len(done(reach)) == 1


def test_a_target_that_does_not_answer_200_fails_the_validation(reach: Sandbox, client: ReachClient) -> None:
    reach.add_webhook("orders", target=reach.target("orders").url)
    reach.target("orders").answer(503)

    error = failure(reach, lambda: client.validate_webhook(webhook_name="orders"))

    assert isinstance(error, ReachTargetError)
    assert done(reach) == ["list", "validate"]


@pytest.mark.parametrize("webhook", [{"webhook_id": NOBODY}, {"webhook_name": "none"}])
def test_no_webhook_is_not_validated(webhook: dict[str, str], reach: Sandbox, client: ReachClient) -> None:
    assert isinstance(failure(reach, lambda: client.validate_webhook(**webhook)), ReachLookupError)


@pytest.mark.parametrize("call", ["get_batch_status", "get_webhook", "delete_webhook"])
def test_a_webhook_that_is_not_there(call: str, reach: Sandbox, client: ReachClient) -> None:
    error = failure(reach, lambda: getattr(client, call)(NOBODY))

    assert isinstance(error, ReachNotFoundError)
    assert NOBODY in str(error)


def test_a_delete_whose_answer_was_lost_is_done(reach: Sandbox, webhook_id: str, client: ReachClient) -> None:
    reach.fail(Fault.reset_after(), on="delete")

    client.delete_webhook(webhook_id)

    assert done(reach) == ["delete", "delete"]
    assert [request.status for request in reach.requests] == [None, 404]


def test_a_delete_that_something_else_answers_is_not_done(
    reach: Sandbox, webhook_id: str, impatient: ReachClient
) -> None:
    reach.fail(Fault.body(HTML), on="delete")

    assert isinstance(failure(reach, lambda: impatient.delete_webhook(webhook_id)), ReachDecodeError)


@pytest.mark.parametrize("fault", ["slow", "reset before", "reset after", "truncated", "503 empty"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/webhooks"), ("PUT", "/webhooks/ID"), ("POST", "/webhooks/ID/validate")]
)
def test_a_request_of_ones_own_is_repeated_unless_it_is_a_post(
    driver: Driver,
    method: str,
    path: str,
    fault: str,
    reach: Sandbox,
    webhook_id: str,
    impatient: ReachClient,
    waits: list[float],
) -> None:
    reach.fail(PASSING[fault][0])
    body = {"active": False} if method == "PUT" else None

    with driver(impatient.config, sleep=waits.append) as client:

        def ask() -> object:
            return client.request(method, path.replace("ID", webhook_id), json=body)

        if method == "POST":
            assert isinstance(failure(reach, ask), PASSING[fault][1])
        else:
            assert ask()

    assert len(reach.requests) == (1 if method == "POST" else 2)


def test_a_refused_key_and_an_unknown_workspace(driver: Driver, reach: Sandbox) -> None:
    for changes, kind, said in (
        ({"api_key": reach.limited_key}, ReachAuthError, "may not do this"),
        ({"api_key": "planted-password"}, ReachAuthError, "check the connection's password and auth_scheme"),
        ({"workspace_id": NOBODY}, ReachNotFoundError, "check the webhook's id, and the connection's workspace_id"),
    ):
        with driver(config_of(reach, **changes)) as client:
            error = failure(reach, client.list_webhooks)
        assert isinstance(error, kind)
        assert said in str(error)


def test_patience_is_the_former_name_of_the_outage_tolerance(reach: Sandbox) -> None:
    with ReachClient(config_of(reach), patience=0.0) as client:
        assert client.outage_tolerance == 0.0


# --- the service's id of the request


def test_an_error_has_the_id_of_the_request_that_failed(reach: Sandbox, client: ReachClient) -> None:
    client.list_webhooks()
    reach.fail(Fault.status(403))

    error = failure(reach, client.list_webhooks)

    assert isinstance(error, ReachAuthError)
    assert error.request_id == reach.requests[-1].request_id != reach.requests[0].request_id
    assert str(error).endswith(f" (request id {error.request_id})")
    assert repr(error) == f"ReachAuthError(status=403, operation='list webhooks', request_id='{error.request_id}')"


@pytest.mark.parametrize("name", ["X-Correlation-ID", "Request-Id", "traceparent"])
def test_it_is_read_from_other_headers_too(reach: Sandbox, client: ReachClient, name: str) -> None:
    reach.fail(Fault.status(401, headers={"X-Request-Id": "", name: "4f1c-77"}))

    error = failure(reach, client.list_webhooks)

    assert isinstance(error, ReachAuthError)
    assert error.request_id == "4f1c-77"


def test_a_request_id_shows_no_key(reach: Sandbox, client: ReachClient) -> None:
    reach.fail(Fault.status(403, headers={"X-Request-Id": reach.api_key}))

    error = failure(reach, client.list_webhooks)

    assert isinstance(error, ReachAuthError)
    assert error.request_id == "***"


# --- several calls in one


def test_doing_several_calls_masks_the_key_and_draws_on_one_retry_budget(
    reach: Sandbox, client: ReachClient, waits: list[float]
) -> None:
    seen: list[tuple[float, tuple[str, ...]]] = []

    def twice(context: AskContext) -> Exchange[int]:
        seen.append((context.budget.left, context.secrets))
        for _ in range(2):
            yield from ask(operations.list_webhooks(), context)
        return 42

    assert client.do(twice) == 42
    assert seen == [(client.outage_tolerance, (reach.api_key,))]
    assert done(reach) == ["list", "list"]

    reach.forget_requests()
    reach.fail(Fault.status(503, headers={"Retry-After": "40"}), times=2)
    reach.fail(Fault.slow(0), on="list")

    assert isinstance(failure(reach, lambda: client.do(twice)), ReachServerError)
    assert done(reach) == ["list", "list"]
    assert len(waits) == 1


def test_the_second_call_has_the_budget_that_the_first_one_left(
    reach: Sandbox, client: ReachClient, waits: list[float]
) -> None:
    def twice(context: AskContext) -> Exchange[None]:
        yield from ask(operations.list_webhooks(), context)
        yield from ask(operations.get_batch_status(NOBODY), context)

    for operation in ("list", "batch_status"):
        reach.fail(Fault.status(503, headers={"Retry-After": "40"}), on=operation)

    assert isinstance(failure(reach, lambda: client.do(twice)), ReachServerError)
    assert done(reach) == ["list", "list", "batch_status"]
    assert len(waits) == 1


def test_each_exchange_has_a_retry_budget_of_its_own(reach: Sandbox, client: ReachClient, waits: list[float]) -> None:
    for _ in range(3):
        reach.fail(Fault.status(503, headers={"Retry-After": "40"}))
        assert client.do(lambda context: ask(operations.list_webhooks(), context)).webhooks == []

    assert len(waits) == 3


def test_a_step_that_fails_ends_the_doing_and_may_be_caught_in_it(reach: Sandbox, client: ReachClient) -> None:
    def catching(context: AskContext) -> Exchange[str]:
        try:
            yield from ask(operations.get_webhook(NOBODY), context)
        except ReachNotFoundError:
            return "caught"
        return "not raised"

    assert client.do(catching) == "caught"


# --- a webhook is created once


def posts(reach: Sandbox) -> int:
    return sum(request.method == "POST" for request in reach.requests)


def then_only_looked(reach: Sandbox) -> bool:
    first, *rest = done(reach)
    return first == "create" and bool(rest) and set(rest) == {"list"}


@pytest.mark.parametrize("fault", ["reset after", "truncated", "cut JSON", "slow"])
def test_a_create_that_was_done_though_its_answer_was_lost(
    driver: Driver, fault: str, reach: Sandbox, webhook_id: str, impatient: ReachClient, waits: list[float]
) -> None:
    reach.fail(PASSING[fault][0], on="create")

    with driver(impatient.config, sleep=waits.append) as client:
        made = client.create_webhook(basic(reach, "new"))

    webhooks = [webhook["id"] for webhook in reach.state()["webhooks"]]
    assert webhooks == [webhook_id, made]
    assert (posts(reach), then_only_looked(reach)) == (1, True)


NOT_DONE = ["reset before", "500", "502 HTML", "503 empty", "504", "408", "200 HTML", "200 empty", "other JSON", "huge"]
NOT_DONE += ["400 HTML", "401 HTML", "407"]  # a page is no proof that what stands behind it has taken nothing


@pytest.mark.parametrize("fault", NOT_DONE)
def test_a_create_that_was_not_done_is_not_repeated(
    fault: str, reach: Sandbox, webhook_id: str, client: ReachClient, waits: list[float]
) -> None:
    reach.fail(PASSING[fault][0], on="create")

    error = failure(reach, lambda: client.create_webhook(basic(reach, "new")))

    assert isinstance(error, ReachUnsettledError)
    assert isinstance(error.__cause__, PASSING[fault][1])
    assert "look at the list of webhooks before you do" in str(error)
    assert error.final
    assert (posts(reach), then_only_looked(reach)) == (1, True)
    assert 10 < sum(waits) <= 30


def test_a_create_that_appears_late_is_found(driver: Driver, reach: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            reach.add_webhook("orders", target=reach.target("orders").url, events=EVENTS)

    reach.fail(Fault.status(502), on="create")
    with driver(config_of(reach), sleep=wait) as client:
        made = client.create_webhook(basic(reach))

    assert [webhook["id"] for webhook in reach.state()["webhooks"]] == [made]
    assert (posts(reach), len(waits)) == (1, 3)
    assert "Whether webhook 'orders' was created is not known; looking for it." in caplog.text
    assert_no_secret(caplog.text, reach)


def test_another_webhook_is_not_taken_for_the_lost_one(reach: Sandbox, client: ReachClient) -> None:
    reach.add_webhook("orders", target=reach.target("other").url, events=EVENTS)
    reach.add_webhook("other", target=reach.target("orders").url, events=EVENTS)
    reach.fail(Fault.reset_before(), on="create")

    assert isinstance(failure(reach, lambda: client.create_webhook(basic(reach))), ReachUnsettledError)


def test_a_look_that_fails_leaves_it_unsettled(reach: Sandbox, client: ReachClient) -> None:
    reach.fail(Fault.reset_after(), on="create")
    reach.fail(Fault.status(503), on="list", times=None)

    assert isinstance(failure(reach, lambda: client.create_webhook(basic(reach))), ReachUnsettledError)
    assert (posts(reach), then_only_looked(reach)) == (1, True)


@pytest.mark.parametrize("fault", FINAL)
def test_a_create_that_is_refused_is_neither_repeated_nor_looked_for(
    fault: str, reach: Sandbox, client: ReachClient
) -> None:
    reach.fail(FINAL[fault][0], on="create")

    assert type(failure(reach, lambda: client.create_webhook(basic(reach)))) is FINAL[fault][1]
    assert done(reach) == ["create"]


@pytest.mark.parametrize("operation", ["create", "update"])
def test_a_400_that_says_nothing_of_the_request_is_most_likely_the_target_s(
    operation: str, reach: Sandbox, webhook_id: str, client: ReachClient, waits: list[float]
) -> None:
    def create(client: ReachClient, _: str) -> object:
        return client.create_webhook(basic(reach, "new"))

    ask = create if operation == "create" else OPERATIONS[operation]
    reach.fail(Fault.status(400), on=operation)

    error = failure(reach, lambda: ask(client, webhook_id))

    assert isinstance(error, ReachTargetError)
    assert not error.final
    assert "Most likely the webhook's target did not take the service's test batch." in str(error)
    assert (done(reach)[-1], waits) == (operation, [])


@pytest.mark.parametrize(("after", "least"), [("7", 7.0), ("DATE", 19.0), (None, 0.7)])
def test_a_create_that_came_too_often_is_repeated_after_the_given_time(
    after: str | None, least: float, reach: Sandbox, client: ReachClient, waits: list[float]
) -> None:
    when = format_datetime(reach.now + timedelta(seconds=20), usegmt=True)
    reach.fail(Fault.status(429, headers={"Retry-After": after.replace("DATE", when)} if after else None), on="create")

    made = client.create_webhook(basic(reach))

    assert [webhook["id"] for webhook in reach.state()["webhooks"]] == [made]
    assert done(reach) == ["create", "create"]
    assert len(waits) == 1
    assert least <= waits[0] <= max(1.3, 1.2 * (least + 1))


def test_a_create_that_could_not_be_sent_is_repeated(driver: Driver) -> None:
    with ExitStack() as running:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        reach = Sandbox(port=port)
        waits: list[float] = []

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:
                running.enter_context(reach)

        client = running.enter_context(driver(config_of(reach), sleep=wait))
        made = client.create_webhook(WebhookSpec(name="orders", target=reach.target("orders").url, events=EVENTS))

        assert [webhook["id"] for webhook in reach.state()["webhooks"]] == [made]
        assert done(reach) == ["create"]
        assert len(waits) == 2


def test_a_create_that_never_could_be_sent(driver: Driver, reach: Sandbox, waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with driver(config_of(reach, base_url=f"http://127.0.0.1:{port}/api"), sleep=waits.append) as client:
        error = failure(reach, lambda: client.create_webhook(basic(reach)))

    assert isinstance(error, ReachUnreachableError)
    assert "Nothing was sent." in str(error)
    assert 20 < sum(waits) <= 60


@pytest.mark.parametrize("status", [201, 204, 401, 413, 500, 503])
def test_a_target_that_does_not_answer_200_is_quoted(
    status: int, reach: Sandbox, client: ReachClient, waits: list[float]
) -> None:
    reach.target("orders").answer(status, "" if status == 204 else f"user reach with {PASSWORD} and {HEADER}: no")

    error = failure(reach, lambda: client.create_webhook(basic(reach)))

    assert isinstance(error, ReachTargetError)
    assert f"the webhook's target answered HTTP {status}" in str(error)
    assert "It must answer exactly 200 within 10 s" in str(error)
    assert done(reach) == ["create"]
    assert reach.state()["webhooks"] == []


@pytest.mark.parametrize("conduct", ["refuse", "hang", "hang_up"])
def test_a_target_without_an_answer(conduct: str, reach: Sandbox, client: ReachClient) -> None:
    getattr(reach.target("orders"), conduct)()

    error = failure(reach, lambda: client.create_webhook(basic(reach)))

    assert "POST to webhook target URL failed" in str(error)
    assert done(reach) == ["create"]


def test_an_update_to_a_target_that_fails_changes_nothing(reach: Sandbox, client: ReachClient) -> None:
    webhook_id = client.create_webhook(basic(reach))
    reach.target("other").answer(500, "no")
    changes = WebhookChanges(target=reach.target("other").url, name="other")

    assert isinstance(failure(reach, lambda: client.update_webhook(webhook_id, changes)), ReachTargetError)
    assert client.get_webhook(webhook_id).name == "orders"


def test_a_service_that_quotes_secrets_in_its_errors(reach: Sandbox, client: ReachClient) -> None:
    said = f"Authorization: AccessKey {reach.api_key} with {PASSWORD}, {HEADER} and client_secret={CLIENT_SECRET}"
    for body in (said, {"errors": [{"message": said, "code": said}]}, f"<html>{said}</html>", {"errors": said}):
        reach.fail(Fault.status(400, body), on="create")
        failure(reach, lambda: client.create_webhook(basic(reach)))
    reach.fail(Fault.status(401, {"errors": [{"message": f"{reach.api_key} is not known"}]}), on="list")
    assert "*** is not known" in str(failure(reach, client.list_webhooks))


def test_a_list_cut_in_the_middle_of_a_secret(reach: Sandbox, impatient: ReachClient) -> None:
    for secret in (PASSWORD, CLIENT_SECRET, HEADER):
        reach.fail(Fault.body(b'{"results": [{"auth_credentials": {"username": "x", "password": "' + secret.encode()))
        assert isinstance(failure(reach, impatient.list_webhooks), ReachDecodeError)


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get_webhook("not-a-uuid"),
        lambda client: client.delete_webhook("../webhooks"),
        lambda client: client.validate_webhook(""),
        lambda client: client.get_batch_status(NOBODY, 0),
        lambda client: client.update_webhook(NOBODY, WebhookChanges()),
        lambda client: client.update_webhook("x", WebhookChanges(active=True)),
        lambda client: client.create_webhook(WebhookSpec(name="", target="x", events=[])),
        lambda client: client.check_delivery(),
        lambda client: client.check_delivery("x"),
        lambda client: client.request("TRACE", "/webhooks"),
    ],
)
def test_bad_input_is_refused_before_any_request(
    ask: Callable[[ReachClient], object], reach: Sandbox, client: ReachClient
) -> None:
    assert isinstance(failure(reach, lambda: ask(client)), ReachInputError)
    assert reach.requests == []
