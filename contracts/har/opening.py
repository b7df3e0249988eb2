"""Opens a recording, whatever its name and packing: plain, gzip, zip, or UTF-16."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple
from zipfile import BadZipFile, ZipFile

from contracts.har.bodies import MAX_BODY, Attached, nothing_attached
from contracts.har.kinds import HEAD, HarError, Kind, archive_of, kind_of

MOST_UNPACKED = 1 << 30
"""Most bytes to which a packed recording may unpack."""

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_ZLIB = (b"\x78\x01", b"\x78\x9c", b"\x78\xda")
"""The beginning of mitmproxy's .zhar files."""

_UTF_16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"{\0": "utf-16-le", b"\0{": "utf-16-be"}

_UNPACKING = (OSError, EOFError, zlib.error, BadZipFile, RuntimeError, NotImplementedError, UnicodeDecodeError)
"""Exceptions for damaged and encrypted archives."""


class Opened(NamedTuple):
    """A recording to be read: its `kind`, its bytes, and the files that may belong to it."""

    kind: Kind
    file: BinaryIO
    attached: Attached


def opened(file: BinaryIO, source: str, beside: Path | None = None) -> Opened:
    """Detect the kind of `file`, and unpack it. Bodies may be in files in the folder `beside`.

    Raises HarError if it is not a recording, and says what it looks like.
    """
    attached = nothing_attached if beside is None else _folder(beside)
    for _ in range(3):  # a packed file in a packed file, but not deeper
        head, file = _looked_into(file, source)
        if head.startswith(_GZIP):
            file = _buffered(_Bounded(gzip.GzipFile(fileobj=file), source))
        elif head.startswith(_ZLIB):
            file = _buffered(_Bounded(_buffered(_Inflated(file)), source))
        elif head.startswith(_ZIP):
            file, attached = _from_zip(file, source)
        elif head[:2] in _UTF_16:
            file = _buffered(_Transcoded(file, _UTF_16[head[:2]]))
        else:
            kind = kind_of(head)
            if kind not in {"har", "trace"}:
                advice = "" if ";" in kind else "; give a HAR file, or a trace of dayfly"
                raise HarError(source, None, f"this is not a recording: it looks like {kind}{advice}")
            return Opened("har" if kind == "har" else "trace", file, attached)
    raise HarError(source, None, "this is not a recording: it is packed several times; unpack it first")


def _looked_into(file: BinaryIO, source: str) -> tuple[bytes, BinaryIO]:
    """Return the beginning of the file, and the whole of it, because standard input cannot be read twice."""
    try:
        head = file.read(HEAD)
        if file.seekable():
            file.seek(0)
            return head, file
    except _UNPACKING as error:
        raise HarError(source, None, f"it cannot be unpacked: {error}") from error
    return head, _buffered(_Joined(head, file))


class _Raw(io.RawIOBase):
    """A file that is only read, piece by piece."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._piece(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _piece(self, most: int) -> bytes:
        raise NotImplementedError


def _buffered(raw: _Raw) -> BinaryIO:
    return io.BufferedReader(raw, 256 << 10)


class _Joined(_Raw):
    """A file whose beginning has been read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def _piece(self, most: int) -> bytes:
        if not self._head:
            return self._rest.read(most)
        piece, self._head = self._head[:most], self._head[most:]
        return piece


class _Bounded(_Raw):
    """An unpacked file, up to MOST_UNPACKED bytes. Raises HarError if it is longer, or damaged."""

    def __init__(self, file: io.BufferedIOBase | BinaryIO, source: str) -> None:
        self._file, self._source, self._read = file, source, 0

    def _piece(self, most: int) -> bytes:
        try:
            piece = self._file.read(most)
        except _UNPACKING as error:
            raise HarError(self._source, None, f"it cannot be unpacked: {error}") from error
        self._read += len(piece)
        if self._read > MOST_UNPACKED:
            raise HarError(self._source, None, f"it unpacks to more than {MOST_UNPACKED >> 20} MiB")
        return piece


class _Inflated(_Raw):
    """A stream of zlib, unpacked."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._unpacking = file, zlib.decompressobj()

    def _piece(self, most: int) -> bytes:
        while not self._unpacking.eof:
            packed = self._unpacking.unconsumed_tail or self._file.read(most)
            piece = self._unpacking.decompress(packed, most)
            if piece or not packed:
                return piece
        return b""


class _Transcoded(_Raw):
    """A file in UTF-16, as UTF-8."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
        self._left = b""

    def _piece(self, most: int) -> bytes:
        data = self._left or self._text.read(max(1, most // 4)).encode("utf-8", "replace")
        self._left = data[most:]
        return data[:most]


def _from_zip(file: BinaryIO, source: str) -> tuple[BinaryIO, Attached]:
    """Return the only HAR file or trace in an archive, and the bodies that Playwright puts next to it."""
    try:
        archive = ZipFile(file if file.seekable() else io.BytesIO(file.read(MOST_UNPACKED)))
        names = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
        wanted = [name for name in names if name.lower().endswith((".har", ".jsonl"))]
        if len(wanted) != 1:
            raise HarError(source, None, f"this is not a recording: it looks like {archive_of(names)}")
        folder = PurePosixPath(wanted[0]).parent
        return _buffered(_Bounded(archive.open(wanted[0]), source)), _members(archive, folder)  # type: ignore[arg-type]
    except _UNPACKING as error:
        raise HarError(source, None, f"it cannot be unpacked: {error}") from error


def _members(archive: ZipFile, folder: PurePosixPath) -> Attached:
    def read(name: str) -> bytes | None:
        try:
            with archive.open(str(folder / name)) as member:
                return member.read(MAX_BODY + 1)
        except (KeyError, *_UNPACKING):
            return None

    return read


def _folder(folder: Path) -> Attached:
    """Return a function that reads files in the recording's own folder only, because the recording gives their names."""

    def read(name: str) -> bytes | None:
        if Path(name).name != name:
            return None
        try:
            with (folder / name).open("rb") as file:
                return file.read(MAX_BODY + 1)
        except (OSError, ValueError):
            return None

    return read
