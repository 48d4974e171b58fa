"""The webhooks API: the contract's seven operations over a simulation."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_provider_reach.sandbox.api.batch_status import status_rows
from airflow_provider_reach.sandbox.api.errors import EXCEPTION_HANDLERS, ApiError, answer_view, reply
from airflow_provider_reach.sandbox.api.request_validation import (
    NewWebhook,
    WebhookChanges,
    changed_fields,
    check,
    decode,
)
from airflow_provider_reach.sandbox.api.views import links, listed, retrieved
from airflow_provider_reach.sandbox.service.courier import Courier, NoToken
from airflow_provider_reach.sandbox.service.events import make_events
from airflow_provider_reach.sandbox.service.model import Event, PostResult, Webhook
from airflow_provider_reach.sandbox.service.simulation import Simulation
from airflow_provider_reach.sandbox.service.switches import Switches

STARTS_AFTER = timedelta(minutes=1)
TEST_BATCH_ID = "77c2b630-d712-11e4-9642-efc2723b99c1"
_DEFAULT_LIMIT = "1000"
_EMPTY: Sequence[Event] = [{"msys": {}}]
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SCHEMES = ("AccessKey", "Bearer")

Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Api:
    """The handlers of the seven operations; ``limited_key`` is known, but is allowed nothing."""

    simulation: Simulation
    courier: Courier
    switches: Switches
    workspace_id: str
    api_key: str = field(repr=False)
    limited_key: str = field(repr=False)
    clock_offset: timedelta

    def application(self) -> Starlette:
        """The ASGI application; the name of each route is the name of its operation."""
        webhooks = "/api/workspaces/{workspace_id}/reach/webhooks"
        webhook = webhooks + "/{webhook_id}"
        operations: list[tuple[str, str, str, Handler]] = [
            ("list", "GET", webhooks, self._list),
            ("create", "POST", webhooks, self._create),
            ("retrieve", "GET", webhook, self._retrieve),
            ("update", "PUT", webhook, self._update),
            ("delete", "DELETE", webhook, self._delete),
            ("validate", "POST", webhook + "/validate", self._validate),
            ("batch_status", "GET", webhook + "/batch-status", self._batch_status),
        ]
        application = Starlette(
            routes=[
                Route(path, self._admitted(handler), methods=[method], name=name)
                for name, method, path, handler in operations
            ],
            exception_handlers=EXCEPTION_HANDLERS,
        )
        application.router.redirect_slashes = False
        return application

    def _admitted(self, handler: Handler) -> Handler:
        async def endpoint(request: Request) -> Response:
            self._admit(request)
            return await handler(request)

        return endpoint

    def _admit(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme not in _SCHEMES or key not in (self.api_key, self.limited_key):
            raise ApiError(401, "unauthorized", "Unauthorized", "The API key is missing or not known.")
        for name, value in request.path_params.items():
            if not _UUID.fullmatch(value):
                raise ApiError(400, "invalid_id", "Invalid id", f"{name} is not a UUID: {value}")
        if request.path_params["workspace_id"].lower() != self.workspace_id.lower():
            raise ApiError(404, "not_found", "Workspace not found")
        if key == self.limited_key:
            raise ApiError(403, "forbidden", "Forbidden", "The API key may not do this.")

    async def _list(self, request: Request) -> Response:
        views = [
            listed(webhook, self._href(webhook.id), self.switches, self.clock_offset, self.courier.kept(webhook))
            for webhook in self.simulation.webhooks()
        ]
        return reply({"results": views})

    async def _create(self, request: Request) -> Response:
        body = decode(await request.body(), NewWebhook)
        fields = {name: getattr(body, name) for name in body.__struct_fields__}
        webhook = Webhook(id=str(uuid4()), ready_at=self.simulation.now, **fields)
        check(webhook)
        token = await asyncio.to_thread(self._prove, webhook, test=True)
        self.courier.keep(webhook, token)
        self.simulation.add(replace(webhook, ready_at=self.simulation.now + STARTS_AFTER))
        return self._changed(webhook.id)

    async def _retrieve(self, request: Request) -> Response:
        webhook = self._webhook(request)
        token = self.courier.kept(webhook)
        return reply({"results": retrieved(webhook, self._href(webhook.id), self.switches, token)})

    async def _update(self, request: Request) -> Response:
        before = self._webhook(request)
        changes = changed_fields(decode(await request.body(), WebhookChanges))
        after = replace(before, **changes)
        check(after)
        token = await asyncio.to_thread(self._prove, after, test=after.target != before.target)
        self.simulation.change(before.id, **changes)
        self.courier.keep(after, token)
        return self._changed(before.id)

    async def _delete(self, request: Request) -> Response:
        self.simulation.remove(self._webhook(request).id)
        return Response(status_code=204)

    async def _validate(self, request: Request) -> Response:
        webhook = self._webhook(request)
        answer = await asyncio.to_thread(self._validated, webhook)
        return reply({"results": {"msg": "Test POST to endpoint succeeded", "response": answer_view(answer)}})

    async def _batch_status(self, request: Request) -> Response:
        webhook = self._webhook(request)
        limit = self._limit(request.query_params.get("limit", _DEFAULT_LIMIT))
        batches = self.simulation.batches(webhook.id)
        rows = status_rows(batches, self.switches, self.simulation.now, self.clock_offset)
        return reply({"results": rows[:limit]})

    def _limit(self, text: str) -> int:
        cap = self.switches.limit_cap
        if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < 1:
            raise ApiError(400, "invalid_limit", "Invalid limit", "limit must be an integer of at least 1")
        if cap is None or int(text) <= cap:
            return int(text)
        if self.switches.over_cap == "refuse":
            raise ApiError(400, "invalid_limit", "Invalid limit", f"limit must be at most {cap}")
        return cap

    def _validated(self, webhook: Webhook) -> PostResult:
        return self._tested(webhook, self._token(self.courier.token, webhook))

    def _prove(self, webhook: Webhook, test: bool) -> Mapping[str, Any]:
        token = self._token(self.courier.fetch_token, webhook)
        if test:
            self._tested(webhook, token)
        return token

    def _token(self, get: Callable[[Webhook], Mapping[str, Any]], webhook: Webhook) -> Mapping[str, Any]:
        try:
            return get(webhook)
        except NoToken as refusal:
            raise ApiError(400, "400", "POST to webhook tokens URL failed", response=refusal.answer) from refusal

    def _tested(self, webhook: Webhook, token: Mapping[str, Any]) -> PostResult:
        fixed, empty = self.switches.test_batch_id == "fixed", self.switches.test_batch == "empty"
        events = _EMPTY if empty else make_events(webhook.events, len(webhook.events), self.simulation.now)
        answer = self.courier.post(webhook, token, TEST_BATCH_ID if fixed else uuid4().hex, events)
        if answer.failure:
            raise ApiError(400, "400", f"POST to webhook target URL failed with {_reason(answer)}", response=answer)
        return answer

    def _webhook(self, request: Request) -> Webhook:
        return self.simulation.webhook(request.path_params["webhook_id"].lower())

    def _href(self, webhook_id: str) -> str:
        return f"/api/workspaces/{self.workspace_id}/reach/webhooks/{webhook_id}"

    def _changed(self, webhook_id: str) -> Response:
        return reply({"results": {"id": webhook_id, "links": links(self._href(webhook_id))}})


def _reason(answer: PostResult) -> str:
    """Why a test failed, in the words that public reports quote from the service."""
    if answer.status is None:
        return f"error code {answer.failure}"
    return f"{'' if 200 <= answer.status < 300 else 'non-2xx '}response code {answer.status}"
