"""The command line with any arguments: one of its exit statuses, and never a traceback."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_reach.cli.definition import COMMANDS, parser
from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.sandbox import Sandbox
from tests.conftest import API_KEY, WORKSPACE_ID
from tests.fuzz.values import SECRET, examples, texts
from tests.unit.core.helpers import ID

FLAGS = sorted(
    {flag for command in COMMANDS for flags, _ in command.arguments for flag in flags if flag.startswith("-")}
)

values = st.one_of(
    texts.filter(lambda text: "\0" not in text),
    st.sampled_from(
        ["0", "-1", "1e999", "nan", "3600", "fail", "warn", "", "2026-01-31T02:00:00Z", "9999-12-31T23:59:59Z"]
    ),
    st.integers().map(str),
    st.floats().map(str),
)
words = st.one_of(
    st.sampled_from(["list", "check", *FLAGS, "orders", "--json", ID, "--", "-h"]),
    values,
    st.builds(lambda flag, value: f"{flag}={value}", st.sampled_from(FLAGS), values),
)
verbs = st.sampled_from(["check", "check", "list"])


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(api_key=API_KEY, workspace_id=WORKSPACE_ID) as reach, pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIRFLOW_CONN_REACH_DEFAULT", reach.connection_json)
        patched.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
        patched.setitem(ReachClient.__init__.__kwdefaults__, "sleep", lambda seconds: None)
        reach.add_webhook("orders", target=f"{reach.target('orders').url}?token={SECRET}")
        reach.add_webhook("late\x1b[31m\n", target=reach.target("late").url)
        yield reach


def _run(arguments: list[str]) -> None:
    options = parser().parse_args(arguments)
    options.func(options)


def status_of(arguments: list[str]) -> tuple[int, str, str]:
    """As ``python -m airflow_provider_reach`` ends, and what it says."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        _run(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code, out.getvalue(), err.getvalue()


@given(st.builds(lambda verb, rest: [verb, *rest], verbs, st.lists(words, max_size=5)) | st.lists(words, max_size=4))
@examples(0.3)
def test_any_command_line_has_an_exit_status_and_no_traceback(service: Sandbox, arguments: list[str]) -> None:
    status, out, err = status_of(arguments)
    assert status in (0, 1, 2, 3)
    assert "Traceback" not in err
    assert SECRET not in out
    assert API_KEY not in out + err
    odd = [c for c in out if not (c.isprintable() or c == os.linesep)]
    assert not odd
    if status in (1, 3):  # a verdict
        assert out.strip()


@given(
    st.fixed_dictionaries(
        {}, optional={flag: values for flag in FLAGS if flag not in ("--json", "--allow-inactive", "--conn-id")}
    )
)
@examples(0.3)
def test_limits_of_any_values(service: Sandbox, limits: dict[str, str]) -> None:
    status, _, err = status_of(["check", "orders", *(f"{flag}={value}" for flag, value in limits.items())])
    assert status in (0, 1, 2, 3)
    assert "Traceback" not in err
    assert status != 2 or err.strip()
