"""Connections, policies, watches, endings and webhooks of any values: kept rules, or an error that names the field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url
from yarl import URL

from airflow_provider_reach.core.api.operations import (
    any_request,
    get_batch_status,
    get_webhook,
    list_webhooks,
)
from airflow_provider_reach.core.api.request import request_for
from airflow_provider_reach.core.config import REGIONS, ReachConfig, is_loopback
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import (
    ReachConfigError,
    ReachError,
    ReachInputError,
    ReachServerError,
    ReachTargetError,
    ReachVersionError,
)
from airflow_provider_reach.core.fields import FIELDS
from airflow_provider_reach.core.policy import POLICY_FIELDS, DeliveryPolicy
from airflow_provider_reach.core.target.response import TargetResponse
from airflow_provider_reach.core.text import is_uuid
from airflow_provider_reach.core.watch.events import TimedOut, event_of, read_event
from airflow_provider_reach.core.watch.watch import WATCH_FIELDS, Watch
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from airflow_provider_reach.integration.arguments import webhook_fields, webhook_specs
from airflow_provider_reach.integration.connection_form import EXTRA_FIELDS
from airflow_provider_reach.integration.reach_connection import read_connection
from airflow_provider_reach.integration.target_connection import target_fields
from tests.fuzz.test_assess import policies
from tests.fuzz.values import (
    SECRET,
    anything,
    check_said,
    examples,
    json_values,
    plain,
    python_values,
    real,
    scalars,
    texts,
)
from tests.unit.core.helpers import ID, NOW, failed

WORDS = [*EXTRA_FIELDS, "password", "host", "port", "extras"]

# Connections

hosts = st.one_of(
    st.none(),
    json_values,
    st.builds(
        lambda scheme, user, host, port, path: f"{scheme}{user}{host}{port}{path}",
        st.sampled_from(
            ["https://", "http://", "", "HTTP://", "ftp://", "//", "https:", "http:\\\\", "https://http://"]
        ),
        st.sampled_from(["", "", "", "me@", f"me:{SECRET}@", "@", "127.0.0.1\\@", "localhost#@", "localhost%40"]),
        st.sampled_from(
            [
                "email.eu-west-1.api.bird.com",
                "example.com",
                "127.0.0.1",
                "localhost",
                "LOCALHOST.",
                "[::1]",
                "::1",
                "[fe80::1%25eth0]",
                "0x7f.1",
                "2130706433",
                "127.1",
                "localhost.example.com",
                "127.0.0.1.example.com",
                "b\u00fccher.example",
                "\uff11\uff12\uff17.0.0.1",
                "example.com\u3002evil",
                "127.0.0.1\tevil.com",
                "127.0.0.1;evil.com",
                "",
            ]
        ),
        st.sampled_from(["", ":8000", ":0", ":99999", ":x", ":", ":80:80"]),
        st.sampled_from(
            ["", "/", "/api", "/api/", "/a b", "/api?x=1", "/api#x", "/../x", "/\r\nX-Evil: 1", "\\@evil.com"]
        ),
    ),
)
keys = st.one_of(
    st.just(SECRET), st.just(f"bk_{SECRET}"), st.just(f" {SECRET}\n"), st.just(f"Bearer {SECRET}"), json_values
)
ids = st.one_of(
    st.just(ID),
    st.just(ID.upper()),
    st.just(f" {ID} "),
    st.just(f"{{{ID}}}"),
    st.just(ID.replace("-", "")),
    python_values,
)
extras = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "workspace_id": ids,
            "region": st.sampled_from(["eu", "us", "EU ", "ap"]) | python_values,
            "auth_scheme": st.sampled_from(["AccessKey", "bearer", f"Bearer {SECRET}"]) | python_values,
            "timeout": st.sampled_from([30, "30", 0, -1, 300.1, "nan", "1e999", True]) | python_values,
            "allow_http": st.sampled_from([True, "true", "yes", 0, "maybe"]) | python_values,
            "misspelt": python_values,
        },
    ),
    json_values,
)
connections: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    conn_id=st.just("reach_default") | texts.map(lambda text: text[:250]),
    host=hosts,
    port=st.none() | st.sampled_from([0, 80, 8000, 99999, -1, "80"]) | json_values,
    schema=st.none() | st.sampled_from(["api", "https", "/../x"]) | json_values,
    login=st.none() | json_values,
    password=keys,
    extra=st.none() | texts,
    extra_dejson=extras,
)


def goes_to(config: ReachConfig) -> set[str | None]:
    """The hosts to which the libraries say that the base URL leads."""
    return {
        (urlsplit(config.base_url).hostname or "").lower(),
        (parse_url(config.base_url).host or "").strip("[]").lower(),
        (URL(config.base_url).raw_host or "").lower(),
    }


@given(connections)
@examples(2)
def test_a_connection_keeps_the_rules_or_says_what_is_wrong(fields: dict[str, Any]) -> None:
    conn = SimpleNamespace(**real(fields))
    try:
        config = read_connection(conn)
    except ReachConfigError as error:
        check_said(str(error), lines=12)
        assert all(any(word in problem for word in WORDS) for problem in error.problems)
        return
    check_config(config, conn.extra_dejson)


def check_config(config: ReachConfig, extra: Mapping[str, Any]) -> None:
    assert is_uuid(config.workspace_id)
    assert config.workspace_id == config.workspace_id.lower()
    assert config.auth_scheme in ("AccessKey", "Bearer")
    assert 0 < config.timeout <= 300
    assert config.api_key.isascii()
    assert config.api_key.isprintable()
    assert " " not in config.api_key
    assert config.api_key not in repr(config) or config.api_key in config.base_url + config.workspace_id
    assert config.base_url.isprintable()
    if config.base_url in REGIONS.values():
        return
    parts = urlsplit(config.base_url)
    assert parts.scheme in ("https", "http")
    assert not parts.username
    assert not parts.password
    allowed = str(extra.get("allow_http")).strip().lower() in ("true", "1", "yes", "on")
    if parts.scheme == "http" and not allowed:
        assert all(is_loopback(str(host)) for host in goes_to(config)), goes_to(config)
    assert len(goes_to(config)) == 1 or not parts.netloc.isascii(), goes_to(config)
    request = request_for(list_webhooks(), config, "test")
    assert request.url.startswith(f"{config.base_url}/workspaces/{config.workspace_id}/")


@given(connections)
@examples(0.5)
def test_a_targets_connection_gives_fields_or_says_what_is_wrong(fields: dict[str, Any]) -> None:
    conn = SimpleNamespace(**real(fields))
    try:
        given_ = target_fields(conn)
    except ReachConfigError as error:
        check_said(str(error), lines=30)
        return
    assert given_.keys() <= set(FIELDS)
    with_fields = WebhookChanges(**given_)
    assert not isinstance(conn.password, str) or SECRET not in conn.password or SECRET not in repr(with_fields)


# Policies and watches

rendered_values = st.one_of(
    scalars,
    st.integers(-2, 40_000),
    st.sampled_from(
        [
            *("10", " 10 ", "10.0", "3600", "1e3", "1h30m", "01:30:00", "PT90M", "90:00"),
            *("fail", "warn", "True", "false", "200", "2xx", "2026-01-31T02:00:00Z", "2026-01-31"),
        ]
    ),
)
policy_values = st.one_of(anything, rendered_values, st.timedeltas(timedelta(0), timedelta(hours=9)))
policy_fields = st.dictionaries(st.sampled_from(POLICY_FIELDS), policy_values, max_size=5)


@given(policy_fields)
@examples(1)
def test_a_policy_is_whole_or_says_what_is_wrong(given_: dict[str, Any]) -> None:
    try:
        policy = DeliveryPolicy(**real(given_))
    except ReachInputError as error:
        check_said(str(error), lines=14)
        assert all(any(name in problem for name in POLICY_FIELDS) for problem in error.problems)
        return
    assert DeliveryPolicy(**{name: getattr(policy, name) for name in POLICY_FIELDS}) == policy
    assess([failed()], NOW, policy, watched_from=NOW)


@given(st.dictionaries(st.sampled_from([*WATCH_FIELDS, *POLICY_FIELDS, "newer"]), rendered_values, max_size=8), scalars)
@examples(1)
def test_a_trigger_of_any_arguments_watches_or_says_why_not(scalars_: dict[str, Any], version: Any) -> None:
    begun = {"watched_from": NOW.isoformat(), "deadline": NOW.isoformat(), "version": version, **scalars_}
    try:
        watch = Watch.from_scalars(begun, "1.2.3")
    except (ReachInputError, ReachVersionError) as error:
        check_said(str(error))
        return
    assert Watch.from_scalars(plain(watch.to_scalars()), "1.2.3") == watch
    for now in (NOW, NOW + timedelta(days=40)):
        assert watch.next_look(now) >= 1
        assert 0 <= watch.tolerance_at(now) <= watch.outage_tolerance.total_seconds()


def watches() -> st.SearchStrategy[Watch]:
    """Any that a sensor can begin."""
    whole = st.timedeltas(timedelta(0), timedelta(days=400))
    return st.builds(
        Watch.begin,
        webhook_id=st.just(ID) | texts,
        webhook_name=texts,
        policy=policies(),
        watched_from=st.datetimes(datetime(2000, 1, 1), datetime(2999, 1, 1), timezones=st.just(timezone.utc)),
        timeout=whole,
        execution_timeout=st.none() | whole,
        poke_interval=whole,
        outage_tolerance=whole,
        silent_fail=st.booleans(),
        version=st.just("1.2.3"),
    )


@given(watches())
@examples(0.5)
def test_a_watch_is_the_same_after_the_database(watch: Watch) -> None:
    again = Watch.from_scalars(plain(watch.to_scalars()), "1.2.3")
    # Seconds are kept as a float, which may round the last of the microseconds.
    for name in WATCH_FIELDS:
        was, now = getattr(watch, name), getattr(again, name)
        assert abs(was - now) <= timedelta(microseconds=1) if isinstance(was, timedelta) else was == now
    assert again.deadline >= again.watched_from


# Endings

errors = st.one_of(
    st.builds(ReachInputError, st.lists(texts, max_size=3), texts),
    st.builds(
        ReachServerError,
        texts,
        operation=texts,
        status=st.integers(),
        service_message=texts,
        retry_after=st.none() | st.floats(0, 1e6),
    ),
    st.builds(
        ReachTargetError, texts, response=st.just(TargetResponse(status=500)), operation=texts, status=st.just(400)
    ),
)
reports = st.builds(
    lambda policy, age: assess([failed(age=age)], NOW, policy), policies(), st.timedeltas(timedelta(0), timedelta(1))
)
ends = st.one_of(
    errors, reports, st.builds(TimedOut, st.sampled_from(["timeout", "execution_timeout"]), errors | reports)
)


@given(ends)
@examples(0.3)
def test_an_ending_is_the_same_after_the_database(end: Any) -> None:
    event = json.loads(json.dumps(event_of(end)))
    try:
        again = read_event(event)
    except ReachVersionError:
        assert isinstance(end, DeliveryReport)
        assert end.outcome == "wait"
        return
    assert type(again) is type(end)
    assert str(again) == str(end)
    assert event_of(again) == event


@st.composite
def events(draw: st.DrawFn) -> Any:
    """A real event with something in it changed, or anything else."""
    event = json.loads(json.dumps(event_of(draw(ends))))
    inner = event
    while isinstance(inner, dict) and inner:
        name = draw(st.sampled_from(sorted(inner)))
        if isinstance(inner[name], dict) and draw(st.booleans()):
            inner = inner[name]
            continue
        if draw(st.booleans()):
            del inner[name]
        else:
            inner[name] = draw(
                json_values | st.sampled_from(["report", "error", "timeout", "ReachError", "Any", "annotations"])
            )
        break
    return event


@given(events() | anything)
@examples(1)
def test_any_event_is_an_ending_or_of_another_version(event: Any) -> None:
    try:
        end = read_event(real(event))
    except ReachVersionError as error:
        check_said(str(error))
        return
    assert isinstance(end, (DeliveryReport, TimedOut, ReachError))
    assert isinstance(str(end), str)
    if isinstance(end, DeliveryReport):
        assert end.outcome in ("healthy", "failed")
    json.dumps(event_of(end))


# Webhooks

urls = st.sampled_from(
    [
        "https://consumer.example.com/reach",
        f"https://me:{SECRET}@consumer.example.com/?token={SECRET}",
        "http://x:99999",
        "https://[::1",
        "ftp://x",
        "https://",
        "https://x y",
        "https://***@x",
    ]
)
webhook_values = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("orders") | python_values,
        "target": urls | python_values,
        "events": st.sampled_from([["bounce"], ["bounce", "bounce"], [], "bounce", [""]]) | python_values,
        "active": st.booleans() | python_values,
        "custom_headers": st.dictionaries(texts, texts | python_values, max_size=3) | python_values,
        "auth_type": st.sampled_from(["none", "basic", "oauth2", "new"]) | python_values,
        "auth_credentials": st.fixed_dictionaries(
            {}, optional={"username": texts, "password": st.just(SECRET) | python_values}
        )
        | python_values,
        "auth_request_details": st.fixed_dictionaries({}, optional={"url": urls, "body": python_values})
        | python_values,
        "extra": st.dictionaries(texts | st.sampled_from(FIELDS), python_values, max_size=2) | python_values,
    },
)


def check_webhook(fields: WebhookChanges, what: str) -> None:
    """It is refused by name, or is JSON; and shows no secret in either case."""
    assert all(isinstance(secret, str) for secret in fields.secrets)
    assert repr(fields)
    try:
        body = fields.body(what)
    except ReachInputError as error:
        check_said(str(error))
        return
    sent = json.loads(body)
    assert sent.keys() == fields.given.keys()
    assert sent
    for warning in fields.warnings():
        check_said(warning)
    if "target" in sent:
        assert urlsplit(sent["target"]).scheme in ("http", "https")
        assert urlsplit(sent["target"]).hostname
    if "events" in sent:
        assert sent["events"]
        assert all(isinstance(event, str) for event in sent["events"])
        assert len(set(sent["events"])) == len(sent["events"])
    assert not any(c in text for pair in sent.get("custom_headers", {}).items() for text in pair for c in "\r\n\0")


@given(webhook_values)
@examples(1)
def test_a_change_is_refused_or_can_be_sent(fields: dict[str, Any]) -> None:
    check_webhook(WebhookChanges(**real(fields)), "update webhook 'orders'")


@given(webhook_values)
@examples(1)
def test_a_creation_is_refused_or_can_be_sent(fields: dict[str, Any]) -> None:
    spec = WebhookSpec.of({"name": "orders", "target": "https://x.example.com", "events": ["bounce"], **real(fields)})
    check_webhook(spec, "create webhook 'orders'")


@given(st.dictionaries(st.text("aX-\r\n\0: ", max_size=4) | texts, st.text("a \r\n\0", max_size=4) | texts, max_size=3))
@examples(0.5)
def test_no_header_forges_another(headers: dict[str, str]) -> None:
    check_webhook(WebhookChanges(custom_headers=headers), "update webhook 'orders'")


rendered = st.one_of(
    webhook_values,
    st.dictionaries(st.sampled_from([*FIELDS, "extra"]), st.one_of(texts, json_values.map(str)), max_size=4),
    st.dictionaries(texts | st.sampled_from([*FIELDS, "extra"]), python_values, max_size=3),
)


@pytest.fixture(scope="module", autouse=True)
def _no_masking() -> Any:
    """Airflow would look for each of a hundred thousand secrets in every line it logs."""
    with patch("airflow_provider_reach.integration.arguments.mask_secret"):
        yield


@given(rendered)
@examples(1)
def test_rendered_arguments_are_refused_or_can_be_sent(values: dict[str, Any]) -> None:
    try:
        fields = webhook_fields(real(values), "create webhook 'orders'")
    except (ReachInputError, ReachConfigError) as error:
        check_said(str(error))
        return
    assert fields.keys() <= {*FIELDS, "extra"}
    check_webhook(WebhookSpec.of(fields), "create webhook 'orders'")


@given(st.lists(rendered, max_size=2) | python_values | texts)
@examples(0.3)
def test_a_table_is_refused_or_can_be_sent(rows: Any) -> None:
    try:
        specs = webhook_specs(real(rows))
    except (ReachInputError, ReachConfigError) as error:
        check_said(str(error))
        return
    for spec in specs:
        check_webhook(spec, "create webhook 'orders'")


# Requests


@given(st.sampled_from(["GET", "POST", "TRACE"]), texts | st.text("/.%?#~ab\\", max_size=12).map("/{}".format), scalars)
@examples(0.5)
def test_no_path_leaves_the_workspace(method: str, path: str, value: Any) -> None:
    config = ReachConfig("https://x.example.com/api", ID, SECRET)
    try:
        request = request_for(any_request(method, path, {"q": value}), config, "test")
    except ReachInputError as error:
        check_said(str(error))
        return
    below = f"https://x.example.com/api/workspaces/{ID}/reach/"
    for url in (str(URL(request.url)), parse_url(request.url).url):
        assert url.startswith(below), url
    assert "?" not in request.url


@given(anything, anything)
@examples(0.3)
def test_an_id_or_limit_is_refused_or_safe(webhook_id: Any, limit: Any) -> None:
    for make in (lambda: get_webhook(real(webhook_id)), lambda: get_batch_status(ID, real(limit))):
        try:
            call = make()
        except ReachInputError as error:
            check_said(str(error))
            continue
        assert call.path.startswith("/webhooks/")
        assert call.path.isascii()
        assert is_uuid(call.path.split("/")[2])
