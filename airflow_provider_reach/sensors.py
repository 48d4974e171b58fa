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
    conf,
)

from airflow_provider_reach.compat import AirflowTaskTimeout, as_written, first_rescheduled_at
from airflow_provider_reach.connection import DEFAULT_CONN_ID
from airflow_provider_reach.core.errors import ReachError, ReachInputError
from airflow_provider_reach.core.policy import POLICY_FIELDS, DeliveryPolicy, read_duration
from airflow_provider_reach.exceptions import ReachDeliveryFailed, airflow_error
from airflow_provider_reach.labels import label_mapped_instance

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_reach.core.progress import Progress
    from airflow_provider_reach.core.report import DeliveryReport
    from airflow_provider_reach.core.watch import Limit, Watch
    from airflow_provider_reach.hooks import ReachHook

_NO_VERDICT = " This is no verdict: whether the batches are delivered is not known."

# Beyond the trigger's own deadline and the longest look: then Airflow ends a watch that no triggerer runs.
_SLACK = timedelta(minutes=15)


class ReachBatchStatusSensor(BaseSensorOperator):
    """
    Watch a webhook's batches: succeed when they are delivered, fail for good when they pile up, are at risk, or lost.

    Each look asks for the webhook and its batch status and judges them. A verdict of failure ends the task at once and
    is never retried; a failure to *ask* is no verdict and is left to the task's retries. The report is pushed as the
    XCom ``report`` and hangs on the exception as ``.report``; the time of the look is pushed as
    ``looked_at_<webhook_id>``.

    A check that runs seldom needs ``drain=True``: the status of the last 24 hours shows only what was decided by then.
    Let it run at least twice a day: what failed more than 24 hours before a check, and after the last one, is not seen.

    Deferrable, it looks once on the worker, which settles most checks, and leaves the waiting to the triggerer.

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
    :param deferrable: Wait in the triggerer, where no worker is held; by default what Airflow's own setting
        ``[operators] default_deferrable`` says.
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
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
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
        self.deferrable = deferrable
        self._watched_from: datetime | None = None
        self._last: DeliveryReport | ReachError | None = None

    def execute(self, context: Context) -> Any:
        """
        Look until there is a verdict; deferrable, look once and leave the rest to the trigger.

        :param context: The task's context.
        :raises ReachDeliveryFailed: the verdict is a failure; final.
        :raises AirflowSensorTimeout: the timeout came before a verdict; it says what the last look saw.
        :raises AirflowTaskTimeout: the execution timeout did, likewise; left to the task's retries.
        :raises AirflowFailException: the configuration is wrong or the key refused; final.
        :raises AirflowException: the service could not be asked; left to the task's retries.
        :raises AirflowSkipException: in place of all of these under ``soft_fail`` or ``never_fail``.
        """
        first_look = first_rescheduled_at(context) if self.reschedule and not self.deferrable else None
        self._watched_from = first_look or datetime.now(timezone.utc)
        label_mapped_instance(context, self.webhook_name, self.webhook_id)
        try:
            return self._look_then_defer(context) if self.deferrable else as_written(super().execute)(context)
        except AirflowTaskTimeout as ended:
            self._timed_out("execution_timeout", context, ended)
        except (AirflowSensorTimeout, AirflowSkipException) as ended:
            if ended.__cause__ is not None:  # a skip for another reason than time
                raise
            self._timed_out("timeout", context, ended)

    def _look_then_defer(self, context: Context) -> None:
        from airflow_provider_reach.triggers import ReachBatchStatusTrigger

        if self._first_look(context):
            return
        watch, now = self._watch(), datetime.now(timezone.utc)
        if now >= watch.deadline:
            self._timed_out(watch.limit, context)
        self.defer(
            trigger=ReachBatchStatusTrigger(reach_conn_id=self.reach_conn_id, **watch.to_scalars()),
            method_name="execute_complete",
            timeout=watch.deadline - now + watch.outage_tolerance + _SLACK,
        )

    def _first_look(self, context: Context) -> bool:
        try:
            return self.poke(context)
        except AirflowException as error:
            if not self.silent_fail or isinstance(error, (AirflowFailException, AirflowSkipException)):
                raise
            self.log.error("Not asked, and silent_fail says to go on: %s", error)
            return False

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """
        End as the trigger's watch did.

        :param context: The task's context.
        :param event: What the trigger fired; see :mod:`airflow_provider_reach.core.events`.
        :raises: As :meth:`execute`.
        """
        from airflow_provider_reach.core.events import TimedOut, read_event

        label_mapped_instance(context, self.webhook_name, self.webhook_id)
        try:
            end = read_event(event)
        except ReachError as error:
            end = error
        if isinstance(end, TimedOut):
            self._last = end.last
            self._timed_out(end.limit, context)
        self._settle(end, context)

    def poke(self, context: Context) -> bool:
        """
        Look once.

        :param context: The task's context.
        :return: True when healthy, False to look again.
        """
        try:
            return self._settle(self._look(), context)
        except ReachError as error:
            return self._settle(error, context)

    def _look(self) -> DeliveryReport:
        watch = self._watch()
        return self._hook.check_delivery(
            watch.webhook_id, watch.policy, webhook_name=watch.webhook_name, watched_from=self._watched_from
        )

    def _settle(self, seen: DeliveryReport | ReachError, context: Context) -> bool:
        """Whether the watch is over, and well; that it is over and not well is raised."""
        self._last = seen
        if isinstance(seen, ReachError):
            self._end(airflow_error(seen, _NO_VERDICT), seen)
        label_mapped_instance(context, self.webhook_name, seen.webhook_name, seen.webhook_id)
        if seen.outcome == "wait":
            if line := self._progress.line(seen, datetime.now(timezone.utc)):
                self.log.info("%s", line)
            return False
        self._push(seen, context)
        if seen.outcome == "failed":
            self._end(ReachDeliveryFailed(seen))
        self.log.info("%s", seen.headline)
        return True

    def _watch(self) -> Watch:
        """The watch as its templates were rendered."""
        from airflow_provider_reach.core.watch import Watch

        watched_from = self._watched_from or datetime.now(timezone.utc)
        limits: list[tuple[timedelta, Limit]] = [(timedelta(seconds=self.timeout), "timeout")]
        if self.execution_timeout and self.deferrable:
            limits.append((_told_in_time(self.execution_timeout), "execution_timeout"))
        length, limit = min(limits)
        return Watch(
            webhook_id=self.webhook_id,
            webhook_name=self.webhook_name,
            policy=DeliveryPolicy(**{name: getattr(self, name) for name in POLICY_FIELDS}),
            watched_from=watched_from,
            deadline=watched_from + length,
            limit=limit,
            poke_interval=timedelta(seconds=self.poke_interval),
            outage_tolerance=read_duration("outage_tolerance", self.outage_tolerance),
            silent_fail=self.silent_fail,
        )

    @cached_property
    def _progress(self) -> Progress:
        from airflow_provider_reach.core.progress import Progress

        return Progress(self._watch().deadline)

    @cached_property
    def _hook(self) -> ReachHook:
        from airflow_provider_reach.hooks import ReachHook

        patience = read_duration("outage_tolerance", self.outage_tolerance)
        return ReachHook(self.reach_conn_id, patience=patience.total_seconds())

    def _push(self, report: DeliveryReport, context: Context) -> None:
        ti = context["ti"]
        ti.xcom_push(key="report", value=report.to_dict())
        if report.webhook_id:
            ti.xcom_push(key=f"looked_at_{report.webhook_id}", value=report.looked_at.isoformat())

    def _timed_out(self, limit: Limit, context: Context, cause: BaseException | None = None) -> NoReturn:
        from airflow_provider_reach.core.report import DeliveryReport, span

        if isinstance(self._last, DeliveryReport):
            self._push(self._last, context)
        length = timedelta(seconds=self.timeout) if limit == "timeout" else self.execution_timeout or timedelta(0)
        last = f"The last look:\n{self._last}" if self._last else "Nothing was seen."
        message = f"No verdict within the {limit} of {span(length)}. {last}"
        self._end(AirflowSensorTimeout(message) if limit == "timeout" else AirflowTaskTimeout(message), cause)

    def _end(self, error: BaseException, cause: BaseException | None = None) -> NoReturn:
        """Raise the error; under ``soft_fail`` and ``never_fail`` a skip that says the same."""
        error.__cause__ = cause
        is_retried = isinstance(error, AirflowException) and not isinstance(error, _FINAL)
        if not (self.soft_fail or self.never_fail) or (self.silent_fail and is_retried):
            raise error
        self.log.error("Skipped in place of failing: %s", error)
        raise AirflowSkipException(str(error)) from error


_FINAL = (AirflowFailException, AirflowSensorTimeout)


def _told_in_time(execution_timeout: timedelta) -> timedelta:
    """A little less: Airflow 2.11 lets a task that resumes later say nothing at all."""
    return execution_timeout - min(timedelta(minutes=1), execution_timeout / 10)


def _default_timeout(
    min_age: timedelta | float | str, drain: bool | str, retry_window: timedelta | float | str
) -> timedelta:
    """As long as there may be something to wait for; the longer one where a template decides at run time."""
    try:
        policy = DeliveryPolicy(min_age=min_age, drain=drain, retry_window=retry_window)  # type: ignore[arg-type]
    except ReachInputError:
        return timedelta(hours=9)
    return policy.retry_window + timedelta(hours=1) if policy.drain else policy.longest_wait
