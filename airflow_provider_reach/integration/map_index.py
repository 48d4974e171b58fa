"""The name a mapped task instance has in the Airflow UI."""

from __future__ import annotations

from typing import Any


def label_mapped_instance(context: Any, *labels: str | None) -> None:
    """
    Show the webhook's name, or a check's connection, for the map index, unless the DAG's author chose another label.

    A task that is not mapped has no index to replace.

    :param context: The task's context; it is changed.
    :param labels: Names and ids. The first that is given counts; a template may render any to None.
    """
    from airflow_provider_reach.core.text import one_line, shown
    from airflow_provider_reach.core.values import UNNAMED, text_of

    if context["ti"].map_index >= 0 and (context.get("map_index_template") or _TEMPLATE) in (_TEMPLATE, _NATIVELY):
        texts = (text_of(label if isinstance(label, str) else shown(label), UNNAMED) for label in labels)
        label = next(filter(None, texts), "")
        context["reach_webhook"] = one_line(label, 100)  # the database has room for 250 characters
        natively = getattr(context.get("dag"), "render_template_as_native_obj", False)
        context["map_index_template"] = _NATIVELY if natively else _TEMPLATE


_TEMPLATE = "{{ reach_webhook }}"
# Rendered natively, a name of digits becomes a number, and Airflow fails the task when its work is done.
_NATIVELY = "{{ '%r' | format(reach_webhook) }}"
