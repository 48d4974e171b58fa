"""How a webhook should be: checked before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from airflow_provider_reach.core.errors import ReachInputError
from airflow_provider_reach.core.fields import AUTH_TYPES, FIELDS
from airflow_provider_reach.core.secrets.depth import DEEPEST, is_deeper
from airflow_provider_reach.core.secrets.detect import (
    SECRETS_OF,
    leaves,
    secrets_in_authentication,
    secrets_in_headers,
    secrets_in_url,
    secrets_named,
)
from airflow_provider_reach.core.secrets.redact import REDACTED, shown_fields
from airflow_provider_reach.core.text import shown
from airflow_provider_reach.core.webhooks.validation import is_list, problems_of, warnings_of

Json = Mapping[str, Any]


class WebhookChanges(Struct, frozen=True, kw_only=True):
    """
    The fields of a webhook to change. A field that is not given is not sent; one that is given empty is.

    :param name: The webhook's name.
    :param target: The URL to which batches are POSTed.
    :param events: The event types it sends.
    :param active: Whether it sends anything.
    :param custom_headers: Headers sent to the target.
    :param auth_type: ``none``, ``basic`` or ``oauth2``.
    :param auth_credentials: ``{"username", "password"}`` for ``basic``.
    :param auth_request_details: ``{"url", "body"}`` for ``oauth2``.
    :param extra: Any other fields of the service.
    """

    name: str | UnsetType = UNSET
    target: str | UnsetType = UNSET
    events: Sequence[str] | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    custom_headers: Json | UnsetType = UNSET
    auth_type: str | UnsetType = UNSET
    auth_credentials: Json | UnsetType = UNSET
    auth_request_details: Json | UnsetType = UNSET
    extra: Json = {}

    @property
    def given(self) -> dict[str, Any]:
        """The fields that were given, by name; without repeated events, and without blanks around the name."""
        given = {name: value for name in FIELDS if (value := getattr(self, name)) is not UNSET}
        if isinstance(given.get("name"), str):
            given["name"] = given["name"].strip()
        if is_list(given.get("events")):
            given["events"] = list(dict.fromkeys(given["events"]))
        extra = self.extra.items() if isinstance(self.extra, Mapping) else ()
        return {**given, **{name: value for name, value in extra if name not in FIELDS}}

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that must be masked wherever it appears."""
        given = self.given
        if is_deeper([given, self.extra], DEEPEST):  # which is never sent
            return ()
        return (
            *secrets_in_authentication(given.get("auth_credentials"), given.get("auth_request_details")),
            *secrets_in_headers(given.get("custom_headers")),
            *secrets_named(self.extra),
            *secrets_in_url(given.get("target")),
        )

    def only(self, names: Collection[str]) -> WebhookChanges:
        """
        Some of these changes.

        :param names: The fields to keep, including those of ``extra``.
        """
        kept = {name: value for name, value in self.given.items() if name in names}
        extra = {name: kept.pop(name) for name in list(kept) if name not in FIELDS}
        return WebhookChanges(**kept, extra=extra)

    def body(self, what: str) -> bytes:
        """
        The request's JSON body.

        :param what: What it is for, such as ``create webhook 'orders'``, for the message.
        :raises ReachInputError: naming everything that is wrong with it.
        """
        body = b""
        try:
            if not (found := list(self.problems())):
                body = msgspec.json.encode(self.given, enc_hook=_plain)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            found = [f"a value cannot be sent as JSON: {type(error).__name__}."]
        if found:
            raise ReachInputError(found, what)
        return body

    def problems(self) -> Iterator[str]:
        """What must be refused before anything is sent; a sentence for each problem."""
        given = self.given
        if not isinstance(self.extra, Mapping) or not all(isinstance(name, str) for name in self.extra):
            yield "extra must be a mapping of field names to values."
            return
        if known := [name for name in self.extra if name in FIELDS]:
            yield f"extra holds {', '.join(known)}: give it as an argument of its own."
        if not given:
            yield "nothing to change was given."
        if deep := [name for name, value in given.items() if is_deeper(value, DEEPEST - 1)]:
            yield f"nested too deep: {', '.join(map(shown, deep))}."
            return
        yield from problems_of(given)
        yield from _stand_in_problems(given)

    def warnings(self) -> Iterator[str]:
        """What is unusual but not refused; a sentence for each."""
        given = self.given
        if is_list(self.events) and len(given["events"]) < len(self.events):  # type: ignore[arg-type]
            yield "an event type stands twice in events: it is sent once."
        yield from warnings_of(given)

    def __repr__(self) -> str:
        fields = (f"{name}={shown(value, 1000)}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({', '.join(fields)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for a traceback that shows variables: msgspec's own would show the secrets."""
        return list(shown_fields(self.given).items())


class WebhookSpec(WebhookChanges, frozen=True, kw_only=True):
    """A webhook to be created: name, target and events are required; the rest as in :class:`WebhookChanges`."""

    name: str
    target: str
    events: Sequence[str]

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> WebhookSpec:
        """
        A webhook from its fields by name; :meth:`problems` reports a required one that is missing.

        :param fields: The same as the parameters.
        """
        return cls(**{"name": UNSET, "target": UNSET, "events": UNSET, **fields})

    def problems(self) -> Iterator[str]:
        """What must be refused before anything is sent; a sentence for each problem."""
        given = self.given
        yield from (f"{name} is required." for name in ("name", "target", "events") if name not in given)
        yield from super().problems()
        if self.auth_type is UNSET:
            for field, auth_type in AUTH_TYPES.items():
                if given.get(field):
                    yield f"{field} without auth_type would make a webhook without authentication: add '{auth_type}'."


def _plain(value: object) -> dict[Any, Any]:
    """What JSON has for a mapping that is not a ``dict``."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


def _stand_in_problems(given: Mapping[str, Any]) -> Iterator[str]:
    """A stand-in would overwrite the secret: what a log shows in its place, or what a template makes of None."""
    secrets = {field: list(leaves(given.get(field))) for field in SECRETS_OF}
    secrets |= {field: list(secrets_named({field: value})) for field, value in given.items() if field not in FIELDS}
    for field, values in secrets.items():
        if any(REDACTED in str(value) for value in values):
            yield f"{field} holds '{REDACTED}', which stands in for what is not shown: give the secret itself."
        if any(str(value).split()[-1:] == ["None"] for value in values):
            yield f"{field} holds 'None', as a template renders what is not there: is it in the connection?"
    for field in AUTH_TYPES:
        if isinstance(given.get(field), Mapping) and _holds_none(given[field]):
            yield f"{field} holds None: give the value, or leave it out."
    if REDACTED in str(given.get("target")):
        yield f"target holds '{REDACTED}', which stands in for a part that is not shown: give the whole URL."


def _holds_none(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping) and any(map(_holds_none, value.values())))
