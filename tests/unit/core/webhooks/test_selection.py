"""What the operators and the hook make of it is tested with them."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.errors import ReachInputError, ReachLookupError
from airflow_provider_reach.core.webhooks.selection import Selection

LISTED = [
    Webhook(id="1", name=" orders-eu", active=True),
    Webhook(id="2", name="orders-us", active=False),
    Webhook(id="3", name="", active=None),
]


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({}, "123"),
        ({"active": "yes"}, "1"),
        ({"active": False}, "2"),
        ({"active": "None", "name_pattern": None}, "123"),
        ({"name_pattern": " orders-* \n"}, "12"),
        ({"name_pattern": "Orders-*"}, ""),
    ],
)
def test_which_are_meant(given: dict[str, Any], ids: str) -> None:
    assert "".join(webhook.id for webhook in LISTED if Selection(**given).takes(webhook)) == ids


def test_values_are_read_as_templates_write_them() -> None:
    assert Selection(active="", name_pattern="None", expect=[" orders-eu\n"], allow_empty="1") == Selection(
        expect=("orders-eu",), allow_empty=True
    )
    nothing: list[Any] = [None, "", "None", []]
    assert [Selection(expect=given).expect for given in nothing] == [()] * 4
    assert Selection(expect="orders").expect == ("orders",)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ReachInputError) as raised:
        Selection(active="perhaps", name_pattern=7, expect=["a", 7], allow_empty="si")

    assert str(raised.value).startswith("Nothing was sent: the selection of webhooks was refused:")
    assert [problem.partition(" must")[0] for problem in raised.value.problems] == [
        "active",
        "name_pattern",
        "expect: each name",
        "allow_empty",
    ]


def test_an_empty_name_can_be_no_webhook_s() -> None:
    with pytest.raises(ReachInputError, match="expect: a name is empty; perhaps a template rendered to nothing"):
        Selection(expect=["a", " "])


def test_filters_that_leave_out_an_expected_webhook_are_a_mistake_and_a_missing_one_is_not_theirs() -> None:
    selection = Selection(active=True, expect=["orders-us", "none"])
    found = [webhook for webhook in LISTED if selection.takes(webhook)]

    with pytest.raises(ReachLookupError, match=r"^1 of 2 expected webhooks were not found: 'orders-us' exists but is"):
        selection.check_filters(LISTED, found)
    Selection(active=True, expect=["orders-eu", "none"]).check_filters(LISTED, found)
    Selection(expect=["orders-us"]).check(LISTED, LISTED)
    with pytest.raises(ReachLookupError, match=r"^No webhook was found.*\(active=None, name_pattern='x'\)"):
        Selection(name_pattern="x").check(LISTED, [])
    Selection(name_pattern="x", allow_empty=True).check(LISTED, [])
    with pytest.raises(ReachLookupError, match=r"^2 of 2 .*'orders-us' exists but .*; 'none' does not exist\. Found: "):
        selection.check(LISTED, found)


def said(selection: Selection, names: list[str]) -> str:
    """What is said of a workspace with these webhooks, of which none is found."""
    listed = [Webhook(id="an id", name=name) for name in names]
    with pytest.raises(ReachLookupError) as raised:
        selection.check(listed, [webhook for webhook in listed if selection.takes(webhook)])
    return str(raised.value)


def test_nothing_found_is_told_with_what_there_is() -> None:
    names = [f"n {number:02}" for number in range(20)]
    told = ", ".join(f"'{name}'" for name in names)
    none = Selection(name_pattern="x", active=False)

    assert said(none, names) == (
        f"No webhook was found, so that nothing would be watched. The workspace has 20: {told}. Check the filters "
        "(active=False, name_pattern='x') and the connection's workspace, or set allow_empty=True."
    )
    assert f"The workspace has 21: {told} and 1 more. Check" in said(none, [*names, "y"])
    assert f"has 1: '{'y' * 79}…'. Check" in said(none, ["y" * 81])
    assert "has 1: 'an id'. Check" in said(none, [""])
    assert "has 0: none. Check" in said(none, [])


def test_what_is_missing_is_told_with_the_names_that_nobody_expects() -> None:
    selection = Selection(expect=["order", "orders", *(f"x {number}" for number in range(20))])

    assert said(selection, ["orders", "Order"]).startswith(
        "21 of 22 expected webhooks were not found: 'order' does not exist (Is it 'Order'? Upper and lower case "
        "differ.); 'x 0' does not exist; "
    )
    assert said(selection, ["orders", "Order"]).endswith(
        "'x 18' does not exist; and 1 more. Found: 'Order', 'orders'. First correct a name that is misspelt: declaring "
        "it would send every event twice. Declare what is missing, or take it off 'expect'."
    )
    assert said(selection, ["order", "orders"]).endswith(
        "'x 19' does not exist. Found: 'order', 'orders'. Declare what is missing, or take it off 'expect'."
    )


def test_a_name_that_is_no_text_is_refused() -> None:
    with pytest.raises(ReachInputError) as raised:
        Selection(expect=["a", 7])
    assert str(raised.value).endswith(
        "the selection of webhooks was refused:\n  - expect: each name must be a text, not 7 (int). Put it in quotes; "
        "in a template, end the expression with '| string'."
    )
