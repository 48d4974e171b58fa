"""The operators in a real Airflow: what it maps, renders, hands from task to task and tries again is its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.airflow.real_airflow import RealAirflow, Run

LOST = {
    "before": Fault.reset_before(),
    "after": Fault.reset_after(),
    "truncated": Fault.truncated(),
    "cut": Fault.cut_json(),
}


API_KEY = "planted-api-key"
NOT_A_TEMPLATE = "{{ conn.reach_default.password }}"


@pytest.fixture
def sandboxes() -> Iterator[dict[str, Sandbox]]:
    names = ("default", *LOST, "settled")
    with ExitStack() as stack:
        yield {name: stack.enter_context(Sandbox(target_timeout=5, api_key=API_KEY)) for name in names}


def lose_answers(sandboxes: dict[str, Sandbox]) -> None:
    """The answer to a creation is lost; in all cases but one the first try cannot look what became of it, either."""
    for name, fault in LOST.items():
        sandboxes[name].fail(fault, on="create")
        sandboxes[name].fail(Fault.slow(0), on="list")
        sandboxes[name].fail(Fault.status(403), on="list")
    sandboxes["settled"].fail(Fault.reset_after(), on="create")


@pytest.fixture
def run(sandboxes: dict[str, Sandbox], airflow: RealAirflow) -> Run:
    """All tasks in one run of Airflow, since each takes its time."""
    lose_answers(sandboxes)
    reach = sandboxes["default"]
    for name in ("two of a name", "two of a name", "for good"):
        reach.add_webhook(name, target=reach.target("consumer").url)
    reach.add_webhook("down", target=reach.target("down").url)
    reach.target("down").answer(503, "no database connection")
    return airflow.test_dag(
        "declaring",
        conf={"consumer": reach.target("consumer").url, "down": reach.target("down").url},
        **{f"reach_{name}": sandbox.connection_json for name, sandbox in sandboxes.items()},
    )


def sent(reach: Sandbox, operation: str) -> list[dict[str, Any]]:
    """The bodies of all requests of an operation that were carried out, and of an update also whose it is."""
    done = [request for request in reach.requests if request.operation == operation and request.status == 200]
    return [json.loads(request.body) | {"of": request.path.rpartition("/")[2]} for request in done]


@pytest.mark.long
def test_operators(run: Run, sandboxes: dict[str, Sandbox]) -> None:
    reach = sandboxes["default"]
    returned = {(task, index): value for (task, index, key), value in run.xcoms.items() if key == "return_value"}
    created = {body["name"]: body for body in sent(reach, "create")}
    updates: dict[str, list[dict[str, Any]]] = {}
    for body in sent(reach, "update"):
        updates.setdefault(body.pop("of"), []).append(body)

    every_task_ends_as_it_should_under_its_own_name(run)
    failures_say_why(run)
    mapped_tasks_take_literals_and_xcoms(returned, created, updates, reach.target("consumer").url)
    what_a_template_renders_to_is_given_or_not(run, returned, created, updates)
    upstream_tasks_give_secrets(created)
    texts_of_xcoms_are_no_templates(created, reach.target("consumer").url)
    lost_answers_make_no_second_webhook(run, sandboxes)


def every_task_ends_as_it_should_under_its_own_name(run: Run) -> None:
    operators = ("create_", "update_", "validate_", "delete_", "compare_")
    ended = {
        key: (task.state, task.label, task.tries) for key, task in run.tasks.items() if key[0].startswith(operators)
    }
    assert ended == {
        ("create_rows", 0): ("success", "from a row", 1),
        ("create_rows", 1): ("success", "jinja 42", 1),
        ("create_columns", 0): ("success", "jinja {{ 6 * 7 }}", 1),
        ("create_names", 0): ("success", "first", 1),
        ("create_names", 1): ("success", "templated second", 1),
        ("validate_map", 0): ("success", "from a row", 1),
        ("validate_map", 1): ("success", "jinja 42", 1),
        ("validate_ids", 0): ("success", "first", 1),
        ("validate_ids", 1): ("success", "templated second", 1),
        ("update_rows", 0): ("success", "first", 1),
        ("update_rows", 1): ("success", "first", 1),
        ("update_ids", 0): ("success", "first", 1),
        ("update_ids", 1): ("success", "templated second", 1),
        ("delete_names", 0): ("success", "from a row", 1),
        ("delete_names", 1): ("success", "templated second", 1),
        ("delete_names", 2): ("success", "never there", 1),
        ("create_templated", -1): ("success", None, 1),
        ("update_nothing", -1): ("success", None, 1),
        ("update_empty", -1): ("success", None, 1),
        ("update_always", -1): ("success", None, 1),
        ("delete_templated", -1): ("success", None, 1),
        ("delete_gone", -1): ("success", None, 1),
        ("delete_missed", -1): ("failed", None, 1),
        ("create_fed", -1): ("success", None, 1),
        ("compare_fed", -1): ("success", None, 1),
        ("create_unfed", -1): ("upstream_failed", None, 0),  # or it would have run without its headers
        ("update_unfed", -1): ("upstream_failed", None, 0),
        ("create_failing", 0): ("failed", "no events", 1),
        ("create_failing", 1): ("failed", "two of a name", 1),
        ("create_failing", 2): ("failed", "for good", 1),
        ("create_failing", 3): ("failed", "target is down", 2),  # a target may be restarting
        ("update_failing", 0): ("failed", "nobody", 1),
        ("validate_failing", 0): ("failed", "down", 2),
        ("validate_failing", 1): ("failed", "nobody", 1),
        ("create_lost", 0): ("success", "lost before", 2),
        ("create_lost", 1): ("success", "lost after", 2),
        ("create_lost", 2): ("success", "lost truncated", 2),
        ("create_lost", 3): ("success", "lost cut", 2),
        ("create_lost", 4): ("success", "lost settled", 1),
    }


def failures_say_why(run: Run) -> None:
    assert "\n  - events is empty or holds an empty text: name at least one event type" in run.output
    assert "2 webhooks are named 'two of a name', so that the name does not tell which is meant" in run.output
    assert "Could not create webhook 'for good': there is one of that name already" in run.output
    assert run.output.count("The next try of this task looks for it first.") >= len(LOST)
    assert "the webhook's target answered HTTP 503: no database connection" in run.output


def mapped_tasks_take_literals_and_xcoms(
    returned: dict[tuple[str, int], Any],
    created: dict[str, Any],
    updates: dict[str, list[dict[str, Any]]],
    consumer: str,
) -> None:
    ids = {name: returned["create_names", index]["webhook_id"] for index, name in enumerate(("first", "second"))}
    row = returned["create_rows", 0]
    assert row == {"webhook_id": row["webhook_id"], "created": True, "changed": []}
    assert returned["validate_map", 0] == returned["validate_map", 0] | {
        "webhook_id": row["webhook_id"],
        "webhook_name": "from a row",
        "status": 200,
    }
    assert [returned["validate_ids", index]["webhook_id"] for index in (0, 1)] == list(ids.values())
    assert created["from a row"] == created["from a row"] | {
        "target": f"{consumer}/row",
        "events": ["open"],
        "active": False,
    }
    assert created["templated second"]["target"] == f"{consumer}/names"
    by_row = sorted((returned["update_rows", index]["changed"] for index in (0, 1)), key=str)
    assert by_row == [["active"], ["custom_headers"]]
    first = updates[ids["first"]]
    assert sorted(first[:2], key=str) == [{"active": False}, {"custom_headers": {}}]
    assert first[2:] == updates[ids["second"]] == [{"events": ["bounce"]}]
    assert [returned["delete_names", index] for index in (0, 1, 2)] == [
        {"webhook_id": row["webhook_id"], "deleted": True},
        {"webhook_id": ids["second"], "deleted": True},
        {"webhook_id": "", "deleted": False},
    ]


def what_a_template_renders_to_is_given_or_not(
    run: Run, returned: dict[tuple[str, int], Any], created: dict[str, Any], updates: dict[str, list[dict[str, Any]]]
) -> None:
    webhook_id = returned["create_templated", -1]["webhook_id"]
    body = created["templated"]
    assert set(body) - {"of"} == {"name", "target", "events", "custom_headers"}
    assert (body["events"], body["custom_headers"]) == (["open", "click"], {"X-Name": "templated"})
    assert updates[webhook_id] == [{"active": False, "custom_headers": {}}, {"active": False}]
    assert returned["update_nothing", -1] == {"webhook_id": webhook_id, "changed": []}
    assert returned["update_empty", -1] == {"webhook_id": webhook_id, "changed": ["active", "custom_headers"]}
    assert returned["delete_templated", -1] == {"webhook_id": webhook_id, "deleted": True}
    assert returned["delete_gone", -1] == {"webhook_id": webhook_id, "deleted": False}
    assert f"'templated' ({webhook_id}) exists and is what was declared: nothing was sent." in run.output


def upstream_tasks_give_secrets(created: dict[str, Any]) -> None:
    for name in ("named by a task", "first", "templated second"):
        assert created[name]["custom_headers"] == {"X-Key": NOT_A_TEMPLATE}
        assert created[name]["auth_credentials"] == {"username": "reach", "password": "from another task"}


def texts_of_xcoms_are_no_templates(created: dict[str, Any], consumer: str) -> None:
    """Else who writes an XCom could send any connection's password to a target of their own."""
    columns = created["jinja {{ 6 * 7 }}"]
    assert columns["target"] == f"{consumer}/{{{{6*7}}}}"
    assert columns["custom_headers"] == {"X-Key": NOT_A_TEMPLATE}
    assert columns["auth_credentials"] == {"username": "{{ 6 * 7 }}", "password": NOT_A_TEMPLATE}
    # Rows that expand_kwargs takes from an XCom are rendered by Airflow itself, 2.11 and 3.3, for any operator.
    assert "jinja 42" in created
    assert API_KEY not in json.dumps(created)


