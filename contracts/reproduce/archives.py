"""A HAR file of a browser, a proxy or the mock as a recording: entry by entry, so that a large one needs little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import BinaryIO

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from contracts.har import HarError, secrets, stream
from contracts.har.document import Creator, Exchange, Page
from contracts.har.document import part as decoded
from contracts.har.requests import Recorded, exchanged
from contracts.har.routes import platform_path
from contracts.har.stream import Piece
from contracts.reproduce.hosts import of_platform
from contracts.reproduce.order import in_order, resolution
from contracts.reproduce.requests import step_of
from contracts.reproduce.steps import Problem, Recording, Step
from mockserver.journal import Credential

VERSIONS = ("1.1", "1.2")

Progress = Callable[[int], object]


class OwnPages(Exception):
    """The file was written by dayfly from a trace, which stands in it and tells more."""


class _Where(Struct):
    url: str


class _Addressed(Struct):
    """An entry as far as it has to be read to know whether it is of interest."""

    request: _Where


class Archive:
    """What is read of a HAR file."""

    def __init__(self, source: str, page: str | None) -> None:
        self.source, self._page = source, page
        self.creator = ""
        self.entries = 0
        self.elsewhere: Counter[str] = Counter()
        self.steps: list[Step] = []
        self.stamps: list[float] = []
        self.problems: list[Problem] = []
        self.lacking: set[int] = set()
        self.secrets: set[str] = set()

    def take(self, piece: Piece) -> None:
        """Reads one piece; what is wrong with it is noted. Raises OwnPages."""
        if piece.number is not None:
            self.entries += 1
        try:
            self._take(piece)
        except HarError as error:
            self.problems.append(Problem(error.entry or piece.number, error.problem))

    def _take(self, piece: Piece) -> None:
        if piece.raw is None:
            raise HarError(self.source, piece.number, f"longer than {stream.MAX_PIECE >> 20} MiB, and left out")
        match piece.name:
            case "entries":
                self._entry(piece.raw, piece.number or 0)
            case "creator":
                self.creator = decoded(msgspec.Raw(piece.raw), Creator, self.source, None).name
            case "version":
                self._version(piece.raw)
            case "pages":
                pages: list[Page] = decoded(msgspec.Raw(piece.raw), list[Page], self.source, None)
                if any(len(page.own) for page in pages):
                    raise OwnPages

    def _version(self, raw: bytes) -> None:
        told = raw.decode("utf-8", "backslashreplace").strip('"')[:20]
        if told not in VERSIONS:
            self.problems.append(Problem(None, f"HAR {told} is not known here; it is read as HAR {VERSIONS[-1]}"))

    def _entry(self, raw: bytes, number: int) -> None:
        addressed: _Addressed = decoded(msgspec.Raw(raw), _Addressed, self.source, number)
        url = addressed.request.url
        path = url.partition("?")[0]
        if platform_path(path) is None:
            self.elsewhere[_host(url)] += 1
            return
        exchange: Exchange = decoded(msgspec.Raw(raw), Exchange, self.source, number)
        recorded = exchanged(exchange, self.source, number)
        if platform_path(recorded.path) is None:
            self.elsewhere[recorded.host] += 1
            return
        if recorded.may_be_a_slip and self._page in {None, exchange.pageref}:
            self._keep(recorded)

    def _keep(self, recorded: Recorded) -> None:
        self.secrets |= secrets.of_header(recorded.authorization)
        self.secrets |= secrets.of_document(recorded.sent) | secrets.of_document(recorded.got)
        self.stamps.append(recorded.left)
        if recorded.lacks_body:
            self.lacking.add(recorded.number)
        self.steps.append(step_of(recorded, self.secrets))


def read(
    file: BinaryIO,
    source: str,
    hosts: Collection[str] = (),
    page: str | None = None,
    progress: Progress = lambda _: None,
) -> Recording:
    """The recording in `file`, of requests to `hosts` (none named: those asked for the platform's operations), on all pages
    or on one.

    Raises OwnPages, and HarError where the file is none.
    """
    archive = Archive(source, page)
    try:
        for piece in stream.pieces(file, source, progress):
            archive.take(piece)
    except HarError as error:
        if not archive.entries:
            raise
        archive.problems.append(Problem(error.entry, error.problem))
    kept = of_platform(archive, hosts)
    ordered = in_order(kept)
    sanitized = _is_sanitized(ordered.steps)
    return Recording(
        source=source,
        kind=f"HAR by {archive.creator}" if archive.creator else "HAR",
        steps=_with_credentials(ordered.steps) if sanitized else ordered.steps,
        problems=sorted(
            [*archive.problems, *ordered.problems, *_lacking(ordered.steps, archive.lacking)],
            key=lambda problem: problem.number or 0,
        ),
        slack=resolution(archive.stamps),
        sanitized=sanitized,
    )


def _lacking(steps: list[Step], lacking: set[int]) -> Iterator[Problem]:
    """That bodies were not recorded, said once."""
    numbers = sorted(step.number for step in steps if step.number in lacking)
    if numbers:
        more = f", nor were those of {len(numbers) - 1} more" if len(numbers) > 1 else ""
        yield Problem(numbers[0], f"its body was not recorded{more}; what is sent instead may be answered otherwise")


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()[:100]


def _is_sanitized(steps: list[Step]) -> bool:
    """Whether a tool has taken the credentials out: a request that was let in must have had some."""
    shown = {step.credential.form for step in steps if step.operation in {"create", "send"} and step.status == 200}
    return bool(shown - {"bearer"})


def _with_credentials(steps: list[Step]) -> list[Step]:
    """Each request with the newest token there was: which one it showed, nobody knows any more."""
    token, told = "the token of this recording", []
    for step in steps:
        shown = step.credential if step.operation == "token" else Credential("bearer", token=token, seen_in=("header",))
        told.append(replace(step, credential=shown))
        token = step.token or token
    return told
