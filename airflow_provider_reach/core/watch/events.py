"""How a watch ends; and the same as plain JSON, from the trigger to the task that resumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachError, ReachVersionError
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.watch.watch import TimeoutName


@dataclass(frozen=True)
class TimedOut:
    """The deadline passed before a verdict."""

    limit: TimeoutName
    last: DeliveryReport | ReachError


End = DeliveryReport | TimedOut | ReachError


def event_of(end: End) -> dict[str, Any]:
    """The event that says how a watch ended."""
    if isinstance(end, TimedOut):
        return {"kind": "timeout", "limit": end.limit, "last": event_of(end.last)}
    if isinstance(end, ReachError):
        return {"kind": "error", "type": type(end).__name__, "message": str(end), "details": _plain(vars(end))}
    return {"kind": "report", "report": end.to_dict()}


def read_event(event: Any) -> End:
    """
    How the watch ended, by the trigger's event.

    :param event: The event.
    :raises ReachVersionError: if there is none, or this version does not know it.
    """
    try:
        end: End = _READERS[event["kind"]](event)
        if isinstance(end, DeliveryReport) and end.outcome == "wait":
            raise ValueError("a watch does not end undecided")
        return end
    except (KeyError, TypeError, AttributeError, ValueError, msgspec.MsgspecError) as why:
        raise ReachVersionError(
            f"The watch's trigger ended with an event that this version does not know: {shown(event, 300)}. Scheduler, "
            "workers and triggerer should run the same version of airflow-provider-reach; the task's next try, or "
            "clearing it, begins a new watch."
        ) from why


def _report(event: Mapping[str, Any]) -> DeliveryReport:
    return msgspec.convert(event["report"], DeliveryReport)


def _timeout(event: Mapping[str, Any]) -> TimedOut:
    limit, last = event["limit"], event["last"]
    if limit not in ("timeout", "execution_timeout") or last["kind"] == "timeout":
        raise ValueError(limit)
    return TimedOut(limit, _READERS[last["kind"]](last))


def _error(event: Mapping[str, Any]) -> ReachError:
    kind = getattr(errors, event["type"])
    if not issubclass(kind, ReachError):
        raise TypeError(event["type"])
    return errors.restored(kind, event["message"], event["details"])


_READERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {"report": _report, "timeout": _timeout, "error": _error}


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Those of an error's attributes that are plain JSON."""
    return {name: value for name, value in attributes.items() if isinstance(value, (str, int, float, list, type(None)))}
