from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_reach import ReachCreateWebhookOperator
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.tasks import Ended, in_dag, run
from tests.unit.integration.test_map_index import label
from tests.unit.operators.helpers import (
    EVENTS,
    HEADER,
    PASSWORD,
    SECRETS,
    add,
    did,
    in_native_dag,
    kept,
    sent,
)
from tests.unit.test_hooks import BAD, GOOD

CREDENTIALS = {"username": "reach", "password": PASSWORD}


def create(
    reach: Sandbox, *, context: dict[str, Any] | None = None, map_index: int = -1, make: Any = in_dag, **arguments: Any
) -> Ended:
    """A new task each time, as each try of a task is."""
    whole = {"name": "orders", "target": reach.target("orders").url, "events": EVENTS, **arguments}
    return run(make(ReachCreateWebhookOperator, **whole), map_index=map_index, **context or {})


# --- what is there already


@pytest.mark.parametrize("if_exists", ["reuse", "update", "fail", " update ", "{{ 'update' }}"])
def test_what_is_not_there_is_created(if_exists: str, connected: Sandbox) -> None:
    ended = create(connected, if_exists=if_exists)

    assert ended.returned == {"webhook_id": kept(connected)[0], "created": True, "changed": []}
    assert did(connected) == ["list", "create", "list"]
    assert ended.xcoms == {}


def test_it_reuses_unless_told_otherwise(connected: Sandbox) -> None:
    webhook_id = add(connected, active=False)

    ended = create(connected, active=True)

    assert ended.returned == {"webhook_id": webhook_id, "created": False, "changed": []}
    assert did(connected) == ["list"]


@pytest.mark.parametrize(("if_exists", "asked"), [("reuse", ["list"]), ("update", ["list", "retrieve"])])
def test_running_it_again_changes_nothing(
    if_exists: str, asked: list[str], connected: Sandbox, logged: Callable[[], str]
) -> None:
    arguments = {
        "if_exists": if_exists,
        "active": True,
        "auth_type": "basic",
        "auth_credentials": CREDENTIALS,
        "custom_headers": {"X-Token": HEADER},
    }
    first = create(connected, **arguments)
    connected.forget_requests()

    again = create(connected, **arguments)

    assert again.returned == {"webhook_id": first.returned["webhook_id"], "created": False, "changed": []}
    assert did(connected) == asked
    assert "exists and is what was declared: nothing was sent." in logged()


def test_a_difference_that_is_left_is_logged_field_by_field(connected: Sandbox, logged: Callable[[], str]) -> None:
    webhook_id = add(connected, active=False)

    ended = create(
        connected,
        target="https://user:planted-password@elsewhere.example/in?k=planted-header",
        events=["delivery", "open"],
        active=True,
        custom_headers={"X-Token": "planted-header-2", "X-New": "1"},
        auth_type="basic",
        auth_credentials={"username": "reach", "password": "planted-password-2"},
    )

    assert ended.returned == {"webhook_id": webhook_id, "created": False, "changed": []}
    said = logged()
    assert f"Webhook 'orders' ({webhook_id}) exists and was taken as it is, though it differs" in said
    for line in (
        f"\n  - target: {connected.target('orders').url} → https://***@elsewhere.example/in?***",
        "\n  - events: add open; drop bounce",
        "\n  - active: False → True",
        "\n  - custom_headers: x-token differs, x-new missing",
        "\n  - auth_credentials: password differs",
    ):
        assert line in said
    assert not [secret for secret in SECRETS if secret in said]
    assert did(connected) == ["list"]


OTHERS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "switch": ({"active": False}, ["active"]),
    "events": ({"events": ["open"]}, ["events"]),
    "no headers": ({"custom_headers": {}}, ["custom_headers"]),
    "a header": ({"custom_headers": {"X-Token": "other"}}, ["custom_headers"]),
    "two of four": (
        {"events": ["open"], "active": False, "auth_type": "basic", "auth_credentials": CREDENTIALS},
        ["events", "active"],
    ),
    "password": (
        {"auth_type": "basic", "auth_credentials": {"username": "reach", "password": "new"}},
        ["auth_credentials"],
    ),
    "no authentication": ({"auth_type": "none"}, ["auth_type"]),
}


