"""What is read of a HAR file. Whatever else stands in it is let pass, and so is what many tools leave out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Raw, Struct

from contracts.har import stream
from contracts.har.errors import HarError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Pair(Struct, frozen=True):
    """A header, or a field of a form."""

    name: str
    value: str = ""


class PostData(Struct, rename="camel", frozen=True):
    """What a request carried: `text` as it went, or `params` of a form."""

    mime_type: str = ""
    text: str | None = None
    params: list[Pair] = []
    encoding: str | None = None


class Request(Struct, rename="camel", frozen=True):
    """A request; `body_size` is negative where the tool does not know."""

    method: str
    url: str
    headers: list[Pair] = []
    post_data: PostData | None = None
    body_size: int | None = None


class Content(Struct, rename="camel", frozen=True):
    """The body of an answer; `encoding` may be base64."""

    text: str | None = None
    encoding: str | None = None


class Response(Struct, rename="camel", frozen=True):
    """An answer; a `status` of 0 stands for none."""

    status: int
    headers: list[Pair] = []
    content: Content | None = None


class Timings(Struct, frozen=True):
    """Milliseconds before the request left; negative where a step does not apply. `connect` includes TLS."""

    blocked: float | None = None
    dns: float | None = None
    connect: float | None = None


class Exchange(Struct, rename="camel", frozen=True):
    """One entry of the log. `time` is how long it took as a whole, in milliseconds."""

    started_date_time: str
    request: Request
    response: Response
    time: float | None = None
    timings: Timings = Timings()
    pageref: str | None = None
    own: Raw = msgspec.field(name="_dayfly", default=Raw())


class Page(Struct, frozen=True):
    """A page: in dayfly's own files a trace, with what is no request in `own`."""

    id: str
    own: Raw = msgspec.field(name="_dayfly", default=Raw())


class Creator(Struct, frozen=True):
    """What wrote the file."""

    name: str = ""


class _Log(Struct, frozen=True):
    entries: list[Raw]
    creator: Creator = Creator()
    pages: list[Page] = []


class _Archive(Struct, frozen=True):
    log: _Log


class Document(Struct, frozen=True):
    """A HAR file: its entries are numbered from 1, as they stand in it."""

    exchanges: list[Exchange]
    creator: str
    pages: list[Page]


def decode(raw: bytes, source: str) -> Document:
    """The file in `raw`. Raises HarError, naming `source` and the entry."""
    try:
        log = msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"), type=_Archive).log
    except msgspec.ValidationError as error:
        raise HarError(source, None, f"this is no HAR file: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _find_wrong(raw, source)
        raise HarError(source, None, f"this is no HAR file: {error}") from error
    exchanges = [part(entry, Exchange, source, number) for number, entry in enumerate(log.entries, start=1)]
    return Document(exchanges, log.creator.name, log.pages)


def _find_wrong(raw: bytes, source: str) -> None:
    """Raises HarError with the entry that is cut, or that is no JSON, where that is to be found."""
    for piece in stream.pieces(BytesIO(raw), source):
        if piece.number is not None and piece.raw is not None:
            part(Raw(piece.raw), Any, source, piece.number)


def part(raw: Raw, shape: Any, source: str, number: int | None) -> Any:
    """A piece of the file, as what `shape` says. Raises HarError."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HarError(source, number, str(error)) from error


def started(exchange: Exchange, source: str, number: int) -> float:
    """When the entry began, in milliseconds since the epoch; without an offset it is UTC. Raises HarError."""
    text = exchange.started_date_time
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return (aware - _EPOCH) / timedelta(milliseconds=1)
    except (ValueError, OverflowError) as error:
        raise HarError(source, number, f"startedDateTime {text[:40]!r} is no time as ISO 8601 writes it") from error


def address(exchange: Exchange, source: str, number: int) -> SplitResult:
    """Where the request went. Raises HarError."""
    try:
        parts = urlsplit(exchange.request.url)
        parts.port  # noqa: B018 - it is checked when it is asked for
    except ValueError as error:
        raise HarError(source, number, f"{exchange.request.url[:80]!r} is no URL: {error}") from error
    return parts


def header(pairs: list[Pair], name: str) -> str | None:
    """The first header of this name, in any case."""
    return next((pair.value for pair in pairs if pair.name.lower() == name), None)
