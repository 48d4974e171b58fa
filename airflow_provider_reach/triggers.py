"""The triggers: one continues a deferred sensor's watch, one looks at a whole workspace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class ReachBatchStatusTrigger(BaseTrigger):
    """
    Look at a webhook again and again, until there is a verdict, the deadline passes, or the service cannot be asked.

    It fires once, with an event for :func:`airflow_provider_reach.core.watch.events.read_event`. Airflow keeps its
    arguments in the database: they are plain values and hold no secret. Those of older versions are still read.

    :param reach_conn_id: The Airflow connection; read at the first look, and again if the key is refused.
    :param watch: What is watched, and how: written by :meth:`airflow_provider_reach.core.watch.watch.Watch.to_scalars`,
        read by its ``from_scalars``.
    """

    def __init__(self, *, reach_conn_id: str, **watch: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.reach_conn_id = reach_conn_id
        self.watch = watch

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The trigger as Airflow stores it."""
        return (
            "airflow_provider_reach.triggers.ReachBatchStatusTrigger",
            {"reach_conn_id": self.reach_conn_id, **self.watch},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Watch until the end; by the time of the event, everything that the watch used has been released."""
        open_client, watch_to_its_end = await asyncio.to_thread(self._load)
        yield TriggerEvent(await watch_to_its_end(open_client, self.watch, self.log))

    def _load(self) -> tuple[Any, Any]:
        """Import what a watch needs, which takes too long for the event loop."""
        from airflow_provider_reach.hooks import ReachHook
        from airflow_provider_reach.integration.watch_loop import watch_to_its_end

        return ReachHook(self.reach_conn_id).async_client, watch_to_its_end


class _Unshown(dict[str, Any]):
    """An event that Airflow does not write into the task's log whole: the report on a workspace may be long."""

    def __repr__(self) -> str:
        return f"{{'kind': {self.get('kind')!r}, ...}}"


class ReachWorkspaceTrigger(BaseTrigger):
    """
    Look once at all webhooks of a workspace.

    It fires once, with an event for :func:`airflow_provider_reach.integration.workspace_look.read_look`. Its arguments
    are plain JSON and hold no secret.

    :param reach_conn_id: The Airflow connection.
    :param look: What is looked at, and how it is judged, as
        :class:`~airflow_provider_reach.integration.workspace_look.WorkspaceLook` writes it; and the ``deadline``.
    """

    def __init__(self, *, reach_conn_id: str, **look: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.reach_conn_id = reach_conn_id
        self.look = look

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The trigger as Airflow stores it."""
        return (
            "airflow_provider_reach.triggers.ReachWorkspaceTrigger",
            {"reach_conn_id": self.reach_conn_id, **self.look},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look; by the time of the event, everything that the look used has been released."""
        open_client, look_once = await asyncio.to_thread(self._load)
        yield TriggerEvent(_Unshown(await look_once(open_client, self.look)))

    def _load(self) -> tuple[Any, Any]:
        """Import what a look needs, which takes too long for the event loop."""
        from airflow_provider_reach.hooks import ReachHook
        from airflow_provider_reach.integration.workspace_look import look_once

        return ReachHook(self.reach_conn_id).async_client, look_once
