"""The order in which records were first written, for walks through all of them.

Each id gets a place, a number that is never used again. A walk continues after a place, whether or not its record still exists.
Adding and removing have a constant cost, and a page of a walk costs what it lists, whatever the number of ids.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

BITS = 6
BLOCK = 1 << BITS
"""Places in a block. A block is removed when all its ids have gone."""


class _Block(list[str | None]):
    """The ids at some places, None for removed ones; `gone` is their number."""

    __slots__ = ("gone",)
    gone: int


class Places:
    """Ids by place. Only one thread at a time may use it.

    `waiting` collects new ids, which get the next places when they are needed, or at `settle`. A hundred together take half the
    time of single ones.
    """

    __slots__ = ("_blocks", "_last", "_newest", "_numbers", "_places", "waiting")

    def __init__(self, former: Places | None = None) -> None:
        """`former` are the places used before, of ids that have all gone."""
        self._last: int = 0 if former is None else former.last
        self._places: dict[str, int] = {}
        self._blocks: dict[int, _Block] = {}
        self._numbers: list[int] = []  # block numbers, ascending
        self.waiting: list[str] = []
        self._newest = self._open(self._last >> BITS, self._last % BLOCK + 1)

    @property
    def last(self) -> int:
        """The last place in use."""
        return self._last + len(self.waiting)

    def add(self, id: str) -> None:
        """Give `id` the next place, unless it has one."""
        self.settle()
        if id not in self._places:
            self.waiting.append(id)

    def remove(self, id: str) -> None:
        """Remove `id`, if it is there."""
        if id not in self._places:
            self.settle()
        place = self._places.pop(id, None)
        if place is not None:
            number = place >> BITS
            block = self._blocks[number]
            block[place % BLOCK] = None
            block.gone += 1
            if block.gone == BLOCK:
                del self._blocks[number]
                del self._numbers[bisect_left(self._numbers, number)]

    def of(self, id: str) -> int | None:
        """Return the place of `id`, None if it is not there."""
        self.settle()
        return self._places.get(id)

    def after(self, place: int, limit: int) -> list[tuple[int, str]]:
        """Return up to `limit` places greater than `place` with their ids, ascending."""
        self.settle()
        return list(islice(self._walk(place), limit))

    def settle(self) -> None:
        """Give the waiting ids their places."""
        ids = self.waiting
        first = self._last + 1
        self._last += len(ids)
        self._places.update(zip(ids, range(first, self._last + 1), strict=True))
        done = 0
        while done < len(ids):
            room = BLOCK - len(self._newest)
            if not room:
                self._newest, room = self._open((first + done) >> BITS), BLOCK
            self._newest.extend(ids[done : done + room])
            done += room
        ids.clear()

    def _open(self, number: int, gone: int = 0) -> _Block:
        """Begin a block. Its first `gone` places are not used any more."""
        block = self._blocks[number] = _Block([None] * gone)
        block.gone = gone
        self._numbers.append(number)
        return block

    def _walk(self, after: int) -> Iterator[tuple[int, str]]:
        first = bisect_left(self._numbers, after >> BITS)
        for index in range(first, len(self._numbers)):
            number = self._numbers[index]
            for place, id in enumerate(self._blocks[number], number << BITS):
                if id is not None and place > after:
                    yield place, id
