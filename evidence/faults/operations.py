"""Every operation of the API, and those that combine several; each with how to see that it was done."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from typing import Any, cast
from urllib.parse import urlsplit

from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.api.exchange import AskContext, Exchange, Together
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachCallError, ReachError, ReachNotFoundError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.webhooks.converge import converge, declare
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from airflow_provider_reach.core.webhooks.selection import Selection
from airflow_provider_reach.core.webhooks.spec import WebhookChanges, WebhookSpec
from airflow_provider_reach.core.workspace.check import check_workspace
from airflow_provider_reach.core.workspace.policies import PolicyTable
from airflow_provider_reach.core.workspace.report import WorkspaceReport
from airflow_provider_reach.sandbox import Sandbox
from evidence.faults.right import Kind

API_KEY, WORKSPACE = "planted-api-key-4711", "7c1b54a0-0d5e-4f6e-9a51-2f7f4f1b6d3e"
CREDENTIALS = {"username": "reach", "password": "planted-password-4712"}
HEADERS = {"X-Token": "planted-header-4713"}
CHANGED = {"active": False, "custom_headers": {"X-Token": "planted-header-4714"}}
CHANGES = WebhookChanges(**CHANGED)  # type: ignore[arg-type]

Webhooks = dict[str, dict[str, Any]]


class Scene:
    """
    A service with two webhooks: the one that is asked about, and one that nobody may touch.

    :param sandbox: The service.
    :param is_flooded: Whether an answer without end keeps a shared event loop from reading the others in time.
    """

    def __init__(self, sandbox: Sandbox, *, is_flooded: bool = False) -> None:
        self.sandbox = sandbox
        self.is_flooded = is_flooded
        self.target = sandbox.target("consumer").url
        secrets: Any = {"auth_type": "basic", "auth_credentials": CREDENTIALS, "custom_headers": HEADERS}
        self.webhook_id = sandbox.add_webhook("orders", target=self.target, events=["open"], **secrets)
        self.other_id = sandbox.add_webhook("others", target=self.target, events=["click"], **secrets)
        self.wanted: dict[str, Any] = {"name": "new", "target": self.target, "events": ["bounce"], **secrets}
        self.spec = WebhookSpec(**self.wanted)
        self.before = self.webhooks()

    def webhooks(self) -> Webhooks:
        """What the service has, by id, as it says itself."""
        place = urlsplit(self.sandbox.base_url)
        service = HTTPConnection(place.netloc, timeout=30)
        path = f"{place.path}/workspaces/{WORKSPACE}/reach/webhooks"
        service.request("GET", path, headers={"Authorization": f"AccessKey {API_KEY}"})
        told = json.load(service.getresponse())["results"]
        service.close()
        unsure = ("last_successful", "last_failure", "links")
        return {each["id"]: {name: value for name, value in each.items() if name not in unsure} for each in told}

    def difference(self, kind: Kind, *, done: bool) -> str:
        """
        What differs from what it must be; empty if nothing does.

        :param kind: What was asked for.
        :param done: Whether it must have been done, or must not.
        """
        now = self.webhooks()
        expected = {webhook_id: dict(webhook) for webhook_id, webhook in self.before.items()}
        made = [webhook for webhook_id, webhook in now.items() if webhook_id not in expected]
        if kind == "delete" and done:
            del expected[self.webhook_id]
        if kind == "update" and done:
            expected[self.webhook_id].update(CHANGED)
        if {webhook_id: now.get(webhook_id) for webhook_id in expected} != expected or self._are_others(now, expected):
            return f"the service has {now}, and should have {expected}"
        if len(made) != (kind == "create" and done):
            return f"{len(made)} webhooks were made"
        wrong = [webhook for webhook in made if not _holds(webhook, self.wanted)]
        return f"what was made is {wrong}" if wrong else ""

    def _are_others(self, now: Webhooks, expected: Webhooks) -> bool:
        return any(webhook_id in self.before and webhook_id not in expected for webhook_id in now)


def _holds(webhook: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(
        sorted(webhook[name]) == sorted(value) if name == "events" else webhook[name] == value
        for name, value in wanted.items()
    )


@dataclass(frozen=True)
class Operation:
    """
    Something that is asked of the service.

    :param name: Its name.
    :param kind: Its kind.
    :param meets: Which operation of the API meets the fault.
    :param do: Does it.
    :param is_right: Whether its result is the right one.
    :param looks_first: Whether it lists the webhooks before anything else.
    :param of_one: Whether only requests about the webhook that is asked about meet the fault.
    """

    name: str
    kind: Kind
    meets: str
    do: Callable[[ReachClient, Scene], Any]
    is_right: Callable[[Any, Scene], bool]
    looks_first: bool = False
    of_one: bool = False


def _check_workspace(client: ReachClient, scene: Scene) -> WorkspaceReport:
    """
    Check both webhooks; raise the error that the report tells about the one that meets the fault.

    :raises AssertionError: when the report tells anything else, or has no verdict on the other webhook.
    """
    begun: list[Together] = []
    came: list[Any] = []

    def noting(context: AskContext) -> Exchange[WorkspaceReport]:
        exchange = check_workspace(Selection(), PolicyTable(DeliveryPolicy()), context)
        result = None
        while True:
            try:
                step = exchange.send(result)
            except StopIteration as done:
                return cast("WorkspaceReport", done.value)
            if isinstance(step, Together):
                begun.append(step)
            result = yield step
            if isinstance(step, Together):
                came.extend(result or [])

    try:
        report = client.do(noting)
    except ReachError as error:
        if begun and not scene.is_flooded:
            raise AssertionError(f"the error of one webhook was raised for both: {error!r}") from error
        raise
    of_one, of_other = came
    assert isinstance(of_other, DeliveryReport), f"no verdict on the other webhook: {of_other!r}"
    assert of_other.outcome == "healthy", of_other
    assert "planted" not in f"{report!r}{report}", "a secret is in the report"
    if isinstance(of_one, ReachError):
        assert report.outcome == "unknown", f"{report.outcome} though one was not answered"
        assert report.reports == [of_other], report.reports
        [(label, said)] = report.unanswered.items()
        assert "orders" in label and said, f"{label}: {said}"  # noqa: PT018
        if isinstance(of_one, ReachNotFoundError):  # the list is asked what it means, once for all
            assert said.endswith("Yet the webhook is there: ask again."), said
            raise ReachCallError(said, **of_one.origin)
        raise of_one
    return report


def _names(webhooks: Any) -> list[str]:
    return sorted(webhook.name for webhook in webhooks)


def _made(result: str, scene: Scene) -> bool:
    return result in scene.webhooks() and result not in scene.before


OPERATIONS = (
    Operation(
        "list",
        "reads",
        "list",
        lambda client, scene: client.list_webhooks(),
        lambda result, scene: _names(result) == ["orders", "others"],
    ),
    Operation(
        "retrieve",
        "reads",
        "retrieve",
        lambda client, scene: client.get_webhook(scene.webhook_id),
        lambda result, scene: (result.id, result.name, result.events) == (scene.webhook_id, "orders", ("open",)),
    ),
    Operation(
        "batch_status",
        "reads",
        "batch_status",
        lambda client, scene: client.get_batch_status(scene.webhook_id),
        lambda result, scene: result.rows == [] and result.complete,
    ),
    Operation(
        "find",
        "reads",
        "list",
        lambda client, scene: client.find_webhook("orders"),
        lambda result, scene: result is not None and result.id == scene.webhook_id,
    ),
    Operation(
        "check_delivery",
        "reads",
        "batch_status",
        lambda client, scene: client.check_delivery(webhook_name="orders"),
        lambda result, scene: result.outcome == "healthy",
        looks_first=True,
    ),
    Operation(
        "check_by_id",
        "reads",
        "retrieve",
        lambda client, scene: client.check_delivery(scene.webhook_id),
        lambda result, scene: (result.outcome, result.webhook_name) == ("healthy", "orders"),
    ),
    Operation(
        "check_workspace",
        "reads",
        "batch_status",
        _check_workspace,
        lambda result, scene: (result.outcome, result.looked, len(result.reports)) == ("healthy", 2, 2),
        looks_first=True,
        of_one=True,
    ),
    Operation("create", "create", "create", lambda client, scene: client.create_webhook(scene.spec), _made),
    Operation(
        "declare",
        "create",
        "create",
        lambda client, scene: client.do(partial(declare, scene.spec, "fail")),
        lambda result, scene: result.created and _made(result.webhook_id, scene),
        looks_first=True,
    ),
    Operation(
        "update",
        "update",
        "update",
        lambda client, scene: client.update_webhook(scene.webhook_id, CHANGES),
        lambda result, scene: bool(result == scene.webhook_id),
    ),
    Operation(
        "converge",
        "update",
        "update",
        lambda client, scene: client.do(partial(converge, WebhookRef(scene.webhook_id), CHANGES)),
        lambda result, scene: result.webhook_id == scene.webhook_id and "active" in result.changed,
        looks_first=True,
    ),
    Operation(
        "delete",
        "delete",
        "delete",
        lambda client, scene: client.delete_webhook(scene.webhook_id),
        lambda result, scene: result is None,
    ),
    Operation(
        "validate",
        "validate",
        "validate",
        lambda client, scene: client.validate_webhook(scene.webhook_id),
        lambda result, scene: result.ok and result.response.status == 200,
    ),
)
SIMPLE, HEAVY = ("list", "check_workspace", "create", "update", "delete", "validate"), ("list", "create")
"""What a short run tries; of faults that are aimed at memory, less."""
