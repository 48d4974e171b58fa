from __future__ import annotations

import re
from typing import Any

import pytest

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.responses import Failure
from airflow_provider_reach.core.webhooks.converge import Declared, converge, declare
from airflow_provider_reach.core.webhooks.diff import FieldComparison
from airflow_provider_reach.core.webhooks.find import LOOK_AGAIN
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from tests.unit.core.helpers import ID, OTHER_ID, Played, Reply, answer, ask_context, listed, play, refused, results

URL = "https://c.example.com/x"
FIELDS: dict[str, Any] = {"name": "orders", "target": URL, "events": ["delivery"], "active": True}
BASIC = {"auth_type": "basic", "auth_credentials": {"username": "u", "password": "old-pl4nted"}}
OAUTH: dict[str, Any] = {
    "auth_type": "oauth2",
    "auth_request_details": {"url": "https://a.example.com", "body": {"client_id": "i", "client_secret": "pl4nted"}},
}
LIST, GET, PUT, POST = "GET /webhooks", f"GET /webhooks/{ID}", f"PUT /webhooks/{ID}", "POST /webhooks"
WRITTEN = results({"id": ID, "links": []})
TIMEOUT, LOST = Failure("timeout", "d"), Failure("lost", "d")


def spec(**fields: Any) -> WebhookSpec:
    given = {name: value for name, value in FIELDS.items() if name != "active"}
    return WebhookSpec(**{**given, **fields})


def changes(**fields: Any) -> WebhookChanges:
    return WebhookChanges(**fields)


def entry(webhook_id: str = ID, **fields: Any) -> dict[str, Any]:
    """A webhook in a list."""
    return {"id": webhook_id, **FIELDS, **fields}


def stored(**fields: Any) -> Reply:
    """The answer to a retrieve."""
    return results({**FIELDS, **fields})


def declared(
    asked: WebhookSpec, if_exists: str, *script: Reply, budget: float = 60.0, forever: Reply | None = None
) -> Played[Declared]:
    return play(declare(asked, if_exists, ask_context(budget, "k3y-123")), *script, forever=forever)


def converged(
    asked: WebhookChanges,
    *script: Reply,
    by_id: str = "",
    name: str = "orders",
    always: bool = False,
    budget: float = 60.0,
    forever: Reply | None = None,
) -> Played[Declared]:
    exchange = converge(WebhookRef(by_id, name), asked, ask_context(budget, "k3y-123"), always=always)
    return play(exchange, *script, forever=forever)


def updated(asked: WebhookChanges, before: Reply, *after: Reply, always: bool = False) -> Played[Declared]:
    """An update that is sent and taken."""
    return converged(asked, listed(entry()), before, WRITTEN, *after, always=always)


# declare: create where there is none
@pytest.mark.parametrize("if_exists", ["reuse", "update", "fail"])
def test_a_webhook_that_is_not_there_is_created(if_exists: str) -> None:
    asked = spec(active=False, custom_headers={}, events=["b", "a", "b"], extra={"limit": 5}, **BASIC)
    other = entry(OTHER_ID, name="Orders")
    made = entry(active=False, events=["a", "b"], limit=5, **BASIC)
    played = declared(asked, if_exists, listed(other), WRITTEN, listed(other, made))
    assert played.requests == [LIST, POST, LIST]
    assert played.bodies == [
        {
            "name": "orders",
            "target": URL,
            "events": ["b", "a"],
            "active": False,
            "custom_headers": {},
            "auth_type": "basic",
            "auth_credentials": {"username": "u", "password": "old-pl4nted"},
            "limit": 5,
        }
    ]
    assert played.result == Declared(webhook_id=ID, name="orders", active=False, created=True)
    assert played.result.label == f"'orders' ({ID})"


def test_what_is_created_is_active_and_named_without_blanks() -> None:
    played = declared(spec(name=" orders\n"), "reuse", listed(), WRITTEN, listed())
    assert played.bodies[0]["name"] == "orders"
    assert played.result == Declared(webhook_id=ID, name="orders", active=True, created=True)


def test_what_is_created_otherwise_than_it_was_sent_is_told() -> None:
    asked = spec(active=False, custom_headers={"X-A": "v"}, extra={"limit": 5})
    made = entry(name="orders ", active=True, events=["delivery", "b"], limit=6)
    result = declared(asked, "fail", listed(), WRITTEN, listed(made)).result
    assert (result.created, result.active, result.changed, result.compared) == (True, False, [], [])
    assert list(map(str, result.unlike)) == ["events: drop b", "active: True → False", "limit: differs"]
    assert declared(asked, "fail", listed(), WRITTEN, listed()).result.unlike == []
    late = declared(spec(active=False), "fail", listed(), LOST, listed(entry()), listed(entry())).result
    assert list(map(str, late.unlike)) == ["active: True → False"]


# Two tasks that look at the same time both find nothing, and both create
@pytest.mark.parametrize("if_exists", ["reuse", "update", "fail"])
def test_a_second_of_the_name_that_was_created_at_the_same_time_is_told(if_exists: str) -> None:
    played = declared(spec(), if_exists, listed(), WRITTEN, listed(entry(), entry(OTHER_ID, name="orders ")))
    assert type(played.error) is errors.ReachExistsError
    assert played.requests == [LIST, POST, LIST]
    assert str(played.error) == (
        f"Webhook 'orders' was created, {ID}, and at the same time somebody else created one of that name: {OTHER_ID}. "
        "Every event is sent by each of them: delete all but one, and let only one task declare it."
    )


