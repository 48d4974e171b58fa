"""What the commands do."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow_provider_reach.cli.exit_codes import BY_OUTCOME, FAILED, HEALTHY, NOT_ASKED
from airflow_provider_reach.cli.output import claimed_stdout, written
from airflow_provider_reach.cli.progress import progress_on
from airflow_provider_reach.core.config import DEFAULT_OUTAGE_TOLERANCE
from airflow_provider_reach.core.errors import ReachError, ReachInputError, ReachLookupError
from airflow_provider_reach.core.text import is_uuid, shown

if TYPE_CHECKING:
    from airflow_provider_reach.core.api.models import Webhook
    from airflow_provider_reach.core.delivery.report import DeliveryReport
    from airflow_provider_reach.core.policy import DeliveryPolicy
    from airflow_provider_reach.core.workspace.report import WorkspaceReport
    from airflow_provider_reach.hooks import ReachHook


def run(options: Namespace) -> int:
    """
    Run a command, and print what it found.

    :param options: The command line as it was read: ``subcommand`` is the verb.
    :return: The exit status.
    """
    # As Airflow's own commands do: otherwise Airflow 3 does not look into its database.
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"
    commands: dict[str, Callable[[Namespace], Listing | Verdicts]] = {"list": list_webhooks, "check": check_webhooks}
    with claimed_stdout() as stdout:
        found = commands[options.subcommand](options)
        can_be_read = written(json.dumps(found.to_dict(), indent=2) if options.json else str(found), stdout)
        written(_few(found.errors), sys.stderr)
    return found.status if can_be_read or found.status == FAILED else NOT_ASKED


@dataclass
class Listing:
    """What ``list`` found."""

    webhooks: list[Webhook] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The exit status."""
        return NOT_ASKED if self.errors else HEALTHY

    def to_dict(self) -> dict[str, Any]:
        """For programs; secrets are ``***``."""
        return {"webhooks": [webhook.to_dict() for webhook in self.webhooks], "errors": self.errors}

    def __str__(self) -> str:
        if self.errors:
            return ""
        if not self.webhooks:
            return "The workspace has no webhooks."
        from tabulate import tabulate

        headers = ("name", "id", "active", "events", "last 200", "last failure", "target")
        return str(tabulate([_row(webhook) for webhook in self.webhooks], headers, disable_numparse=True))


@dataclass
class Verdicts:
    """What ``check`` found."""

    reports: list[DeliveryReport] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    workspace: WorkspaceReport | None = None

    @property
    def outcome(self) -> str:
        """The worst of all: ``failed``, ``unknown``, ``wait`` or ``healthy``."""
        outcomes: set[str] = {report.outcome for report in self.reports}
        outcomes |= {"unknown"} if self.errors else set()
        outcomes |= {self.workspace.outcome} if self.workspace else set()
        return next(outcome for outcome in BY_OUTCOME if outcome in outcomes)

    @property
    def status(self) -> int:
        """The exit status."""
        return BY_OUTCOME[self.outcome]

    def take(self, found: WorkspaceReport) -> None:
        """Take what was found in the whole workspace."""
        self.workspace = found
        self.reports += found.reports
        self.errors += [f"Webhook {label}: {error}" for label, error in found.unanswered.items()]

    def to_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "outcome": self.outcome,
            "workspace": self.workspace and _without_reports(self.workspace),
            "reports": [report.to_dict() for report in self.reports],
            "errors": self.errors,
        }

    def __str__(self) -> str:
        """The worst comes last, where a terminal shows it; a large workspace is summed up there."""
        found = self.reports if self.workspace is None else self.reports[::-1]
        worst_last = sorted(found, key=lambda report: _OUTCOMES.index(report.outcome), reverse=True)
        if self.workspace is None or self.workspace.looked <= _MOST_TOLD:
            return "\n".join(map(_shown, worst_last)).strip()
        ailing = [report for report in worst_last if report.outcome != "healthy"]
        return "\n".join([*map(_shown, ailing[-_MOST_TOLD:]), f"\n{self.workspace}"]).strip()


_OUTCOMES = list(BY_OUTCOME)
_MOST_TOLD = 10
"""Reports, or errors, that a person reads at once; more are summed up."""


def _shown(report: DeliveryReport) -> str:
    return report.headline if report.outcome == "healthy" else f"\n{report}"


