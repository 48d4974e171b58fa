"""Made-up e-mail events, as the service's older public documentation shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from airflow_provider_reach.sandbox.service.model import Event

_CLASSES = {
    "message_event": (
        "injection",
        "delivery",
        "delay",
        "bounce",
        "spam_complaint",
        "out_of_band",
        "policy_rejection",
    ),
    "gen_event": ("generation_failure", "generation_rejection"),
    "track_event": ("open", "initial_open", "click", "initial_click", "amp_click", "amp_open"),
}
_CLASS_OF = {kind: event_class for event_class, kinds in _CLASSES.items() for kind in kinds}
EVENT_TYPES = tuple(_CLASS_OF)

_BOUNCE = {"bounce_class": "10", "error_code": "550", "raw_reason": "550 5.1.1 No such user"}
_REJECTION = {"error_code": "554", "reason": "Content rejected"}
_OPEN = {"user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
_CLICK = {**_OPEN, "target_link_name": "order", "target_link_url": "https://shop.example/orders"}
_DETAILS: dict[str, dict[str, str]] = {
    "delivery": {"queue_time": "812", "delv_method": "esmtp"},
    "delay": {**_BOUNCE, "bounce_class": "21", "error_code": "452"},
    "bounce": _BOUNCE,
    "out_of_band": _BOUNCE,
    "spam_complaint": {"fbtype": "abuse", "report_by": "mail.example", "report_to": "abuse@shop.example"},
    "policy_rejection": _REJECTION,
    "generation_rejection": _REJECTION,
    "generation_failure": {"error_code": "4001", "reason": "Undefined substitution value"},
    "open": _OPEN,
    "initial_open": _OPEN,
    "amp_open": _OPEN,
    "click": _CLICK,
    "initial_click": _CLICK,
    "amp_click": _CLICK,
}


def make_event(kind: str, at: datetime, overrides: dict[str, Any] | None = None) -> Event:
    """
    One realistic event with its own ``event_id``.

    :param kind: the event type; a type unknown here becomes a ``message_event``.
    :param at: when it happened.
    :param overrides: fields that replace or add to the made-up ones.
    :return: ``{"msys": {class: {"type", "event_id", "timestamp", …}}}``
    """
    chance = uuid4().int
    fields = {
        "type": kind,
        "event_id": str(chance >> 68),
        "timestamp": str(int(at.timestamp())),
        "message_id": f"{chance % 2**80:020x}",
        "transmission_id": str(chance % 2**56),
        "campaign_id": "order-confirmations",
        "subject": "Your order",
        "friendly_from": "orders@shop.example",
        "msg_from": "bounces@mail.shop.example",
        "rcpt_to": f"customer{chance % 10_000}@mail.example",
        "sending_ip": "192.0.2.17",
        **_DETAILS.get(kind, {}),
        **(overrides or {}),
    }
    return {"msys": {_CLASS_OF.get(kind, "message_event"): fields}}


def make_events(kinds: Sequence[str], count: int, at: datetime) -> list[Event]:
    """That many realistic events, the types in turn."""
    return [make_event(kinds[number % len(kinds)], at) for number in range(count)]


def complete(events: Iterable[dict[str, Any]], at: datetime) -> list[Event]:
    """Complete the events of a user: ``{"type": "bounce", …}`` gets its missing fields, ``{"msys": …}`` stays."""
    return [event if "msys" in event else make_event(event["type"], at, event) for event in events]


def kind_of(event: Event) -> str:
    """The type of an event, ``""`` where it has none."""
    return next((str(fields.get("type", "")) for fields in event["msys"].values()), "")
