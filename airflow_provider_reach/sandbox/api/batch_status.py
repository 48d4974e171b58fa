"""Batch status: which batches it shows, and as which rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_reach.sandbox.api.views import timestamp
from airflow_provider_reach.sandbox.service.model import Batch, PostResult
from airflow_provider_reach.sandbox.service.switches import Switches

KEPT = timedelta(hours=24)
_NO_RESPONSE = {"zero": "0", "empty": ""}


def status_rows(
    batches: Iterable[Batch], switches: Switches, now: datetime, clock_offset: timedelta
) -> list[dict[str, Any]]:
    """The rows of batch status, newest first."""
    shown = [batch for batch in batches if batch.failures and now - _kept_from(batch, switches) < KEPT]
    dated = [dated_row for batch in shown for dated_row in _rows_of(batch, switches, clock_offset)]
    dated.sort(key=lambda dated_row: dated_row[0])
    return [row for _, row in reversed(dated)]


def _kept_from(batch: Batch, switches: Switches) -> datetime:
    return batch.created if switches.kept_from == "creation" else batch.answers[-1][0]


def _rows_of(batch: Batch, switches: Switches, clock_offset: timedelta) -> list[tuple[datetime, dict[str, Any]]]:
    last = len(batch.answers)
    numbers = range(1, last + 1) if switches.rows == "attempt" else (last,)
    rows = []
    for number in numbers:
        at, answer = batch.answers[number - 1]
        ts = batch.created if switches.ts == "creation" else at
        row = {
            "batch_id": batch.batch_id,
            "ts": timestamp(ts, clock_offset),
            "attempts": min(number, batch.failures),
            "latency": answer.latency,
            **_codes(answer, switches),
        }
        if switches.extra_fields:
            row |= {"batch_size": len(batch.events), "webhook_id": batch.webhook.id}
        rows.append((ts, row))
    return rows


def _codes(answer: PostResult, switches: Switches) -> dict[str, str | int]:
    codes: dict[str, str | int] = {}
    if answer.status is not None:
        codes["response_code"] = str(answer.status)
    elif switches.no_response != "missing":
        codes["response_code"] = _NO_RESPONSE[switches.no_response]
    if answer.failure:
        codes["failure_code"] = answer.failure
    if switches.codes == "number":
        return {name: int(code) if str(code).isdigit() else code for name, code in codes.items()}
    return codes