def test_a_second_of_the_name_is_told_also_where_the_first_is_not_listed_yet() -> None:
    played = declared(spec(), "reuse", listed(), WRITTEN, listed(entry(OTHER_ID)))
    assert type(played.error) is errors.ReachExistsError
    many = [entry(f"{n:08}-2222-3333-4444-555555555555") for n in range(500)]
    played = declared(spec(), "reuse", listed(), WRITTEN, listed(*many))
    assert str(played.error).count("-2222-") == 5


@pytest.mark.parametrize("there", [[], [entry()], [entry(ID.upper())], [entry(), entry(OTHER_ID, name="Orders")]])
def test_a_webhook_that_is_alone_is_created(there: list[dict[str, Any]]) -> None:
    assert declared(spec(), "fail", listed(), WRITTEN, listed(*there)).result.created


@pytest.mark.parametrize("reply", [refused(500), refused(401), refused(429), TIMEOUT, LOST, answer(b"<html>")])
def test_that_it_is_alone_is_asked_once_and_a_failure_of_it_is_none(reply: Reply) -> None:
    played = declared(spec(), "reuse", listed(), WRITTEN, reply)
    assert played.requests == [LIST, POST, LIST]
    assert played.waits == []
    assert played.result.created


def test_what_is_there_is_reused_as_it_is() -> None:
    there = entry(active=False, target="https://other.example.com")
    played = declared(spec(active=True, custom_headers={}), "reuse", listed(entry(OTHER_ID, name="other"), there))
    assert played.requests == [LIST]
    assert (played.result.webhook_id, played.result.name, played.result.active) == (ID, "orders", False)
    assert (played.result.created, played.result.changed, played.result.unlike) == (False, [], [])
    assert {field.field: field.result for field in played.result.compared} == {
        "name": "equal",
        "target": "differs",
        "events": "equal",
        "active": "differs",
        "custom_headers": "unknown",
    }


def test_what_is_there_is_updated() -> None:
    script = (listed(entry()), stored(active=False), WRITTEN, stored())
    played = declared(spec(active=True, custom_headers={}), "update", *script)
    assert played.requests == [LIST, GET, PUT, GET]
    assert played.bodies == [{"active": True, "custom_headers": {}}]
    assert (played.result.webhook_id, played.result.created, played.result.active) == (ID, False, True)
    assert (played.result.changed, played.result.unlike) == (["active", "custom_headers"], [])
    assert [str(field) for field in played.result.compared if field.result == "differs"] == ["active: False → True"]


def test_declaring_the_same_once_more_sends_nothing() -> None:
    asked = spec(active=True, events=["b", "a"], **BASIC)
    there = {"events": ["a", "b"], **BASIC}
    played = declared(asked, "update", listed(entry(**there)), stored(**there))
    assert played.requests == [LIST, GET]
    assert (played.result.created, played.result.changed, played.result.active) == (False, [], True)
    assert {field.result for field in played.result.compared} == {"equal"}


def test_what_is_there_is_found_by_the_longest_name() -> None:
    longest = "x" * 1000

    assert not declared(spec(name=longest), "reuse", listed(entry(name=longest))).result.created


def test_what_is_there_may_be_refused() -> None:
    played = declared(spec(), "fail", listed(entry()))
    assert type(played.error) is errors.ReachExistsError
    assert played.requests == [LIST]
    assert str(played.error) == (
        f"Could not create webhook 'orders': there is one of that name already, {ID}. (An earlier try of this task "
        "may have made it.) Choose another name, or set if_exists to 'reuse' or 'update'."
    )


@pytest.mark.parametrize("if_exists", ["reuse", "update", "fail"])
def test_several_of_the_name_are_not_guessed_from(if_exists: str) -> None:
    played = declared(spec(), if_exists, listed(entry(), entry(OTHER_ID)))
    assert type(played.error) is errors.ReachLookupError
    assert played.requests == [LIST]


@pytest.mark.parametrize("if_exists", ["", "replace", "Reuse", None])
def test_an_unknown_if_exists_is_refused_before_anything_is_sent(if_exists: Any) -> None:
    played = declared(spec(), if_exists)
    assert type(played.error) is errors.ReachInputError
    assert f"if_exists must be 'reuse', 'update' or 'fail', not {if_exists!r}." in str(played.error)


@pytest.mark.parametrize("asked", [spec(events=[]), spec(name=None), WebhookSpec.of({}), spec(extra={"name": "x"})])
def test_a_refused_spec_is_refused_before_anything_is_sent(asked: WebhookSpec) -> None:
    for if_exists in ("reuse", "update", "fail", "?"):
        played = declared(asked, if_exists)
        assert type(played.error) is errors.ReachInputError
        assert str(played.error).startswith("Nothing was sent: create webhook ")


@pytest.mark.parametrize("reply", [refused(401), refused(500), TIMEOUT, answer(b"<html>")])
def test_nothing_is_created_where_it_cannot_be_looked_first(reply: Reply) -> None:
    played = declared(spec(), "reuse", reply, budget=0.0)
    assert isinstance(played.error, errors.ReachCallError)
    assert played.requests == [LIST]


