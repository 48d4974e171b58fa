"""The control API under ``/sandbox``: what a test can do with a ``Sandbox``, for another process on this machine."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from airflow_provider_reach.sandbox.api.errors import EXCEPTION_HANDLERS, ApiError, reply
from airflow_provider_reach.sandbox.api.request_validation import decode
from airflow_provider_reach.sandbox.service.model import Batch, State
from airflow_provider_reach.sandbox.service.simulation import Simulation
from airflow_provider_reach.sandbox.targets import Targets


class _Advance(msgspec.Struct, forbid_unknown_fields=True):
    days: float = 0
    hours: float = 0
    minutes: float = 0
    seconds: float = 0


class _Conduct(msgspec.Struct, forbid_unknown_fields=True):
    answer: int | None = None
    body: str = ""
    do: Literal["refuse", "hang", "hang_up"] | None = None


class _Send(msgspec.Struct, forbid_unknown_fields=True):
    events: int


class Control:
    """The handlers of the control API."""

    def __init__(self, simulation: Simulation, targets: Targets) -> None:
        self._simulation = simulation
        self._targets = targets

    def application(self) -> ASGIApp:
        """The ASGI application."""
        application = Starlette(
            routes=[
                Route("/sandbox/state", self._state, methods=["GET"]),
                Route("/sandbox/advance", self._advance, methods=["POST"]),
                Route("/sandbox/targets/{name}", self._target, methods=["POST"]),
                Route("/sandbox/webhooks/{webhook_id}/send", self._send, methods=["POST"]),
            ],
            exception_handlers={**EXCEPTION_HANDLERS, ValueError: _invalid, OverflowError: _invalid},
        )

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            answer: ASGIApp = application
            if _is_from_a_page(Request(scope)):
                answer = ApiError(403, "forbidden", "No web page may control the sandbox").reply()
            await answer(scope, receive, send)

        return guarded

    async def _state(self, request: Request) -> Response:
        return reply(self.state())

    async def _advance(self, request: Request) -> Response:
        span = decode(await request.body(), _Advance)
        await asyncio.to_thread(self._simulation.advance, timedelta(**msgspec.structs.asdict(span)))
        return reply({"now": self._simulation.now})

    async def _target(self, request: Request) -> Response:
        conduct = decode(await request.body(), _Conduct)
        if (conduct.answer is None) == (conduct.do is None):
            raise ValueError('give either "answer" or "do"')
        target = self._targets[request.path_params["name"]]
        if conduct.answer is not None:
            await asyncio.to_thread(target.answer, conduct.answer, conduct.body)
        else:
            await asyncio.to_thread(getattr(target, str(conduct.do)))
        return reply({"name": target.name, "url": target.url, "conduct": target.conduct})

    async def _send(self, request: Request) -> Response:
        events = decode(await request.body(), _Send).events
        batch_ids = await asyncio.to_thread(self._simulation.send, request.path_params["webhook_id"], events)
        return reply({"batch_ids": batch_ids})

    def state(self) -> dict[str, Any]:
        """The simulated time, the webhooks with their batches counted, and what the targets do."""
        return {
            "now": self._simulation.now,
            "webhooks": [
                {
                    "id": webhook.id,
                    "name": webhook.name,
                    "active": webhook.active,
                    "target": webhook.target,
                    "batches": _count_states(self._simulation.batches(webhook.id)),
                }
                for webhook in self._simulation.webhooks()
            ],
            "targets": {target.name: {"url": target.url, "conduct": target.conduct} for target in self._targets},
        }


def _count_states(batches: Iterable[Batch]) -> dict[str, int]:
    counts = Counter(batch.state for batch in batches)
    return {state: counts[state] for state in get_args(State)}


def _is_from_a_page(request: Request) -> bool:
    """Whether a web page sent it, in a browser: of another site, or under a name that now resolves to this machine."""
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        host = ""
    is_led = request.headers.get("sec-fetch-site", "none") != "none"  # and not typed into the address bar
    return "origin" in request.headers or is_led or not _is_here(host)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _invalid(request: Request, error: Exception) -> Response:
    return ApiError(400, "invalid_field", str(error)).reply()
