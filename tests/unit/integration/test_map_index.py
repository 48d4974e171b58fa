"""What the Airflow UI shows of a mapped task instance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from airflow import DAG

from airflow_provider_reach import ReachBatchStatusSensor
from airflow_provider_reach.integration.map_index import label_mapped_instance
from airflow_provider_reach.sandbox import Sandbox
from tests.tasks import Ended, in_dag, run


def watch(*, map_index: int = 0, map_index_template: str | None = None, **arguments: Any) -> Ended:
    sensor = in_dag(ReachBatchStatusSensor, timeout=0, outage_tolerance=0, **arguments)
    return run(sensor, map_index=map_index, map_index_template=map_index_template)


def label(ended: Ended) -> str | None:
    """What Airflow makes of the context, once a task has ended."""
    template = ended.context["map_index_template"]
    return jinja2.Template(template).render(ended.context) if template else None


@pytest.fixture
def webhook_id(connected: Sandbox) -> str:
    return connected.add_webhook("orders", target=connected.target("orders").url)


def test_the_webhook_s_name(webhook_id: str) -> None:
    assert label(watch(webhook_name="orders")) == "orders"


def test_its_name_in_the_service_where_an_id_was_given(webhook_id: str) -> None:
    assert label(watch(webhook_id=webhook_id)) == "orders"


def test_the_name_given_beside_an_id(webhook_id: str) -> None:
    assert label(watch(webhook_id=webhook_id, webhook_name="a label")) == "a label"


def test_a_failed_verdict_has_it_too(webhook_id: str, connected: Sandbox) -> None:
    connected.update_webhook(webhook_id, active=False)

    ended = watch(webhook_id=webhook_id)

    assert ended.how == "ReachDeliveryFailed"
    assert label(ended) == "orders"


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_what_was_asked_for_where_nothing_answers(
    mode: str, connected: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", '{"conn_type": "reach"}')

    assert (
        label(watch(webhook_id="0b2a7a3c-5c0e-4d8f-9a51-2f7f4f1b6d3e", mode=mode))
        == "0b2a7a3c-5c0e-4d8f-9a51-2f7f4f1b6d3e"
    )
    assert label(watch(webhook_name="orders", mode=mode)) == "orders"


def test_a_name_is_no_template(connected: Sandbox) -> None:
    connected.add_webhook("{{ 6 * 7 }}", target=connected.target("orders").url)

    ended = watch(webhook_name="{{ '{{ 6 * 7 }}' }}")

    assert ended.how == "success"
    assert label(ended) == "{{ 6 * 7 }}"


def test_the_author_s_own_label_stays(webhook_id: str) -> None:
    assert label(watch(webhook_name="orders", map_index_template="of {{ task.webhook_name }}")) == "of orders"


def test_a_task_that_is_not_mapped_has_none(webhook_id: str) -> None:
    assert label(watch(webhook_name="orders", map_index=-1)) is None


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([], ""),
        ([None], ""),
        (["None", "", " None\n"], ""),
        (["orders", "an id"], "orders"),
        ([None, "an id"], "an id"),
        (["None", "an id"], "an id"),
        ([" ", "None", " orders\n", "other"], "orders"),
        (["x" * 300], "x" * 100),
    ],
)
def test_the_first_that_is_given_is_the_label(labels: list[str | None], said: str) -> None:
    context: dict[str, Any] = {"ti": SimpleNamespace(map_index=0)}

    label_mapped_instance(context, *labels)

    assert context["reach_webhook"][:99] == said[:99]
    assert len(context["reach_webhook"]) == len(said)


@pytest.mark.parametrize("nothing", ["None", "{{ none }}"])
def test_a_name_that_renders_to_none_is_no_label(nothing: str, webhook_id: str) -> None:
    assert label(watch(webhook_id=webhook_id, webhook_name=nothing)) == "orders"


@pytest.mark.parametrize(
    "name", ["orders", "1.10", "2024_01", "[1]", "'orders'", 'it\'s "so" \\n', "{{ 6 * 7 }}", "\U0001f600"]
)
@pytest.mark.parametrize("native", [False, True])
def test_it_is_that_text_however_the_dag_renders(native: bool, name: str) -> None:
    """Airflow 3.3 fails a task, after its work, whose label is a number."""
    dag = DAG("a_dag", schedule=None, render_template_as_native_obj=native)
    context: dict[str, Any] = {"ti": SimpleNamespace(map_index=0), "dag": dag}

    for _ in range(2):
        label_mapped_instance(context, name)

        assert dag.get_template_env().from_string(context["map_index_template"]).render(context) == name


class Unspeakable:
    def __repr__(self) -> str:
        raise ValueError

    __str__ = __repr__
    __bool__ = __repr__  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(1.1, "1.1", id="a number"),
        pytest.param(["orders"], "['orders']", id="a list"),
        pytest.param(Unspeakable(), "a Unspeakable that cannot be shown", id="an object"),
    ],
)
def test_whatever_it_is_given_it_never_fails(given: Any, said: str) -> None:
    context: dict[str, Any] = {"ti": SimpleNamespace(map_index=0)}

    label_mapped_instance(context, given)

    assert context["reach_webhook"] == said
