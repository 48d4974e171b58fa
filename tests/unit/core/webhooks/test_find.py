from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.api.models import Gone, Webhook, WebhookList
from airflow_provider_reach.core.webhooks.find import (
    LOOK_AGAIN,
    Absent,
    Found,
    find,
    find_by_list,
    find_with_recheck,
    list_with_recheck,
    only,
    resolve,
)
from airflow_provider_reach.core.webhooks.missing import missing
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from tests.unit.core.helpers import (
    ID,
    NOW,
    OTHER_ID,
    Played,
    Reply,
    answer,
    ask_context,
    listed,
    play,
    refused,
    results,
)

ORDERS = {"id": ID, "name": "orders", "target": "https://c.example.com", "active": True}
OTHER = {**ORDERS, "id": OTHER_ID, "name": "other"}
THIS = Webhook(id=ID, name="orders", target="https://c.example.com", active=True)
THAT = Webhook(id=OTHER_ID, name="other", target="https://c.example.com", active=True)
LIST, GET = "GET /webhooks", f"GET /webhooks/{ID}"
RETRIEVED = results({name: value for name, value in ORDERS.items() if name != "id"})


def found(*script: Reply, by_id: str = "", name: str = "") -> Played[Found | Absent]:
    return play(find(WebhookRef(by_id, name), ask_context(0.0, "k3y-123")), *script)


def surely_found(*script: Reply, by_id: str = "", name: str = "") -> Played[Found | Absent]:
    return play(find_with_recheck(WebhookRef(by_id, name), ask_context(0.0, "k3y-123")), *script)


def gone(played: Played[Found | Absent]) -> Gone:
    assert isinstance(played.result, Absent)
    return played.result.gone


def there(played: Played[Found | Absent]) -> Webhook:
    assert isinstance(played.result, Found)
    return played.result.webhook


def resolved(*script: Reply, by_id: str = "", name: str = "") -> Played[Webhook]:
    return play(resolve(WebhookRef(by_id, name), ask_context(0.0, "k3y-123")), *script)


@pytest.mark.parametrize(("by_id", "name"), [("", "orders"), ("", " orders\n"), ("None", "orders")])
def test_a_name_is_found_in_the_list(by_id: str, name: str) -> None:
    played = found(listed(OTHER, ORDERS), by_id=by_id, name=name)
    assert played.requests == [LIST]
    assert played.result == Found(THIS, WebhookList(webhooks=[THAT, THIS], at=NOW))
    assert resolved(listed(OTHER, ORDERS), by_id=by_id, name=name).result == THIS


@pytest.mark.parametrize(("by_id", "name"), [(ID, ""), (ID.upper(), ""), (ID, "a label"), (f" {ID}\n", "")])
def test_an_id_is_found_without_the_list(by_id: str, name: str) -> None:
    played = found(RETRIEVED, by_id=by_id, name=name)
    assert played.requests == [GET]
    assert played.result == Found(THIS)
    assert resolved(RETRIEVED, by_id=by_id, name=name).result == THIS


def test_with_an_id_a_name_is_only_its_label() -> None:
    absent = found(refused(404), listed(ORDERS), by_id=OTHER_ID, name="orders")
    assert gone(absent) == Gone(id=OTHER_ID, name="orders")


def test_an_id_that_is_not_retrieved_may_be_in_the_list() -> None:
    played = found(refused(404), listed(OTHER, ORDERS), by_id=ID.upper())
    assert played.requests == [GET, LIST]
    assert there(played) == THIS


def test_where_the_list_decides_it_is_asked_first() -> None:
    ref, context = WebhookRef(ID), ask_context(0.0)
    for script, asked in (([listed(OTHER, ORDERS)], [LIST]), ([listed(OTHER), RETRIEVED], [LIST, GET])):
        played = play(find_by_list(ref, context), *script)
        assert played.requests == asked
        assert there(played) == THIS
    assert gone(play(find_by_list(ref, context), listed(OTHER), refused(404))) == Gone(id=ID)
    assert gone(play(find_by_list(WebhookRef(name="orders"), context), listed(OTHER))) == Gone(name="orders")


