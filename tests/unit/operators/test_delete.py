from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_reach import ReachDeleteWebhookOperator
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.webhooks.find import LOOK_AGAIN
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.tasks import Ended, in_dag, run
from tests.unit.integration.test_map_index import label
from tests.unit.operators.helpers import NOBODY, add, did, kept


def delete(*, context: dict[str, Any] | None = None, map_index: int = -1, **arguments: Any) -> Ended:
    return run(in_dag(ReachDeleteWebhookOperator, **arguments), map_index=map_index, **context or {})


@pytest.fixture
def webhook_id(connected: Sandbox) -> str:
    return add(connected)


@pytest.mark.parametrize("by", ["webhook_id", "webhook_name"])
def test_what_exists_is_deleted_and_its_queue_is_told_of(
    by: str, connected: Sandbox, webhook_id: str, logged: Callable[[], str]
) -> None:
    other = add(connected, "other")

    ended = delete(**{by: webhook_id if by == "webhook_id" else "orders"})

    assert ended.returned == {"webhook_id": webhook_id, "deleted": True}
    assert kept(connected) == [other]
    said = logged()
    assert f"Deleted webhook 'orders' ({webhook_id})." in said
    assert "Batches that were queued before are still delivered to its target" in said


@pytest.mark.parametrize(
    ("which", "found"),
    [
        ({"webhook_id": NOBODY}, NOBODY),
        ({"webhook_id": NOBODY, "webhook_name": "orders"}, NOBODY),
        ({"webhook_name": "gone"}, ""),
    ],
)
@pytest.mark.parametrize("ignore", [True, None, "{{ none }}", ""])
def test_what_is_gone_already_is_a_success(
    ignore: Any,
    which: dict[str, str],
    found: str,
    connected: Sandbox,
    webhook_id: str,
    waits: list[float],
    logged: Callable[[], str],
) -> None:
    ended = delete(ignore_if_missing=ignore, **which)

    assert ended.returned == {"webhook_id": found, "deleted": False}
    assert kept(connected) == [webhook_id]
    assert "delete" not in did(connected)
    said = logged()
    assert "Nothing was deleted. There is no webhook " in said
    assert "create it first" not in said
    assert waits == [LOOK_AGAIN]
    assert "Batches that were queued" not in said


@pytest.mark.parametrize(
    ("which", "warned"),
    [
        ({"webhook_name": "Orders"}, True),
        ({"webhook_id": NOBODY, "webhook_name": "orders"}, True),
        ({"webhook_name": "order"}, False),
        ({"webhook_id": NOBODY}, False),
    ],
)
def test_what_still_exists_in_another_spelling_is_warned_of(
    which: dict[str, str], warned: bool, connected: Sandbox, webhook_id: str, logged: Callable[[], str]
) -> None:
    assert delete(**which).returned["deleted"] is False

    said = logged()
    assert ("If that is the one to delete, it still exists: correct the name or id." in said) is warned
    assert kept(connected) == [webhook_id]


@pytest.mark.parametrize("ignore", [False, "False", "{{ False }}"])
@pytest.mark.parametrize("which", [{"webhook_id": NOBODY}, {"webhook_name": "order"}])
def test_what_is_gone_already_may_be_a_failure(
    which: dict[str, str], ignore: Any, connected: Sandbox, webhook_id: str
) -> None:
    ended = delete(ignore_if_missing=ignore, **which)

    assert ended.how == "AirflowFailException"
    assert "There is no webhook" in ended.said
    assert kept(connected) == [webhook_id]


@pytest.mark.parametrize("which", [{"webhook_id": NOBODY}, {"webhook_name": "other"}])
def test_nobody_is_told_to_create_what_shall_be_deleted(
    which: dict[str, str], connected: Sandbox, webhook_id: str
) -> None:
    said = delete(ignore_if_missing=False, **which).said

    assert "create it first" not in said
    assert said.endswith("Check the name or id and the connection, or set ignore_if_missing.")


def test_twice_is_once(connected: Sandbox, webhook_id: str) -> None:
    assert [delete(webhook_id=webhook_id).returned["deleted"] for _ in range(2)] == [True, False]
    assert did(connected).count("delete") == 1


@pytest.mark.parametrize("ignore", [True, False])
@pytest.mark.parametrize("by", ["webhook_id", "webhook_name"])
def test_what_a_list_shows_late_is_deleted(
    by: str, ignore: bool, connected: Sandbox, webhook_id: str, waits: list[float], logged: Callable[[], str]
) -> None:
    connected.fail(Fault.body({"results": []}), on="list")
    if by == "webhook_id":
        connected.fail(Fault.status(404), on="retrieve")

    ended = delete(ignore_if_missing=ignore, **{by: webhook_id if by == "webhook_id" else "orders"})

    assert ended.returned == {"webhook_id": webhook_id, "deleted": True}
    asked = ["retrieve", "list", "retrieve"] if by == "webhook_id" else ["list", "list"]
    assert did(connected) == [*asked, "delete"]
    assert waits == [LOOK_AGAIN]
    assert "Looking once more." in logged()


def test_the_one_of_the_name_is_told_of_where_the_id_decides(connected: Sandbox, webhook_id: str) -> None:
    ended = delete(webhook_id=NOBODY, webhook_name="orders", ignore_if_missing=False)

    assert f"The one named 'orders' has another id, {webhook_id}; with an id given, the id decides." in ended.said


def test_an_ignore_that_is_no_switch_deletes_nothing(connected: Sandbox, webhook_id: str) -> None:
    ended = delete(webhook_id=webhook_id, ignore_if_missing="perhaps")

    assert ended.how == "AirflowFailException"
    assert "ignore_if_missing must be True or False" in ended.said
    assert connected.requests == []


