"""A cell is played, and what came of it is judged."""

from __future__ import annotations

import logging
import ssl
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from airflow_provider_reach.client import ReachClient
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.declare import declare
from airflow_provider_reach.core.errors import ReachError, ReachTimeoutError
from airflow_provider_reach.sandbox import Sandbox
from tests.faults.cells import DRIVERS, LONGEST, PATIENCE, SHORT_TIMEOUT, TIMEOUT, Cell, Tried
from tests.faults.in_status import ELSEWHERE
from tests.faults.operations import API_KEY, WORKSPACE, Scene
from tests.faults.right import FINAL, Outcome, is_right, requests_at_most
from tests.faults.stages import Stage, staged

_TRIES = 4
"""On a machine so busy that what comes before the fault passes its short timeout, the cell shows nothing."""

said_in_logs: dict[int | None, list[str]] = {}
"""What was logged, by thread."""


def try_cell(cell: Cell, certificates: dict[str, ssl.SSLContext]) -> Tried:
    """
    Play a cell and judge what came of it.

    :param cell: What to try.
    :param certificates: What a server may show.
    """
    for _ in range(_TRIES):
        said_in_logs.pop(threading.get_ident(), None)
        with Sandbox(api_key=API_KEY, workspace_id=WORKSPACE, target_timeout=5.0) as sandbox:
            scene = Scene(sandbox)
            with staged(cell, sandbox, certificates) as stage, _client(cell, stage) as client:
                trial = _Trial(cell, scene, stage)
                tried = trial.run(client)
        if trial.has_met_it:
            break
    return tried


def _client(cell: Cell, stage: Stage) -> ReachClient:
    timeout = SHORT_TIMEOUT if cell.fault.slow else TIMEOUT
    config = ReachConfig(stage.url, WORKSPACE, API_KEY, timeout=timeout)
    patience = 0.0 if cell.way == "once" else PATIENCE
    waited: Callable[[float], None] = (lambda _: stage.heal()) if cell.way == "heals" else (lambda _: None)
    return DRIVERS[cell.driver](config, patience=patience, sleep=waited)


class _Trial:
    def __init__(self, cell: Cell, scene: Scene, stage: Stage) -> None:
        self.cell, self.scene, self.stage = cell, scene, stage
        self.wrong: list[str] = []
        self.error: BaseException | None = None
        self.result: Any = None
        self.has_met_it = True

    def run(self, client: ReachClient) -> Tried:
        seconds = self._ask(client)
        requests = self.stage.requests()
        self.has_met_it = self.cell.fault.on_all or bool(requests[self.cell.operation.meets])
        self.stage.heal()
        self._judge_outcome()
        self._judge_requests(requests)
        self._judge_state()
        self._judge_secrets()
        if not self.cell.fault.quiet:
            self._is_usable(client)
        if self.cell.operation.name == "declare" and self.error:
            self._declares_again()
        return Tried(self.cell, self.outcome, self.wrong, str(self.error or ""), seconds)

    @property
    def outcome(self) -> Outcome:
        return type(self.error) if isinstance(self.error, ReachError) else None

    def _ask(self, client: ReachClient) -> float:
        began = time.monotonic()
        guard = threading.Timer(LONGEST, self.stage.drop)
        guard.start()
        try:
            self.result = self.cell.operation.do(client, self.scene)
        except BaseException as error:
            self.error = error
        guard.cancel()
        seconds = time.monotonic() - began
        if seconds > LONGEST:
            self.wrong.append(f"it took {seconds:.1f} s, over {LONGEST:.0f} s")
        return seconds

    def _judge_outcome(self) -> None:
        fault, operation = self.cell.fault, self.cell.operation
        expected = is_right(fault, operation.name, operation.kind, self.cell.way, looks_first=operation.looks_first)
        came = type(self.error) if self.error else None
        if came not in expected:
            wanted = " or ".join(sorted(each.__name__ if each else "the right result" for each in expected))
            got = f"{came.__name__}: {self.error}" if came else f"the result {self.result!r}"
            self.wrong.append(f"expected {wanted}, got {got}")
        elif isinstance(self.error, ReachError) and self.error.final != (came in FINAL):
            self.wrong.append(f"{self.outcome} is {'' if self.error.final else 'not '}final")
        if self.error is None and not operation.is_right(self.result, self.scene):
            self.wrong.append(f"the result is not right: {self.result!r}")

    def _judge_requests(self, requests: Counter[str | None]) -> None:
        operation = self.cell.operation
        brings = self.cell.fault.brings(operation.name, operation.kind)
        most = requests_at_most(brings, operation.kind, self.cell.way, slow=self.cell.fault.slow)
        if requests[operation.meets] > most:
            self.wrong.append(f"{requests[operation.meets]} requests to {operation.meets}, {most} at the most")
        if ELSEWHERE.was_asked():
            self.wrong.append("the other host was asked")

    def _judge_state(self) -> None:
        done = self.error is None or self.cell.fault.taken
        if different := self.scene.difference(self.cell.operation.kind, done=done):
            self.wrong.append(different)

    def _judge_secrets(self) -> None:
        texts = [repr(self.result), *said_in_logs.pop(threading.get_ident(), [])]
        error = self.error
        while error is not None:
            texts += [repr(error), *traceback.format_exception(error)]
            error = error.__cause__ or error.__context__
        self.wrong += [f"a secret in: {text[:300]}" for text in texts if "planted" in text]

    def _is_usable(self, client: ReachClient) -> None:
        """The next answer is the next answer, whatever was left of this one."""
        try:
            names = _names(client)
        except ReachError as error:
            self.wrong.append(f"the client was of no use afterwards: {error}")
        else:
            if "others" not in names:
                self.wrong.append(f"the client read another answer afterwards: {names}")

    def _declares_again(self) -> None:
        """Whatever became of it, declaring it once more leaves exactly one."""
        config = ReachConfig(self.scene.sandbox.base_url, WORKSPACE, API_KEY)
        with ReachClient(config, patience=0) as client:
            client.do(lambda patience, secrets: declare(self.scene.spec, "reuse", patience, secrets))
        if different := self.scene.difference("create", done=True):
            self.wrong.append(f"after a second try, {different}")


def _names(client: ReachClient) -> set[str]:
    """Those of the webhooks; asked for again where a busy machine is slower than the short timeout of a slow fault."""
    for _ in range(4):
        with suppress(ReachTimeoutError):
            return {webhook.name for webhook in client.list_webhooks()}
    return {webhook.name for webhook in client.list_webhooks()}


class Listening(logging.Handler):
    """Keeps what is logged, by thread."""

    def emit(self, record: logging.LogRecord) -> None:
        said_in_logs.setdefault(record.thread, []).append(self.format(record))
