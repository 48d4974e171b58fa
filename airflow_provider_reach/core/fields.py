"""A webhook's fields by name, and the event types: what is needed before a task runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

FIELDS = (
    "name",
    "target",
    "events",
    "active",
    "custom_headers",
    "auth_type",
    "auth_credentials",
    "auth_request_details",
)
"""Those of the contract that can be written, in the order in which messages name them."""

LONGEST_NAME = 1000
"""Characters of a webhook's name. Answers are read no further, so that a longer name would never be found again."""

AUTH_TYPES = {"auth_credentials": "basic", "auth_request_details": "oauth2"}
"""The type of authentication that uses each field."""
AUTH_FIELDS = ("auth_type", *AUTH_TYPES)

EventType = Literal[
    "injection",  # the service took the message
    "delivery",  # the recipient's mail server took it
    "delay",  # the recipient's mail server deferred it; it is tried again
    "bounce",  # the recipient's mail server refused it
    "spam_complaint",  # the recipient called it spam
    "out_of_band",  # it bounced after the recipient's mail server had taken it
    "policy_rejection",  # the service refused to send it, because of its own policy
    "generation_failure",  # the message could not be made: a technical failure
    "generation_rejection",  # the message was not made: the service's policy, or what it was made from
    "open",  # the recipient opened it
    "initial_open",  # the recipient opened it for the first time
    "click",  # the recipient followed a link
    "initial_click",  # the recipient followed a link for the first time
    "amp_click",  # the recipient followed a link in the AMP version
    "amp_open",  # the recipient opened the AMP version
]
"""The event types of the contract, to choose from. The service may know more, so none is refused."""


class OptionalFields(TypedDict, total=False):
    """What may be left out when a webhook is created; None is left out too."""

    active: bool | None
    custom_headers: Mapping[str, str] | None
    auth_type: str | None
    auth_credentials: Mapping[str, str] | None
    auth_request_details: Mapping[str, Any] | None
    extra: Mapping[str, Any] | None


class WebhookFields(OptionalFields, total=False):
    """What an update may change."""

    name: str | None
    target: str | None
    events: Sequence[EventType] | Sequence[str] | None
