"""Why a webhook is not there, as far as that can be known: who asks by a name cannot know that it was deleted."""

from __future__ import annotations

import pytest

from airflow_provider_reach.core.api.models import Gone, Webhook
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.webhooks.missing import diagnosed, missing, missing_and_advice
from tests.unit.core.helpers import ID, NOW, OTHER_ID

ORDERS, OTHER = Webhook(id=ID, name="orders"), Webhook(id=OTHER_ID, name="other")


def verdict(gone: Gone, *webhooks: Webhook, seen_id: str = "") -> DeliveryReport:
    return assess([], NOW, DeliveryPolicy(), webhook=diagnosed(gone, webhooks, seen_id))


VERDICTS: list[tuple[str, Gone, str, str, str]] = [
    (
        "misspelt",
        Gone(name="Orders"),
        "",
        "webhook 'Orders': there is no webhook of this name. Is it 'orders'? Upper and lower case differ.",
        "Correct the name, or give the webhook's id: until then the webhook is not watched. Do not declare this name",
    ),
    (
        "misspelt",
        Gone(name="ord\u0435rs"),
        "",
        f"there is no webhook of this name. Is it 'orders' ({ID})? It has U+0065 LATIN SMALL LETTER E where the name "
        "that was asked for has U+0435 CYRILLIC SMALL LETTER IE.",
        "Correct the name, or give the webhook's id",
    ),
    (
        "similar",
        Gone(name="order"),
        "",
        "webhook 'order': there is no webhook of this name. Is it 'orders'? Every character counts.",
        "If this is the first check under this name, correct the name, or the connection if it leads to another",
    ),
    (
        "unknown",
        Gone(name="billing"),
        "",
        "webhook 'billing': there is no webhook of this name.",
        "Those of the connection's workspace: 'orders', 'other'. If this is the first check under this name, correct",
    ),
    (
        "deleted",
        Gone(id="x", name="billing"),
        "",
        "webhook 'billing': it does not exist (or no longer does); its events go nowhere.",
        "Find out who deleted it. Declare it again if it is still needed",
    ),
    (
        "deleted",
        Gone(name="Orders"),
        "x",
        "webhook 'Orders': it does not exist (or no longer does); its events go nowhere.",
        "Find out who deleted it.",
    ),
    (
        "recreated",
        Gone(id="x", name="orders"),
        "",
        f"webhook 'orders': it does not exist any more; its events go nowhere. The one named 'orders' has another id, "
        f"{ID}; with an id given, the id decides.",
        "If it was deleted and created again, take the new id",
    ),
    (
        "renamed",
        Gone(name="orders-eu"),
        ID,
        "webhook 'orders-eu': there is no webhook of this name any more. The webhook is now named 'orders'.",
        "It was renamed, not deleted: watch it by its new name, or by its id. Do not declare the old name again",
    ),
]


@pytest.mark.parametrize(("cause", "gone", "seen_id", "headline", "advice"), VERDICTS)
def test_a_verdict_says_what_can_be_known(cause: str, gone: Gone, seen_id: str, headline: str, advice: str) -> None:
    report = verdict(gone, ORDERS, OTHER, seen_id=seen_id)

    assert diagnosed(gone, [ORDERS, OTHER], seen_id).cause == cause
    assert report.outcome == "failed"
    assert report.headline.startswith("FAILED: webhook '")
    assert report.headline.endswith(headline)
    assert len(report.advice) == 1
    assert report.advice[0].startswith(advice)
    assert (report.webhook_id, report.webhook_name) == (gone.id, gone.name)


@pytest.mark.parametrize("name", ["Orders", "order", "billing"])
def test_a_name_that_none_has_is_called_deleted_by_nobody(name: str) -> None:
    report = verdict(Gone(name=name), ORDERS, OTHER)

    assert "who deleted it" not in str(report)
    assert "go nowhere" not in str(report)
    assert "every event would be sent twice" in str(report).replace("\n", " ")


def test_what_was_seen_in_this_watch_was_deleted_whatever_is_near() -> None:
    report = verdict(Gone(name="Orders"), ORDERS, seen_id="x")

    assert "it does not exist (or no longer does)" in report.headline
    assert "'orders'" not in report.headline


def test_an_id_says_more_than_what_was_seen() -> None:
    assert diagnosed(Gone(id="x", name="orders"), [ORDERS], ID).cause == "recreated"
    assert diagnosed(Gone(id="x"), [ORDERS], ID).cause == "deleted"


def test_a_long_id_of_a_namesake_is_cut() -> None:
    for webhook_id, shown in (("i" * 64, "i" * 64), ("i" * 65, "i" * 63 + "…")):
        said = diagnosed(Gone(id="x", name="orders"), [Webhook(id=webhook_id, name="orders")]).said
        assert said == f"The one named 'orders' has another id, {shown}; with an id given, the id decides."


@pytest.mark.parametrize(("gone", "seen_id"), [(Gone(id="x", cause="unknown"), ""), (Gone(cause="unknown"), "x")])
def test_what_was_deleted_is_that_whatever_was_said_before(gone: Gone, seen_id: str) -> None:
    again = diagnosed(gone, [ORDERS], seen_id)
    assert (again.cause, again.said) == ("deleted", "Those of the connection's workspace: 'orders'.")


def test_a_webhook_without_a_name_is_not_one_that_was_renamed() -> None:
    assert diagnosed(Gone(name="orders"), [Webhook(id=ID)], ID).cause == "deleted"


@pytest.mark.parametrize(
    ("gone", "advice"),
    [
        (
            Gone(name="Orders"),
            "Correct the name, or give the id. Do not create a second one: every event would be sent twice.",
        ),
        (Gone(id="x", name="orders"), "Give that id, or the name alone."),
        (Gone(name="order"), "Check the name or id and the connection, or create it first."),
        (Gone(name="billing"), "Check the name or id and the connection, or create it first."),
        (Gone(id="x"), "Check the name or id and the connection, or create it first."),
    ],
)
def test_a_task_is_told_what_to_do(gone: Gone, advice: str) -> None:
    assert missing_and_advice(gone, [ORDERS, OTHER]) == f"{missing(gone, [ORDERS, OTHER])} {advice}"


@pytest.mark.parametrize("name", ["orders" * 100, "billing", "ORDERS" * 100])
def test_of_a_large_workspace_a_verdict_stays_readable(name: str) -> None:
    webhooks = [Webhook(id=ID, name="orders" * 100), *(Webhook(id=ID, name=f"{n}-{'x' * 500}") for n in range(500))]
    report = verdict(Gone(name=name), *webhooks)

    assert report.headline.isprintable()
    assert len(report.headline) < 900
    assert len(report.advice[0]) < 900


def test_a_hostile_name_stays_on_the_line() -> None:
    for there in ("a\nFAILED: b\u202e", "A\x1b[31m"):
        report = verdict(Gone(name="a FAILED: b"), Webhook(id="\x1b" + "i" * 500, name=there))
        assert all(line.isprintable() for line in str(report).split("\n"))
        assert "\nFAILED" not in str(report)
