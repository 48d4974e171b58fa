"""The API's server: uvicorn's HTTP protocol in its own thread and event loop."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

HOST = "127.0.0.1"
_BACKLOG = 2048
_WORKERS = 32  # How many POSTs to targets may wait for an answer at once.
_BREATH = 0.002


class _Protocol(H11Protocol):
    """Lets the application reach the connection, to reset it or to break off."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class ApiServer:
    """
    Serves an ASGI application on loopback until stopped.

    It uses uvicorn's protocol, not its ``Server``, which checks only every tenth of a second whether to stop: too slow
    for thousands of tests.

    :param app: the application.
    :param port: the port; 0: any free one.
    :raises OSError: the port is taken.
    """

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._socket = socket.create_server((HOST, port))
        # Every connection inherits it; asyncio sets it only on sockets that it makes itself.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = int(self._socket.getsockname()[1])
        self._state = ServerState()
        self._config = uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            date_header=False,
            server_header=False,
        )
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(_WORKERS, thread_name_prefix="reach-sandbox-post"))
        self._thread = threading.Thread(target=self._loop.run_forever, name="reach-sandbox-api", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    def stop(self) -> None:
        """Drop every connection, wait for requests in progress, and end the thread."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> asyncio.Server:
        protocol = partial(_Protocol, self._config, self._state, {})
        return await self._loop.create_server(protocol, sock=self._socket, backlog=_BACKLOG)

    async def _close(self) -> None:
        # First, accept nobody new: a connection made while the server closes would stay open, and busy clients
        # could keep it from ever closing.
        self._loop.remove_reader(self._socket)
        while self._state.connections or len(asyncio.all_tasks()) > 1:
            for connection in list(self._state.connections):
                connection.transport.abort()
            await asyncio.sleep(_BREATH)
        self._server.close()
        await self._loop.shutdown_default_executor()
