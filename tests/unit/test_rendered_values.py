"""Every argument that may be rendered is read by the one rule of its kind: ``docs/values.md`` has them as a table."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import Connection

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachCheckWorkspaceOperator,
    ReachCreateWebhookOperator,
    ReachDeleteWebhookOperator,
    ReachHook,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)
from airflow_provider_reach.cli.commands import run as run_command
from airflow_provider_reach.cli.definition import COMMANDS, parser
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.api.exchange import Together
from airflow_provider_reach.core.api.request import Request
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.errors import ReachError
from airflow_provider_reach.core.policy import POLICY_FIELDS
from airflow_provider_reach.integration.connection_form import EXTRA_FIELDS
from airflow_provider_reach.integration.reach_connection import read_connection
from tests.tasks import in_dag, run

LEFT_OUT = object()
ID, OTHER = "7c1b54a0-0d5e-4f6e-9a51-2f7f4f1b6d3e", "0d5e7c1b-54a0-4f6e-9a51-2f7f4f1b6d3e"
TARGET, NOW = "https://consumer.example/reach", datetime(2026, 1, 31, 2, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Kind:
    """
    A kind of value.

    :param same: By what is meant, how else it may be written; by :data:`LEFT_OUT`, what is not given.
    :param refused: What is none of the kind.
    """

    same: list[tuple[Any, list[Any]]]
    refused: list[Any] = field(default_factory=list)


NOTHING = ["", " \n", None, "None", " NONE", "null", "Null\n"]
RENDERED = [None, "None", " None\n", "null"]
SWITCH = Kind(
    [
        (True, ["True", "true", " TRUE\n", 1, "1", "yes", "Yes", "on"]),
        (False, ["False", "false", " FALSE\n", 0, "0", "no", "No", "off"]),
        (LEFT_OUT, NOTHING),
    ],
    ["perhaps", 2, "2", "y", [True], {}],
)
SAID_SWITCH = Kind(SWITCH.same[:2], [*SWITCH.refused, *NOTHING])
COUNT = Kind([(2, ["2", " 2\n", 2.0, "2.0", "+2"])], ["many", None, "", "None", -1, "1.5", True, []])
_HOUR = (timedelta(hours=1), [3600, 3600.0, "3600", "1h", " 60 min\n", "01:00:00", "PT1H"])
DURATION = Kind([_HOUR], ["soon", None, "", "None", -1, True, "01:30"])
LENGTH = Kind([_HOUR], ["soon", "", "None", "-1", "01:30"])  # Airflow's own sensor reads what is not a text
LIMIT = Kind([_HOUR, (LEFT_OUT, NOTHING)], ["soon", 0, -1, True])
TIME = Kind(
    [
        ("2026-01-31T02:00:00Z", [NOW, " 2026-01-31 02:00:00+00:00"]),
        (LEFT_OUT, NOTHING),
    ],
    ["soon", 5, "2026-01-31"],
)
NAME = Kind([("orders", [" orders\n"]), (LEFT_OUT, ["", " ", None, "None", " None\n"])], [7, ["orders"], True])
UUID = Kind([(ID, [f" {ID}\n"]), (LEFT_OUT, ["", " ", *RENDERED])], ["orders", 7, [ID], True])
PATTERN = Kind([("ord*", [" ord*\n"]), (LEFT_OUT, ["", " ", *RENDERED])], [7, ["orders"], True])
CONNECTION = Kind([("reach_default", [])], [7, None, ["reach_default"]])
TARGET_CONNECTION = Kind([("consumer", [" consumer\n"])], ["", " ", "None", "null", 7, ["consumer"]])
NAMES = Kind([(["gone"], ['["gone"]', "('gone',)", ("gone",), " gone "]), (LEFT_OUT, ["", *RENDERED])], [[7]])
ROWS = Kind(
    [
        ([row := {"name": "orders", "target": TARGET, "events": ["open"]}], [json.dumps([row]), str([row]), (row,)]),
        (LEFT_OUT, NOTHING),
    ],
    ["orders", 7, ["orders"], [row | {"name": None}]],
)


POLICIES = Kind(
    [
        ({"bounces": {"max_lost": 1}}, ['{"bounces": {"max_lost": 1}}', "{'bounces': {'max_lost': 1}}"]),
        (LEFT_OUT, NOTHING),
    ],
    ["bounces", 7, ["bounces"], {"bounces": 1}, {"bounces": {"max_lots": 1}}, {"bounces": {"max_lost": "many"}}],
)


def _choice(*words: str) -> Kind:
    return Kind([(word, [f" {word}\n", word.upper()]) for word in words], ["perhaps", "", None, "None", [words[0]]])


def _text(text: str, *refused: Any, needed: bool = False) -> Kind:
    nothing = [] if needed else [(LEFT_OUT, RENDERED)]
    return Kind([(text, [f" {text}\n"]), *nothing], [*(RENDERED if needed else ()), "", 7, [text], *refused])


def _json(value: Any, *refused: Any, needed: bool = False) -> Kind:
    nothing = [] if needed else [(LEFT_OUT, RENDERED)]
    as_text = [json.dumps(value), f" {value}\n"]
    return Kind([(value, as_text), *nothing], [*(RENDERED if needed else ()), "", "word", *refused])


def _extra(text: str, *refused: str) -> Kind:
    return Kind([(text, [f" {text}\n", text.upper()]), (LEFT_OUT, NOTHING)], list(refused))


def _of_command_line(kind: Kind) -> Kind:
    """What is a text there; nothing that is not given can be said."""
    texts = [
        [one for one in (meant, *others) if isinstance(one, str)]
        for meant, others in kind.same
        if meant is not LEFT_OUT
    ]
    return Kind([(meant, others) for meant, *others in texts], [one for one in kind.refused if isinstance(one, str)])


WEBHOOK_FIELDS = {
    "active": SWITCH,
    "custom_headers": _json({"X-Tenant": "eu"}, 7, ["X"]),
    "auth_type": _text("none", {}),
    "auth_credentials": _json({"username": "reach"}, 7, []),
    "auth_request_details": _json({"url": TARGET, "body": {"client_id": "reach"}}, 7, []),
    "extra": _json({"priority": 3}, 7, []),
    "target_conn_id": TARGET_CONNECTION,
}
ON_ONE = {"reach_conn_id": CONNECTION, "webhook_id": UUID, "webhook_name": NAME}
POLICY = {
    "delivered_by": _choice("200", "2xx"),
    **dict.fromkeys(("max_undelivered", "min_attempts", "max_at_risk", "max_lost", "max_attempts"), COUNT),
    **dict.fromkeys(("min_age", "at_risk_after", "retry_window"), DURATION),
    "ignore_lost_before": TIME,
    "max_silence": LIMIT,
    **dict.fromkeys(("drain", "allow_inactive"), SAID_SWITCH),
    "on_cut": _choice("fail", "warn"),
}
SERVICES_OWN = ("drain", "retry_window", "max_attempts", "allow_inactive")
"""What the command line takes no text for: it never waits, the rules are the service's, a switch is there or not."""
SORTED: dict[Any, dict[str, Kind]] = {
    ReachCreateWebhookOperator: {
        "reach_conn_id": CONNECTION,
        "name": _text("orders", needed=True),
        "target": _text(TARGET, needed=True),
        "events": _json(["open", "click"], 7, needed=True),
        **WEBHOOK_FIELDS,
        "if_exists": _choice("reuse", "update", "fail"),
    },
    ReachUpdateWebhookOperator: {
        **ON_ONE,
        "name": _text("renamed"),
        "target": _text(f"{TARGET}/new"),
        "events": _json(["open", "click"], 7),
        **WEBHOOK_FIELDS,
        "always": SWITCH,
    },
    ReachValidateWebhookOperator: ON_ONE,
    ReachDeleteWebhookOperator: {**ON_ONE, "ignore_if_missing": SWITCH},
    ReachListWebhooksOperator: {
        "reach_conn_id": CONNECTION,
        "active": SWITCH,
        "name_pattern": PATTERN,
        "expect": NAMES,
        "allow_empty": SWITCH,
        "declared": ROWS,
        "on_drift": _choice("fail", "warn"),
        "with_conn_id": SWITCH,
    },
    ReachCheckWorkspaceOperator: {
        "reach_conn_id": CONNECTION,
        "active": SWITCH,
        "name_pattern": PATTERN,
        "expect": NAMES,
        "allow_empty": SWITCH,
        "policies": POLICIES,
        "on_failed": _choice("return", "fail"),
        "with_conn_id": SWITCH,
        **POLICY,
        "outage_tolerance": DURATION,
    },
    ReachBatchStatusSensor: {
        **ON_ONE,
        **POLICY,
        "outage_tolerance": DURATION,
        "poke_interval": LENGTH,
        "timeout": LENGTH,
    },
    "command line": {
        "webhooks": _of_command_line(Kind([("orders", [" orders\n"])])),
        "conn_id": Kind([("reach_default", [])]),
        "outage_tolerance": _of_command_line(DURATION),
        **{name: _of_command_line(kind) for name, kind in POLICY.items() if name not in SERVICES_OWN},
    },
    "connection": {
        "workspace_id": _extra(ID, "orders"),
        "region": _extra("eu", "mars"),
        "auth_scheme": _extra("Bearer", "Basic"),
        "timeout": Kind([(5, ["5", " 5.0\n", "5s", "00:00:05", "PT5S"]), (LEFT_OUT, NOTHING)], ["soon", 0, -1, "301"]),
        "allow_http": SWITCH,
    },
}
BARE: dict[Any, dict[str, Any]] = {
    ReachCreateWebhookOperator: {"name": "new", "target": TARGET, "events": ["open"]},
    ReachUpdateWebhookOperator: {"webhook_name": "orders", "events": ["bounce"]},
    ReachValidateWebhookOperator: {"webhook_name": "orders"},
    ReachDeleteWebhookOperator: {"webhook_name": "orders"},
    ReachListWebhooksOperator: {},
    ReachCheckWorkspaceOperator: {},
    ReachBatchStatusSensor: {"webhook_name": "orders"},
    "connection": {"workspace_id": ID, "region": "eu"},
}
ON_ONE_PLACES = [place for place, kinds in SORTED.items() if "webhook_id" in kinds]
BESIDE: dict[tuple[Any, str], dict[str, Any]] = {  # without which an argument would change nothing, or be refused
    (ReachCreateWebhookOperator, "if_exists"): {"name": "orders"},
    (ReachCreateWebhookOperator, "auth_credentials"): {"auth_type": "basic"},
    (ReachCreateWebhookOperator, "auth_request_details"): {"auth_type": "oauth2"},
    (ReachUpdateWebhookOperator, "auth_credentials"): {"auth_type": "basic"},
    (ReachUpdateWebhookOperator, "auth_request_details"): {"auth_type": "oauth2"},
    (ReachUpdateWebhookOperator, "always"): {"events": ["delivery"]},
    (ReachDeleteWebhookOperator, "ignore_if_missing"): {"webhook_name": "gone"},
    (ReachListWebhooksOperator, "allow_empty"): {"name_pattern": "gone"},
    (ReachListWebhooksOperator, "on_drift"): {"declared": [row]},
    (ReachCheckWorkspaceOperator, "allow_empty"): {"name_pattern": "gone"},
    (ReachCheckWorkspaceOperator, "retry_window"): {"at_risk_after": "20 min", "min_age": 0},
    (ReachCheckWorkspaceOperator, "at_risk_after"): {"min_age": 0},
    (ReachBatchStatusSensor, "retry_window"): {"at_risk_after": "20 min", "min_age": 0},
    (ReachBatchStatusSensor, "at_risk_after"): {"min_age": 0},
    ("command line", "at_risk_after"): {"min_age": "0"},
    **{(place, "webhook_id"): {"webhook_name": "bounces"} for place in ON_ONE_PLACES},
    ("connection", "allow_http"): {"host": "http://reach.internal"},
}


