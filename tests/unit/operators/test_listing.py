from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from airflow import DAG
from airflow.providers.common.compat.sdk import task_group

from airflow_provider_reach import ReachListWebhooksOperator, ReachValidateWebhookOperator
from airflow_provider_reach.core.webhooks.find import LOOK_AGAIN
from airflow_provider_reach.exceptions import ReachDeliveryFailed
from airflow_provider_reach.sandbox import Fault, Sandbox
from airflow_provider_reach.sandbox.service.events import EVENT_TYPES
from tests.tasks import Ended, in_dag, run

TARGET = "https://user:planted@example.org/in?key=planted"


@pytest.fixture
def ids(connected: Sandbox) -> dict[str, str]:
    """Three webhooks, one of them inactive."""
    return {
        name: connected.add_webhook(
            name,
            target=TARGET,
            active=name != "bounces",
            auth_type="basic",
            auth_credentials={"username": "reach", "password": "planted"},
            custom_headers={"X-Key": "planted"},
        )
        for name in ("orders-eu", "orders-us", "bounces")
    }


def listed(*, context: dict[str, Any] | None = None, **arguments: Any) -> Ended:
    return run(in_dag(ReachListWebhooksOperator, **arguments), **context or {})


def names(ended: Ended) -> list[str]:
    assert ended.raised is None, ended.said
    return [found["webhook_name"] for found in ended.returned]


def test_what_it_returns_is_made_for_expand_kwargs(ids: dict[str, str]) -> None:
    assert listed().returned == [{"webhook_id": webhook_id, "webhook_name": name} for name, webhook_id in ids.items()]


@pytest.mark.parametrize(("given", "told"), [(True, True), ("{{ not none }}", True), (False, False), ("", False)])
def test_each_row_may_say_the_connection_it_is_from(given: Any, told: bool, ids: dict[str, str]) -> None:
    row = {"webhook_id": ids["bounces"], "webhook_name": "bounces"}

    ended = listed(name_pattern="bounces", with_conn_id=given, reach_conn_id="{{ 'reach_default' }}")

    assert ended.returned == [row | {"reach_conn_id": "reach_default"} if told else row]


OVER_TWO = (
    "3 webhooks were found, and Airflow maps a task over at most 2. Raise its setting [core] max_map_length, for "
    "the workers too, or list fewer at a time by name_pattern. The XCom 'webhooks' has what was found."
)


