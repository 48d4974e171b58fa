"""The sensor that watches whether a webhook's batches are delivered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
)

from airflow_provider_reach.compat import as_written, first_rescheduled_at
from airflow_provider_reach.connection import DEFAULT_CONN_ID
from airflow_provider_reach.core.errors import ReachError, ReachInputError
from airflow_provider_reach.core.policy import DeliveryPolicy, read_duration
from airflow_provider_reach.core.report import DeliveryReport, span
from airflow_provider_reach.exceptions import ReachDeliveryFailed, airflow_error
from airflow_provider_reach.hooks import ReachHook
from airflow_provider_reach.labels import label_mapped_instance

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

_NO_VERDICT = " This is no verdict: whether the batches are delivered is not known."
POLICY_FIELDS = tuple(DeliveryPolicy.__dataclass_fields__)


class ReachBatchStatusSensor(BaseSensorOperator):
    """
    Watch a webhook's batches: succeed when they are delivered, fail for good when they pile up, are at risk, or lost.

    Each look asks for the webhook and its batch status and judges them. A verdict of failure ends the task at once and
    is never retried; a failure to *ask* is no verdict and is left to the task's retries. The report is pushed as the
    XCom ``report`` and hangs on the exception as ``.report``; the time of the look is pushed as
    ``looked_at_<webhook_id>``.

    A check that runs seldom needs ``drain=True``: the status of the last 24 hours shows only what was decided by then.
    Let it run at least twice a day: what failed more than 24 hours before a check, and after the last one, is not seen.

    :param webhook_id: The webhook's UUID; with a name as well, the id decides and the name is its label.
    :param webhook_name: The webhook's name.
    :param reach_conn_id: The Airflow connection.
    :param max_undelivered: More undelivered batches than this, each ripe, is a failure.
    :param min_age: A failure younger than this (seconds or timedelta) *and* with fewer attempts than ``min_attempts``
        is not ripe: it does not count yet.
    :param min_attempts: See ``min_age``.
    :param max_at_risk: More batches than this that will be discarded unless somebody acts is a failure.
    :param at_risk_after: The age (seconds or timedelta) from which an undelivered batch is at risk.
    :param max_lost: More batches than this whose data is presumed gone is a failure.
    :param ignore_lost_before: Losses before this time were told before and do not fail the check; empty means none.
    :param drain: Wait until every batch of the first look or earlier is delivered or lost.
    :param allow_inactive: An inactive webhook does not fail.
    :param on_cut: What an answer means that may not be whole: ``fail``, or ``warn`` in the report's first line.
    :param retry_window: How long the service retries a batch (seconds or timedelta).
    :param max_attempts: How often in all, the first attempt included.
    :param outage_tolerance: How long (seconds or timedelta) one look keeps asking when the service cannot be asked.
    :param poke_interval: Time between two looks; 5 minutes by default.
    :param timeout: Time after which the sensor gives up waiting, with the last report in its error; ``min_age`` and 15
        minutes by default, 9 hours with ``drain``.
    """

    template_fields: Sequence[str] = ("reach_conn_id", "webhook_id", "webhook_name", *POLICY_FIELDS)
    ui_color = "#e6f1f2"

    def __init__(
        self,
        *,
        webhook_id: str = "",
        webhook_name: str = "",
        reach_conn_id: str = DEFAULT_CONN_ID,
        max_undelivered: int | str = 10,
        min_age: timedelta | float | str = timedelta(hours=1),
        min_attempts: int | str = 6,
        max_at_risk: int | str = 0,
        at_risk_after: timedelta | float | str = timedelta(hours=4),
        max_lost: int | str = 0,
        ignore_lost_before: datetime | str | None = None,
        drain: bool | str = False,
        allow_inactive: bool | str = False,
        on_cut: Literal["fail", "warn"] = "fail",
        retry_window: timedelta | float | str = timedelta(hours=8),
        max_attempts: int | str = 12,
        outage_tolerance: timedelta | float = timedelta(minutes=15),
        poke_interval: timedelta | float = timedelta(minutes=5),
        timeout: timedelta | float | None = None,
        **kwargs: Any,
    ) -> None:
        if timeout is None:
            timeout = _default_timeout(min_age, drain, retry_window)
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)
        self.webhook_id = webhook_id
        self.webhook_name = webhook_name
        self.reach_conn_id = reach_conn_id
        self.max_undelivered = max_undelivered
        self.min_age = min_age
        self.min_attempts = min_attempts
        self.max_at_risk = max_at_risk
        self.at_risk_after = at_risk_after
        self.max_lost = max_lost
        self.ignore_lost_before = ignore_lost_before
        self.drain = drain
        self.allow_inactive = allow_inactive
        self.on_cut = on_cut
        self.retry_window = retry_window
        self.max_attempts = max_attempts
        self.outage_tolerance = outage_tolerance
        self._watched_from: datetime | None = None
        self._last: DeliveryReport | ReachError | None = None

    def execute(self, context: Context) -> Any:
        """
        Look until there is a verdict.

        :param context: The task's context.
        :raises ReachDeliveryFailed: the verdict is a failure; final.
        :raises AirflowSensorTimeout: the timeout came before a verdict; it says what the last look saw.
        :raises AirflowFailException: the configuration is wrong or the key refused; final.
        :raises AirflowException: the service could not be asked; left to the task's retries.
        :raises AirflowSkipException: in place of all of these under ``soft_fail`` or ``never_fail``.
        """
        first_look = first_rescheduled_at(context) if self.reschedule else None
        self._watched_from = first_look or datetime.now(timezone.utc)
        label_mapped_instance(context, self.webhook_name, self.webhook_id)
        try:
            return as_written(super().execute)(context)
        except (AirflowSensorTimeout, AirflowSkipException) as ended:
            if ended.__cause__ is not None:  # a skip for another reason than time
                raise
            if isinstance(self._last, DeliveryReport):
                self._push(self._last, context)
            waited = f"No verdict within the timeout of {span(timedelta(seconds=self.timeout))}. The last look:"
            self._end(AirflowSensorTimeout(f"{waited}\n{self._last}"), ended)

    def poke(self, context: Context) -> bool:
        """
        Look once.

        :param context: The task's context.
        :return: True when healthy, False to look again.
        """
        try:
            self._last = report = self._look()
        except ReachError as error:
            self._last = error
            self._end(airflow_error(error, _NO_VERDICT), error)
        label_mapped_instance(context, self.webhook_name, report.webhook_name, report.webhook_id)
        if report.outcome == "wait":
            self.log.info("%s", report.headline)
            return False
        self._push(report, context)
        if report.outcome == "failed":
            self._end(ReachDeliveryFailed(report))
        self.log.info("%s", report.headline)
        return True

    def _look(self) -> DeliveryReport:
        policy = DeliveryPolicy(**{name: getattr(self, name) for name in POLICY_FIELDS})
        return self._hook.check_delivery(
            self.webhook_id, policy, webhook_name=self.webhook_name, watched_from=self._watched_from
        )

    @cached_property
    def _hook(self) -> ReachHook:
        patience = read_duration("outage_tolerance", self.outage_tolerance)
        return ReachHook(self.reach_conn_id, patience=patience.total_seconds())

    def _push(self, report: DeliveryReport, context: Context) -> None:
        ti = context["ti"]
        ti.xcom_push(key="report", value=report.to_dict())
        if report.webhook_id:
            ti.xcom_push(key=f"looked_at_{report.webhook_id}", value=report.looked_at.isoformat())

    def _end(self, error: AirflowException, cause: BaseException | None = None) -> NoReturn:
        """Raise the error; under ``soft_fail`` and ``never_fail`` a skip that says the same."""
        error.__cause__ = cause
        is_final = isinstance(error, (AirflowFailException, AirflowSensorTimeout))
        if not (self.soft_fail or self.never_fail) or (self.silent_fail and not is_final):
            raise error
        self.log.error("Skipped in place of failing: %s", error)
        raise AirflowSkipException(str(error)) from error


def _default_timeout(
    min_age: timedelta | float | str, drain: bool | str, retry_window: timedelta | float | str
) -> timedelta:
    """As long as there may be something to wait for; the longer one where a template decides at run time."""
    try:
        policy = DeliveryPolicy(min_age=min_age, drain=drain, retry_window=retry_window)  # type: ignore[arg-type]
    except ReachInputError:
        return timedelta(hours=9)
    return policy.retry_window + timedelta(hours=1) if policy.drain else policy.longest_wait
