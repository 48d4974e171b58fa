from __future__ import annotations

from airflow_provider_reach.core.api.models import Webhook, WebhookList
from airflow_provider_reach.core.webhooks.index import WebhookIndex, indexed_list
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from tests.unit.core.helpers import ID, NOW, OTHER_ID, listed

ORDERS, TWIN, OTHER = Webhook(id=ID.upper(), name=" orders\n"), Webhook(id=ID), Webhook(id=OTHER_ID, name="other")


def index(*webhooks: Webhook) -> WebhookIndex:
    return WebhookIndex(WebhookList(webhooks=list(webhooks), at=NOW))


def test_a_webhook_is_found_by_id_or_name() -> None:
    there = index(OTHER, ORDERS, TWIN)
    for ref in (WebhookRef(ID), WebhookRef(ID.upper()), WebhookRef(ID, "other"), WebhookRef(name="orders")):
        assert there.only(ref) is ORDERS
    assert there.only(WebhookRef(name="Orders")) is None
    assert index().only(WebhookRef(ID)) is None


def test_a_name_of_several_finds_none() -> None:
    assert index(OTHER, OTHER).only(WebhookRef(name="other")) is None


def test_the_list_is_read_and_indexed() -> None:
    read = indexed_list().read(listed({"id": ID, "name": "orders"}), ())
    assert read.listed.webhooks == [read.only(WebhookRef(ID))]
