"""
Repair or break a target of the embedded Reach, and let hours pass.

Trigger it; the form asks which target, what it is to answer, and how many hours are to pass. Then trigger a health
check and see what it says now. (A check that waits looks again after ten minutes of real time.)
"""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import Any

from airflow import DAG
from airflow.sdk import Param, task


@task
def play(webhook: str, answer: str, hours: str) -> None:
    """Tell the embedded Reach, and say what became of the batches."""
    control = f"{os.environ['REACH_SANDBOX']}/sandbox"
    post(f"{control}/targets/{webhook}", answer=int(answer))
    post(f"{control}/advance", hours=float(hours))
    print(f"The target of {webhook!r} answers {answer}, and {hours} hours have passed.")
    for each in get(f"{control}/state")["webhooks"]:
        print(f"{each['name']}: {', '.join(f'{number} {state}' for state, number in each['batches'].items())}")


def post(url: str, **body: Any) -> None:
    """Send JSON."""
    import requests

    requests.post(url, json=body, timeout=60).raise_for_status()


def get(url: str) -> Any:
    """Receive JSON."""
    import requests

    return requests.get(url, timeout=60).json()


with DAG(
    dag_id="play_with_the_target",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={
        "webhook": Param("bounces", type="string", enum=["bounces", "deliveries", "engagement"], title="Target of"),
        "answer": Param(200, type="integer", minimum=100, maximum=599, title="Answers", description="200; or 503, …"),
        "hours": Param(8, type="number", minimum=0, maximum=48, title="Hours that pass then"),
    },
    doc_md=__doc__,
    tags=["reach"],
):
    play("{{ params.webhook }}", "{{ params.answer }}", "{{ params.hours }}")