def test_a_name_that_none_has_is_gone() -> None:
    played = found(listed(OTHER), name=" orders ")
    assert played.requests == [LIST]
    assert gone(played) == Gone(name="orders")


@pytest.mark.parametrize("missing", [refused(404), answer(b"", 404)])
def test_an_id_that_is_not_there_is_gone(missing: Reply) -> None:
    assert gone(found(missing, listed(OTHER), by_id=ID)) == Gone(id=ID)


@pytest.mark.parametrize("odd", [answer(b"<html>Not here", 404), refused(500), refused(401)])
def test_a_webhook_is_not_gone_because_it_could_not_be_asked_for(odd: Reply) -> None:
    assert isinstance(found(odd, by_id=ID).error, errors.ReachCallError)
    assert isinstance(found(refused(404), odd, by_id=ID).error, errors.ReachCallError)
    assert isinstance(found(odd, name="orders").error, errors.ReachCallError)


@pytest.mark.parametrize(
    ("by_id", "name", "says"),
    [
        ("", "", "give webhook_id or webhook_name"),
        (" ", "\n", "give webhook_id or webhook_name"),
        ("None", "None", "give webhook_id or webhook_name"),
        ("orders", "", "is not a UUID"),
        (f"{ID}/x", "orders", "is not a UUID"),
    ],
)
def test_what_names_no_webhook_is_refused_before_anything_is_sent(by_id: str, name: str, says: str) -> None:
    for played in (found(by_id=by_id, name=name), resolved(by_id=by_id, name=name)):
        assert type(played.error) is errors.ReachInputError
        assert says in str(played.error)


def test_a_number_names_no_webhook() -> None:
    number: Any = 2026
    for argument, played in (("webhook_id", found(by_id=number)), ("webhook_name", found(name=number))):
        assert played.requests == []
        assert str(played.error) == (
            f"Nothing was sent: the look at a webhook was refused:\n  - {argument} must be a text, not 2026 (int). "
            "Put it in quotes; in a template, end the expression with '| string'."
        )


def test_no_secret_is_in_an_error_of_a_look() -> None:
    for script in ([refused(500, "k3y-123")], [refused(404), refused(500, "k3y-123")]):
        assert "HTTP 500: ***" in str(found(*script, by_id=ID).error)
        assert "HTTP 500: ***" in str(resolved(*script, by_id=ID).error)


# A list may lag behind a creation: what is missing is looked for once more
def test_what_is_there_is_looked_for_once() -> None:
    for reply, by_id, name, asked in ((RETRIEVED, ID, "a label", GET), (listed(OTHER, ORDERS), "", "orders", LIST)):
        played = surely_found(reply, by_id=by_id, name=name)
        assert (played.requests, played.waits) == ([asked], [])
        assert there(played) == THIS


def test_what_is_missing_is_looked_for_once_more() -> None:
    for script, by_id, name in (
        ([listed(OTHER), listed(OTHER, ORDERS)], "", "orders"),
        ([refused(404), listed(OTHER), RETRIEVED], ID, ""),
        ([refused(404), listed(OTHER), refused(404), listed(OTHER, ORDERS)], ID, ""),
    ):
        played = surely_found(*script, by_id=by_id, name=name)
        assert [wait.seconds for wait in played.waits] == [LOOK_AGAIN]
        assert there(played) == THIS
        assert resolved(*script, by_id=by_id, name=name).result == THIS
    assert surely_found(listed(OTHER), listed(OTHER, ORDERS), name="orders").waits[0].reason == (
        "There is no webhook named 'orders'. Those of the connection's workspace: 'other'. Looking once more."
    )


def test_what_is_missing_twice_is_gone() -> None:
    played = surely_found(listed(OTHER), listed(OTHER), name="orders")
    assert (played.requests, played.waited) == ([LIST, LIST], LOOK_AGAIN)
    assert gone(played) == Gone(name="orders")
    played = surely_found(*[refused(404), listed(OTHER)] * 2, by_id=ID)
    assert (played.requests, played.waited) == ([GET, LIST, GET, LIST], LOOK_AGAIN)
    assert gone(played) == Gone(id=ID)


