"""``Sandbox``: an embedded Reach with a front door for tests."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from airflow_provider_reach.sandbox.api.control import Control
from airflow_provider_reach.sandbox.api.operations import Api
from airflow_provider_reach.sandbox.http.faults import Fault, Faults
from airflow_provider_reach.sandbox.http.server import HOST, ApiServer
from airflow_provider_reach.sandbox.http.wire import RecordedRequest, Wire
from airflow_provider_reach.sandbox.service.courier import Courier, failure_of
from airflow_provider_reach.sandbox.service.events import EVENT_TYPES
from airflow_provider_reach.sandbox.service.model import Batch, PostResult, Webhook
from airflow_provider_reach.sandbox.service.simulation import Simulation
from airflow_provider_reach.sandbox.service.switches import Switches
from airflow_provider_reach.sandbox.targets import Target, Targets


class Sandbox:
    """
    A Reach of your own: the API on a free loopback port, real deliveries, simulated time.

    Use it in a ``with`` statement, which ends every thread and closes every socket.

    :param switches: how to behave where the documentation leaves it open.
    :param start: the simulated time at the start, with a time zone; None: the real time.
    :param target_timeout: real seconds a target has to answer, instead of the service's ten.
    :param clock_offset: how far the service's own clock (``Date``, ``ts`` and so on) is ahead of the simulated time.
    :param batch_size: the maximum number of events in a batch.
    :param latency: real seconds that the API takes for each answer; the attribute of this name can be set at any time.
    :param api_key: the key that is allowed everything; None: a random one.
    :param workspace_id: the workspace, a UUID; None: a random one.
    :param port: the API's port; 0: any free one.
    :raises ValueError: ``start`` has no time zone, or ``latency`` is negative.
    """

    def __init__(
        self,
        *,
        switches: Switches | None = None,
        start: datetime | None = None,
        target_timeout: float = 0.3,
        clock_offset: timedelta = timedelta(0),
        batch_size: int = 1000,
        latency: float = 0,
        api_key: str | None = None,
        workspace_id: str | None = None,
        port: int = 0,
    ) -> None:
        if latency < 0:
            raise ValueError(f"latency={latency}: at least 0")
        self.latency = latency
        self.switches = switches or Switches()
        self.api_key = api_key or f"sandbox-{secrets.token_hex(16)}"
        self.limited_key = f"limited-{secrets.token_hex(16)}"
        self.workspace_id = workspace_id or str(uuid4())
        self._port = port
        self._courier = Courier(target_timeout, self.switches.delivered_by)
        self._simulation = Simulation(
            self._courier.deliver,
            start or datetime.now(timezone.utc),
            batch_size,
            self.switches.retry_schedule,
        )
        self._faults = Faults()
        self._targets = Targets(late=2 * target_timeout, clock=lambda: self.now)
        self._control = Control(self._simulation, self._targets)
        self._wire = self._make_wire(clock_offset)
        self._running = ExitStack()

    def _make_wire(self, clock_offset: timedelta) -> Wire:
        api = Api(
            simulation=self._simulation,
            courier=self._courier,
            switches=self.switches,
            workspace_id=self.workspace_id,
            api_key=self.api_key,
            limited_key=self.limited_key,
            clock_offset=clock_offset,
        )
        return Wire(
            api=api.application(),
            control=self._control.application(),
            faults=self._faults,
            clock=lambda: self.now,
            service_clock=lambda: self.now + clock_offset,
            latency=lambda: self.latency,
        )

    def __enter__(self) -> Sandbox:
        server = ApiServer(self._wire, self._port)
        self._port = server.port
        self._running.callback(server.stop)
        self._running.callback(self._simulation.stop)
        return self

    def __exit__(self, *exception: object) -> None:
        self._running.close()
        self._targets.close()

    @property
    def root_url(self) -> str:
        """The server itself."""
        return f"http://{HOST}:{self._port}"

    @property
    def control_url(self) -> str:
        """The control API: POST ``/advance``, ``/targets/NAME`` or ``/webhooks/ID/send`` below it; GET ``/state``."""
        return f"{self.root_url}/sandbox"

    @property
    def base_url(self) -> str:
        """The API's base URL, what a connection calls its host."""
        return f"{self.root_url}/api"

    @property
    def now(self) -> datetime:
        """The simulated time, UTC; it stands still between advances."""
        return self._simulation.now

    @property
    def connection(self) -> dict[str, Any]:
        """An Airflow connection to this sandbox, as a dict."""
        return {
            "conn_type": "reach",
            "host": self.base_url,
            "password": self.api_key,
            "extra": {"workspace_id": self.workspace_id},
        }

    @property
    def connection_json(self) -> str:
        """The same as JSON, for ``AIRFLOW_CONN_REACH_DEFAULT``."""
        return json.dumps(self.connection)

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that make this sandbox Airflow's ``reach_default``, whatever its secrets backend."""
        return {
            "AIRFLOW_CONN_REACH_DEFAULT": self.connection_json,
            "AIRFLOW__SECRETS__BACKEND": "",
            "AIRFLOW__WORKERS__SECRETS_BACKEND": "",
        }

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every request that the API received, oldest first."""
        return list(self._wire.requests)

    def forget_requests(self) -> None:
        """Empty ``requests``."""
        self._wire.requests.clear()

    def target(self, name: str) -> Target:
        """The built-in target of that name; the first call makes it."""
        return self._targets[name]

    def add_webhook(
        self,
        name: str,
        *,
        target: str,
        events: Sequence[str] | None = None,
        active: bool = True,
        auth_type: str = "none",
        auth_credentials: Mapping[str, Any] | None = None,
        auth_request_details: Mapping[str, Any] | None = None,
        custom_headers: Mapping[str, str] | None = None,
    ) -> str:
        """
        Make a webhook in the service itself: no API call, no test POST; it takes events at once.

        :param target: the URL to POST batches to.
        :param events: the event types it wants; None: all.
        :return: its id.
        """
        webhook = Webhook(
            id=str(uuid4()),
            name=name,
            target=target,
            events=EVENT_TYPES if events is None else tuple(events),
            ready_at=self.now,
            active=active,
            auth_type=auth_type,
            auth_credentials=auth_credentials or {},
            auth_request_details=auth_request_details or {},
            custom_headers=custom_headers or {},
        )
        self._simulation.add(webhook)
        return webhook.id

    def update_webhook(self, webhook_id: str, **changes: Any) -> None:
        """
        Change a webhook as if somebody else did it by hand: no API call, no test POST.

        :param changes: fields as in ``add_webhook``.
        :raises LookupError: there is no such webhook.
        :raises TypeError: a webhook has no such field.
        """
        self._simulation.change(webhook_id, **changes)

    def delete_webhook(self, webhook_id: str) -> None:
        """
        Delete a webhook as if somebody else did it by hand; its queued batches still go out.

        :raises LookupError: there is no such webhook.
        """
        self._simulation.remove(webhook_id)

    def send(self, webhook_id: str, events: int | Iterable[dict[str, Any]]) -> list[str]:
        """
        Make events happen now: they are batched, and every batch is POSTed for the first time.

        :param events: how many to make up; or the events, as ``{"type": "bounce", …}``, whose other fields are made up,
            or complete (``{"msys": …}``). Types that the webhook did not ask for are left out.
        :return: the batch ids; empty if the webhook is inactive, or was created through the API less than a minute ago.
        :raises LookupError: there is no such webhook.
        """
        return self._simulation.send(webhook_id, events)

    def add_past_batch(self, webhook_id: str, created: datetime, status: int = 200, events: int = 1) -> str:
        """
        Make a batch of the past in the service itself: nothing is POSTed until its next retry is due.

        :param created: when it was made, with a time zone.
        :param status: what the target answered to each of its attempts up to now.
        :param events: how many to make up.
        :return: its id.
        :raises LookupError: there is no such webhook.
        :raises ValueError: ``created`` has no time zone, or is in the future.
        """
        answer = PostResult(latency=1, status=status, failure=failure_of(status, self.switches.delivered_by))
        return self._simulation.add_past_batch(webhook_id, created, answer, events)

    def traffic(self, webhook_id: str, batches_per_hour: float, events_per_batch: int = 50) -> None:
        """
        Make batches at regular intervals as time advances; this replaces an earlier rate.

        :param batches_per_hour: 0 stops the traffic.
        :raises ValueError: it is negative.
        :raises LookupError: there is no such webhook.
        """
        if batches_per_hour < 0:
            raise ValueError(f"batches_per_hour={batches_per_hour}: at least 0")
        interval = timedelta(hours=1) / batches_per_hour if batches_per_hour else None
        self._simulation.set_traffic(webhook_id, interval, events_per_batch)

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """
        Let simulated time pass: traffic, retries and discards happen in order, without real waiting.

        :raises ValueError: the sum is negative.
        """
        self._simulation.advance(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))

    def advance_to(self, moment: datetime) -> None:
        """
        Let simulated time pass until a moment.

        :raises ValueError: the moment has no time zone, or is in the past.
        """
        self._simulation.advance_to(moment)

    def fail(self, fault: Fault, on: str = "any", times: int | None = 1, webhook_id: str | None = None) -> None:
        """
        Make the API misbehave; several faults happen in the order in which they were set.

        :param on: ``list``, ``create``, ``retrieve``, ``update``, ``delete``, ``validate``, ``batch_status``
            or ``any``.
        :param times: how many requests of that operation; None: all until ``heal``.
        :param webhook_id: only requests about this webhook, which may be deleted by now; None: all.
        :raises LookupError: there never was such a webhook.
        :raises ValueError: there is no such operation, or it is about no one webhook, or ``times`` is below 1.
        """
        if webhook_id is not None:
            self._simulation.batches(webhook_id)
        self._faults.add(fault, on, times, webhook_id)

    def heal(self) -> None:
        """End every fault of the API."""
        self._faults.clear()

    def batches(self, webhook_id: str) -> list[Batch]:
        """
        The truth about every batch that a webhook ever made, oldest first, even of a deleted webhook.

        :raises LookupError: there never was such a webhook.
        """
        return self._simulation.batches(webhook_id)

    def state(self) -> dict[str, Any]:
        """The simulated time, the webhooks with their batches counted, and what the targets do."""
        return self._control.state()
