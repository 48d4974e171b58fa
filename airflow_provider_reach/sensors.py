"""The sensor that watches whether a webhook's batches are delivered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from airflow.providers.common.compat.sdk import BaseSensorOperator, PokeReturnValue, conf

from airflow_provider_reach.core.errors import ReachError
from airflow_provider_reach.core.policy_fields import POLICY_FIELDS, default_timeout
from airflow_provider_reach.core.values import read_duration
from airflow_provider_reach.exceptions import ended_by_airflow, told_to_callbacks
from airflow_provider_reach.integration.compat import as_written, first_rescheduled_at
from airflow_provider_reach.integration.connection_form import DEFAULT_CONN_ID
from airflow_provider_reach.integration.map_index import label_mapped_instance
from airflow_provider_reach.integration.rendering import TextStaysText
from airflow_provider_reach.integration.watch_end import EndsAsItsWatch
from airflow_provider_reach.integration.xcom import allow_in_xcoms
from airflow_provider_reach.version import __version__

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_reach.core.delivery.report import DeliveryReport
    from airflow_provider_reach.core.watch.events import End
    from airflow_provider_reach.core.watch.step import Log, Look, Reconnect
    from airflow_provider_reach.core.watch.watch import Watch
    from airflow_provider_reach.hooks import ReachHook

# After the trigger's own deadline and the longest look, Airflow ends a watch that no triggerer runs.
_SLACK = timedelta(minutes=15)

allow_in_xcoms()


class ReachBatchStatusSensor(TextStaysText, EndsAsItsWatch):
    """
    Watch a webhook's batches: succeed when they are delivered, fail for good when they pile up, are at risk, or lost.

    Each look asks for the webhook and its batch status and judges them. A verdict of failure ends the task at once and
    is never retried; a failure to *ask* is no verdict and is left to the task's retries. A healthy watch returns its
    report. Failed or not, the report is pushed as the XCom ``report``, and the time of the look as
    ``looked_at_<webhook_id>``. Every exception that ends a watch has a ``.report``: the last one, or None.

    A check that runs rarely needs ``drain=True``: the status of the last 24 hours shows only what was decided by then.
    Run it at least twice a day: it cannot see what failed after the last check and more than 24 hours before this one.

    If it is deferrable, it looks once on the worker, which settles most checks, and waits in the triggerer.

    Durations are a ``timedelta``, seconds, or text such as ``1h 30m``, ``01:30:00`` or ``PT90M``.

    :param webhook_id: The webhook's UUID; with a name as well, the id decides and the name is its label.
    :param webhook_name: The webhook's name.
    :param reach_conn_id: The Airflow connection.
    :param delivered_by: Which answers of the target deliver a batch: only ``200``, or any ``2xx``.
    :param max_undelivered: More undelivered batches than this are a failure; early retries do not count.
    :param min_age: A batch younger than this *and* with fewer attempts than ``min_attempts`` is in its early retries:
        it does not count yet.
    :param min_attempts: See ``min_age``.
    :param max_at_risk: More batches than this that will be discarded unless somebody acts are a failure.
    :param at_risk_after: The age from which an undelivered batch is at risk; with at most two attempts left, it is at
        risk at any age.
    :param max_lost: More batches than this that are presumed lost are a failure.
    :param ignore_lost_before: Losses before this time were reported before and do not fail the check; empty, or a time
        in the future, means none.
    :param max_silence: A webhook that may send but whose last success is longer ago than this is a failure, if the last
        success is known; empty means no limit.
    :param drain: Wait until every batch of the first look or earlier is delivered or lost.
    :param allow_inactive: An inactive webhook does not fail.
    :param on_cut: What an answer that may be incomplete means: ``fail``, or ``warn`` in the report's first line.
    :param retry_window: How long the service retries a batch.
    :param max_attempts: How often it tries a batch in all, the first attempt included.
    :param outage_tolerance: How long one look keeps asking while the service cannot be reached.
    :param deferrable: Wait in the triggerer, so that no worker is held; by default as Airflow's setting
        ``[operators] default_deferrable`` says.
    :param poke_interval: Time between two looks; 5 minutes by default. If deferrable, ``exponential_backoff`` and
        ``max_wait`` do not change it.
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
            timeout = default_timeout(min_age, drain, retry_window)
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

    @told_to_callbacks
    def execute(self, context: Context) -> Any:
        """
        Look until there is a verdict; if deferrable, look once and leave the rest to the trigger.

        :param context: The task's context.
        :return: The report, as plain JSON.
        :raises ReachDeliveryFailed: the verdict is a failure; final.
        :raises AirflowSensorTimeout: the timeout came before a verdict; it says what the last look saw.
        :raises AirflowTaskTimeout: the execution timeout came before a verdict; left to the task's retries.
        :raises AirflowFailException: the configuration is wrong or the key refused; final.
        :raises AirflowException: the service could not be asked; left to the task's retries.
        :raises AirflowSkipException: instead of any of these, under ``soft_fail`` or ``never_fail``.
        """
        first_look = first_rescheduled_at(context) if self.reschedule and not self.deferrable else None
        self._watched_from = first_look or self._now()
        self._looks = None
        label_mapped_instance(context, self.webhook_name, self.webhook_id)
        with self._telling_timeouts(context):
            if not self.deferrable:
                return as_written(super().execute)(context)
            end = self._see(context)
            return self._defer() if end is None else self._finish(end, context)

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """
        Look once.

        :param context: The task's context.
        :return: The report if healthy, False to look again.
        """
        end = self._see(context)
        return False if end is None else PokeReturnValue(is_done=True, xcom_value=self._finish(end, context))

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
        with self._telling_timeouts(context):
            try:
                end = read_event(event)
            except ReachError as error:
                end = error
            return self._finish(end, context)

    @told_to_callbacks
    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """
        Resume after the trigger; if Airflow itself ended the trigger, say what that means.

        :param next_method: The method to resume with.
        :param next_kwargs: Its arguments.
        :param context: The task's context.
        """
        if next_method != "__fail__":
            # Not by the sensor's own method, which would replace the message of a skip.
            return super(BaseSensorOperator, self).resume_execution(next_method, next_kwargs, context)
        label_mapped_instance(context, self.webhook_name, self.webhook_id)
        return self._fail(ended_by_airflow(next_kwargs or {}))

    def _see(self, context: Context) -> End | None:
        """Look once; how the watch ends by it, or None where it goes on."""
        from airflow_provider_reach.core.watch.step import Looks

        try:
            self._looks = self._looks or Looks(self._watch(), self._now)
        except ReachError as error:
            return error
        step = self._looks.look()
        try:
            action = next(step)
            while True:
                try:
                    result = self._carry_out(action, context)
                except ReachError as error:
                    action = step.throw(error)
                else:
                    action = step.send(result)
        except StopIteration as done:
            end: End | None = done.value
            return end

    def _carry_out(self, action: Look | Reconnect | Log, context: Context) -> DeliveryReport | bool | None:
        from airflow_provider_reach.core.watch.step import Log, Look

        if isinstance(action, Look):
            return self._look(action.watch, context)
        if isinstance(action, Log):
            getattr(self.log, action.level)("%s", action.text)
            return None
        known = self._hook.get_conn().config
        del self._hook
        return self._hook.get_conn().config != known

    def _look(self, watch: Watch, context: Context) -> DeliveryReport:
        self._hook.get_conn().outage_tolerance = watch.outage_tolerance.total_seconds()
        seen = self._hook.check_delivery(
            watch.webhook_id,
            watch.policy,
            webhook_name=watch.webhook_name,
            watched_from=watch.watched_from,
            seen_id=watch.seen_id,
        )
        label_mapped_instance(context, self.webhook_name, seen.webhook_name, seen.webhook_id)
        return seen

    @cached_property
    def _hook(self) -> ReachHook:
        from airflow_provider_reach.hooks import ReachHook

        return ReachHook(self.reach_conn_id)

    def _watch(self) -> Watch:
        """The watch as its templates were rendered."""
        from airflow_provider_reach.core.policy import DeliveryPolicy
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
        )

    def _defer(self) -> NoReturn:
        from airflow_provider_reach.triggers import ReachBatchStatusTrigger

        watch = self._looks.watch if self._looks else self._watch()
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


def _of_text(name: str, value: timedelta | float | str) -> timedelta | float:
    """Airflow's own sensor takes no text, and checks the rest."""
    return read_duration(name, value) if isinstance(value, str) else value
