from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_reach import DeliveryPolicy, ReachHook
from airflow_provider_reach.cli.definition import COMMANDS, POLICY_OPTIONS, get_commands, parser
from airflow_provider_reach.core.values import duration
from airflow_provider_reach.sandbox import Fault, Sandbox
from airflow_provider_reach.sandbox.scenes import workspace_scene

Cli = Callable[..., "Ended"]


class Ended:
    """What a command left: its exit status, and what it said."""

    def __init__(self, status: int | None, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reach: Sandbox) -> Cli:
    """Runs a command as ``python -m airflow_provider_reach`` does, with a connection to an embedded Reach."""
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)

    def run(*arguments: str) -> Ended:
        capsys.readouterr()
        options = parser().parse_args(arguments)
        with pytest.raises(SystemExit) as ended:
            options.func(options)
        said = capsys.readouterr()
        assert ended.value.code is None or isinstance(ended.value.code, int)
        return Ended(ended.value.code, said.out, said.err)

    return run


def add(reach: Sandbox, name: str, answer: int = 200, batches: int = 0, hours: float = 0) -> str:
    """A webhook, and what became of its batches."""
    target = reach.target(name.replace(" ", ""))
    webhook_id = reach.add_webhook(name, target=target.url)
    target.answer(answer)
    for _ in range(batches):
        reach.send(webhook_id, 1)
    reach.advance(hours=hours)
    return webhook_id


def test_healthy_is_0_and_a_line_each(cli: Cli, reach: Sandbox) -> None:
    add(reach, "orders", batches=1)
    add(reach, "bounces", batches=1)

    ended = cli("check")

    assert ended.status == 0
    assert ended.out.splitlines() == [
        "HEALTHY: webhook 'orders': nothing is undelivered; last success less than a minute ago.",
        "HEALTHY: webhook 'bounces': nothing is undelivered; last success less than a minute ago.",
    ]


def test_failed_is_1_with_the_whole_report_at_the_end(cli: Cli, reach: Sandbox) -> None:
    add(reach, "bounces", answer=503, batches=12, hours=5)
    add(reach, "orders")

    ended = cli("check")

    assert ended.status == 1
    healthy, failed = ended.out.split("\n\n")
    assert healthy.startswith("HEALTHY: webhook 'orders'")
    assert failed.startswith("FAILED: webhook 'bounces': at most 3 h left for 12 batches about to be discarded")
    assert "What to do:\n  - The consumer fails or is overloaded" in failed
    assert "503 (12)" in failed


def test_not_decided_is_3(cli: Cli, reach: Sandbox) -> None:
    add(reach, "bounces", answer=503, batches=12)

    ended = cli("check", "bounces")

    assert ended.status == 3
    assert ended.out.startswith("NOT DECIDED YET: webhook 'bounces'")
    assert cli("check", "bounces", "--json").json["outcome"] == "wait"