# A lost answer never makes a second webhook
@pytest.mark.parametrize("lost", [TIMEOUT, LOST, refused(502), answer(b"<html>")])
def test_a_creation_whose_answer_is_lost_is_looked_for(lost: Reply) -> None:
    played = declared(spec(), "fail", listed(), lost, listed(), listed(entry()), listed(entry()))
    assert played.requests == [LIST, POST, LIST, LIST, LIST]
    assert played.result == Declared(webhook_id=ID, name="orders", active=True, created=True)


def test_a_creation_whose_answer_is_lost_may_not_be_alone_either() -> None:
    there = listed(entry(), entry(OTHER_ID))
    played = declared(spec(), "fail", listed(), LOST, there, there)
    assert type(played.error) is errors.ReachExistsError
    assert f"was created, {ID}, and" in str(played.error)


@pytest.mark.parametrize("if_exists", ["reuse", "update"])
def test_a_second_run_finds_what_the_first_one_could_not_see(if_exists: str) -> None:
    first = declared(spec(), if_exists, listed(), TIMEOUT, forever=listed())
    assert type(first.error) is errors.ReachUnsettledError
    assert first.requests.count(POST) == 1
    again = declared(spec(), if_exists, listed(entry()), *([stored()] if if_exists == "update" else []))
    assert POST not in again.requests
    assert (again.result.webhook_id, again.result.created) == (ID, False)


# What is sent: what differs, beside it what is not known, and nothing else
@pytest.mark.parametrize(
    ("asked", "before", "sent"),
    [
        ({"active": False}, {}, {"active": False}),
        ({"active": False, "name": "orders", "target": URL}, {}, {"active": False}),
        ({"custom_headers": {}}, {"custom_headers": {"X-A": "v"}}, {"custom_headers": {}}),
        (
            {"custom_headers": {"X-A": "v", "X-B": "w"}},
            {"custom_headers": {"x-a": "v"}},
            {"custom_headers": {"X-A": "v", "X-B": "w"}},
        ),
        ({"events": ["b", "delivery"]}, {}, {"events": ["b", "delivery"]}),
        ({"name": "new", "target": f"{URL}?k=1"}, {}, {"name": "new", "target": f"{URL}?k=1"}),
        ({"extra": {"limit": 5, "other": 1}}, {"limit": 6, "other": 1}, {"limit": 5}),
        (
            {"custom_headers": {"X-A": "v"}, "active": False, "extra": {"limit": 5}},
            {},
            {"active": False, "custom_headers": {"X-A": "v"}, "limit": 5},
        ),
        (
            {"custom_headers": {"X-A": "v"}, "active": False},
            {"custom_headers": {"x-a": "***"}},
            {"active": False, "custom_headers": {"X-A": "v"}},
        ),
        ({"target": "https://C.example.com:443/x", "active": False}, {}, {"active": False}),
    ],
)
def test_only_what_differs_is_sent(asked: dict[str, Any], before: dict[str, Any], sent: dict[str, Any]) -> None:
    played = updated(changes(**asked), stored(**before), stored(**{**before, **sent}))
    assert played.requests == [LIST, GET, PUT, GET]
    assert played.bodies == [sent]
    assert played.result.changed == list(sent)
    assert played.result.unlike == []


@pytest.mark.parametrize(
    "asked",
    [
        {"active": True, "events": ["delivery"], "name": "orders"},
        {"custom_headers": {"X-A": "v"}},
        {"custom_headers": {}},
        {"auth_credentials": {"username": "u", "password": "new"}},
        {"active": True, "extra": {"limit": 5}},
    ],
)
def test_what_is_equal_or_not_known_is_not_sent(asked: dict[str, Any]) -> None:
    before = stored(auth_type="basic", auth_credentials={"username": "u", "password": "********"})
    played = converged(changes(**asked), listed(entry()), before)
    assert played.requests == [LIST, GET]
    assert (played.result.changed, played.result.webhook_id, played.result.name) == ([], ID, "orders")
    assert [field.field for field in played.result.compared] == list(changes(**asked).given)


NEW = {"username": "u", "password": "new"}


@pytest.mark.parametrize(
    ("asked", "before", "sent"),
    [
        # the same kind of authentication: what differs
        ({"auth_type": "basic", "auth_credentials": NEW}, BASIC, ["auth_credentials"]),
        # another kind: all of it that was given
        ({"auth_type": "basic", "auth_credentials": NEW}, {"auth_type": "none"}, ["auth_type", "auth_credentials"]),
        ({"auth_type": "none"}, BASIC, ["auth_type"]),
        (
            {"auth_type": "none", "auth_credentials": {}, "active": True},
            BASIC,
            ["auth_type", "auth_credentials"],
        ),
        (OAUTH, BASIC, ["auth_type", "auth_request_details"]),
        (
            {"auth_type": "hmac", "auth_credentials": NEW, "auth_request_details": {}},
            {"auth_type": "none", "auth_credentials": NEW},
            ["auth_type", "auth_credentials", "auth_request_details"],
        ),
        # what is not known goes along with what differs
        (
            {"auth_type": "basic", "auth_credentials": NEW, "custom_headers": {"X-A": "v"}},
            {"auth_credentials": BASIC["auth_credentials"]},
            ["auth_type", "auth_credentials", "custom_headers"],
        ),
        (
            {"auth_type": "basic", "auth_credentials": NEW, "active": False},
            {"auth_type": "basic", "auth_credentials": {"username": "u", "password": "***"}},
            ["active", "auth_credentials"],
        ),
        # also where it differs elsewhere
        (
            {"auth_type": "basic", "auth_credentials": NEW, "active": False},
            {},
            ["active", "auth_type", "auth_credentials"],
        ),
        # what is set and was declared empty
        ({"auth_credentials": {}}, {"auth_credentials": {"username": "u"}}, ["auth_credentials"]),
    ],
)
def test_authentication_is_sent_as_far_as_it_belongs_together(
    asked: dict[str, Any], before: dict[str, Any], sent: list[str]
) -> None:
    played = updated(changes(**asked), stored(**before), stored(**{**before, **asked}))
    assert sorted(played.bodies[0]) == sorted(sent)
    assert played.bodies == [{name: asked[name] for name in sent}]
    assert sorted(played.result.changed) == sorted(sent)


