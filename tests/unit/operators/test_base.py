"""What every operator has in common."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from inspect import unwrap
from typing import Any, NoReturn

import pytest
from airflow import DAG
from airflow.providers.common.compat.sdk import AirflowException, AirflowNotFoundException, BaseHook, BaseOperator

from airflow_provider_reach import (
    ReachCreateWebhookOperator,
    ReachDeleteWebhookOperator,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.hooks import ReachHook
from airflow_provider_reach.integration.compat import AirflowTaskTimeout
from airflow_provider_reach.integration.secret_fields import Hidden
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.tasks import TaskInstance, in_dag, run
from tests.unit.operators.helpers import (
    CLIENT_SECRET,
    EVENTS,
    HEADER,
    NOBODY,
    PASSWORD,
    SECRETS,
    add,
    did,
    in_native_dag,
    sent,
)

NEEDED: dict[Any, dict[str, Any]] = {
    ReachCreateWebhookOperator: {"name": "orders", "target": "https://consumer.example", "events": EVENTS},
    ReachUpdateWebhookOperator: {"webhook_name": "orders", "active": False},
    ReachValidateWebhookOperator: {"webhook_name": "orders"},
    ReachDeleteWebhookOperator: {"webhook_name": "orders"},
    ReachListWebhooksOperator: {},
}
OPERATORS = pytest.mark.parametrize("operator", NEEDED, ids=lambda operator: operator.__name__)
ON_ONE = pytest.mark.parametrize(
    "operator",
    [ReachUpdateWebhookOperator, ReachValidateWebhookOperator, ReachDeleteWebhookOperator],
    ids=lambda operator: operator.__name__,
)
DECLARING = pytest.mark.parametrize(
    "operator", [ReachCreateWebhookOperator, ReachUpdateWebhookOperator], ids=lambda operator: operator.__name__
)


@pytest.mark.parametrize(
    ("operator", "field"),
    [(operator, field) for operator in NEEDED for field in operator.template_fields],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_every_template_field_is_rendered(operator: Any, field: str) -> None:
    value: Any = [{"name": "{{ params.x }}"}] if field == "declared" else "{{ params.x }}"
    task = in_dag(operator, **NEEDED[operator] | {field: value})

    task.render_template_fields({"params": {"x": "rendered"}})

    rendered = getattr(task, field)
    rendered = rendered.secret if isinstance(rendered, Hidden) else rendered
    assert rendered == ([{"name": "rendered"}] if field == "declared" else "rendered")


@OPERATORS
def test_every_argument_of_its_own_is_a_template_field(operator: Any) -> None:
    own = {name for name, _ in vars(in_dag(operator, **NEEDED[operator])).items()}
    others = {name for name, _ in vars(in_dag(BaseOperator)).items()}

    assert {name for name in own - others if not name.startswith("_")} == set(operator.template_fields)


@OPERATORS
def test_what_is_misspelt_is_refused_where_it_is_written(operator: Any) -> None:
    with pytest.raises((TypeError, AirflowException), match="Invalid arguments were passed"):
        in_dag(operator, **NEEDED[operator], auth_credential={"username": "reach"})


@pytest.mark.parametrize("missing", ["name", "target", "events"])
def test_what_a_creation_needs_is_asked_for_where_it_is_written(missing: str) -> None:
    given = {name: value for name, value in NEEDED[ReachCreateWebhookOperator].items() if name != missing}

    with pytest.raises((TypeError, AirflowException), match=f"missing keyword argument '{missing}'"):
        in_dag(ReachCreateWebhookOperator, **given)


@ON_ONE
@pytest.mark.parametrize("nothing", ["", None, " \n", "None", "{{ none }}"])
def test_neither_id_nor_name_is_final_and_nothing_is_asked(operator: Any, nothing: Any, connected: Sandbox) -> None:
    arguments = NEEDED[operator] | {"webhook_id": nothing, "webhook_name": nothing}

    ended = run(in_dag(operator, **arguments))

    assert ended.how == "AirflowFailException"
    assert "give webhook_id or webhook_name." in ended.said
    assert connected.requests == []


@pytest.mark.parametrize("strikes", [AirflowTaskTimeout("Timeout"), ZeroDivisionError("a defect")], ids=type)
@OPERATORS
def test_whatever_ends_a_task_has_a_report_or_none(
    operator: Any, strikes: BaseException, connected: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(connected)
    connected.fail(Fault.status(503), on="list")

    def strike(_: float) -> NoReturn:
        raise strikes

    monkeypatch.setitem(ReachClient.__init__.__kwdefaults__, "sleep", strike)
    ended = run(in_dag(operator, **NEEDED[operator]))
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", "{}")
    refused = run(in_dag(operator, **NEEDED[operator]))

    assert ended.raised is strikes
    assert refused.how == "AirflowFailException"
    for error in (ended.raised, refused.raised):
        assert error.report is None  # type: ignore[union-attr]


@OPERATORS
@pytest.mark.parametrize("given", [True, False, None])
def test_what_a_mapping_returns_is_taken_by_name_unless_the_author_says_otherwise(
    operator: Any, given: bool | None
) -> None:
    arguments = {} if given is None else {"multiple_outputs": given}
    returns_a_mapping = operator is not ReachListWebhooksOperator

    task = in_dag(operator, **NEEDED[operator], **arguments)

    assert task.multiple_outputs is (returns_a_mapping if given is None else given)


@OPERATORS
def test_a_refused_key_is_final(operator: Any, connected: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    add(connected)
    for key, said in ((PASSWORD, "The API key was refused"), (connected.limited_key, "The API key may not do this")):
        whole = connected.connection | {"password": key}
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", json.dumps(whole))

        ended = run(in_dag(operator, **NEEDED[operator]))

        assert ended.how == "AirflowFailException"
        assert said in ended.said
        assert key not in ended.said
    assert did(connected) == ["list", "list"]


@OPERATORS
def test_a_connection_that_is_not_there_is_left_to_the_retries(operator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(conn_id: str) -> None:
        raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")

    monkeypatch.setattr(ReachHook, "get_connection", staticmethod(missing))

    ended = run(in_dag(operator, reach_conn_id="gone", **NEEDED[operator]))

    assert ended.how == "AirflowException"
    assert "Connection 'gone' cannot be used:\n  - it was not found" in ended.said


@OPERATORS
def test_a_connection_that_is_incomplete_is_final(operator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", '{"conn_type": "reach"}')

    ended = run(in_dag(operator, **NEEDED[operator]))

    assert ended.how == "AirflowFailException"
    assert "Connection 'reach_default' cannot be used" in ended.said


@OPERATORS
def test_the_connection_may_come_from_a_template(
    operator: Any, connected: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_REACH_DEFAULT")
    monkeypatch.setenv("AIRFLOW_CONN_REACH_EU", connected.connection_json)
    add(connected)

    ended = run(
        in_dag(operator, reach_conn_id="reach_{{ params.region }}", **NEEDED[operator]), params={"region": "eu"}
    )

    assert ended.raised is None, ended.said
    assert connected.requests


@OPERATORS
def test_parsing_a_dag_asks_nobody(operator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", "not even a connection")
    monkeypatch.setenv("AIRFLOW_CONN_TARGET", "not even a connection")
    arguments = NEEDED[operator] | dict.fromkeys(NEEDED[operator], "{{ nonsense }}")

    assert in_dag(operator, **arguments).task_id == "a_task"


# --- secrets that are given literally

CREDENTIALS = {"username": "reach", "password": PASSWORD}
DETAILS = {"url": "https://tokens.example", "body": {"client_id": "reach", "client_secret": CLIENT_SECRET}}
WARNING = "A secret is given literally in "
LITERAL: dict[str, tuple[dict[str, Any], str]] = {
    "password": ({"auth_type": "basic", "auth_credentials": CREDENTIALS}, "auth_credentials"),
    "client secret": ({"auth_type": "oauth2", "auth_request_details": DETAILS}, "auth_request_details"),
    "header": ({"custom_headers": {"X-Token": HEADER}}, "custom_headers"),
    "key": ({"custom_headers": {"X-Key": HEADER}}, "custom_headers"),
    "extra": ({"extra": {"signing": {"secret": HEADER}}}, "extra"),
    "headers as text": ({"custom_headers": json.dumps({"X-Tenant": HEADER})}, "custom_headers"),
    "extra as text": ({"extra": json.dumps({"priority": 3})}, "extra"),
    "target": ({"target": f"https://reach:{PASSWORD}@consumer.example"}, "target"),
    "target's query": ({"target": f"https://consumer.example/in?key={HEADER}"}, "target"),
    "two of them": (
        {"auth_type": "basic", "auth_credentials": CREDENTIALS, "custom_headers": {"Authorization": HEADER}},
        "custom_headers, auth_credentials",
    ),
    "one beside a template": (
        {"auth_type": "basic", "auth_credentials": {"username": "{{ params.x }}", "password": PASSWORD}},
        "auth_credentials",
    ),
}


@DECLARING
@pytest.mark.parametrize("literal", LITERAL)
def test_a_secret_given_literally_is_warned_of_once(
    literal: str, operator: Any, connected: Sandbox, logged: Callable[[], str]
) -> None:
    given, fields = LITERAL[literal]

    ended = run(in_dag(operator, **NEEDED[operator] | given), params={"x": "reach"})

    said = logged()
    assert said.count(WARNING) == 1
    assert f"{WARNING}{fields}: it lies in clear in the DAG's code or the XCom it comes from" in said
    assert "name that by target_conn_id (in a target's URL: {{ conn.ID.password }})." in said
    assert not [secret for secret in SECRETS if secret in said + ended.said]


NOT_LITERAL: dict[str, dict[str, Any]] = {
    "none": {"active": True},
    "template": {
        "auth_type": "basic",
        "auth_credentials": {"username": "reach", "password": "{{ params.x }}"},
        "custom_headers": {"X-Token": "Bearer {{ params.x }}"},
    },
    "template of the whole": {"custom_headers": "{{ params.headers }}"},
    "template of a text": {"extra": '{"token": "{{ params.x }}"}'},
    "block": {"custom_headers": {"X-Token": "{% if params.x %}y{% endif %}"}},
    "no secret": {"custom_headers": {"X-Tenant": "eu"}, "extra": {"priority": 3}},
    "user name alone": {"auth_type": "basic", "auth_credentials": {"username": "reach"}},
    "connection": {"target_conn_id": "target"},
}


@DECLARING
@pytest.mark.parametrize("given", NOT_LITERAL)
def test_nothing_is_warned_of_where_no_secret_is_literal(
    given: str, operator: Any, connected: Sandbox, logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = {"conn_type": "http", "login": "reach", "password": PASSWORD, "extra": {"headers": {"X-Token": HEADER}}}
    monkeypatch.setenv("AIRFLOW_CONN_TARGET", json.dumps(target))
    add(connected)
    params = {"x": PASSWORD, "headers": {"X-Token": HEADER}}

    ended = run(in_dag(operator, **NEEDED[operator] | NOT_LITERAL[given]), params=params)

    assert ended.raised is None, ended.said
    said = logged()
    assert WARNING not in said
    assert not [secret for secret in SECRETS if secret in said + str(ended.returned)]


def test_the_table_of_a_listing_is_warned_of_too(connected: Sandbox, logged: Callable[[], str]) -> None:
    row = {"name": "orders", "target": "https://x.example", "events": EVENTS, **LITERAL["password"][0]}

    run(in_dag(ReachListWebhooksOperator, declared=[row, row | {"name": "other"}]))

    assert logged().count(f"{WARNING}declared: ") == 1
    run(in_dag(ReachListWebhooksOperator, declared=json.dumps([row])))
    assert logged().count(f"{WARNING}declared: ") == 1
    run(in_dag(ReachListWebhooksOperator, declared="{{ params.rows }}"), params={"rows": [row]})
    assert WARNING not in logged()


# --- what comes from other tasks

FED = ("target", "custom_headers", "auth_credentials", "auth_request_details", "extra")


@DECLARING
@pytest.mark.parametrize("field", FED)
@pytest.mark.parametrize("depth", ["whole", "part", "mapped"])
def test_a_task_that_is_fed_runs_after_those_that_feed_it(depth: str, field: str, operator: Any) -> None:
    with DAG("a_dag", schedule=None):
        feeding = BaseOperator(task_id="feeding")
        output = feeding.output
        value = {"whole": output, "part": {"a": [{"b": output}]}, "mapped": output.map(str)}[depth]
        fed = operator(task_id="fed", **NEEDED[operator] | {field: value})

    assert fed.upstream_task_ids == {"feeding"}
    assert feeding.downstream_task_ids == {"fed"}


def test_a_listing_runs_after_the_tasks_that_feed_its_table() -> None:
    with DAG("a_dag", schedule=None):
        feeding = BaseOperator(task_id="feeding")
        ReachListWebhooksOperator(task_id="fed", declared=[{"name": "orders", "auth_credentials": feeding.output}])

    assert feeding.downstream_task_ids == {"fed"}


@DECLARING
@pytest.mark.parametrize("field", ["auth_credentials", "auth_request_details"])
@pytest.mark.parametrize("mapped", [False, True])
def test_credentials_that_another_task_gives_are_warned_of(
    mapped: bool, field: str, operator: Any, connected: Sandbox, logged: Callable[[], str]
) -> None:
    with DAG("a_dag", schedule=None):
        output = BaseOperator(task_id="feeding").output
        fed = operator(task_id="fed", **NEEDED[operator], **{field: output.map(str) if mapped else output})
    getattr(fed, field).secret = {}  # as if the XCom had been pulled

    with suppress(AirflowException):
        unwrap(type(fed).execute)(fed, {"ti": TaskInstance(fed), "task": fed})

    assert f"{WARNING}{field}: " in logged()


# --- run again


@DECLARING
def test_a_task_that_runs_again_is_rendered_anew(operator: Any, connected: Sandbox) -> None:
    task = in_dag(
        operator,
        **NEEDED[operator]
        | {
            "target": "{{ params.target }}",
            "custom_headers": {"X-Token": "{{ params.token }}"},
            "auth_type": "basic",
            "auth_credentials": {"username": "reach", "password": "{{ params.token }}"},
            "extra": {"signing": ["{{ params.token }}"]},
        },
        **{"if_exists": "update"} if operator is ReachCreateWebhookOperator else {"always": True},
    )
    add(connected, auth_credentials={"username": "reach", "password": "old"})

    for token in ("first", "second"):
        params = {"target": connected.target(token).url, "token": token}
        ended = run(task.prepare_for_execution(), params=params)

        assert ended.raised is None, ended.said
        body = sent(connected, "update")[-1]
        assert body["target"] == params["target"]
        assert body["custom_headers"] == {"X-Token": token}
        assert body["auth_credentials"] == {"username": "reach", "password": token}
        assert body["signing"] == [token]


def test_a_listing_that_runs_again_is_rendered_anew(connected: Sandbox) -> None:
    for name in ("first", "second"):
        add(connected, name)
    row = {"name": "{{ params.name }}", "target": connected.target("orders").url, "events": EVENTS}
    task = in_dag(ReachListWebhooksOperator, declared=[row], name_pattern="{{ params.name }}")

    for name in ("first", "second"):
        ended = run(task.prepare_for_execution(), params={"name": name})

        assert ended.raised is None, ended.said
        assert ended.returned[0]["webhook_name"] == name


# --- credentials of the target by connection


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts the connection ``target`` into the environment."""

    def target(**fields: Any) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_TARGET", json.dumps({"conn_type": "http", **fields}))

    return target