def lost_answers_make_no_second_webhook(run: Run, sandboxes: dict[str, Sandbox]) -> None:
    made = [name for name in sandboxes if name != "default"]
    for name in made:
        asked = [str(request.operation) for request in sandboxes[name].requests]
        assert asked[:3] == ["list", "create", "list"], name  # it looks before a creation, and after a lost answer
        assert asked.count("create") == (2 if name == "before" else 1), name
    for index, name in enumerate(made):
        [webhook] = sandboxes[name].state()["webhooks"]
        assert run.xcoms["create_lost", index, "return_value"] == {
            "webhook_id": webhook["id"],
            "created": name in ("before", "settled"),
            "changed": [],
        }


@pytest.mark.long
def test_a_webhook_that_is_called_like_a_template_with_headers_called_like_airflow_s_marks(
    reach: Sandbox, airflow: RealAirflow
) -> None:
    headers = dict.fromkeys(("__id__", "__classname__", "__type", "__var"), "x")
    reach.add_webhook(
        "is {{ 6 * 7 }} {{ conn.reach_default.password }}", target=reach.target("orders").url, custom_headers=headers
    )
    reach.target("orders").answer(200, headers=headers)

    run = airflow.test_dag("every_webhook", reach_default=reach.connection_json)

    assert run.state == "success"
    [label] = {states.label for (task_id, _), states in run.tasks.items() if task_id == "validate_target"}
    assert label == "is { { 6 * 7 }} { { conn.reach_default.password }}"
    assert "is 42" not in run.output + "".join(airflow.left_behind().values())
    of_webhook, of_answer = run.xcoms["header_names", -1, "return_value"]
    assert of_webhook == ["_ _classname__", "_ _id__", "_ _type", "_ _var"]
    assert {*of_webhook} <= {*of_answer}


