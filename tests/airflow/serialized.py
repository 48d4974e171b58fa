"""Prints the DAGs of a folder as Airflow keeps them: ``python -m tests.airflow.serialized FOLDER...``."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any


def serialized(folder: str) -> dict[str, Any]:
    """What Airflow compares to tell whether a DAG has changed, by the DAG's id."""
    try:
        bags = import_module("airflow.dag_processing.dagbag")
    except ImportError:
        bags = import_module("airflow.models.dagbag")
    objects: Any = import_module("airflow.serialization.serialized_objects")
    serializer = getattr(objects, "DagSerialization", objects.SerializedDAG)
    bag = bags.DagBag(folder)
    assert not bag.import_errors, bag.import_errors
    return {dag_id: serializer.to_dict(dag) for dag_id, dag in bag.dags.items()}


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        sys.stdout.write(f"\n{json.dumps(serialized(folder), sort_keys=True)}\n")
