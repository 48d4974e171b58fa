"""How the API shows a webhook, and a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_reach.sandbox.service.model import Webhook
from airflow_provider_reach.sandbox.service.switches import Switches

MASK = "********"
_NO_TOKEN: Mapping[str, Any] = {}
_SECRET = frozenset({"password", "client_secret", "access_token", "refresh_token"})


def timestamp(moment: datetime, clock_offset: timedelta) -> str:
    """A moment as the service writes it: UTC with milliseconds, by the service's own clock."""
    return (moment + clock_offset).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def links(href: str) -> list[dict[str, Any]]:
    """The links of a webhook at that address."""
    return [{"href": href, "rel": "urn.msys.webhooks.webhook", "method": ["GET", "PUT", "DELETE"]}]


def retrieved(webhook: Webhook, href: str, switches: Switches, token: Mapping[str, Any] = _NO_TOKEN) -> dict[str, Any]:
    """A webhook as retrieve shows it, with its OAuth 2 token: everything but its id and its last outcomes."""
    details = dict(webhook.auth_request_details)
    if isinstance(details.get("body"), Mapping):
        details["body"] = _shown(details["body"], switches.secrets, _SECRET)
    credentials = token if webhook.auth_type == "oauth2" else webhook.auth_credentials
    view = {
        "name": webhook.name,
        "target": webhook.target,
        "events": webhook.events,
        "auth_type": webhook.auth_type,
        "auth_request_details": details,
        "auth_credentials": _shown(credentials, switches.secrets, _SECRET),
        "active": webhook.active,
        "links": links(href),
    }
    if switches.custom_headers == "echoed" and switches.secrets != "absent":
        names = frozenset(webhook.custom_headers)
        view["custom_headers"] = _shown(webhook.custom_headers, switches.secrets, names)
    return view


def listed(
    webhook: Webhook, href: str, switches: Switches, clock_offset: timedelta, token: Mapping[str, Any] = _NO_TOKEN
) -> dict[str, Any]:
    """A webhook as list shows it: with its id, and with its last outcomes where there were any."""
    outcomes = {"last_successful": webhook.last_successful, "last_failure": webhook.last_failure}
    return {
        "id": webhook.id,
        **retrieved(webhook, href, switches, token),
        **{name: timestamp(at, clock_offset) for name, at in outcomes.items() if at},
    }


def _shown(values: Mapping[str, Any], secrets: str, secret_names: frozenset[str]) -> dict[str, Any]:
    if secrets == "echoed":
        return dict(values)
    if secrets == "absent":
        return {name: value for name, value in values.items() if name not in secret_names}
    return {name: MASK if name in secret_names else value for name, value in values.items()}