@pytest.mark.parametrize("difference", OTHERS)
def test_an_update_sends_only_what_differs(difference: str, connected: Sandbox, logged: Callable[[], str]) -> None:
    given, changed = OTHERS[difference]
    webhook_id = add(connected)

    ended = create(connected, if_exists="update", **given)

    assert ended.returned == {"webhook_id": webhook_id, "created": False, "changed": changed}
    assert sent(connected, "update") == [{field: given[field] for field in changed}]
    assert did(connected) == ["list", "retrieve", "update", "retrieve"]
    _, _, told = logged().partition(f"Changed webhook 'orders' ({webhook_id}) (from → to):")
    assert all(f"\n  - {field}: " in told for field in changed)
    assert create(connected, if_exists="update", **given).returned["changed"] == []


def test_one_that_shall_be_new_and_is_not_fails_for_good(connected: Sandbox) -> None:
    webhook_id = add(connected)

    ended = create(connected, if_exists="fail")

    assert ended.how == "AirflowFailException"
    assert f"there is one of that name already, {webhook_id}" in ended.said
    assert did(connected) == ["list"]


@pytest.mark.parametrize("if_exists", ["reuse", "update", "fail"])
def test_several_of_that_name_are_listed_and_none_is_touched(if_exists: str, connected: Sandbox) -> None:
    ids = [add(connected), add(connected, " orders")]

    ended = create(connected, if_exists=if_exists, active=False)

    assert ended.how == "AirflowFailException"
    assert "2 webhooks are named 'orders'" in ended.said
    assert all(webhook_id in ended.said for webhook_id in ids)
    assert did(connected) == ["list"]


# --- answers that were lost

DONE = {
    "reset after": Fault.reset_after(),
    "truncated": Fault.truncated(),
    "cut JSON": Fault.cut_json(),
}
NOT_DONE = {
    "reset before": Fault.reset_before(),
    "500": Fault.status(500),
    "502": Fault.status(502, "<html>Bad gateway</html>"),
    "504": Fault.status(504),
    "200 of another": Fault.body("<html>Please sign in</html>"),
}


def blind(reach: Sandbox) -> None:
    """The first look still sees; no later one does."""
    reach.fail(Fault.slow(0), on="list")
    reach.fail(Fault.status(503), on="list", times=None)


@pytest.mark.parametrize("if_exists", ["reuse", "update"])
@pytest.mark.parametrize("fault", DONE)
def test_a_lost_answer_is_settled_by_looking(fault: str, if_exists: str, connected: Sandbox) -> None:
    connected.fail(DONE[fault], on="create")

    first = create(connected, if_exists=if_exists)
    retry = create(connected, if_exists=if_exists)

    (webhook_id,) = kept(connected)
    assert first.returned == {"webhook_id": webhook_id, "created": True, "changed": []}
    assert retry.returned == {"webhook_id": webhook_id, "created": False, "changed": []}
    assert did(connected).count("create") == 1


@pytest.mark.parametrize("if_exists", ["reuse", "update"])
@pytest.mark.parametrize("fault", DONE)
def test_a_lost_answer_that_no_look_settles_is_settled_by_the_retry(
    fault: str, if_exists: str, connected: Sandbox
) -> None:
    connected.fail(DONE[fault], on="create")
    blind(connected)

    first = create(connected, if_exists=if_exists)
    connected.heal()
    retry = create(connected, if_exists=if_exists)

    assert first.how == "AirflowException"
    assert "whether the webhook is there could not be seen" in first.said
    assert "The next try of this task looks for it first." in first.said
    (webhook_id,) = kept(connected)
    assert retry.returned == {"webhook_id": webhook_id, "created": False, "changed": []}
    assert did(connected).count("create") == 1