def arguments_of(place: Any) -> set[str]:
    """The names of all that can be given."""
    if place == "connection":
        return set(EXTRA_FIELDS)
    if place == "command line":
        options = vars(parser().parse_args(["list"])) | vars(parser().parse_args(["check"]))
        assert {command.name for command in COMMANDS} == {"list", "check"}
        return {*options} - {"subcommand", "func", "json", "allow_inactive"}
    own = [one for one in place.__mro__ if one.__module__.startswith("airflow_provider_reach.")]
    names = {name for one in own if "__init__" in vars(one) for name in inspect.signature(one.__init__).parameters}
    return names - {"self", "kwargs", "deferrable"}


def test_every_argument_has_a_kind() -> None:
    """A new one fails here until somebody has sorted it, and seen to it that it is read by the rule of its kind."""
    for place, kinds in SORTED.items():
        assert {*kinds} == arguments_of(place), place
    assert {*POLICY} == {*POLICY_FIELDS}


def test_every_kind_stands_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "values.md").read_text()
    for place, kinds in SORTED.items():
        for name in kinds:
            said = f"`--{name.replace('_', '-')}`" if place == "command line" else f"`{name}`"
            assert said in page or f"`{name}`" in page, (place, name)
    for text in ("`true`", "`yes`", "`on`", "`1`", "`false`", "`no`", "`off`", "`0`", "`None`", "`null`"):
        assert text in page