def test_what_cannot_be_asked_is_not_looked_for_once_more() -> None:
    for played in (surely_found(refused(500), name="orders"), surely_found(listed(ORDERS, ORDERS), name="orders")):
        assert isinstance(played.error, (errors.ReachCallError, errors.ReachLookupError))
        assert (played.requests, played.waits) == ([LIST], [])
    assert type(surely_found(listed(), refused(500), name="orders").error) is errors.ReachServerError
    assert type(surely_found(listed(), listed(ORDERS, ORDERS), name="orders").error) is errors.ReachLookupError


def surely_listed(expected: list[str], *script: Reply) -> Played[WebhookList]:
    return play(list_with_recheck(expected, ask_context(0.0, "k3y-123")), *script)


@pytest.mark.parametrize("expected", [[], ["orders"], [" orders\n", "other"]])
def test_a_list_that_holds_what_is_expected_is_read_once(expected: list[str]) -> None:
    played = surely_listed(expected, listed(OTHER, {**ORDERS, "name": "orders "}))
    assert (played.requests, played.waits) == ([LIST], [])
    assert [webhook.id for webhook in played.result.webhooks] == [OTHER_ID, ID]


@pytest.mark.parametrize("later", [[OTHER, ORDERS], [OTHER]])
def test_a_list_that_lacks_what_is_expected_is_read_once_more(later: list[dict[str, Any]]) -> None:
    played = surely_listed(["orders", "other", "Other"], listed(OTHER), listed(*later))
    assert played.requests == [LIST, LIST]
    assert [wait.seconds for wait in played.waits] == [LOOK_AGAIN]
    assert played.waits[0].reason == "'orders', 'Other' not found. Looking once more."
    assert len(played.result.webhooks) == len(later)


def test_of_many_that_are_missing_a_few_are_named() -> None:
    played = surely_listed([f"w{n}" for n in range(500)], listed(), listed())
    assert played.waits[0].reason == "'w0', 'w1', 'w2', 'w3', 'w4' not found. Looking once more."


def test_a_list_that_cannot_be_read() -> None:
    for script in ([refused(500, "k3y-123")], [listed(), refused(500, "k3y-123")]):
        assert "HTTP 500: ***" in str(surely_listed(["orders"], *script).error)


# only: a name tells one webhook or none
def test_the_one_webhook_of_a_name() -> None:
    webhooks = [Webhook(id=ID, name="orders "), Webhook(id=OTHER_ID, name="Orders")]
    assert only("orders", webhooks) is webhooks[0]
    assert only("\torders", webhooks) is webhooks[0]
    assert only("order", webhooks) is None
    assert only("orders", []) is None


def test_a_name_that_several_have_names_their_ids() -> None:
    secret = {**ORDERS, "id": OTHER_ID, "target": "https://u:pl4nted@c.example.com/x?key=pl4nted"}
    for played in (found(listed(ORDERS, secret), name="orders"), resolved(listed(ORDERS, secret), name="orders")):
        assert type(played.error) is errors.ReachLookupError
        assert str(played.error) == (
            f"2 webhooks are named 'orders', so that the name does not tell which is meant: {ID} (to "
            f"{ORDERS['target']}); {OTHER_ID} (to https://***@c.example.com/x?***). Say which by webhook_id, or "
            "rename or delete all but one."
        )
    assert there(found(refused(404), listed(ORDERS, secret), by_id=OTHER_ID)).id == OTHER_ID


def test_many_of_one_name_are_told_in_a_bounded_message() -> None:
    with pytest.raises(errors.ReachLookupError) as refused_:
        only("n" * 1000, [Webhook(id=ID, name="n" * 1000, target="https://c.example.com/" + "x" * 500)] * 500)
    assert str(refused_.value).startswith("500 webhooks are named 'nnn")
    assert str(refused_.value).count(ID) == 5
    assert "; …. Say which by webhook_id" in str(refused_.value)
    assert len(str(refused_.value)) < 1000


# missing: what to look at when there is none
def test_a_similar_name_is_asked_about() -> None:
    played = resolved(*[listed(ORDERS, OTHER)] * 2, name="Orders")
    assert type(played.error) is errors.ReachLookupError
    assert str(played.error) == (
        "There is no webhook named 'Orders'. Is it 'orders'? Upper and lower case differ. Correct the name, or give "
        "the id. Do not create a second one: every event would be sent twice."
    )
    assert "Is it 'order' or 'orders'?" in missing(
        Gone(name=" orderz"), [Webhook(id=ID, name=name) for name in ("order", "other", "orders")]
    )