@pytest.mark.parametrize(("if_exists", "sees"), [("reuse", True), ("update", False), ("fail", True)])
@pytest.mark.parametrize("fault", NOT_DONE)
def test_what_was_not_done_is_done_by_the_retry_alone(
    fault: str, if_exists: str, sees: bool, connected: Sandbox, naps: list[float]
) -> None:
    connected.fail(NOT_DONE[fault], on="create")
    if not sees:
        blind(connected)

    first = create(connected, if_exists=if_exists)
    assert first.how == "AirflowException"
    assert did(connected).count("create") == 1
    assert kept(connected) == []

    connected.heal()
    retry = create(connected, if_exists=if_exists)
    assert retry.returned == {"webhook_id": kept(connected)[0], "created": True, "changed": []}
    assert len(kept(connected)) == 1


def test_a_retry_cannot_tell_its_own_from_another_s_where_it_shall_be_new(
    connected: Sandbox, naps: list[float]
) -> None:
    connected.fail(Fault.reset_after(), on="create")
    blind(connected)
    assert create(connected, if_exists="fail").how == "AirflowException"
    connected.heal()

    retry = create(connected, if_exists="fail")

    assert retry.how == "AirflowFailException"
    assert "(An earlier try of this task may have made it.)" in retry.said
    assert len(kept(connected)) == 1


def test_a_service_that_cannot_be_asked_creates_nothing(connected: Sandbox, naps: list[float]) -> None:
    connected.fail(Fault.status(503), on="list", times=None)

    assert create(connected).how == "AirflowException"
    assert set(did(connected)) == {"list"}


@pytest.mark.parametrize("if_exists", ["reuse", "update"])
def test_a_target_that_does_not_answer_200_is_left_to_the_retries(if_exists: str, connected: Sandbox) -> None:
    connected.target("orders").answer(503, "closed", {"Server": "gate/1", "X-Other": "unsaid"})

    first = create(connected, if_exists=if_exists)

    assert first.how == "AirflowException"
    assert "the webhook's target answered HTTP 503: closed" in first.said
    assert "server: gate/1" in first.said.lower()
    assert "unsaid" not in first.said
    assert "Nothing was changed." in first.said
    assert kept(connected) == []
    connected.target("orders").answer(200)
    assert create(connected, if_exists=if_exists).returned["created"] is True


@pytest.mark.parametrize(
    ("said", "how"),
    [
        ("Nope", "AirflowException"),
        ("The test batch timed out", "AirflowException"),
        ("POST to the target URL failed, as it must answer 200", "AirflowException"),
        ("target is required", "AirflowFailException"),
        ("events: invalid value", "AirflowFailException"),
        ("name must be unique", "AirflowFailException"),
    ],
)
def test_a_400_is_final_only_where_it_is_about_the_request(said: str, how: str, connected: Sandbox) -> None:
    connected.fail(Fault.status(400, {"errors": [{"message": said, "code": "x"}]}), on="create")

    ended = create(connected)

    assert ended.how == how
    assert f"the service answered HTTP 400: {said}" in ended.said
    assert ("Most likely the webhook's target did not take" in ended.said) is (how == "AirflowException")
    assert did(connected).count("create") == 1


