"""An answer's body, unpacked as it comes in and within bounds: a few kilobytes may hold gigabytes."""

from __future__ import annotations

import zlib
from typing import Any

ACCEPTED = "gzip, deflate"
"""What an answer may be packed with, as ``Accept-Encoding`` says it."""


class Body:
    """
    What has come of a body.

    :param packed_with: What ``Content-Encoding`` says; empty where it says nothing.
    :param most: Bytes at the most, packed and unpacked.
    """

    def __init__(self, packed_with: str, most: int) -> None:
        self._packed_with = packed_with.strip().lower()
        self._most = most
        self._received = self._size = 0
        self._pieces: list[bytes] = []
        self._unpacker: Any = None

    @property
    def too_large(self) -> bool:
        """Whether it passes the bound, so that no more of it is wanted."""
        return max(self._received, self._size) > self._most

    def add(self, piece: bytes) -> None:
        """
        Take the next piece.

        :param piece: As it came in, not empty.
        :raises ValueError: when it cannot be unpacked, or was packed in a way that was not accepted; in two ways at
            once too, since each may multiply by a thousand.
        """
        self._received += len(piece)
        if self._packed_with in ("", "identity"):
            self._keep(piece)
        elif self._packed_with in ("gzip", "x-gzip", "deflate"):
            self._unpack(piece)
        else:
            raise ValueError("it is packed in a way that was not asked for")

    def whole(self) -> bytes:
        """
        All of it; of one that is too large, the beginning.

        :raises ValueError: when what it is packed in has not ended.
        """
        if self.too_large:
            return self._pieces[0] if self._pieces else b""
        if self._unpacker and not self._unpacker.eof:
            raise ValueError("it ends before it can be unpacked")
        return b"".join(self._pieces)

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        self._pieces.append(piece)

    def _unpack(self, packed: bytes) -> None:
        while packed and not self.too_large:
            if self._unpacker is None or self._unpacker.eof:  # gzip may be several, one after the other
                self._unpacker = zlib.decompressobj(self._window(packed[0]))
            try:
                piece = self._unpacker.decompress(packed, self._most - self._size + 1)
            except zlib.error as error:
                raise ValueError(f"it cannot be unpacked: {error}") from None
            if piece:
                self._keep(piece)
            packed = self._unpacker.unused_data

    def _window(self, first: int) -> int:
        """What zlib calls the way of packing; of *deflate* there are two in use, with a header and without."""
        if self._packed_with != "deflate":
            return 16 + zlib.MAX_WBITS
        return zlib.MAX_WBITS if first & 0x0F == 8 else -zlib.MAX_WBITS
