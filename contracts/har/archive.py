"""The reader of HAR files. It reads entry by entry, so that a large file needs little memory.

The host of an entry is read first; entries for other hosts are not decoded any further. An entry that cannot be read is skipped
and reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import Any, BinaryIO

import msgspec
from msgspec import Raw, Struct

from contracts.har import document, loose, stream
from contracts.har.bodies import Attached, nothing_attached
from contracts.har.document import Outline
from contracts.har.extent import Extent, Skipped
from contracts.har.kinds import HarError
from contracts.har.requests import HarRequest, exchanged
from contracts.har.routes import platform_path
from contracts.har.stream import Piece
from contracts.har.survey import UNKNOWN, Findings, Survey
from contracts.history.validate import Numbered
from mockserver.journal import Answer, Arrival, Began, Ended, Entry, Header, Perturbed, Returned

VERSIONS = ("1.1", "1.2", "1.3")

Progress = Callable[[int], object]


class OwnPage(Struct):
    """The members that dayfly adds to a page: the trace's header, and its entries that are not requests."""

    header: Header
    entries: list[Began | Ended | Perturbed] = []


class OwnExchange(Struct):
    """The members that dayfly adds to an entry: the trace's own entries for it."""

    arrival: Arrival
    answer: Answer | None = None
    returned: Returned | None = None


class Archive:
    """A HAR file that is being read. Only the entries on `page` count, if it is given.

    If dayfly wrote the file, `own` holds the traces by their pages, which contain more than HAR can.
    """

    def __init__(self, source: str, page: str | None = None, attached: Attached = nothing_attached) -> None:
        self.source = source
        self.creator = ""
        self.version = ""
        self.entries = 0
        self.elsewhere: Counter[str] = Counter()
        self.skipped: list[Skipped] = []
        self.cut: HarError | None = None
        self.survey = Survey()
        self.own: dict[str, bytes] = {}
        self._page, self._attached = page, attached
        self._pages: dict[str, None] = {}
        self._left_out: dict[int, tuple[str, str]] = {}
        self._own_entries: dict[str, list[tuple[int, Raw]]] = {}

    def requests(self, file: BinaryIO, progress: Progress = lambda _: None) -> Iterator[HarRequest]:
        """Yield the requests in `file` that may be to the platform.

        Raises HarError if the file is not a HAR file, or nothing in it can be read.
        """
        try:
            for piece in stream.pieces(file, self.source, progress):
                if piece.number is None:
                    self._about(piece)
                else:
                    yield from self._entry(piece, piece.number)
        except HarError as error:
            if not self.entries:
                raise
            self.cut = error
        self._check_page()

    # -- the log's own members ---------------------------------------------------------------------

    def _about(self, piece: Piece) -> None:
        if piece.raw is None:
            return
        try:
            told = loose.decoded(piece.raw)
        except ValueError:
            return
        if piece.name == "creator":
            self.creator = loose.text(loose.members(told).get("name")) or ""
        elif piece.name == "version":
            self.version = loose.text(told) or ""
        elif piece.name == "pages" and isinstance(told, list):
            for page in told:
                known = loose.members(page)
                name = loose.text(known.get("id")) or ""
                self._pages[name] = None
                if "_dayfly" in known:
                    self.own[name] = msgspec.json.encode(known["_dayfly"])

    def _check_page(self) -> None:
        known = self.own or self._pages
        if self._page is not None and self._page not in known:
            what = "recording" if self.own else "page"
            listed = ", ".join(known) or "none at all"
            raise HarError(self.source, None, f"it holds no {what} {self._page!r}, but {listed}")
        if self._page is None and len(self.own) > 1:
            first, listed = next(iter(self.own)), ", ".join(self.own)
            problem = f"it holds {len(self.own)} recordings; name one: {self.source}#{first} ({listed})"
            raise HarError(self.source, None, problem)

    # -- entries -----------------------------------------------------------------------------------

    def _entry(self, piece: Piece, number: int) -> Iterator[HarRequest]:
        self.entries += 1
        try:
            if piece.raw is None:
                raise ValueError(f"it is longer than {stream.MAX_PIECE >> 20} MiB")
            told = document.outline(piece.raw)
            if told.page is not None:
                self._pages.setdefault(told.page)
            if len(told.own):
                self._own_entries.setdefault(told.page or "", []).append((number, told.own.copy()))
            if not self.own and self._page in {None, told.page}:
                yield from self._request(told, piece.raw, number)
        except ValueError as error:
            self.skipped.append(Skipped(number, str(error)))

    def _request(self, told: Outline, raw: bytes, number: int) -> Iterator[HarRequest]:
        if platform_path(told.url.partition("?")[0].partition("#")[0].rstrip("/")) is None:
            host = told.url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()[:100]
            self.elsewhere[host] += 1
            return
        one = exchanged(document.exchange(raw), number, self._attached)
        if platform_path(one.path) is None:
            self.elsewhere[one.host] += 1
        elif one.aside and (one.operation is not None or one.may_be_a_slip):
            self._left_out[number] = (one.host, one.aside)
        elif one.may_be_a_slip:
            self.survey.take(one)
            yield one

    # -- what was read -----------------------------------------------------------------------------

    def own_trace(self) -> list[Entry]:
        """Return the trace that dayfly wrote into the file. Raises HarError."""
        name = self._page if self._page is not None else next(iter(self.own))
        page: OwnPage = self._exactly(self.own[name], OwnPage, None)
        numbered: list[Numbered] = list(page.entries)
        for number, raw in self._own_entries.get(name, []):
            own: OwnExchange = self._exactly(raw, OwnExchange, number)
            numbered += [entry for entry in (own.arrival, own.answer, own.returned) if entry is not None]
        return [page.header, *sorted(numbered, key=lambda entry: entry.seq)]

    def _exactly(self, raw: bytes | Raw, shape: Any, number: int | None) -> Any:
        """Decode what dayfly itself wrote."""
        try:
            return msgspec.json.decode(raw, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise HarError(self.source, number, str(error)) from error

    def extent(self, found: Findings, kept: Collection[HarRequest] = ()) -> Extent:
        """Return how much of the file was read. `kept` are the requests that are judged."""
        hosts = {note.asked.host for note in self.survey.notes if note.number in found.kept}
        told = Counter(why for host, why in self._left_out.values() if host in hosts or not hosts)
        elsewhere = self.elsewhere + Counter(
            note.asked.host for note in self.survey.notes if note.number not in found.kept | set(found.doubled)
        )
        lacking = Counter(one.lacks for one in kept if one.operation in {"create", "send"} and one.lacks)
        issuing = (one for one in kept if one.is_call and one.operation in {"create", "token"} and one.status == 200)
        unread = Counter(one.got_lacks for one in issuing if one.got_lacks)  # which id or token is unknown
        return Extent(
            requests=len(found.kept),
            entries=self.entries,
            skipped=tuple(self.skipped),
            left_out=dict(told),
            doubled=found.doubled,
            masked=tuple(sorted(found.masked)),
            masked_tokens=bool(found.masked_tokens) or found.sanitized,
            lacking=dict(lacking | unread),
            resolution=None if found.resolution == UNKNOWN else found.resolution,
            cut=str(self.cut.problem) if self.cut is not None else "",
            elsewhere=dict(elsewhere.most_common(3)),
            refused={one.number: one.status for one in kept if one.status is not None and 400 <= one.status < 500},
        )