# Credentials that the webhook makes no use of
@pytest.mark.parametrize(
    ("asked", "before", "says"),
    [
        (
            {"auth_credentials": NEW},
            {"auth_type": "none"},
            "auth_credentials have no effect, .* is 'none': .*'basic' too.",
        ),
        ({"auth_credentials": NEW}, OAUTH, "auth_credentials have no effect, .* is 'oauth2': .*'basic' too."),
        (
            {"auth_request_details": OAUTH["auth_request_details"]},
            BASIC,
            "auth_request_details have no effect, .* auth_type is 'basic': give auth_type 'oauth2' too.",
        ),
    ],
)
@pytest.mark.parametrize("always", [True, False])
def test_credentials_of_another_auth_type_are_refused_before_anything_is_changed(
    asked: dict[str, Any], before: dict[str, Any], says: str, always: bool
) -> None:
    played = converged(changes(active=False, **asked), listed(entry()), stored(**before), always=always)
    assert type(played.error) is errors.ReachInputError
    assert played.requests == [LIST, GET]
    assert re.search(says, str(played.error))
    assert str(played.error).startswith(f"Nothing was sent: update webhook 'orders' ({ID}) was refused:")


@pytest.mark.parametrize(
    ("asked", "before"),
    [
        ({"auth_credentials": NEW}, {}),  # not known
        ({"auth_credentials": NEW}, {"auth_type": "hmac"}),  # none that we know
        ({"auth_credentials": {}}, {"auth_type": "none"}),
        ({"auth_request_details": {}}, BASIC),
        ({"auth_type": "basic", "auth_credentials": NEW}, OAUTH),
        (OAUTH, BASIC),
    ],
)
def test_credentials_that_may_be_of_use_are_not_refused(asked: dict[str, Any], before: dict[str, Any]) -> None:
    played = updated(changes(active=False, **asked), stored(**before), stored(**{**before, **asked, "active": False}))
    assert "active" in played.result.changed


def test_all_that_was_given_is_sent_where_it_shall_be() -> None:
    asked = changes(active=True, custom_headers={"X-A": "v"}, auth_credentials=NEW, extra={"limit": 5})
    before = stored(auth_type="basic", auth_credentials={"username": "u", "password": "********"})
    played = updated(asked, before, before, always=True)
    assert played.requests == [LIST, GET, PUT, GET]
    assert played.bodies == [
        {"active": True, "custom_headers": {"X-A": "v"}, "auth_credentials": NEW, "limit": 5}
    ]  # fmt: skip
    assert played.result.changed == ["active", "custom_headers", "auth_credentials", "limit"]
    assert played.result.unlike == []


def test_refused_changes_send_nothing() -> None:
    for asked in (changes(), changes(events=[]), changes(auth_type="basic")):
        for name, by_id in (("orders", ""), ("", ID)):
            played = converged(asked, by_id=by_id, name=name)
            assert type(played.error) is errors.ReachInputError
            assert str(played.error).startswith(f"Nothing was sent: update webhook {name or by_id!r} was refused:")


