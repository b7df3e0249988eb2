"""Reads a HAR file as a trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import BinaryIO, NamedTuple

from msgspec import UNSET, Struct

from contracts.har.archive import Archive
from contracts.har.bodies import Attached, nothing_attached
from contracts.har.entries import Writer
from contracts.har.extent import Extent
from contracts.har.moments import Placed, has_ties, placed
from contracts.history.validate import Numbered
from mockserver.journal import Arrival, Entry, Header


class HarReading(Struct, frozen=True, kw_only=True):
    """A recording that was read: its trace, header first, and how much of a HAR file it is.

    If the order of some requests is unknown, `in_other_order` is the trace with these reversed. A finding is certain only if
    both show it.
    """

    trace: list[Entry]
    extent: Extent | None = None
    in_other_order: list[Entry] | None = None


def read(raw: bytes, source: str = "HAR", page: str | None = None) -> list[Entry]:
    """Return only the trace of a HAR file in memory."""
    return reading(BytesIO(raw), source, page).trace


def reading(file: BinaryIO, source: str = "HAR", page: str | None = None, attached: Attached = nothing_attached) -> HarReading:
    """Read a HAR file, or the trace on `page` of a file with several of dayfly's own.

    Only requests to the platform are read, that is to hosts that are asked for one of its operations. Raises HarError.
    """
    archive = Archive(source, page, attached)
    requests = list(archive.requests(file))
    if archive.own:
        trace = archive.own_trace()
        calls = sum(isinstance(entry, Arrival) for entry in trace)
        return HarReading(trace=trace, extent=Extent(requests=calls, entries=calls))
    found = archive.survey.findings()
    kept = [one for one in requests if one.number in found.kept]
    writer = Writer(kept, found)
    header = Header(source=archive.creator or "HAR", resolution=found.resolution if found.resolution > 1 else UNSET)
    other = placed(kept, found, other_order=True) if has_ties(found) else None
    return HarReading(
        trace=[header, *_entries(placed(kept, found), writer)],
        extent=archive.extent(found, kept),
        in_other_order=None if other is None else [header, *_entries(other, writer)],
    )


class _Event(NamedTuple):
    """Half of an exchange. At the same millisecond, the one that was placed first comes first."""

    at: int
    place: int
    is_return: bool


def _entries(requests: Sequence[Placed], writer: Writer) -> Iterator[Numbered]:
    """Yield the entries of a trace, in order of time."""
    events = [_Event(request.left, place, False) for place, request in enumerate(requests)]
    events += [_Event(request.returned, place, True) for place, request in enumerate(requests)]
    for seq, event in enumerate(sorted(events), start=1):
        one = requests[event.place].one
        if event.is_return:
            yield writer.return_of(one, seq, event.at)
        else:
            yield writer.arrival_of(one, seq, event.at)
