"""Faults before any HTTP: no address, no connection, no TLS."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

from airflow_provider_reach.core.errors import ReachLostAnswerError, ReachUnreachableError
from evidence.faults.front import Greet, Play
from evidence.faults.right import Fault, Outcome

CONNECTION, TLS = "The connection", "TLS"
UNKNOWN_NAME = ".invalid"


def _unreachable(group: str, name: str, play: Play, *, slow: bool = False) -> Fault:
    return Fault(group, name, play, ReachUnreachableError, slow=slow, on_all=True)


def _certificate(shown: str, means: Outcome = ReachUnreachableError) -> Fault:
    return Fault(TLS, f"a certificate that is {shown}", Play(scheme="https", shows=shown), means, on_all=True)


def _says(answer: bytes) -> Greet:
    """Answers the first bytes of TLS, whatever they are."""

    def greet(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass

    return greet


def _hangs(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


def _drips(connection: socket.socket) -> None:
    connection.recv(65_536)
    with suppress(OSError):
        for byte in b"\x16\x03\x03\x40\x00" + bytes(10_000):
            connection.sendall(bytes([byte]))
            time.sleep(0.1)


def _closes(connection: socket.socket) -> None:
    connection.close()


FAULTS = [
    _unreachable(CONNECTION, "refused", Play(door="shut")),
    _unreachable(CONNECTION, "nobody takes it", Play(door="full"), slow=True),
    _unreachable(CONNECTION, "the host's name is not known", Play(host=UNKNOWN_NAME)),
    Fault(CONNECTION, "closed as soon as it is there", Play(greet=_closes), ReachLostAnswerError, on_all=True),
    Fault(TLS, "nothing wrong (the control)", Play(scheme="https"), None),
    _certificate("self-signed"),
    _certificate("of an unknown authority"),
    _certificate("expired"),
    _certificate("not yet valid"),
    _certificate("of another host"),
    _unreachable(TLS, "plain HTTP in its place", Play(scheme="https", greet=_says(b"HTTP/1.1 200 OK\r\n\r\n"))),
    _unreachable(TLS, "an alert in its place", Play(scheme="https", greet=_says(b"\x15\x03\x01\x00\x02\x02\x28"))),
    _unreachable(TLS, "the connection ends in the handshake", Play(scheme="https", greet=_says(b""))),
    _unreachable(TLS, "the handshake does not go on", Play(scheme="https", greet=_hangs), slow=True),
    _unreachable(TLS, "the handshake trickles", Play(scheme="https", greet=_drips), slow=True),
]