# Reading it again
@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ({}, {"name": "Orders"}, "name: 'orders' → 'Orders'"),
        ({}, {"target": f"{URL}/2"}, f"target: {URL} → {URL}/2"),
        ({}, {"events": ["bounce"]}, "events: delivery → bounce."),
        ({"auth_type": "basic"}, {"auth_type": "none"}, "auth_type: 'basic' → 'none'"),
        ({}, {"events": ["bounce", "delivery"]}, "events: delivery → bounce, delivery."),
        (BASIC, {"auth_credentials": {"username": "u", "password": "pl4nted"}}, "auth_credentials: password changed."),
        (
            BASIC,
            {"auth_credentials": {"username": "U", "x": "***"}},
            "auth_credentials: username, password, x changed.",
        ),
        (
            {"custom_headers": {"X-A": "pl4nted", "X-B": "w"}},
            {"custom_headers": {"X-B": "w"}},
            "custom_headers: x-a changed.",
        ),
        (
            {"custom_headers": {"X-B": "w"}},
            {"custom_headers": {"X-A": "pl4nted", "X-B": "w"}},
            "custom_headers: x-a changed.",
        ),
        ({"custom_headers": {}}, {"custom_headers": {"X-A": "pl4nted"}}, "custom_headers: x-a changed."),
        # a masked value is not known, and yet it is there
        (
            {"custom_headers": {"X-A": "***", "X-B": "w"}},
            {"custom_headers": {"X-B": "w"}},
            "custom_headers: x-a changed.",
        ),
        (
            {**BASIC, "auth_credentials": {"username": "u", "password": "***"}},
            {"auth_credentials": {"username": "u", "password": ""}},
            "auth_credentials: password changed.",
        ),
        # lost, or emptied
        (
            {"custom_headers": {"X-A": "pl4nted"}},
            {"custom_headers": {}},
            "custom_headers: was set, and is not shown any more.",
        ),
        (
            {"custom_headers": {"X-A": "pl4nted"}},
            {"custom_headers": None},
            "custom_headers: was set, and is not shown any more.",
        ),
        (
            {"custom_headers": {"X-A": "***"}},
            {"custom_headers": {}},
            "custom_headers: was set, and is not shown any more.",
        ),
        (BASIC, {"auth_type": None}, "auth_type: was set, and is not shown any more."),
        (BASIC, {"auth_credentials": None}, "auth_credentials: was set, and is not shown any more."),
        ({}, {"events": []}, "events: was set, and is not shown any more."),
        ({}, {"target": ""}, "target: was set, and is not shown any more."),
        ({}, {"name": ""}, "name: was set, and is not shown any more."),
        # all of the authentication, where auth_type was not sent
        (
            {**BASIC, "auth_request_details": {"url": "https://a"}},
            {"auth_credentials": None, "auth_request_details": None},
            "auth_credentials: was set, and is not shown any more; auth_request_details: was set, and is not",
        ),
        (
            OAUTH,
            {"auth_request_details": {"url": "https://a.example.com", "body": {"client_id": "i"}}},
            "auth_request_details: body.client_secret changed.",
        ),
        (
            OAUTH,
            {"auth_request_details": {**OAUTH["auth_request_details"], "url": "https://u:pl4nted@b"}},
            "auth_request_details: url changed.",
        ),
    ],
)
def test_a_field_that_was_not_sent_and_changed_is_told(
    before: dict[str, Any], after: dict[str, Any], says: str
) -> None:
    played = updated(changes(active=False), stored(**before), stored(**{**before, **after, "active": False}))
    assert type(played.error) is errors.ReachSideEffectError
    assert f"Not sent, and different now: {says}" in str(played.error)
    assert "Sent: active." in str(played.error)
    assert "pl4nted" not in str(played.error)


def test_every_field_that_changed_is_named_and_what_to_do() -> None:
    after = stored(name="Orders", events=["a"], active=False, target="https://h/y")
    assert str(updated(changes(target="https://h/y"), stored(), after).error) == (
        f"Updating webhook 'orders' ({ID}) changed more than was sent, or somebody else changed it at the same time. "
        "Not sent, and different now: name: 'orders' → 'Orders'; events: delivery → a; active: True → False. "
        "Sent: target. Look at the webhook, set right what is wrong, and declare these fields too, so that they are "
        "held."
    )


@pytest.mark.parametrize("empty", ["", None])
def test_what_is_masked_and_then_empty_has_changed(empty: object) -> None:
    for one, other in (("***", empty), (empty, "***")):
        before, after = stored(custom_headers={"X-A": one, "X-B": "w"}), {"custom_headers": {"x-a": other, "x-b": "w"}}
        played = updated(changes(active=False), before, stored(active=False, **after))
        assert type(played.error) is errors.ReachSideEffectError
        assert "different now: custom_headers: x-a changed." in str(played.error)


def test_a_field_that_was_declared_and_not_sent_may_not_change_either() -> None:
    asked = spec(active=False, events=["delivery"])
    played = declared(
        asked, "update", listed(entry()), stored(), WRITTEN, stored(active=False, events=["delivery", "x"])
    )
    assert type(played.error) is errors.ReachSideEffectError
    assert "events: delivery → delivery, x." in str(played.error)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"events": ["b", "a"]}, {"events": ["a", "b"]}),
        ({}, {"custom_headers": {"X-A": "v"}}),
        ({"custom_headers": {}}, {}),
        ({"name": "orders "}, {"name": "orders"}),
        (OAUTH, {**OAUTH, "auth_request_details": {**OAUTH["auth_request_details"], "url": "https://A.example.com/"}}),
        (OAUTH, {**OAUTH, "auth_request_details": {**OAUTH["auth_request_details"], "scopes": []}}),
        ({"custom_headers": {"X-A": "v"}}, {"custom_headers": {"X-A": "***"}}),
        ({"target": "https://u:p@h/"}, {"target": "https://u:***@h/"}),
        ({}, {"auth_credentials": {}, "auth_type": "none"}),
        ({"custom_headers": {"X-A": "***"}}, {"custom_headers": {"X-A": "v"}}),
        ({"custom_headers": {"X-A": "v"}}, {"custom_headers": {"x-a": "v"}}),
        ({"target": URL}, {"target": "https://C.example.com:443/x"}),
        ({"custom_headers": {"X-A": ""}}, {"custom_headers": {"X-A": None}}),
        ({"custom_headers": {"X-A": "v"}}, {"custom_headers": {"X-A": "••••"}}),
        ({"target": "https://u:***@h/"}, {"target": "https://u:p@h/"}),
        ({**BASIC, "auth_credentials": {"username": "u", "password": "***"}}, BASIC),
        ({"auth_type": "basic"}, BASIC),
        (BASIC, {**BASIC, "auth_credentials": {"username": "u", "password": "••••"}}),
        ({"name": ""}, {"name": "orders"}),
        ({"events": []}, {"events": ["a"]}),
        ({"auth_type": None}, {"auth_type": "none"}),
        ({"last_successful": None}, {"last_successful": "2026-01-31T02:00:00Z"}),
        ({"status": "up"}, {"status": "down"}),
        # every update of an oauth2 webhook fetches a token
        (
            {**OAUTH, "auth_credentials": {"access_token": "t1"}},
            {**OAUTH, "auth_credentials": {"access_token": "t2"}},
        ),
        (OAUTH, {**OAUTH, "auth_credentials": {"access_token": "t2"}}),
        ({**OAUTH, "auth_credentials": {"access_token": "t1"}}, OAUTH),
        ({"auth_credentials": {"access_token": "t1"}}, {**OAUTH, "auth_credentials": {"access_token": "t2"}}),
    ],
)
def test_what_is_not_known_to_have_changed_is_no_side_effect(before: dict[str, Any], after: dict[str, Any]) -> None:
    played = updated(changes(active=False), stored(**before), stored(**after, active=False))
    assert played.result.changed == ["active"]


