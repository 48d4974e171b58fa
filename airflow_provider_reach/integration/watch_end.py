"""How a watch's end becomes its task's: the XComs, the log, and the exception that says it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException, BaseSensorOperator

from airflow_provider_reach.core.errors import ReachError
from airflow_provider_reach.exceptions import NO_VERDICT, ReachDeliveryFailed, airflow_error, is_told, tell_of
from airflow_provider_reach.integration.compat import AirflowTaskTimeout
from airflow_provider_reach.integration.map_index import label_mapped_instance
from airflow_provider_reach.integration.xcom import literal

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_reach.core.delivery.report import DeliveryReport
    from airflow_provider_reach.core.watch.events import End
    from airflow_provider_reach.core.watch.step import Looks
    from airflow_provider_reach.core.watch.watch import TimeoutName


class EndsAsItsWatch(BaseSensorOperator):
    """A sensor that ends as its watch did."""

    webhook_name: str
    _looks: Looks | None = None

    def _finish(self, end: End, context: Context) -> dict[str, Any]:
        """Return the report where the watch ended well; raise what says that it did not."""
        from airflow_provider_reach.core.watch.events import TimedOut

        if isinstance(end, TimedOut):
            self._time_out(end.limit, end.last, context)
        if isinstance(end, ReachError):
            self._fail(airflow_error(end, NO_VERDICT), end)
        label_mapped_instance(context, self.webhook_name, end.webhook_name, end.webhook_id)
        pushed = _push(end, context)
        if end.outcome == "failed":
            self._fail(ReachDeliveryFailed(end), report=end)
        self.log.info("%s", end.headline)
        return pushed

    def _fail(
        self, error: BaseException, cause: BaseException | None = None, report: DeliveryReport | None = None
    ) -> NoReturn:
        """Raise the error; under ``soft_fail`` and ``never_fail`` a skip that says the same."""
        error.__cause__ = cause
        tell_of(error, report)
        if not (self.soft_fail or self.never_fail):
            raise error
        self.log.error("Skipped instead of failing: %s", error)
        skip = AirflowSkipException(str(error))
        tell_of(skip, report)
        raise skip from error

    @contextmanager
    def _telling_timeouts(self, context: Context) -> Iterator[None]:
        """Where Airflow's own timeouts end the task, say what was seen."""
        try:
            yield
        except (AirflowSensorTimeout, AirflowTaskTimeout, AirflowSkipException) as ended:
            cause = ended.__cause__ or ended
            struck = isinstance(cause, AirflowTaskTimeout)
            if is_told(ended) or not (struck or cause is ended):  # raised here already, or a skip for another reason
                raise
            limit: TimeoutName = "execution_timeout" if struck else "timeout"
            self._time_out(limit, self._looks.last if self._looks else None, context, ended)

    def _time_out(
        self,
        limit: TimeoutName,
        last: DeliveryReport | ReachError | None,
        context: Context,
        cause: BaseException | None = None,
    ) -> NoReturn:
        from airflow_provider_reach.core.delivery.report import DeliveryReport, span

        report = last if isinstance(last, DeliveryReport) else None
        if report:
            _push(report, context)
        length = timedelta(seconds=self.timeout) if limit == "timeout" else self.execution_timeout or timedelta(0)
        message = f"No verdict within the {limit} of {span(length)}"
        if report:
            message += f". The last look:\n{report}"
        else:
            asked = f"The last look was not answered:\n{last}" if last else f"No look was answered: raise {limit}."
            message += f", and whether the batches are delivered is not known. {asked}"
        self._fail(AirflowSensorTimeout(message) if limit == "timeout" else AirflowTaskTimeout(message), cause, report)


def _push(report: DeliveryReport, context: Context) -> dict[str, Any]:
    ti = context["ti"]
    pushed: dict[str, Any] = literal(report.to_dict())
    ti.xcom_push(key="report", value=pushed)
    if report.webhook_id and report.complete:  # what an answer that was cut does not tell was not told
        ti.xcom_push(key=f"looked_at_{report.webhook_id}", value=report.looked_at.isoformat())
    return pushed
