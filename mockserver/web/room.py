"""Room for large bodies: a bound on how many bytes of them a process holds at once."""

from __future__ import annotations

from threading import Lock
from types import TracebackType
from typing import Self

SMALL = 16 << 10
"""Bytes that every body may have without taking room."""

PIECE = 4 << 10
"""Bytes that are read at a time: the server underneath holds many times as many for each body that is on its way."""

BEGINNING = 80 << 10
"""Bytes of a body that are kept whatever becomes of it: what the journal keeps of it, and a little more."""

MOST_HELD = 32 << 20
"""Bytes of large bodies that a process holds at once."""


class Room:
    """So many bytes, which are taken and given back."""

    def __init__(self, size: int) -> None:
        self._free, self._lock = size, Lock()

    def take(self, size: int) -> bool:
        """Take so many bytes if they are free."""
        with self._lock:
            if size > self._free:
                return False
            self._free -= size
            return True

    def give(self, size: int) -> None:
        """Give bytes back."""
        with self._lock:
            self._free += size


ROOM = Room(MOST_HELD)


class Held:
    """What one body has taken of a room, given back at the end of the context."""

    def __init__(self, room: Room) -> None:
        self._room, self._size = room, 0

    def take(self, size: int) -> bool:
        """Take so many bytes more if they are free."""
        taken = self._room.take(size)
        self._size += size if taken else 0
        return taken

    def give(self, size: int) -> None:
        """Give back so many of the bytes that were taken."""
        self._room.give(size)
        self._size -= size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.give(self._size)