@pytest.mark.parametrize(
    ("conduct", "advice"),
    [("refuse", "The target refuses connections"), ("hang_up", "The target closes the connection before its answer")],
)
def test_a_target_that_is_down_is_left_to_the_retries(conduct: str, advice: str, connected: Sandbox) -> None:
    getattr(connected.target("orders"), conduct)()

    first = create(connected)

    assert first.how == "AirflowException"
    assert first.said.startswith("Could not create webhook 'orders'")
    assert "\nthe service answered HTTP 400: " in first.said
    assert f"\nThe webhook's target did not take the service's test batch. {advice}" in first.said
    assert first.said.endswith("Then run this again. Nothing was changed. (request id sandbox-2)")
    assert kept(connected) == []


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, '{"error": "invalid_client"}', "check the url, client_id, client_secret and grant_type"),
        (502, "the token of the target", "It fails or is overloaded"),
        (200, "<html>Log in</html>", "HTTP 200, and JSON with an access_token"),
        (200, "{}", "HTTP 200, and JSON with an access_token"),
        (None, "", "check the url, client_id, client_secret and grant_type"),
    ],
)
def test_an_authorization_server_that_gives_no_token_is_blamed_and_not_the_target(
    status: int | None, body: str, says: str, connected: Sandbox
) -> None:
    tokens = connected.target("tokens")
    if status is None:
        tokens.refuse()
    else:
        tokens.answer(status, body)
    details = {"url": tokens.url, "body": {"client_id": "me", "client_secret": "planted-secret"}}

    ended = create(connected, auth_type="oauth2", auth_credentials={}, auth_request_details=details)

    assert ended.how == "AirflowException"
    assert "POST to webhook tokens URL failed" in ended.said
    assert "uthorization server" in ended.said
    assert says in ended.said
    assert "not 200" not in ended.said
    assert "the webhook's target" not in ended.said.lower()
    assert connected.target("orders").received == []
    assert kept(connected) == []


# --- somebody else creates it at the same time

NOTHING_YET = Fault.body({"results": []})


@pytest.mark.parametrize("if_exists", ["reuse", "update", "fail"])
@pytest.mark.parametrize("name", ["orders", " orders\t"])
def test_one_of_that_name_that_is_created_meanwhile_is_a_failure_that_names_both(
    name: str, if_exists: str, connected: Sandbox
) -> None:
    other = add(connected, name)
    connected.fail(NOTHING_YET, on="list")

    ended = create(connected, if_exists=if_exists, auth_type="basic", auth_credentials=CREDENTIALS)

    (own,) = set(kept(connected)) - {other}
    assert ended.how == "AirflowFailException"
    assert f"Webhook 'orders' was created, {own}, and at the same time somebody else created one" in ended.said
    assert f"of that name: {other}." in ended.said
    assert "delete all but one" in ended.said
    assert not [secret for secret in SECRETS if secret in ended.said]
    assert did(connected) == ["list", "create", "list"]
    again = create(connected, if_exists=if_exists)
    assert (again.how, did(connected).count("create")) == ("AirflowFailException", 1)
    assert "2 webhooks are named 'orders'" in again.said


def test_one_of_another_name_that_is_created_meanwhile_is_none_of_its_business(connected: Sandbox) -> None:
    add(connected, "Orders")
    connected.fail(NOTHING_YET, on="list")

    assert create(connected).returned["created"] is True


@pytest.mark.parametrize(
    "fault",
    [Fault.status(503), Fault.reset_before(), Fault.body("<html>Sign in</html>")],
    ids=["503", "reset", "page"],
)
def test_a_look_after_the_creation_that_fails_is_no_failure(
    fault: Fault, connected: Sandbox, waits: list[float]
) -> None:
    connected.fail(Fault.slow(0), on="list")
    connected.fail(fault, on="list", times=None)

    assert create(connected).returned == {"webhook_id": kept(connected)[0], "created": True, "changed": []}
    assert did(connected) == ["list", "create", "list"]
    assert waits == []


# --- what the service does not show as sent


