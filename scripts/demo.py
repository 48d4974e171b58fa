"""
The main job, watched: a real Airflow checks three webhooks of an embedded Reach, before and after a repair.

The whole output of Airflow is kept in ``.airflow/demo``; its database is created anew each time.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from airflow_provider_reach.sandbox.scenes import health_scene
from scripts.health_check import AFTER, BEFORE, DAG_ID, airflow, check, repair, set_up
from scripts.telling import say, step

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".airflow" / "demo"


def main() -> int:
    """Play the story; return 0 only when both checks end as they should."""
    started = time.monotonic()
    airflow_version = version("apache-airflow")
    say(f"A real Airflow {airflow_version} checks three webhooks of an embedded Reach. No account, no network.")
    LOGS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:  # of which Airflow wants that it has no '%' in its name
        os.environ["AIRFLOW_HOME"] = home
        set_up(Path(home))
        ended_well = story()
    if not ended_well:
        return 1
    say(
        f"\nIn {time.monotonic() - started:.0f} s: the check failed while events were about to be lost, said what to "
        "do, and passed after the repair.\n\nWhat to do next:\n"
        f"  - read the DAG that did it: example_dags/{DAG_ID}.py\n"
        "  - take it into your own Airflow: README.md, 'Install'\n"
        "  - try your own DAGs on it: .venv/bin/python -m airflow_provider_reach.sandbox --scene health\n"
        f"  - see all that Airflow said: {LOGS.relative_to(ROOT)}/before.log and after.log"
    )
    return 0


def story() -> bool:
    """Check, repair, check again; return whether it ended as it should."""
    step("Preparing Airflow's database")
    if airflow(LOGS / "migrate.log", ["db", "migrate"]):
        say(f"\nAirflow's database could not be made; why, is in {LOGS / 'migrate.log'}")
        return False
    step("Starting an embedded Reach and playing the last twelve hours of its three webhooks")
    with health_scene() as reach:
        say("    deliveries   the target is well")
        say("    engagement   the target failed for 20 minutes seven hours ago, and recovered")
        say("    bounces      the target has answered 503 for five hours")
        step(f"The health check, by Airflow itself: airflow dags test {DAG_ID}")
        before = check(reach, LOGS / "before.log")
        step("Repairing the target of 'bounces', and letting eight hours pass in the embedded Reach")
        repair(reach)
        step("The same check again")
        after = check(reach, LOGS / "after.log")
    if (before, after) != (BEFORE, AFTER):
        say(f"\nThis did not end as it should: {before}, then {after}. All that Airflow said: {LOGS}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