@pytest.mark.long
def test_names_in_a_dag_that_renders_natively(reach: Sandbox, airflow: RealAirflow) -> None:
    others = ["1.1", "202401", "orders", "1000.0", "31", "10"]
    ids = [reach.add_webhook(name, target=reach.target("consumer").url) for name in others]

    ended = airflow.test_dag(
        "natively", conf={"consumer": reach.target("consumer").url}, reach_default=reach.connection_json
    )

    refused = {"number_by_params", "number_by_xcom", "mapped_number"}
    states = {task_id: task.state for (task_id, _), task in ended.tasks.items()}
    assert {task_id for task_id, state in states.items() if state != "success"} == refused, ended.output
    assert ended.output.count("webhook_name must be a text, not 1.1 (float). Put it in quotes;") >= 3
    created = sent(reach, "create")
    assert {body["name"] for body in created} == {"1.10", "2024_01", "'orders'", "1_0", "1e3", "0x1F"}
    assert {body["account"] for body in created} == {"007"}
    assert {webhook["name"] for webhook in reach.state()["webhooks"]} == {*others, "1_0", "1e3", "0x1F"}
    asked = [request for request in reach.requests if request.operation not in ("list", "create")]
    assert not [request.path for request in asked if any(webhook_id in request.path for webhook_id in ids)]
    assert [request.operation for request in asked].count("validate") == 1
    assert len(sent(reach, "update")) == 1