class Service:
    """Stands where the HTTP library is: answers from a table, and keeps what was asked."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.asked: list[Any] = []
        self.judged: list[Any] = []
        self.webhooks: dict[str, dict[str, Any]] = {
            ID: {"id": ID, "name": "orders", "target": TARGET, "events": ["delivery"], "active": True},
            OTHER: {"id": OTHER, "name": "bounces", "target": TARGET, "events": ["bounce"], "active": False},
        }

    def send(self, session: object, request: Request) -> Answer:
        _, webhook_id, *rest = f"{request.url.partition('/webhooks')[2]}/".split("/")
        body = request.body and json.loads(request.body)
        self.asked.append((request.method, webhook_id, rest, dict(request.query), body))
        results: Any = self.webhooks.get(webhook_id, {})
        if request.method == "GET" and not webhook_id:
            results = list(self.webhooks.values())
        elif request.method == "GET" and rest != [""]:
            results = []
        elif request.method == "DELETE":
            del self.webhooks[webhook_id]
        elif request.method == "PUT":
            results.update(body)
        elif request.method == "POST" and rest:
            results = {"msg": "Test POST to endpoint succeeded", "response": {"status": 200, "headers": {}, "body": ""}}
        elif request.method == "POST":
            results = {"id": OTHER}
        return Answer(200, {}, json.dumps({"results": results}).encode(), NOW)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, naps: list[float]) -> Service:
    service = Service()
    monkeypatch.setattr("airflow_provider_reach.client.sync.send", service.send)
    check = ReachHook.check_delivery

    def check_delivery(hook: ReachHook, webhook_id: str = "", policy: Any = None, **more: Any) -> Any:
        service.judged.append((policy, hook.get_conn().outage_tolerance))
        return check(hook, webhook_id, policy, **more)

    check_all = ReachHook.check_workspace

    def check_workspace(hook: ReachHook, policy: Any = None, **given: Any) -> Any:
        service.judged.append((policy, given["policies"], hook.get_conn().outage_tolerance))
        return check_all(hook, policy, **given)

    async def in_turn(client: ReachClient, step: Together) -> list[Any]:
        return [client.run(beginning(0.0)) for beginning in step.beginnings]

    monkeypatch.setattr(ReachHook, "check_delivery", check_delivery)
    monkeypatch.setattr(ReachHook, "check_workspace", check_workspace)
    monkeypatch.setattr(ReachClient, "_together", in_turn)
    monkeypatch.setattr("airflow_provider_reach.cli.commands.time.monotonic", lambda: 0.0)
    connection = {"conn_type": "reach", "password": "k", "extra": {"workspace_id": ID, "region": "eu"}}
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW_CONN_CONSUMER", json.dumps({"conn_type": "http", "login": "reach"}))
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    return service


REFUSED = "refused"


def became_of(place: Any, name: str, value: Any, service: Service) -> Any:
    """What was asked for and what came of it where an argument has this value; REFUSED where it was not asked for."""
    service.begin()
    given = {**BARE.get(place, {}), **BESIDE.get((place, name), {})}
    given.pop(name, None)
    if value is not LEFT_OUT:
        given[name] = value
    try:
        came = _BECAME[place](given) if place in _BECAME else _of_task(place, given)
    except ReachError:
        return REFUSED
    return (came, service.asked, service.judged) if service.asked or place == "connection" else REFUSED


def _of_task(place: Any, given: dict[str, Any]) -> Any:
    task: Any = in_dag(place, **given)
    if place is ReachCheckWorkspaceOperator:  # without a mapped watch, some of it would be refused
        with task.dag:
            ReachBatchStatusSensor.partial(task_id="watch").expand_kwargs(task.output)
    ended = run(task)
    if place is ReachBatchStatusSensor:
        return ended.how, task.poke_interval, task.timeout
    return ended.how, ended.said, ended.returned


def _of_connection(given: dict[str, Any]) -> Any:
    host, extra = given.pop("host", None), json.dumps(given)
    return read_connection(Connection(conn_id="c", conn_type="reach", password="k", host=host, extra=extra))


def _of_command(given: dict[str, Any]) -> Any:
    which = given.pop("webhooks", "orders")
    options = [text for name, value in given.items() for text in (f"--{name.replace('_', '-')}", value)]
    return run_command(parser().parse_args(["check", *options, which]))


_BECAME: dict[Any, Callable[[dict[str, Any]], Any]] = {"connection": _of_connection, "command line": _of_command}
CASES = [(place, name) for place, kinds in SORTED.items() for name in kinds]
EVERY = pytest.mark.parametrize(
    ("place", "name"), CASES, ids=lambda one: one if isinstance(one, str) else one.__name__.removeprefix("Reach")
)


@EVERY
def test_however_it_is_written_it_means_the_same(place: Any, name: str, service: Service) -> None:
    kind = SORTED[place][name]
    came = []
    for meant, others in kind.same:
        came.append(became_of(place, name, meant, service))
        for other in others:
            assert became_of(place, name, other, service) == came[-1], (meant, other)
    assert len(kind.same) == 1 or any(one != came[0] for one in came), "it changes nothing here"


@EVERY
def test_what_it_cannot_be_is_refused_before_anything_is_asked(place: Any, name: str, service: Service) -> None:
    for value in SORTED[place][name].refused:
        assert became_of(place, name, value, service) == REFUSED, value
