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
from airflow_provider_reach.integration.xcom import literal
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.tasks import AIRFLOW_2, in_dag, run

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
    assert "is not a UUID" in ended.said


def test_all_else_stays_as_it_is() -> None:
    plain = {"a": ["{", "}", "{ }", "{a}", "}}", "%}", 1, 1.5, None, True, {"b": ["\u202e"]}]}

    assert literal(plain) == plain


def test_once_is_enough() -> None:
    for text in TEMPLATES:
        assert literal(literal(text)) == literal(text)
        assert not [start for start in ("{{", "{%", "{#") if start in literal(text)]


# --- names that Airflow takes for its own


def through_airflow(value: Any) -> Any:
    """A value as the next task pulls it, once Airflow has kept it."""
    if AIRFLOW_2:
        from airflow.utils.json import XComDecoder, XComEncoder

        return json.loads(json.dumps(value, cls=XComEncoder), cls=XComDecoder)
    from airflow.sdk.serde import deserialize, serialize

    return deserialize(json.loads(json.dumps(serialize(value))))


MARKERS = (
    "__classname__",
    "__version__",
    "__data__",
    "__id__",
    "__cache__",
    "__type",
    "__var",
    "__source",
    "__what_comes_next__",
)
ODD: list[dict[str, Any]] = [
    *({name: "x"} for name in MARKERS),
    {"__type": "dict", "__var": "x"},
    {"__type": "x", "__var": {"a": "b"}},
    {"__classname__": "builtins.tuple", "__version__": 1, "__data__": ["x"]},
    {"__classname__": "airflow_provider_reach.client.sync.ReachClient", "__version__": 0, "__data__": {}},
    {"a": [{"b": {"__type": "timedelta", "__var": "x"}}]},
    {"{{__id__": "x", " __id__": "y", "__": "z", "_a": "b", "a__": "__id__"},
]


@pytest.mark.parametrize("value", ODD, ids=str)
def test_a_name_that_airflow_takes_for_its_own_is_kept_and_read(value: dict[str, Any]) -> None:
    for given in (value, {"in": value}, [value]):
        made = literal(given)

        assert through_airflow(made) == made
        assert literal(made) == made
        assert json.dumps(made).replace("_ _", "__").replace("{ ", "{") == json.dumps(given)


def test_only_what_begins_with_two_underscores_is_such_a_name() -> None:
    plain = {"a__b__": "__id__", "_id": 1, "X-Key": ["__type"]}

    assert literal(plain) == plain
    assert literal({"__id__": 1, "___": 2}) == {"_ _id__": 1, "_ __": 2}


def test_webhooks_with_such_names_are_listed_compared_and_validated(connected: Sandbox) -> None:
    headers = dict.fromkeys(MARKERS, "planted")
    target = connected.target("orders")
    target.answer(200, "ok", headers)
    for name in ("orders", "__id__", "__classname__"):
        connected.add_webhook(
            name,
            target=target.url,
            custom_headers=headers,
            auth_type="basic",
            auth_credentials={"username": "reach", "password": "planted", "more": headers},
        )
    declared = [
        {"name": name, "target": target.url, "events": ["open"], "custom_headers": {"__id__": "other"}}
        for name in ("orders", "__id__")
    ]

    ends = [
        run(in_dag(ReachListWebhooksOperator)),
        run(in_dag(ReachListWebhooksOperator, declared=declared, on_drift="warn")),
        run(in_dag(ReachValidateWebhookOperator, webhook_name="orders")),
        run(in_dag(ReachBatchStatusSensor, webhook_name="__id__")),
    ]

    assert [ended.how for ended in ends] == ["success"] * 4
    for ended in ends:
        for pushed in (ended.returned, *ended.xcoms.values()):
            assert through_airflow(pushed) == pushed
    listed, drift = ends[0].xcoms["webhooks"], ends[1].xcoms["drift"]
    assert listed[0]["custom_headers"]["_ _id__"] == "***"
    assert set(drift["different"]) == {"orders", "_ _id__"}
    assert ends[2].returned["headers"].keys() >= {"_ _id__", "_ _classname__"}
