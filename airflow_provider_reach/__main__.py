"""``python -m airflow_provider_reach``: the command line on any Airflow."""

from __future__ import annotations

from airflow_provider_reach.cli.definition import parser

if __name__ == "__main__":
    options = parser().parse_args()
    options.func(options)
