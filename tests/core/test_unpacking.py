from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from airflow_provider_reach.core.unpacking import Body

TEXT = b'{"results": []}'
BARE_DEFLATE = zlib.compress(TEXT)[2:-4]


def unpacked(packed: bytes, packed_with: str, most: int = 1000, piece: int = 1) -> Body:
    body = Body(packed_with, most)
    for start in range(0, len(packed), piece):
        body.add(packed[start : start + piece])
    return body


@pytest.mark.parametrize("piece", [1, 1000])
@pytest.mark.parametrize(
    ("packed", "packed_with"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), " GZIP "),
        (gzip.compress(TEXT), "x-gzip"),
        (gzip.compress(TEXT[:5]) + gzip.compress(TEXT[5:]), "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (BARE_DEFLATE, "deflate"),
    ],
)
def test_whole(packed: bytes, packed_with: str, piece: int) -> None:
    body = unpacked(packed, packed_with, piece=piece)

    assert body.whole() == TEXT
    assert not body.too_large


@pytest.mark.parametrize("packed_with", ["", "gzip", "deflate", "br", "gzip, gzip"])
def test_nothing(packed_with: str) -> None:
    assert Body(packed_with, 1000).whole() == b""


@pytest.mark.parametrize("packed_with", ["br", "zstd", "gzip, gzip", "gzip,deflate", "x-unknown"])
def test_packed_in_a_way_that_was_not_asked_for(packed_with: str) -> None:
    body = Body(packed_with, 1000)
    with pytest.raises(ValueError, match="not asked for"):
        body.add(TEXT)


@pytest.mark.parametrize("packed_with", ["gzip", "deflate"])
def test_packed_in_no_way_at_all(packed_with: str) -> None:
    with pytest.raises(ValueError, match="cannot be unpacked: Error"):
        unpacked(TEXT, packed_with, piece=1000)


def test_something_else_behind_it() -> None:
    with pytest.raises(ValueError, match="cannot be unpacked"):
        unpacked(gzip.compress(TEXT) + b"more", "gzip")


@pytest.mark.parametrize(("packed", "packed_with"), [(gzip.compress(TEXT), "gzip"), (zlib.compress(TEXT), "deflate")])
def test_it_breaks_off(packed: bytes, packed_with: str) -> None:
    for end in range(1, len(packed)):
        with pytest.raises(ValueError, match="it ends before it can be unpacked"):
            unpacked(packed[:end], packed_with).whole()


def test_the_bound_itself_may_be_reached() -> None:
    for packed, packed_with in ((b" " * 1000, ""), (gzip.compress(b" " * 1000), "gzip")):
        assert unpacked(packed, packed_with, most=1000, piece=5000).whole() == b" " * 1000
        assert unpacked(packed, packed_with, most=999, piece=5000).too_large


def test_of_one_that_is_too_large_the_beginning_is_there() -> None:
    body = unpacked(b"<html>" + b" " * 2000, "", piece=100)

    assert body.too_large
    assert body.whole().startswith(b"<html>")


def test_what_unpacks_to_nothing_is_bounded_too() -> None:
    body = unpacked(gzip.compress(b"") * 100, "gzip", piece=100)

    assert body.too_large
    assert body.whole() == b""


def test_a_bomb_is_not_unpacked() -> None:
    packed = gzip.compress(bytes(100_000_000))
    tracemalloc.start()
    try:
        body = unpacked(packed, "gzip", most=1_000_000, piece=len(packed))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert body.too_large
    assert peak < 10_000_000


@pytest.mark.parametrize(("packed", "packed_with"), [(b" " * 1000, ""), (gzip.compress(b" " * 1000), "gzip")])
def test_what_reaches_the_bound_in_pieces_is_whole(packed: bytes, packed_with: str) -> None:
    body = unpacked(packed, packed_with)

    assert not body.too_large
    assert body.whole() == b" " * 1000


def test_several_parts_are_bounded_together() -> None:
    assert unpacked(gzip.compress(b" " * 600) * 2, "gzip", piece=1000).too_large


def test_packed_in_another_way_than_it_says() -> None:
    with pytest.raises(ValueError, match="cannot be unpacked"):
        unpacked(zlib.compress(TEXT), "gzip")
