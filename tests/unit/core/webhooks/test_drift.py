from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.webhooks.drift import Drift, Named, check_declared, find_drift
from airflow_provider_reach.core.webhooks.spec import WebhookSpec
from tests.unit.core.helpers import ID, OTHER_ID

URL = "https://c.example.com/x"
THIRD_ID = "22222222-2222-3333-4444-555555555555"


def spec(name: str = "orders", **fields: Any) -> WebhookSpec:
    return WebhookSpec(**{"name": name, "target": URL, "events": ["delivery"], **fields})


def webhook(name: str = "orders", webhook_id: str = ID, **fields: Any) -> Webhook:
    return Webhook(**{"id": webhook_id, "name": name, "target": URL, "events": ("delivery",), **fields})


def test_what_exists_as_declared_is_no_drift() -> None:
    for declared, existing in (([], []), ([spec()], [webhook()]), ([spec("orders\n")], [webhook(" orders")])):
        drift = find_drift(declared, existing)
        assert (drift.missing, drift.unexpected) == ([], [])
    drift = find_drift((s for s in [spec("b"), spec("a")]), (w for w in [webhook("a"), webhook("b", OTHER_ID)]))
    assert drift == Drift(missing=[], unexpected=[], different={}, unknown={})
    assert not drift
    assert str(drift) == "What exists is what was declared."


def test_what_was_declared_and_is_not_there_is_missing() -> None:
    drift = find_drift([spec("a"), spec(), spec("b")], [webhook()])
    assert drift == Drift(missing=["a", "b"], unexpected=[], different={}, unknown={})
    assert drift
    assert str(drift) == "Missing: 'a' does not exist.\nMissing: 'b' does not exist."


def test_what_is_there_and_was_not_declared_is_unexpected() -> None:
    drift = find_drift([spec()], [webhook("other", OTHER_ID), webhook()])
    assert drift.unexpected == [Named(webhook_id=OTHER_ID, webhook_name="other")]
    assert (drift.missing, drift.different) == ([], {})
    assert drift
    assert str(drift) == f"Unexpected: 'other' ({OTHER_ID}) was not declared."
    assert find_drift([], [webhook("")]).unexpected == [Named(webhook_id=ID, webhook_name="")]


def test_the_second_of_a_declared_name_is_unexpected() -> None:
    several = [webhook(), webhook("orders ", OTHER_ID, active=False), webhook("orders", THIRD_ID)]
    drift = find_drift([spec(active=True)], [several[0], *several[1:]])
    assert drift.unexpected == [
        Named(webhook_id=OTHER_ID, webhook_name="orders ", doubled=True),
        Named(webhook_id=THIRD_ID, webhook_name="orders", doubled=True),
    ]
    assert (drift.missing, drift.different) == ([], {})
    assert str(drift) == (
        f"Unexpected: 'orders ' ({OTHER_ID}) exists a second time: every event is sent twice.\n"
        f"Unexpected: 'orders' ({THIRD_ID}) exists a second time: every event is sent twice."
    )
    assert drift.to_dict()["unexpected"][0] == {"webhook_id": OTHER_ID, "webhook_name": "orders ", "doubled": True}


def test_two_of_a_name_that_was_not_declared_are_not_doubled() -> None:
    drift = find_drift([spec()], [webhook(), webhook("other", OTHER_ID), webhook("other", THIRD_ID)])
    assert [named.doubled for named in drift.unexpected] == [False, False]


def test_names_that_differ_in_their_case_are_two() -> None:
    drift = find_drift([spec("orders")], [webhook("Orders")])
    assert (drift.missing, [named.webhook_name for named in drift.unexpected]) == (["orders"], ["Orders"])


def test_what_differs_is_told_by_name_and_field() -> None:
    declared = [spec("a", active=True, events=["delivery", "bounce"]), spec("b"), spec("c", active=False)]
    existing = [webhook("a", active=False), webhook("b", OTHER_ID), webhook("c", THIRD_ID, active=True)]
    drift = find_drift(declared, existing)
    assert drift.different == {
        "a": {"events": "add bounce", "active": "False → True"},
        "c": {"active": "True → False"},
    }
    assert drift
    assert str(drift) == (
        "Different: 'a' has (what exists → what was declared) events: add bounce; active: False → True.\n"
        "Different: 'c' has (what exists → what was declared) active: True → False."
    )


def test_an_inactive_webhook_is_drift_unless_declared_so() -> None:
    inactive = webhook(active=False)
    assert find_drift([spec()], [inactive]).different == {
        "orders": {"active": "False → True, which it is unless declared otherwise; declare active=True to have it set"}
    }
    assert not find_drift([spec(active=False)], [inactive])
    assert find_drift([spec(active=True)], [inactive]).different == {"orders": {"active": "False → True"}}
    for active in (True, None):
        assert not find_drift([spec()], [webhook(active=active)])