@DECLARING
def test_login_password_and_headers_of_a_connection(
    operator: Any, connected: Sandbox, target: Callable[..., None], logged: Callable[[], str]
) -> None:
    target(login="reach", password=PASSWORD, extra={"headers": {"X-Token": HEADER}})
    arguments = NEEDED[operator] | {"target_conn_id": "{{ params.id }}\n", "custom_headers": {"X-Tenant": "eu"}}
    if operator is ReachCreateWebhookOperator:
        arguments["target"] = connected.target("orders").url
    else:
        add(connected, auth_type="none", auth_credentials={}, custom_headers={})

    ended = run(in_dag(operator, **arguments), params={"id": "target"})

    assert ended.raised is None, ended.said
    (body,) = sent(connected, "create" if operator is ReachCreateWebhookOperator else "update")
    assert body["auth_type"] == "basic"
    assert body["auth_credentials"] == {"username": "reach", "password": PASSWORD}
    assert body["custom_headers"] == {"X-Tenant": "eu", "X-Token": HEADER}
    fields = {name: str(getattr(ended.context["task"], name)) for name in operator.template_fields}
    everything = logged() + f"{ended.returned} {ended.xcoms} {fields}"
    assert not [secret for secret in SECRETS if secret in everything]


@DECLARING
def test_oauth2_of_a_connection(operator: Any, connected: Sandbox, target: Callable[..., None]) -> None:
    connected.target("tokens").answer(200, '{"access_token": "a-token", "token_type": "Bearer"}')
    url = connected.target("tokens").url
    target(login="reach", password=CLIENT_SECRET, extra={"token_url": url, "scope": "in"})
    if operator is ReachUpdateWebhookOperator:
        add(connected)
    arguments = NEEDED[operator] | {"target_conn_id": "target"}
    if operator is ReachCreateWebhookOperator:
        arguments["target"] = connected.target("orders").url

    ended = run(in_dag(operator, **arguments))

    assert ended.raised is None, ended.said
    (body,) = sent(connected, "create" if operator is ReachCreateWebhookOperator else "update")
    assert (body["auth_type"], body["auth_request_details"]["url"]) == ("oauth2", url)
    assert body["auth_request_details"]["body"] == {
        "grant_type": "client_credentials",
        "client_id": "reach",
        "client_secret": CLIENT_SECRET,
        "scope": "in",
    }


