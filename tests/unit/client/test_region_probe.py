"""
Region ``us`` is one of two hosts. A person's test and commands ask both; a task asks its own, and names the other.

The table of the regions leads to two embedded Reaches here, so that nothing is sent to the service's own hosts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from airflow_provider_reach import ReachBatchStatusSensor, ReachHook, ReachListWebhooksOperator
from airflow_provider_reach.cli.definition import parser
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.config import REGIONS, read_config
from airflow_provider_reach.core.errors import ReachError
from airflow_provider_reach.sandbox import Fault, Sandbox
from tests.conftest import API_KEY, WORKSPACE_ID
from tests.drivers import DRIVERS, Driver
from tests.tasks import in_dag, run
from tests.unit.cli.test_commands import Ended
from tests.unit.client.test_transports import unused_port

SET_2 = "Set the connection's region to us-west-2: until then tasks ask us-west-1 alone."


@pytest.fixture
def there(reach: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """``us-west-2``, where the workspace is."""
    monkeypatch.setitem(REGIONS, "us-west-2", reach.base_url)
    return reach


def leads_to(base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("us", "us-west-1"):
        monkeypatch.setitem(REGIONS, name, base_url)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch, naps: list[float]) -> Callable[..., None]:
    def connected(**extra: Any) -> None:
        extra = {"workspace_id": WORKSPACE_ID, "region": "us", **extra}
        connection = {"conn_type": "reach", "password": API_KEY, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", json.dumps(connection))

    connected()
    return connected


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    naps: list[float] = []
    monkeypatch.setitem(ReachClient.__init__.__kwdefaults__, "sleep", naps.append)
    return naps


HOSTS = ["another key", "another workspace", "no right", "nobody there", "no such name"]


@pytest.fixture(params=HOSTS)
def here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox | None]:
    """``us-west-1``, where it is not; None where nobody can answer."""
    with Sandbox(
        api_key="another" if request.param == "another key" else API_KEY,
        workspace_id=None if request.param == "another workspace" else WORKSPACE_ID,
    ) as sandbox:
        if request.param == "no right":
            sandbox.fail(Fault.status(403), times=None)
        nobody = {
            "nobody there": f"http://127.0.0.1:{unused_port()}/api",
            "no such name": "https://email.us-west-1.invalid/api",  # a name that is reserved for being none
        }
        leads_to(nobody.get(request.param, sandbox.base_url), monkeypatch)
        yield None if request.param in nobody else sandbox


def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Ended:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    capsys.readouterr()
    options = parser().parse_args(arguments)
    with pytest.raises(SystemExit) as ended:
        options.func(options)
    said = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return Ended(ended.value.code, said.out, said.err)


def read_only(*asked: Sandbox | None) -> None:
    requests = [request for reach in asked if reach for request in reach.requests]
    assert {request.method for request in requests} <= {"GET"}


def test_the_test_of_the_connection_says_which_host_answered(
    here: Sandbox | None, there: Sandbox, connected: Callable[..., None]
) -> None:
    works, said = ReachHook().test_connection()

    assert not works
    assert said.startswith("The connection leads to the wrong host. Region 'us' is us-west-1, and asking there failed")
    assert said.endswith(f" us-west-2 answered. {SET_2}")
    assert "If the workspace is in" not in said
    assert API_KEY not in said
    assert len(there.requests) == 1
    read_only(here, there)

    connected(region="us-west-2")
    assert ReachHook().test_connection() == (True, "The connection works: the workspace has 0 webhooks.")


def test_of_two_hosts_the_second_is_not_asked_where_the_first_answers(
    there: Sandbox, connected: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(api_key=API_KEY, workspace_id=WORKSPACE_ID) as own:
        leads_to(own.base_url, monkeypatch)
        works, said = ReachHook().test_connection()

        assert (works, said) == (True, "The connection works at us-west-1: the workspace has 0 webhooks.")
        assert (len(own.requests), there.requests) == (1, [])
        own.fail(Fault.status(500), times=None)
        works, said = ReachHook().test_connection()
        assert not works
        assert "HTTP 500" in said
        assert there.requests == []  # who fails may still be the right one


@pytest.mark.parametrize("region", ["us-west-1", "us-west-2"])
def test_a_region_by_its_full_name_is_that_region(
    region: str, there: Sandbox, connected: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(workspace_id=WORKSPACE_ID) as wrong:
        monkeypatch.setitem(REGIONS, region, wrong.base_url)
        other = "us-west-2" if region == "us-west-1" else "us-west-1"
        monkeypatch.setitem(REGIONS, other, there.base_url)
        connected(region=region)

        works, said = ReachHook().test_connection()

    assert not works
    assert said.endswith(
        f"If the workspace is in {other}, set the connection's region to {other}. (request id sandbox-1)"
    )
    assert there.requests == []


def test_where_both_refuse_both_are_told(
    there: Sandbox, connected: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there.fail(Fault.status(403), times=None)
    with Sandbox(workspace_id=WORKSPACE_ID) as wrong:
        leads_to(wrong.base_url, monkeypatch)
        works, said = ReachHook().test_connection()
        ended = cli(capsys, monkeypatch, "check", "orders", "--json")

    assert not works
    assert said.startswith("The API key was refused. Could not list webhooks: the service answered HTTP 401")
    assert " us-west-2 was asked too: Could not list webhooks: the service answered HTTP 403" in said
    assert "If the workspace is in" not in said
    assert ended.status == 2
    [told] = ended.json["errors"]
    assert told.replace("sandbox-2", "sandbox-1") == said.removeprefix("The API key was refused. ")


@pytest.mark.parametrize("verb", ["list", "check"])
def test_the_command_line_goes_on_with_the_host_that_answers_and_says_so(
    verb: str,
    here: Sandbox | None,
    there: Sandbox,
    connected: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    there.add_webhook("orders", target=there.target("orders").url)

    ended = cli(capsys, monkeypatch, verb)

    assert ended.status == 0
    assert "orders" in ended.out
    assert "us-west" not in ended.out
    [warning] = [line for line in ended.err.splitlines() if line.startswith("WARNING: ")]
    assert warning.startswith("WARNING: Region 'us' is us-west-1, and asking there failed: Could not list")
    assert warning.endswith(f" us-west-2 answered. {SET_2}")
    assert API_KEY not in ended.err
    read_only(here, there)


def test_a_verdict_from_the_other_host_is_a_verdict(
    there: Sandbox, connected: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leads_to(f"http://127.0.0.1:{unused_port()}/api", monkeypatch)
    webhook_id = there.add_webhook("orders", target=there.target("orders").url)
    there.update_webhook(webhook_id, active=False)

    assert cli(capsys, monkeypatch, "check").status == 1
    ended = cli(capsys, monkeypatch, "list", "--json")
    assert (ended.status, ended.json["errors"]) == (0, [])


def test_where_nobody_answers_it_is_asked_within_the_outage_tolerance(
    there: Sandbox,
    naps: list[float],
    connected: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nobody = f"http://127.0.0.1:{unused_port()}/api"
    leads_to(nobody, monkeypatch)
    monkeypatch.setitem(REGIONS, "us-west-2", nobody.replace("/api", "/other"))

    ended = cli(capsys, monkeypatch, "list")

    assert ended.status == 2
    assert "could not be reached" in ended.err
    assert "WARNING: Region" not in ended.err
    assert sum(naps) > 15


def test_the_command_line_asks_no_more_than_before_where_the_host_is_given(
    reach: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)

    assert cli(capsys, monkeypatch, "list").status == 0
    assert len(reach.requests) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: in_dag(ReachListWebhooksOperator),
        lambda: in_dag(ReachBatchStatusSensor, webhook_name="orders", outage_tolerance=0),
    ],
    ids=["operator", "sensor"],
)
def test_a_task_asks_its_own_host_alone(
    make: Callable[[], Any],
    here: Sandbox | None,
    there: Sandbox,
    connected: Callable[..., None],
    request: pytest.FixtureRequest,
) -> None:
    ended = run(make())

    assert ended.how in ("AirflowFailException", "AirflowException")
    assert there.requests == []
    named = "If the workspace is in us-west-2, set the connection's region to us-west-2."
    assert (named in ended.said) is (request.node.callspec.params["here"] != "nobody there")


@pytest.mark.parametrize("driver", DRIVERS)
def test_both_drivers_name_the_other_host(
    driver: Driver, here: Sandbox | None, there: Sandbox, request: pytest.FixtureRequest
) -> None:
    config = read_config(api_key=API_KEY, workspace_id=WORKSPACE_ID, region="us")
    with driver(config, outage_tolerance=0) as client, pytest.raises(ReachError) as raised:
        client.check_delivery(webhook_name="orders")

    said = str(raised.value)
    named = request.node.callspec.params["here"] != "nobody there"
    assert said.count("set the connection's region to us-west-2") == named
    assert there.requests == []


def test_no_host_of_the_service_is_asked_here(here: Sandbox | None, there: Sandbox) -> None:
    for name in ("us", "us-west-1", "us-west-2"):
        assert str(urlsplit(REGIONS[name]).hostname).endswith((".invalid", "127.0.0.1"))
