"""The output of a client during one run, line by line, each with its place in the trace."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

from msgspec import Struct

KEPT = 32 << 10
"""Characters kept of the beginning of a run's output, and as many of its end."""

LONGEST_LINE = 2000
"""Longest line, in characters."""


class OutputLine(Struct, frozen=True):
    """One line of output, written after entry number `after` of the trace.

    `stream` is `stdout`, `stderr` or `log`; `raised` for the place at which an exception was raised; or `page` for a
    request that another page than the platform answered.
    """

    after: int
    stream: str
    text: str


class Output:
    """Collects what a client writes during one run. `place` returns the number of the latest entry of the trace."""

    def __init__(self, place: Callable[[], int]) -> None:
        self._place = place
        self._first: list[OutputLine] = []
        self._last: deque[OutputLine] = deque()
        self._room = self._room_at_end = KEPT
        self._left_out = 0

    def write(self, stream: str, text: str) -> None:
        """Keep a piece of output, which may end within a line. Any thread may call this."""
        if not text:
            return
        piece = OutputLine(self._place(), stream, text[:KEPT])
        if self._room > 0:
            self._room -= len(text)
            self._first.append(piece)
            return
        self._last.append(piece)
        self._room_at_end -= len(piece.text)
        while self._room_at_end < 0 and len(self._last) > 1:
            dropped = self._last.popleft()
            self._room_at_end += len(dropped.text)
            self._left_out += len(dropped.text)

    def lines(self, hide: Callable[[str], str]) -> Callable[[], tuple[OutputLine, ...]]:
        """Return a function that makes lines of what has been written so far, in order, with secrets removed by `hide`."""
        return partial(_lines, list(self._first), self._left_out, list(self._last), hide)


def _lines(
    first: list[OutputLine], left_out: int, last: list[OutputLine], hide: Callable[[str], str]
) -> tuple[OutputLine, ...]:
    whole = [*_whole_lines(first)]
    if left_out:
        whole.append(OutputLine(last[0].after, "log", f"… {left_out} characters of output are left out here"))
    whole += _whole_lines(last)
    return tuple(OutputLine(line.after, line.stream, hide(line.text)[:LONGEST_LINE]) for line in whole)


def _whole_lines(pieces: list[OutputLine]) -> Iterator[OutputLine]:
    """Join pieces into lines. A line has the place of its first piece; a change of stream ends it."""
    begun: OutputLine | None = None
    for piece in pieces:
        if begun is not None and begun.stream != piece.stream:
            yield begun
            begun = None
        after = piece.after if begun is None else begun.after
        text = ("" if begun is None else begun.text) + piece.text
        *ended, rest = text.replace("\r\n", "\n").split("\n")
        for nth, line in enumerate(ended):
            yield OutputLine(after if nth == 0 else piece.after, piece.stream, line)
        begun = OutputLine(after if not ended else piece.after, piece.stream, rest) if rest else None
    if begun is not None:
        yield begun