def test_the_connection_s_new_password_changes_the_webhook_once(
    connected: Sandbox, target: Callable[..., None]
) -> None:
    webhook_id = add(connected)
    target(login="reach", password="planted-password-2")

    first, again = (
        run(in_dag(ReachUpdateWebhookOperator, webhook_name="orders", target_conn_id="target")) for _ in range(2)
    )

    assert first.returned == {"webhook_id": webhook_id, "changed": ["auth_credentials"]}
    assert again.returned == {"webhook_id": webhook_id, "changed": []}
    assert sent(connected, "update") == [{"auth_credentials": {"username": "reach", "password": "planted-password-2"}}]


@DECLARING
@pytest.mark.parametrize(
    ("fields", "given", "said"),
    [
        ({"login": "reach"}, {"auth_type": "oauth2"}, "auth_type is given, and by target_conn_id 'target' too"),
        ({"password": PASSWORD}, {}, "it has a password and no login"),
        ({}, {}, "it has nothing for a target"),
        (
            {"login": "reach", "password": PASSWORD, "extra": {"token_uri": "https://tokens.example"}},
            {},
            "the extra 'token_uri' means nothing here: is it 'token_url'?",
        ),
        (
            {"login": "reach", "extra": {"headers": {"X-Token": HEADER}}},
            {"custom_headers": f"X-Other: {HEADER}"},
            "custom_headers must be a mapping",
        ),
    ],
)
def test_a_connection_that_cannot_be_used_is_final(
    fields: dict[str, Any],
    given: dict[str, Any],
    said: str,
    operator: Any,
    connected: Sandbox,
    target: Callable[..., None],
) -> None:
    target(**fields)

    ended = run(in_dag(operator, **NEEDED[operator], target_conn_id="target", **given))

    assert ended.how == "AirflowFailException"
    assert said in ended.said
    assert not [secret for secret in SECRETS if secret in ended.said]
    assert connected.requests == []


