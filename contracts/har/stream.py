"""Reads a HAR file piece by piece.

Only one piece of a large file is in memory, and a cut file is read up to the cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

import msgspec

from contracts.har.kinds import HarError, looks_like

CHUNK = 256 << 10
MAX_PIECE = 32 << 20
"""Most bytes of a piece that are kept. No tool writes an entry of the platform's that long."""

MOST_MEMBERS = 1000
"""Most members of the document that are looked at for its log. Tools write it as the only one."""

_SPACE = re.compile(rb"[ \t\r\n]*")
_SCALAR = re.compile(rb"[^ \t\r\n,:\]}]*")
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[{}\[\]]', re.DOTALL)
"""A string, which may not have ended yet, or a bracket. They are enough to find the end of a value."""


_DEPTH = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}


class Piece(NamedTuple):
    """A member of the log called `name`, or one of its entries (`entries`, with its `number` from 1).

    `raw` is its JSON; None if that is longer than MAX_PIECE.
    """

    name: str
    number: int | None
    raw: bytes | None


def pieces(file: BinaryIO, source: str, progress: Callable[[int], object] = lambda _: None) -> Iterator[Piece]:
    """Yield the pieces of the HAR file `file`, in order. `progress` is called with the number of bytes of each read.

    Raises HarError if the file is not a HAR file, or ends too early; then with the number of the entry that is cut. Commas
    before a closing bracket and anything after the document are tolerated.
    """
    text, reading = _Text(file, progress), _Reading()
    names: list[str] = []
    try:
        for name in text.members():
            names.append(name)
            if name == "log" and text.is_object():
                yield from reading.log(text)
            elif len(names) > MOST_MEMBERS:
                break
            else:
                text.value()
    except _Unexpected as error:
        if not reading.in_log:
            raise HarError(source, None, f"this is not a HAR file: {error}") from None
        problem = "the file ends before this entry does" if error.is_end else f"from here on it is not JSON: {error}"
        raise HarError(source, reading.number + 1, problem) from None
    if not reading.in_log:
        looks = looks_like(names)
        raise HarError(source, None, f"this is not a HAR file: {looks or 'it has no log'}")


class _Reading:
    """The place in a log. Entries are numbered continuously, even if a tool wrote them in two lists."""

    def __init__(self) -> None:
        self.in_log = False
        self.number = 0

    def log(self, text: _Text) -> Iterator[Piece]:
        self.in_log = True
        for member in text.members():
            if member == "entries" and text.is_array():
                for _ in text.items():
                    yield Piece(member, self.number + 1, text.value())
                    self.number += 1
            else:
                yield Piece(member, None, text.value())


class _Unexpected(Exception):
    def __init__(self, expected: str, found: bytes) -> None:
        super().__init__(f"expected {expected}, found {repr(found).removeprefix('b') if found else 'the end'}")
        self.is_end = not found


class _Text:
    """JSON that is read only as far as needed."""

    def __init__(self, file: BinaryIO, progress: Callable[[int], object]) -> None:
        self._file, self._progress = file, progress
        self._data, self._at = b"", 0
        if self._peek() == b"\xef":  # a byte order mark
            self._at += 3

    def members(self) -> Iterator[str]:
        """Yield the names of an object's members. The value of each must be read before the next."""
        return (self._name() for _ in self._each(b"{", b"}"))

    def items(self) -> Iterator[None]:
        """Yield once for each item of an array, which must then be read."""
        return self._each(b"[", b"]")

    def _each(self, opening: bytes, closing: bytes) -> Iterator[None]:
        self._expect(opening)
        if self._takes(closing):
            return
        while True:
            yield
            if not self._takes(b","):
                self._expect(closing)
                return
            if self._takes(closing):
                return

    def is_object(self) -> bool:
        """Return whether an object comes next."""
        return self._peek() == b"{"

    def is_array(self) -> bool:
        """Return whether an array comes next."""
        return self._peek() == b"["

    def value(self) -> bytes | None:
        """Return the next value as raw JSON; None if it is too long to be kept."""
        if self._peek() not in (b"{", b"[", b'"'):
            return self._scalar()
        end, depth, kept = 0, 0, True
        while True:
            token = self._token(end)
            while token is None:
                if len(self._data) - self._at > MAX_PIECE:
                    kept, end = False, self._shorten(end)
                self._more()
                token = self._token(end)
            end = token.end() - self._at
            depth += _DEPTH.get(token[0], 0)
            if depth == 0:
                start, self._at = self._at, self._at + end
                return self._data[start : self._at] if kept and end <= MAX_PIECE else None

    def _token(self, start: int) -> re.Match[bytes] | None:
        """Return the next complete token, `start` bytes on; None if more must be read first."""
        found = _TOKEN.search(self._data, self._at + start)
        return None if found is None or (found[1] is not None and not found[1]) else found

    def _shorten(self, start: int) -> int:
        """Drop what has been looked at, and the beginning of an unfinished string. Return the offset to continue at."""
        open_string = _TOKEN.search(self._data, self._at + start)
        self._data = b"" if open_string is None else b'"' + self._data[open_string.end() :]
        self._at = 0
        return 0

    def _scalar(self) -> bytes:
        found = _SCALAR.match(self._data, self._at)
        while found is None or found.end() == len(self._data):
            self._more()
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
        """Return the next byte that is not white space; empty at the end."""
        while True:
            space = _SPACE.match(self._data, self._at)
            self._at = space.end() if space is not None else self._at
            if self._at < len(self._data):
                return self._data[self._at : self._at + 1]
            if not self._read():
                return b""

    def _more(self) -> None:
        if not self._read():
            raise _Unexpected("the end of a value", b"")

    def _read(self) -> bool:
        """Read more, in growing steps, so that a long value is not searched again and again."""
        waiting = self._data[self._at :]
        chunk = self._file.read(min(max(CHUNK, len(waiting)), MAX_PIECE))
        self._data, self._at = waiting + chunk, 0
        self._progress(len(chunk))
        return bool(chunk)