def test_without_a_similar_name_all_are_named() -> None:
    unnamed = {**ORDERS, "id": "x", "name": ""}
    assert str(resolved(*[listed(ORDERS, OTHER, unnamed)] * 2, name="billing").error) == (
        "There is no webhook named 'billing'. Those of the connection's workspace: 'orders', 'other'. Check the "
        "name or id and the connection, or create it first."
    )
    assert "Those of the connection's workspace: none. Check" in str(resolved(listed(), listed(), name="billing").error)


def test_an_id_that_is_not_there_is_named() -> None:
    played = resolved(*[refused(404), listed(OTHER)] * 2, by_id=ID)
    assert type(played.error) is errors.ReachLookupError
    assert str(played.error).startswith(f"There is no webhook of the id {ID}. Those of the connection's workspace: ")
    assert str(played.error).endswith("'other'. Check the name or id and the connection, or create it first.")
    labelled = resolved(*[refused(404), listed(OTHER)] * 2, by_id=ID, name="Other")
    assert str(labelled.error).startswith(f"There is no webhook of the id {ID}. Is it 'other'? ")


def test_an_id_beside_a_name_that_another_webhook_has() -> None:
    there = [Webhook(id=OTHER_ID, name="orders "), Webhook(id="x", name="order")]
    assert missing(Gone(id=ID, name=" orders"), there) == (
        f"There is no webhook of the id {ID}. The one named 'orders' has another id, {OTHER_ID}; with an id given, the "
        "id decides."
    )
    assert "has another id" not in missing(Gone(id=ID), [Webhook(id=OTHER_ID, name="")])
    assert "Is it 'order' or 'orders '?" in missing(Gone(id=ID, name="orderz"), there)


def test_a_large_workspace_makes_a_bounded_message() -> None:
    webhooks = [Webhook(id=ID, name=f"{n}" * 500) for n in range(500)]
    assert len(missing(Gone(name="orders"), webhooks)) < 600
    assert len(missing(Gone(name="5" * 500), webhooks)) < 600
    assert missing(Gone(name="a\nb"), [Webhook(id=ID, name="c\nd")]).isprintable()


def test_no_secret_is_in_an_error_of_a_second_look() -> None:
    played = surely_found(listed(), refused(500, "k3y-123"), name="orders")
    assert "HTTP 500: ***" in str(played.error)


def test_neither_id_nor_name_is_refused_for_what_was_asked() -> None:
    with pytest.raises(errors.ReachInputError, match="^Nothing was sent: the look at a webhook was refused:"):
        _ = found().result


@pytest.mark.parametrize(("number", "more"), [(5, False), (6, True)])
def test_of_many_of_one_name_five_are_named(number: int, more: bool) -> None:
    target = "https://c.example.com/" + "x" * 100
    with pytest.raises(errors.ReachLookupError) as refused:
        only("orders", [Webhook(id=f"id-{n}", name="orders", target=target) for n in range(number)])
    assert str(refused.value).count("id-") == 5
    assert ("; …." in str(refused.value)) is more
    assert f"(to {target[:79]}…)" in str(refused.value)


def test_only_what_is_much_alike_is_suggested_and_only_three() -> None:
    assert "Those of the connection's workspace: 'ordexx'." in missing(
        Gone(name="orders"), [Webhook(id=ID, name="ordexx")]
    )
    alike = [Webhook(id=ID, name=f"orders{n}") for n in range(4)]
    assert missing(Gone(name="orders"), alike).count("orders") == 1 + 3


def test_the_names_that_are_there_take_only_so_much_room() -> None:
    there = [Webhook(id=ID, name=f"name {n}") for n in range(100)]
    assert len(missing(Gone(name="?"), there).partition("workspace: ")[2]) == 300 + len(".")


def test_what_a_list_may_show_late_is_looked_for_again_after_three_seconds() -> None:
    assert surely_found(listed(), listed(ORDERS), name="orders").waited == 3.0
