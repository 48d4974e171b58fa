"""What Airflow reads when it starts; it imports only the plain fields of the connection."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """The provider's metadata, in the form of Airflow's ``provider_info`` schema."""
    from airflow_provider_reach.integration.connection_form import (
        CONN_TYPE,
        DEFAULT_MAX_CONNECTIONS,
        EXTRA_FIELDS,
        FIELD_BEHAVIOUR,
    )
    from airflow_provider_reach.version import __version__

    return {
        "package-name": "airflow-provider-reach",
        "name": "Reach",
        "description": "Declare, check and watch the webhooks of Bird's Reach Email API (formerly SparkPost).",
        "versions": [__version__],
        "integrations": [
            {
                "integration-name": "Reach",
                "external-doc-url": "https://docs.bird.com/api/email-api",
                "tags": ["service"],
            }
        ],
        "hooks": [{"integration-name": "Reach", "python-modules": ["airflow_provider_reach.hooks"]}],
        "operators": [{"integration-name": "Reach", "python-modules": ["airflow_provider_reach.operators"]}],
        "sensors": [{"integration-name": "Reach", "python-modules": ["airflow_provider_reach.sensors"]}],
        "triggers": [{"integration-name": "Reach", "python-modules": ["airflow_provider_reach.triggers"]}],
        "cli": ["airflow_provider_reach.cli.definition.get_commands"],
        "config": {
            "reach": {
                "description": "How the Reach provider asks the service.",
                "options": {
                    "max_connections": {
                        "description": (
                            "At most how many connections to one Reach service a triggerer holds open at once; all "
                            "watches of one Airflow connection share them.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "integer",
                        "example": None,
                        "default": str(DEFAULT_MAX_CONNECTIONS),
                    },
                    "max_list_age": {
                        "description": (
                            "For how many seconds all watches of one Airflow connection in a triggerer may share a "
                            "list of the webhooks; 0 turns that off. By default a tenth of a watch's poke_interval, at "
                            "most 60; more than the interval counts as the interval. A watch never ends by a shared "
                            "list: its last look asks for one.\n"
                        ),
                        "version_added": "0.1.0",
                        "type": "float",
                        "example": "30",
                        "default": None,
                    },
                },
            }
        },
        "connection-types": [
            {
                "connection-type": CONN_TYPE,
                "hook-class-name": "airflow_provider_reach.hooks.ReachHook",
                "hook-name": "Reach",
                "conn-fields": EXTRA_FIELDS,
                "ui-field-behaviour": FIELD_BEHAVIOUR,
            }
        ],
    }
