"""The service's contract, and what this package and its sandbox take it to mean."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

CONTRACT: dict[str, Any] = json.loads(Path(__file__).with_name("contract.json").read_text())
"""The published OpenAPI document, without its prose."""

PATH = "/workspaces/{workspaceId}/reach/webhooks"
OPERATIONS: dict[str, tuple[str, str, str]] = {
    "list": ("GET", PATH, "200"),
    "create": ("POST", PATH, "200"),
    "retrieve": ("GET", f"{PATH}/{{webhookId}}", "200"),
    "update": ("PUT", f"{PATH}/{{webhookId}}", "200"),
    "delete": ("DELETE", f"{PATH}/{{webhookId}}", "204"),
    "validate": ("POST", f"{PATH}/{{webhookId}}/validate", "200"),
    "batch_status": ("GET", f"{PATH}/{{webhookId}}/batch-status", "200"),
}

UNSAID = {"400": "no UUID, no limit", "401": "no key", "403": "no right", "404": "no such webhook or workspace"}
"""
Statuses that the contract does not document for every operation, and that the service has to have all the same.

Each has the contract's own ``Error`` for its body. No other status is let pass: no 405, 415 or 422, no 5xx.
"""

DEMANDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "list": ((), ("results", "items")),
    "create": ((), ("results",)),
    "update": ((), ("results",)),
    "retrieve": ((), ("results",)),
    "validate": ((), ("results",)),
    "batch_status": ((),),
}
"""
Where the contract demands no property of an answer, and an answer without it would say nothing.

By its schemas ``{}`` is a list of webhooks. To read it so would be to call a workspace empty, and nothing healthy
rests on what was not said. These are demanded: the results; a webhook's id in a list and after a write; its name when
it is retrieved; the target's response of a validation.
"""

_NAMES = {"list": "id", "create": "id", "update": "id", "retrieve": "name", "validate": "response"}


def operation(name: str) -> dict[str, Any]:
    """The contract's own words for an operation."""
    method, path, _ = OPERATIONS[name]
    found: dict[str, Any] = CONTRACT["paths"][path][method.lower()]
    return found


def completed() -> dict[str, Any]:
    """The contract, with the statuses that it does not speak of."""
    contract = deepcopy(CONTRACT)
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for path in contract["paths"].values():
        for one in path.values():
            for status, why in UNSAID.items():
                one["responses"].setdefault(status, {"description": why, "content": error})
    return contract


def answer_schema(name: str) -> dict[str, Any]:
    """The JSON schema of a good answer that says something."""
    schema: dict[str, Any] = deepcopy(
        operation(name)["responses"][OPERATIONS[name][2]]["content"]["application/json"]["schema"]
    )
    for place in DEMANDED[name]:
        inner = schema
        for step in place:
            inner = inner["items"] if step == "items" else inner["properties"][step]
        inner["required"] = [_NAMES[name] if place else "results"]
        if not place:  # with errors beside its results, an answer contradicts itself, and is refused
            inner["additionalProperties"] = False
    return schema


_texts = st.text(max_size=30)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=5,
)
_FORMATS: dict[str | None, SearchStrategy[str]] = {
    None: st.one_of(_texts, st.text(min_size=1000, max_size=1010), st.sampled_from(["200", "503", "", "0", "true"])),
    "uuid": st.uuids().map(str),
    "date-time": st.one_of(
        st.datetimes(timezones=st.timezones()).map(lambda when: when.isoformat()),
        st.datetimes().map(lambda when: f"{when.isoformat(timespec='milliseconds')}Z"),
    ),
}


def of_schema(schema: dict[str, Any]) -> SearchStrategy[Any]:
    """Values that are valid by a schema, built from the keywords that the contract's schemas use."""
    kind = schema["type"]
    if kind == "object":
        return _objects(schema)
    if kind == "array":
        return st.lists(of_schema(schema["items"]), max_size=4)
    if kind == "integer":
        return st.integers() | st.integers(0, 1000) | st.integers(-3, 3).map(float)  # 1.0 is an integer there
    if kind == "boolean":
        return st.booleans()
    assert kind == "string", kind
    return _FORMATS[schema.get("format")]


@st.composite
def _objects(draw: DrawFn, schema: dict[str, Any]) -> dict[str, Any]:
    properties = {name: of_schema(inner) for name, inner in schema.get("properties", {}).items()}
    required = schema.get("required", ())
    more = draw(st.dictionaries(_texts, _JSON, max_size=2)) if schema.get("additionalProperties", True) else {}
    optional = {name: inner for name, inner in properties.items() if name not in required}
    return {**more, **draw(st.fixed_dictionaries({name: properties[name] for name in required}, optional=optional))}
