"""A cell is played, and what came of it is judged."""

from __future__ import annotations

import logging
import ssl
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from airflow_provider_reach.client.sync import ReachClient
from airflow_provider_reach.core.config import ReachConfig
from airflow_provider_reach.core.errors import ReachError, ReachTimeoutError, ReachUnreachableError
from airflow_provider_reach.core.webhooks.converge import declare
from airflow_provider_reach.sandbox import Sandbox
from evidence.faults.cells import DRIVERS, SHORT_TIMEOUT, TIMEOUT, Cell, Tried
from evidence.faults.in_status import ELSEWHERE
from evidence.faults.operations import API_KEY, WORKSPACE, Scene
from evidence.faults.right import FINAL, LOOK_AFTER_CREATE, OUTAGE_TOLERANCE, Outcome, is_right, requests_at_most, waits
from evidence.faults.stages import Stage, staged

_TRIES = 4
_TOO_SLOW = (ReachTimeoutError, ReachUnreachableError)
"""On a machine so busy that what comes before the fault passes its short timeout, the cell shows nothing."""

_said: ContextVar[list[str]] = ContextVar("said")
"""What was logged in the trial that is under way here, or in a thread that it has begun."""


def try_cell(cell: Cell, certificates: dict[str, ssl.SSLContext]) -> Tried:
    """
    Play a cell and judge what came of it.

    :param cell: What to try.
    :param certificates: What a server may show.
    """
    for _ in range(_TRIES):
        _said.set([])
        trial = _Trial(cell)
        with _noted("not played to its end", trial.wrong):
            trial.play(certificates)
        if trial.has_met_it or not isinstance(trial.error, _TOO_SLOW):
            break
    if not trial.has_met_it:
        trial.wrong.append("it never met the fault")
    return Tried(cell, trial.outcome, trial.wrong, str(trial.error or ""), trial.seconds)


