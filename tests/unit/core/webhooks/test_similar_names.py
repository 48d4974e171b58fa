"""Names that look alike are told apart so that it can be seen, and no name is taken for another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.webhooks.find import only
from airflow_provider_reach.core.webhooks.similar_names import alike, near
from tests.unit.core.helpers import ID, OTHER_ID, bounded

SPACE, NO_BREAK, NOTHING = "U+0020 SPACE", "U+00A0 NO-BREAK SPACE", "nothing"
SMALL_O, HYPHEN = "U+006F LATIN SMALL LETTER O", "U+002D HYPHEN-MINUS"
COMPOSED = "U+00E9 LATIN SMALL LETTER E WITH ACUTE"
DECOMPOSED = "U+0065 LATIN SMALL LETTER E, U+0301 COMBINING ACUTE ACCENT"


def there(*names: str) -> list[Webhook]:
    return [Webhook(id=ID, name=name) for name in names]


@pytest.mark.parametrize("name", ["Orders", "ORDERS", " oRDERS\n"])
def test_that_the_case_differs_is_said(name: str) -> None:
    assert near(name, there("other", "orders ")) == "Is it 'orders'? Upper and lower case differ."


@pytest.mark.parametrize(
    ("asked", "exists", "shown", "has", "asked_has"),
    [
        ("orders eu", "orders\u00a0eu", r"'orders\xa0eu'", NO_BREAK, SPACE),
        ("orders\u00a0eu", "orders eu", "'orders eu'", SPACE, NO_BREAK),
        ("orders eu", "orders  eu", "'orders  eu'", SPACE, NOTHING),
        ("orders  eu", "orders eu", "'orders eu'", NOTHING, SPACE),
        ("orders", "orders\u200b", r"'orders\u200b'", "U+200B ZERO WIDTH SPACE", NOTHING),
        ("orders", "or\u00adders", r"'or\xadders'", "U+00AD SOFT HYPHEN", NOTHING),
        ("orders\ufeff", "orders", "'orders'", NOTHING, "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
        ("orders", "\u043erders", "'\u043erders'", "U+043E CYRILLIC SMALL LETTER O", SMALL_O),
        ("orders", "\u03bfrders", "'\u03bfrders'", "U+03BF GREEK SMALL LETTER OMICRON", SMALL_O),
        ("orders", "\uff4frders", "'\uff4frders'", "U+FF4F FULLWIDTH LATIN SMALL LETTER O", SMALL_O),
        ("orders-eu", "orders\u2011eu", "'orders\u2011eu'", "U+2011 NON-BREAKING HYPHEN", HYPHEN),
        ("orders-eu", "orders\u2013eu", "'orders\u2013eu'", "U+2013 EN DASH", HYPHEN),
        ("caf\u00e9", "cafe\u0301", "'cafe\u0301'", DECOMPOSED, COMPOSED),
        ("cafe\u0301", "caf\u00e9", "'caf\u00e9'", COMPOSED, DECOMPOSED),
        ("ORDERS eu", "orders\u00a0EU", r"'orders\xa0EU'", NO_BREAK, SPACE),
    ],
)
def test_what_looks_the_same_is_told_apart(asked: str, exists: str, shown: str, has: str, asked_has: str) -> None:
    said = f"Is it {shown} ({ID})? It has {has} where the name that was asked for has {asked_has}."

    assert near(asked, there("other", exists)) == said
    assert only(asked, there(exists)) is None


def test_of_many_differences_three_are_told() -> None:
    said = near("a b c d e f", there("a\u00a0b\u00a0c\u00a0d\u00a0e\u00a0f"))
    assert said.count(NO_BREAK) == 3
    assert said.endswith("; ….")
    said = near("a b c d", there("a\u00a0b\u00a0c\u00a0d"))
    assert said.count(NO_BREAK) == 3
    assert "…" not in said
    said = near("orders", there("\u200b\u200c\u200d\u2060orders"))
    assert "U+200B ZERO WIDTH SPACE, U+200C ZERO WIDTH NON-JOINER, U+200D ZERO WIDTH JOINER, … where" in said
    assert "…" not in near("orders", there("\u200b\u200c\u200dorders"))


def test_a_character_without_a_name_is_told_by_its_number() -> None:
    said = near("orders eu", there("orders\teu"))
    assert said == rf"Is it 'orders\teu' ({ID})? It has U+0009 where the name that was asked for has {SPACE}."


def test_what_differs_far_behind_is_told_as_that() -> None:
    long = "n" * 200
    assert "It has other characters beyond the first 200." in near(f"{long} x", there(f"{long}\u00a0x"))
    assert NO_BREAK in near(f"{long[2:]} x", there(f"{long[2:]}\u00a0x"))


def test_a_long_name_differs_where_it_differs_and_nowhere_else() -> None:
    said = near(f"-{'n' * 198}-", there(f"\u2011{'n' * 198}\u2011"))
    one = f"U+2011 NON-BREAKING HYPHEN where the name that was asked for has {HYPHEN}"
    assert said.endswith(f"It has {one}; {one}.")


def test_a_long_id_is_cut() -> None:
    for webhook_id, shown in (("i" * 64, "i" * 64), ("i" * 65, "i" * 63 + "…")):
        assert f" ({shown})? It has " in near("orders eu", [Webhook(id=webhook_id, name="orders\u00a0eu")])


def test_two_that_look_alike_are_asked_about() -> None:
    names = {ID: "Orders", OTHER_ID: "orders\u200b", "x": "oRders"}
    webhooks = [Webhook(id=webhook_id, name=name) for webhook_id, name in names.items()]
    assert near("orders", webhooks) == (
        "Is it 'Orders'? Upper and lower case differ. "
        rf"Is it 'orders\u200b' ({OTHER_ID})? It has U+200B ZERO WIDTH SPACE where the name that was asked for has "
        "nothing."
    )
    assert alike("orders", webhooks) == webhooks


def test_similar_ones_are_asked_about_the_nearest_first() -> None:
    assert near(" orderz", there("order", "other", "orders")) == "Is it 'order' or 'orders'? Every character counts."
    assert near("ORDERS-EU", there("orders-us")) == "Is it 'orders-us'? Every character counts."
    assert near("orders_eu", there("orders-eu")) == "Is it 'orders-eu'? Every character counts."
    assert alike("orders_eu", there("orders-eu")) == []


@pytest.mark.parametrize("name", ["billing", "", "\u200b", "?"])
def test_where_none_is_near_nothing_is_asked(name: str) -> None:
    assert near(name, there("orders", "other", "")) == ""
    assert alike(name, there("orders", "")) == []


@bounded
@given(st.text(max_size=400), st.lists(st.text(max_size=400), max_size=5))
def test_whatever_the_names_the_question_is_one_bounded_line(name: str, others: list[str]) -> None:
    said = near(name, there(*others))
    assert said.isprintable()
    assert len(said) < 900
