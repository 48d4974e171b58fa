from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_reach import ReachUpdateWebhookOperator
from airflow_provider_reach.core.webhooks.find import LOOK_AGAIN
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.tasks import Ended, in_dag, run
from tests.unit.integration.test_map_index import label
from tests.unit.operators.helpers import (
    CLIENT_SECRET,
    EVENTS,
    HEADER,
    NOBODY,
    PASSWORD,
    SECRETS,
    add,
    did,
    in_native_dag,
    kept,
    sent,
)
from tests.unit.test_hooks import BAD

CREDENTIALS = {"username": "reach", "password": PASSWORD}
NEW = {"username": "reach", "password": "planted-password-2"}
DETAILS = {"url": "https://tokens.example", "body": {"client_id": "reach", "client_secret": CLIENT_SECRET}}
WHOLE = ["list", "retrieve", "update", "retrieve"]

Logged = Callable[[], str]


def update(
    *, context: dict[str, Any] | None = None, map_index: int = -1, make: Any = in_dag, **arguments: Any
) -> Ended:
    if not {"webhook_id", "webhook_name"} & set(arguments):
        arguments["webhook_name"] = "orders"
    return run(make(ReachUpdateWebhookOperator, **arguments), map_index=map_index, **context or {})


# --- what was given


@pytest.fixture
def webhook_id(connected: Sandbox) -> str:
    return add(connected)


@pytest.mark.parametrize(
    "given",
    [
        {"name": "renamed"},
        {"events": ["open"]},
        {"active": False},
        {"custom_headers": {}},
        {"custom_headers": {"X-Token": "planted-header-2"}},
        {"auth_credentials": NEW},
        {"auth_type": "none"},
        {"active": False, "custom_headers": {}},
    ],
    ids=str,
)
@pytest.mark.parametrize("by", ["webhook_id", "webhook_name"])
def test_only_what_differs_is_sent(
    by: str, given: dict[str, Any], connected: Sandbox, webhook_id: str, logged: Logged
) -> None:
    ended = update(**{by: webhook_id if by == "webhook_id" else "orders"}, **given)

    assert ended.returned == {"webhook_id": webhook_id, "changed": list(given)}
    assert sent(connected, "update") == [given]
    whole = ["retrieve", *["list"] * ("name" in given), *WHOLE[2:]] if by == "webhook_id" else WHOLE
    assert did(connected) == whole
    said = logged()
    name = given.get("name", "orders")
    _, _, told = said.partition(f"Changed webhook '{name}' ({webhook_id}) (from → to):")
    assert all(f"\n  - {field}: " in told for field in given)
    assert "no difference was seen" not in said
    assert not [secret for secret in SECRETS if secret in said + str(ended.returned)]
    again = update(webhook_id=webhook_id, **given)
    assert again.returned == {"webhook_id": webhook_id, "changed": []}


def test_what_is_equal_is_not_sent_beside_what_differs(connected: Sandbox, webhook_id: str) -> None:
    ended = update(
        target=connected.target("orders").url,
        events=list(reversed(EVENTS)),
        active=False,
        auth_type="basic",
        auth_credentials=CREDENTIALS,
        custom_headers={"x-token": HEADER},
    )

    assert ended.returned["changed"] == ["active"]
    assert sent(connected, "update") == [{"active": False}]


EQUAL: dict[str, dict[str, Any]] = {
    "name": {"name": "orders"},
    "events": {"events": ["bounce", "delivery", "bounce"]},
    "active": {"active": True},
    "headers in another case": {"custom_headers": {"X-TOKEN": HEADER}},
    "authentication": {"auth_type": "basic", "auth_credentials": CREDENTIALS},
}


@pytest.mark.parametrize("given", EQUAL)
def test_where_nothing_differs_nothing_is_sent_and_that_is_said(
    given: str, connected: Sandbox, webhook_id: str, logged: Logged
) -> None:
    ended = update(**EQUAL[given])

    assert ended.returned == {"webhook_id": webhook_id, "changed": []}
    assert did(connected) == ["list", "retrieve"]
    assert f"Webhook 'orders' ({webhook_id}) exists and is what was declared: nothing was sent." in logged()


