#!/usr/bin/env bash
# The same connection URI gives a task texts from the environment, and numbers from the database.
#
# Airflow 3.3.2. The query of a connection URI becomes the connection's extras. A task that finds the URI in the
# environment gets each of them as a text. `airflow connections add --conn-uri` reads every value as JSON first, where
# it is JSON, and stores what that gives: 77.10 comes back as 77.1 and true as a boolean, while 007 and 2024_01, which
# are no JSON, stay texts.
#
# Why it matters: a provider has to take an extra as a text, a number and a boolean, and a credential of digits may be
# another one after it was stored. It belongs into the password, or into JSON extras with its quotes.
. "$(dirname "$0")/_lib.sh"
install_airflow 3.3.2

uri='http://user:word@api.example/?token=77.10&verify=true&account=007&name=2024_01'
cat >"$work/show.py" <<'PY'
import json
import sys

print(json.loads(json.load(sys.stdin)["target"]["extra"]))
PY
airflow db migrate >"$work/log" 2>&1
airflow connections add target --conn-uri "$uri" >>"$work/log" 2>&1
{
    echo "from the environment:"
    AIRFLOW_CONN_TARGET=$uri python -c '
from airflow.sdk import BaseHook
print(BaseHook.get_connection("target").extra_dejson)' 2>>"$work/log"
    echo "from the database:"
    airflow connections export - --file-format json 2>>"$work/log" | python "$work/show.py"
} | tee "$work/seen"

expect <<'SEEN'
from the environment:
{'token': '77.10', 'verify': 'true', 'account': '007', 'name': '2024_01'}
from the database:
{'token': 77.1, 'verify': True, 'account': '007', 'name': '2024_01'}
SEEN