def test_a_name_that_several_have_deletes_none(connected: Sandbox, webhook_id: str) -> None:
    other = add(connected)

    ended = delete(webhook_name="orders")

    assert ended.how == "AirflowFailException"
    assert "2 webhooks are named 'orders'" in ended.said
    assert webhook_id in ended.said
    assert other in ended.said
    assert kept(connected) == [webhook_id, other]


@pytest.mark.parametrize("ignore", [True, False])
@pytest.mark.parametrize("which", ["webhook_id", "webhook_name"])
def test_a_workspace_that_is_not_there_is_no_success(
    which: str, ignore: bool, connected: Sandbox, webhook_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = connected.connection | {"extra": {"workspace_id": NOBODY}}
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", json.dumps(wrong))
    arguments = {which: webhook_id if which == "webhook_id" else "orders"}

    ended = delete(ignore_if_missing=ignore, **arguments)

    assert ended.how == "AirflowFailException"
    assert "workspace_id and region" in ended.said
    assert kept(connected) == [webhook_id]
    assert {request.status for request in connected.requests} == {404}
    assert did(connected) == (["retrieve", "list"] if which == "webhook_id" else ["list"])


def test_a_list_that_something_else_answers_is_no_success(
    connected: Sandbox, webhook_id: str, naps: list[float]
) -> None:
    for fault in (Fault.status(404, "<html>Not here</html>"), Fault.body("<html>Sign in</html>"), Fault.body({})):
        connected.heal()
        connected.fail(Fault.status(404), on="retrieve", times=None)
        connected.fail(fault, on="list", times=None)
        assert delete(webhook_id=webhook_id).how == "AirflowException"
    assert kept(connected) == [webhook_id]


@pytest.mark.parametrize(
    ("ignore", "how"), [(True, "success"), (False, "AirflowFailException")], ids=["ignored", "not ignored"]
)
def test_somebody_else_was_faster(
    ignore: bool,
    how: str,
    connected: Sandbox,
    webhook_id: str,
    logged: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected.fail(Fault.status(404), on="delete")
    meanwhile = {"sleep": lambda _: connected.delete_webhook(webhook_id)}
    monkeypatch.setattr(ReachClient.__init__, "__kwdefaults__", ReachClient.__init__.__kwdefaults__ | meanwhile)

    ended = delete(webhook_id=webhook_id, ignore_if_missing=ignore)

    assert ended.how == how
    assert ended.returned == ({"webhook_id": webhook_id, "deleted": False} if ignore else None)
    said = f"Nothing was deleted. Somebody else deleted webhook 'orders' ({webhook_id})."
    assert (said in logged()) is ignore


@pytest.mark.parametrize(
    "fault", [Fault.status(404), Fault.status(404, ""), Fault.status(404, {"message": "no Route"})]
)
def test_a_404_deletes_nothing_while_the_list_holds_the_webhook(
    fault: Fault, connected: Sandbox, webhook_id: str, naps: list[float]
) -> None:
    connected.fail(fault, on="delete")

    ended = delete(webhook_id=webhook_id)

    assert (ended.how, kept(connected), naps) == ("AirflowException", [webhook_id], [LOOK_AGAIN])
    assert "HTTP 404" in ended.said
    assert "Yet the webhook is there: ask again." in ended.said


@pytest.mark.parametrize("fault", [Fault.reset_before(), Fault.reset_after(), Fault.status(502)], ids=lambda f: f.kind)
def test_a_lost_answer_is_asked_for_again(fault: Fault, connected: Sandbox, webhook_id: str, naps: list[float]) -> None:
    connected.fail(fault, on="delete")

    assert delete(webhook_id=webhook_id, ignore_if_missing=False).returned["deleted"] is True
    assert kept(connected) == []
    assert len(naps) == 1


@pytest.mark.parametrize("operation", ["retrieve", "delete"])
def test_a_service_that_cannot_be_asked_is_left_to_the_retries(
    operation: str, connected: Sandbox, webhook_id: str, naps: list[float]
) -> None:
    connected.fail(Fault.status(503), on=operation, times=None)

    assert delete(webhook_id=webhook_id).how == "AirflowException"
    connected.heal()
    assert delete(webhook_id=webhook_id).returned == {"webhook_id": webhook_id, "deleted": True}


def test_its_label(connected: Sandbox, webhook_id: str) -> None:
    assert label(delete(webhook_name="gone", map_index=0)) == "gone"
    assert label(delete(webhook_id=webhook_id, webhook_name="orders", map_index=0)) == "orders"
    assert label(delete(webhook_id=NOBODY, webhook_name="{{ none }}", map_index=0)) == NOBODY
    assert "map_index_template" not in delete(webhook_id=webhook_id).context


def test_the_webhook_may_come_from_a_template(connected: Sandbox, webhook_id: str) -> None:
    context = {"params": {"id": webhook_id, "nothing": None}}

    ended = delete(context=context, webhook_id="{{ params.id }}\n", webhook_name="{{ params.nothing }}")

    assert ended.returned == {"webhook_id": webhook_id, "deleted": True}


def test_an_ignore_of_any_length_is_refused_in_a_few_words(connected: Sandbox, webhook_id: str) -> None:
    ended = delete(webhook_id=webhook_id, ignore_if_missing=["x" * 30_000])

    assert "ignore_if_missing must be True or False, not ['xxx" in ended.said
    assert len(ended.said) < 300
