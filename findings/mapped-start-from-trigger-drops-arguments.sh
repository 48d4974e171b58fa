#!/usr/bin/env bash
# A mapped task that starts from the trigger starts with the arguments of its class, not with its own.
#
# Airflow 3.3.2 with apache-airflow-providers-standard of requirements/airflow-3.3.txt. A single
# DateTimeSensorAsync(start_from_trigger=True) waits for its time. Mapped, it waits for the time "" that stands in its
# class: with expand(target_time=…), and with expand(trigger_kwargs=…) as well, which the sensor documents for this
# very use. Nothing is refused or logged when the DAG is parsed or the run is scheduled.
#
# Why it matters: every instance waits for the same thing, and that is nobody's. Where a class's own arguments happen
# to be complete, it waits for a wrong thing and succeeds. Do not offer start_from_trigger for mapped tasks.
. "$(dirname "$0")/_lib.sh"
install_airflow 3.3.2

cat >"$AIRFLOW_HOME/dags/waits.py" <<'PY'
import datetime

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG

MARCH, JUNE = "2030-03-01T00:00:00+00:00", "2030-06-01T00:00:00+00:00"
with DAG("waits", start_date=datetime.datetime(2026, 1, 1), schedule=None):
    DateTimeSensorAsync(task_id="single", target_time=MARCH, start_from_trigger=True)
    DateTimeSensorAsync.partial(task_id="mapped", start_from_trigger=True).expand(target_time=[MARCH, JUNE])
    DateTimeSensorAsync.partial(task_id="mapped_as_documented", start_from_trigger=True, target_time=MARCH).expand(
        trigger_kwargs=[{"moment": MARCH}, {"moment": JUNE}]
    )
PY
cat >"$work/show.py" <<'PY'
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from sqlalchemy import select

with create_session() as session:
    for task in session.scalars(select(TaskInstance).order_by(TaskInstance.task_id, TaskInstance.map_index)):
        arguments = dict(session.get(Trigger, task.trigger_id).kwargs)
        print(task.task_id, task.map_index, task.state, {k: str(v) for k, v in arguments.items()})
PY
prepare_dags
schedule_run waits
python "$work/show.py" 2>"$work/log" | tee "$work/seen"

expect <<'SEEN'
mapped 0 deferred {'moment': '', 'end_from_trigger': 'False'}
mapped 1 deferred {'moment': '', 'end_from_trigger': 'False'}
mapped_as_documented 0 deferred {'moment': '', 'end_from_trigger': 'False'}
mapped_as_documented 1 deferred {'moment': '', 'end_from_trigger': 'False'}
single -1 deferred {'target_time': '2030-03-01T00:00:00+00:00', 'end_from_trigger': 'False'}
SEEN
