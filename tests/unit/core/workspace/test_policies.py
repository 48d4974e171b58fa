from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.workspace.policies import PolicyTable, differing
from tests.unit.core.helpers import NOW

TABLE = PolicyTable(
    DeliveryPolicy(drain=True),
    {"orders-*": {"max_lost": 1}, "*": {"max_lost": 2}, " orders-eu ": {"max_lost": 3}, "a[b": {"max_lost": 4}},
)


@pytest.mark.parametrize(("name", "most"), [("orders-eu", 3), (" orders-us", 1), ("Orders-us", 2), ("a[b", 4)])
def test_the_exact_name_comes_first_then_the_first_pattern_over_the_default(name: str, most: int) -> None:
    assert TABLE.of(name) == DeliveryPolicy(drain=True, max_lost=most)


@pytest.mark.parametrize("nothing", [None, "", "None", {}])
def test_without_a_table_all_have_the_default(nothing: Any) -> None:
    table = PolicyTable(DeliveryPolicy(max_lost=5), nothing)

    assert (table.of("orders").max_lost, table.names, table.unused_patterns(["orders"])) == (5, [], [])


def test_names_and_the_patterns_that_match_nothing() -> None:
    assert TABLE.names == ["orders-eu"]
    assert [policy.max_lost for policy in TABLE.every] == [0, 1, 2, 3, 4]
    assert TABLE.unused_patterns(["orders", " a[b "]) == ["orders-*"]


def test_all_that_is_wrong_is_said_at_once() -> None:
    table = {
        "orders": {"max_undelivred": 1, "min_age": "2h"},
        "bounces": {"min_age": "soon", "max_lost": -1, 7: 1},
        "clicks": {"min_age": "3h", "quite_other": 1},
        "opens": {"min_age": "5h"},
        "sent": 7,
    }
    with pytest.raises(ReachInputError) as raised:
        PolicyTable(DeliveryPolicy(), table)  # type: ignore[arg-type]

    assert str(raised.value).startswith("Nothing was sent: the table of policies was refused:")
    orders, unknown, lost, age, other, opens, sent = raised.value.problems
    assert orders == "policies['orders']: the policy has no field 'max_undelivred'. Is it 'max_undelivered'?"
    assert unknown == f"policies['bounces']: {unknown_field(7)}"
    assert lost == "policies['bounces']: max_lost must be a whole number from 0, not -1."
    assert age.startswith("policies['bounces']: min_age must be a duration from 0, such as ")
    assert other == f"policies['clicks']: {unknown_field('quite_other')}"
    assert opens.startswith("policies['opens']: min_age must not be above at_risk_after: ")
    assert sent == "policies['sent']: it must be a mapping of fields of the policy, not 7."


def unknown_field(name: object) -> str:
    return f"the policy has no field {name!r}. It has {', '.join(DeliveryPolicy.__dataclass_fields__)}."


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ([], "policies must be a mapping of names or patterns to fields of the policy, not []."),
        ("orders", "policies must be a mapping of names or patterns to fields of the policy, not 'orders'."),
        ({" ": {}}, "policies: a name is empty; perhaps a template rendered to nothing."),
        ({"a": {}, " a": {}}, "policies: 'a' is there twice, but for blanks around it."),
        ({7: {}}, "policies: each name must be a text, not 7 (int). Put it in quotes"),
    ],
)
def test_what_is_no_table_is_refused(table: Any, problem: str) -> None:
    with pytest.raises(ReachInputError) as raised:
        PolicyTable(DeliveryPolicy(), table)
    assert str(raised.value).startswith(f"Nothing was sent: the table of policies was refused:\n  - {problem}")


def test_what_differs_from_the_default_is_plain_json_that_makes_the_same_policy() -> None:
    policy = DeliveryPolicy(max_lost=1, min_age="90 min", drain=True, ignore_lost_before=NOW)

    assert differing(policy) == {
        "max_lost": 1,
        "min_age": 5400.0,
        "drain": True,
        "ignore_lost_before": "2026-01-31T02:00:00+00:00",
    }
    assert DeliveryPolicy(**differing(policy)) == policy
    assert differing(DeliveryPolicy()) == {}