@contextmanager
def _noted(what: str, wrong: list[str]) -> Iterator[None]:
    """Count an error of the trial, or of its judging, against this cell, and let the others go on."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        wrong.append(f"{what}: {type(error).__name__}: {error}")


class WaitedTooLong(BaseException):
    """Ends a client that waits on and on; no code in between may catch it as an error of its own."""


class _Waits:
    """
    Sleeps in no time, and adds up how long.

    :param then: Called in each wait.
    """

    def __init__(self, then: Callable[[], None]) -> None:
        self.seconds = 0.0
        self._then = then

    def __call__(self, seconds: float) -> None:
        self.seconds += seconds
        if self.seconds > OUTAGE_TOLERANCE + LOOK_AFTER_CREATE:
            raise WaitedTooLong(f"{self.seconds:.0f} s were waited")
        self._then()

    def taken(self) -> float:
        """The seconds until now; the count then starts again."""
        seconds, self.seconds = self.seconds, 0.0
        return seconds


class _Trial:
    scene: Scene
    stage: Stage
    client: ReachClient
    requests: Counter[str | None]

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.wrong: list[str] = []
        self.error: BaseException | None = None
        self.result: Any = None
        self.seconds = self.waited = 0.0
        self.has_met_it = False

    def play(self, certificates: dict[str, ssl.SSLContext]) -> None:
        with Sandbox(api_key=API_KEY, workspace_id=WORKSPACE, target_timeout=5.0) as sandbox:
            self.scene = Scene(sandbox, is_flooded=self.cell.fault.heavy)
            with staged(self.cell, sandbox, self.scene.webhook_id, certificates) as self.stage:
                sleep = _Waits(self.stage.heal if self.cell.way == "heals" else lambda: None)
                with self._client(sleep) as self.client:
                    self._ask()
                    self.waited, self.requests = sleep.taken(), self.stage.requests()
                    self.has_met_it = self.cell.fault.on_all or bool(self.requests[self.cell.operation.meets])
                    self.stage.heal()
                    self._judge()

    @property
    def outcome(self) -> Outcome:
        return type(self.error) if isinstance(self.error, ReachError) else None

    def _client(self, sleep: _Waits) -> ReachClient:
        timeout = SHORT_TIMEOUT if self.cell.fault.slow else TIMEOUT
        config = ReachConfig(self.stage.url, WORKSPACE, API_KEY, timeout=timeout)
        tolerance = 0.0 if self.cell.way == "once" else OUTAGE_TOLERANCE
        return DRIVERS[self.cell.driver](config, outage_tolerance=tolerance, sleep=sleep)

    def _ask(self) -> None:
        began = time.monotonic()
        guard = threading.Timer(self.cell.longest, self.stage.break_off)
        guard.start()
        try:
            self.result = self.cell.operation.do(self.client, self.scene)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.error = error
        finally:
            guard.cancel()
        self.seconds = time.monotonic() - began

    def _judge(self) -> None:
        judges = [
            self._judge_outcome,
            self._judge_seconds,
            self._judge_requests,
            self._judge_state,
            self._judge_secrets,
        ]
        if not self.cell.fault.quiet:
            judges.append(self._judge_next_answer)
        if self.cell.operation.name == "declare" and self.error:
            judges.append(self._judge_next_declaration)
        for judge in judges:
            with _noted(judge.__name__.strip("_").replace("_", " "), self.wrong):
                judge()

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

    def _judge_seconds(self) -> None:
        if self.seconds > self.cell.longest:
            self.wrong.append(f"it took {self.seconds:.1f} s, over {self.cell.longest:.0f} s")
        fault, kind = self.cell.fault, self.cell.operation.kind
        least, most = waits(self.outcome, kind, self.cell.way, too_long=fault.too_long)
        if self.waited > most:
            self.wrong.append(f"{self.waited:.1f} s were waited between requests, over {most:.0f} s")
        if self.waited + self.seconds < least:
            self.wrong.append(f"it gave up after {self.waited + self.seconds:.1f} s, under {least:.0f} s")

    def _judge_requests(self) -> None:
        operation, requests = self.cell.operation, self.requests
        brings = self.cell.fault.brings(operation.name, operation.kind)
        most = requests_at_most(brings, operation.kind, self.cell.way, slow=self.cell.fault.slow)
        if requests[operation.meets] > most:
            self.wrong.append(f"{requests[operation.meets]} requests to {operation.meets}, {most} at most")
        if ELSEWHERE.was_asked():
            self.wrong.append("the other host was asked")

    def _judge_state(self) -> None:
        done = self.error is None or self.cell.fault.taken
        if different := self.scene.difference(self.cell.operation.kind, done=done):
            self.wrong.append(different)

    def _judge_secrets(self) -> None:
        texts = [repr(self.result), *_said.get()]
        error = self.error
        while error is not None:
            texts += [repr(error), *traceback.format_exception(error)]
            error = error.__cause__ or error.__context__
        self.wrong += [f"a secret in: {text[:300]}" for text in texts if "planted" in text]

    def _judge_next_answer(self) -> None:
        """The next answer is the next answer, whatever was left of this one."""
        try:
            names = _names(self.client)
        except ReachError as error:
            self.wrong.append(f"the client was of no use afterwards: {error}")
        else:
            if "others" not in names:
                self.wrong.append(f"the client read another answer afterwards: {names}")

    def _judge_next_declaration(self) -> None:
        """Whatever became of it, declaring it once more leaves exactly one."""
        config = ReachConfig(self.scene.sandbox.base_url, WORKSPACE, API_KEY)
        with ReachClient(config, outage_tolerance=0) as client:
            client.do(lambda context: declare(self.scene.spec, "reuse", context))
        if different := self.scene.difference("create", done=True):
            self.wrong.append(f"after a second try, {different}")


def _names(client: ReachClient) -> set[str]:
    """Those of the webhooks; asked for again where a busy machine is slower than the short timeout of a slow fault."""
    for _ in range(4):
        with suppress(ReachTimeoutError):
            return {webhook.name for webhook in client.list_webhooks()}
    return {webhook.name for webhook in client.list_webhooks()}


class Listening(logging.Handler):
    """Keeps the log lines of each trial."""

    def emit(self, record: logging.LogRecord) -> None:
        if (said := _said.get(None)) is not None:
            said.append(self.format(record))
