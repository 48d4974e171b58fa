#!/usr/bin/env bash
# A DAG's Param handed to a mapped task's partial() makes another DAG of the same file at each parse.
#
# Airflow 3.3.2. In a single task's template field dag.param("region") is stored by its name. In partial() of a mapped
# task, template field or not, it is stored as the object's repr, with its address in memory. So two parses of an
# unchanged file give two hashes, and a run of the one between them gives the DAG a new version.
#
# Why it matters: the versions pile up in the database and in the user interface, and nothing says which field it is.
# A provider cannot mend it; it can tell its users to write "{{ params.region }}" there.
. "$(dirname "$0")/_lib.sh"
install_airflow 3.3.2

cat >"$work/code/regions.py" <<'PY'
import datetime

from airflow.sdk import DAG, BaseOperator


class Look(BaseOperator):
    template_fields = ("region",)

    def __init__(self, region=None, number=0, **kwargs):
        super().__init__(**kwargs)
        self.region, self.number = region, number


with DAG("single", start_date=datetime.datetime(2026, 1, 1), params={"region": "eu"}) as single:
    Look(task_id="look", region=single.param("region"))

with DAG("mapped", start_date=datetime.datetime(2026, 1, 1), params={"region": "eu"}) as mapped:
    Look.partial(task_id="look", region=mapped.param("region")).expand(number=[1, 2])
PY
cat >"$work/parse.py" <<'PY'
import json
import re
import sys

from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization.serialized_objects import DagSerialization

import regions

stored = DagSerialization.to_dict(getattr(regions, sys.argv[1]))
task = json.dumps(stored["dag"]["tasks"][0]["__var"])
region = re.search(r'"region": (".*?"|{.*?})', task)[1]
print(SerializedDagModel.hash(stored), re.sub("0x[0-9a-f]+", "0x…", region))
PY
for dag in single mapped; do
    for _ in 1 2 3; do
        python "$work/parse.py" "$dag" 2>>"$work/log"
    done >"$work/parses"
    echo "$dag: stored as $(cut -d ' ' -f 2- "$work/parses" | sort -u)"
    echo "$dag: different hashes in 3 parses: $(cut -d ' ' -f 1 "$work/parses" | sort -u | wc -l)"
done | tee "$work/seen"

expect <<'SEEN'
single: stored as {"dag_id": "single", "default": "NOTSET", "name": "region"}
single: different hashes in 3 parses: 1
mapped: stored as "<airflow.sdk.definitions.param.DagParam object at 0x…>"
mapped: different hashes in 3 parses: 3
SEEN
