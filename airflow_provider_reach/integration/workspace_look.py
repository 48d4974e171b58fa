"""One look at a whole workspace: what is asked, the look in the triggerer, and the event that tells how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_reach.core.errors import ReachError, ReachVersionError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.text import one_line, shown
from airflow_provider_reach.core.values import read_duration, read_instant, scalar
from airflow_provider_reach.core.watch.events import event_of, read_event
from airflow_provider_reach.core.webhooks.selection import Selection
from airflow_provider_reach.core.workspace.report import WorkspaceReport
from airflow_provider_reach.version import __version__

if TYPE_CHECKING:
    from airflow_provider_reach.client.aio import AsyncReachClient

    OpenClient = Callable[[], AbstractAsyncContextManager[AsyncReachClient]]

LONGEST = timedelta(hours=1)
"""How long a deferred look may take beside an outage, where no execution_timeout says it."""


@dataclass(frozen=True)
class WorkspaceLook:
    """
    What is looked at, and how it is judged. It holds no secret.

    :param policy: What counts as failed, where ``policies`` says nothing else.
    :param policies: What differs, by webhook's name or pattern.
    :param selection: Which webhooks are meant.
    :param outage_tolerance: How long to keep asking while the service cannot be asked.
    """

    policy: DeliveryPolicy
    policies: Mapping[str, Mapping[str, Any]]
    selection: Selection
    outage_tolerance: timedelta

    @property
    def asked(self) -> dict[str, Any]:
        """The arguments of ``check_workspace``."""
        return {"policy": self.policy, "policies": self.policies, **vars(self.selection)}

    def to_plain(self) -> dict[str, Any]:
        """The look as Airflow keeps a trigger's arguments in its database."""
        return {
            **vars(self.selection),
            "expect": [*self.selection.expect],
            "policy": _scalars(vars(self.policy)),
            "policies": {name: _scalars(own) for name, own in self.policies.items()},
            "outage_tolerance": self.outage_tolerance.total_seconds(),
            "version": __version__,
        }

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> WorkspaceLook:
        """
        The look of a trigger's arguments.

        :param plain: What :meth:`to_plain` returned.
        :raises ReachInputError: naming every value of the policy that is not possible.
        :raises ReachVersionError: if another version wrote what this one does not know.
        """
        values = {name: value for name, value in plain.items() if name not in ("version", "deadline")}
        try:
            policy, policies = DeliveryPolicy(**values.pop("policy")), values.pop("policies")
            tolerance = read_duration("outage_tolerance", values.pop("outage_tolerance"))
            return cls(policy, policies, Selection(**values), tolerance)
        except (KeyError, TypeError):
            raise ReachVersionError(
                f"The check was begun by airflow-provider-reach {one_line(str(plain.get('version')), 40)}. The one "
                f"that runs here, {__version__}, does not know all of its arguments. Install the same version for the "
                "triggerer, and restart it; the task's next try looks again."
            ) from None


def _scalars(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: scalar(value) for name, value in values.items()}


async def look_once(open_client: OpenClient, plain: Any) -> Any:
    """
    Look, at most until the deadline; by the time it returns, everything that it used has been given back.

    :param open_client: Reads the Airflow connection and makes the client: a hook's ``async_client``.
    :param plain: The look and its ``deadline``, as the trigger keeps them.
    :return: The event that tells how it ended.
    """
    try:
        left = read_instant("deadline", plain.get("deadline")) - datetime.now(timezone.utc)
        report = await asyncio.wait_for(_look(open_client, WorkspaceLook.of_plain(plain)), left.total_seconds())
    except ReachError as error:
        return event_of(error)
    except asyncio.TimeoutError:
        return {"kind": "timeout"}
    return {"kind": "workspace", "report": report.to_dict()}


async def _look(open_client: OpenClient, look: WorkspaceLook) -> WorkspaceReport:
    async with open_client() as client:
        client.outage_tolerance = look.outage_tolerance.total_seconds()
        return await client.check_workspace(**look.asked)


def read_look(event: Any) -> WorkspaceReport | None:
    """
    What a look in the triggerer came to, by its event; None if it was not over in time.

    :param event: The event.
    :raises ReachError: what the look ended with.
    :raises ReachVersionError: if there is no event, or this version does not know it.
    """
    kind = event.get("kind") if isinstance(event, Mapping) else None
    if kind == "timeout":
        return None
    if kind == "error" and isinstance(end := read_event(event), ReachError):
        raise end
    try:
        return msgspec.convert(event["report"], WorkspaceReport)
    except (KeyError, TypeError, msgspec.MsgspecError):
        raise ReachVersionError(
            f"The check's trigger ended with an event that this version does not know: {shown(event, 300)}. Scheduler, "
            "workers and triggerer should run the same version of airflow-provider-reach; the task's next try looks "
            "again."
        ) from None