def test_could_not_ask_is_2_at_once_where_the_key_is_refused(
    cli: Cli, reach: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", json.dumps({**reach.connection, "password": "wrong-key"}))

    for verb in ("list", "check"):
        ended = cli(verb)
        assert (ended.status, ended.out) == (2, "")
        assert "Could not list webhooks: the service answered HTTP 401" in ended.err
        assert "wrong-key" not in ended.err


def test_could_not_ask_within_the_outage_tolerance(cli: Cli, reach: Sandbox) -> None:
    reach.fail(Fault.status(500), on="list", times=None)

    ended = cli("check", "orders", "--patience", "0")

    assert ended.status == 2
    assert len(reach.requests) == 1


@pytest.mark.parametrize("verb", ["list", "check"])
def test_without_a_connection_it_says_how_to_make_one(cli: Cli, verb: str) -> None:
    ended = cli(verb, "--conn-id", "nowhere", "--json")

    assert ended.status == 2
    [error] = ended.json["errors"]
    assert "make a connection of type 'reach' with this id" in error
    assert ended.err.rstrip().endswith(error)


def test_one_that_cannot_be_asked_about_hides_no_failure_and_no_health(cli: Cli, reach: Sandbox) -> None:
    add(reach, "bounces", answer=503, batches=12, hours=5)
    add(reach, "orders")
    add(reach, "twice")
    add(reach, "twice")

    failed = cli("check", "twice", "orders", "bounces", "--json")
    not_asked = cli("check", "orders", "twice")

    assert failed.status == 1
    assert failed.json["outcome"] == "failed"
    assert [report["outcome"] for report in failed.json["reports"]] == ["healthy", "failed"]
    assert "2 webhooks are named 'twice'" in failed.json["errors"][0]
    assert not_asked.status == 2
    assert not_asked.out.startswith("HEALTHY: webhook 'orders'")
    assert "2 webhooks are named 'twice'" in not_asked.err


def test_one_that_is_not_decided_hides_nothing_either(cli: Cli, reach: Sandbox) -> None:
    add(reach, "bounces", answer=503, batches=12, hours=5)
    add(reach, "fresh", answer=503, batches=12)
    add(reach, "orders")

    assert cli("check", "orders", "fresh").status == 3
    assert cli("check", "fresh", "bounces").status == 1
    assert cli("check", "fresh", "").status == 2


def test_a_check_of_nothing_is_not_healthy(cli: Cli) -> None:
    ended = cli("check")

    assert (ended.status, ended.out) == (2, "")
    assert "nothing can be checked" in ended.err


def test_a_webhook_by_its_id_and_one_asked_for_twice(cli: Cli, reach: Sandbox) -> None:
    webhook_id = add(reach, "orders")

    ended = cli("check", webhook_id, webhook_id)

    assert (ended.status, ended.out.count("\n")) == (0, 1)
    assert ended.out.startswith("HEALTHY: webhook 'orders'")


def test_one_that_does_not_exist_has_failed(cli: Cli, reach: Sandbox) -> None:
    add(reach, "orders")

    ended = cli("check", "order", "Orders", "00000000-0000-4000-8000-000000000000")

    assert ended.status == 1
    similar, case, gone = ended.out.split("\n\n")
    assert gone.startswith(
        "FAILED: webhook 00000000-0000-4000-8000-000000000000: it does not exist (or no longer does)"
    )
    assert similar.startswith("FAILED: webhook 'order': there is no webhook of this name. Is it 'orders'? Every")
    assert case.startswith(
        "FAILED: webhook 'Orders': there is no webhook of this name. Is it 'orders'? Upper and lower case differ."
    )
    assert "declare it again" not in case


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        ((), 1),
        (("--max-at-risk", "12", "--max-undelivered", "12"), 0),
        (("--max-at-risk", "12", "--max-undelivered", "11"), 1),
        (("--max-at-risk", "12", "--min-age", "14400", "--at-risk-after", "28800"), 1),
    ],
)
def test_the_limits_are_the_policys(cli: Cli, reach: Sandbox, limits: tuple[str, ...], status: int) -> None:
    add(reach, "bounces", answer=503, batches=12, hours=5)

    assert cli("check", *limits).status == status


def test_inactive_is_allowed_only_where_it_is_said(cli: Cli, reach: Sandbox) -> None:
    reach.update_webhook(add(reach, "orders"), active=False)

    assert cli("check").status == 1
    assert cli("check", "--allow-inactive").status == 0


def test_a_limit_that_cannot_be_is_refused_before_anything_is_asked(cli: Cli, reach: Sandbox) -> None:
    ended = cli("check", "orders", "--min-age", "soon", "--on-cut", "ignore")

    assert ended.status == 2
    assert re.search(r"min_age must be a duration from 0, such as .*'1h', .*, not 'soon'", ended.err)
    assert "on_cut must be 'fail' or 'warn'" in ended.err
    assert reach.requests == []


def test_the_limits_may_be_given_as_people_write_them(cli: Cli, reach: Sandbox) -> None:
    add(reach, "orders", batches=1, hours=26.01)

    healthy = cli("check", "orders", "--max-silence", "27h", "--min-age", "PT30M", "--patience", "1m")
    silent = cli("check", "orders", "--max-silence", "06:00:00")

    assert (healthy.status, silent.status) == (0, 1)
    assert healthy.out == "HEALTHY: webhook 'orders': nothing is undelivered; last success 26 h ago.\n"
    assert silent.out.startswith("FAILED: webhook 'orders': no success for 26 h (limit 6 h), the last one at ")


