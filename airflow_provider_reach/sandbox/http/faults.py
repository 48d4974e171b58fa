"""Ways in which the API itself can misbehave, and which requests meet them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import responses
from typing import Any, Literal

import msgspec

OPERATIONS = ("list", "create", "retrieve", "update", "delete", "validate", "batch_status")
_OF_NO_WEBHOOK = ("list", "create")

HUGE_BEGINNING, HUGE_END = b'{"results": [', b"]}"

Kind = Literal["replace", "slow", "reset_before", "reset_after", "truncated", "cut_json", "huge"]


@dataclass(frozen=True)
class Fault:
    """One way to misbehave; made by the constructors below."""

    kind: Kind
    code: int = 200
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0
    size: int = 0

    @classmethod
    def status(
        cls,
        code: int,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
    ) -> Fault:
        """
        Do nothing; answer with this.

        :param code: the HTTP status.
        :param body: bytes or text as they are, anything else as JSON; None: an error in the contract's shape.
        :param headers: more headers, such as ``Retry-After``.
        :param content_type: None: ``text/html`` if the body begins with ``<``, otherwise JSON.
        """
        if body is None:
            phrase = responses.get(code, "Unknown")
            body = {"errors": [{"message": phrase, "code": phrase.lower().replace(" ", "_")}]}
        content = _content(body)
        guessed = "text/html; charset=utf-8" if content.startswith(b"<") else "application/json"
        return cls("replace", code, content, {"Content-Type": content_type or guessed, **(headers or {})})

    @classmethod
    def body(cls, body: Any, content_type: str | None = None) -> Fault:
        """
        Do nothing; answer 200 with the wrong content.

        :param body: bytes or text as they are, anything else as JSON.
        :param content_type: None: ``text/html`` if the body begins with ``<``, otherwise JSON.
        """
        return cls.status(200, b"null" if body is None else body, content_type=content_type)

    @classmethod
    def slow(cls, seconds: float) -> Fault:
        """Carry out the request and answer correctly, but late by this many real seconds."""
        return cls("slow", seconds=seconds)

    @classmethod
    def reset_before(cls) -> Fault:
        """Do nothing; reset the connection."""
        return cls("reset_before")

    @classmethod
    def reset_after(cls) -> Fault:
        """Carry out the request, then reset the connection without an answer."""
        return cls("reset_after")

    @classmethod
    def truncated(cls) -> Fault:
        """Break off the correct answer halfway: its Content-Length says more, then the connection closes."""
        return cls("truncated")

    @classmethod
    def cut_json(cls) -> Fault:
        """Cut the JSON of the correct answer in half; as far as HTTP can tell, it is complete."""
        return cls("cut_json")

    @classmethod
    def huge(cls, size: int) -> Fault:
        """
        Do nothing; answer 200 with this many bytes of valid JSON, made while they are sent.

        :raises ValueError: it is too small for the JSON.
        """
        if size < len(HUGE_BEGINNING + HUGE_END):
            raise ValueError(f"size={size}: at least {len(HUGE_BEGINNING + HUGE_END)}")
        return cls("huge", headers={"Content-Type": "application/json"}, size=size)


class Faults:
    """The faults still to happen, in the order they were set."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault, on: str, times: int | None, webhook_id: str | None = None) -> None:
        """
        Make the next requests of an operation meet a fault.

        :param on: one of ``OPERATIONS``, or ``any``.
        :param times: how many requests; None: all until ``clear``.
        :param webhook_id: only requests about this webhook, in lower case; None: all.
        :raises ValueError: there is no such operation, or it is about no webhook, or ``times`` is below 1.
        """
        if on not in (*OPERATIONS, "any"):
            raise ValueError(f"on={on!r}: choose one of {', '.join(OPERATIONS)}, any")
        if times is not None and times < 1:
            raise ValueError(f"times={times}: at least 1, or None for until heal()")
        if webhook_id is not None and on in _OF_NO_WEBHOOK:
            raise ValueError(f"on={on!r}: a request of this operation is about no one webhook; leave out webhook_id")
        with self._lock:
            self._waiting.append(_Waiting(fault, on, times, webhook_id))

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._waiting.clear()

    def next_for(self, operation: str | None, webhook_id: str | None) -> Fault | None:
        """The fault that this request meets, which counts as used; None if there is none."""
        with self._lock:
            for waiting in self._waiting:
                if waiting.on in (operation, "any") and waiting.webhook_id in (webhook_id, None):
                    if waiting.times is not None:
                        waiting.times -= 1
                    if waiting.times == 0:
                        self._waiting.remove(waiting)
                    return waiting.fault
        return None


@dataclass(eq=False)
class _Waiting:
    fault: Fault
    on: str
    times: int | None
    webhook_id: str | None


def _content(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else msgspec.json.encode(body)
