"""``python -m airflow_provider_reach.sandbox``: a Reach to point an Airflow at, or to run one command against."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

from airflow_provider_reach.sandbox.facade import Sandbox
from airflow_provider_reach.sandbox.scenes import health_scene, workspace_scene

_TICK = 0.5
_LONGEST_END = 5.0
_Scene = Callable[..., AbstractContextManager[Sandbox]]
_SCENES: dict[str, _Scene] = {
    "health": health_scene,
    "workspace": workspace_scene,
    "empty": partial(Sandbox, target_timeout=10),
}
_WEBHOOKS_SHOWN = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run a sandbox until Ctrl-C or SIGTERM, or as long as a command runs.

    :param arguments: the command line; None: the process's own.
    :return: the exit status: 0, or the command's.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = _parser()
    options = parser.parse_args(arguments)
    if "--" in arguments and not options.command:
        parser.error("a command must follow --")
    if options.webhooks and options.scene != "workspace":
        parser.error("--webhooks goes with --scene workspace")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _scene(options) as reach:
            if options.command:
                return _run(options.command, reach, options.speed)
            _say(_introduction(reach, options.speed))
            while True:
                _let_time_flow(reach, options.speed)
    except KeyboardInterrupt:
        if options.command:
            return 128 + signal.SIGINT
        _say("The sandbox has ended.")
    return 0


def _scene(options: argparse.Namespace) -> AbstractContextManager[Sandbox]:
    size = {"webhooks": options.webhooks} if options.webhooks else {}
    return _SCENES[options.scene](port=options.port, latency=options.latency, **size)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _amount(text: str) -> float:
    amount = float(text)
    if not 0 <= amount < float("inf"):
        raise ValueError
    return amount


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError
    return count


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_reach.sandbox",
        description="An embedded Reach: the webhooks API on loopback, with targets to deliver to.",
    )
    parser.add_argument("--port", type=int, default=0, help="the API's port (default: any free one)")
    parser.add_argument("--speed", type=_amount, default=1.0, help="simulated seconds per real second (default: 1)")
    parser.add_argument("--scene", choices=_SCENES, default="health", help="what it starts with (default: health)")
    parser.add_argument("--webhooks", type=_count, help="how many, with --scene workspace (default: 1000)")
    parser.add_argument("--latency", type=_amount, default=0.0, help="seconds that the API takes for each answer")
    parser.add_argument(
        "command",
        nargs="*",
        metavar="-- COMMAND",
        help="run this command and exit as it does; its AIRFLOW_CONN_REACH_DEFAULT is the sandbox, its REACH_SANDBOX "
        "the control URL",
    )
    return parser


def _run(command: Sequence[str], reach: Sandbox, speed: float) -> int:
    variables = {**reach.environment, "REACH_SANDBOX": reach.control_url}
    try:
        process = subprocess.Popen(command, env=os.environ | variables)  # noqa: S603 - what this is for
    except OSError as error:
        sys.stderr.write(f"The command could not be started: {error}\n")
        return 126 if isinstance(error, PermissionError) else 127
    try:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, partial(_hand_on, process))
        while process.poll() is None:
            _let_time_flow(reach, speed)
    finally:
        _end(process)
    return 128 - process.returncode if process.returncode < 0 else process.returncode


def _hand_on(process: subprocess.Popen[bytes], number: int, _: object) -> None:
    if number == signal.SIGINT and os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp():
        return  # a terminal's Ctrl-C reaches the command by itself
    process.send_signal(number)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command if it is still running."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_LONGEST_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _let_time_flow(reach: Sandbox, speed: float) -> None:
    before = time.monotonic()
    time.sleep(_TICK)
    reach.advance(seconds=(time.monotonic() - before) * speed)


def _introduction(reach: Sandbox, speed: float) -> str:
    state = reach.state()
    targets_by_name = state["targets"]
    hooks = state["webhooks"]
    webhooks = [f"  {hook['name']:<12} {hook['id']}  to {hook['target']}" for hook in hooks[:_WEBHOOKS_SHOWN]]
    if more := len(hooks) - len(webhooks):
        webhooks.append(f"  … and {more} more: curl {reach.control_url}/state")
    targets = [f"  {name:<12} {does['url']}  {does['conduct']}" for name, does in targets_by_name.items()]
    some_target = next(reversed(targets_by_name), "orders")
    post = f"curl -X POST {reach.control_url}"
    return "\n".join(
        [
            f"Reach sandbox: {reach.base_url}",
            f"Its time: {reach.now:%Y-%m-%d %H:%M} UTC, {speed:g} times as fast as real time. Ctrl-C ends it.",
            "",
            f"export {' '.join(f'{name}={shlex.quote(value)}' for name, value in reach.environment.items())}",
            "",
            "Webhooks:",
            *(webhooks or ["  none yet"]),
            "Targets:",
            *(targets or ["  none yet: the first command to a target makes it and shows its URL (see below)"]),
            "",
            "Control it from another shell:",
            f"  curl {reach.control_url}/state",
            f"  {post}/advance -d '{{\"hours\": 3}}'",
            f"  {post}/webhooks/WEBHOOK_ID/send -d '{{\"events\": 100}}'",
            f"  {post}/targets/{some_target} -d '{{\"answer\": 200}}'  # or any other status",
            f'  {post}/targets/{some_target} -d \'{{"do": "refuse"}}\'  # or hang, hang_up',
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
