from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from typing import IO

import pytest
from packaging.version import Version

from airflow_provider_reach.sandbox import Fault, Sandbox
from airflow_provider_reach.sandbox.scenes import health_scene
from tests.airflow.real_airflow import RealAirflow

HAS_PROVIDERS_COMMANDS = Version(version("apache-airflow")) >= Version("3.2")


@pytest.fixture
def in_the_database(airflow: RealAirflow) -> RealAirflow:
    """An Airflow whose connection is where people put it."""
    with Sandbox() as reach:
        added = airflow.command("connections", "add", "reach_default", "--conn-json", reach.connection_json)
    assert added.returncode == 0, added.stdout
    return airflow


def python_m(
    airflow: RealAirflow,
    *arguments: str,
    module: tuple[str, ...] = ("airflow_provider_reach",),
    stdout: int | IO[str] = subprocess.PIPE,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *module, *arguments],
        env={**os.environ, "AIRFLOW_HOME": str(airflow.home), **variables},
        cwd=airflow.home,
        text=True,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=90,
        check=False,
    )


@pytest.mark.long
def test_the_connection_is_found_in_the_database_and_json_alone_goes_to_stdout(in_the_database: RealAirflow) -> None:
    logs_all = {"AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG"}

    ended = python_m(in_the_database, "list", "--json", "--patience", "2", **logs_all)

    assert ended.returncode == 2
    [error] = json.loads(ended.stdout)["errors"]
    assert "Connection refused" in error  # the Reach that the connection leads to has ended
    assert "Next try in" in ended.stderr
    assert error in ended.stderr


def test_an_airflow_that_does_not_start_is_no_verdict(airflow: RealAirflow) -> None:
    ended = python_m(airflow, "check", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="no database")

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("Traceback")


@pytest.mark.parametrize("meanwhile", ["list", "batch_status"])
def test_ctrl_c_ends_it_without_a_traceback(meanwhile: str, airflow: RealAirflow, reach: Sandbox) -> None:
    reach.add_webhook("orders", target=reach.target("orders").url)
    reach.fail(Fault.slow(30), on=meanwhile, times=None)
    # What runs in the background of a script inherits that SIGINT is ignored, and would not end by it.
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow_provider_reach", "check"],
            env={**os.environ, "AIRFLOW_HOME": str(airflow.home), "AIRFLOW_CONN_REACH_DEFAULT": reach.connection_json},
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, ignored)
    with process:
        try:
            while meanwhile not in [request.operation for request in reach.requests]:
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=10)
        finally:
            process.kill()

    assert process.returncode == 130
    assert "Traceback" not in said


@pytest.mark.parametrize(("answer", "status"), [(503, 1), (200, 2)])
def test_a_failure_that_nobody_can_read_is_one_still_and_health_is_not(
    answer: int, status: int, airflow: RealAirflow, reach: Sandbox
) -> None:
    webhook_id = reach.add_webhook("orders", target=reach.target("consumer").url)
    reach.target("consumer").answer(answer)
    reach.send(webhook_id, 1)
    reach.advance(hours=5)

    with open("/dev/full", "w") as full:
        ended = python_m(airflow, "check", stdout=full, AIRFLOW_CONN_REACH_DEFAULT=reach.connection_json)

    assert ended.returncode == status
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


def test_what_cannot_be_printed_here_is_escaped(airflow: RealAirflow, reach: Sandbox) -> None:
    variables = {"PYTHONIOENCODING": "ascii", "AIRFLOW_CONN_REACH_DEFAULT": reach.connection_json}

    ended = python_m(airflow, "check", "bünce", **variables)

    assert ended.returncode == 1
    assert ended.stdout.startswith("FAILED: webhook 'b\\xfcnce': there is no webhook of this name")


@pytest.mark.long
@pytest.mark.skipif(not HAS_PROVIDERS_COMMANDS, reason="Airflow takes commands of providers from 3.2 on")
def test_with_airflows_command_too_json_alone_goes_to_stdout(in_the_database: RealAirflow) -> None:
    ended = python_m(in_the_database, "list", "--json", "--patience", "2", module=("airflow", "reach"))

    assert ended.returncode == 2
    assert len(json.loads(ended.stdout)["errors"]) == 1
    assert "Next try in" in ended.stderr


@pytest.mark.long
@pytest.mark.skipif(not HAS_PROVIDERS_COMMANDS, reason="Airflow takes commands of providers from 3.2 on")
def test_airflow_has_the_commands(airflow: RealAirflow) -> None:
    with health_scene() as reach:
        failed = airflow.command("reach", "check", AIRFLOW_CONN_REACH_DEFAULT=reach.connection_json)
        listed = airflow.command("reach", "list", AIRFLOW_CONN_REACH_DEFAULT=reach.connection_json)

    assert failed.returncode == 1, failed.stdout
    assert "\n\nFAILED: webhook 'bounces': " in failed.stdout
    assert listed.returncode == 0, listed.stdout
    assert [line.split()[0] for line in listed.stdout.splitlines()[-3:]] == ["deliveries", "engagement", "bounces"]