NOTHING = [None, "None", " None\n", "null", "{{ none }}", "{{ params.nothing }}"]
OFF = [False, "False", "false", " False\n", "{{ False }}", "{{ params.off }}"]
EMPTY: list[Any] = [{}, "{}", " {}\n", "{{ {} }}", "{{ params.empty }}"]
PARAMS: dict[str, Any] = {"params": {"nothing": None, "off": False, "empty": {}, "events": ["open", "click"]}}


@pytest.mark.parametrize("make", [in_dag, in_native_dag])
@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("field", ["custom_headers", "active", "name", "target", "events", "auth_type", "extra"])
def test_none_is_not_given(field: str, nothing: Any, make: Any, connected: Sandbox, webhook_id: str) -> None:
    other: dict[str, Any] = {"active": False} if field != "active" else {"events": ["open"]}

    ended = update(make=make, context=PARAMS, **{field: nothing}, **other)

    assert ended.raised is None
    assert sent(connected, "update") == [other]


@pytest.mark.parametrize("make", [in_dag, in_native_dag])
@pytest.mark.parametrize("off", OFF)
def test_false_is_given(off: Any, make: Any, connected: Sandbox, webhook_id: str) -> None:
    assert update(make=make, context=PARAMS, active=off).returned["changed"] == ["active"]
    assert sent(connected, "update") == [{"active": False}]


@pytest.mark.parametrize("make", [in_dag, in_native_dag])
@pytest.mark.parametrize("empty", EMPTY)
def test_empty_is_given(empty: Any, make: Any, connected: Sandbox, webhook_id: str) -> None:
    assert update(make=make, context=PARAMS, custom_headers=empty).returned["changed"] == ["custom_headers"]
    assert sent(connected, "update") == [{"custom_headers": {}}]


@pytest.mark.parametrize(
    ("make", "events"),
    [
        (in_native_dag, "{{ params.events }}"),
        (in_dag, "{{ params.events }}"),
        (in_dag, "{{ params.events | tojson }}"),
        (in_dag, ["{{ params.events[0] }}", "click"]),
        (in_dag, ("open", "click")),
    ],
)
def test_a_list_may_come_from_a_template(make: Any, events: Any, connected: Sandbox, webhook_id: str) -> None:
    assert update(make=make, context=PARAMS, events=events).returned["changed"] == ["events"]
    assert sent(connected, "update") == [{"events": ["open", "click"]}]


@pytest.mark.parametrize("given", [{}, {"name": None, "active": "None"}, {"extra": {}}, {"always": True}])
def test_nothing_at_all_is_refused(given: dict[str, Any], connected: Sandbox, webhook_id: str) -> None:
    ended = update(**given)

    assert ended.how == "AirflowFailException"
    assert "nothing to change was given" in ended.said
    assert connected.requests == []


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_final_and_nothing_is_asked(bad: str, connected: Sandbox, webhook_id: str) -> None:
    given, said = BAD[bad]

    ended = update(**given)

    assert ended.how == "AirflowFailException"
    assert "Nothing was sent: update webhook 'orders'" in ended.said
    assert said in ended.said
    assert not [secret for secret in SECRETS if secret in ended.said]
    assert connected.requests == []


@pytest.mark.parametrize("always", ["perhaps", 2])
def test_always_is_a_switch(always: Any, connected: Sandbox, webhook_id: str) -> None:
    ended = update(active=False, always=always)

    assert ended.how == "AirflowFailException"
    assert "always must be True or False" in ended.said
    assert connected.requests == []


# --- what is not known


