"""What the service's documentation leaves open, and the choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Switches:
    """
    How the sandbox behaves where the documentation does not say; the first choice of each is the default.

    :param rows: batch status holds one row per batch, or one per delivery attempt.
    :param ts: a row's time is the batch's creation, or its last attempt (with a row per attempt: that attempt).
    :param kept_from: the 24 hours of batch status count from the batch's creation or from its last attempt.
    :param delivered_by: a batch is delivered by an answer of 200 alone, or by any 2xx.
    :param retry_schedule: how the 11 retries are spread over 8 hours.
    :param secrets: what list and retrieve show of passwords, client secrets, tokens and header values.
    :param custom_headers: whether list and retrieve show ``custom_headers`` at all (the contract: no).
    :param limit_cap: the most rows one batch status gives; None: no such limit.
    :param over_cap: a ``limit`` above the cap is silently cut, or refused with 400.
    :param codes: ``response_code`` and ``failure_code`` as strings or, where numeric, as numbers.
    :param no_response: ``response_code`` of an attempt that got no response.
    :param extra_fields: rows carry ``batch_size`` and ``webhook_id`` too.
    :param test_batch: what the test POST of a create, an update or a validation holds: ``[{"msys": {}}]``, which the
        older documentation shows, or one event of each of the webhook's types, as "example message event batch" in
        the contract may mean.
    :param test_batch_id: the batch id of that POST: one and the same, which is "hardcoded value in the API" by the
        source of the service's own web page, or a new one each time.
    :raises ValueError: a switch has no such choice.
    """

    rows: Literal["batch", "attempt"] = "batch"
    ts: Literal["creation", "last_attempt"] = "creation"
    kept_from: Literal["creation", "last_change"] = "creation"
    delivered_by: Literal["200", "2xx"] = "200"
    retry_schedule: Literal["doubling", "even", "early"] = "doubling"
    secrets: Literal["echoed", "masked", "absent"] = "echoed"
    custom_headers: Literal["echoed", "absent"] = "echoed"
    limit_cap: int | None = None
    over_cap: Literal["cut", "refuse"] = "cut"
    codes: Literal["string", "number"] = "string"
    no_response: Literal["missing", "zero", "empty"] = "missing"
    extra_fields: bool = False
    test_batch: Literal["empty", "sample"] = "empty"
    test_batch_id: Literal["fixed", "fresh"] = "fixed"

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self)).items():
            answers, chosen = get_args(kind), getattr(self, name)
            if get_origin(kind) is Literal and chosen not in answers:
                raise ValueError(f"{name}={chosen!r}: choose one of {', '.join(map(repr, answers))}")
