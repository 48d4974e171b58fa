"""The service's data: webhooks, rows of batch status, results of validations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from airflow_provider_reach.core.secrets.detect import (
    PUBLIC_NAMES,
    secrets_in_authentication,
    secrets_in_headers,
    secrets_in_url,
    secrets_named,
)
from airflow_provider_reach.core.secrets.redact import redacted, safe_url
from airflow_provider_reach.core.serializable import Serializable
from airflow_provider_reach.core.target.response import TargetResponse
from airflow_provider_reach.core.target.service_message import documented
from airflow_provider_reach.core.text import one_line, unfolded

Json = Mapping[str, Any]
Count = Annotated[int, Meta(ge=0)]


class Webhook(Serializable, Struct, frozen=True, kw_only=True):
    """
    A webhook as the service describes it.

    The service sends secrets back in clear text. They are kept here, so that a declared webhook can be compared with
    the existing one, but never shown: neither the ``repr`` nor :meth:`to_dict` has them.

    :param id: The webhook's UUID.
    :param name: Its name; empty where the answer has none.
    :param target: The URL to which batches are POSTed.
    :param events: The event types it sends.
    :param active: Whether it sends anything; None where the answer does not say.
    :param auth_type: How it authenticates at the target: ``none``, ``basic``, ``oauth2``, or what the service says.
    :param auth_credentials: User name and password for ``basic``; None where the answer leaves them out.
    :param auth_request_details: URL and body for ``oauth2``; None where the answer leaves them out.
    :param custom_headers: Headers sent to the target; None where the answer leaves them out.
    :param last_successful: When a batch was last delivered; only a list says it.
    :param last_failure: When a delivery last failed; only a list says it.
    :param extra: Fields of the answer that are not in the contract.
    """

    id: str
    name: str = ""
    target: str = ""
    events: tuple[str, ...] = ()
    active: bool | None = None
    auth_type: str | None = None
    auth_credentials: Json | None = None
    auth_request_details: Json | None = None
    custom_headers: Json | None = None
    last_successful: datetime | None = None
    last_failure: datetime | None = None
    extra: Json = {}

    @property
    def label(self) -> str:
        """The webhook as messages name it: its name and its id."""
        return f"'{one_line(self.name, 80)}' ({self.id})" if self.name else self.id

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that must be masked wherever it appears."""
        return (
            *secrets_in_authentication(self.auth_credentials, self.auth_request_details),
            *secrets_in_headers(self.custom_headers),
            *secrets_named(self.extra),
            *secrets_in_url(self.target),
        )

    def to_dict(self) -> dict[str, Any]:
        """The webhook as plain JSON for XCom and logs, without unknown values; secrets are ``***``."""
        plain = {
            "id": self.id,
            "name": self.name,
            "target": safe_url(self.target),
            "events": [one_line(event, 80) for event in self.events[:100]],
            "active": self.active,
            "auth_type": self.auth_type and one_line(self.auth_type, 80),
            "auth_credentials": redacted(self.auth_credentials, PUBLIC_NAMES),
            "auth_request_details": redacted(self.auth_request_details, PUBLIC_NAMES),
            "custom_headers": redacted(self.custom_headers),
            "last_successful": self.last_successful and self.last_successful.isoformat(),
            "last_failure": self.last_failure and self.last_failure.isoformat(),
        }
        return {name: value for name, value in plain.items() if value is not None}

    def __repr__(self) -> str:
        return unfolded(f"Webhook({', '.join(f'{name}={value!r}' for name, value in self.to_dict().items())})")

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for a traceback that shows variables; msgspec's own method would show the secrets."""
        return list(self.to_dict().items())


class WebhookList(Struct, frozen=True, kw_only=True):
    """
    Every webhook of the workspace.

    :param webhooks: In the service's order.
    :param at: The service's time of the answer.
    """

    webhooks: list[Webhook]
    at: datetime


class Gone(Struct, frozen=True, kw_only=True):
    """
    A webhook that does not exist, or no longer does: its events go nowhere.

    :param id: The id that was asked for; empty where there was only a name.
    :param name: The name that was asked for; empty where there was only an id.
    :param cause: Why it is not there, as far as that can be known; see
        :mod:`airflow_provider_reach.core.webhooks.missing`.
    :param said: A sentence or two about the existing webhooks that may have been meant.
    """

    id: str = ""
    name: str = ""
    cause: Literal["deleted", "recreated", "renamed", "misspelt", "similar", "unknown"] = "deleted"
    said: str = ""


class BatchRow(Serializable, Struct, frozen=True, kw_only=True, gc=False):
    """
    A row of batch status as it came; a value that is missing or cannot be read is None.

    :param batch_id: The batch; several rows may have the same one.
    :param ts: Its creation or its last attempt: no documentation says which; a naive time is UTC.
    :param attempts: Failed attempts so far.
    :param response_code: The target's HTTP status.
    :param failure_code: None once it is delivered.
    :param latency: Milliseconds the POST took.
    :param batch_size: Events in the batch.
    """

    batch_id: str | None = None
    ts: datetime | None = None
    attempts: Count | None = None
    response_code: str | int | float | None = None
    failure_code: str | int | float | None = None
    latency: int | float | None = None
    batch_size: Count | None = None


class BatchStatus(Serializable, Struct, frozen=True, kw_only=True):
    """
    The batch status of a webhook.

    :param rows: The rows, in the service's order.
    :param complete: False where there are as many rows as were asked for, so that there may be more.
    :param at: The service's time of the answer.
    :param received: This machine's time of the answer.
    """

    rows: list[BatchRow]
    complete: bool
    at: datetime
    received: datetime


class ValidationResult(Serializable, Struct, frozen=True, kw_only=True):
    """
    What came of the test batch of a validation.

    :param message: What the service says about it.
    :param response: What the target answered.
    :param seconds: How long the whole call took, including the time of the target.
    """

    message: str
    response: TargetResponse
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """
        Whether the target answered exactly 200, the only answer that counts as delivered.

        An authorization server may also answer 200, without a token: then the service's message says that it failed.
        """
        return self.response.status == 200 and documented(self.message) is None
