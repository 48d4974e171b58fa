"""The trigger that goes on watching where a deferred sensor left off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class ReachBatchStatusTrigger(BaseTrigger):
    """
    Look at a webhook again and again, until there is a verdict, the deadline, or no way to ask.

    It fires once, with an event for :func:`airflow_provider_reach.core.watch.events.read_event`. Its arguments lie in
    Airflow's database: they are plain, and hold no secret. It takes those of older versions too.

    :param reach_conn_id: The Airflow connection; read once, when the trigger starts.
    :param watch: What is watched and how: :meth:`airflow_provider_reach.core.watch.watch.Watch.to_scalars`.
    """

    def __init__(self, *, reach_conn_id: str, **watch: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.reach_conn_id = reach_conn_id
        self.watch = watch

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """How Airflow keeps the trigger."""
        return (
            "airflow_provider_reach.triggers.ReachBatchStatusTrigger",
            {"reach_conn_id": self.reach_conn_id, **self.watch},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Watch; by the time of the event, all that the watch has used is given back."""
        open_client, watch_to_its_end = await asyncio.to_thread(self._load)
        yield TriggerEvent(await watch_to_its_end(open_client, self.watch, self.log))

    def _load(self) -> tuple[Any, Any]:
        """What a watch needs takes longer to import than the loop may be held up."""
        from airflow_provider_reach.hooks import ReachHook
        from airflow_provider_reach.integration.watch_loop import watch_to_its_end

        return ReachHook(self.reach_conn_id).async_client, watch_to_its_end
