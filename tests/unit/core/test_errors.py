from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections.abc import Callable

import pytest

from airflow_provider_reach.core import errors
from airflow_provider_reach.core.errors import ReachConfigError, ReachError, ReachInputError, ReachStatusError

CLASSES = {
    name: cls for name, cls in vars(errors).items() if inspect.isclass(cls) and issubclass(cls, ReachError)
}  # fmt: skip


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"    ([│├└─ ]*)(Reach\w+)", line):
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            drawn[found[2]] = path[depth - 1] if depth else "Exception"
    assert drawn == {name: cls.__mro__[1].__name__ for name, cls in CLASSES.items()}


@pytest.mark.parametrize("name", CLASSES)
def test_final_is_what_asking_again_cannot_help(name: str) -> None:
    final = {
        "ReachConfigError",
        "ReachInputError",
        "ReachLookupError",
        "ReachExistsError",
        "ReachSideEffectError",
        "ReachAuthError",
        "ReachNotFoundError",
        "ReachRequestError",
        "ReachUnsettledError",
    }
    assert CLASSES[name].final is (name in final)


def test_a_configuration_error_names_everything_at_once() -> None:
    error = ReachConfigError(["a is missing.", "b is wrong."], "connection 'reach_default'")
    assert str(error) == "connection 'reach_default' cannot be used:\n  - a is missing.\n  - b is wrong."
    assert error.problems == ["a is missing.", "b is wrong."]


def test_an_input_error_says_that_nothing_was_sent() -> None:
    error = ReachInputError(["name is empty."], "create webhook ''")
    assert str(error) == "Nothing was sent: create webhook '' was refused:\n  - name is empty."
    assert isinstance(error, ValueError)
    assert error.problems == ["name is empty."]


def test_a_status_error_carries_what_a_callback_needs() -> None:
    error = ReachStatusError("m", operation="list webhooks", status=503, service_message="busy", retry_after=2.0)
    assert (error.operation, error.status, error.service_message, error.retry_after) == (
        "list webhooks",
        503,
        "busy",
        2.0,
    )


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"])
@pytest.mark.parametrize(
    "error",
    [
        ReachError("what failed"),
        ReachInputError(["name must not be empty.", "events must not be empty."], "create webhook ''"),
        ReachStatusError("what failed", operation="list webhooks", status=429, retry_after=5.0),
    ],
    ids=lambda error: type(error).__name__,
)
def test_in_another_process_it_is_the_same(error: ReachError, again: Callable[[ReachError], ReachError]) -> None:
    other = again(error)

    assert type(other) is type(error)
    assert (str(other), other.args, vars(other)) == (str(error), error.args, vars(error))


def test_several_problems_have_a_line_each() -> None:
    assert str(ReachInputError(["a.", "b."], "it")).splitlines()[1:] == ["  - a.", "  - b."]
    assert str(ReachConfigError(["a.", "b."])).splitlines() == [
        "The Reach configuration cannot be used:",
        "  - a.",
        "  - b.",
    ]


def test_what_the_service_did_not_say_is_empty() -> None:
    error = ReachStatusError("m", operation="o", status=500)
    assert (error.service_message, error.kind, error.request_id) == ("", "", "")
    other = errors.ReachCallError("m", operation="o")
    assert (other.kind, other.request_id) == ("", "")


def test_an_error_made_of_another_is_about_the_same_call() -> None:
    error = ReachStatusError("m", operation="o", status=500, kind="list", request_id="a-1")
    other = errors.ReachCallError("n", **error.origin)
    assert (other.operation, other.kind, other.request_id) == ("o", "list", "a-1")
    assert (str(error), str(other)) == ("m (request id a-1)", "n (request id a-1)")
