"""``python -m airflow_provider_reach.sandbox``: a Reach to point an Airflow at."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from airflow_provider_reach.sandbox.facade import Sandbox
from airflow_provider_reach.sandbox.scenes import health_scene

_TICK = 0.5
_Scene = Callable[..., AbstractContextManager[Sandbox]]
_SCENES: dict[str, _Scene] = {"health": health_scene, "empty": Sandbox}


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run a sandbox until Ctrl-C or SIGTERM.

    :param arguments: the command line; None: that of the process.
    :return: the exit status, 0.
    """
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _SCENES[options.scene](port=options.port) as reach:
            _say(_introduction(reach, options.speed))
            _let_time_flow(reach, options.speed)
    except KeyboardInterrupt:
        _say("The sandbox has ended.")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_reach.sandbox",
        description="An embedded Reach: the webhooks API on loopback, with targets to deliver to.",
    )
    parser.add_argument("--port", type=int, default=0, help="the API's port (default: any free one)")
    parser.add_argument("--speed", type=float, default=1, help="simulated seconds a real second (default: 1)")
    parser.add_argument("--scene", choices=_SCENES, default="health", help="what to begin with (default: health)")
    return parser


def _let_time_flow(reach: Sandbox, speed: float) -> None:
    before = time.monotonic()
    while True:
        time.sleep(_TICK)
        now = time.monotonic()
        reach.advance(seconds=(now - before) * speed)
        before = now


def _introduction(reach: Sandbox, speed: float) -> str:
    state = reach.state()
    targets_by_name = state["targets"]
    webhooks = [f"  {hook['name']:<12} {hook['id']}  to {hook['target']}" for hook in state["webhooks"]]
    targets = [f"  {name:<12} {does['url']}  {does['conduct']}" for name, does in targets_by_name.items()]
    some_target = next(reversed(targets_by_name), "orders")
    post = f"curl -X POST {reach.root_url}/sandbox"
    return "\n".join(
        [
            f"Reach sandbox: {reach.base_url}",
            f"Its time: {reach.now:%Y-%m-%d %H:%M} UTC, {speed:g} times as fast as real time. Ctrl-C ends it.",
            "",
            f"export AIRFLOW_CONN_REACH_DEFAULT={shlex.quote(reach.connection_json)}",
            "",
            "Webhooks:",
            *(webhooks or ["  none yet"]),
            "Targets:",
            *(targets or ["  none yet: the first order to one makes it and shows its URL (see below)"]),
            "",
            "Control it from another shell:",
            f"  curl {reach.root_url}/sandbox/state",
            f"  {post}/advance -d '{{\"hours\": 3}}'",
            f"  {post}/webhooks/WEBHOOK_ID/send -d '{{\"events\": 100}}'",
            f"  {post}/targets/{some_target} -d '{{\"answer\": 200}}'  # or any other status",
            f'  {post}/targets/{some_target} -d \'{{"do": "refuse"}}\'  # or hang, hang_up',
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
