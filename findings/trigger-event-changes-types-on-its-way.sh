#!/usr/bin/env bash
# The same event of a trigger arrives with other types from the triggerer than from dag.test().
#
# Airflow 3.3.2. A payload of plain and serialisable values reaches execute_complete unchanged in dag.test(). From a
# triggerer process a time with a zone arrives as a time, a naive time as a text; a timedelta as the text "PT600S", a
# Decimal and a date as texts, a set as a list. Nothing is logged: the two processes speak msgpack, and only what comes
# out of that is serialised for the database.
#
# Why it matters: a resume method that reckons with a naive time or a timedelta passes its tests and fails after the
# wait. Put numbers and texts into the event, and let the resume method make its types of them.
#
# Source: the docstring of TriggerEvent allows what Airflow's serialisers know, which all of these are.
. "$(dirname "$0")/_lib.sh"
install_airflow 3.3.2

cat >"$work/code/telling.py" <<'PY'
import datetime
import decimal

from airflow.triggers.base import BaseTrigger, TriggerEvent


class Telling(BaseTrigger):
    def serialize(self):
        return "telling.Telling", {}

    async def run(self):
        yield TriggerEvent(
            {
                "zoned": datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.timezone.utc),
                "naive": datetime.datetime(2026, 11, 1, 12),
                "date": datetime.date(2026, 11, 1),
                "delta": datetime.timedelta(minutes=10),
                "decimal": decimal.Decimal("1.10"),
                "set": {1},
            }
        )
PY
cat >"$AIRFLOW_HOME/dags/told.py" <<'PY'
import datetime
import os
from pathlib import Path

from airflow.sdk import DAG, BaseOperator
from airflow.triggers.base import StartTriggerArgs

from telling import Telling


class Wait(BaseOperator):
    start_from_trigger = True
    start_trigger_args = StartTriggerArgs(trigger_cls="telling.Telling", next_method="told")

    def execute(self, context):
        self.defer(trigger=Telling(), method_name="told")

    def told(self, context, event=None):
        Path(os.environ["TOLD"]).write_text("".join(f"  {name}: {type(event[name]).__name__}\n" for name in event))


with DAG("told", start_date=datetime.datetime(2026, 1, 1), schedule=None) as dag:
    Wait(task_id="wait")
PY
# What the worker would be given, once the triggerer has passed the event on.
cat >"$work/resumed.py" <<'PY'
import sys

from airflow.models.taskinstance import TaskInstance
from airflow.sdk.serde import deserialize
from airflow.utils.session import create_session
from sqlalchemy import select

with create_session() as session:
    kwargs = session.scalars(select(TaskInstance.next_kwargs).where(TaskInstance.state == "scheduled")).one_or_none()
if not kwargs:
    sys.exit("not yet")
event = deserialize(kwargs)["event"]
for name, value in event.items():
    print(f"  {name}: {type(value).__name__}", value if isinstance(value, str) else "")
PY
prepare_dags
schedule_run told
start airflow triggerer --skip-serve-logs
wait_for python "$work/resumed.py"
export TOLD="$work/told"
airflow dags test told >"$work/log" 2>&1
{
    echo "dag.test():"
    cat "$TOLD"
    echo "triggerer:"
    python "$work/resumed.py" 2>/dev/null | sed 's/ $//'
} | tee "$work/seen"

expect <<'SEEN'
dag.test():
  zoned: datetime
  naive: datetime
  date: date
  delta: timedelta
  decimal: Decimal
  set: set
triggerer:
  zoned: datetime
  naive: str 2026-11-01T12:00:00
  date: str 2026-11-01
  delta: str PT600S
  decimal: str 1.10
  set: list
SEEN
