"""What a target answered to the service's test batch."""

from __future__ import annotations

from msgspec import Struct

from airflow_provider_reach.core.serializable import Serializable


class TargetResponse(Serializable, Struct, frozen=True, kw_only=True):
    """
    What a webhook's target answered to the service's test batch, or an authorization server to the request for a token.

    It is bounded, and known secrets are masked.

    :param status: Its HTTP status; None where there was no answer, or the service does not say.
    :param headers: Its headers.
    :param body: The beginning of its body, on one line.
    """

    status: int | None = None
    headers: dict[str, str] = {}
    body: str = ""

    def __str__(self) -> str:
        said = f"HTTP {self.status}" if self.status is not None else "no HTTP status"
        telling = [f"{name}: {value}" for name, value in self.headers.items() if name.lower() in _TELLING_HEADERS]
        return (f"{said}: {self.body}" if self.body else said) + (f" [{', '.join(telling)}]" if telling else "")


_TELLING_HEADERS = frozenset(
    {
        "cf-ray",
        "content-type",
        "location",
        "retry-after",
        "server",
        "via",
        "www-authenticate",
        "x-amzn-requestid",
        "x-amzn-trace-id",
        "x-request-id",
    }
)
