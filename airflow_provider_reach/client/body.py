"""An answer's body, unpacked as it comes in and within bounds: a few kilobytes may expand to gigabytes."""

from __future__ import annotations

import re
import zlib
from typing import Any

_CODINGS = re.compile(r"[\w.+-]{1,20}(?: ?, ?[\w.+-]{1,20}){0,3}", re.ASCII)


class Body:
    """
    A body as far as it has come in.

    :param packed_with: The ``Content-Encoding``; empty where there is none.
    :param most: The most bytes, both packed and unpacked.
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
        """Whether to read on: it is not too large, and nothing is known that makes it unreadable."""
        return not (self.too_large or self._problem)

    @property
    def unreadable(self) -> str:
        """Once it has come in, why it cannot be read; empty where it can."""
        if self.is_wanted and self._unpacker and not self._unpacker.eof:
            return f"its body is packed with {self._packed_with} and ends before it can be unpacked"
        return self._problem

    @property
    def too_large(self) -> bool:
        """Whether it is larger than the bound."""
        return max(self._received, self._size) > self._most

    def add(self, piece: bytes) -> None:
        """
        Take the next piece. A body that is packed twice is not read: each packing may multiply it by a thousand.

        :param piece: The piece as it came in; not empty.
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
        """Note that it ends too early."""
        self._problem = self._problem or "its body breaks off"

    def whole(self) -> bytes:
        """The whole body, or the beginning of one that is too large or cannot be read."""
        if self.too_large or self.unreadable:
            return self._pieces[0] if self._pieces else b""
        return b"".join(self._pieces)

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        self._pieces.append(piece)

    def _unpack(self, packed: bytes) -> None:
        while packed and self.is_wanted:
            if self._unpacker is None or self._unpacker.eof:  # gzip may have several members
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
        """The format, as zlib numbers it; two kinds of *deflate* are in use, with and without a header."""
        if self._packed_with != "deflate":
            return 16 + zlib.MAX_WBITS
        return zlib.MAX_WBITS if first & 0x0F == 8 else -zlib.MAX_WBITS
