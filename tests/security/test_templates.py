"""Words of the service that look like a template are rendered by no task that gets them as an XCom."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachDeleteWebhookOperator,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)
from airflow_provider_reach.literal import literal
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.airflow.tasks import in_dag, run

TEMPLATES = [
    "{{ 6 * 7 }}",
    "{{6*7}}",
    "{%- if 1 %}42{% endif %}",
    "{# #}42",
    "{{{ 6 * 7 }}}",
    "{{% raw %}{{ 6 * 7 }}",
    "{% raw %}{{ 6 * 7 }}{% endraw %}",
    "{\u200b{ 6 * 7 }}",
    "a{{ conn.reach_default.password }}z",
    "{{ ti.xcom_push(key='x', value='42') }}",
    "{{ task.webhook_name.__class__ }}",
]
KINDS: list[Any] = [ReachBatchStatusSensor, ReachValidateWebhookOperator, ReachDeleteWebhookOperator]


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("kind", [*KINDS, ReachUpdateWebhookOperator])
def test_a_webhook_s_name_is_not_rendered_where_the_list_is_expanded(kind: Any, name: str, connected: Sandbox) -> None:
    """Airflow renders the texts that ``.expand_kwargs()`` takes from an XCom, as it renders those of a DAG's file."""
    webhook_id = connected.add_webhook(name, target=connected.target("orders").url)
    [row] = run(in_dag(ReachListWebhooksOperator)).returned
    more = {"active": True} if kind is ReachUpdateWebhookOperator else {}

    ended = run(in_dag(kind, **row, **more), map_index=0)

    assert ended.how == "success"
    task = ended.context["task"]
    assert task.webhook_name == row["webhook_name"]
    assert task.webhook_id == webhook_id
    assert ended.context["reach_webhook"].replace(" ", "") == name.replace(" ", "").replace("\u200b", "")
    assert set(ended.xcoms) <= {"report", f"looked_at_{webhook_id}"}


@pytest.mark.parametrize("mark", ["{{ 6 * 7 }}", "{% if 1 %}", "{# x #}"])
def test_no_xcom_of_ours_has_one(mark: str, connected: Sandbox) -> None:
    connected.add_webhook(mark, target=f"{connected.target('orders').url}/{mark.replace(' ', '')}", events=[mark])
    connected.target("orders").answer(200, mark)
    answered = {"msg": mark, "response": {"status": 200, "headers": {mark: mark}, "body": mark}}
    connected.fail(Fault.body({"results": answered}), on="validate")
    declared = [{"name": "x", "target": "https://x.example", "events": ["open"]}]

    ends = [
        run(in_dag(ReachListWebhooksOperator)),
        run(in_dag(ReachListWebhooksOperator, declared=declared)),
        run(in_dag(ReachBatchStatusSensor, webhook_name=mark.join(["{{ '", "' }}"]))),
        run(in_dag(ReachValidateWebhookOperator, webhook_name=mark.join(["{{ '", "' }}"]))),
    ]

    assert [sorted(ended.xcoms) for ended in ends[:2]] == [["webhooks"], ["drift"]]
    assert "report" in ends[2].xcoms
    assert ends[3].returned["status"] == 200
    kept = json.dumps([[ended.returned, ended.xcoms] for ended in ends])
    assert mark.replace("{", "{ ", 1) in kept
    assert not [start for start in ("{{", "{%", "{#") if start in kept]


def test_an_id_that_is_a_template_is_not_rendered_either(connected: Sandbox) -> None:
    connected.fail(Fault.body({"results": [{"id": "{{ 6 * 7 }}", "name": "orders"}]}), on="list", times=None)
    [row] = run(in_dag(ReachListWebhooksOperator)).returned

    ended = run(in_dag(ReachBatchStatusSensor, **row))

    assert row["webhook_id"] == "{ { 6 * 7 }}"
    assert ended.how == "AirflowFailException"
    assert "is no UUID" in ended.said


def test_all_else_stays_as_it_is() -> None:
    plain = {"a": ["{", "}", "{ }", "{a}", "}}", "%}", 1, 1.5, None, True, {"b": ["\u202e"]}]}

    assert literal(plain) == plain


def test_once_is_enough() -> None:
    for text in TEMPLATES:
        assert literal(literal(text)) == literal(text)
        assert not [start for start in ("{{", "{%", "{#") if start in literal(text)]