@pytest.mark.parametrize(
    ("most", "consumer", "map_index", "said"),
    [
        ("2", "mapped", -1, OVER_TWO),
        ("3", "mapped", -1, "None"),
        ("2", "mapped", 0, "None"),  # Airflow does not ask how long the lists of a mapped task are
        ("2", "not mapped", -1, "None"),
        ("2", "of another", -1, "None"),
    ],
)
def test_more_than_airflow_maps_over_is_final_where_a_task_is_mapped_over_it(
    most: str, consumer: str, map_index: int, said: str, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", most)
    with DAG("a_dag", schedule=None):
        listing = ReachListWebhooksOperator(task_id="a_task")
        if consumer == "not mapped":
            listing >> ReachValidateWebhookOperator(task_id="consumer", webhook_name="orders-eu")
        else:
            validate = ReachValidateWebhookOperator.partial(task_id="consumer")
            other = ReachListWebhooksOperator(task_id="another")
            listing >> validate.expand_kwargs((listing if consumer == "mapped" else other).output)

    ended = run(listing, map_index=map_index)

    assert ended.said == said
    assert ended.how == ("success" if said == "None" else "AirflowFailException")
    assert len(ended.xcoms["webhooks"]) == len(ids)


def test_a_list_in_a_mapped_group_is_asked_for_its_length_too(
    ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a task in such a group Airflow asks it, unlike of a task that is mapped itself."""
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "2")
    with DAG("a_dag", schedule=None) as dag:

        @task_group
        def group(conn_id: Any) -> Any:
            return ReachListWebhooksOperator(task_id="a_task", reach_conn_id=conn_id).output

        validate = ReachValidateWebhookOperator.partial(task_id="consumer")
        validate.expand(webhook_id=group.expand(conn_id=["reach_default"]))
    listing: Any = dag.get_task("group.a_task")
    listing.reach_conn_id = "reach_default"

    ended = run(listing, map_index=0)

    assert ended.said == OVER_TWO


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, ["orders-eu", "orders-us", "bounces"]),
        ({"active": True}, ["orders-eu", "orders-us"]),
        ({"active": False}, ["bounces"]),
        ({"active": "true"}, ["orders-eu", "orders-us"]),
        ({"active": " False "}, ["bounces"]),
        ({"active": "None"}, ["orders-eu", "orders-us", "bounces"]),
        ({"active": ""}, ["orders-eu", "orders-us", "bounces"]),
        ({"name_pattern": "orders-*"}, ["orders-eu", "orders-us"]),
        ({"name_pattern": "*-[eu]*"}, ["orders-eu", "orders-us"]),
        ({"name_pattern": "bounces"}, ["bounces"]),
        ({"name_pattern": ""}, ["orders-eu", "orders-us", "bounces"]),
        ({"name_pattern": "orders-*", "active": True, "expect": ["orders-us"]}, ["orders-eu", "orders-us"]),
        ({"expect": "bounces"}, ["orders-eu", "orders-us", "bounces"]),
        ({"expect": ""}, ["orders-eu", "orders-us", "bounces"]),
        ({"expect": ("bounces", "orders-eu")}, ["orders-eu", "orders-us", "bounces"]),
        ({"expect": " bounces\n"}, ["orders-eu", "orders-us", "bounces"]),
        ({"expect": [" bounces", "orders-eu\n"]}, ["orders-eu", "orders-us", "bounces"]),
        ({"expect": " None\n"}, ["orders-eu", "orders-us", "bounces"]),
        ({"expect": "{{ none }}"}, ["orders-eu", "orders-us", "bounces"]),
        ({"expect": None}, ["orders-eu", "orders-us", "bounces"]),
        ({"name_pattern": " orders-*\n"}, ["orders-eu", "orders-us"]),
        ({"name_pattern": "{{ none }}"}, ["orders-eu", "orders-us", "bounces"]),
        ({"name_pattern": None}, ["orders-eu", "orders-us", "bounces"]),
        ({"name_pattern": "ORDERS-*", "allow_empty": True}, []),
        ({"name_pattern": "nothing", "allow_empty": "True"}, []),
    ],
)
def test_filters(arguments: dict[str, Any], found: list[str], ids: dict[str, str]) -> None:
    assert names(listed(**arguments)) == found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"expect": ["orders-eu", "orders"]},
            "1 of 2 expected webhooks were not found: 'orders' does not exist (Is it 'orders-us'? Every character "
            "counts.). Found: 'bounces', 'orders-eu', 'orders-us'. First correct a name that is misspelt: "
            "declaring it would send every event twice. Declare what is missing, or take it off 'expect'.",
        ),
        (
            {"expect": ["Bounces", "bounces ", "none"]},
            "2 of 3 expected webhooks were not found: 'Bounces' does not exist; 'none' does not exist. Found: "
            "'bounces', 'orders-eu', 'orders-us'. Declare what is missing, or take it off 'expect'.",
        ),
        (
            {"expect": "Bounces", "active": True},
            "'Bounces' does not exist (Is it 'bounces'? Upper and lower case differ.). Found: 'orders-eu', ",
        ),
        (
            {"expect": ["bounces", "orders-us", "none"], "active": True, "name_pattern": "*-eu"},
            "3 of 3 expected webhooks were not found: 'bounces' exists but is filtered out by active or name_pattern; "
            "'orders-us' exists but is filtered out by active or name_pattern; 'none' does not exist. "
            "Found: 'orders-eu'.",
        ),
        ({"expect": "other"}, "1 of 1 expected webhooks were not found: 'other' does not exist."),
        (
            {"expect": ["other"], "name_pattern": "nothing", "allow_empty": True},
            "'other' does not exist. Found: none.",
        ),
        (
            {"expect": [f"other {n}" for n in range(30)]},
            "'other 19' does not exist; and 10 more. Found: ",
        ),
        (
            {"name_pattern": "Orders-*"},
            "No webhook was found, so that nothing would be watched. The workspace has 3: 'bounces', 'orders-eu', "
            "'orders-us'. Check the filters (active=None, name_pattern='Orders-*') and the connection's workspace, or "
            "set allow_empty=True.",
        ),
        ({"name_pattern": "nothing", "allow_empty": "False"}, "No webhook was found"),
        ({"expect": [7]}, "expect: each name must be a text, not 7 (int). Put it in quotes; in a template, "),
        ({"expect": ("orders-eu", None)}, "expect: each name must be a text, not None (NoneType)."),
        ({"active": "perhaps"}, "active must be True or False, not 'perhaps'."),
        ({"name_pattern": "nothing", "allow_empty": "si"}, "allow_empty must be True or False, not 'si'."),
    ],
)
def test_what_fails_for_good(arguments: dict[str, Any], said: str, ids: dict[str, str]) -> None:
    ended = listed(**arguments)

    assert ended.how == "AirflowFailException"
    assert said in ended.said
    assert ended.xcoms == {}


@pytest.mark.parametrize(
    "arguments", [{"expect": ["spaced"]}, {"expect": " spaced"}, {"name_pattern": "spaced", "active": True}]
)
def test_a_name_with_blanks_in_the_service_is_found(arguments: dict[str, Any], connected: Sandbox) -> None:
    connected.add_webhook(" spaced", target=TARGET)

    assert len(names(listed(**arguments))) == 1


@pytest.mark.parametrize("nothing", [" ", " None", "{{ none }} "])
def test_a_pattern_that_renders_to_nothing_is_not_given(nothing: str, ids: dict[str, str]) -> None:
    assert names(listed(name_pattern=nothing)) == list(NAMES)


def test_an_expectation_that_is_a_number_is_refused(ids: dict[str, str]) -> None:
    ended = listed(expect=7)

    assert ended.how == "AirflowFailException"
    assert "expect: each name must be a text, not 7 (int)." in ended.said


def test_a_wrong_switch_is_refused_before_anything_is_asked(connected: Sandbox, ids: dict[str, str]) -> None:
    assert "allow_empty must be True or False, not 'si'." in listed(allow_empty="si").said
    assert connected.requests == []


def test_an_empty_workspace_fails(connected: Sandbox) -> None:
    assert "nothing would be watched. The workspace has 0: none." in listed().said


def test_many_names_are_not_all_said(connected: Sandbox) -> None:
    for number in range(25):
        connected.add_webhook(f"orders-{number:02}", target=TARGET)

    assert "'orders-19' and 5 more. Declare" in listed(expect=["bounces"]).said


def test_templates_are_rendered(ids: dict[str, str], connected: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_EU", connected.connection_json)
    monkeypatch.delenv("AIRFLOW_CONN_REACH_DEFAULT")
    arguments: dict[str, Any] = {
        "reach_conn_id": "reach_{{ params.region }}",
        "active": "{{ params.active }}",
        "name_pattern": "*-{{ params.region }}",
        "expect": ["orders-{{ params.region }}"],
        "allow_empty": "{{ params.active }}",
    }
    params = {"region": "eu", "active": True}

    assert names(listed(context={"params": params}, **arguments)) == ["orders-eu"]
    arguments["expect"] = "orders-{{ params.region }}-2"
    assert "'orders-eu-2' does not exist" in listed(context={"params": params}, **arguments).said


def test_everything_else_is_an_xcom_without_secrets(ids: dict[str, str]) -> None:
    first, *_ = listed().xcoms["webhooks"]

    assert first["id"] == ids["orders-eu"]
    assert first["target"] == "https://***@example.org/in?***"
    assert first["auth_credentials"] == {"username": "reach", "password": "***"}
    assert first["custom_headers"] == {"X-Key": "***"}
    assert "planted" not in str(first)


def test_a_service_that_cannot_be_asked_is_left_to_the_retries(
    ids: dict[str, str], connected: Sandbox, naps: list[float]
) -> None:
    connected.fail(Fault.status(500), on="list", times=None)

    ended = listed()

    assert ended.how == "AirflowException"
    assert "Could not list webhooks: the service answered HTTP 500" in ended.said
    assert 20 < sum(naps) < 60


def test_a_refused_key_is_final(connected: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", connected.connection_json.replace(connected.api_key, "wrong"))

    ended = listed()

    assert ended.how == "AirflowFailException"
    assert "The API key was refused" in ended.said
    assert not isinstance(ended.raised, ReachDeliveryFailed)


def test_parsing_a_dag_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", "not even a connection")

    assert in_dag(ReachListWebhooksOperator, active="{{ nonsense }}", expect=None).reach_conn_id == "reach_default"


# --- what was declared beside what exists


def row(name: str, **changes: Any) -> dict[str, Any]:
    """As the webhooks of ``ids`` are."""
    return {
        "name": name,
        "target": TARGET,
        "events": list(EVENT_TYPES),
        "active": name != "bounces",
        "auth_type": "basic",
        "auth_credentials": {"username": "reach", "password": "planted"},
        "custom_headers": {"X-Key": "planted"},
        **changes,
    }


NAMES = ("orders-eu", "orders-us", "bounces")
NO_DRIFT: dict[str, Any] = {"missing": [], "unexpected": [], "different": {}, "unknown": {}, "near": {}}


def test_what_was_declared_is_there(ids: dict[str, str], connected: Sandbox, logged: Callable[[], str]) -> None:
    ended = listed(declared=[row(name) for name in NAMES])

    assert names(ended) == list(NAMES)
    assert ended.xcoms["drift"] == NO_DRIFT
    assert [webhook["name"] for webhook in ended.xcoms["webhooks"]] == list(NAMES)
    said = logged()
    assert "What exists is what was declared." in said
    assert "as far as the service shows it" not in said


def test_without_a_declaration_there_is_no_drift(ids: dict[str, str]) -> None:
    assert "drift" not in listed().xcoms
    for nothing in (None, "None", " None\n", "{{ none }}"):
        assert "drift" not in listed(declared=nothing).xcoms


# --- a list that lags behind


@pytest.mark.parametrize("expect", ["bounces", ["orders-eu", "bounces"]])
def test_what_is_expected_is_looked_for_once_more(
    expect: Any, ids: dict[str, str], connected: Sandbox, waits: list[float], logged: Callable[[], str]
) -> None:
    connected.fail(Fault.body({"results": []}), on="list")

    assert names(listed(expect=expect)) == list(NAMES)
    assert len(connected.requests) == 2
    assert waits == [LOOK_AGAIN]
    assert "'bounces' not found. Looking once more." in logged()


def test_what_is_declared_is_looked_for_once_more(ids: dict[str, str], connected: Sandbox, waits: list[float]) -> None:
    connected.fail(Fault.body({"results": []}), on="list")

    assert listed(declared=[row(name) for name in NAMES]).xcoms["drift"] == NO_DRIFT
    assert len(connected.requests) == 2
    assert waits == [LOOK_AGAIN]


def test_it_looks_once_more_alone(ids: dict[str, str], connected: Sandbox, waits: list[float]) -> None:
    assert listed(expect=["new"], declared=[row("newer")]).how == "AirflowFailException"
    assert len(connected.requests) == 2
    assert waits == [LOOK_AGAIN]


def test_it_looks_once_where_nothing_is_missing(ids: dict[str, str], connected: Sandbox, waits: list[float]) -> None:
    assert listed(expect=["bounces"], declared=[row(name) for name in NAMES], active=False).returned
    assert names(listed()) == list(NAMES)
    assert len(connected.requests) == 2
    assert waits == []


def test_who_declares_a_misspelt_name_is_told_to_correct_it(ids: dict[str, str]) -> None:
    said = listed(declared=[row("Orders-EU"), row("orders-us"), row("bounces")]).said

    assert "Missing: 'Orders-EU' does not exist. Is it 'orders-eu'? Upper and lower case differ.\n" in said
    assert (
        "\nFirst correct a name that is misspelt: declaring it would send every event twice. Run the DAG that" in said
    )


DRIFTS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "missing": (
        [{"name": "orders-eu"}, {"name": "orders-us"}, {"name": "bounces"}, {"name": "new"}],
        {"missing": ["new"]},
        "Missing: 'new' does not exist.",
    ),
    "events": (
        [{"name": "orders-eu", "events": [*EVENT_TYPES[1:], "later"]}, {"name": "orders-us"}, {"name": "bounces"}],
        {"different": {"orders-eu": {"events": f"add later; drop {EVENT_TYPES[0]}"}}},
        f"Different: 'orders-eu' has (what exists → what was declared) events: add later; drop {EVENT_TYPES[0]}.",
    ),
    "secrets": (
        [
            {"name": "orders-eu", "auth_credentials": {"username": "reach", "password": "planted-2"}},
            {"name": "orders-us", "custom_headers": {"X-Key": "planted-2", "X-New": "planted-3"}},
            {"name": "bounces", "active": True},
        ],
        {
            "different": {
                "orders-eu": {"auth_credentials": "password differs"},
                "orders-us": {"custom_headers": "x-key differs, x-new missing"},
                "bounces": {"active": "False → True"},
            }
        },
        "Different: 'orders-us' has (what exists → what was declared) custom_headers: x-key differs, x-new missing.",
    ),
    "unknown beside it": (
        [{"name": "orders-eu", "extra": {"priority": 3}}, {"name": "orders-us", "active": False}, {"name": "bounces"}],
        {
            "different": {"orders-us": {"active": "True → False"}},
            "unknown": {"orders-eu": {"priority": "not shown by the service, or masked"}},
        },
        "Different: 'orders-us'",
    ),
    "inactive": (
        [{"name": "orders-eu"}, {"name": "orders-us"}, {"name": "bounces", "active": None}],
        {
            "different": {
                "bounces": {
                    "active": "False → True, which it is unless declared otherwise; declare active=True to have it set"
                }
            }
        },
        "Different: 'bounces' has (what exists → what was declared) active: False → True, which it is unless declared "
        "otherwise; declare active=True to have it set.",
    ),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_drift_fails_for_good_and_is_an_xcom(
    drift: str, ids: dict[str, str], connected: Sandbox, logged: Callable[[], str]
) -> None:
    rows, found, said = DRIFTS[drift]

    ended = listed(declared=[row(**given) for given in rows])

    assert ended.how == "AirflowFailException"
    assert ended.xcoms == {"drift": NO_DRIFT | found}
    assert said in ended.said
    assert (
        "Run the DAG that declares them (with if_exists='update'), or declare what exists; of two with one name,"
        in ended.said
    )
    assert "planted" not in logged() + ended.said + str(ended.xcoms)


@pytest.mark.parametrize("on_drift", ["warn", "{{ 'warn' }}"])
@pytest.mark.parametrize("drift", DRIFTS)
def test_drift_may_be_a_warning(
    drift: str, on_drift: str, ids: dict[str, str], connected: Sandbox, logged: Callable[[], str]
) -> None:
    rows, found, said = DRIFTS[drift]

    ended = listed(declared=[row(**given) for given in rows], on_drift=on_drift)

    assert names(ended) == list(NAMES)
    assert ended.xcoms["drift"] == NO_DRIFT | found
    assert len(ended.xcoms["webhooks"]) == 3
    text = logged()
    assert said in text
    assert "planted" not in text


def test_what_nobody_declared_is_unexpected(ids: dict[str, str], connected: Sandbox) -> None:
    again = connected.add_webhook("orders-eu", target=TARGET)

    ended = listed(declared=[row("orders-eu"), row("bounces")])

    assert ended.how == "AirflowFailException"
    assert ended.xcoms["drift"]["unexpected"] == [
        {"webhook_id": ids["orders-us"], "webhook_name": "orders-us", "doubled": False},
        {"webhook_id": again, "webhook_name": "orders-eu", "doubled": True},
    ]
    assert f"Unexpected: 'orders-us' ({ids['orders-us']}) was not declared." in ended.said
    assert f"Unexpected: 'orders-eu' ({again}) exists a second time: every event is sent twice." in ended.said


def test_an_empty_table_expects_nothing(ids: dict[str, str]) -> None:
    assert len(listed(declared=[]).xcoms["drift"]["unexpected"]) == 3


def test_what_is_not_known_alone_is_no_drift(
    ids: dict[str, str], connected: Sandbox, logged: Callable[[], str]
) -> None:
    rows = [row(name, extra={"priority": 3}) for name in NAMES]

    ended = listed(declared=rows)

    assert names(ended) == list(NAMES)
    assert ended.xcoms["drift"]["unknown"].keys() == set(NAMES)
    said = logged()
    assert "What exists is what was declared. (as far as the service shows it)" in said
    assert "Whether these of webhook 'bounces' are what was declared is unknown: priority: not shown by the" in said
    (line,) = (line for line in said.splitlines() if "webhook 'bounces' are what" in line)
    assert "info" in line.lower().partition("whether")[0]


def test_credentials_that_are_not_known_are_warned_of(
    switched: Callable[..., Sandbox], logged: Callable[[], str]
) -> None:
    reach = switched(secrets="masked")
    fields = row("orders", auth_credentials={"username": "reach", "password": "planted"})
    del fields["custom_headers"]
    reach.add_webhook(**fields)

    ended = listed(declared=[fields])

    assert ended.xcoms["drift"]["unknown"].keys() == {"orders"}
    (line,) = (line for line in logged().splitlines() if "webhook 'orders' are what" in line)
    assert "warning" in line.lower().partition("whether")[0]


@pytest.mark.parametrize(
    ("filters", "declared"),
    [
        ({"name_pattern": "orders-*"}, ["orders-eu", "orders-us"]),
        ({"active": True}, ["orders-eu", "orders-us"]),
        ({"active": False}, ["bounces"]),
        ({"name_pattern": "*-eu", "active": "True"}, ["orders-eu"]),
    ],
)
def test_what_a_filter_leaves_out_is_not_unexpected(
    filters: dict[str, Any], declared: list[str], ids: dict[str, str], connected: Sandbox
) -> None:
    ended = listed(declared=[row(name) for name in declared], **filters)

    assert names(ended) == declared
    assert ended.xcoms["drift"] == NO_DRIFT


def test_what_was_declared_and_a_filter_leaves_out_is_not_missing(ids: dict[str, str], connected: Sandbox) -> None:
    connected.update_webhook(ids["orders-eu"], active=False)

    ended = listed(declared=[row("orders-eu"), row("orders-us")], active=True)

    assert ended.xcoms["drift"] == NO_DRIFT | {"different": {"orders-eu": {"active": "False → True"}}}


@pytest.mark.parametrize("password", ["planted", "planted-2"])
def test_a_row_may_name_the_connection_of_its_target(
    password: str,
    ids: dict[str, str],
    connected: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    logged: Callable[[], str],
) -> None:
    target = {"conn_type": "http", "login": "reach", "password": password, "extra": {"headers": {"X-Key": "planted"}}}
    monkeypatch.setenv("AIRFLOW_CONN_TARGET", json.dumps(target))
    given = {"target": "{{ params.target }}", "events": list(EVENT_TYPES), "target_conn_id": "target"}
    rows = [{"name": name, "active": name != "bounces", **given} for name in NAMES]

    ended = listed(declared=rows, context={"params": {"target": TARGET}})

    differing = {} if password == "planted" else {name: {"auth_credentials": "password differs"} for name in NAMES}
    assert ended.xcoms["drift"] == NO_DRIFT | {"different": differing}
    said = logged()
    assert "planted" not in said + ended.said + str(ended.xcoms)
    assert "given literally" not in said


@pytest.mark.parametrize(
    "declared",
    [
        "{{ params.rows }}",
        "{{ params.rows | tojson }}",
        [{"name": "{{ params.rows[0].name }}", "target": TARGET, "events": "{{ params.rows[0].events }}"}],
        ({"name": "orders-eu", "target": TARGET, "events": tuple(EVENT_TYPES), "active": "None"},),
    ],
)
def test_the_table_may_come_from_a_template(declared: Any, ids: dict[str, str], connected: Sandbox) -> None:
    context = {"params": {"rows": [{"name": "orders-eu", "target": TARGET, "events": list(EVENT_TYPES)}]}}

    ended = listed(declared=declared, name_pattern="*-eu", context=context)

    assert names(ended) == ["orders-eu"]
    assert ended.xcoms["drift"] == NO_DRIFT


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"declared": {"name": "orders"}}, "declared must be a list of mappings with name, target and events."),
        ({"declared": "orders"}, "declared must be a list of mappings"),
        ({"declared": ["orders"]}, "declared must be a list of mappings"),
        ({"declared": [{"name": "orders"}]}, "'orders': target is required."),
        ({"declared": [{"target": TARGET, "events": ["open"]}]}, "name is required."),
        (
            {"declared": [{"name": "orders", "target": TARGET, "events": ["open"], "auth_credential": {}}]},
            "declared webhook 'orders' was refused:\n  - no field of a webhook is named 'auth_credential'.",
        ),
        (
            {"declared": [{"name": n, "target": TARGET, "events": ["open"]} for n in ("a", "a ")]},
            "'a' is declared more than once.",
        ),
        ({"declared": [{"name": ["orders"], "target": TARGET, "events": ["open"]}]}, "name must be a text"),
        ({"declared": [{"name": {"a": 1}, "target": TARGET, "events": ["open"]}]}, "name must be a text"),
        (
            {"declared": [{"name": "orders", "target": TARGET, "events": ["open"], "target_conn_id": "{{ none }}"}]},
            "name a connection, or leave it out.",
        ),
        ({"declared": [], "on_drift": "ignore"}, "on_drift must be 'fail' or 'warn', not 'ignore'."),
        ({"on_drift": "ignore"}, "on_drift must be 'fail' or 'warn', not 'ignore'."),
        ({"declared": "{{ none }}", "on_drift": None}, "on_drift must be 'fail' or 'warn'"),
    ],
)
def test_a_table_that_is_wrong_is_final_and_nothing_is_asked(
    arguments: dict[str, Any], said: str, ids: dict[str, str], connected: Sandbox
) -> None:
    ended = listed(**arguments)

    assert connected.requests == []

    assert ended.how == "AirflowFailException"
    assert said in ended.said
    assert "planted" not in ended.said
    assert ended.xcoms == {}


def test_what_is_expected_is_asked_for_beside_the_declaration(ids: dict[str, str], connected: Sandbox) -> None:
    ended = listed(declared=[row(name) for name in NAMES], expect=["other"])

    assert ended.how == "AirflowFailException"
    assert "'other' does not exist" in ended.said
    assert ended.xcoms == {"drift": NO_DRIFT}