UNKNOWN: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "masked headers": ({"secrets": "masked"}, {"custom_headers": {"X-Token": "other"}}, "custom_headers: x-token not"),
    "no headers": ({"custom_headers": "absent"}, {"custom_headers": {"X-Token": "other"}}, "custom_headers: not shown"),
    "none of no headers": ({"custom_headers": "absent"}, {"custom_headers": {}}, "custom_headers: not shown"),
    "masked password": ({"secrets": "masked"}, {"auth_credentials": NEW}, "auth_credentials: password not shown"),
    "no password": ({"secrets": "absent"}, {"auth_credentials": NEW}, "auth_credentials: password not shown"),
    "field that no contract has": ({}, {"extra": {"priority": 3}}, "priority: not shown"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_not_known_alone_is_no_reason_to_send(
    case: str, switched: Callable[..., Sandbox], logged: Logged
) -> None:
    switches, given, unknown = UNKNOWN[case]
    reach = switched(**switches)
    webhook_id = add(reach)

    ended = update(**given)

    assert ended.returned == {"webhook_id": webhook_id, "changed": []}
    assert did(reach) == ["list", "retrieve"]
    said = logged()
    assert "is what was declared, as far as the service shows it: nothing was sent." in said
    told = "is unknown, which alone is no reason to send them (ReachUpdateWebhookOperator sends them with always="
    assert f"{told}True):\n  - {unknown}" in said
    (line,) = (line for line in said.splitlines() if "which alone is no reason to send them" in line)
    assert ("warning" if "auth_credentials" in given else "info") in line.lower().partition("whether")[0]


@pytest.mark.parametrize("always", [True, "True", "{{ True }}"])
@pytest.mark.parametrize("case", UNKNOWN)
def test_always_sends_it(case: str, always: Any, switched: Callable[..., Sandbox], logged: Logged) -> None:
    switches, given, unknown = UNKNOWN[case]
    reach = switched(**switches)
    webhook_id = add(reach)
    fields = given.get("extra", given)

    ended = update(always=always, **given)

    assert ended.returned == {"webhook_id": webhook_id, "changed": list(fields)}
    assert sent(reach, "update") == [fields]
    said = logged()
    assert unknown not in said
    assert f"Sent to webhook 'orders' ({webhook_id}), though no difference was seen: {', '.join(fields)}." in said
    assert "Changed " not in said


@pytest.mark.parametrize("always", [False, "False", "", None, "{{ none }}"])
def test_always_off_is_off(always: Any, switched: Callable[..., Sandbox]) -> None:
    reach = switched(secrets="masked")
    add(reach)

    assert update(always=always, auth_credentials=NEW).returned["changed"] == []
    assert sent(reach, "update") == []


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_not_known_is_sent_beside_what_differs(
    case: str, switched: Callable[..., Sandbox], logged: Logged
) -> None:
    switches, given, _ = UNKNOWN[case]
    reach = switched(**switches)
    webhook_id = add(reach)
    fields = given.get("extra", given)

    ended = update(active=False, events=EVENTS, **given)

    assert set(ended.returned["changed"]) == {"active", *fields}
    assert sent(reach, "update") == [{"active": False, **fields}]
    said = logged()
    assert f"Changed webhook 'orders' ({webhook_id}) (from → to):\n  - active: True → False" in said
    assert f"Sent to webhook 'orders' ({webhook_id}), though no difference was seen: {', '.join(fields)}." in said
    assert "which alone is no reason to send them" not in said


def test_a_target_that_goes_along_is_not_said_to_be_another(connected: Sandbox, logged: Logged) -> None:
    target = connected.target("orders").url
    webhook_id = add(connected)
    connected.fail(shows(connected, webhook_id, target="***"), on="retrieve")

    assert set(update(active=False, target=target).returned["changed"]) == {"active", "target"}
    assert "old target" not in logged()


@pytest.mark.parametrize(
    ("fields", "given", "said"),
    [
        ({}, {"auth_request_details": DETAILS}, "auth_request_details have no effect, since the webhook's"),
        (
            {"auth_type": "none", "auth_credentials": {}},
            {"auth_credentials": NEW, "active": False},
            "auth_credentials have no effect, since the webhook's auth_type is 'none': give auth_type 'basic' too.",
        ),
        ({"auth_type": "none", "auth_credentials": {}}, {"auth_credentials": NEW, "always": True}, "have no effect"),
    ],
)
def test_credentials_that_the_auth_type_makes_no_use_of_are_refused(
    fields: dict[str, Any], given: dict[str, Any], said: str, connected: Sandbox
) -> None:
    add(connected, **fields)

    ended = update(**given)

    assert ended.how == "AirflowFailException"
    assert said in ended.said
    assert not [secret for secret in (*SECRETS, "planted-password-2") if secret in ended.said]
    assert "update" not in did(connected)
    if "auth_credentials" in given:
        assert update(**given, auth_type="basic").raised is None


def test_of_the_authentication_what_is_not_known_goes_along(switched: Callable[..., Sandbox]) -> None:
    reach = switched(secrets="masked")
    add(reach)
    credentials = {"username": "another", "password": PASSWORD}

    assert update(auth_type="basic", auth_credentials=credentials).returned["changed"] == ["auth_credentials"]
    assert sent(reach, "update") == [{"auth_credentials": credentials}]


# --- which webhook


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ({"webhook_name": "order"}, "There is no webhook named 'order'. Is it 'orders'?"),
        ({"webhook_id": NOBODY}, f"There is no webhook of the id {NOBODY}."),
        ({"webhook_id": NOBODY, "webhook_name": "orders"}, f"There is no webhook of the id {NOBODY}."),
        ({"webhook_id": "orders"}, "webhook_id 'orders' is not a UUID"),
        ({"webhook_name": "twice"}, "2 webhooks are named 'twice'"),
    ],
)
def test_no_such_webhook_or_several_is_final(
    which: dict[str, str], said: str, connected: Sandbox, webhook_id: str
) -> None:
    for _ in range(2):
        add(connected, "twice")

    ended = update(active=False, **which)

    assert ended.how == "AirflowFailException"
    assert said in ended.said
    assert "update" not in did(connected)


