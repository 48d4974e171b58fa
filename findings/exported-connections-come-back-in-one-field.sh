#!/usr/bin/env bash
# `airflow connections import` takes a file of `airflow connections export` and puts each connection into one field.
#
# Airflow 3.3.2. Export with --file-format env --serialization-format json writes one JSON object a line. Import says
# that it imported each, ends with status 0, and stores everything in `schema`, with no host, no login and no type:
# it reads a JSON object as the path of a URI.
#
# Why it matters: the tasks fail later, with messages about the host or the path. A hook that reads `schema` may show
# it, with the password in it: check what it holds, and never show what does not fit.
#
# Source: the help of `connections import` says that it takes the output of export; reported as apache/airflow#73083.
. "$(dirname "$0")/_lib.sh"
install_airflow 3.3.2

{
    airflow db migrate
    airflow connections add target --conn-json '{"conn_type": "http", "host": "api.example", "login": "user"}'
    airflow connections export "$work/all.env" --file-format env --serialization-format json
    airflow connections delete target
} >"$work/log" 2>&1
{
    airflow connections import "$work/all.env" 2>>"$work/log"
    airflow connections export - --file-format yaml 2>>"$work/log"
} | tee "$work/seen"

expect <<'SEEN'
Imported connection target
target:
  conn_type: ''
  description: null
  extra: null
  host: ''
  login: null
  password: null
  port: null
  schema: '"conn_type": "http", "description": null, "login": "user", "password":
    null, "host": "api.example", "port": null, "schema": null, "extra": null}'
SEEN