def test_another_authentication_may_change_all_of_it() -> None:
    after = stored(auth_type="none", auth_credentials={"username": "", "password": ""})
    assert updated(changes(auth_type="none"), stored(**BASIC), after).result.changed == ["auth_type"]
    assert updated(changes(auth_type="none"), stored(**BASIC), stored(auth_type="none")).result.unlike == []
    gone = updated(changes(auth_credentials=NEW), stored(**BASIC), stored(auth_type="none", auth_credentials=NEW))
    assert type(gone.error) is errors.ReachSideEffectError
    assert "Not sent, and different now: auth_type: 'basic' → 'none'. Sent: auth_credentials." in str(gone.error)


def test_an_update_that_is_not_to_be_seen_yet_is_read_again() -> None:
    played = updated(changes(active=False), stored(), stored(), stored(), stored(active=False))
    assert played.requests == [LIST, GET, PUT, GET, GET, GET]
    assert [wait.seconds for wait in played.waits] == [1.0, 2.0]
    assert played.waits[0].reason == f"The update of webhook 'orders' ({ID}) does not show yet (active: True → False)."
    assert played.result.changed == ["active"]


def test_an_update_that_changes_nothing_is_an_error_that_may_pass() -> None:
    asked = changes(active=False, events=["b"], target=URL)
    played = converged(asked, listed(entry()), stored(), WRITTEN, forever=stored())
    assert type(played.error) is errors.ReachNotAppliedError
    assert not played.error.final
    assert played.waited == 10.0
    assert played.requests.count(PUT) == 1
    assert str(played.error) == (
        f"The service took the update of webhook 'orders' ({ID}), and 10 s later still shows what was before (what it "
        "shows → what was sent): events: add b; drop delivery; active: True → False. Either it did not carry it out: "
        "look at the webhook. Or it keeps this in another form: then declare what it shows."
    )


@pytest.mark.parametrize(
    ("asked", "before"),
    [
        ({"name": "new"}, {}),
        ({"target": f"{URL}/2"}, {}),
        ({"events": ["delivery", "b"]}, {}),
        ({"active": False}, {}),
        ({"auth_type": "none"}, BASIC),
    ],
)
def test_what_is_shown_as_it_is_has_to_be_seen(asked: dict[str, Any], before: dict[str, Any]) -> None:
    played = converged(changes(**asked), listed(entry()), stored(**before), WRITTEN, forever=stored(**before))
    assert type(played.error) is errors.ReachNotAppliedError
    assert (played.waited, played.requests.count(PUT)) == (10.0, 1)
    assert f": {next(iter(asked))}: " in str(played.error)


@pytest.mark.parametrize(
    ("asked", "before"),
    [
        ({"auth_credentials": NEW}, BASIC),
        ({"auth_request_details": {**OAUTH["auth_request_details"], "url": "https://b.example.com"}}, OAUTH),
        ({"custom_headers": {"X-A": "new"}}, {"custom_headers": {"X-A": "old"}}),
        ({"custom_headers": {}}, {"custom_headers": {"X-A": "s••••t"}}),
        ({"extra": {"limit": 5}}, {"limit": 6}),
    ],
)
def test_of_what_may_be_masked_in_a_way_that_nobody_knows_it_is_only_told(
    asked: dict[str, Any], before: dict[str, Any]
) -> None:
    played = converged(changes(**asked), listed(entry()), stored(**before), WRITTEN, forever=stored(**before))
    assert (played.waited, played.requests.count(PUT)) == (10.0, 1)
    assert [field.field for field in played.result.unlike] == played.result.changed


def test_a_field_that_stays_while_others_change_is_not_applied() -> None:
    asked = changes(active=False, events=["b"])
    played = converged(asked, listed(entry()), stored(), WRITTEN, forever=stored(active=False))
    assert type(played.error) is errors.ReachNotAppliedError
    assert "(what it shows → what was sent): events: add b; drop delivery. Either" in str(played.error)


def test_what_the_service_makes_of_a_value_is_told_and_no_error() -> None:
    asked = changes(name="ORDERS", target=f"{URL}/2", auth_credentials={"username": "u", "password": "pl4nted-2"})
    kept = {**BASIC, "auth_credentials": {"username": "u", "password": "pl4nted-3"}}
    after = stored(name="Orders!", target=f"{URL}/2", **kept)
    played = updated(asked, stored(**BASIC), after)
    assert played.waits == []
    assert played.result.name == "Orders!"
    assert played.result.changed == ["name", "target", "auth_credentials"]
    assert played.result.unlike == [
        FieldComparison(field="name", result="differs", said="'Orders!' → 'ORDERS'"),
        FieldComparison(field="auth_credentials", result="differs", said="password differs"),
    ]