def test_which_answers_deliver(cli: Cli, reach: Sandbox) -> None:
    add(reach, "orders", answer=202, batches=1, hours=5)

    doubted = cli("check", "orders")
    settled = cli("check", "orders", "--delivered-by", "2xx")

    assert (doubted.status, settled.status) == (1, 0)
    assert "1 of these batches was last answered 201–299." in doubted.out


def test_the_help_tells_the_policys_own_defaults() -> None:
    policy = DeliveryPolicy()
    told = {limit.options["dest"]: re.findall(r"\((\w+)\)$", limit.options["help"]) for limit in POLICY_OPTIONS[:-1]}

    for name, defaults in told.items():
        default = getattr(policy, name)
        if isinstance(default, timedelta):
            default, defaults = str(default), [str(duration(text)) for text in defaults]
        assert defaults == ([] if default is None else [str(default)]), name


def test_list_prints_a_table_without_secrets_or_control_characters(cli: Cli, reach: Sandbox) -> None:
    webhook_id = reach.add_webhook(
        "or\x1b[31mders\n007",
        target="https://me:hidden-password@consumer.example/in?token=hidden-token",
        auth_type="basic",
        auth_credentials={"username": "me", "password": "hidden-too"},
    )
    reach.update_webhook(add(reach, "00123"), active=False)

    ended = cli("list")

    assert ended.status == 0
    header, _, first, second = ended.out.splitlines()
    assert header.split() == ["name", "id", "active", "events", "last", "200", "last", "failure", "target"]
    assert first.startswith("or [31mders 007  ")
    assert webhook_id in first
    assert "https://" in first
    assert "hidden" not in ended.out
    assert second.startswith("00123  ")
    assert " no " in second


def test_list_for_programs(cli: Cli, reach: Sandbox) -> None:
    assert cli("list").out == "The workspace has no webhooks.\n"
    assert cli("list", "--json").json == {"webhooks": [], "errors": []}

    webhook_id = add(reach, "orders")

    (webhook,) = cli("list", "--json").json["webhooks"]
    assert (webhook["id"], webhook["name"], webhook["active"]) == (webhook_id, "orders", True)


def test_both_command_lines_take_the_same() -> None:
    [group] = get_commands()
    for ours, airflows in zip(COMMANDS, group.subcommands, strict=True):
        assert (airflows.name, airflows.help, airflows.description) == (ours.name, ours.help, ours.description)
        assert [(arg.flags, arg.kwargs) for arg in airflows.args] == [tuple(argument) for argument in ours.arguments]
        assert airflows.func is parser().parse_args([ours.name]).func


def test_declaring_it_loads_nothing() -> None:
    program = (
        "import sys; from airflow_provider_reach.cli.definition import parser; parser();"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert not {"airflow", "msgspec", "requests", "tabulate"} & set(done.stdout.split())


@pytest.mark.parametrize("tolerance", ["soon", "nan", "inf", "-1"])
def test_an_outage_tolerance_that_cannot_be_is_refused(cli: Cli, reach: Sandbox, tolerance: str) -> None:
    ended = cli("check", "orders", "--outage-tolerance", tolerance)

    assert ended.status == 2
    assert "outage_tolerance must be" in ended.err
    assert reach.requests == []


@pytest.mark.parametrize(
    ("others", "says"),
    [
        (["bounces"], "Out of time: 1 more webhook was not checked."),
        (["bounces", "engagement"], "Out of time: 2 more webhooks were not checked."),
    ],
)
def test_the_outage_tolerance_is_for_the_whole_command(cli: Cli, reach: Sandbox, others: list[str], says: str) -> None:
    reach.fail(Fault.status(500), on="list", times=None)

    ended = cli("check", "orders", *others, "--outage-tolerance", "0", "--json")

    assert ended.status == 2
    assert len(reach.requests) == 1
    assert ended.json["errors"][1:] == [says]


def test_a_reason_is_told_once(cli: Cli, reach: Sandbox) -> None:
    reach.fail(Fault.status(401), on="list", times=None)

    ended = cli("check", "orders", "bounces", "--json")

    assert (ended.status, len(ended.json["errors"])) == (2, 1)


def test_a_loss_is_not_ignored_ahead_of_time(cli: Cli, reach: Sandbox) -> None:
    ended = cli("check", "--ignore-lost-before", "2999-01-01T00:00:00Z")

    assert ended.status == 2
    assert "ignore_lost_before must not be later than now, not '2999-01-01T00:00:00Z'." in ended.err


def test_a_limit_is_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["check", "--max-u", "5"])

    assert ended.value.code == 2


