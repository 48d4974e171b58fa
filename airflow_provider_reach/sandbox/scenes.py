"""Sandboxes with a history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow_provider_reach.sandbox.facade import Sandbox

_MESSAGE_EVENTS = ("injection", "delivery", "delay")
_ENGAGEMENT_EVENTS = ("open", "initial_open", "click", "initial_click")
_BOUNCE_EVENTS = ("bounce", "out_of_band", "spam_complaint")
_OUTAGES = (timedelta(hours=5), timedelta(hours=3), timedelta(hours=10))  # at risk, piling up, lost
_BATCHES_IN_OUTAGE = 20


@contextmanager
def health_scene(**settings: Any) -> Iterator[Sandbox]:
    """
    A sandbox with twelve hours of history, up to the real time.

    Three webhooks, each with a target of the same name: ``deliveries`` is healthy; ``engagement`` failed for
    20 minutes seven hours ago and recovered; ``bounces`` has answered 503 for five hours, and nothing is lost yet.

    :param settings: parameters of ``Sandbox``, except ``start``.
    """
    end = datetime.now(timezone.utc)
    # No target hangs here; on a busy machine, one that answers must not seem late.
    with Sandbox(start=end - timedelta(hours=12), **{"target_timeout": 10, **settings}) as reach:
        for name, events, batches_per_hour, events_per_batch in (
            ("deliveries", _MESSAGE_EVENTS, 12, 100),
            ("engagement", _ENGAGEMENT_EVENTS, 12, 60),
            ("bounces", _BOUNCE_EVENTS, 12, 40),
        ):
            webhook_id = reach.add_webhook(name, target=reach.target(name).url, events=events)
            reach.traffic(webhook_id, batches_per_hour, events_per_batch)
        reach.advance_to(end - timedelta(hours=7))
        reach.target("engagement").answer(503, "restarting")
        reach.advance(minutes=20)
        reach.target("engagement").answer(200)
        reach.advance_to(end - timedelta(hours=5))
        reach.target("bounces").answer(503, "no database connection")
        reach.advance_to(end)
        yield reach


@contextmanager
def workspace_scene(webhooks: int = 1000, in_trouble: float = 0.01, **settings: Any) -> Iterator[Sandbox]:
    """
    A sandbox with many webhooks, a few of them in trouble.

    They are ``customer-0001`` and so on. The healthy ones deliver to the target ``up``. The others are spread evenly
    over the list; their target, ``down``, has answered 503 for five, three or ten hours: their batches are at risk,
    pile up, or are lost. The past is made up, without a POST, so that thousands start in a moment.

    :param webhooks: how many in all.
    :param in_trouble: the share of them that is in trouble, from 0 to 1.
    :param settings: parameters of ``Sandbox``.
    :raises ValueError: there is no webhook, or the share is not from 0 to 1.
    """
    if webhooks < 1 or not 0 <= in_trouble <= 1:
        raise ValueError(f"webhooks={webhooks}, in_trouble={in_trouble}: at least 1, and from 0 to 1")
    with Sandbox(**{"target_timeout": 10, **settings}) as reach:
        up, down = reach.target("up"), reach.target("down")
        down.answer(503, "no database connection")
        ailing = 0
        for number in range(1, webhooks + 1):
            is_ailing = round(number * in_trouble) > ailing
            target = down if is_ailing else up
            webhook_id = reach.add_webhook(f"customer-{number:04}", target=target.url, events=_MESSAGE_EVENTS)
            reach.add_past_batch(webhook_id, reach.now - timedelta(hours=12))
            if is_ailing:
                _add_outage(reach, webhook_id, _OUTAGES[ailing % len(_OUTAGES)])
                ailing += 1
        yield reach


def _add_outage(reach: Sandbox, webhook_id: str, outage: timedelta) -> None:
    for number in range(_BATCHES_IN_OUTAGE):
        reach.add_past_batch(webhook_id, reach.now - outage + number * outage / _BATCHES_IN_OUTAGE, 503)
