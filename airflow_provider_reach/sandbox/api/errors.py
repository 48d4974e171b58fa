"""Answers as JSON, and errors in the contract's shape."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from airflow_provider_reach.sandbox.service.model import PostResult
from airflow_provider_reach.sandbox.service.simulation import UnknownWebhook


class ApiError(Exception):
    """The API refuses a request."""

    def __init__(
        self, status: int, code: str, message: str, description: str = "", response: PostResult | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self._error: dict[str, Any] = {"message": message, "code": code}
        if description:
            self._error["description"] = description
        if response is not None and response.status is not None:
            self._error["response"] = answer_view(response)

    def reply(self) -> Response:
        """The answer that says so."""
        return reply({"errors": [self._error]}, self.status)


def answer_view(answer: PostResult) -> dict[str, Any]:
    """A target's answer as the API shows it."""
    return {"status": answer.status, "headers": answer.headers, "body": answer.body}


def reply(content: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


async def _refused(request: Request, error: Any) -> Response:
    return ApiError.reply(error)


async def _no_webhook(request: Request, error: Any) -> Response:
    return ApiError(404, "not_found", "Webhook not found").reply()


async def _no_route(request: Request, error: Any) -> Response:
    code = HTTPStatus(error.status_code).name.lower()
    return ApiError(error.status_code, code, error.detail).reply()


EXCEPTION_HANDLERS: dict[Any, Any] = {
    ApiError: _refused,
    UnknownWebhook: _no_webhook,
    HTTPException: _no_route,
}
"""For Starlette: every error leaves as JSON."""
