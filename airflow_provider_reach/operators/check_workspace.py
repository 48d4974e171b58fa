"""The operator that looks at all webhooks of a workspace at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from airflow.providers.common.compat.sdk import conf

from airflow_provider_reach.core.errors import ReachError
from airflow_provider_reach.core.policy_fields import POLICY_FIELDS
from airflow_provider_reach.core.values import choice, duration, flag, is_not_given
from airflow_provider_reach.exceptions import (
    NO_VERDICT,
    airflow_error,
    ended_by_airflow,
    told_to_callbacks,
    workspace_error,
)
from airflow_provider_reach.integration.compat import AirflowTaskTimeout
from airflow_provider_reach.integration.connection_form import DEFAULT_CONN_ID
from airflow_provider_reach.integration.map_index import label_mapped_instance
from airflow_provider_reach.integration.xcom import literal
from airflow_provider_reach.operators.base import ReachOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_reach.core.workspace.report import WorkspaceReport
    from airflow_provider_reach.integration.workspace_look import WorkspaceLook

# After the trigger's own deadline, Airflow ends a look that no triggerer runs.
_SLACK = timedelta(minutes=15)


class ReachCheckWorkspaceOperator(ReachOperator):
    """
    Look at all webhooks of the workspace once, and hand on those that are not settled well.

    It lists the webhooks, asks for the batch status of each, and judges each as
    :class:`~airflow_provider_reach.ReachBatchStatusSensor` does. The report is pushed as the XCom ``report``.

    Returns a row for each webhook that failed, is undecided, or was not answered, the worst first, made for
    ``ReachBatchStatusSensor.partial(...).expand_kwargs(check.output)``: its id, its name, and every limit in force for
    it that is not the sensor's own default, so that the sensor judges as the check did. A limit that any
    ``default_args`` of the DAG give is in every row. Give limits to this task alone, except ``ignore_lost_before``.
    When all are well there is nothing to watch, and the mapped task is skipped.

    If no task takes the rows, it fails by its own verdict, as with ``on_failed="fail"``. Run it every hour then: one
    look does not wait for what is undecided. A verdict is final; a failure to *ask* is no verdict and is left to the
    task's retries. Every exception that ends it has a ``.report``, or None.

    :param policies: Limits that differ, by webhook's name or pattern: ``{"bounces": {"max_undelivered": 100}}``. The
        exact name counts first, then the first pattern that matches. A name without a wildcard must exist.
    :param on_failed: What a webhook that failed means: ``return`` its row, or ``fail`` this task.
    :param active: Only webhooks that are active (True) or inactive (False). None, the default, takes both, so that a
        deactivated webhook fails.
    :param name_pattern: Only names that match, such as ``orders-*``; upper and lower case differ.
    :param expect: Names that must be among those found; one that is missing is a failed webhook.
    :param allow_empty: Whether finding nothing is fine.
    :param with_conn_id: Whether each row has ``reach_conn_id`` too.
    :param delivered_by: Which answers of the target deliver a batch: only ``200``, or any ``2xx``.
    :param max_undelivered: As the sensor's, like all limits that follow.
    :param min_age: See the sensor.
    :param min_attempts: See the sensor.
    :param max_at_risk: See the sensor.
    :param at_risk_after: See the sensor.
    :param max_lost: See the sensor.
    :param ignore_lost_before: See the sensor. Left unset here, the mapped sensor may say it for each webhook.
    :param max_silence: See the sensor.
    :param drain: A webhook with undelivered batches is undecided, for the sensor to wait for.
    :param allow_inactive: See the sensor.
    :param on_cut: See the sensor.
    :param retry_window: See the sensor.
    :param max_attempts: See the sensor.
    :param outage_tolerance: How long the look keeps asking in all while the service cannot be reached. What is not
        answered by then gets a row, and its watch keeps asking: the other alarms do not wait for it.
    :param deferrable: Look in the triggerer, so that no worker is held; by default as Airflow's setting
        ``[operators] default_deferrable`` says.
    :param reach_conn_id: The Airflow connection.
    """

    template_fields: Sequence[str] = (
        "reach_conn_id",
        "active",
        "name_pattern",
        "expect",
        "allow_empty",
        "policies",
        "on_failed",
        "with_conn_id",
        "outage_tolerance",
        *POLICY_FIELDS,
    )

    def __init__(
        self,
        *,
        policies: Mapping[str, Mapping[str, Any]] | str | None = None,
        on_failed: Literal["return", "fail"] | str = "return",
        active: bool | str | None = None,
        name_pattern: str | None = None,
        expect: Sequence[str] | str = (),
        allow_empty: bool | str = False,
        with_conn_id: bool | str = False,
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
        outage_tolerance: timedelta | float | str = timedelta(minutes=2),
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        reach_conn_id: str = DEFAULT_CONN_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(reach_conn_id=reach_conn_id, **kwargs)
        self.policies = policies
        self.on_failed = on_failed
        self.active = active
        self.name_pattern = name_pattern
        self.expect = expect
        self.allow_empty = allow_empty
        self.with_conn_id = with_conn_id
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

    @told_to_callbacks
    def execute(self, context: Context) -> list[dict[str, Any]]:
        """
        Look once; if deferrable, in the triggerer.

        :param context: The task's context.
        :return: A row for each webhook that is not settled well, the worst first.
        :raises ReachDeliveryFailed: a webhook failed, and ``on_failed="fail"``, no task takes the rows, or there are
            more rows than Airflow maps a task over. Final.
        :raises AirflowFailException: the arguments or the configuration are wrong, the key was refused, or more
            webhooks are undecided than Airflow maps a task over. Final.
        :raises AirflowTaskTimeout: the look was not over within the ``execution_timeout``; left to the task's retries.
        :raises AirflowException: the service could not be asked, or not about a webhook that no watch asks about again;
            left to the task's retries.
        """
        from airflow_provider_reach.hooks import ReachHook

        label_mapped_instance(context, self.reach_conn_id)
        with self._telling_failures():
            look = self._look()
            if self.deferrable:
                self._defer(look)
            hook = ReachHook(self.reach_conn_id, outage_tolerance=look.outage_tolerance.total_seconds())
            report = hook.check_workspace(**look.asked)
        return self._finish(look, report, context)

    @told_to_callbacks
    def execute_complete(self, context: Context, event: Any = None) -> list[dict[str, Any]]:
        """
        End as the trigger's look did.

        :param context: The task's context.
        :param event: What the trigger fired.
        :return: As :meth:`execute`.
        :raises: As :meth:`execute`.
        """
        from airflow_provider_reach.integration.workspace_look import LONGEST, read_look

        label_mapped_instance(context, self.reach_conn_id)
        with self._telling_failures():
            look, report = self._look(), read_look(event)
        if report is None:
            raise self._timed_out(LONGEST + look.outage_tolerance)
        return self._finish(look, report, context)

    @told_to_callbacks
    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """
        Resume after the trigger; if Airflow itself ended the trigger, say what that means.

        :param next_method: The method to resume with.
        :param next_kwargs: Its arguments.
        :param context: The task's context.
        """
        if next_method == "__fail__":
            raise ended_by_airflow(next_kwargs or {})
        return super().resume_execution(next_method, next_kwargs, context)

    def _look(self) -> WorkspaceLook:
        """What is asked, all of it read and checked before anything is sent."""
        from airflow_provider_reach.core.policy import DeliveryPolicy
        from airflow_provider_reach.core.workspace.policies import PolicyTable
        from airflow_provider_reach.integration.arguments import parsed, selection_of
        from airflow_provider_reach.integration.mapped_watches import check_mapped, is_taken, refuse_drain
        from airflow_provider_reach.integration.workspace_look import WorkspaceLook

        policy = DeliveryPolicy(**{name: getattr(self, name) for name in POLICY_FIELDS})
        policies = parsed(self.policies)
        table = PolicyTable(policy, policies)
        selection = selection_of(self)
        tolerance = self.argument("outage_tolerance", duration)
        check_mapped(self, table, ["webhook_id", "webhook_name", *self._of_every_row()])
        on_failed = self.argument("on_failed", partial(choice, known=("return", "fail")))
        self._returns = on_failed == "return" and is_taken(self)
        if not self._returns:
            refuse_drain(self, table)
        return WorkspaceLook(policy, {} if is_not_given(policies) else policies, selection, tolerance)

    def _of_every_row(self) -> dict[str, str]:
        return {"reach_conn_id": self.reach_conn_id} if self.argument("with_conn_id", flag) else {}

    def _defer(self, look: WorkspaceLook) -> NoReturn:
        from airflow_provider_reach.integration.workspace_look import LONGEST
        from airflow_provider_reach.triggers import ReachWorkspaceTrigger

        longest = LONGEST + look.outage_tolerance
        if (limit := self.execution_timeout) is not None:
            # A little earlier: in Airflow 2.11, a task that resumes after it cannot say anything.
            longest = limit - min(timedelta(minutes=1), limit / 10)
        self.defer(
            trigger=ReachWorkspaceTrigger(
                reach_conn_id=self.reach_conn_id,
                deadline=(datetime.now(timezone.utc) + longest).isoformat(),
                **look.to_plain(),
            ),
            method_name="execute_complete",
            timeout=longest + _SLACK,
        )

    @contextmanager
    def _telling_failures(self) -> Iterator[None]:
        """Say of a failure to ask that it is no verdict."""
        try:
            yield
        except ReachError as error:
            raise airflow_error(error, NO_VERDICT) from error
        except AirflowTaskTimeout as struck:
            raise self._timed_out() from struck

    def _timed_out(self, longest: timedelta = timedelta(0)) -> AirflowTaskTimeout:
        from airflow_provider_reach.core.delivery.report import span

        limit = self.execution_timeout
        within = span(longest) if limit is None else f"the execution_timeout of {span(limit)}"
        return AirflowTaskTimeout(f"The look at the workspace was not over within {within}. {NO_VERDICT}")

    def _finish(self, look: WorkspaceLook, report: WorkspaceReport, context: Context) -> list[dict[str, Any]]:
        """Push the report, and return the rows or raise what says that it did not go well."""
        from airflow_provider_reach.core.workspace.policies import PolicyTable
        from airflow_provider_reach.integration.mapped_watches import ROWS, most_rows, rows_of

        ti: Any = context["ti"]
        ti.xcom_push(key="report", value=literal(report.to_dict()))
        rows = rows_of(report, self, PolicyTable(look.policy, look.policies), self._of_every_row())
        most = most_rows(self, ti.map_index)
        if not self._returns and report.outcome in ("failed", "unknown"):
            raise workspace_error(report)
        if most is not None and len(rows) > most:
            ti.xcom_push(key=ROWS, value=rows[:most])
            raise workspace_error(
                report,
                f"{len(rows):,} webhooks are not settled well, and Airflow maps a task over at most {most:,}, so that "
                f"no watch was begun; {len(rows) - most:,} would be left out. Raise its setting [core] "
                "max_map_length, for the workers too, or check fewer at a time by name_pattern.",
            )
        level = self.log.info if report.outcome == "healthy" else self.log.warning
        level("%s", report)
        return rows
