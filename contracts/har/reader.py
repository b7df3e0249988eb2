"""A HAR file, read as a trace."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Raw, Struct

from contracts.har import document
from contracts.har.document import Document, Exchange
from contracts.har.errors import HarError
from contracts.har.hosts import none_asked
from contracts.har.requests import Recorded, Recording, exchanged
from contracts.trace import Numbered
from mockserver.journal import Answer, Arrival, Began, Ended, Entry, Header, Perturbed, Returned

MAX_BYTES = 256 << 20
"""Longest HAR file, in bytes."""


class OwnPage(Struct):
    """What dayfly adds to a page: the trace's header, and its entries that are no requests."""

    header: Header
    entries: list[Began | Ended | Perturbed] = []


class OwnExchange(Struct):
    """What dayfly adds to an entry: the trace's own entries for it."""

    arrival: Arrival
    answer: Answer | None = None
    returned: Returned | None = None


class Reading(NamedTuple):
    """The trace in a recording, its header first, and in words of how many of a HAR file's entries it is made."""

    trace: list[Entry]
    extent: str = ""


def read(raw: bytes, source: str = "HAR", page: str | None = None) -> list[Entry]:
    """The trace alone of what `reading` tells."""
    return reading(raw, source, page).trace


def reading(raw: bytes, source: str = "HAR", page: str | None = None) -> Reading:
    """A HAR file, read; of a file with several of dayfly's own traces, the one on `page`.

    Only requests to the platform are read: to hosts that are asked for one of its operations. Raises HarError.
    """
    if len(raw) > MAX_BYTES:
        raise HarError(source, None, f"longer than {MAX_BYTES} bytes")
    archive = document.decode(raw, source)
    own = {page.id: page.own for page in archive.pages if len(page.own)}
    if own:
        name, extra = _chosen(own, source, page)
        return _own_trace(archive, name, extra, source)
    exchanges = [exchanged(exchange, source, number) for number, exchange in _of_page(archive, source, page)]
    recording = Recording(exchanges)
    trace = [Header(source=archive.creator or "HAR"), *_recorded(recording)]
    extent = _extent(len(recording.kept), len(exchanges), Counter(one.host for one in exchanges))
    lacking = sum(one.lacks_body for one in recording.kept)
    return Reading(trace, f"{extent}; the bodies of {lacking} of them were not recorded" if lacking else extent)


def _extent(requests: int, entries: int, hosts: Counter[str]) -> str:
    if not requests:
        return f"nothing was read: {none_asked(entries, hosts)}"
    return f"read as requests to the platform: {requests} of its {entries} entries"


def _chosen(own: dict[str, Raw], source: str, page: str | None) -> tuple[str, Raw]:
    if page is None and len(own) > 1:
        raise HarError(source, None, f"it holds {len(own)} recordings; name one: {source}#{next(iter(own))} ({', '.join(own)})")
    name = next(iter(own)) if page is None else page
    if name not in own:
        raise HarError(source, None, f"it holds no recording {name!r}, but {', '.join(own)}")
    return name, own[name]


def _of_page(archive: Document, source: str, page: str | None) -> list[tuple[int, Exchange]]:
    """The numbered entries, all or those of one page."""
    names = [known.id for known in archive.pages]
    if page is not None and page not in names:
        raise HarError(source, None, f"it has no page {page!r}, but {', '.join(names) or 'none at all'}")
    numbered = enumerate(archive.exchanges, start=1)
    return [(number, exchange) for number, exchange in numbered if page is None or exchange.pageref == page]


def _own_trace(archive: Document, name: str, extra: Raw, source: str) -> Reading:
    """A trace as it was before dayfly wrote it."""
    page: OwnPage = document.part(extra, OwnPage, source, None)
    entries: list[Numbered] = list(page.entries)
    exchanges = [(number, one) for number, one in enumerate(archive.exchanges, start=1) if one.pageref == name]
    for number, exchange in exchanges:
        if len(exchange.own):
            own: OwnExchange = document.part(exchange.own, OwnExchange, source, number)
            entries += [entry for entry in (own.arrival, own.answer, own.returned) if entry is not None]
    requests = sum(isinstance(entry, Arrival) for entry in entries)
    trace = [page.header, *sorted(entries, key=lambda entry: entry.seq)]
    return Reading(trace, _extent(requests, len(exchanges), Counter()))


class _Event(NamedTuple):
    """Half of an exchange: at the same millisecond, the one that stands first in the recording comes first."""

    at: int
    place: int
    is_return: bool


def _recorded(recording: Recording) -> Iterator[Numbered]:
    """The entries of a trace, in order of time."""
    events = [_Event(_left_at(one), place, False) for place, one in enumerate(recording.kept)]
    events += [_Event(_returned_at(one), place, True) for place, one in enumerate(recording.kept)]
    for seq, event in enumerate(sorted(events), start=1):
        one = recording.kept[event.place]
        yield recording.return_of(one, seq, event.at) if event.is_return else recording.arrival_of(one, seq, event.at)


def _left_at(one: Recorded) -> int:
    return math.ceil(one.left)


def _returned_at(one: Recorded) -> int:
    """Rounded away from the next request: a recording's clock must not make a client look hastier than it was."""
    return max(_left_at(one), math.floor(one.returned))
