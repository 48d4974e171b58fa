"""
Keep the webhooks of a workspace as this table describes them.

Each run creates what is missing, changes what differs, and sends nothing where everything is as it should be; it
corrects what somebody changed by hand. Then it tests the targets, and compares the workspace with the table once more:
a webhook that nobody declared fails the run.

The targets are below ``consumer``, a parameter of the DAG. The credentials at the targets are in the connection
``reach_consumer`` (login and password), where no log and no page of Airflow shows them.

To rotate the password: let the consumer accept both the old and the new one, change it in the connection, and run this
DAG with the parameter ``send_credentials``, which sends them even where the service does not show whether they differ.
Remove the old one 9 hours later: batches that were queued before still carry it.
"""

from datetime import datetime, timedelta, timezone

from airflow import DAG

from airflow_provider_reach import (
    ReachCreateWebhookOperator,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)

WEBHOOKS = [
    {
        "name": "deliveries",
        "target": "{{ params.consumer }}/deliveries",
        "events": ["delivery", "delay", "bounce", "out_of_band"],
        "active": True,
        "target_conn_id": "reach_consumer",
    },
    {
        "name": "engagement",
        "target": "{{ params.consumer }}/engagement",
        "events": ["open", "initial_open", "click"],
        "active": True,
        "target_conn_id": "reach_consumer",
    },
]

with DAG(
    dag_id="example_reach_declare_webhooks",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    params={"consumer": "https://consumer.example.com/reach", "send_credentials": False},
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
    tags=["reach"],
):
    declare = ReachCreateWebhookOperator.partial(task_id="declare", if_exists="update").expand_kwargs(WEBHOOKS)
    names = [webhook["name"] for webhook in WEBHOOKS]
    credentials = ReachUpdateWebhookOperator.partial(
        task_id="credentials", target_conn_id="reach_consumer", always="{{ params.send_credentials }}"
    ).expand(webhook_name=names)
    validate = ReachValidateWebhookOperator.partial(task_id="validate").expand(webhook_name=names)
    compare = ReachListWebhooksOperator(task_id="compare", declared=WEBHOOKS)

    declare >> credentials >> validate >> compare
