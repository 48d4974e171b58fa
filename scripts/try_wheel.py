"""
The wheel, tried as a user has it: installed beside an Airflow, far from its source.

``scripts/matrix.py`` runs this in an environment of ``in_venv.py --wheel``.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, distributions
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from airflow_provider_reach.sandbox import Sandbox
from airflow_provider_reach.sandbox.scenes import health_scene
from scripts.health_check import AFTER, BEFORE, DAG_ID, airflow, check, python, repair, set_up
from scripts.telling import say, step

WHEEL, PACKAGE = "airflow-provider-reach", "airflow_provider_reach"
MODULE = ("-m", PACKAGE)
HEALTHY, FAILED, NOT_ASKED = 0, 1, 2


class NotAsItShouldBe(Exception):
    """The wheel does something else; the text says what."""


def main() -> int:
    """Try it; return 0 only when all of it works."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["AIRFLOW_HOME"] = home
        set_up(Path(home))
        try:
            trial(Path(home, "said.log"))
        except NotAsItShouldBe as error:
            say(f"\nThe wheel is not as it should be: {error}")
            return 1
    say("\nThe wheel does what it should.")
    return 0


def trial(log: Path) -> None:
    """
    Try all of it.

    :param log: Where to keep what the last command said.
    """
    step("What is installed")
    is_installed()
    fits_together()
    step("What Airflow knows of it")
    airflow_knows_it(log)
    step("Preparing Airflow's database")
    succeeds(log, "db", "migrate")
    with health_scene() as reach:
        step(f"The health check: airflow dags test {DAG_ID}, then {' '.join(MODULE)} check")
        verdicts_are(BEFORE, reach, log)
        exit_status_is(FAILED, reach.connection_json, log)
        step("The same after the repair and eight hours")
        repair(reach)
        verdicts_are(AFTER, reach, log)
        exit_status_is(HEALTHY, reach.connection_json, log)
        step("The command where nobody answers")
        exit_status_is(NOT_ASKED, nobody_answers(reach), log, "--patience", "2")


def is_installed() -> None:
    """Check that what is imported is what was installed."""
    spec = find_spec(PACKAGE)
    origin = Path(spec.origin if spec and spec.origin else "nowhere").resolve()
    must_be("site-packages" in origin.parts and origin.is_relative_to(sys.prefix), f"it is imported from {origin}")
    must_be(".whl" in (distribution(WHEEL).read_text("direct_url.json") or ""), "it was not installed from a wheel")
    say(f"    {WHEEL} {distribution(WHEEL).version} beside Airflow {distribution('apache-airflow').version}")


def fits_together() -> None:
    """Check that every installed package has what it requires, as ``pip check`` does."""
    versions = {canonicalize_name(found.metadata["Name"]): Version(found.version) for found in distributions()}
    wrong = [
        f"{found.metadata['Name']} asks for {required}, and has {versions.get(canonicalize_name(required.name))}"
        for found in distributions()
        for required in requirements(found)
        if (version := versions.get(canonicalize_name(required.name))) is None or version not in required.specifier
    ]
    must_be(not wrong, "; ".join(wrong))
    say(f"    {len(versions)} packages that fit together")


def requirements(of: Distribution) -> Iterator[Requirement]:
    """What a package requires here; ours with its extra."""
    extra = "sandbox" if of.metadata["Name"] == WHEEL else ""
    for required in map(Requirement, of.requires or ()):
        if required.marker is None or required.marker.evaluate({"extra": extra}):
            yield required


def airflow_knows_it(log: Path) -> None:
    """Check that Airflow lists the provider and its connection type."""
    must_be(WHEEL in succeeds(log, "providers", "list", "--output", "plain"), "`airflow providers list` has it not")
    hooks = succeeds(log, "providers", "hooks", "--output", "plain").splitlines()
    must_be(
        any(line.split()[:2] == ["reach", f"{PACKAGE}.hooks.ReachHook"] for line in hooks),
        "`airflow providers hooks` does not know the connection type 'reach'",
    )
    say("    The provider, and the connection type 'reach'")


def verdicts_are(expected: dict[str, str], reach: Sandbox, log: Path) -> None:
    """Run the health DAG, and see how it judges."""
    verdicts = check(reach, log)
    must_be(verdicts == expected, f"the health DAG says {verdicts}, not {expected}", log)


def exit_status_is(expected: int, connection: str, log: Path, *options: str) -> None:
    """Run the command in each way that this Airflow has, and see its exit status."""
    ways = {f"python {' '.join(MODULE)} check": [*MODULE, "check", *options]}
    if Version(distribution("apache-airflow").version) >= Version("3.2"):
        ways["airflow reach check"] = ["-m", "airflow", "reach", "check", *options]
    for name, arguments in ways.items():
        status = python(log, arguments, AIRFLOW_CONN_REACH_DEFAULT=connection)
        must_be(status == expected, f"`{name}` ends with {status}, not {expected}", log)
        say(f"    `{name}` ends with {status}")


def nobody_answers(reach: Sandbox) -> str:
    """A connection to a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    return json.dumps({**reach.connection, "host": f"http://127.0.0.1:{port}"})


def succeeds(log: Path, *arguments: str) -> str:
    """Run an Airflow command that must work, and return what it said."""
    must_be(airflow(log, [*arguments]) == 0, f"`airflow {' '.join(arguments)}` failed", log)
    return log.read_text(encoding="utf-8")


def must_be(is_so: bool, otherwise: str, log: Path | None = None) -> None:
    """Go on only if it is so; otherwise say what the last command said."""
    if not is_so:
        raise NotAsItShouldBe(otherwise + (f"; all that was said:\n{log.read_text(encoding='utf-8')}" if log else ""))


if __name__ == "__main__":
    sys.exit(main())
