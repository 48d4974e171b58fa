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
