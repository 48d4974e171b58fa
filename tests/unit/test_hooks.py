from __future__ import annotations

import asyncio
import gc
import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import product
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from airflow.providers.common.compat.sdk import redact

from airflow_provider_reach.core.api.exchange import Exchange
from airflow_provider_reach.core.delivery import check
from airflow_provider_reach.core.errors import (
    ReachAuthError,
    ReachConfigError,
    ReachConnectionError,
    ReachError,
    ReachExistsError,
    ReachInputError,
    ReachLookupError,
    ReachNotFoundError,
    ReachRequestError,
    ReachTargetError,
    ReachTimeoutError,
)
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.webhooks.create import create
from airflow_provider_reach.core.webhooks.find import LOOK_AGAIN
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from airflow_provider_reach.hooks import ReachHook
from airflow_provider_reach.integration.reach_connection import max_list_age
from airflow_provider_reach.sandbox import Fault, Sandbox, Switches
from tests.conftest import API_KEY, WORKSPACE_ID
from tests.unit.client.test_transports import http, says, serving

NOBODY = "00000000-0000-4000-8000-000000000000"
PASSWORD, CLIENT_SECRET, HEADER = "planted-password", "planted-client-secret", "planted-header"
SECRETS = (PASSWORD, CLIENT_SECRET, HEADER)
EVENTS = ["delivery", "bounce"]
HTML = "<html><body>Please sign in</body></html>"

Connect = Callable[..., None]

