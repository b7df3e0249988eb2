"""Finds the last of some calls whose maker had to know of a refusal, without a look at each call for each refusal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from contracts.history import Call

if TYPE_CHECKING:
    from contracts.protocol.history import DeclaredHistory


class Knowing:
    """Calls in the order in which they left. `id_of` tells what each shows; None if it shows nothing."""

    def __init__(
        self, history: DeclaredHistory, calls: Iterable[Call], id_of: Callable[[Call], str | None] = lambda _: None
    ) -> None:
        self._history = history
        by_operation = defaultdict[str | None, list[Call]](list)
        for call in calls:
            by_operation[call.operation].append(call)
        self._moves = [_Moves(made, id_of) for made in by_operation.values()]

    def last(self, told: Call, dead: str | None = None) -> Call | None:
        """Return the last call whose maker had to know of the answer to `told`, and that does not show the id `dead`."""
        found = (next(self._that_knew(told, moves, dead), None) for moves in self._moves)
        return max((call for call in found if call is not None), key=lambda call: call.left, default=None)

    def _that_knew(self, told: Call, moves: _Moves, dead: str | None) -> Iterator[Call]:
        """Yield the calls of one operation, the last one first."""
        surely_after = self._history.surely_after(told, moves.operation)
        for call, latest in moves.backwards(dead):
            if latest < surely_after or not told.was_over(call.left):
                return
            if self._history.knew(told, call):
                yield call


class _Moves:
    """Calls of one operation. By place, `_latest` is the latest time at which one up to it left, and `_other` the place of the
    last one before it that shows another id; -1 if there is none.
    """

    def __init__(self, calls: list[Call], id_of: Callable[[Call], str | None]) -> None:
        self.operation = calls[0].operation
        self._calls, self._ids = calls, [id_of(call) for call in calls]
        self._latest, self._other = [calls[0].left_at], [-1]
        for place, (before, id) in enumerate(pairwise(self._ids)):
            self._latest.append(max(self._latest[-1], calls[place + 1].left_at))
            self._other.append(self._other[-1] if before == id else place)

    def backwards(self, dead: str | None) -> Iterator[tuple[Call, int]]:
        """Yield the calls that do not show the id `dead`, the last one first, each with the latest time up to it."""
        place = len(self._calls) - 1
        while place >= 0:
            if dead is not None and self._ids[place] == dead:
                place = self._other[place]
            else:
                yield self._calls[place], self._latest[place]
                place -= 1
