# shellcheck shell=bash
# Sourced by every finding: a folder of its own that goes away at the end, pinned installs, the comparison.
# FINDINGS_VENVS=FOLDER keeps the Python installs there and takes them from there: for several findings in a row.
set -euo pipefail

findings=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
started=()

clean() {
    for pid in "${started[@]}"; do
        if kill "$pid" 2>/dev/null; then
            wait "$pid" 2>/dev/null || true
        fi
    done
    rm -rf "$work"
}
trap clean EXIT

mkdir "$work/tmp" "$work/home"
export TMPDIR="$work/tmp" LC_ALL=C.UTF-8 TZ=UTC
export PIP_CACHE_DIR="$work/pip" PIP_DISABLE_PIP_VERSION_CHECK=1 npm_config_cache="$work/npm"

# Ends the script with the status that says "not run", where an installed program is missing or another one.
skip() {
    echo "SKIPPED: needs $1"
    exit 77
}

# Installs Python packages, NAME==VERSION each, and puts their programs first.
install_python() {
    local venv
    venv="${FINDINGS_VENVS:-$work/venvs}/$(echo "$*" | md5sum | cut -c 1-12)"
    if [ ! -e "$venv/complete" ]; then
        "${PYTHON:-python3}" -m venv "$venv"
        "$venv/bin/pip" install --quiet --no-compile "$@" 2>"$work/pip.log" || { cat "$work/pip.log"; exit 1; }
        touch "$venv/complete"
    fi
    PATH="$venv/bin:$PATH"
    isolate
}

# Installs an Airflow with the versions that this project is tested with. $1: its version.
install_airflow() {
    case $1 in
        2.*) install_python --constraint "$findings/../requirements/airflow-${1%.*}.txt" "apache-airflow==$1" ;;
        *) install_python --constraint "$findings/../requirements/airflow-${1%.*}.txt" "apache-airflow-core==$1" ;;
    esac
    export AIRFLOW_HOME="$work/airflow-$1" AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR AIRFLOW__CORE__LOAD_EXAMPLES=False
    export PYTHONWARNINGS=ignore PYTHONPATH="$work/code"
    mkdir -p "$AIRFLOW_HOME/dags" "$work/code"
}

# Installs npm packages, NAME@VERSION each.
install_npm() {
    (cd "$work" && npm install --no-audit --no-fund --silent "$@") || exit 1
    export NODE_PATH="$work/node_modules"
    isolate
}

# After the installs, which may need the settings of the user's own pip and npm.
isolate() {
    export HOME="$work/home"
    unset "${!AIRFLOW@}"
}

# Runs a program until the script ends.
start() {
    "$@" >"$work/started.log" 2>&1 &
    started+=("$!")
}

# Waits up to three minutes for a command to succeed.
wait_for() {
    local end=$((SECONDS + 180))
    while [ "$SECONDS" -lt "$end" ]; do
        "$@" >/dev/null 2>&1 && return
        sleep 0.2
    done
    echo "never came true: $*"
    cat "$work/started.log"
    exit 1
}

# Compares what was seen, in $work/seen, with standard input, which says what was seen when this was written.
expect() {
    if diff -u --label "as described" --label "now" - "$work/seen"; then
        echo "As described."
    else
        echo "CHANGED: see the difference above."
        exit 1
    fi
}

# Makes the database of Airflow 3 and stores the DAGs of its folder.
prepare_dags() {
    { airflow db migrate && airflow dags reserialize; } >"$work/prepare.log" 2>&1 || { cat "$work/prepare.log"; exit 1; }
}

# Makes a run of a DAG in Airflow 3 and takes the scheduler's first step with it, without its loop. $1: the DAG's id.
schedule_run() {
    python - "$1" 2>"$work/schedule.log" <<'PY' || { cat "$work/schedule.log"; exit 1; }
import datetime
import sys

from airflow.models.dagbag import DBDagBag
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType, DagRunType

with create_session() as session:
    dag = DBDagBag().get_latest_version_of_dag(sys.argv[1], session=session)
    run = dag.create_dagrun(
        run_id="only",
        run_after=datetime.datetime.now(datetime.timezone.utc),
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.TEST,
        state="running",
        session=session,
    )
    run.dag = dag
    ready = run.task_instance_scheduling_decisions(session=session).schedulable_tis
    run.schedule_tis(ready, session=session)
PY
}