@pytest.mark.parametrize("if_exists", ["reuse", "update", "fail"])
@pytest.mark.parametrize("events", [EVENTS, ["bounce", "open"]])
def test_what_is_shown_otherwise_after_a_creation_is_said(
    events: list[str], if_exists: str, connected: Sandbox, logged: Callable[[], str]
) -> None:
    webhook_id = add(connected, events=events)
    connected.fail(NOTHING_YET, on="list")
    connected.fail(Fault.body({"results": {"id": webhook_id}}), on="create")  # it made what is there by now

    ended = create(connected, if_exists=if_exists)

    assert ended.returned == {"webhook_id": webhook_id, "created": True, "changed": []}
    said = logged()
    assert f"Created webhook 'orders' ({webhook_id})." in said
    told = "The service does not show what it was sent (what it shows → what was sent), so every run will see"
    assert (told in said) is (events != EVENTS)
    assert ("\n  - events: add delivery; drop open" in said) is (events != EVENTS)


# --- what it is told of an inactive one


@pytest.mark.parametrize("if_exists", ["reuse", "update"])
@pytest.mark.parametrize(
    "active",
    [None, "None", "{{ none }}", "null", "{{ none }} "],
)
def test_an_inactive_webhook_that_nobody_wants_so_is_warned_of(
    active: str | None, if_exists: str, connected: Sandbox, logged: Callable[[], str]
) -> None:
    webhook_id = add(connected, active=False)

    assert create(connected, if_exists=if_exists, active=active).raised is None
    said = logged()
    assert f"Webhook 'orders' ({webhook_id}) is inactive: it delivers nothing. Declare active=True" in said
    assert "warning" in said.lower()


@pytest.mark.parametrize(
    ("given", "active"), [({"active": False}, False), ({"active": True, "if_exists": "update"}, False), ({}, True)]
)
def test_one_that_is_wanted_inactive_or_is_active_is_not(
    given: dict[str, Any], active: bool, connected: Sandbox, logged: Callable[[], str]
) -> None:
    add(connected, active=active)

    assert create(connected, **given).raised is None
    assert "is inactive: it delivers nothing" not in logged()


# --- what is given


def test_every_field_is_sent(connected: Sandbox, logged: Callable[[], str]) -> None:
    given = {
        "active": False,
        "custom_headers": {"X-Token": HEADER},
        "auth_type": "basic",
        "auth_credentials": CREDENTIALS,
        "extra": {"priority": {"level": 3}, "signing_token": "planted-header-2"},
    }

    ended = create(connected, **given)

    body = {name: value for name, value in given.items() if name != "extra"}
    target = connected.target("orders").url
    assert sent(connected, "create") == [
        {"name": "orders", "target": target, "events": EVENTS, **body, **given["extra"]}  # type: ignore[dict-item]
    ]
    said = logged()
    assert "It sends nothing until it is activated." in said
    assert not [secret for secret in SECRETS if secret in said + str(ended.returned)]


@pytest.mark.parametrize("active", [None, True, "None", "{{ none }}", "true"])
def test_when_it_begins_is_said(active: bool | str | None, connected: Sandbox, logged: Callable[[], str]) -> None:
    assert create(connected, active=active).returned["created"] is True

    assert sent(connected, "create")[0].get("active", "not given") in (True, "not given")
    assert "It begins to receive events in about a minute." in logged()


def test_everything_may_come_from_templates(connected: Sandbox) -> None:
    params = {
        "name": "orders",
        "target": connected.target("orders").url,
        "events": json.dumps(EVENTS),
        "active": False,
        "headers": {"X-Token": HEADER},
        "type": "basic",
        "credentials": json.dumps(CREDENTIALS),
        "extra": {"priority": 3},
        "nothing": None,
        "if_exists": "update",
    }

    ended = create(
        connected,
        context={"params": params},
        name=" {{ params.name }}\n",
        target="{{ params.target }}\n",
        events="{{ params.events }}",
        active="{{ params.active }}",
        custom_headers="{{ params.headers }}",
        auth_type="{{ params.type }}",
        auth_credentials="{{ params.credentials }}",
        auth_request_details="{{ params.nothing }}",
        extra="{{ params.extra }}",
        if_exists="{{ params.if_exists }}",
    )

    assert ended.raised is None
    assert sent(connected, "create") == [
        {
            "name": "orders",
            "target": params["target"],
            "events": EVENTS,
            "active": False,
            "custom_headers": {"X-Token": HEADER},
            "auth_type": "basic",
            "auth_credentials": CREDENTIALS,
            "priority": 3,
        }
    ]