def test_a_name_is_told_without_the_blanks_around_it() -> None:
    drift = find_drift([spec(" a"), spec("b\n"), spec("c ")], [webhook("b ", active=False), webhook("c", OTHER_ID)])
    assert drift.missing == ["a"]
    assert list(drift.different) == ["b"]
    drift = find_drift([spec(" b ", custom_headers={})], [webhook("b")])
    assert (list(drift.unknown), drift.different) == (["b"], {})


def test_what_is_not_known_alone_is_no_drift() -> None:
    declared = spec(custom_headers={"X-A": "v"}, auth_type="basic", auth_credentials={"username": "u", "password": "p"})
    existing = webhook(auth_type="basic", auth_credentials={"username": "u", "password": "***"})
    drift = find_drift([declared], [existing])
    assert drift.different == {}
    assert drift.unknown == {
        "orders": {
            "custom_headers": "not shown by the service, or masked",
            "auth_credentials": "password not shown by the service, or masked",
        }
    }
    assert not drift
    assert str(drift) == "What exists is what was declared."


def test_all_of_it_in_one_text_and_as_json() -> None:
    drift = find_drift(
        [spec("a"), spec("b", active=True, custom_headers={})],
        [webhook("b", active=False), webhook("c", OTHER_ID)],
    )
    assert str(drift).splitlines() == [
        "Missing: 'a' does not exist.",
        f"Unexpected: 'c' ({OTHER_ID}) was not declared.",
        "Different: 'b' has (what exists → what was declared) active: False → True.",
    ]
    assert json.loads(json.dumps(drift.to_dict())) == {
        "missing": ["a"],
        "unexpected": [{"webhook_id": OTHER_ID, "webhook_name": "c", "doubled": False}],
        "different": {"b": {"active": "False → True"}},
        "unknown": {"b": {"custom_headers": "not shown by the service, or masked"}},
        "near": {},
    }


def test_a_missing_one_may_be_one_that_was_not_declared_in_another_spelling() -> None:
    existing = [webhook("Orders"), webhook("engagement-us", OTHER_ID)]
    drift = find_drift((spec(name) for name in ("orders", "engagement-us", "engagement-eu")), iter(existing))

    question = "Is it 'Orders'? Upper and lower case differ."
    assert drift.near == {"orders": question}  # what is declared is itself and none other
    assert str(drift).splitlines()[:3] == [
        f"Missing: 'orders' does not exist. {question}",
        "Missing: 'engagement-eu' does not exist.",
        f"Unexpected: 'Orders' ({ID}) was not declared.",
    ]


def test_of_many_missing_ones_the_first_twenty_are_compared() -> None:
    declared = [spec(f"W{n}") for n in range(30)]
    assert len(find_drift(declared, [webhook(f"w{n}") for n in range(30)]).near) == 20


def test_a_drift_holds_no_secret() -> None:
    declared = spec(
        target="https://u:pl4nted-1@h/?k=pl4nted-1",
        custom_headers={"X-A": "pl4nted-1"},
        auth_type="basic",
        auth_credentials={"username": "u", "password": "pl4nted-1"},
        extra={"auth_token": "pl4nted-1"},
    )
    existing = webhook(
        target="https://u:pl4nted-2@h/?k=pl4nted-2",
        custom_headers={"X-A": "pl4nted-2"},
        auth_type="none",
        auth_credentials={"username": "u", "password": "pl4nted-2"},
        extra={"auth_token": "pl4nted-2"},
    )
    drift = find_drift([declared], [existing, webhook("other", target="https://u:pl4nted-3@h")])
    assert set(drift.different["orders"]) == {"target", "custom_headers", "auth_type", "auth_credentials", "auth_token"}
    for shown in (str(drift), repr(drift), json.dumps(drift.to_dict())):
        assert "pl4nted" not in shown


def test_everything_that_is_wrong_with_the_set_is_said_at_once() -> None:
    wrong = [spec("a", events=[]), spec("b"), WebhookSpec.of({"target": "x"}), spec("b")]
    with pytest.raises(
        ReachInputError, match="^Nothing was sent: the declared set of webhooks was refused:"
    ) as refused:
        find_drift(wrong, [])
    with pytest.raises(ReachInputError) as checked:
        check_declared(iter(wrong))
    assert checked.value.problems == refused.value.problems
    assert refused.value.problems == [
        "'a': events is empty or holds an empty text: name at least one event type, such as 'delivery'.",
        "None: name is required.",
        "None: events is required.",
        "None: target must start with https:// (or http://).",
    ]


def test_a_name_that_is_declared_twice_is_refused() -> None:
    with pytest.raises(ReachInputError) as refused:
        find_drift([spec("a"), spec("b"), spec("a "), spec("c"), spec("c", active=True), spec("c")], [])
    assert refused.value.problems == ["'a' is declared more than once.", "'c' is declared more than once."]
    with pytest.raises(ReachInputError, match="'a' is declared more than once"):
        check_declared(spec(name) for name in ("a", "a\n"))


def test_a_set_that_can_be_is_not_refused() -> None:
    check_declared([])
    check_declared(spec(name) for name in ("a", "b", "A"))