def test_the_id_decides_and_the_name_is_the_label(connected: Sandbox, webhook_id: str) -> None:
    other = add(connected, "other")

    ended = update(webhook_id=other.upper(), webhook_name="orders", active=False, map_index=0)

    assert ended.returned["webhook_id"] == other
    assert [webhook["active"] for webhook in connected.state()["webhooks"]] == [True, False]
    assert label(ended) == "orders"


def test_the_label_is_the_name_in_the_service_where_an_id_was_given(connected: Sandbox, webhook_id: str) -> None:
    assert label(update(webhook_id=webhook_id, active=False, map_index=0)) == "orders"
    assert label(update(webhook_id=webhook_id, name="renamed", map_index=0)) == "renamed"


def test_a_name_that_renders_to_none_is_no_label(connected: Sandbox, webhook_id: str) -> None:
    ended = update(webhook_id=webhook_id, webhook_name="{{ none }}", active=False, map_index=0)

    assert label(ended) == "orders"


@pytest.mark.parametrize("by", ["webhook_id", "webhook_name"])
def test_what_a_list_shows_late_is_found(by: str, connected: Sandbox, webhook_id: str, waits: list[float]) -> None:
    connected.fail(Fault.body({"results": []}), on="list")
    if by == "webhook_id":
        connected.fail(Fault.status(404), on="retrieve")

    ended = update(active=False, **{by: webhook_id if by == "webhook_id" else "orders"})

    assert ended.returned == {"webhook_id": webhook_id, "changed": ["active"]}
    asked = ["retrieve", "list", *WHOLE[1:]] if by == "webhook_id" else ["list", *WHOLE]
    assert did(connected) == asked
    assert waits == [LOOK_AGAIN]


@pytest.mark.parametrize("given", [{"events": ["open"]}, {"events": EVENTS}, {"events": EVENTS, "always": True}])
def test_an_inactive_webhook_that_nobody_wants_so_is_warned_of(
    given: dict[str, Any], connected: Sandbox, logged: Logged
) -> None:
    webhook_id = add(connected, active=False)

    assert update(**given).raised is None
    assert f"Webhook 'orders' ({webhook_id}) is inactive: it delivers nothing. Declare active=True" in logged()
    for active in (False, True):
        assert update(active=active, **given).raised is None
        assert "it delivers nothing" not in logged()


def test_renaming_twice_is_renaming_once(connected: Sandbox, webhook_id: str) -> None:
    first, again = (update(name="renamed", active=False) for _ in range(2))

    assert first.returned == {"webhook_id": webhook_id, "changed": ["name", "active"]}
    assert again.returned == {"webhook_id": webhook_id, "changed": []}
    assert len(sent(connected, "update")) == 1


