"""Bodies in gzip, unpacked within limits. Other encodings are refused.

A few kilobytes can stand for gigabytes. So a body is unpacked in pieces, and at first only its beginning is kept. The whole is
unpacked when it is known that the policy accepts that many bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

from msgspec.structs import replace

from mockserver.wire.message import ENCODING, MAX_READ, Request

GZIP = frozenset({"gzip", "x-gzip"})
PLAIN = frozenset({"", "identity"})

PIECE = 64 << 10
"""The most bytes that are unpacked at a time."""

GIVEN = 4 << 10
"""Bytes that are fed in at a time. The rest of them is copied for each piece that comes out."""

_WITH_GZIP_HEADER = 16 + zlib.MAX_WBITS


class Unpacked(NamedTuple):
    """The beginning and the size of an unpacked body. A size above the limit is given as the limit plus one.

    `problem` is why it cannot be unpacked.
    """

    beginning: bytes
    size: int
    problem: str = ""


def encoding_of(request: Request) -> str | None:
    """Return the Content-Encoding in lower case, None if the body is not encoded."""
    for name, value in request.others:
        if name == ENCODING:
            encoding = value.strip().lower()
            return None if encoding in PLAIN else encoding
    return None


def opened(request: Request, most: int, takes: Callable[[], int]) -> Unpacked:
    """Unpack a gzip body as far as needed, and keep up to `most` bytes of its beginning.

    `takes` returns how many bytes are needed at all. It is called for a body with more than `most`.
    """
    kept, size, bound = bytearray(), 0, most
    try:
        for piece in _pieces(request.body):
            size += len(piece)
            kept += piece[: most - len(kept)]
            if size > bound:
                bound = max(takes(), most) if bound == most else bound
                if size > bound:
                    return Unpacked(bytes(kept), bound + 1)
    except (zlib.error, EOFError) as error:
        return Unpacked(bytes(kept), size, f"The body is not gzip as its Content-Encoding says: {error}.")
    return Unpacked(bytes(kept), size)


def whole(request: Request) -> Request:
    """Return the request with its body unpacked, up to MAX_READ bytes."""
    body = bytearray()
    with suppress(zlib.error, EOFError):  # it was valid when it was first read, unless a policy has changed since
        for piece in _pieces(request.body):
            body += piece
            if len(body) > MAX_READ:
                break
    return replace(request, body=bytes(body[:MAX_READ]), size=len(body))


def _pieces(packed: bytes) -> Iterator[bytes]:
    """Yield the unpacked body in pieces. Raises zlib.error if it is not gzip, EOFError if it ends too early or too late."""
    unpacker, taken = zlib.decompressobj(_WITH_GZIP_HEADER), 0
    while taken < len(packed) and not unpacker.eof:
        given = packed[taken : taken + GIVEN]
        taken += len(given)
        while piece := unpacker.decompress(given, PIECE):
            given = unpacker.unconsumed_tail
            yield piece
    if not unpacker.eof:
        raise EOFError("it ends too early")
    if unpacker.unused_data or taken < len(packed):
        raise EOFError("something follows after its end")