pytestmark = pytest.mark.usefixtures("naps")


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Puts a connection to a sandbox into the environment, some of it changed."""

    def connect(reach: Sandbox, *, extra: dict[str, Any] | None = None, **fields: Any) -> None:
        whole = reach.connection | fields
        whole["extra"] = whole["extra"] | (extra or {})
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", json.dumps(whole))

    return connect


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """What was logged so far, by Airflow 2 or 3."""
    return lambda: "".join([*capfd.readouterr(), caplog.text])


@pytest.fixture
def hook(reach: Sandbox, connect: Connect, logged: Callable[[], str]) -> Iterator[ReachHook]:
    connect(reach)
    hook = ReachHook(outage_tolerance=0)
    yield hook
    assert_no_secret(logged() + repr(hook) + repr(hook.get_conn()), reach)


def assert_no_secret(text: str, reach: Sandbox) -> None:
    assert not [secret for secret in (reach.api_key, *SECRETS) if secret in text]


def failure(reach: Sandbox, ask: Callable[[], object]) -> ReachError:
    """The error of a call; neither it nor what it hangs on says a secret."""
    with pytest.raises(ReachError) as raised:
        ask()
    error: BaseException | None = raised.value
    while error is not None:
        assert_no_secret(f"{error} {error!r}", reach)
        error = error.__cause__
    return raised.value


def created(hook: ReachHook, reach: Sandbox, name: str = "orders") -> str:
    return hook.create_webhook(
        name,
        reach.target(name).url,
        EVENTS,
        auth_type="basic",
        auth_credentials={"username": "reach", "password": PASSWORD},
        custom_headers={"X-Token": HEADER},
    )


def down(reach: Sandbox, hours: float = 5, batches: int = 1) -> str:
    """A webhook whose target has answered 503 since its batches were made."""
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.target("orders").answer(503)
    for _ in range(batches):
        reach.send(webhook_id, 1)
    reach.advance(hours=hours)
    return webhook_id


# --- every method


def test_nothing_is_looked_up_before_the_first_call(reach: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def connection_looked_up(*_: object) -> None:
        raise AssertionError("a connection was looked up")

    monkeypatch.setattr(ReachHook, "get_connection", connection_looked_up)

    hook = ReachHook()

    assert hook.reach_conn_id == "reach_default"
    assert ReachHook(reach_conn_id="other").reach_conn_id == "other"
    assert reach.requests == []
    with pytest.raises(ReachConnectionError, match=r"it could not be read \(AssertionError\)") as failed:
        hook.get_conn()
    assert str(failed.value.__cause__) == "a connection was looked up"
    assert "looked up" not in str(failed.value)  # a backend may quote what it read
    assert not failed.value.final


def test_another_connection(reach: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_STAGING", reach.connection_json)

    assert ReachHook("reach_staging").list_webhooks() == []


def test_one_client_for_the_life_of_the_hook(hook: ReachHook) -> None:
    assert hook.get_conn() is hook.get_conn()
    assert hook.get_conn().outage_tolerance == 0


def test_a_hook_is_patient_for_a_minute(reach: Sandbox, connect: Connect) -> None:
    connect(reach)

    assert ReachHook().get_conn().outage_tolerance == 60
    assert ReachHook(patience=5).get_conn().outage_tolerance == 5  # its former name


def test_list_get_and_find(hook: ReachHook, reach: Sandbox) -> None:
    webhook_id = created(hook, reach)

    (listed,) = hook.list_webhooks()
    got, found = hook.get_webhook(webhook_id), hook.find_webhook("orders")

    for webhook in (listed, got, found):
        assert webhook
        assert (webhook.id, webhook.name, webhook.events) == (webhook_id, "orders", tuple(EVENTS))
        assert_no_secret(f"{webhook!r} {webhook.to_dict()}", reach)
    assert hook.find_webhook("order") is None


def test_several_of_one_name(hook: ReachHook, reach: Sandbox) -> None:
    for _ in range(2):
        reach.add_webhook("orders", target=reach.target("orders").url)

    assert isinstance(failure(reach, lambda: hook.find_webhook("orders")), ReachLookupError)


def test_create_with_everything(hook: ReachHook, reach: Sandbox) -> None:
    reach.target("tokens").answer(200, '{"access_token": "a-token", "token_type": "Bearer"}')
    details = {
        "url": reach.target("tokens").url,
        "body": {"client_id": "reach", "client_secret": CLIENT_SECRET, "grant_type": "client_credentials"},
    }

    webhook_id = hook.create_webhook(
        "orders",
        reach.target("orders").url,
        EVENTS,
        active=False,
        custom_headers={"X-Token": HEADER},
        auth_type="oauth2",
        auth_request_details=details,
    )

    assert json.loads(reach.requests[0].body) == {
        "name": "orders",
        "target": reach.target("orders").url,
        "events": EVENTS,
        "active": False,
        "custom_headers": {"X-Token": HEADER},
        "auth_type": "oauth2",
        "auth_request_details": details,
    }
    assert hook.get_webhook(webhook_id).active is False


def test_create_sends_only_what_was_given(hook: ReachHook, reach: Sandbox) -> None:
    hook.create_webhook("orders", reach.target("orders").url, EVENTS)

    assert json.loads(reach.requests[0].body).keys() == {"name", "target", "events"}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "renamed"},
        {"events": ["open"]},
        {"active": False},
        {"active": True},
        {"custom_headers": {}},
        {"custom_headers": {"X-Token": HEADER}},
        {"auth_type": "none"},
        {"auth_type": "basic", "auth_credentials": {"username": "reach", "password": PASSWORD}},
        {"target": "TARGET", "name": "moved"},
    ],
)
def test_update_sends_only_what_was_given(change: dict[str, Any], hook: ReachHook, reach: Sandbox) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    if "target" in change:
        change = change | {"target": reach.target("other").url}

    assert hook.update_webhook(webhook_id, **change) == webhook_id

    (update,) = reach.requests
    assert (update.method, json.loads(update.body)) == ("PUT", change)
    webhook = hook.get_webhook(webhook_id)
    for name, value in change.items():
        assert getattr(webhook, name) == (tuple(value) if name == "events" else value)


def test_update_of_the_authentication_server(hook: ReachHook, reach: Sandbox) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.target("tokens").answer(500, f"client_secret {CLIENT_SECRET} is not known")
    details = {"url": reach.target("tokens").url, "body": {"client_id": "x", "client_secret": CLIENT_SECRET}}

    error = failure(reach, lambda: hook.update_webhook(webhook_id, auth_type="oauth2", auth_request_details=details))

    assert "\nthe authorization server answered HTTP 500: client_secret *** is not known" in str(error)


def test_delete(hook: ReachHook, reach: Sandbox) -> None:
    webhook_id = created(hook, reach)

    hook.delete_webhook(webhook_id)

    assert hook.list_webhooks() == []
    assert isinstance(failure(reach, lambda: hook.delete_webhook(webhook_id)), ReachNotFoundError)


def test_validate(hook: ReachHook, reach: Sandbox) -> None:
    webhook_id = created(hook, reach)

    assert hook.validate_webhook(webhook_id).ok

    reach.target("orders").answer(401, "who are you?")
    error = failure(reach, lambda: hook.validate_webhook(webhook_id))
    assert isinstance(error, ReachTargetError)
    assert "HTTP 401: who are you?" in str(error)


def test_validate_knows_the_webhook_by_its_id_or_name(hook: ReachHook, reach: Sandbox) -> None:
    webhook_id = created(hook, reach)
    other = created(hook, reach, "other")

    which: list[tuple[dict[str, str], str]] = [
        ({"webhook_name": " orders"}, "orders"),
        ({"webhook_id": webhook_id.upper()}, "orders"),
        ({"webhook_id": other, "webhook_name": "orders"}, "other"),
    ]
    for webhook, name in which:
        before = len(reach.target(name).received)
        assert hook.validate_webhook(**webhook).ok
        assert len(reach.target(name).received) == before + 1

    reach.target("orders").answer(401, f"who are you, {PASSWORD}?")
    error = failure(reach, lambda: hook.validate_webhook(webhook_name="orders"))
    assert isinstance(error, ReachTargetError)
    assert "HTTP 401: who are you, ***?" in str(error)


def test_a_target_that_the_service_says_was_not_200_is_no_result(hook: ReachHook, reach: Sandbox) -> None:
    webhook_id = created(hook, reach)
    told = {"msg": "POST failed", "response": {"status": 503, "headers": {}, "body": "closed"}}
    reach.fail(Fault.body({"results": told}), on="validate")

    error = failure(reach, lambda: hook.validate_webhook(webhook_id))

    assert isinstance(error, ReachTargetError)
    assert "HTTP 503: closed" in str(error)


@pytest.mark.parametrize("webhook", [{"webhook_id": NOBODY}, {"webhook_name": "none"}])
def test_no_webhook_is_not_validated(webhook: dict[str, str], hook: ReachHook, reach: Sandbox) -> None:
    created(hook, reach)

    error = failure(reach, lambda: hook.validate_webhook(**webhook))

    assert isinstance(error, ReachLookupError)
    assert "There is no webhook" in str(error)
    assert len(reach.target("orders").received) == 1


@pytest.mark.parametrize("nothing", ["", " ", "None"])
def test_a_validation_of_nothing_is_refused(nothing: str, hook: ReachHook, reach: Sandbox) -> None:
    error = failure(reach, lambda: hook.validate_webhook(nothing, webhook_name=nothing))

    assert isinstance(error, ReachInputError)
    assert "give webhook_id or webhook_name." in str(error)
    assert reach.requests == []


def test_check_delivery(hook: ReachHook, reach: Sandbox) -> None:
    webhook_id = down(reach, hours=1)

    assert hook.check_delivery(webhook_id).outcome == "healthy"
    assert hook.check_delivery(webhook_name="orders", policy=DeliveryPolicy(drain=True)).outcome == "wait"
    before = datetime.now(timezone.utc) - timedelta(hours=10)
    assert hook.check_delivery(webhook_id, DeliveryPolicy(drain=True), watched_from=before).outcome == "healthy"
    assert hook.check_delivery(webhook_name="gone").outcome == "failed"
    reach.update_webhook(webhook_id, active=False)
    assert hook.check_delivery(webhook_id).outcome == "failed"
    assert hook.check_delivery(webhook_id, DeliveryPolicy(allow_inactive=True)).outcome == "healthy"


def test_any_other_request(hook: ReachHook, reach: Sandbox) -> None:
    webhook_id = created(hook, reach)

    answer = hook.request("GET", f"/webhooks/{webhook_id}/batch-status", query={"limit": 3})
    assert answer == {"results": []}
    assert hook.request("PUT", f"/webhooks/{webhook_id}", json={"active": False})["results"]["id"] == webhook_id
    assert hook.request("DELETE", f"/webhooks/{webhook_id}") is None


def test_what_the_service_brings_back_is_masked_by_airflow(hook: ReachHook, reach: Sandbox) -> None:
    reach.add_webhook(
        "orders",
        target=reach.target("orders").url,
        auth_type="basic",
        auth_credentials={"username": "reach", "password": "brought-back-password"},
        custom_headers={"X-Token": "brought-back-header"},
    )
    said = "brought-back-password brought-back-header"
    assert redact(said) == said

    hook.list_webhooks()

    assert redact(said) == "*** ***"


def test_what_is_given_is_masked_by_airflow_before_it_is_sent(hook: ReachHook, reach: Sandbox) -> None:
    with pytest.raises(ReachInputError):
        hook.create_webhook(
            "", "x", [], auth_type="basic", auth_credentials={"username": "x", "password": "given-password"}
        )

    assert redact("given-password") == "***"


def test_sockets_are_released_with_the_hook(reach: Sandbox, connect: Connect) -> None:
    with serving(says(http())) as server:
        connect(reach, host=server.url)
        hook = ReachHook()
        hook.list_webhooks()
        assert not server.left.is_set()

        del hook
        gc.collect()

        assert server.left.wait(2)


def test_an_odd_connection_is_warned_of(reach: Sandbox, connect: Connect, logged: Callable[[], str]) -> None:
    connect(reach, extra={"workspace": "x"}, password="bk_something")

    assert isinstance(failure(reach, ReachHook(outage_tolerance=0).list_webhooks), ReachAuthError)

    said = logged()
    assert "has extras that mean nothing here: workspace." in said
    assert "another of Bird's APIs" in said
    assert "bk_something" not in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "n" * 25}, "more than 24 characters"),
        ({"events": ["open", "open"]}, "an event type stands twice"),
        ({"custom_headers": {f"X-{n}": HEADER for n in range(6)}}, "6 custom headers of"),
        ({"custom_headers": {"X-Long": HEADER * 300}}, "1 custom headers of"),
        ({}, "the target is plain http"),
        ({}, "was refused by the service in one document: 80 and 443 are safe"),
        ({"target": "USERINFO"}, "the target holds a user name or password"),
    ],
)
def test_what_is_unusual_is_warned_of_and_sent(
    given: dict[str, Any], said: str, hook: ReachHook, reach: Sandbox, logged: Callable[[], str]
) -> None:
    target = reach.target("orders").url
    if "target" in given:
        given = {"target": target.replace("//", f"//reach:{PASSWORD}@")}

    hook.create_webhook(**{"name": "orders", "target": target, "events": EVENTS, **given})

    text = logged()
    assert said in text
    assert_no_secret(text, reach)
    assert len(reach.requests) == 1
    assert len(json.loads(reach.requests[0].body)["events"]) == len(set(given.get("events", EVENTS)))


@pytest.mark.parametrize("given", [{"events": ["not_yet_known"]}, {"auth_type": "hmac"}, {"name": "ö" * 200}])
def test_what_the_service_may_know_better_is_sent(given: dict[str, Any], hook: ReachHook, reach: Sandbox) -> None:
    reach.fail(Fault.body({"results": {"id": NOBODY, "links": [], "and": "more"}}), on="create")

    arguments = {"name": "orders", "target": reach.target("orders").url, "events": EVENTS, **given}

    assert hook.create_webhook(**arguments) == NOBODY
    assert json.loads(reach.requests[0].body) == arguments


# --- declared: the same once or twice


def spec(reach: Sandbox, name: str = "orders", **changes: Any) -> WebhookSpec:
    whole: dict[str, Any] = {
        "name": name,
        "target": reach.target(name).url,
        "events": EVENTS,
        "auth_type": "basic",
        "auth_credentials": {"username": "reach", "password": PASSWORD},
        "custom_headers": {"X-Token": HEADER},
    }
    return WebhookSpec.of(whole | changes)


def did(reach: Sandbox) -> list[str | None]:
    return [request.operation for request in reach.requests]


@pytest.mark.parametrize("operation", ["create", "update"])
def test_fields_that_the_contract_does_not_know_are_sent(operation: str, hook: ReachHook, reach: Sandbox) -> None:
    extra = {"priority": {"level": 3}, "signing_token": HEADER}
    if operation == "create":
        hook.create_webhook("orders", reach.target("orders").url, EVENTS, extra=extra)
        given: dict[str, Any] = {"name": "orders", "target": reach.target("orders").url, "events": EVENTS}
    else:
        given = {}
        hook.update_webhook(reach.add_webhook("orders", target=reach.target("orders").url), extra=extra)

    assert json.loads(reach.requests[-1].body) == given | extra
    for refused in ({"name": "other"}, "priority"):
        with pytest.raises(ReachInputError, match="extra (holds name|must be a mapping)"):
            hook.update_webhook(NOBODY, extra=refused)


def test_declare_creates_takes_and_updates(hook: ReachHook, reach: Sandbox) -> None:
    made = hook.declare_webhook(spec(reach))
    again = hook.declare_webhook(spec(reach), "update")
    taken = hook.declare_webhook(spec(reach, active=False))
    updated = hook.declare_webhook(spec(reach, active=False), "update")

    assert {done.webhook_id for done in (again, taken, updated)} == {made.webhook_id}
    assert [done.created for done in (made, again, taken, updated)] == [True, False, False, False]
    assert [done.changed for done in (made, again, taken, updated)] == [[], [], [], ["active"]]
    assert [str(field) for field in taken.compared if field.result == "differs"] == ["active: True → False"]
    asked = [["list", "create", "list"], ["list", "retrieve"], ["list"], ["list", "retrieve", "update", "retrieve"]]
    assert did(reach) == [operation for operations in asked for operation in operations]
    assert_no_secret(repr((made, taken, updated)), reach)


def test_two_that_declare_at_the_same_time_both_fail(
    hook: ReachHook, reach: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = Barrier(2, timeout=10)

    def create_together(*arguments: Any) -> Exchange[str]:
        together.wait()  # each has looked, and found nothing
        webhook_id = yield from create(*arguments)
        together.wait()
        return webhook_id

    def declare(hook: ReachHook) -> ReachError:
        with pytest.raises(ReachExistsError) as raised:
            hook.declare_webhook(spec(reach))
        return raised.value

    reach.target("orders")
    monkeypatch.setattr("airflow_provider_reach.core.webhooks.converge.create", create_together)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(declare, [hook, ReachHook(hook.reach_conn_id)])

    ids = [webhook["id"] for webhook in reach.state()["webhooks"]]
    assert len(ids) == 2
    for error in (first, second):
        assert error.final
        assert all(webhook_id in str(error) for webhook_id in ids)
        assert_no_secret(str(error), reach)


@pytest.mark.parametrize(("expected", "looks"), [((), 1), (["orders"], 2), (["orders", "none"], 2), (["none"], 2)])
def test_a_list_that_lacks_what_is_expected_is_read_once_more(
    expected: Any, looks: int, hook: ReachHook, reach: Sandbox, naps: list[float]
) -> None:
    webhook_id = created(hook, reach)
    reach.forget_requests()
    reach.fail(Fault.body({"results": []}), on="list")

    listed = hook.list_webhooks(expected=expected)

    assert [webhook.id for webhook in listed] == ([webhook_id] if looks == 2 else [])
    assert did(reach) == ["list"] * looks
    assert naps == [LOOK_AGAIN] * (looks - 1)


def test_declare_may_refuse_what_exists(hook: ReachHook, reach: Sandbox) -> None:
    webhook_id = created(hook, reach)

    error = failure(reach, lambda: hook.declare_webhook(spec(reach), "fail"))

    assert isinstance(error, ReachExistsError)
    assert webhook_id in str(error)


def test_converge_sends_what_differs(hook: ReachHook, reach: Sandbox) -> None:
    webhook_id = created(hook, reach)
    changes = WebhookChanges(active=False, events=EVENTS)
    reach.forget_requests()

    done = hook.converge_webhook(webhook_id, changes)
    again = hook.converge_webhook(webhook_name="orders", changes=changes)
    always = hook.converge_webhook(webhook_id, changes, always=True)

    assert (done.webhook_id, done.changed) == (webhook_id, ["active"])
    assert again.changed == []
    assert always.changed == ["events", "active"]
    bodies = [json.loads(request.body) for request in reach.requests if request.operation == "update"]
    assert bodies == [{"active": False}, {"active": False, "events": EVENTS}]


@pytest.mark.parametrize("changes", [None, WebhookChanges(), WebhookChanges(extra={})])
def test_converge_to_nothing_is_refused(changes: WebhookChanges | None, hook: ReachHook, reach: Sandbox) -> None:
    error = failure(reach, lambda: hook.converge_webhook(NOBODY, changes))

    assert isinstance(error, ReachInputError)
    assert "nothing to change was given" in str(error)
    assert reach.requests == []


def test_converge_knows_the_webhook_by_its_id_or_name(hook: ReachHook, reach: Sandbox) -> None:
    created(hook, reach)
    changes = WebhookChanges(active=False)

    assert isinstance(failure(reach, lambda: hook.converge_webhook(NOBODY, changes)), ReachLookupError)
    assert isinstance(
        failure(reach, lambda: hook.converge_webhook(webhook_name="none", changes=changes)), ReachLookupError
    )
    assert isinstance(failure(reach, lambda: hook.converge_webhook(changes=changes)), ReachInputError)


def test_drift_is_found(hook: ReachHook, reach: Sandbox) -> None:
    created(hook, reach)
    other = created(hook, reach, "other")
    secret = {"username": "reach", "password": CLIENT_SECRET}

    none = hook.find_drift([spec(reach), spec(reach, "other")])
    some = hook.find_drift(iter([spec(reach, auth_credentials=secret), spec(reach, "new")]))

    assert not none
    assert some
    assert some.to_dict() == {
        "missing": ["new"],
        "unexpected": [{"webhook_id": other, "webhook_name": "other", "doubled": False}],
        "different": {"orders": {"auth_credentials": "password differs"}},
        "unknown": {},
        "near": {},
    }
    assert_no_secret(f"{some} {some!r}", reach)


@pytest.mark.parametrize(
    "ask",
    [
        lambda hook, spec: hook.declare_webhook(spec),
        lambda hook, spec: hook.converge_webhook(webhook_name="orders", changes=spec),
        lambda hook, spec: hook.find_drift([spec]),
    ],
    ids=["declare", "converge", "find drift"],
)
def test_what_is_declared_is_masked_in_the_log(
    ask: Callable[[ReachHook, WebhookSpec], object], hook: ReachHook, reach: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked: list[str] = []
    created(hook, reach)
    monkeypatch.setattr("airflow_provider_reach.hooks.mask_secret", masked.append)

    ask(hook, spec(reach, extra={"signing_token": CLIENT_SECRET}))

    assert set(masked) >= set(SECRETS)


@pytest.mark.parametrize("bad", ["empty name", "bare string", "basic without username", "header value with CR LF"])
def test_what_is_declared_wrong_is_refused(bad: str, hook: ReachHook, reach: Sandbox) -> None:
    given, said = BAD[bad]
    wrong = WebhookSpec.of({**GOOD, **given})

    for ask in (
        lambda: hook.declare_webhook(wrong),
        lambda: hook.converge_webhook(NOBODY, wrong),
    ):
        error = failure(reach, ask)
        assert isinstance(error, ReachInputError)
        assert said in str(error)
    assert reach.requests == []
    assert isinstance(failure(reach, lambda: hook.find_drift([wrong])), ReachInputError)


# --- bad input, as domain.md has it: refused before any request

GOOD: dict[str, Any] = {"name": "orders", "target": "https://consumer.example/reach", "events": EVENTS}
CREDENTIALS = {"username": "reach", "password": PASSWORD}
DETAILS = {"url": "https://tokens.example", "body": {"client_secret": CLIENT_SECRET}}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "empty name": ({"name": ""}, "name must be"),
    "blank name": ({"name": "  "}, "name must be"),
    "no text as name": ({"name": 7}, "name must be"),
    "target without a scheme": ({"target": "consumer.example/reach"}, "target must start with https://"),
    "target of another scheme": ({"target": f"ftp://x:{PASSWORD}@consumer.example"}, "target must start with https://"),
    "target without a host": ({"target": "https:///reach"}, "target has no host"),
    "target with white space": ({"target": "https://consumer.example/a b"}, "target holds white space"),
    "target with a line break": ({"target": "https://consumer.example/\nx"}, "target holds white space"),
    "target with an odd port": ({"target": "https://consumer.example:x/"}, "target is not a URL"),
    "empty target": ({"target": ""}, "target must be a URL"),
    "no text as target": ({"target": 7}, "target must be a URL"),
    "no events": ({"events": []}, "events is empty"),
    "an empty event": ({"events": ["open", " "]}, "events is empty or holds an empty text"),
    "bare string": ({"events": "open"}, "events must be a list"),
    "events that are no strings": ({"events": [1, 2]}, "events must be a list"),
    "basic without credentials": ({"auth_type": "basic"}, "needs auth_credentials with a username"),
    "basic without username": (
        {"auth_type": "basic", "auth_credentials": {"password": PASSWORD}},
        "needs auth_credentials with a username",
    ),
    "basic with an empty username": (
        {"auth_type": "basic", "auth_credentials": {"username": "", "password": PASSWORD}},
        "needs auth_credentials with a username",
    ),
    "oauth2 without details": ({"auth_type": "oauth2"}, "needs auth_request_details with the url"),
    "oauth2 without url": (
        {"auth_type": "oauth2", "auth_request_details": {"body": DETAILS["body"]}},
        "needs auth_request_details with the url",
    ),
    "oauth2 without body": (
        {"auth_type": "oauth2", "auth_request_details": {"url": DETAILS["url"]}},
        "needs auth_request_details with a body",
    ),
    "oauth2 with a body of text": (
        {"auth_type": "oauth2", "auth_request_details": {"url": DETAILS["url"], "body": CLIENT_SECRET}},
        "needs auth_request_details with a body",
    ),
    "credentials with none": ({"auth_type": "none", "auth_credentials": CREDENTIALS}, "belong to auth_type 'basic'"),
    "details with none": ({"auth_type": "none", "auth_request_details": DETAILS}, "belong to auth_type 'oauth2'"),
    "credentials with oauth2": (
        {"auth_type": "oauth2", "auth_request_details": DETAILS, "auth_credentials": CREDENTIALS},
        "belong to auth_type 'basic'",
    ),
    "details with basic": (
        {"auth_type": "basic", "auth_credentials": CREDENTIALS, "auth_request_details": DETAILS},
        "belong to auth_type 'oauth2'",
    ),
    "header value with CR LF": ({"custom_headers": {"X-A": f"{HEADER}\r\nX-B: 1"}}, "holds a line break"),
    "header name with LF": ({"custom_headers": {"X-A\nX-B": HEADER}}, "holds a line break"),
    "header value that is no string": ({"custom_headers": {"X-A": 1}}, "must be a text"),
    "header name that is no string": ({"custom_headers": {1: HEADER}}, "must be a text"),
    "headers that are no mapping": ({"custom_headers": [HEADER]}, "custom_headers must be a mapping"),
    "a password of None": (
        {"auth_type": "basic", "auth_credentials": {"username": "reach", "password": None}},
        "auth_credentials holds None: give the value, or leave it out.",
    ),
    "a password of the text None": (
        {"auth_type": "basic", "auth_credentials": {"username": "reach", "password": "None"}},
        "auth_credentials holds 'None', as a template renders what is not there",
    ),
    "a client secret of the text None": (
        {
            "auth_type": "oauth2",
            "auth_request_details": {"url": DETAILS["url"], "body": {"client_id": "reach", "client_secret": "None"}},
        },
        "auth_request_details holds 'None', as a template renders what is not there",
    ),
    "a header of None": ({"custom_headers": {"X-A": None}}, "must be a text"),
    "a header of the text None": (
        {"custom_headers": {"X-A": "None"}},
        "custom_headers holds 'None', as a template renders what is not there",
    ),
    "a header's token of the text None": (
        {"custom_headers": {"Authorization": "Bearer None"}},
        "custom_headers holds 'None', as a template renders what is not there",
    ),
    "a stand-in for a header": ({"custom_headers": {"X-A": "***"}}, "which stands in for what is not shown"),
    "active that is no boolean": ({"active": "perhaps"}, "active must be True or False"),
}


@pytest.mark.parametrize("row", BAD)
@pytest.mark.parametrize("call", ["create", "update"])
def test_bad_input_is_refused_before_any_request(call: str, row: str, hook: ReachHook, reach: Sandbox) -> None:
    given, said = BAD[row]

    error = failure(
        reach,
        lambda: hook.create_webhook(**GOOD | given) if call == "create" else hook.update_webhook(NOBODY, **given),
    )

    assert isinstance(error, ReachInputError)
    assert said in str(error)
    assert str(error).startswith("Nothing was sent: ")
    assert reach.requests == []


@pytest.mark.parametrize("field", ["auth_credentials", "auth_request_details"])
def test_credentials_without_their_kind_are_refused(field: str, hook: ReachHook, reach: Sandbox) -> None:
    given = {"auth_credentials": CREDENTIALS, "auth_request_details": DETAILS}[field]

    error = failure(reach, lambda: hook.create_webhook(**GOOD, **{field: given}))

    assert "would make a webhook without authentication" in str(error)
    assert reach.requests == []


def test_everything_wrong_is_said_at_once(hook: ReachHook, reach: Sandbox) -> None:
    error = failure(reach, lambda: hook.create_webhook("", "x", [], auth_type="basic"))

    assert isinstance(error, ReachInputError)
    assert [problem.split()[0] for problem in error.problems] == ["name", "target", "events", "auth_type"]


NO_UUID = ["orders", "ws_12", f"{NOBODY}/validate", "..", NOBODY.replace("-", "")]


@pytest.mark.parametrize(
    ("call", "webhook_id"),
    [
        *product(["get_webhook", "delete_webhook", "validate_webhook", "get_batch_status", "update_webhook"], NO_UUID),
        *product(["get_webhook", "delete_webhook", "get_batch_status", "update_webhook"], [""]),
    ],
)
def test_an_id_that_is_no_uuid_is_refused(call: str, webhook_id: str, hook: ReachHook, reach: Sandbox) -> None:
    given = {"active": True} if call == "update_webhook" else {}

    error = failure(reach, lambda: getattr(hook, call)(webhook_id, **given))

    assert isinstance(error, ReachInputError)
    assert "is not a UUID: take it from a list of the webhooks, or use the name" in str(error)
    assert reach.requests == []


@pytest.mark.parametrize("given", [11, UUID(NOBODY)])
@pytest.mark.parametrize("call", ["get_webhook", "delete_webhook", "get_batch_status", "find_webhook"])
def test_an_id_or_name_that_is_no_text_is_refused(call: str, given: Any, hook: ReachHook, reach: Sandbox) -> None:
    error = failure(reach, lambda: getattr(hook, call)(given))

    assert isinstance(error, ReachInputError)
    assert f"{'name' if call == 'find_webhook' else 'webhook_id'} must be a text, not {given!r}" in str(error)
    assert reach.requests == []


@pytest.mark.parametrize("limit", [0, -1, 1.5, "10", True, None])
def test_a_limit_below_1_or_no_number_is_refused(limit: Any, hook: ReachHook, reach: Sandbox) -> None:
    error = failure(reach, lambda: hook.get_batch_status(NOBODY, limit))

    assert "limit must be a whole number from 1" in str(error)
    assert reach.requests == []


def test_an_update_with_nothing_in_it_is_refused(hook: ReachHook, reach: Sandbox) -> None:
    assert "nothing to change was given" in str(failure(reach, lambda: hook.update_webhook(NOBODY)))
    assert reach.requests == []


def test_a_misspelt_field_is_refused(hook: ReachHook, reach: Sandbox) -> None:
    calls: list[Callable[..., str]] = [hook.create_webhook, partial(hook.update_webhook, NOBODY)]
    for call in calls:
        with pytest.raises(TypeError, match="auth_credential'"):
            call(**GOOD, auth_credential=CREDENTIALS)
        with pytest.raises(TypeError, match="auth_credential'"):
            call(**GOOD, auth_credential=None)
    assert reach.requests == []


@pytest.mark.parametrize("workspace_id", ["", "ws_12345", "../other"])
def test_a_workspace_that_is_no_uuid_is_refused(workspace_id: str, reach: Sandbox, connect: Connect) -> None:
    connect(reach, extra={"workspace_id": workspace_id})

    assert isinstance(failure(reach, ReachHook().list_webhooks), ReachConfigError)
    assert reach.requests == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "/webhooks"), ("TRACE", "/webhooks"), ("GET", "webhooks"), ("GET", "/../x"), ("GET", "/a?b"), ("GET", "")],
)
def test_a_request_out_of_the_workspace_is_refused(method: str, path: str, hook: ReachHook, reach: Sandbox) -> None:
    assert isinstance(failure(reach, lambda: hook.request(method, path)), ReachInputError)
    assert reach.requests == []


@pytest.mark.parametrize("webhook", [("", None, ""), ("orders", None, "")])
def test_a_check_of_nothing_is_refused(webhook: tuple[str, None, str], hook: ReachHook, reach: Sandbox) -> None:
    webhook_id, policy, name = webhook

    assert isinstance(
        failure(reach, lambda: hook.check_delivery(webhook_id, policy, webhook_name=name)), ReachInputError
    )
    assert reach.requests == []


# --- what the documentation leaves open


@pytest.fixture
def switched(connect: Connect) -> Iterator[Callable[..., tuple[Sandbox, ReachHook]]]:
    """Starts a sandbox with some switches set, and makes a hook for it."""
    with ExitStack() as running:

        def switched(**switches: Any) -> tuple[Sandbox, ReachHook]:
            reach = Sandbox(
                switches=Switches(**switches), target_timeout=0.2, api_key=API_KEY, workspace_id=WORKSPACE_ID
            )
            running.enter_context(reach)
            connect(reach)
            return reach, ReachHook(outage_tolerance=0)

        yield switched


Switched = Callable[..., tuple[Sandbox, ReachHook]]


@pytest.mark.parametrize("rows", ["batch", "attempt"])
@pytest.mark.parametrize("ts", ["creation", "last_attempt"])
def test_a_row_a_batch_or_an_attempt_and_their_times(rows: str, ts: str, switched: Switched) -> None:
    reach, hook = switched(rows=rows, ts=ts)
    webhook_id = down(reach)
    (batch,) = reach.batches(webhook_id)

    got = hook.get_batch_status(webhook_id).rows

    attempts = batch.attempts if rows == "attempt" else batch.attempts[-1:]
    expected = [batch.created if ts == "creation" else attempt.at for attempt in attempts]
    assert {row.batch_id for row in got} == {batch.batch_id}
    assert len(got) == len(expected)
    for row, at in zip(sorted(got, key=lambda row: row.attempts or 0), expected, strict=True):
        assert row.ts
        assert abs(row.ts - at) < timedelta(milliseconds=2)
    assert max(row.attempts or 0 for row in got) == batch.failures


@pytest.mark.parametrize(("kept_from", "hours", "kept"), [("creation", 25, 0), ("last_change", 25, 1)])
def test_a_day_from_creation_or_from_the_last_change(
    kept_from: str, hours: float, kept: int, switched: Switched
) -> None:
    reach, hook = switched(kept_from=kept_from)
    webhook_id = down(reach, hours)

    assert len(hook.get_batch_status(webhook_id).rows) == kept
    assert hook.check_delivery(webhook_id).counts["lost"] == kept


@pytest.mark.parametrize("schedule", ["doubling", "even", "early"])
def test_every_schedule_of_retries(schedule: str, switched: Switched) -> None:
    reach, hook = switched(retry_schedule=schedule)
    webhook_id = down(reach, hours=2)

    (row,) = hook.get_batch_status(webhook_id).rows
    assert row.attempts == reach.batches(webhook_id)[0].failures
    outcomes = []
    for hours in (3, 4):
        reach.advance(hours=hours)
        outcomes.append(hook.check_delivery(webhook_id).outcome)
    assert outcomes == ["failed", "failed"]
    assert hook.check_delivery(webhook_id).counts["lost"] == 1


@pytest.mark.parametrize(("codes", "code"), [("string", "503"), ("number", 503)])
def test_codes_as_text_or_numbers(codes: str, code: object, switched: Switched) -> None:
    reach, hook = switched(codes=codes)
    webhook_id = down(reach)

    (row,) = hook.get_batch_status(webhook_id).rows

    assert (row.response_code, row.failure_code) == (code, code)
    assert list(hook.check_delivery(webhook_id).responses) == ["503"]


@pytest.mark.parametrize("codes", ["string", "number"])
@pytest.mark.parametrize("no_response", ["missing", "zero", "empty"])
def test_no_response_in_every_spelling(no_response: str, codes: str, switched: Switched) -> None:
    reach, hook = switched(no_response=no_response, codes=codes)
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.target("orders").refuse()
    reach.send(webhook_id, 1)
    reach.advance(hours=5)

    (row,) = hook.get_batch_status(webhook_id).rows

    zero: object = 0 if codes == "number" else "0"
    assert row.response_code == {"missing": None, "zero": zero, "empty": ""}[no_response]
    report = hook.check_delivery(webhook_id)
    assert (report.outcome, list(report.responses)) == ("failed", ["no response (ECONNREFUSED)"])


@pytest.mark.parametrize(("extra_fields", "events"), [(True, 7), (False, None)])
def test_fields_more_than_the_contract_has(extra_fields: bool, events: int | None, switched: Switched) -> None:
    reach, hook = switched(extra_fields=extra_fields)
    webhook_id = reach.add_webhook("orders", target=reach.target("orders").url)
    reach.target("orders").answer(503)
    reach.send(webhook_id, 7)
    reach.advance(hours=5)

    assert hook.get_batch_status(webhook_id).rows[0].batch_size == events
    assert hook.check_delivery(webhook_id).events == events


@pytest.mark.parametrize("over_cap", ["cut", "refuse"])
@pytest.mark.parametrize(("cap", "complete"), [(2, False), (None, True)])
def test_a_cap_on_the_limit_is_no_proof_of_health(
    over_cap: str, cap: int | None, complete: bool, switched: Switched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "DEFAULT_LIMIT", 2)
    reach, hook = switched(limit_cap=cap, over_cap=over_cap)
    webhook_id = down(reach, hours=0.1, batches=3)
    reach.target("orders").answer(200)
    reach.advance(hours=1)

    report = hook.check_delivery(webhook_id)

    assert report.complete is complete
    assert (report.outcome, report.counts["recovered"]) == (("healthy", 3) if complete else ("failed", 2))


def test_a_limit_over_the_cap(switched: Switched) -> None:
    reach, hook = switched(limit_cap=2, over_cap="refuse")
    webhook_id = down(reach, batches=3)

    assert len(hook.get_batch_status(webhook_id, 2).rows) == 2
    error = failure(reach, lambda: hook.get_batch_status(webhook_id, 3))
    assert isinstance(error, ReachRequestError)
    assert "limit must be at most 2" in str(error)


@pytest.mark.parametrize("secrets", ["echoed", "masked", "absent"])
@pytest.mark.parametrize("custom_headers", ["echoed", "absent"])
def test_secrets_echoed_masked_or_absent(secrets: str, custom_headers: str, switched: Switched) -> None:
    reach, hook = switched(secrets=secrets, custom_headers=custom_headers)
    webhook_id = created(hook, reach)

    password = {"echoed": {"password": PASSWORD}, "masked": {"password": "********"}, "absent": {}}[secrets]
    header = {"echoed": {"X-Token": HEADER}, "masked": {"X-Token": "********"}, "absent": None}[secrets]
    for webhook in (hook.get_webhook(webhook_id), hook.find_webhook("orders"), hook.list_webhooks()[0]):
        assert webhook
        assert webhook.auth_credentials == {"username": "reach", **password}
        assert webhook.custom_headers == (header if custom_headers == "echoed" else None)
        assert_no_secret(f"{webhook!r} {webhook.to_dict()}", reach)


# --- the connection's test


def outcome_of_test(reach: Sandbox) -> tuple[bool, str]:
    works, said = ReachHook().test_connection()
    assert_no_secret(said, reach)
    assert all(request.method == "GET" for request in reach.requests)
    return works, said


@pytest.mark.parametrize(("number", "said"), [(0, "0 webhooks."), (1, "1 webhook."), (3, "3 webhooks.")])
def test_it_works(number: int, said: str, reach: Sandbox, connect: Connect) -> None:
    connect(reach)
    for n in range(number):
        reach.add_webhook(f"orders {n}", target=reach.target("orders").url, custom_headers={"X": HEADER})

    assert outcome_of_test(reach) == (True, f"The connection works: the workspace has {said}")
    assert len(reach.requests) == 1


def test_the_key_is_refused(reach: Sandbox, connect: Connect) -> None:
    connect(reach, password=PASSWORD)

    works, said = outcome_of_test(reach)

    assert not works
    assert said.startswith("The API key was refused. ")
    assert "check the connection's password and auth_scheme" in said


def test_the_key_may_not(reach: Sandbox, connect: Connect) -> None:
    connect(reach, password=reach.limited_key)

    works, said = outcome_of_test(reach)

    assert not works
    assert said.startswith("The API key was refused. ")
    assert "workspace_id" in said


def test_the_workspace_is_unknown(reach: Sandbox, connect: Connect) -> None:
    connect(reach, extra={"workspace_id": NOBODY})

    works, said = outcome_of_test(reach)

    assert not works
    assert said.startswith("The workspace is unknown. ")


def test_the_host_is_unreachable(reach: Sandbox, connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    connect(reach, host=f"http://127.0.0.1:{port}/api")

    works, said = outcome_of_test(reach)

    assert not works
    assert said.startswith("The host is unreachable. ")
    assert reach.requests == []


def test_the_host_speaks_no_tls(reach: Sandbox, connect: Connect) -> None:
    connect(reach, host=reach.base_url.replace("http://", "https://"))

    works, said = outcome_of_test(reach)

    assert not works
    assert said.startswith("The host is unreachable. ")


def test_the_host_does_not_answer_in_time(reach: Sandbox, connect: Connect) -> None:
    connect(reach, extra={"timeout": "0.2"})
    reach.fail(Fault.slow(1))

    works, said = outcome_of_test(reach)

    assert not works
    assert said.startswith("The host does not answer in time. ")


@pytest.mark.parametrize(
    "fault",
    [
        Fault.body(HTML),
        Fault.status(404, HTML),
        Fault.body({"message": "hello", "password": PASSWORD}),
        Fault.body([1, 2]),
        Fault.body(""),
        Fault.cut_json(),
    ],
    ids=["HTML", "HTML 404", "other JSON", "a list", "nothing", "half"],
)
def test_this_is_not_the_reach_api(fault: Fault, reach: Sandbox, connect: Connect) -> None:
    connect(reach)
    reach.fail(fault)

    works, said = outcome_of_test(reach)

    assert not works
    assert said.startswith("This is not the Reach API. ")
    assert "check that the connection's host is the API's base URL" in said.replace("Check", "check")


@pytest.mark.parametrize("fault", [Fault.status(500), Fault.status(429), Fault.status(302), Fault.reset_before()])
def test_it_cannot_be_asked(fault: Fault, reach: Sandbox, connect: Connect) -> None:
    connect(reach)
    reach.fail(fault)

    works, said = outcome_of_test(reach)

    assert not works
    assert said.startswith("Reach cannot be asked. ")
    assert len(reach.requests) == 1


def test_the_connection_is_incomplete(reach: Sandbox, connect: Connect) -> None:
    connect(reach, host="", password="", extra={"workspace_id": ""})

    works, said = outcome_of_test(reach)

    assert not works
    assert said.startswith("The connection is incomplete. Connection 'reach_default' cannot be used:")
    assert all(name in said for name in ("password", "workspace_id", "region"))
    assert reach.requests == []


def test_a_slow_service_is_a_timeout_of_the_hook_too(reach: Sandbox, connect: Connect) -> None:
    connect(reach, extra={"timeout": 0.2})
    reach.fail(Fault.slow(1))

    assert isinstance(failure(reach, ReachHook(outage_tolerance=0).list_webhooks), ReachTimeoutError)


@pytest.mark.parametrize("given", ["-1", "half a minute", "nan", "inf"])
def test_an_age_of_a_shared_list_that_cannot_be(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__REACH__MAX_LIST_AGE", given)
    with pytest.raises(ReachConfigError, match=r"Section \[reach\] .*\n.* max_list_age must be a number of seconds"):
        max_list_age()


@pytest.mark.parametrize(("given", "read"), [("0", 0.0), ("2.5", 2.5), ("", None), (None, None)])
def test_an_age_of_a_shared_list(given: str | None, read: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if given is not None:
        monkeypatch.setenv("AIRFLOW__REACH__MAX_LIST_AGE", given)
    assert max_list_age() == read


@pytest.mark.parametrize("given", ["0", "-1", "many", "1.5", ""])
def test_a_bound_of_connections_that_cannot_be(given: str, reach: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
    monkeypatch.setenv("AIRFLOW__REACH__MAX_CONNECTIONS", given)

    async def ask() -> None:
        async with ReachHook().async_client():
            raise AssertionError("it was taken")

    with pytest.raises(
        ReachConfigError, match=r"Section \[reach\] .*\n.* max_connections must be a whole number from 1"
    ):
        asyncio.run(ask())
    with pytest.raises(ReachConfigError, match="max_connections must be a whole number from 1"):
        ReachHook().check_workspace()
    assert reach.requests == []


def test_a_workspace_is_checked_over_as_many_connections_as_airflow_s_configuration_says(
    reach: Sandbox, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(reach)
    monkeypatch.setenv("AIRFLOW__REACH__MAX_CONNECTIONS", "2")
    for number in range(6):
        reach.add_webhook(f"orders {number}", target="https://consumer.example.com")
    reach.latency = 0.05
    hook, told = ReachHook(), []

    report = hook.check_workspace(
        DeliveryPolicy(max_lost=1),
        policies={"orders 3": {"drain": True}},
        name_pattern="orders [1-4]",
        expect="orders 1",
        progress=lambda *done: told.append(done),
    )

    assert (report.outcome, report.listed, report.looked) == ("healthy", 6, 4)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert hook.get_conn().max_connections == 2
    with pytest.raises(ReachInputError, match=r"the table of policies was refused:\n.*policies\['a'\]: the policy has"):
        hook.check_workspace(policies={"a": {"max": 1}})
    assert len(reach.requests) == 5
