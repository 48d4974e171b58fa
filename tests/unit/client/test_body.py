from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from airflow_provider_reach.client.body import Body

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
        (gzip.compress(TEXT, mtime=0), "gzip"),
        (gzip.compress(TEXT, mtime=0), " GZIP "),
        (gzip.compress(TEXT, mtime=0), "x-gzip"),
        (gzip.compress(TEXT[:5], mtime=0) + gzip.compress(TEXT[5:], mtime=0), "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (BARE_DEFLATE, "deflate"),
    ],
)
def test_whole(packed: bytes, packed_with: str, piece: int) -> None:
    body = unpacked(packed, packed_with, piece=piece)

    assert body.whole() == TEXT
    assert not body.too_large
    assert body.unreadable == ""


@pytest.mark.parametrize("packed_with", ["", "gzip", "deflate", "br", "gzip, gzip"])
def test_nothing(packed_with: str) -> None:
    assert Body(packed_with, 1000).whole() == b""


@pytest.mark.parametrize("packed_with", ["br", "zstd", "gzip, gzip", "gzip,deflate", "x-unknown"])
def test_packed_in_a_way_that_was_not_asked_for(packed_with: str) -> None:
    body = unpacked(TEXT, packed_with, piece=1000)

    assert body.unreadable == f"its body is packed with {packed_with}, which was not asked for, and cannot be read"
    assert (body.whole(), body.is_wanted, body.too_large) == (b"", False, False)


@pytest.mark.parametrize("packed_with", ["\x1b[2J", "x" * 21, "br, " * 5 + "br", "a b", "\u0435"])
def test_packed_in_what_has_no_name(packed_with: str) -> None:
    assert " packed with what has no proper name, which " in unpacked(TEXT, packed_with, piece=1000).unreadable


@pytest.mark.parametrize("packed_with", ["gzip", "deflate"])
def test_packed_in_no_way_at_all(packed_with: str) -> None:
    body = unpacked(TEXT, packed_with, piece=1000)

    assert body.unreadable.startswith(f"its body is packed with {packed_with} and cannot be unpacked: Error")
    assert not body.is_wanted


def test_something_else_behind_it() -> None:
    body = unpacked(gzip.compress(TEXT, mtime=0) + b"more", "gzip")

    assert "cannot be unpacked" in body.unreadable
    assert TEXT.startswith(body.whole())


@pytest.mark.parametrize(
    ("packed", "packed_with"), [(gzip.compress(TEXT, mtime=0), "gzip"), (zlib.compress(TEXT), "deflate")]
)
def test_it_ends_too_early(packed: bytes, packed_with: str) -> None:
    for end in range(1, len(packed)):
        body = unpacked(packed[:end], packed_with)
        assert body.unreadable == f"its body is packed with {packed_with} and ends before it can be unpacked"
        assert TEXT.startswith(body.whole())


@pytest.mark.parametrize("packed_with", ["", "gzip", "br"])
def test_it_breaks_off(packed_with: str) -> None:
    body = unpacked(b"", packed_with)
    body.break_off()

    assert (body.unreadable, body.is_wanted, body.whole()) == ("its body breaks off", False, b"")


def test_it_breaks_off_after_it_could_not_be_read() -> None:
    body = unpacked(TEXT, "br", piece=1000)
    body.break_off()

    assert "packed with br" in body.unreadable


def test_the_bound_itself_may_be_reached() -> None:
    for packed, packed_with in ((b" " * 1000, ""), (gzip.compress(b" " * 1000, mtime=0), "gzip")):
        assert unpacked(packed, packed_with, most=1000, piece=5000).whole() == b" " * 1000
        assert unpacked(packed, packed_with, most=999, piece=5000).too_large


def test_of_one_that_is_too_large_the_beginning_is_there() -> None:
    body = unpacked(b"<html>" + b" " * 2000, "", piece=100)

    assert body.too_large
    assert body.whole() == b"<html>" + b" " * 94


def test_of_one_that_cannot_be_read_the_beginning_is_there() -> None:
    body = unpacked(TEXT, "", piece=2)
    body.break_off()

    assert body.whole() == b'{"'


def test_what_unpacks_to_nothing_is_bounded_too() -> None:
    body = unpacked(gzip.compress(b"", mtime=0) * 100, "gzip", piece=100)

    assert body.too_large
    assert body.whole() == b""


def test_a_bomb_is_not_unpacked() -> None:
    packed = gzip.compress(bytes(100_000_000), mtime=0)
    tracemalloc.start()
    try:
        body = unpacked(packed, "gzip", most=1_000_000, piece=len(packed))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert body.too_large
    assert peak < 10_000_000


@pytest.mark.parametrize(("packed", "packed_with"), [(b" " * 1000, ""), (gzip.compress(b" " * 1000, mtime=0), "gzip")])
def test_what_reaches_the_bound_in_pieces_is_whole(packed: bytes, packed_with: str) -> None:
    body = unpacked(packed, packed_with)

    assert not body.too_large
    assert body.whole() == b" " * 1000


def test_several_parts_are_bounded_together() -> None:
    assert unpacked(gzip.compress(b" " * 600, mtime=0) * 2, "gzip", piece=1000).too_large


def test_packed_in_another_way_than_it_says() -> None:
    assert "cannot be unpacked" in unpacked(zlib.compress(TEXT), "gzip").unreadable
