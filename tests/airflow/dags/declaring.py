"""The operators that change webhooks as a DAG's author may use them: mapped, templated, fed by XComs, retried."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow import DAG
from airflow.providers.common.compat.sdk import AirflowFailException, task

from airflow_provider_reach import (
    ReachCreateWebhookOperator,
    ReachDeleteWebhookOperator,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)

LOST = ("before", "after", "truncated", "cut")
NOT_A_TEMPLATE = "{{ conn.reach_default.password }}"

with DAG(
    dag_id="declaring",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={
        "consumer": "https://consumer.example.com",
        "name": "templated",
        "active": False,
        "nothing": None,
        "down": "",
    },
    default_args={"retries": 1, "retry_delay": timedelta(0)},
):

    @task
    def rows(params: Any = None) -> list[dict[str, Any]]:
        consumer = params["consumer"]
        return [
            {"name": "from a row", "target": f"{consumer}/row", "events": ["open"], "active": False},
            {"name": "jinja {{ 6 * 7 }}", "target": f"{consumer}/row", "events": ["open"]},
        ]

    @task
    def names() -> list[str]:
        return ["jinja {{ 6 * 7 }}"]

    @task
    def targets(params: Any = None) -> list[str]:
        return [f"{params['consumer']}/{{{{6*7}}}}"]

    @task
    def headers() -> list[dict[str, str]]:
        return [{"X-Key": NOT_A_TEMPLATE}]

    @task
    def credentials() -> list[dict[str, str]]:
        return [{"username": "{{ 6 * 7 }}", "password": NOT_A_TEMPLATE}]

    @task
    def not_templates() -> Any:
        return {"X-Key": NOT_A_TEMPLATE}

    @task
    def a_password() -> Any:
        return "from another task"

    @task
    def a_name() -> str:
        return "named by a task"

    @task
    def ids(made: Any) -> list[str]:
        return [one["webhook_id"] for one in made]

    @task
    def fails() -> Any:
        raise AirflowFailException("so that the tasks that take its XCom cannot run")

    consumer = "{{ params.consumer }}"

    made_of_rows = ReachCreateWebhookOperator.partial(task_id="create_rows").expand_kwargs(rows())
    ReachCreateWebhookOperator.partial(task_id="create_columns", events=["open"], auth_type="basic").expand(
        name=names(), target=targets(), custom_headers=headers(), auth_credentials=credentials()
    )
    password: Any = a_password()
    made_by_name = ReachCreateWebhookOperator.partial(
        task_id="create_names",
        target=f"{consumer}/names",
        events=["open", "click"],
        custom_headers=not_templates(),
        auth_type="basic",
        auth_credentials={"username": "reach", "password": password},
    ).expand(name=["first", "{{ params.name }} second"])
    by_map = ReachValidateWebhookOperator.partial(task_id="validate_map").expand_kwargs(
        made_of_rows.output.map(lambda made: {"webhook_id": made["webhook_id"]})
    )
    by_task = ReachValidateWebhookOperator.partial(task_id="validate_ids").expand(webhook_id=ids(made_by_name.output))
    changed = ReachUpdateWebhookOperator.partial(task_id="update_rows").expand_kwargs(
        [
            {"webhook_name": "first", "active": "{{ params.active }}", "events": None},
            {"webhook_name": "first", "custom_headers": {}},
        ]
    )
    failed = ReachUpdateWebhookOperator.partial(task_id="update_failing", active=False).expand(webhook_name=["nobody"])
    changed_too = ReachUpdateWebhookOperator.partial(task_id="update_ids", events=["bounce"]).expand(
        webhook_id=ids.override(task_id="ids_to_update")(made_by_name.output)
    )
    deleted = ReachDeleteWebhookOperator.partial(task_id="delete_names").expand(
        webhook_name=["from a row", "{{ params.name }} second", "never there"]
    )
    made_of_rows >> by_map >> deleted
    made_by_name >> by_task >> changed >> changed_too >> [deleted, failed]

    templated = ReachCreateWebhookOperator(
        task_id="create_templated",
        name="{{ params.name }}",
        target=f"{consumer}/templated",
        events="{{ ['open', 'click'] }}",
        active="{{ params.nothing }}",
        custom_headers={"X-Name": "{{ params.name }}"},
        auth_credentials="{{ params.nothing }}",
        if_exists="{{ 'fail' }}",
    )
    made_id = "{{ ti.xcom_pull(task_ids='create_templated')['webhook_id'] }}"
    nothing = ReachUpdateWebhookOperator(
        task_id="update_nothing",
        webhook_id=made_id,
        name="{{ params.nothing }}",
        events="{{ params.nothing }}",
        active="{{ not params.active }}",
        custom_headers="{{ params.nothing }}",
    )
    emptied = ReachUpdateWebhookOperator(
        task_id="update_empty",
        webhook_id=made_id,
        target="{{ params.nothing }}",
        active="{{ params.active }}",
        custom_headers="{{ {} }}",
    )
    again = ReachUpdateWebhookOperator(
        task_id="update_always", webhook_id=made_id, active="{{ params.active }}", always="{{ not params.active }}"
    )
    gone = ReachDeleteWebhookOperator(
        task_id="delete_templated", webhook_id=made_id, ignore_if_missing="{{ params.active }}"
    )
    gone_already = ReachDeleteWebhookOperator(
        task_id="delete_gone", webhook_id=made_id, ignore_if_missing="{{ params.nothing }}"
    )
    missed = ReachDeleteWebhookOperator(
        task_id="delete_missed", webhook_id=made_id, ignore_if_missing="{{ params.active }}"
    )
    templated >> nothing >> emptied >> again >> gone >> gone_already >> missed

    password_of_fed: Any = a_password.override(task_id="password_of_fed")()
    fed = ReachCreateWebhookOperator(
        task_id="create_fed",
        name=a_name(),
        target=f"{consumer}/fed",
        events=["open"],
        custom_headers=not_templates.override(task_id="headers_of_fed")(),
        auth_type="basic",
        auth_credentials={"username": "reach", "password": password_of_fed},
    )
    fed >> ReachListWebhooksOperator(
        task_id="compare_fed",
        reach_conn_id="reach_default",
        name_pattern="named by a task",
        declared=[
            {
                "name": "named by a task",
                "target": f"{consumer}/fed",
                "events": ["open"],
                "custom_headers": not_templates.override(task_id="headers_of_declared")(),
            }
        ],
    )
    ReachCreateWebhookOperator(
        task_id="create_unfed",
        name="never",
        target=f"{consumer}/never",
        events=["open"],
        custom_headers=fails.override(task_id="no_headers")(),
    )
    no_password: Any = fails.override(task_id="no_password")()
    ReachUpdateWebhookOperator(
        task_id="update_unfed",
        webhook_name="first",
        auth_type="basic",
        auth_credentials={"username": "reach", "password": no_password},
    )

    ReachCreateWebhookOperator.partial(task_id="create_failing").expand_kwargs(
        [
            {"name": "no events", "target": consumer, "events": []},
            {"name": "two of a name", "target": consumer, "events": ["open"]},
            {"name": "for good", "target": consumer, "events": ["open"], "if_exists": "fail"},
            {"name": "target is down", "target": "{{ params.down }}", "events": ["open"]},
        ]
    )
    ReachValidateWebhookOperator.partial(task_id="validate_failing").expand(webhook_name=["down", "nobody"])

    ReachCreateWebhookOperator.partial(task_id="create_lost", target=f"{consumer}/lost", events=["open"]).expand_kwargs(
        [{"name": f"lost {how}", "reach_conn_id": f"reach_{how}"} for how in (*LOST, "settled")]
    )
