#!/usr/bin/env bash
# What a task returns goes through XCom without an error and comes out as something else, or not at all.
#
# Airflow 3.3.2 and 2.11.2, each of these pushed without a word:
# - A Decimal goes through a float: 12345678901234567.89 loses its cents, 1.10 its last digit.
# - A naive time goes through the local zone: a worker in another zone pulls another time of day.
# - A time with a fixed offset, as datetime.fromisoformat makes it of "…+05:30", cannot be pulled any more. The error
#   comes in the task that pulls, and speaks of ZoneInfo keys. pendulum.parse of the same text works.
#
# Why it matters: an API's answers are full of amounts and of times with an offset. Return texts, or times in UTC.
#
# Source: a comment in Airflow's serialiser calls its way with a Decimal lossy.
. "$(dirname "$0")/_lib.sh"

cat >"$work/push.py" <<'PY'
import pickle
import sys
from datetime import datetime
from decimal import Decimal

import pendulum

try:
    from airflow.sdk.execution_time.xcom import XCom
except ImportError:
    from airflow.models.xcom import XCom

values = [
    Decimal("12345678901234567.89"),
    Decimal("1.10"),
    datetime(2026, 11, 1, 12),
    datetime.fromisoformat("2026-11-01T12:00:00+05:30"),
    pendulum.parse("2026-11-01T12:00:00+05:30"),
]
pickle.dump([(str(value), XCom.serialize_value(value)) for value in values], sys.stdout.buffer)
PY
cat >"$work/pull.py" <<'PY'
import pickle
import sys
from types import SimpleNamespace

try:
    from airflow.sdk.execution_time.xcom import XCom
except ImportError:
    from airflow.models.xcom import XCom

for pushed, stored in pickle.load(sys.stdin.buffer):
    try:
        pulled = XCom.deserialize_value(SimpleNamespace(value=stored))
    except ValueError as error:
        pulled = type(error).__name__
    print(pushed, "->", pulled)
PY
for airflow in 3.3.2 2.11.2; do
    install_airflow "$airflow"
    echo "Airflow $airflow, pushed at +05:30, pulled in UTC:"
    TZ=IST-5:30 python "$work/push.py" 2>>"$work/log" | python "$work/pull.py" 2>>"$work/log"
done | tee "$work/seen"

expect <<'SEEN'
Airflow 3.3.2, pushed at +05:30, pulled in UTC:
12345678901234567.89 -> 12345678901234568
1.10 -> 1.1
2026-11-01 12:00:00 -> 2026-11-01 06:30:00
2026-11-01 12:00:00+05:30 -> ValueError
2026-11-01 12:00:00+05:30 -> 2026-11-01 12:00:00+05:30
Airflow 2.11.2, pushed at +05:30, pulled in UTC:
12345678901234567.89 -> 12345678901234568
1.10 -> 1.1
2026-11-01 12:00:00 -> 2026-11-01 06:30:00
2026-11-01 12:00:00+05:30 -> ValueError
2026-11-01 12:00:00+05:30 -> 2026-11-01 12:00:00+05:30
SEEN
