"""The fields of a webhook by name, and the event types: what an operator needs to know of them without a task."""

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
"""Those of the contract that can be written, in the order in which they are told."""

LONGEST_NAME = 1000
"""Characters of a webhook's name: more are not read of an answer, so that a longer one would never be found again."""

AUTH_TYPES = {"auth_credentials": "basic", "auth_request_details": "oauth2"}
"""The type of authentication that makes use of a field."""
AUTH_FIELDS = ("auth_type", *AUTH_TYPES)

EventType = Literal[
    "injection",  # the service took the message
    "delivery",  # the recipient's mail server took it
    "delay",  # the recipient's mail server put it off; it is tried again
    "bounce",  # the recipient's mail server refused it
    "spam_complaint",  # the recipient called it spam
    "out_of_band",  # it bounced after the recipient's mail server had taken it
    "policy_rejection",  # the service refused to send it, by its own policy
    "generation_failure",  # the message could not be made: a technical failure
    "generation_rejection",  # the message was not made: the service's policy, or what it was made from
    "open",  # the recipient opened it
    "initial_open",  # the recipient opened it for the first time
    "click",  # the recipient followed a link
    "initial_click",  # the recipient followed a link for the first time
    "amp_click",  # the recipient followed a link in the AMP version
    "amp_open",  # the recipient opened the AMP version
]
"""The event types of the contract, to choose from; the service may know more, so this is never a gate."""


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
