"""The order in which records were first written, for walks through all of them.

Each id gets a place, a number that is never given again. A walk goes on after a place, so that it
does not depend on the record that was there. Adding and removing cost a constant, and a page of a
walk costs what it lists, whatever the number of ids.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

BLOCK = 80
"""Places a block spans. A block goes when its last id has gone."""


class Places:
    """Ids by place. To be used by one thread at a time."""

    __slots__ = ("_blocks", "_last", "_numbers", "_places")

    def __init__(self, former: Places | None = None) -> None:
        """`former` are the places given before, of ids that have all gone."""
        self._last: int = 0 if former is None else former._last
        self._places: dict[str, int] = {}
        self._blocks: dict[int, dict[int, str]] = {}
        self._numbers: list[int] = []  # of the blocks, ascending

    def add(self, id: str) -> None:
        """Gives `id` the next place, unless it has one."""
        if id not in self._places:
            place = self._places[id] = self._last = self._last + 1
            block = self._blocks.get(place // BLOCK)
            if block is None:
                block = self._blocks[place // BLOCK] = {}
                self._numbers.append(place // BLOCK)
            block[place] = id

    def remove(self, id: str) -> None:
        """Takes `id` out, if it is there."""
        place = self._places.pop(id, None)
        if place is not None:
            number = place // BLOCK
            block = self._blocks[number]
            del block[place]
            if not block:
                del self._blocks[number]
                del self._numbers[bisect_left(self._numbers, number)]

    def of(self, id: str) -> int | None:
        """The place of `id`; None if it is not there."""
        return self._places.get(id)

    def after(self, place: int, limit: int) -> list[tuple[int, str]]:
        """Up to `limit` places greater than `place` with their ids, ascending."""
        return list(islice(self._walk(place), limit))

    def _walk(self, after: int) -> Iterator[tuple[int, str]]:
        first = bisect_left(self._numbers, after // BLOCK)
        for index in range(first, len(self._numbers)):
            for place, id in self._blocks[self._numbers[index]].items():
                if place > after:
                    yield place, id
