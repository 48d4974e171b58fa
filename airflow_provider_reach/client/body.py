"""An answer's body, unpacked as it comes in and within bounds: a few kilobytes may hold gigabytes."""

from __future__ import annotations

import re
import zlib
from typing import Any

_CODINGS = re.compile(r"[\w.+-]{1,20}(?: ?, ?[\w.+-]{1,20}){0,3}", re.ASCII)


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
        self._problem = ""

    @property
    def is_wanted(self) -> bool:
        """Whether more of it is: it passes no bound, and nothing is known that keeps it from being read."""
        return not (self.too_large or self._problem)

    @property
    def unreadable(self) -> str:
        """Once it has come, why it cannot be read; empty where it can."""
        if self.is_wanted and self._unpacker and not self._unpacker.eof:
            return f"its body is packed with {self._packed_with} and ends before it can be unpacked"
        return self._problem

    @property
    def too_large(self) -> bool:
        """Whether it passes the bound, so that no more of it is wanted."""
        return max(self._received, self._size) > self._most

    def add(self, piece: bytes) -> None:
        """
        Take the next piece. One that is packed in two ways at once is not read: each may multiply by a thousand.

        :param piece: As it came in, not empty.
        """
        self._received += len(piece)
        if self._packed_with in ("", "identity"):
            self._keep(piece)
        elif self._packed_with in ("gzip", "x-gzip", "deflate"):
            self._unpack(piece)
        else:
            coding = self._packed_with if _CODINGS.fullmatch(self._packed_with) else "what has no proper name"
            self._problem = f"its body is packed with {coding}, which was not asked for, and cannot be read"

    def break_off(self) -> None:
        """No more of it comes, though there should."""
        self._problem = self._problem or "its body breaks off"

    def whole(self) -> bytes:
        """All of it; of one that is too large or cannot be read, the beginning."""
        if self.too_large or self.unreadable:
            return self._pieces[0] if self._pieces else b""
        return b"".join(self._pieces)

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        self._pieces.append(piece)

    def _unpack(self, packed: bytes) -> None:
        while packed and self.is_wanted:
            if self._unpacker is None or self._unpacker.eof:  # gzip may be several, one after the other
                self._unpacker = zlib.decompressobj(self._window(packed[0]))
            try:
                piece = self._unpacker.decompress(packed, self._most - self._size + 1)
            except zlib.error as error:
                self._problem = f"its body is packed with {self._packed_with} and cannot be unpacked: {error}"
                return
            if piece:
                self._keep(piece)
            packed = self._unpacker.unused_data

    def _window(self, first: int) -> int:
        """What zlib calls the way of packing; of *deflate* there are two in use, with a header and without."""
        if self._packed_with != "deflate":
            return 16 + zlib.MAX_WBITS
        return zlib.MAX_WBITS if first & 0x0F == 8 else -zlib.MAX_WBITS