def _without_reports(workspace: WorkspaceReport) -> dict[str, Any]:
    return {name: value for name, value in workspace.to_dict().items() if name != "reports"}


def _few(errors: Sequence[str]) -> str:
    more = len(errors) - _MOST_TOLD
    return "\n".join([*errors[:_MOST_TOLD], *([f"… and {more:,} more; --json has them all."] if more > 0 else [])])


def list_webhooks(options: Namespace) -> Listing:
    """List the webhooks of the workspace."""
    listing = Listing()
    with _told(listing.errors):
        listing.webhooks = _hook(options).list_webhooks()
    return listing


def check_webhooks(options: Namespace) -> Verdicts:
    """Look at each webhook once, and judge."""
    verdicts = Verdicts()
    with _told(verdicts.errors):
        policy, hook = _policy(options), _hook(options)
        if options.webhooks:
            _check_each(options.webhooks, policy, hook, verdicts)
        else:
            verdicts.take(_check_all(policy, hook))
    return verdicts


def _check_all(policy: DeliveryPolicy, hook: ReachHook) -> WorkspaceReport:
    with progress_on(sys.stderr) as progress:
        found = hook.check_workspace(policy, allow_empty=True, progress=progress)
    if not found.looked:
        raise ReachLookupError("The workspace has no webhooks, so that nothing can be checked: is it the right one?")
    return found


def _check_each(asked: Sequence[str], policy: DeliveryPolicy, hook: ReachHook, verdicts: Verdicts) -> None:
    gives_up = time.monotonic() + hook.outage_tolerance
    which = iter(dict.fromkeys(asked))
    for text in which:
        hook.get_conn().outage_tolerance = max(0.0, gives_up - time.monotonic())
        with _told(verdicts.errors):
            webhook_id, webhook_name = (text, "") if is_uuid(text) else ("", text)
            verdicts.reports.append(hook.check_delivery(webhook_id, policy, webhook_name=webhook_name))
        if verdicts.errors and time.monotonic() >= gives_up and (rest := list(which)):
            more = "1 more webhook was" if len(rest) == 1 else f"{len(rest)} more webhooks were"
            verdicts.errors.append(f"Out of time: {more} not checked.")


def _policy(options: Namespace) -> DeliveryPolicy:
    from airflow_provider_reach.core.policy import POLICY_FIELDS, DeliveryPolicy

    given = {name: value for name in POLICY_FIELDS if (value := getattr(options, name, None)) is not None}
    policy = DeliveryPolicy(**given)
    if policy.ignore_lost_before and policy.ignore_lost_before > datetime.now(timezone.utc):
        problem = f"ignore_lost_before must not be later than now, not {shown(options.ignore_lost_before)}."
        raise ReachInputError([problem], "the delivery policy")
    return policy


def _hook(options: Namespace) -> ReachHook:
    from airflow_provider_reach.core.values import read_duration
    from airflow_provider_reach.hooks import ReachHook

    default = timedelta(seconds=DEFAULT_OUTAGE_TOLERANCE)
    tolerance = read_duration(
        "outage_tolerance", default if options.outage_tolerance is None else options.outage_tolerance
    )
    hook = ReachHook(options.conn_id, outage_tolerance=tolerance.total_seconds())
    hook.get_conn()  # what is wrong with the connection is told once, not for every webhook
    if elsewhere := hook.turn_to_host_that_answers():
        written(f"WARNING: {elsewhere}", sys.stderr)
    return hook


@contextmanager
def _told(errors: list[str]) -> Iterator[None]:
    """Keep why something could not be asked, each reason once; a failure does not undo what was found before it."""
    try:
        yield
    except ReachError as error:
        if not any(said.startswith(error.args[0]) for said in errors):  # the ids of requests differ
            errors.append(str(error))
    except Exception as error:  # of Airflow, or of this package
        traceback.print_exc()
        errors.append(f"{type(error).__name__}: see the traceback. This is no verdict.")


def _row(webhook: Webhook) -> list[str]:
    from airflow_provider_reach.core.secrets.redact import safe_url
    from airflow_provider_reach.core.text import one_line

    active = {True: "yes", False: "no", None: "?"}[webhook.active]
    return [
        one_line(webhook.name, 80),
        webhook.id,
        active,
        str(len(webhook.events)),
        _time(webhook.last_successful),
        _time(webhook.last_failure),
        one_line(safe_url(webhook.target), 120),
    ]


def _time(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC" if when else ""
