"""A service and a target whose every text attacks those who read the log, the UI or a terminal."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_reach import (
    ReachBatchStatusSensor,
    ReachCreateWebhookOperator,
    ReachDeleteWebhookOperator,
    ReachListWebhooksOperator,
    ReachUpdateWebhookOperator,
    ReachValidateWebhookOperator,
)
from airflow_provider_reach.cli.definition import parser
from airflow_provider_reach.sandbox import Fault, Sandbox
from example_dags.example_reach_chat_alert import tell_chat
from tests.tasks import Ended, in_dag, run

ID = "6f0f0f4e-55b6-4a27-8b1e-0a3d9a3c2b11"
ESCAPES = "\x1b[2J\x1b]0;owned\x07\r\n2026-01-01 INFO - HEALTHY\x00\x08\x85\u2028\u202e\u2066\u200b\ufeff\ud800"
ESCAPES = ESCAPES.encode("utf-8", "replace").decode()
FOLDS = "::group::x INFO - ::group::y ##[group]z ::endgroup::"
HOSTILE = f"{ESCAPES}{FOLDS}{{{{ conn.reach_default.password }}}}<script>alert(1)</script>{'A' * 40_000}"
MOST = 30_000
"""Characters of all that one task may make of any answer: some lines, each of them bounded."""


def hostile_webhook(text: str, **given: Any) -> dict[str, Any]:
    """Every field of the contract, and one that is not."""
    return {
        "id": ID,
        "name": text,
        "target": f"https://consumer.example/{text}",
        "events": ["open", text],
        "active": True,
        "auth_type": text,
        "auth_credentials": {"username": text, text: text},
        "auth_request_details": {"url": text, "body": {text: text}},
        "custom_headers": {text: text},
        "last_successful": text,
        "last_failure": text,
        "links": [{"href": text}],
        text: text,
        **given,
    }


def hostile_rows(text: str) -> list[dict[str, Any]]:
    row = {"batch_id": text, "ts": text, "attempts": text, "response_code": text, "failure_code": text}
    return [row, {**row, "batch_id": f"{text}2", "ts": "2026-01-01T00:00:00Z", "latency": text, "batch_size": text}]


def task(kind: type[BaseOperator], **arguments: Any) -> Any:
    return in_dag(kind, **arguments)


TASKS: dict[str, Callable[[], Any]] = {
    "list": lambda: task(ReachListWebhooksOperator),
    "expect": lambda: task(ReachListWebhooksOperator, expect=["orders"]),
    "drift": lambda: task(
        ReachListWebhooksOperator, declared=[{"name": "x", "target": "https://x.example", "events": ["open"]}]
    ),
    "watch": lambda: task(ReachBatchStatusSensor, webhook_id=ID, outage_tolerance=0),
    "watch by name": lambda: task(ReachBatchStatusSensor, webhook_name="orders", outage_tolerance=0),
    "validate": lambda: task(ReachValidateWebhookOperator, webhook_id=ID),
    "validate by name": lambda: task(ReachValidateWebhookOperator, webhook_name="orders"),
    "update": lambda: task(ReachUpdateWebhookOperator, webhook_id=ID, target="https://y.example", events=["click"]),
    "create": lambda: task(
        ReachCreateWebhookOperator, name="orders", target="https://consumer.example/o", events=["open"]
    ),
    "delete": lambda: task(ReachDeleteWebhookOperator, webhook_id=ID),
}

ANSWERS: dict[str, Callable[[Sandbox, str], None]] = {}


def answers(how: Callable[[Sandbox, str], None]) -> Callable[[Sandbox, str], None]:
    ANSWERS[how.__name__] = how
    return how


@answers
def good(reach: Sandbox, text: str) -> None:
    """Everything has the contract's form."""
    reach.fail(Fault.body({"results": [hostile_webhook(text)]}), on="list", times=None)
    reach.fail(Fault.body({"results": hostile_webhook(text)}), on="retrieve", times=None)
    reach.fail(Fault.body({"results": hostile_rows(text)}), on="batch_status", times=None)
    said = {"msg": text, "response": {"status": 200, "headers": {"Server": text, text: text}, "body": text}}
    reach.fail(Fault.body({"results": said}), on="validate", times=None)
    for operation in ("create", "update"):
        reach.fail(Fault.body({"results": {"id": text}}), on=operation, times=None)
    reach.fail(Fault.status(204, b""), on="delete", times=None)


