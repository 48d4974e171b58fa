"""What the callbacks of the examples and the docs report of a failure, whatever Airflow passes to them."""

from __future__ import annotations

import json
import runpy
import socketserver
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout

from airflow_provider_reach.core.api.models import Gone
from airflow_provider_reach.core.delivery.assess import assess
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.exceptions import ReachDeliveryFailed
from airflow_provider_reach.integration.compat import AirflowTaskTimeout
from airflow_provider_reach.sandbox import Sandbox
from tests.airflow.real_airflow import EXAMPLES, PROJECT
from tests.unit.core.helpers import NOW

Told = Callable[[dict[str, Any]], str]

VERDICT = ReachDeliveryFailed(assess([], NOW, DeliveryPolicy(), webhook=Gone(name="<!channel>")))
HEADLINE = "FAILED: webhook '&lt;!channel&gt;': it does not exist (or no longer does); its events go nowhere."
KILLED = "{'DAG Id': 'a_dag', 'Task Id': 'a_task', 'Run Id': 'a_run', 'Hostname': 'vm'}"
NO_ERROR = "The task failed, but gave no error: see its log."
RUN = {"dag": SimpleNamespace(dag_id="a_dag"), "run_id": "a_run"}
TASK = {**RUN, "ti": SimpleNamespace(dag_id="a_dag", task_id="a_task", run_id="a_run")}

CONTEXTS: dict[str, tuple[dict[str, Any], str]] = {
    "a verdict": ({**TASK, "exception": VERDICT}, HEADLINE),
    "Airflow's own timeout": ({**TASK, "exception": AirflowTaskTimeout("Timeout")}, "Timeout"),
    "an error without a report": ({**TASK, "exception": AirflowSensorTimeout("No verdict")}, "No verdict"),
    "a text": ({**TASK, "exception": KILLED}, NO_ERROR),
    "an empty text": ({**TASK, "exception": ""}, NO_ERROR),
    "no exception": ({**TASK, "exception": None}, NO_ERROR),
    "not a word of an exception": (TASK, NO_ERROR),
}
RUNS: dict[str, dict[str, Any]] = {
    "a run": {**RUN, "reason": "timed_out"},
    "a run with one of its tasks": {**TASK, "reason": "timed_out"},
}
FAILED_RUN = "(timed_out): see which of its tasks failed or were skipped."


@pytest.fixture
def chat(reach: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Told:
    """What the example's callback sends to a chat."""
    connection = {"conn_type": "http", "password": reach.target("chat").url}
    monkeypatch.setenv("AIRFLOW_CONN_REACH_CHAT", json.dumps(connection))
    tell_chat = runpy.run_path(str(EXAMPLES / "example_reach_chat_alert.py"))["tell_chat"]

    def told(context: dict[str, Any]) -> str:
        tell_chat(context)
        return str(reach.target("chat").received[-1].body["text"])

    return told


@pytest.mark.parametrize("case", CONTEXTS)
def test_a_chat_is_told_of_a_task_whatever_there_is_of_an_exception(case: str, chat: Told) -> None:
    context, said = CONTEXTS[case]

    told = chat(context).splitlines()

    assert told[0] == said
    assert told[-1] == "(a_dag, a_task, a_run)"


@pytest.mark.parametrize("case", RUNS)
def test_a_chat_is_told_of_a_run(case: str, chat: Told) -> None:
    assert chat(RUNS[case]) == f"The run failed {FAILED_RUN}\n(a_dag, a_run)"


class _Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as one mail takes."""

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline():
            if not line.upper().startswith(b"DATA"):
                self._say("250 fine")
                continue
            self._say("354 go on")
            cast(_Mails, self.server).received.append(b"".join(iter(self.rfile.readline, b".\r\n")))
            self._say("250 taken")

    def _say(self, what: str) -> None:
        self.wfile.write(f"{what}\r\n".encode())


class _Mails(socketserver.TCPServer):
    received: list[bytes]


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], EmailMessage]]:
    """Takes the mails that are sent by the default connection; the last of them."""
    with _Mails(("127.0.0.1", 0), _Mail) as server:
        server.received = []
        Thread(target=server.serve_forever, daemon=True).start()
        host, port = server.server_address[:2]
        extra = {"disable_ssl": True, "disable_tls": True, "retry_limit": 1}
        connection = {"conn_type": "smtp", "host": host, "port": port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))
        yield lambda: message_from_bytes(server.received[-1], policy=policy.default)
        server.shutdown()


def sent(mails: Callable[[], EmailMessage], notifier: str, context: dict[str, Any]) -> tuple[str, str]:
    """Subject and text of the mail that a notifier of the docs sends, made anew, as in each process of Airflow."""
    snippet = runpy.run_path(str(PROJECT / "docs/snippets/tell_by_mail.py"))
    snippet[notifier]({**context, "dag": snippet["dag"]})
    body = mails().get_body()
    assert body
    return str(mails()["subject"]), body.get_content().strip()


@pytest.mark.parametrize("case", CONTEXTS)
def test_a_mail_tells_of_a_task_whatever_there_is_of_an_exception(case: str, mails: Callable[[], EmailMessage]) -> None:
    context, said = CONTEXTS[case]

    subject, text = sent(mails, "tell_of_task", context)

    assert subject == "tell_by_mail, a_task has failed"
    assert text.startswith(f"<pre>{said}".replace("'", "&#39;"))


@pytest.mark.parametrize("case", RUNS)
def test_a_mail_tells_of_a_run(case: str, mails: Callable[[], EmailMessage]) -> None:
    assert sent(mails, "tell_of_run", RUNS[case]) == ("tell_by_mail has failed", f"The run a_run failed {FAILED_RUN}")


def test_the_callbacks_are_those_of_the_tasks_and_of_the_dag() -> None:
    for path in (EXAMPLES / "example_reach_chat_alert.py", PROJECT / "docs/snippets/tell_by_mail.py"):
        dag = runpy.run_path(str(path))["dag"]
        assert dag.on_failure_callback
        assert all(task.on_failure_callback for task in dag.tasks)