def test_a_name_that_another_has_is_not_given(connected: Sandbox, webhook_id: str) -> None:
    add(connected, "taken")

    ended = update(name="taken")

    assert ended.how == "AirflowFailException"
    assert "cannot be named 'taken'" in ended.said
    assert "update" not in did(connected)


# --- what becomes of it


def test_another_target_is_tested_and_the_old_one_is_still_used(
    connected: Sandbox, webhook_id: str, logged: Logged
) -> None:
    ended = update(target=connected.target("new").url)

    assert ended.returned["changed"] == ["target"]
    assert len(connected.target("new").received) == 1
    assert "Batches that were queued before still go to the old target" in logged()


@pytest.mark.parametrize(("given", "told"), [({"auth_credentials": NEW}, True), ({"active": False}, False)], ids=str)
def test_other_credentials_leave_the_old_ones_on_what_is_queued(
    given: dict[str, Any], told: bool, connected: Sandbox, webhook_id: str, logged: Logged
) -> None:
    update(**given)

    assert ("Batches that were queued before still carry the old credentials" in logged()) is told


def test_no_other_change_warns_of_the_old_target(connected: Sandbox, webhook_id: str, logged: Logged) -> None:
    update(active=False, target=connected.target("orders").url)

    assert "old target" not in logged()


def test_a_new_target_that_does_not_answer_200_is_left_to_the_retries(connected: Sandbox, webhook_id: str) -> None:
    connected.target("new").answer(500, "broken")

    ended = update(target=connected.target("new").url)

    assert ended.how == "AirflowException"
    assert "the webhook's target answered HTTP 500: broken" in ended.said
    assert f"'orders' ({webhook_id})" in ended.said
    assert connected.state()["webhooks"][0]["target"] == connected.target("orders").url


def test_a_new_target_that_is_down_is_left_to_the_retries(connected: Sandbox, webhook_id: str) -> None:
    connected.target("new").refuse()

    ended = update(target=connected.target("new").url)

    assert ended.how == "AirflowException"
    assert ended.said.startswith(f"Could not update webhook 'orders' ({webhook_id}):\nthe service answered HTTP 400: ")
    assert "\nThe webhook's target did not take the service's test batch. The target refuses connections" in ended.said
    assert connected.state()["webhooks"][0]["target"] == connected.target("orders").url


@pytest.mark.parametrize(
    ("said", "how"),
    [
        ("Nope", "AirflowException"),
        ("Connection to the target failed", "AirflowException"),
        ("The target is required to answer 200, and did not", "AirflowException"),
        ("The name is invalid", "AirflowFailException"),
        ("events must be a list", "AirflowFailException"),
    ],
)
def test_a_400_is_final_only_where_it_is_about_the_request(
    said: str, how: str, connected: Sandbox, webhook_id: str
) -> None:
    connected.fail(Fault.status(400, {"errors": [{"message": said, "code": "x"}]}), on="update")

    ended = update(active=False)

    assert ended.how == how
    assert f"the service answered HTTP 400: {said}" in ended.said
    assert ("Most likely the webhook's target did not take" in ended.said) is (how == "AirflowException")


@pytest.mark.parametrize(
    "fault",
    [Fault.reset_before(), Fault.reset_after(), Fault.truncated(), Fault.cut_json(), Fault.status(502)],
    ids=["reset before", "reset after", "truncated", "cut JSON", "502"],
)
def test_a_lost_answer_is_asked_for_again(fault: Fault, connected: Sandbox, webhook_id: str, naps: list[float]) -> None:
    connected.fail(fault, on="update")

    ended = update(active=False)

    assert ended.returned["changed"] == ["active"]
    assert sent(connected, "update") == [{"active": False}] * 2
    assert len(naps) == 1