@answers
def of_bad_ids(reach: Sandbox, text: str) -> None:
    listed = [hostile_webhook(text, id=text), hostile_webhook(text, id=f"{text}2", name="orders")]
    reach.fail(Fault.body({"results": listed}), on="list", times=None)
    reach.fail(Fault.body({"results": hostile_webhook(text)}), on="retrieve", times=None)
    reach.fail(Fault.body({"results": []}), on="batch_status", times=None)
    for operation in ("create", "update"):
        reach.fail(Fault.body({"results": {"id": text}}), on=operation, times=None)


@answers
def of_twins(reach: Sandbox, text: str) -> None:
    twins = [hostile_webhook(text, id=f"{n}{text}", name="orders") for n in range(9)]
    reach.fail(Fault.body({"results": twins}), on="list", times=None)


@answers
def refusing(reach: Sandbox, text: str) -> None:
    reach.fail(Fault.body({"results": [hostile_webhook(text), hostile_webhook(text, name="orders")]}), on="list")
    response = {"status": 500, "headers": {"Location": text, "Server": text, text: text}, "body": text}
    error = {"message": text, "description": text, "code": text, "response": response}
    reach.fail(Fault.status(400, {"errors": [error] * 50}), times=None)


@answers
def failing(reach: Sandbox, text: str) -> None:
    reach.fail(Fault.status(500, text), times=None)


@answers
def redirecting(reach: Sandbox, text: str) -> None:
    reach.fail(
        Fault.status(302, f"<p>{text}", headers={"Location": "javascript:alert(1)//\x85\x9b2J<script>"}), times=None
    )


@answers
def of_no_form(reach: Sandbox, text: str) -> None:
    reach.fail(Fault.body({text: [text, {"a": text}]}), times=None)


def texts(value: Any) -> Iterator[str]:
    """Every text of a JSON value, also its names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(name)
            yield from texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts(inner)


def bad_characters(text: str) -> set[str]:
    """Those that move a cursor, turn the writing's direction, or cannot be seen; lines may end."""
    return {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}


def what_is_shown(ended: Ended, logged: str) -> str:
    raised: BaseException | None = ended.raised
    chain = []
    while raised is not None:
        chain.append(f"{raised}\n{raised!r}")
        raised = raised.__cause__ or raised.__context__
    return "\n".join([*chain, logged, str(ended.context.get("reach_webhook"))])


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("asked", TASKS)
def test_it_becomes_some_plain_lines_in_logs_errors_labels_and_xcoms(
    asked: str, answer: str, connected: Sandbox, logged: Callable[[], str]
) -> None:
    ANSWERS[answer](connected, HOSTILE)

    ended = run(TASKS[asked](), map_index=0)

    shown = what_is_shown(ended, logged())
    assert connected.requests, "nothing was asked"
    assert bad_characters(shown) == set()
    assert "::group::" not in shown.replace(": :group::", "")
    assert "::endgroup::" not in shown.replace(": :endgroup::", "")
    assert not [line for line in shown.splitlines() if line.startswith("2026-01-01 INFO")]
    assert "{{" not in "".join(texts([ended.returned, ended.xcoms]))
    assert len(shown) < MOST
    assert len(json.dumps([ended.returned, ended.xcoms])) < MOST


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("command", [["list"], ["check"], ["check", "orders", ID]])
def test_the_command_line_moves_no_cursor(
    answer: str, command: list[str], connected: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    ANSWERS[answer](connected, HOSTILE)

    options = parser().parse_args([*command, *(["--patience", "0"] if command[0] == "check" else [])])
    with pytest.raises(SystemExit):
        options.func(options)

    assert bad_characters("".join(capfd.readouterr())) == set()


def test_a_webhook_s_name_calls_nobody_in_a_chat(connected: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = connected.target("chat")
    monkeypatch.setenv("AIRFLOW_CONN_REACH_CHAT", json.dumps({"conn_type": "http", "password": chat.url}))
    name = "a<!channel> <@U1> <https://evil.example|log> & 'b'"
    failed = run(in_dag(ReachBatchStatusSensor, webhook_name=name))

    context = {"dag": SimpleNamespace(dag_id="d"), "run_id": "r", "ti": SimpleNamespace(task_id="t")}
    tell_chat({**context, "exception": failed.raised})

    text = chat.received[0].body["text"]
    assert text.startswith("FAILED: webhook 'a&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil.example|log&gt; &amp; 'b''")
    assert "<" not in text
