"""Arguments that are no plain JSON, wherever they may hold secrets, in tasks that are mapped or not; none is run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from airflow import DAG
from airflow.providers.common.compat.sdk import task

from airflow_provider_reach import ReachCreateWebhookOperator, ReachListWebhooksOperator, ReachUpdateWebhookOperator
from airflow_provider_reach.integration.secret_fields import SECRET_FIELDS


class Thing:
    pass


def function() -> None:
    pass


def placed(value: Any) -> Iterator[Any]:
    """A value, and it deeper in another."""
    yield from (value, {"field": value}, {"field": {"deeper": [value]}}, [value])
    if value.__hash__:
        yield {value: "x"}


dag = DAG(dag_id="odd_values", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), params={"x": "y"})
with dag:

    @task
    def feeding() -> dict[str, Any]:
        return {}

    fed: Any = feeding()
    plain: dict[str, Any] = {
        "xcom": fed,
        "key of an xcom": fed["key"],
        "mapped xcom": fed.map(function),
        "time": datetime(2026, 1, 1, tzinfo=timezone.utc),
        "duration": timedelta(days=1),
    }
    odd: dict[str, Any] = {
        "param": dag.param("x"),
        "function": function,
        "lambda": lambda context, jinja_env: None,
        "partial": partial(function),
        "object": Thing(),
        "class": Thing,
        "uuid": UUID(int=1),
        "decimal": Decimal("1.10"),
        "bytes": b"x",
        "set": {"a", "b", "c"},
        "frozen set": frozenset({"a", "b", "c"}),
    }
    needed: dict[str, Any] = {"name": "orders", "target": "https://consumer.example.com", "events": ["open"]}
    for kind, value in {**plain, **odd}.items():
        label = kind.replace(" ", "_")
        for at, given in enumerate(placed(value)):
            for field in SECRET_FIELDS:
                ReachUpdateWebhookOperator(task_id=f"{label}_{at}_{field}", webhook_name="orders", **{field: given})
            ReachListWebhooksOperator(task_id=f"{label}_{at}_declared", declared=given)
            ReachListWebhooksOperator(task_id=f"{label}_{at}_row", declared=[{**needed, "extra": given, "name": given}])
        if kind in plain and kind != "mapped xcom":
            ReachCreateWebhookOperator.partial(task_id=f"{label}_partial", **needed | {"extra": {"x": value}}).expand(
                custom_headers=[{"X": "y"}]
            )
        ReachUpdateWebhookOperator.partial(task_id=f"{label}_expand", custom_headers={"X": "y"}).expand(
            webhook_name=[value] if kind in ("time", "duration") else value if kind == "xcom" else ["orders"]
        )
