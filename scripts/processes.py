"""Processes of Airflow that can be killed, and that always end with the script."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]


class Part:
    """
    A process of Airflow and all that it starts: they are one session, whatever groups they make.

    :param log: The file for what it says.
    :param arguments: The command.
    :param variables: The environment.
    """

    def __init__(self, log: Path, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        self.log = log
        self.killed = False
        with log.open("wb") as said:
            self._leader = subprocess.Popen(
                [sys.executable, "-m", "airflow", *arguments],
                env=variables,
                cwd=variables["AIRFLOW_HOME"],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    @property
    def name(self) -> str:
        """Its name, which is also its log's."""
        return self.log.stem

    @property
    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return not self.killed and self._leader.poll() is not None

    def terminate(self) -> None:
        """Ask it to end."""
        self._leader.terminate()

    def wait(self, seconds: float) -> int | None:
        """Wait for its end, and return its exit status; None when it did not end in time."""
        with suppress(subprocess.TimeoutExpired):
            return self._leader.wait(seconds)
        return None

    def kill(self) -> int:
        """Kill all of it, and return how many processes that were."""
        killed: set[int] = set()
        for _ in range(50):  # it may start one meanwhile
            found = self._processes()
            killed |= found
            for process in found:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            if not found:
                break
            time.sleep(0.1)
        self.wait(5)
        self.killed = True
        return len(killed)

    def _processes(self) -> set[int]:
        return {process for process in psutil.pids() if self._is_of_it(process)}

    def _is_of_it(self, process: int) -> bool:
        with suppress(OSError, psutil.Error):
            of_it = os.getsid(process) == self._leader.pid
            return of_it and psutil.Process(process).status() != psutil.STATUS_ZOMBIE
        return False
