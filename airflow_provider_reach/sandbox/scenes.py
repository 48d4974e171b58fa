"""Sandboxes with a past."""

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
    A sandbox whose last twelve hours end at the real now.

    Three webhooks, each with a target of the same name: ``deliveries`` is healthy; ``engagement`` failed for
    20 minutes seven hours ago and recovered; ``bounces`` has answered 503 for five hours, its events not yet lost.

    :param settings: parameters of ``Sandbox``, but for ``start``.
    """
    end = datetime.now(timezone.utc)
    # No target hangs here, and one that answers must not seem late on a busy machine.
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