def test_a_field_that_was_not_known_before_is_not_waited_for() -> None:
    asked = changes(active=False, custom_headers={"X-A": "v"})
    played = updated(asked, stored(), stored(active=False, custom_headers={"X-A": "w"}), always=True)
    assert played.waits == []
    assert [field.field for field in played.result.unlike] == ["custom_headers"]


def test_a_value_that_was_as_it_shall_be_is_not_waited_for() -> None:
    played = updated(changes(active=True, name="orders"), stored(), stored(), always=True)
    assert (played.waits, played.result.changed) == ([], ["name", "active"])


# Which webhook
def test_by_name() -> None:
    there = listed(entry(OTHER_ID, name="other"), entry())
    played = converged(changes(active=False), there, stored(), WRITTEN, stored(active=False), by_id="", name="orders")
    assert played.requests == [LIST, GET, PUT, GET]


def test_by_an_id_without_the_list() -> None:
    played = converged(changes(active=False), stored(), WRITTEN, stored(active=False), by_id=ID, name="a label")
    assert played.requests == [GET, PUT, GET]


def test_by_an_id_that_only_the_list_knows_at_first() -> None:
    script = (refused(404), listed(entry()), stored(), WRITTEN, stored(active=False))
    assert converged(changes(active=False), *script, by_id=ID).requests == [GET, LIST, GET, PUT, GET]


def test_by_nothing() -> None:
    played = converged(changes(active=False), by_id="", name=" ")
    assert type(played.error) is errors.ReachInputError
    assert "give webhook_id or webhook_name" in str(played.error)


def test_a_webhook_that_is_not_there_is_not_made() -> None:
    played = converged(changes(active=False), listed(entry()), listed(entry()), by_id="", name="Orders")
    assert type(played.error) is errors.ReachLookupError
    assert (played.requests, played.waited) == ([LIST, LIST], LOOK_AGAIN)
    assert "There is no webhook named 'Orders'. Is it 'orders'?" in str(played.error)
    played = converged(changes(active=False), *[refused(404), listed(entry(OTHER_ID))] * 2, by_id=ID)
    assert type(played.error) is errors.ReachLookupError
    assert f"There is no webhook of the id {ID}. The one named 'orders' has another id, {OTHER_ID};" in str(
        played.error
    )


def test_a_webhook_that_a_list_shows_late_is_updated() -> None:
    script = (listed(), listed(entry()), stored(), WRITTEN, stored(active=False))
    played = converged(changes(active=False), *script, by_id="", name="orders")
    assert (played.requests, played.waited) == ([LIST, LIST, GET, PUT, GET], LOOK_AGAIN)


def test_several_of_the_name_are_not_guessed_from_for_an_update() -> None:
    played = converged(changes(active=False), listed(entry(), entry(OTHER_ID)), by_id="", name="orders")
    assert type(played.error) is errors.ReachLookupError
    assert played.requests == [LIST]


# Renaming
@pytest.mark.parametrize("by_id", ["", ID])
def test_a_webhook_is_renamed(by_id: str) -> None:
    there = [stored(), listed(entry())] if by_id else [listed(entry()), stored()]
    played = converged(changes(name="new"), *there, WRITTEN, stored(name="new"), by_id=by_id, name="orders")
    assert played.bodies == [{"name": "new"}]
    assert (played.result.webhook_id, played.result.name) == (ID, "new")
    assert f"'orders' ({ID})" in played.sent[2].operation


@pytest.mark.parametrize("by_id", ["", ID])
def test_a_webhook_that_was_renamed_already_is_not_renamed_again(by_id: str) -> None:
    there = [] if by_id else [listed(entry(name="new"))] * 2
    played = converged(changes(name="new"), *there, stored(name="new"), by_id=by_id, name="orders")
    assert played.requests == [LIST] * len(there) + [GET]
    assert (played.result.webhook_id, played.result.name, played.result.changed) == (ID, "new", [])


@pytest.mark.parametrize("by_id", ["", ID])
def test_a_name_is_not_given_to_a_second_webhook(by_id: str) -> None:
    there = listed(entry(), entry(OTHER_ID, name="new "))
    first = [stored()] if by_id else []
    played = converged(changes(name="new", active=False), *first, there, by_id=by_id, name="orders")
    assert type(played.error) is errors.ReachExistsError
    assert played.requests == [*[GET] * len(first), LIST]
    assert str(played.error) == (
        f"Webhook 'orders' ({ID}) cannot be named 'new': webhook 'new' ({OTHER_ID}) is. Two of one name could not be "
        "told apart by it: choose another name."
    )


@pytest.mark.parametrize("name", ["orders", " orders\n"])
def test_namesakes_of_a_name_that_is_not_new_are_no_hindrance(name: str) -> None:
    played = converged(changes(name=name, active=False), stored(), WRITTEN, stored(active=False), by_id=ID)
    assert played.bodies == [{"active": False}]
    played = converged(changes(active=False), stored(), WRITTEN, stored(active=False), by_id=ID)
    assert (played.result.webhook_id, played.result.changed) == (ID, ["active"])


def test_several_that_have_the_new_name_already() -> None:
    there = listed(entry(), entry(OTHER_ID, name="new"), entry(OTHER_ID, name="new"))
    played = converged(changes(name="new"), there)
    assert type(played.error) is errors.ReachLookupError
    assert played.requests == [LIST]


