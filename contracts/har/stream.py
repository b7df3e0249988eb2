"""A HAR file piece by piece, so that of a large one no more than a piece is in memory, and a cut one is read up to the cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

import msgspec

from contracts.har.beginnings import told_by
from contracts.har.errors import HarError

CHUNK = 256 << 10
MAX_PIECE = 32 << 20
"""Bytes of a piece that are kept: no tool writes an entry of the platform's that long."""

_SPACE = re.compile(rb"[ \t\r\n]*")
_SCALAR = re.compile(rb"[^ \t\r\n,:\]}]*")
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[{}\[\]]', re.DOTALL)
"""A string, whose end may still be to come, or a bracket: all that has to be looked at to find where a value ends."""


_DEPTH = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}


class Piece(NamedTuple):
    """A member of the log called `name`, or one of its entries (`entries`, with its `number` from 1). `raw` is its JSON, None
    where that is longer than MAX_PIECE."""

    name: str
    number: int | None
    raw: bytes | None


def pieces(file: BinaryIO, source: str, progress: Callable[[int], object] = lambda _: None) -> Iterator[Piece]:
    """The pieces of the HAR file `file`, as they stand in it. `progress` is told how many bytes were read each time.

    Raises HarError where the file is none, or ends too early: then with the number of the entry that is cut.
    """
    number: int | None = None
    text = _Text(file, progress)
    try:
        for name in text.members():
            if name != "log":
                text.value()
                continue
            number = 0
            for piece in _of_log(text):
                number = piece.number or number
                yield piece
    except _Unexpected as error:
        if number is None:
            raise HarError(source, None, f"this is no HAR file: {told_by(text.beginning) or error}") from None
        problem = "the file ends before this entry does" if error.is_end else f"from here on it is no JSON: {error}"
        raise HarError(source, number + 1, problem) from None
    if number is None:
        raise HarError(source, None, "this is no HAR file: it has no log")


def _of_log(text: _Text) -> Iterator[Piece]:
    for member in text.members():
        if member == "entries":
            for number, _ in enumerate(text.items(), start=1):
                yield Piece(member, number, text.value())
        else:
            yield Piece(member, None, text.value())


class _Unexpected(Exception):
    def __init__(self, expected: str, found: bytes) -> None:
        super().__init__(f"expected {expected}, found {repr(found).removeprefix('b') if found else 'the end'}")
        self.is_end = not found


class _Text:
    """JSON that is read as far as it is asked for."""

    def __init__(self, file: BinaryIO, progress: Callable[[int], object]) -> None:
        self._file, self._progress = file, progress
        self._data, self._at = b"", 0
        first = self._peek()
        self.beginning = self._data[:2]
        if first == b"\xef":  # a byte order mark
            self._at += 3

    def members(self) -> Iterator[str]:
        """The names of an object's members; whoever takes one reads its value before the next."""
        self._expect(b"{")
        if self._takes(b"}"):
            return
        while True:
            yield self._name()
            if not self._takes(b","):
                self._expect(b"}")
                return

    def items(self) -> Iterator[None]:
        """Once for each item of an array, which is then to be read."""
        self._expect(b"[")
        if self._takes(b"]"):
            return
        while True:
            yield
            if not self._takes(b","):
                self._expect(b"]")
                return

    def value(self) -> bytes | None:
        """The next value as it stands there; None where it is too long to be kept."""
        if self._peek() not in (b"{", b"[", b'"'):
            return self._scalar()
        end, depth, kept = 0, 0, True
        while True:
            token = self._token(end)
            while token is None:
                if len(self._data) - self._at > MAX_PIECE:
                    kept, end = False, self._shorten(end)
                self._more("the end of a value")
                token = self._token(end)
            end = token.end() - self._at
            depth += _DEPTH.get(token[0], 0)
            if depth == 0:
                return self._take(end, kept)

    def _take(self, length: int, kept: bool) -> bytes | None:
        start, self._at = self._at, self._at + length
        return self._data[start : self._at] if kept and length <= MAX_PIECE else None

    def _token(self, start: int) -> re.Match[bytes] | None:
        """The next token, looked for `start` bytes on, that is all there; None where more has to be read first."""
        found = _TOKEN.search(self._data, self._at + start)
        return None if found is None or (found[1] is not None and not found[1]) else found

    def _shorten(self, start: int) -> int:
        """Forgets what was looked at already, and the beginning of a string that goes on; where to look on from."""
        open_string = _TOKEN.search(self._data, self._at + start)
        self._data = b"" if open_string is None else b'"' + self._data[open_string.end() :]
        self._at = 0
        return 0

    def _scalar(self) -> bytes:
        found = _SCALAR.match(self._data, self._at)
        while found is None or found.end() == len(self._data):
            self._more("the end of a value")
            found = _SCALAR.match(self._data, self._at)
        if not found[0]:
            raise _Unexpected("a value", self._peek())
        self._at = found.end()
        return found[0]

    def _name(self) -> str:
        if self._peek() != b'"':
            raise _Unexpected("a name", self._peek())
        raw = self.value() or b'""'
        self._expect(b":")
        try:
            return msgspec.json.decode(raw, type=str)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return raw.decode("ascii", "backslashreplace")

    def _expect(self, char: bytes) -> None:
        if not self._takes(char):
            raise _Unexpected(char.decode(), self._peek())

    def _takes(self, char: bytes) -> bool:
        if self._peek() != char:
            return False
        self._at += 1
        return True

    def _peek(self) -> bytes:
        """The next byte that is no white space; nothing at the end."""
        while True:
            space = _SPACE.match(self._data, self._at)
            self._at = space.end() if space is not None else self._at
            if self._at < len(self._data):
                return self._data[self._at : self._at + 1]
            if not self._read():
                return b""

    def _more(self, expected: str) -> None:
        if not self._read():
            raise _Unexpected(expected, b"")

    def _read(self) -> bool:
        """Reads on, the more the more is waited for, so that a long value is not looked at again and again."""
        waiting = self._data[self._at :]
        chunk = self._file.read(min(max(CHUNK, len(waiting)), MAX_PIECE))
        self._data, self._at = waiting + chunk, 0
        self._progress(len(chunk))
        return bool(chunk)
