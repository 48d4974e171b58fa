"""The sensor that watches whether a webhook's batches are delivered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from airflow.providers.common.compat.sdk import (
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

from airflow_provider_reach.core.errors import ReachAuthError, ReachError, ReachInputError
from airflow_provider_reach.core.policy import POLICY_FIELDS, DeliveryPolicy
from airflow_provider_reach.core.values import read_duration
from airflow_provider_reach.exceptions import (
    NO_VERDICT,
    ReachDeliveryFailed,
    airflow_error,
    ended_by_airflow,
    tell_of,
    told_to_callbacks,
)
from airflow_provider_reach.integration.compat import AirflowTaskTimeout, as_written, first_rescheduled_at
from airflow_provider_reach.integration.connections import DEFAULT_CONN_ID
from airflow_provider_reach.integration.map_index import label_mapped_instance
from airflow_provider_reach.integration.rendering import TextStaysText
from airflow_provider_reach.integration.xcom import allow_in_xcoms, literal
from airflow_provider_reach.version import __version__

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_reach.core.delivery.report import DeliveryReport
    from airflow_provider_reach.core.watch.events import End
    from airflow_provider_reach.core.watch.progress import Progress
    from airflow_provider_reach.core.watch.watch import Limit, Watch
    from airflow_provider_reach.hooks import ReachHook

# Beyond the trigger's own deadline and the longest look: then Airflow ends a watch that no triggerer runs.
_SLACK = timedelta(minutes=15)


allow_in_xcoms()


class ReachBatchStatusSensor(TextStaysText, BaseSensorOperator):
    """
    Watch a webhook's batches: succeed when they are delivered, fail for good when they pile up, are at risk, or lost.

    Each look asks for the webhook and its batch status and judges them. A verdict of failure ends the task at once and
    is never retried; a failure to *ask* is no verdict and is left to the task's retries. A healthy watch returns its
    report; failed or not, it is pushed as the XCom ``report``, and the time of the look as ``looked_at_<webhook_id>``.
    Every exception that ends a watch has ``.report``: what was seen last, or None where nothing was.

    A check that runs seldom needs ``drain=True``: the status of the last 24 hours shows only what was decided by then.
    Let it run at least twice a day: what failed more than 24 hours before a check, and after the last one, is not seen.

    Deferrable, it looks once on the worker, which settles most checks, and leaves the waiting to the triggerer.

    Durations are a ``timedelta``, seconds, or text such as ``1h 30m``, ``01:30:00`` or ``PT90M``.

    :param webhook_id: The webhook's UUID; with a name as well, the id decides and the name is its label.
    :param webhook_name: The webhook's name.
    :param reach_conn_id: The Airflow connection.
    :param delivered_by: Which answers of the target deliver a batch: ``200`` alone, or any ``2xx``.
    :param max_undelivered: More undelivered batches than this, each ripe, is a failure.
    :param min_age: A failure younger than this *and* with fewer attempts than ``min_attempts``
        is not ripe: it does not count yet.
    :param min_attempts: See ``min_age``.
    :param max_at_risk: More batches than this that will be discarded unless somebody acts is a failure.
    :param at_risk_after: The age from which an undelivered batch is at risk; with two attempts
        left or fewer it is at any age.
    :param max_lost: More batches than this whose data is presumed gone is a failure.
    :param ignore_lost_before: Losses before this time were told before and do not fail the check; empty means none, and
        so does a time in the future.
    :param max_silence: A webhook that may send, but whose last success is longer ago than this, is a failure, where the
        last success is known; empty means no limit.
    :param drain: Wait until every batch of the first look or earlier is delivered or lost.
    :param allow_inactive: An inactive webhook does not fail.
    :param on_cut: What an answer means that may not be whole: ``fail``, or ``warn`` in the report's first line.
    :param retry_window: How long the service retries a batch.
    :param max_attempts: How often in all, the first attempt included.
    :param outage_tolerance: How long one look keeps asking when the service cannot be asked.
    :param deferrable: Wait in the triggerer, where no worker is held; by default what Airflow's own setting
        ``[operators] default_deferrable`` says.
    :param poke_interval: Time between two looks; 5 minutes by default. Where deferrable, ``exponential_backoff`` and
        ``max_wait`` have no effect on it.
    :param timeout: Time after which the sensor gives up waiting, with the last report in its error; ``min_age`` and 15
        minutes by default, 9 hours with ``drain``.
    """

    template_fields: Sequence[str] = ("reach_conn_id", "webhook_id", "webhook_name", *POLICY_FIELDS)
    ui_color = "#e6f1f2"
    _now = staticmethod(partial(datetime.now, timezone.utc))

    def __init__(
        self,
        *,
        webhook_id: str = "",
        webhook_name: str = "",
        reach_conn_id: str = DEFAULT_CONN_ID,
        delivered_by: Literal["200", "2xx"] = "200",
        max_undelivered: int | str = 10,
        min_age: timedelta | float | str = timedelta(hours=1),
        min_attempts: int | str = 6,
        max_at_risk: int | str = 0,
        at_risk_after: timedelta | float | str = timedelta(hours=4),
        max_lost: int | str = 0,
        ignore_lost_before: datetime | str | None = None,
        max_silence: timedelta | float | str | None = None,
        drain: bool | str = False,
        allow_inactive: bool | str = False,
        on_cut: Literal["fail", "warn"] = "fail",
        retry_window: timedelta | float | str = timedelta(hours=8),
        max_attempts: int | str = 12,
        outage_tolerance: timedelta | float | str = timedelta(minutes=15),
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: timedelta | float | str = timedelta(minutes=5),
        timeout: timedelta | float | str | None = None,
        **kwargs: Any,
    ) -> None:
        if timeout is None:
            timeout = _default_timeout(min_age, drain, retry_window)
        super().__init__(
            poke_interval=_of_text("poke_interval", poke_interval), timeout=_of_text("timeout", timeout), **kwargs
        )
        self.webhook_id = webhook_id
        self.webhook_name = webhook_name
        self.reach_conn_id = reach_conn_id
        self.delivered_by = delivered_by
        self.max_undelivered = max_undelivered
        self.min_age = min_age
        self.min_attempts = min_attempts
        self.max_at_risk = max_at_risk
        self.at_risk_after = at_risk_after
        self.max_lost = max_lost
        self.ignore_lost_before = ignore_lost_before
        self.max_silence = max_silence
        self.drain = drain
        self.allow_inactive = allow_inactive
        self.on_cut = on_cut
        self.retry_window = retry_window
        self.max_attempts = max_attempts
        self.outage_tolerance = outage_tolerance
        self.deferrable = deferrable
        self._watched_from: datetime | None = None
        self._report: DeliveryReport | None = None
        self._unanswered: ReachError | None = None
        self._has_ended = False

    @told_to_callbacks
    def execute(self, context: Context) -> Any:
        """
        Look until there is a verdict; deferrable, look once and leave the rest to the trigger.

        :param context: The task's context.
        :return: The report, as plain JSON.
        :raises ReachDeliveryFailed: the verdict is a failure; final.
        :raises AirflowSensorTimeout: the timeout came before a verdict; it says what the last look saw.
        :raises AirflowTaskTimeout: the execution timeout did, likewise; left to the task's retries.
        :raises AirflowFailException: the configuration is wrong or the key refused; final.
        :raises AirflowException: the service could not be asked; left to the task's retries.
        :raises AirflowSkipException: in place of all of these under ``soft_fail`` or ``never_fail``.
        """
        first_look = first_rescheduled_at(context) if self.reschedule and not self.deferrable else None
        self._watched_from = first_look or self._now()
        self._report, self._unanswered, self._has_ended = None, None, False
        label_mapped_instance(context, self.webhook_name, self.webhook_id)
        with self._told_of_timeouts(context):
            if not self.deferrable:
                return as_written(super().execute)(context)
            end = self._see(context)
            return self._defer() if end is None else self._finish(end, context)

    @contextmanager
    def _told_of_timeouts(self, context: Context) -> Iterator[None]:
        """Where Airflow's own timeouts end the task, say what was seen."""
        try:
            yield
        except (AirflowSensorTimeout, AirflowTaskTimeout, AirflowSkipException) as ended:
            cause = ended.__cause__ or ended
            struck = isinstance(cause, AirflowTaskTimeout)
            if self._has_ended or not (struck or cause is ended):  # told already, or a skip for another reason
                raise
            limit: Limit = "execution_timeout" if struck else "timeout"
            self._time_out(limit, self._report or self._unanswered, context, ended)

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """
        Look once.

        :param context: The task's context.
        :return: The report when healthy, False to look again.
        """
        end = self._see(context)
        return False if end is None else PokeReturnValue(is_done=True, xcom_value=self._finish(end, context))

    def _see(self, context: Context) -> End | None:
        """Look once, and say how the watch ends by it, or tell what is waited for."""
        from airflow_provider_reach.core.watch.events import ending

        seen: DeliveryReport | ReachError
        try:
            watch = self._watch()
        except ReachError as error:
            return error
        try:
            seen = self._look(watch)
            label_mapped_instance(context, self.webhook_name, seen.webhook_name, seen.webhook_id)
        except ReachError as error:
            seen = error
        now = self._now()
        end = ending(watch, seen, self._report, cut_short=False, now=now)
        if end is None:
            self._tell(seen, now)
        return end

    def _defer(self) -> NoReturn:
        from airflow_provider_reach.triggers import ReachBatchStatusTrigger

        watch = self._watch()
        if watch.limit == "execution_timeout":
            self.log.warning(
                "The watch ends at %s, before its timeout, by the task's execution_timeout: raise it, or take it off.",
                f"{watch.deadline:%H:%M} UTC",
            )
        if self.exponential_backoff:
            self.log.warning("A deferred watch looks every poke_interval: exponential_backoff has no effect.")
        self.defer(
            trigger=ReachBatchStatusTrigger(reach_conn_id=self.reach_conn_id, **watch.to_scalars()),
            method_name="execute_complete",
            timeout=watch.deadline - self._now() + watch.outage_tolerance + _SLACK,
        )

    @told_to_callbacks
    def execute_complete(self, context: Context, event: Any = None) -> dict[str, Any]:
        """
        End as the trigger's watch did.

        :param context: The task's context.
        :param event: What the trigger fired; see :mod:`airflow_provider_reach.core.watch.events`.
        :return: As :meth:`execute`.
        :raises: As :meth:`execute`.
        """
        from airflow_provider_reach.core.watch.events import read_event

        label_mapped_instance(context, self.webhook_name, self.webhook_id)
        with self._told_of_timeouts(context):
            try:
                end = read_event(event)
            except ReachError as error:
                end = error
            return self._finish(end, context)

    @told_to_callbacks
    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """
        Go on after the trigger; where Airflow ended it, say what that means.

        :param next_method: What to go on with.
        :param next_kwargs: Its arguments.
        :param context: The task's context.
        """
        if next_method != "__fail__":
            # Past the sensor's own, which would put other words in place of those of a skip.
            return super(BaseSensorOperator, self).resume_execution(next_method, next_kwargs, context)
        label_mapped_instance(context, self.webhook_name, self.webhook_id)
        return self._raise(ended_by_airflow(next_kwargs or {}))

    def _watch(self) -> Watch:
        """The watch as its templates were rendered."""
        from airflow_provider_reach.core.watch.watch import Watch

        return Watch.begin(
            webhook_id=self.webhook_id,
            webhook_name=self.webhook_name,
            policy=DeliveryPolicy(**{name: getattr(self, name) for name in POLICY_FIELDS}),
            watched_from=self._watched_from or self._now(),
            timeout=read_duration("timeout", self.timeout),
            execution_timeout=self.execution_timeout if self.deferrable else None,
            poke_interval=timedelta(seconds=self.poke_interval),
            outage_tolerance=read_duration("outage_tolerance", self.outage_tolerance),
            silent_fail=self.silent_fail,
            version=__version__,
            seen_id=self._report.webhook_id if self._report else "",
        )

    def _look(self, watch: Watch) -> DeliveryReport:
        hook = self._hook
        try:
            return self._ask(watch, hook)
        except ReachAuthError:
            del self._hook  # the connection may have another key by now
            if self._hook.get_conn().config == hook.get_conn().config:
                raise
            return self._ask(watch, self._hook)

    def _ask(self, watch: Watch, hook: ReachHook) -> DeliveryReport:
        from airflow_provider_reach.core.delivery.doubt import remembered

        hook.get_conn().outage_tolerance = watch.outage_tolerance.total_seconds()
        seen = hook.check_delivery(
            watch.webhook_id,
            watch.policy,
            webhook_name=watch.webhook_name,
            watched_from=watch.watched_from,
            seen_id=watch.seen_id,
        )
        return remembered(seen, self._report)

    @cached_property
    def _hook(self) -> ReachHook:
        from airflow_provider_reach.hooks import ReachHook

        return ReachHook(self.reach_conn_id)

    def _tell(self, seen: DeliveryReport | ReachError, now: datetime) -> None:
        if isinstance(seen, ReachError):
            self._unanswered = seen
            self.log.error("Not answered, and the watch goes on: %s", seen)
            return
        self._report = seen
        if line := self._progress.line(seen, now):
            self.log.info("%s", line)

    @cached_property
    def _progress(self) -> Progress:
        from airflow_provider_reach.core.watch.progress import Progress

        return Progress(self._watch().deadline)

    def _finish(self, end: End, context: Context) -> dict[str, Any]:
        """Return the report where the watch ended well; that it did not is raised."""
        from airflow_provider_reach.core.watch.events import TimedOut

        if isinstance(end, TimedOut):
            self._time_out(end.limit, end.last, context)
        if isinstance(end, ReachError):
            self._raise(airflow_error(end, NO_VERDICT), end)
        label_mapped_instance(context, self.webhook_name, end.webhook_name, end.webhook_id)
        pushed = self._push(end, context)
        if end.outcome == "failed":
            self._raise(ReachDeliveryFailed(end), report=end)
        self.log.info("%s", end.headline)
        return pushed

    def _time_out(
        self,
        limit: Limit,
        last: DeliveryReport | ReachError | None,
        context: Context,
        cause: BaseException | None = None,
    ) -> NoReturn:
        from airflow_provider_reach.core.delivery.report import DeliveryReport, span

        report = last if isinstance(last, DeliveryReport) else None
        if report:
            self._push(report, context)
        length = timedelta(seconds=self.timeout) if limit == "timeout" else self.execution_timeout or timedelta(0)
        message = f"No verdict within the {limit} of {span(length)}"
        if report:
            message += f". The last look:\n{report}"
        else:
            asked = f"The last look was not answered:\n{last}" if last else f"Not one look was answered: raise {limit}."
            message += f", and whether the batches are delivered is not known. {asked}"
        self._raise(AirflowSensorTimeout(message) if limit == "timeout" else AirflowTaskTimeout(message), cause, report)

    def _push(self, report: DeliveryReport, context: Context) -> dict[str, Any]:
        ti = context["ti"]
        pushed: dict[str, Any] = literal(report.to_dict())
        ti.xcom_push(key="report", value=pushed)
        if report.webhook_id and report.complete:  # what an answer that was cut does not tell was not told
            ti.xcom_push(key=f"looked_at_{report.webhook_id}", value=report.looked_at.isoformat())
        return pushed

    def _raise(
        self, error: BaseException, cause: BaseException | None = None, report: DeliveryReport | None = None
    ) -> NoReturn:
        """Raise the error; under ``soft_fail`` and ``never_fail`` a skip that says the same."""
        self._has_ended = True
        error.__cause__ = cause
        tell_of(error, report)
        if not (self.soft_fail or self.never_fail):
            raise error
        self.log.error("Skipped in place of failing: %s", error)
        skip = AirflowSkipException(str(error))
        tell_of(skip, report)
        raise skip from error


def _of_text(name: str, value: timedelta | float | str) -> timedelta | float:
    """Airflow's own sensor takes no text, and checks the rest."""
    return read_duration(name, value) if isinstance(value, str) else value


def _default_timeout(
    min_age: timedelta | float | str, drain: bool | str, retry_window: timedelta | float | str
) -> timedelta:
    """As long as there may be something to wait for; the longer one where a template decides at run time."""
    try:
        policy = DeliveryPolicy(min_age=min_age, drain=drain, retry_window=retry_window)  # type: ignore[arg-type]
    except ReachInputError:
        return timedelta(hours=9)
    return policy.retry_window + timedelta(hours=1) if policy.drain else policy.longest_wait
