"""
What the command line takes, for ``airflow reach`` and ``python -m airflow_provider_reach``.

Airflow imports this module with every one of its commands; what a command does is loaded when it runs.
"""

from __future__ import annotations

import sys
import traceback
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import Any, NamedTuple

from airflow_provider_reach.cli.exit_codes import INTERRUPTED, NOT_ASKED
from airflow_provider_reach.integration.connection_form import DEFAULT_CONN_ID

ABOUT = "List and check the webhooks of Bird's Reach Email API"


class Argument(NamedTuple):
    """What ``argparse`` is told of one argument."""

    flags: tuple[str, ...]
    options: dict[str, Any]


@dataclass(frozen=True)
class Command:
    """One verb."""

    name: str
    help: str
    description: str
    arguments: tuple[Argument, ...]


_COMMON = (
    Argument(("--conn-id",), {"default": DEFAULT_CONN_ID, "help": f"the Airflow connection ({DEFAULT_CONN_ID})"}),
    Argument(
        ("--outage-tolerance", "--patience"),
        {"metavar": "DURATION", "help": "how long to keep asking in all when the service cannot be asked (60s)"},
    ),
    Argument(("--json",), {"action": "store_true", "help": "print JSON, for programs"}),
)


def _of_policy(name: str, metavar: str, help: str) -> Argument:  # noqa: A002 - argparse's name
    return Argument((f"--{name.replace('_', '-')}",), {"metavar": metavar, "dest": name, "help": help})


POLICY_OPTIONS = (
    _of_policy("delivered_by", "200|2xx", "which answers of the target deliver a batch (200)"),
    _of_policy("max_undelivered", "N", "more undelivered batches than this are a pile-up (10)"),
    _of_policy("min_age", "DURATION", "younger failures are in their early retries and do not count yet (1h)"),
    _of_policy("min_attempts", "N", "nor do those with fewer attempts (6)"),
    _of_policy("max_at_risk", "N", "more batches than this about to be discarded are a failure (0)"),
    _of_policy("at_risk_after", "DURATION", "the age from which an undelivered batch is at risk (4h)"),
    _of_policy("max_lost", "N", "more lost batches than this are a failure (0)"),
    _of_policy("ignore_lost_before", "TIME", "losses before this time are already reported and do not fail the check"),
    _of_policy("max_silence", "DURATION", "an active webhook without a success for longer is a failure"),
    _of_policy("on_cut", "fail|warn", "what it means when the service does not tell all batches (fail)"),
    Argument(("--allow-inactive",), {"action": "store_true", "default": None, "help": "inactive is no failure"}),
)
"""
Those of ``DeliveryPolicy``, without what is only for a watch that waits and without the service's own rules.

A duration is a number of seconds, or text such as ``90m``, ``01:30:00`` or ``PT90M``.
"""

COMMANDS = (
    Command(
        "list",
        "show the workspace's webhooks",
        "Show the workspace's webhooks. Exit status: 0, or 2 when the service could not be asked.",
        _COMMON,
    ),
    Command(
        "check",
        "look once, and say whether batches pile up, are about to be discarded, or were lost",
        "Look once at webhooks and judge, as the sensor does, whether batches of events pile up, are about to be "
        "discarded, or were lost. Exit status: 0 all are healthy; 1 one has failed; 2 none has failed, but one could "
        "not be asked about; 3 none of these, but one is not decided yet, since fresh failures are in their early "
        "retries: look again later. A DURATION is a number of seconds, or text such as 90m, 01:30:00 or PT90M.",
        (
            Argument(
                ("webhooks",),
                {"nargs": "*", "metavar": "WEBHOOK", "help": "a webhook's name or id (all of the workspace)"},
            ),
            *_COMMON,
            *POLICY_OPTIONS,
        ),
    ),
)


def get_commands() -> list[Any]:
    """The commands as Airflow 3.2 and later take them."""
    from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand

    verbs = [
        ActionCommand(
            name=command.name,
            help=command.help,
            description=command.description,
            func=_run_and_exit,
            args=[Arg(flags, **options) for flags, options in command.arguments],
        )
        for command in COMMANDS
    ]
    return [GroupCommand(name="reach", help=ABOUT, subcommands=verbs)]


def parser() -> ArgumentParser:
    """The parser of ``python -m airflow_provider_reach``; it needs no Airflow."""
    root = ArgumentParser(prog="python -m airflow_provider_reach", description=f"{ABOUT}.")
    verbs = root.add_subparsers(dest="subcommand", metavar="VERB", required=True)
    for command in COMMANDS:
        verb = verbs.add_parser(command.name, help=command.help, description=command.description, allow_abbrev=False)
        for flags, options in command.arguments:
            verb.add_argument(*flags, **options)
        verb.set_defaults(func=_run_and_exit)
    return root


def _run_and_exit(options: Namespace) -> None:
    try:
        from airflow_provider_reach.cli.commands import run

        status = run(options)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BaseException:  # even a SystemExit: only a look may return 0, and 1 is a verdict
        traceback.print_exc()
        status = NOT_ASKED
    sys.exit(status)