@pytest.mark.parametrize("operation", ["list", "retrieve", "update"])
def test_a_service_that_cannot_be_asked_is_left_to_the_retries(
    operation: str, connected: Sandbox, webhook_id: str, naps: list[float]
) -> None:
    connected.fail(Fault.status(503), on=operation, times=None)

    ended = update(active=False)

    assert ended.how == "AirflowException"
    assert "HTTP 503" in ended.said
    connected.heal()
    assert update(active=False).returned["changed"] == ["active"]


def shows(reach: Sandbox, webhook_id: str, **fields: Any) -> Fault:
    """An answer to retrieve that shows some of it otherwise."""
    (webhook,) = (webhook for webhook in reach.state()["webhooks"] if webhook["id"] == webhook_id)
    whole = {name: webhook[name] for name in ("id", "name", "target", "active")} | {"events": EVENTS}
    secret = {"auth_type": "basic", "auth_credentials": CREDENTIALS, "custom_headers": {"X-Token": HEADER}}
    return Fault.body({"results": {**whole, **secret, **fields}})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"events": ["open"]}, "events: add open; drop delivery, bounce"),
        ({"name": "other"}, "name: 'orders' → 'other'"),
        ({"auth_type": "none"}, "auth_type: 'basic' → 'none'"),
        ({"custom_headers": {}}, "custom_headers: x-token not declared"),
    ],
)
def test_a_field_that_was_not_sent_and_has_changed_is_a_failure_that_names_it(
    changed: dict[str, Any], said: str, connected: Sandbox, webhook_id: str
) -> None:
    connected.fail(Fault.slow(0), on="retrieve")
    connected.fail(shows(connected, webhook_id, active=False, **changed), on="retrieve")

    ended = update(active=False)

    assert ended.how == "AirflowFailException"
    assert f"Updating webhook 'orders' ({webhook_id}) changed more than was sent" in ended.said
    assert next(iter(changed)) in ended.said
    assert "Sent: active." in ended.said
    assert HEADER not in ended.said


def test_an_update_that_is_seen_late_is_waited_for(connected: Sandbox, webhook_id: str, naps: list[float]) -> None:
    connected.fail(Fault.slow(0), on="retrieve")
    connected.fail(shows(connected, webhook_id, active=True), on="retrieve", times=2)

    assert update(active=False).returned["changed"] == ["active"]
    assert did(connected) == [*WHOLE, "retrieve", "retrieve"]
    assert len(naps) == 2


def test_an_update_that_is_never_seen_is_left_to_the_retries(
    connected: Sandbox, webhook_id: str, naps: list[float]
) -> None:
    connected.fail(shows(connected, webhook_id, active=True), on="retrieve", times=None)

    ended = update(active=False)

    assert ended.how == "AirflowException"
    assert "10 s later still shows what was before (what it shows → what was sent): active: True → False." in ended.said
    assert len(sent(connected, "update")) == 1
    assert sum(naps) == pytest.approx(10, abs=4)


def test_what_the_service_shows_otherwise_than_it_was_sent_is_said(
    connected: Sandbox, webhook_id: str, logged: Logged
) -> None:
    connected.fail(Fault.slow(0), on="retrieve")
    connected.fail(shows(connected, webhook_id, events=["open", "click", "delay"]), on="retrieve")

    assert update(events=["open", "click"]).returned["changed"] == ["events"]
    assert "The service does not show what it was sent" in logged()


def test_everything_may_come_from_templates(connected: Sandbox, webhook_id: str) -> None:
    params = {"id": webhook_id, "credentials": json.dumps(NEW), "headers": {"X-New": "1"}, "type": "basic"}

    ended = update(
        context={"params": params},
        webhook_id=" {{ params.id }}\n",
        webhook_name="{{ none }}",
        name="{{ 'renamed' }}",
        target="{{ params.get('nothing') }}",
        auth_type="{{ params.type }}",
        auth_credentials="{{ params.credentials }}",
        custom_headers={"X-New": "{{ params.headers['X-New'] }}"},
        always="{{ True }}",
    )

    assert ended.raised is None
    assert sent(connected, "update") == [
        {"name": "renamed", "custom_headers": {"X-New": "1"}, "auth_type": "basic", "auth_credentials": NEW}
    ]
    assert kept(connected) == [webhook_id]
