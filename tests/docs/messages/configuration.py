"""The messages about connections and settings."""

from __future__ import annotations

import asyncio
from typing import NoReturn

import pytest
from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from airflow_provider_reach import (
    ReachCreateWebhookOperator,
    ReachHook,
    ReachListWebhooksOperator,
)
from airflow_provider_reach.core.errors import ReachError
from tests.docs.messages.stage import NAME, SPEC, URL, Stage, Told, failed, message, ran, sensor, watched
from tests.tasks import in_dag, run
from tests.unit.core.helpers import ID


@message
def connection_wrong(stage: Stage) -> Told:
    stage.connection(host="http://reach.example.com", extra={"workspace": ID, "timeout": "soon"})
    return failed(run(sensor()).raised)


@message
def connection_schema(stage: Stage) -> Told:
    extra = {"workspace_id": ID, "region": "eu"}
    stage.connection(schema="a-secret", login="a-secret", extra=extra)
    return failed(run(sensor()).raised)


@message
def connection_contradicts_itself(stage: Stage) -> Told:
    stage.connection(host="http://127.0.0.1/api", schema="https", password="a-key", extra={"workspace_id": ID})
    return failed(run(sensor()).raised)


@message
def connection_of_a_broken_import(stage: Stage) -> Told:
    whole = '"conn_type": "reach", "password": "a-key"'
    stage.connection(schema=whole)
    return failed(run(sensor()).raised)


@message
def connection_missing(stage: Stage) -> Told:
    def missing(conn_id: str) -> NoReturn:  # Airflow's own search for it wants a database
        raise AirflowNotFoundException(conn_id)

    stage.environment.setattr(BaseHook, "get_connection", staticmethod(missing))
    return failed(run(sensor()).raised)


@message
def connection_unreadable(stage: Stage) -> Told:
    def unreadable(conn_id: str) -> NoReturn:
        raise ConnectionError(conn_id)

    stage.environment.setattr(BaseHook, "get_connection", staticmethod(unreadable))
    return failed(run(sensor()).raised)


@message
def too_few_connections(stage: Stage) -> Told:
    async def opened() -> None:
        async with ReachHook().async_client():
            pass

    stage.reach()
    stage.environment.setenv("AIRFLOW__REACH__MAX_CONNECTIONS", "none")
    with pytest.raises(ReachError) as raised:
        asyncio.run(opened())
    return watched(raised.value)


@message
def target_connection_missing(stage: Stage) -> Told:
    def missing(conn_id: str) -> NoReturn:
        raise AirflowNotFoundException(conn_id)

    stage.environment.setattr(BaseHook, "get_connection", staticmethod(missing))
    return ran(ReachCreateWebhookOperator, **SPEC, target_conn_id="reach_consumer")


@message
def target_connection_wrong(stage: Stage) -> Told:
    extra = {"header": "X", "token_url": "https://login.example.com", "token_fields": {"client_id": "x"}}
    stage.connection("reach_consumer", login="reach", password="a-password", extra=extra)
    return ran(ReachCreateWebhookOperator, **SPEC, target_conn_id="reach_consumer")


@message
def target_connection_empty(stage: Stage) -> Told:
    stage.connection("reach_consumer")
    return ran(ReachCreateWebhookOperator, **SPEC, target_conn_id="reach_consumer")


@message
def unknown_extras(stage: Stage) -> Told:
    reach = stage.reach()
    stage.connection(**{**reach.connection, "extra": {**reach.connection["extra"], "retries": 3}})
    run(in_dag(ReachListWebhooksOperator, allow_empty=True))
    return stage.line("extras that mean nothing")


@message
def unknown_target_extras(stage: Stage) -> Told:
    stage.connection("reach_consumer", login="reach", password="a-password", extra={"team": "mail"})
    stage.reach().add_webhook(NAME, target=URL)
    run(in_dag(ReachCreateWebhookOperator, **SPEC, target_conn_id="reach_consumer"))
    return stage.line("extras that mean nothing")


@message
def key_of_another_api(stage: Stage) -> Told:
    reach = stage.reach()
    stage.connection(**{**reach.connection, "password": "bk_not_for_reach"})
    run(in_dag(ReachListWebhooksOperator))
    return stage.line("bk_")


@message
def literal_secret(stage: Stage) -> Told:
    stage.reach().add_webhook(NAME, target=URL)
    basic = {"auth_type": "basic", "auth_credentials": {"username": "reach", "password": "a-password"}}
    run(in_dag(ReachCreateWebhookOperator, **SPEC, **basic))
    return stage.line("given literally")