def test_an_id_that_is_gone_is_not_taken_for_another_that_has_the_new_name() -> None:
    script = [refused(404), listed(entry(OTHER_ID, name="new"))] * 2
    played = converged(changes(name="new"), *script, by_id=ID)
    assert type(played.error) is errors.ReachLookupError
    assert f"no webhook of the id {ID}" in str(played.error)


def test_a_webhook_of_neither_the_old_nor_the_new_name() -> None:
    played = converged(changes(name="new"), *[listed(entry(OTHER_ID, name="order"))] * 2, by_id="", name="orders")
    assert type(played.error) is errors.ReachLookupError
    assert "There is no webhook named 'orders'. Is it 'order'?" in str(played.error)
    assert str(played.error).endswith("Check the name or id and the connection, or create it first.")


# When a call of it fails
def test_an_update_whose_answer_is_lost_is_sent_again() -> None:
    script = (listed(entry()), stored(), LOST, WRITTEN, stored(active=False))
    played = converged(changes(active=False), *script)
    assert played.requests == [LIST, GET, PUT, PUT, GET]
    assert played.bodies == [{"active": False}] * 2


def test_a_target_that_refuses_the_test_batch_of_an_update() -> None:
    said = "k3y-123 old-pl4nted new-pl4nted tok-pl4nted"
    body = {"errors": [{"message": said, "response": {"status": 401, "headers": {"Via": said}, "body": said}}]}
    asked = changes(auth_credentials={"username": "u", "password": "new-pl4nted"})
    played = converged(asked, listed(entry()), stored(**BASIC, auth_token="tok-pl4nted"), answer(body, 400))
    assert type(played.error) is errors.ReachTargetError
    assert str(played.error).startswith(f"Could not update webhook 'orders' ({ID}):\nthe webhook's target answered")
    assert str(played.error).endswith("Nothing was changed.")
    for shown in (str(played.error), str(played.error.response), played.error.service_message):
        assert "pl4nted" not in shown
        assert "k3y-123" not in shown
        assert "*** *** *** ***" in shown


@pytest.mark.parametrize("number", range(4))
def test_no_secret_is_in_an_error_of_any_call(number: int) -> None:
    said = refused(500, "said k3y-123 new-pl4nted")
    asked = changes(auth_credentials={"username": "u", "password": "new-pl4nted"})
    good = [listed(entry()), stored(**BASIC), WRITTEN]
    played = converged(asked, *good[:number], said, budget=0.0)
    assert type(played.error) is (errors.ReachServerError if number < 3 else errors.ReachCallError)
    assert "said *** ***" in str(played.error)


@pytest.mark.parametrize("reply", [refused(500), refused(401), refused(404), TIMEOUT, answer(b"<html>")])
@pytest.mark.parametrize("shown_first", [0, 2])
def test_an_update_that_was_taken_and_cannot_be_read_again(reply: Reply, shown_first: int) -> None:
    script = [listed(entry()), stored(), WRITTEN, *[stored()] * shown_first, reply]
    played = converged(changes(active=False, events=["b"]), *script, budget=0.0)
    assert type(played.error) is errors.ReachCallError
    assert not played.error.final
    assert str(played.error).startswith(
        f"The update of webhook 'orders' ({ID}) was taken (events, active), and whether it changed anything else could "
        "not be checked, and a retry cannot check it either: look at the webhook. "
        f"Could not get webhook 'orders' ({ID})"
    )
    assert isinstance(played.error.__cause__, errors.ReachCallError)
    assert played.error.operation == f"get webhook 'orders' ({ID})"


def test_all_calls_draw_on_the_same_patience() -> None:
    slow = Failure("timeout", "d", seconds=20.0)
    played = converged(changes(active=False), slow, listed(entry()), slow, slow)
    assert type(played.error) is errors.ReachTimeoutError
    assert played.requests == [LIST, LIST, GET, GET]


def test_a_webhook_deleted_meanwhile() -> None:
    played = converged(changes(active=False), listed(entry()), refused(404))
    assert type(played.error) is errors.ReachNotFoundError
    played = converged(changes(active=False), listed(entry()), stored(), refused(404))
    assert type(played.error) is errors.ReachNotFoundError


@pytest.mark.parametrize("script", [[refused(403, "k3y-123")], [listed(), refused(403, "k3y-123")]])
def test_no_secret_is_in_an_error_of_a_declaration(script: list[Reply]) -> None:
    played = declared(spec(), "reuse", *script, budget=0.0)
    assert "HTTP 403: ***" in str(played.error)


def test_what_to_do_with_one_that_is_there_is_refused_by_name() -> None:
    with pytest.raises(errors.ReachInputError, match="^Nothing was sent: create webhook 'orders' was refused:"):
        _ = declared(spec(), "replace").result


def test_what_does_not_differ_is_not_sent_unless_that_is_asked_for() -> None:
    played = play(converge(WebhookRef(ID), changes(name="orders"), ask_context(60.0)), listed(entry()), stored())
    assert played.result.changed == []


def test_an_update_that_lags_is_looked_for_at_ever_longer_intervals() -> None:
    played = updated(changes(name="new"), stored(), *[stored()] * 5)
    assert [wait.seconds for wait in played.waits] == [1.0, 2.0, 4.0, 3.0]
