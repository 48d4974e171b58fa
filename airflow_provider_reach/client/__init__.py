"""The clients: they carry out exchanges, over ``requests`` in a task and over ``aiohttp`` in the triggerer."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_reach.client.aio import AsyncReachClient
    from airflow_provider_reach.client.sync import ReachClient

__all__ = ["AsyncReachClient", "ReachClient"]

_MODULES = {"AsyncReachClient": "aio", "ReachClient": "sync"}


def __getattr__(name: str) -> Any:
    """Load each client when it is first used: a task needs no aiohttp."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
