"""Which of the two hosts of region ``us`` has the workspace; for tests by a person, never in a task."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.api.models import Webhook
from airflow_provider_reach.core.api.regions import WRONG_PLACE, other_host, twin_of
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.errors import ReachCallError


@dataclass(frozen=True)
class ProbeResult:
    """Which host answered, with what, and why the connection's own host did not (``instead``; empty where it did)."""

    config: ReachConfig
    webhooks: list[Webhook]
    instead: str = ""


def ask_both(config: ReachConfig) -> ProbeResult:
    """
    List the webhooks, and ask the other host too if the connection's own may be the wrong one; each is asked once.

    The key goes only to these two hosts, which are both the service's own.

    :param config: The connection's own configuration.
    :raises ReachCallError: when neither answers, or there is no other host.
    """
    try:
        return ProbeResult(config, _listed(config))
    except WRONG_PLACE as error:
        other = other_host(config)
        if other is None:
            raise
        own, error.hint = error, ""  # since the other host is asked
    try:
        return ProbeResult(other, _listed(other), str(own))
    except ReachCallError as error:
        error.hint = ""
        own.args = (f"{own} {other.region} was asked too: {error}",)
    raise own


def answered_elsewhere(config: ReachConfig) -> ProbeResult | None:
    """
    Who answers instead of the connection's own host; None where that one does, or where it may answer later.

    :param config: Where the service is, as the connection has it.
    :raises ReachCallError: when neither host ever will.
    """
    if other_host(config) is None:
        return None
    try:
        answered = ask_both(config)
    except ReachCallError as error:
        if error.final:
            raise
        return None  # what may pass is asked again, within the outage tolerance
    return answered if answered.instead else None


def told(answered: ProbeResult) -> str:
    """Say that the other host answered, and what to set."""
    region, own = answered.config.region, twin_of(answered.config)
    return (
        f"Region 'us' is {own}, and asking there failed: {answered.instead} {region} "
        f"answered. Set the connection's region to {region}: until then tasks ask {own} alone."
    )


def _listed(config: ReachConfig) -> list[Webhook]:
    with ReachClient(config, outage_tolerance=0.0) as client:
        return client.list_webhooks()
