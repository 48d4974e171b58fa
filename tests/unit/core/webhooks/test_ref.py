from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from tests.unit.core.helpers import ID


@pytest.mark.parametrize(
    ("ref", "checked"),
    [
        (WebhookRef(ID), WebhookRef(ID)),
        (WebhookRef(f" {ID}\n", " orders\n"), WebhookRef(ID, "orders")),
        (WebhookRef("None", "orders"), WebhookRef(name="orders")),
        (WebhookRef(ID, "None"), WebhookRef(ID)),
        (WebhookRef(name="null"), WebhookRef(name="null")),
    ],
)
def test_what_templates_render_is_cleaned(ref: WebhookRef, checked: WebhookRef) -> None:
    assert ref.checked() == checked


@pytest.mark.parametrize("given", [{}, {"id": " "}, {"id": "None", "name": "None"}, {"id": None, "name": None}])
def test_without_an_id_and_a_name_nothing_is_asked(given: dict[str, Any]) -> None:
    with pytest.raises(
        ReachInputError, match="the look at a webhook was refused:\n  - give webhook_id or webhook_name."
    ):
        WebhookRef(**given).checked()


def test_in_a_message_the_name_comes_first() -> None:
    assert (str(WebhookRef(ID, "orders")), str(WebhookRef(ID))) == ("'orders'", f"'{ID}'")
