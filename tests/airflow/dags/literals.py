"""Secrets written into tasks; this file holds but one, to tell what shows the file from what shows the tasks."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow import DAG

from airflow_provider_reach import ReachCreateWebhookOperator, ReachListWebhooksOperator, ReachUpdateWebhookOperator

TARGETS: dict[str, str] = json.loads(os.environ.get("LITERAL_TARGETS", "{}"))


def planted(where: str, kind: str) -> str:
    return f"planted-in-{where}-{kind}"


def target(where: str) -> str:
    scheme, _, rest = TARGETS.get(where, f"https://consumer.example.com/{where}").partition("//")
    return f"{scheme}//reach:{planted(where, 'userinfo')}@{rest}?key={planted(where, 'query')}"


def basic(where: str) -> dict[str, Any]:
    """A webhook's fields with a secret in each that can hold one."""
    return {
        "target": target(where),
        "custom_headers": {"X-Key": planted(where, "header")},
        "auth_type": "basic",
        "auth_credentials": {"username": "reach", "password": planted(where, "password")},
        "extra": {"client": {"api_key": planted(where, "extra")}},
    }


def oauth2(where: str) -> dict[str, Any]:
    """The same for the other kind of authentication."""
    body = {"client_id": "reach", "client_secret": planted(where, "password"), "more": {"x": planted(where, "more")}}
    details = {"url": TARGETS.get("tokens", "https://tokens.example.com"), "body": body}
    return {
        "target": target(where),
        "custom_headers": {"X-Key": planted(where, "header")},
        "auth_type": "oauth2",
        "auth_request_details": details,
        "extra": {"client": {"api_key": planted(where, "extra")}},
    }


def broken(where: str) -> dict[str, Any]:
    """The same where a template cannot be rendered."""
    credentials = {"username": "{{ nobody.knows }}", "password": planted(where, "password")}
    return {**basic(where), "auth_credentials": credentials}


def refused(where: str) -> dict[str, Any]:
    """The same with a header that is refused before anything is sent."""
    return {**basic(where), "custom_headers": {"X-Key": f"{planted(where, 'header')}\r\nX-Other: header"}}


with DAG(
    dag_id="literals",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    default_args={"retries": 0, "retry_delay": timedelta(0)},
):
    events = ["open"]
    ReachCreateWebhookOperator(
        task_id="source",
        name="source",
        target=target("source"),
        events=events,
        auth_type="basic",
        auth_credentials={"username": "reach", "password": "planted-in-source-password"},
    )
    for where in ("plain", "plain-fails"):
        ReachCreateWebhookOperator(task_id=where, name=where, events=events, **basic(where))
    ReachCreateWebhookOperator(task_id="plain-oauth", name="plain-oauth", events=events, **oauth2("plain-oauth"))
    ReachCreateWebhookOperator(task_id="plain-broken", name="broken", events=events, **broken("plain-broken"))
    ReachCreateWebhookOperator(task_id="plain-refused", name="refused", events=events, **refused("plain-refused"))
    ReachUpdateWebhookOperator(task_id="plain-update", webhook_name="old", always=True, **basic("plain-update"))
    echoed = ReachCreateWebhookOperator(
        task_id="plain-echoed", name="echoed", events=events, reach_conn_id="reach_echoes", **basic("plain-echoed")
    )
    for where, kept in (("declared", basic("declared")), ("declared-oauth", oauth2("declared-oauth"))):
        ReachListWebhooksOperator(
            task_id=where, declared=[{"name": "drifting", "events": events, **kept}], name_pattern="drifting"
        )

    for where in ("partial", "partial-fails"):
        ReachCreateWebhookOperator.partial(task_id=where, events=events, **basic(where)).expand(name=[where])
    mapped_echoed = ReachCreateWebhookOperator.partial(
        task_id="partial-echoed",
        trigger_rule="all_done",
        events=events,
        reach_conn_id="reach_echoes",
        **basic("partial-echoed"),
    ).expand(name=["echoed"])
    echoed >> mapped_echoed
    ReachUpdateWebhookOperator.partial(task_id="partial-update", always=True, **oauth2("partial-update")).expand(
        webhook_name=["older"]
    )
    ReachListWebhooksOperator.partial(
        task_id="partial-declared",
        declared=[{"name": "drifting", "events": events, **basic("partial-declared")}],
        name_pattern="drifting",
    ).expand(on_drift=["warn", "fail"])
    ReachCreateWebhookOperator.partial(task_id="expand", events=events).expand_kwargs(
        [{"name": where, **basic(where)} for where in ("expand", "expand-fails")]
        + [{"name": "expand-oauth", **oauth2("expand-oauth")}]
    )
    ReachCreateWebhookOperator.partial(task_id="broken", events=events).expand_kwargs(
        [{"name": "expand-broken", **broken("expand-broken")}, {"name": "refused", **refused("expand-refused")}]
    )
