"""Room for large bodies: a limit on how many bytes of them a process holds at once."""

from __future__ import annotations

from threading import BoundedSemaphore, Lock
from types import TracebackType
from typing import Self

SMALL = 16 << 10
"""The bytes that every body may have without taking room."""

PIECE = 4 << 10
"""Bytes that are read at a time. The server underneath holds many times as many for each body on its way."""

BEGINNING = 80 << 10
"""The beginning of a body, in bytes, that is always kept: what the journal keeps, and a little more."""

MOST_HELD = 32 << 20
"""The most bytes of large bodies that a process holds at once."""


MOST_LARGE = 512
"""The most large bodies on their way at once. The server underneath holds some memory for each."""

PLACES = BoundedSemaphore(MOST_LARGE)
"""One place for each of them."""


class Room:
    """A number of bytes that are taken and given back."""

    def __init__(self, size: int) -> None:
        self._free, self._lock = size, Lock()

    def take(self, size: int) -> bool:
        """Take `size` bytes if they are free. Return whether they were."""
        with self._lock:
            if size > self._free:
                return False
            self._free -= size
            return True

    def give(self, size: int) -> None:
        """Give `size` bytes back."""
        with self._lock:
            self._free += size


ROOM = Room(MOST_HELD)


class Held:
    """The bytes that one body has taken of a room. They are given back at the end of the context."""

    def __init__(self, room: Room) -> None:
        self._room, self._size = room, 0

    def take(self, size: int) -> bool:
        """Take `size` more bytes if they are free. Return whether they were."""
        taken = self._room.take(size)
        self._size += size if taken else 0
        return taken

    def give(self, size: int) -> None:
        """Give back `size` of the bytes that were taken."""
        self._room.give(size)
        self._size -= size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.give(self._size)