@DECLARING
@pytest.mark.parametrize("make", [in_dag, in_native_dag])
@pytest.mark.parametrize("conn_id", ["", " ", "None", "{{ none }}", "{{ params.nothing }}", "{{ '' }}"])
def test_a_connection_of_the_target_that_renders_to_nothing_is_refused(
    conn_id: str, make: Any, operator: Any, connected: Sandbox
) -> None:
    ended = run(make(operator, **NEEDED[operator], target_conn_id=conn_id), params={"nothing": None})

    assert ended.how == "AirflowFailException"
    assert "name a connection, or leave it out." in ended.said
    assert connected.requests == []


@DECLARING
def test_a_connection_of_the_target_that_is_set_to_none_later_is_refused(operator: Any, connected: Sandbox) -> None:
    """As native rendering and an XCom without a value do."""
    task: Any = in_dag(operator, **NEEDED[operator], target_conn_id="{{ nothing }}")
    task.target_conn_id = None

    ended = run(task)

    assert ended.how == "AirflowFailException"
    assert "target_conn_id is 'None': name a connection, or leave it out." in ended.said
    assert connected.requests == []


@DECLARING
def test_a_connection_of_the_target_that_was_not_given_is_not_refused(operator: Any, connected: Sandbox) -> None:
    add(connected)

    assert run(in_native_dag(operator, **NEEDED[operator], target_conn_id=None)).raised is None


