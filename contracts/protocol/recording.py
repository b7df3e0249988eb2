"""Reads a HAR file as a trace of a declared platform's client.

The mock was not involved, and the client's units of work are unknown, so clauses about units are not judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor
from typing import BinaryIO, NamedTuple

from contracts.har import bodies, document
from contracts.har.bodies import Attached
from contracts.har.kinds import HarError
from contracts.har.stream import pieces
from contracts.protocol.trace import DeclaredTrace, TraceExchange
from contracts.protocol.wire import operation_of
from mockserver.platform.message import HttpMessage
from mockserver.platform.model import Platform

MOST_ENTRIES = 100_000
"""The most requests that are judged at once."""

TIE = 1e-4
"""Milliseconds added per entry, so that entries with the same stamp keep the order of the file."""


ORIGIN = 1_700_000_000_000
"""Places count from here."""


class Reading(NamedTuple):
    """A recording as a trace of a platform's client, and how many of its `entries` are `calls` of the platform.

    `skipped` has the reasons for entries that cannot be read. `unsound` are clauses that it cannot show
    broken, with the reason.
    """

    platform: Platform
    trace: DeclaredTrace
    calls: int
    entries: int
    skipped: Sequence[str] = ()
    unsound: Mapping[str, str] = {}

    @property
    def extent(self) -> str:
        """The part of the recording that was judged, as text."""
        left = f"; skipped: {'; '.join(self.skipped[:3])}" if self.skipped else ""
        return f"{self.calls} of {self.entries} entries are calls of this platform{left}"


def read(file: BinaryIO, source: str, attached: Attached, platform: Platform) -> Reading:
    """Read an unpacked HAR file. Raises HarError."""
    exchanges: list[TraceExchange] = []
    entries, skipped = 0, list[str]()
    for piece in pieces(file, source):
        if piece.name != "entries" or piece.number is None:
            continue
        entries += 1
        if len(exchanges) >= MOST_ENTRIES:
            problem = f"there are more than {MOST_ENTRIES} calls, which is more than can be judged at once"
            raise HarError(source, piece.number, problem)
        try:
            exchange = None if piece.raw is None else _exchange(piece.raw, piece.number, attached, platform)
        except ValueError as error:
            skipped.append(f"entry {piece.number}: {error}")
            continue
        if exchange is not None:
            exchanges.append(exchange)
    exchanges.sort(key=lambda exchange: exchange.left)
    for number, exchange in enumerate(exchanges, 1):
        exchange.number = number
    return Reading(platform, DeclaredTrace(exchanges=exchanges, whole=False, sharp=False), len(exchanges), entries, skipped)


def _exchange(raw: bytes, number: int, attached: Attached, platform: Platform) -> TraceExchange | None:
    """Return the entry, None if it is not a call of the platform. Raises ValueError."""
    outline = document.outline(raw)
    if not outline.url.startswith(("http://", "https://")):
        return None
    entry = document.exchange(raw)
    path, query = entry.url.path or "/", entry.url.query
    body = bodies.of_request(entry.sent, attached).data or b""
    headers = list(entry.sent_headers.items())
    if operation_of(platform, HttpMessage(entry.method, path, query, headers, body)) is None:
        return None
    left, returned = entry.began + entry.waited, floor(entry.began + entry.took)
    place = left - ORIGIN + number * TIE
    answered = entry.status is not None and not entry.cached
    return TraceExchange(
        number=number,
        entry=number,
        method=entry.method,
        path=path,
        query=query,
        headers=headers,
        body=body,
        left=place,
        left_at=round(left),
        returned=max(place + TIE / 2, returned - ORIGIN - TIE),
        returned_at=round(returned),
        status=entry.status if answered else None,
        answer_headers=list(entry.headers.items()),
        answer_body=bodies.of_response(entry.got, attached).data or b"",
        accepted=answered and entry.status is not None and 200 <= entry.status < 300,
    )
