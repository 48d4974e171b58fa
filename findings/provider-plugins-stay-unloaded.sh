#!/usr/bin/env bash
# A plugin that a provider names in its metadata is known to Airflow, and not loaded.
#
# Airflow 3.3.2. The schema of the provider's metadata has `plugins`, and the provider manager lists what stands there.
# The plugin manager reads that list only where [core] lazy_discover_providers is off, and it is on by default; the
# setting's description speaks of when providers are discovered, not of whether their plugins exist.
#
# Why it matters: a provider's plugin (a web page, a macro, a listener) is silently absent on every default
# installation. The entry point group `airflow.plugins` works with either setting.
. "$(dirname "$0")/_lib.sh"
install_airflow 3.3.2

mkdir "$work/code/demo_provider-1.0.dist-info"
printf 'Metadata-Version: 2.1\nName: demo-provider\nVersion: 1.0\n' >"$work/code/demo_provider-1.0.dist-info/METADATA"
printf '[apache_airflow_provider]\nprovider_info = demo_provider:info\n' \
    >"$work/code/demo_provider-1.0.dist-info/entry_points.txt"
cat >"$work/code/demo_provider.py" <<'PY'
def info():
    plugin = {"name": "demo", "plugin-class": "demo_plugin.DemoPlugin"}
    return {"package-name": "demo-provider", "name": "Demo", "description": "A demo.", "plugins": [plugin]}
PY
cat >"$work/code/demo_plugin.py" <<'PY'
from airflow.plugins_manager import AirflowPlugin


class DemoPlugin(AirflowPlugin):
    name = "demo"
PY
cat >"$work/known.py" <<'PY'
from airflow.providers_manager import ProvidersManager

print("known to the provider manager:", [plugin.name for plugin in ProvidersManager().plugins])
PY
{
    python "$work/known.py"
    echo "loaded by default: $(airflow plugins --output json)"
    echo "loaded with lazy_discover_providers off:" \
        "$(AIRFLOW__CORE__LAZY_DISCOVER_PROVIDERS=False airflow plugins --output json | grep -o '"name": "[a-z]*"')"
} 2>"$work/log" | tee "$work/seen"

expect <<'SEEN'
known to the provider manager: ['demo']
loaded by default: No plugins loaded
loaded with lazy_discover_providers off: "name": "demo"
SEEN
