#!/usr/bin/env bash
# Under render_template_as_native_obj=True a text without any template in it loses its type and its digits.
#
# Airflow 3.3.2 and 2.11.2. A literal "1.10" given to a template field becomes the number 1.1, "2024_01" becomes
# 202401, "0x1F" becomes 31. What stays a text looks arbitrary: "007" does, "00" does not. It is the literal_eval of
# Jinja's native environment, and Airflow passes every text of a template field through it.
#
# Why it matters: an operator that makes such a value a text again, with str() or an f-string, acts on another object
# than the one its author wrote. Refuse anything but a text where a name or a credential is meant.
#
# Source: Jinja documents that native rendering returns Python's literals; neither says so of a text without braces.
. "$(dirname "$0")/_lib.sh"

cat >"$work/render.py" <<'PY'
import datetime
from importlib.metadata import version

try:
    from airflow.sdk import DAG, BaseOperator
except ImportError:
    from airflow.models import DAG, BaseOperator


class Named(BaseOperator):
    template_fields = ("name",)

    def __init__(self, name, **kwargs):
        super().__init__(**kwargs)
        self.name = name


print("Airflow", version("apache-airflow"))
with DAG("d", start_date=datetime.datetime(2026, 1, 1), render_template_as_native_obj=True):
    for number, text in enumerate(["1.10", "2024_01", "0x1F", "1e3", "00", "007", "orders ", "12 ", "None", "'x'"]):
        task = Named(task_id=f"t{number}", name=text)
        task.render_template_fields({})
        print(f"{text!r} -> {task.name!r}")
PY
for airflow in 3.3.2 2.11.2; do
    install_airflow "$airflow"
    python "$work/render.py" 2>"$work/log" || { cat "$work/log"; exit 1; }
done | tee "$work/seen"

rendered="'1.10' -> 1.1
'2024_01' -> 202401
'0x1F' -> 31
'1e3' -> 1000.0
'00' -> 0
'007' -> '007'
'orders ' -> 'orders '
'12 ' -> 12
'None' -> None
\"'x'\" -> 'x'"
expect <<SEEN
Airflow 3.3.2
$rendered
Airflow 2.11.2
$rendered
SEEN