@pytest.mark.parametrize(("crash", "status"), [(RuntimeError("hidden-secret"), 1), (SystemExit(0), 2)])
def test_a_crash_undoes_no_verdict_and_makes_none(
    crash: BaseException, status: int, cli: Cli, reach: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(reach, "bounces", answer=503, batches=12, hours=5)
    add(reach, "orders")
    look = ReachHook.check_delivery

    def crashes(self: ReachHook, webhook_id: str, *given: Any, webhook_name: str) -> Any:
        if webhook_name == "orders":
            raise crash
        return look(self, webhook_id, *given, webhook_name=webhook_name)

    monkeypatch.setattr(ReachHook, "check_delivery", crashes)
    ended = cli("check", "bounces", "orders")

    assert ended.status == status
    assert "Traceback" in ended.err
    assert ended.out.startswith("FAILED: webhook 'bounces'") is (status == 1)
    assert "hidden-secret" not in ended.out


def test_a_traceback_is_no_verdict(cli: Cli, reach: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReachHook, "check_workspace", lambda self, *_, **__: 1 / 0)

    ended = cli("check", "--json")

    assert ended.status == 2
    assert ended.json["errors"] == ["ZeroDivisionError: see the traceback. This is no verdict."]


def test_the_whole_workspace_is_asked_with_one_list(cli: Cli, reach: Sandbox) -> None:
    for name in ("orders", "bounces", "engagement"):
        add(reach, name)

    assert cli("check").status == 0
    assert sorted(str(request.operation) for request in reach.requests) == [*["batch_status"] * 3, "list"]


def test_of_a_large_workspace_it_shows_what_is_not_well_and_sums_up(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with workspace_scene(webhooks=40, in_trouble=0.3) as reach:
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
        ended = cli("check")
        found = cli("check", "--json").json

    assert ended.status == 1
    assert "Looked at" not in ended.err, "nobody watches"
    full, _, sum_of_it = ended.out.partition("\n\nFAILED: 12 of 40 webhooks")
    assert full.count("What to do:") == 10
    assert full.startswith("FAILED: webhook 'customer-")
    assert "28 healthy" in sum_of_it
    assert "HEALTHY" not in ended.out
    assert found["outcome"] == found["workspace"]["outcome"] == "failed"
    assert found["workspace"]["counts"] == {"failed": 12, "unknown": 0, "wait": 0, "healthy": 28}
    assert len(found["workspace"]["verdicts"]) == 12
    assert "reports" not in found["workspace"]
    assert [report["outcome"] for report in found["reports"]] == ["failed"] * 12 + ["healthy"] * 28


def test_one_of_the_workspace_that_does_not_answer_costs_no_verdict(cli: Cli, reach: Sandbox) -> None:
    for number in range(12):
        reach.fail(Fault.status(401), on="batch_status", times=None, webhook_id=add(reach, f"silent-{number:02}"))
    add(reach, "orders")

    not_asked = cli("check")
    add(reach, "bounces", answer=503, batches=12, hours=5)
    failed = cli("check", "--json")

    assert not_asked.status == 2
    assert "12 of 13 webhooks" in not_asked.out
    assert "1 healthy" in not_asked.out
    told = [line for line in not_asked.err.splitlines() if line.startswith("Webhook ")]
    assert len(told) == 10
    assert all("HTTP 401" in line for line in told)
    assert not_asked.err.endswith("\n… and 2 more; --json has them all.\n")
    assert failed.status == 1
    assert [report["outcome"] for report in failed.json["reports"]] == ["failed", "healthy"]
    assert len(failed.json["errors"]) == len(failed.json["workspace"]["unanswered"]) == 12


def test_a_small_workspace_is_summed_up_for_programs_alone(cli: Cli, reach: Sandbox) -> None:
    add(reach, "orders")

    assert cli("check", "--json").json["workspace"]["headline"].startswith("HEALTHY: webhook 'orders'")
    assert cli("check", "orders", "--json").json["workspace"] is None