@pytest.mark.parametrize("make", [in_dag, in_native_dag])
def test_what_renders_to_none_is_not_given(make: Any, connected: Sandbox) -> None:
    fields = (
        "active",
        "custom_headers",
        "auth_type",
        "auth_credentials",
        "auth_request_details",
        "extra",
    )

    ended = create(connected, make=make, **dict.fromkeys(fields, "{{ none }}"))

    assert ended.raised is None
    assert sent(connected, "create")[0].keys() == {"name", "target", "events"}


def test_native_values_are_taken_as_they_are(connected: Sandbox) -> None:
    params = {"events": tuple(EVENTS), "active": False, "headers": {"X-Token": HEADER}}

    ended = create(
        connected,
        make=in_native_dag,
        context={"params": params},
        events="{{ params.events }}",
        active="{{ params.active }}",
        custom_headers="{{ params.headers }}",
    )

    assert ended.raised is None
    (body,) = sent(connected, "create")
    assert (body["events"], body["active"], body["custom_headers"]) == (EVENTS, False, {"X-Token": HEADER})


# --- what is refused


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_final_and_nothing_is_asked(bad: str, connected: Sandbox) -> None:
    given, said = BAD[bad]

    ended = run(in_dag(ReachCreateWebhookOperator, **GOOD | given))

    assert ended.how == "AirflowFailException"
    assert "Nothing was sent: create webhook" in ended.said
    assert said in ended.said
    assert not [secret for secret in SECRETS if secret in ended.said]
    assert connected.requests == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"if_exists": "replace"}, "if_exists must be 'reuse', 'update' or 'fail', not 'replace'."),
        ({"if_exists": None}, "if_exists must be 'reuse', 'update' or 'fail'"),
        ({"name": "{{ none }}"}, "name is required."),
        ({"target": "{{ none }}"}, "target is required."),
        ({"events": "{{ none }}"}, "events is required."),
        ({"events": "{{ [] }}"}, "events is empty"),
        ({"custom_headers": "X-A: 1"}, "custom_headers must be a mapping"),
        ({"custom_headers": "{{ '{cut off' }}"}, "custom_headers must be a mapping"),
        ({"active": "perhaps"}, "active must be True or False"),
        ({"extra": "priority"}, "extra must be a mapping"),
        ({"extra": {"active": False}}, "extra holds active: give it as an argument of its own."),
        ({"auth_credentials": CREDENTIALS}, "auth_credentials without auth_type"),
        ({"auth_type": "basic", "auth_credentials": CREDENTIALS | {"password": "***"}}, "give the secret itself"),
    ],
)
def test_what_only_the_run_can_tell_is_refused_too(given: dict[str, Any], said: str, connected: Sandbox) -> None:
    ended = create(connected, **given)

    assert ended.how == "AirflowFailException"
    assert said in ended.said
    assert connected.requests == []


def test_what_the_service_refuses_is_final(connected: Sandbox) -> None:
    ended = create(connected, events=["no_such_event"], custom_headers={"X": "1"}, auth_type="kerberos")

    assert ended.how == "AirflowFailException"
    assert "the service answered HTTP 400" in ended.said
    assert kept(connected) == []


def test_every_problem_is_told_at_once(connected: Sandbox) -> None:
    said = create(connected, name="", target="ftp://x", events=[]).said

    assert said.count("\n  - ") == 3


# --- its label


@pytest.mark.parametrize("given", [{}, {"target": "nonsense"}])
def test_the_name_is_the_label_also_of_a_failure(given: dict[str, Any], connected: Sandbox) -> None:
    context = {"params": {"name": "orders"}}

    assert label(create(connected, map_index=0, context=context, name="{{ params.name }}", **given)) == "orders"
