"""How the service shows a play: its answers are made as bytes and go through the whole look, without a socket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from airflow_provider_reach.core.api.exchange import AskContext, Exchange, Known, Send, Together, Wait
from airflow_provider_reach.core.api.operations import DEFAULT_LIMIT, MAX_LIMIT, Call
from airflow_provider_reach.core.api.responses import Answer
from airflow_provider_reach.core.api.retry import RetryBudget
from airflow_provider_reach.core.delivery.check import look
from airflow_provider_reach.core.delivery.report import DeliveryReport
from airflow_provider_reach.core.errors import ReachError
from airflow_provider_reach.core.policy import DeliveryPolicy
from airflow_provider_reach.core.webhooks.index import indexed_list
from airflow_provider_reach.core.webhooks.ref import WebhookRef
from airflow_provider_reach.core.workspace.check import check_of
from airflow_provider_reach.core.workspace.report import WorkspaceReport
from airflow_provider_reach.sandbox import Switches
from airflow_provider_reach.sandbox.api.batch_status import status_rows
from airflow_provider_reach.sandbox.api.views import listed, retrieved
from airflow_provider_reach.sandbox.service.model import Webhook
from evidence.simulation.life import BEGIN
from evidence.simulation.play import NAME, WEBHOOK_ID, Moment, Play

T = TypeVar("T")

_BY_ID = WebhookRef(WEBHOOK_ID)
_WELL = Webhook("0b0e3f0c-64a7-4f0e-9a54-0d4a7b3b7a12", "opens", "https://example.org/opens", ("open",), BEGIN)
"""Another webhook of the workspace, at which nothing fails."""
_OF_OTHERS = DeliveryPolicy(max_undelivered=10**6, max_at_risk=10**6, max_lost=10**6)
"""What a check of the workspace has for all webhooks but the one: it is never taken for that one's."""


@dataclass(frozen=True)
class Service:
    """
    How the service shows a play.

    :param view: How it answers what the documentation leaves open.
    :param clock_offset: How far its clock is off.
    :param dated: Whether its answers have a ``Date``.
    """

    play: Play
    view: Switches
    clock_offset: timedelta = timedelta(0)
    dated: bool = True

    @property
    def most(self) -> int:
        """How many rows a look can get; where a larger limit is refused, it is tried by thousands."""
        cap = self.view.limit_cap or MAX_LIMIT
        return cap - cap % DEFAULT_LIMIT if self.view.over_cap == "refuse" else cap

    def look(
        self,
        now: datetime,
        policy: DeliveryPolicy,
        watched_from: datetime | None,
        listed: datetime | None = None,
        ref: WebhookRef = _BY_ID,
    ) -> DeliveryReport:
        """
        One look, as every mode of the sensor has it.

        :param now: Its time.
        :param policy: By what it judges.
        :param watched_from: The first look.
        :param listed: In a triggerer: when another watch has asked for the list that they share.
        :param ref: What it is asked for.
        """
        shared = {"max_list_age": None if listed is None else (now - listed).total_seconds()}
        exchange: Exchange[DeliveryReport] = look(
            ref, policy, AskContext(RetryBudget(0.0), ()), watched_from=watched_from, **shared
        )
        return self._done(exchange, now)

    def look_at_all(self, now: datetime, policy: DeliveryPolicy) -> WorkspaceReport:
        """
        One look at the whole workspace, as ``ReachCheckWorkspaceOperator`` has it.

        :param now: Its time.
        :param policy: The one webhook's in the table of policies.
        """
        check = check_of(_OF_OTHERS, policies={NAME: vars(policy)})
        return self._done(check(AskContext(RetryBudget(0.0), ())), now)

    def rows(self, moment: Moment) -> list[dict[str, Any]]:
        """All rows that its batch status has, whatever the limit."""
        return _rows(self, moment.now)

    def _done(self, exchange: Exchange[T], now: datetime) -> T:
        try:
            step = next(exchange)
            while True:
                step = exchange.send(self._result(step, now))
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]

    def _done_or_why(self, exchange: Exchange[Any], now: datetime) -> Any:
        try:
            return self._done(exchange, now)
        except ReachError as error:
            return error

    def _result(self, step: Send | Wait | Together, now: datetime) -> Answer | Known | list[Any] | None:
        if isinstance(step, Wait):  # for a list that lags, which none does here
            return None
        if isinstance(step, Together):
            return [self._done_or_why(begin(0.0), now) for begin in step.beginnings]
        if step.max_age is None:
            return self._answer(step.call, self.play.moment(now))
        return _shared(self, now - timedelta(seconds=step.max_age))

    def _answer(self, call: Call[Any], moment: Moment) -> Answer:
        status, body = self._body(call, moment)
        date = format_datetime(moment.now + self.clock_offset, usegmt=True)
        return Answer(status, {"date": date} if self.dated else {}, msgspec.json.encode(body), received=moment.now)

    def _body(self, call: Call[Any], moment: Moment) -> tuple[int, Any]:
        if call.path == "/webhooks":
            return 200, {"results": [listed(w, "/", self.view, self.clock_offset) for w in (*moment.webhooks, _WELL)]}
        if _WELL.id in call.path:
            return 200, {"results": []}
        if not moment.webhooks:
            return 404, {"errors": [{"message": "no such webhook", "code": "not_found"}]}
        if call.path.endswith("/batch-status"):
            limit, cap = int(call.query["limit"]), self.view.limit_cap
            if cap and limit > cap and self.view.over_cap == "refuse":
                return 400, {"errors": [{"message": "invalid limit", "code": "invalid_limit"}]}
            return 200, {"results": self.rows(moment)[: min(limit, cap or limit)]}
        return 200, {"results": retrieved(moment.webhooks[0], "/", self.view)}


@lru_cache(maxsize=2)  # the shared list of a look, and one that was asked for after it began
def _shared(service: Service, asked: datetime) -> Known:
    call = indexed_list()
    return Known(call.read(service._answer(call, service.play.moment(asked)), ()))


@lru_cache(maxsize=2)  # a check's first and last look ask for them, and then what judges the check
def _rows(service: Service, now: datetime) -> list[dict[str, Any]]:
    return status_rows(service.play.moment(now).batches, service.view, now, service.clock_offset)
