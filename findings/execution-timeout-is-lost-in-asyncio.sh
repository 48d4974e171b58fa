#!/usr/bin/env bash
# An execution_timeout that strikes while an event loop runs a callback is logged and lost: the task succeeds.
#
# Airflow 3.3.2 raises AirflowTaskTimeout from a signal handler, in the main thread, wherever that is. If it is in a
# callback of an event loop that the task runs by asyncio.run(), asyncio catches every exception but KeyboardInterrupt
# and SystemExit there, logs it, and goes on. If it is in a child task, it is that task's result: gather() with
# return_exceptions=True hands it over like any failed request. Only where the loop waits does the timeout get through.
#
# Why it matters: libraries parse what they receive in callbacks, so a busy loop is in one most of the time. A task that
# makes many requests at once by asyncio.run() may outlive its execution_timeout, and its run is green. Run the loop in
# a thread of its own and let the main thread wait for it: there the exception always gets through.
#
# Source: asyncio's documentation of the event loop's exception handler; seen in the task's state.
. "$(dirname "$0")/_lib.sh"
install_airflow 3.3.2

cat >"$AIRFLOW_HOME/dags/timed.py" <<'PY'
import asyncio
import datetime
import time
from concurrent.futures import ThreadPoolExecutor

from airflow.sdk import DAG, task


def work():
    """Some work that takes a second and a half."""
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        pass


async def busy_in_a_callback():
    asyncio.get_running_loop().call_soon(work)
    await asyncio.sleep(3)


async def busy_in_a_child():
    async def child():
        work()

    await asyncio.gather(child(), return_exceptions=True)


async def waiting():
    await asyncio.sleep(3)


with DAG("timed", start_date=datetime.datetime(2026, 1, 1), schedule=None):

    @task(execution_timeout=datetime.timedelta(seconds=1))
    def in_the_main_thread(function):
        asyncio.run(function())

    @task(execution_timeout=datetime.timedelta(seconds=1))
    def in_a_thread():
        with ThreadPoolExecutor(1) as threads:
            threads.submit(asyncio.run, busy_in_a_callback()).result()

    for function in (waiting, busy_in_a_callback, busy_in_a_child):
        in_the_main_thread.override(task_id=function.__name__)(function)
    in_a_thread()
PY
prepare_dags
airflow dags test timed >"$work/log" 2>&1 || true
python - >"$work/seen" <<'PY'
import os
import sqlite3

database = sqlite3.connect(os.path.join(os.environ["AIRFLOW_HOME"], "airflow.db"))
for task_id, state in database.execute("SELECT task_id, state FROM task_instance ORDER BY task_id"):
    print(f"{task_id}: {state}")
PY
grep -o "Exception in callback work()" "$work/log" | sort -u >>"$work/seen"
cat "$work/seen"

expect <<'SEEN'
busy_in_a_callback: success
busy_in_a_child: success
in_a_thread: failed
waiting: failed
Exception in callback work()
SEEN
