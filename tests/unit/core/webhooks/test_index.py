from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_reach.core.api import decoding
from airflow_provider_reach.core.webhooks.index import WebhookIndex, indexed_list
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from tests.unit.core.helpers import ID, OTHER_ID, answer, listed, nested

ORDERS = {"id": ID.upper(), "name": " orders\n", "active": True, "last_successful": "2026-01-30T12:00:00Z"}
TWIN, OTHER = {"id": ID}, {"id": OTHER_ID, "name": "other", "custom_headers": {"X-Key": "k"}}
ODD = {"id": "x", "name": 4711}


def index(*webhooks: dict[str, Any]) -> WebhookIndex:
    return indexed_list().read(listed(*webhooks), ())


@pytest.mark.parametrize("more", [(), (ODD,)])
def test_a_webhook_is_found_by_id_or_name_as_the_whole_list_has_it(more: tuple[dict[str, Any], ...]) -> None:
    there = index(OTHER, ORDERS, TWIN, *more)
    assert there.listed is not None
    assert [webhook.name for webhook in there.listed.webhooks][:3] == ["other", " orders\n", ""]
    for ref in (WebhookRef(ID), WebhookRef(ID.upper()), WebhookRef(ID, "other"), WebhookRef(name="orders")):
        assert there.only(ref) == there.listed.webhooks[1]
        assert there.only(ref) is there.only(ref)
    for none in (WebhookRef(name="Orders"), WebhookRef(OTHER_ID[:-1] + "0", "orders")):
        assert there.only(none) is None
    assert index().only(WebhookRef(ID)) is None


def test_a_name_of_several_finds_none() -> None:
    assert index(OTHER, OTHER).only(WebhookRef(name="other")) is None
    assert index(OTHER, OTHER).only(WebhookRef(OTHER_ID)) is not None


def test_one_that_is_nested_too_deep_is_not_found_and_makes_the_list_unreadable() -> None:
    there = index(OTHER, {**ORDERS, "custom_headers": nested(300)})
    assert there.only(WebhookRef(ID)) is None
    assert there.listed is None
    assert there.only(WebhookRef(OTHER_ID)) is not None


@pytest.mark.parametrize("body", [b"<html>", b"[]", {"results": [{"name": "no id"}]}, {"results": [], "errors": [1]}])
def test_what_is_no_list_is_refused_at_once(body: object) -> None:
    with pytest.raises(decoding.ContractViolation):
        indexed_list().read(answer(body), ())
