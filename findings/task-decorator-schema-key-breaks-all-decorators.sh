#!/usr/bin/env bash
# A provider that declares a task decorator as the metadata's schema says takes away every @task.… there is.
#
# Airflow 3.3.2. The schema of the provider's metadata describes a task decorator by `name` and `path`; the loader
# reads `class-name`. With `path` the first look at any decorator raises a KeyError: also at @task.bash and
# @task.branch, which other packages declare. The error names neither the provider nor what it declared.
#
# Why it matters: one installed package, valid by the schema, fails the import of every DAG file that uses a
# decorator. Declare `class-name`, and test a decorator of another package beside your own.
. "$(dirname "$0")/_lib.sh"
install_airflow 3.3.2

mkdir "$work/code/demo_provider-1.0.dist-info"
printf 'Metadata-Version: 2.1\nName: demo-provider\nVersion: 1.0\n' >"$work/code/demo_provider-1.0.dist-info/METADATA"
printf '[apache_airflow_provider]\nprovider_info = demo_provider:info\n' \
    >"$work/code/demo_provider-1.0.dist-info/entry_points.txt"
cat >"$work/code/demo_provider.py" <<'PY'
import os


def info():
    decorator = {"name": "demo", os.environ["KEY"]: "demo_decorator.demo_task"}
    return {"package-name": "demo-provider", "name": "Demo", "description": "A demo.", "task-decorators": [decorator]}
PY
printf 'def demo_task(*args, **kwargs):\n    return args\n' >"$work/code/demo_decorator.py"
cat >"$work/look.py" <<'PY'
import json
import os
from pathlib import Path

import airflow
import jsonschema
from airflow.sdk import task

from demo_provider import info

schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text())
print("keys in the schema:", *schema["properties"]["task-decorators"]["items"])
print("with", os.environ["KEY"])
jsonschema.validate(info(), schema)
for name in ("demo", "bash", "branch"):
    try:
        getattr(task, name)
    except Exception as error:
        print(f"  @task.{name}: {error!r}")
    else:
        print(f"  @task.{name}: there")
PY
for key in path class-name; do
    KEY=$key python "$work/look.py" 2>>"$work/log"
done | tee "$work/seen"

expect <<'SEEN'
keys in the schema: name path
with path
  @task.demo: KeyError('class-name')
  @task.bash: KeyError('class-name')
  @task.branch: KeyError('class-name')
keys in the schema: name path
with class-name
  @task.demo: there
  @task.bash: there
  @task.branch: there
SEEN