@DECLARING
@pytest.mark.parametrize(
    "given",
    [
        {"auth_type": "basic", "auth_credentials": {"username": "reach", "password": "{{ none }}"}},
        {"custom_headers": {"X-Token": "{{ none }}"}},
        {
            "auth_type": "oauth2",
            "auth_request_details": {"url": "https://x.example", "body": {"client_secret": "{{ none }}"}},
        },
    ],
    ids=["password", "header", "client secret"],
)
def test_a_secret_that_renders_natively_to_none_is_refused(
    given: dict[str, Any], operator: Any, connected: Sandbox
) -> None:
    ended = run(in_native_dag(operator, **NEEDED[operator], **given))

    assert ended.how == "AirflowFailException"
    assert "Nothing was sent: " in ended.said
    assert connected.requests == []


@DECLARING
def test_a_connection_without_a_password_gives_none(
    operator: Any, connected: Sandbox, target: Callable[..., None]
) -> None:
    target(login="reach")
    arguments = NEEDED[operator] | {"target_conn_id": "target"}
    if operator is ReachCreateWebhookOperator:
        arguments["target"] = connected.target("orders").url
    else:
        add(connected, auth_type="none", auth_credentials={})

    assert run(in_dag(operator, **arguments)).raised is None
    (body,) = sent(connected, "create" if operator is ReachCreateWebhookOperator else "update")
    assert body["auth_credentials"] == {"username": "reach"}


@DECLARING
def test_a_connection_of_the_target_that_is_not_there_is_left_to_the_retries(
    operator: Any, connected: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(conn_id: str) -> None:
        raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")

    monkeypatch.setattr(BaseHook, "get_connection", staticmethod(missing))

    ended = run(in_dag(operator, target_conn_id="gone", **NEEDED[operator]))

    assert ended.how == "AirflowException"
    assert "Target connection 'gone' cannot be used:\n  - it was not found" in ended.said
    assert connected.requests == []


def test_the_webhook_of_a_mapped_instance_is_found_by_its_id(connected: Sandbox) -> None:
    ended = run(in_dag(ReachValidateWebhookOperator, webhook_id=NOBODY), map_index=3)

    assert ended.how == "AirflowFailException"
    assert ended.context["reach_webhook"] == NOBODY
