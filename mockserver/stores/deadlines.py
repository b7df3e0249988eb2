"""The live and the ended sessions, most of which end only because time passes: a calendar with a page per second.

Every step has a constant cost, whatever the number of sessions. A page that has passed leaves the count as a whole, and its
sessions are handled a few at a time. So a clock that jumps over a million deadlines stalls nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import islice
from operator import itemgetter

from msgspec import Struct

NEVER = 1 << 53
"""A time that never comes: beyond every clock, and still exact as a double."""

PAGE = 10
"""A page of the calendar spans 2**PAGE milliseconds."""

SMALL = 512
"""Pages with up to this many sessions are exact to the millisecond, larger ones to the page."""

PAGES_A_STEP = 1024

_end = itemgetter(1)


class _End(Struct, frozen=True, gc=False):
    """Like a tuple, but the garbage collector does not look at it: it would stall over a million tuples."""

    id: str
    at: int


class Deadlines:
    """The sessions of one organisation by their end, in milliseconds. Only one thread at a time may use it.

    `live` is the number of sessions whose end was still to come at the latest `advance`. Nothing changes before `due`.
    """

    __slots__ = ("_ended", "_ends", "_pages", "_passed", "_waiting", "due", "live")

    def __init__(self) -> None:
        self.live, self.due = 0, NEVER
        self._ends: dict[str, int] = {}
        self._pages: dict[int, dict[str, int]] = {}
        self._waiting: list[int] = []  # page numbers, as a heap
        self._passed: deque[Iterator[tuple[str, int]]] = deque()
        self._ended: deque[_End] = deque()

    def put(self, id: str, ends_at: int, now: int) -> None:
        """Set the end of session `id`, past or to come, to `ends_at`. It replaces an earlier one."""
        ends, pages = self._ends, self._pages
        former = ends.get(id)
        if former is not None:
            page = pages.get(former >> PAGE)
            if page is not None and page.pop(id, None) is not None:
                self.live -= 1
        ends[id] = ends_at
        if ends_at > now:
            page = pages.get(ends_at >> PAGE)
            if page is None:
                page = self._begin_page(ends_at >> PAGE)
            page[id] = ends_at
            self.live += 1
            if ends_at < self.due:  # noqa: PLR1730 - a call of min takes as long as the rest
                self.due = ends_at
        elif self._passed:  # sessions that ended before it must come first
            self._passed.append(iter(((id, ends_at),)))
        else:
            self._ended.append(_End(id, ends_at))

    def remove(self, id: str) -> None:
        former = self._ends.pop(id, None)
        if former is not None:
            page = self._pages.get(former >> PAGE)
            if page is not None and page.pop(id, None) is not None:
                self.live -= 1

    def advance(self, now: int) -> None:
        """Let sessions end whose time has come. If very many pages have passed, the next calls handle the rest."""
        waiting = self._waiting
        for _ in range(PAGES_A_STEP):
            if not waiting or (waiting[0] + 1) << PAGE > now:
                break
            self._turn(heappop(waiting))
        if waiting and waiting[0] == now >> PAGE:
            self._look_into(waiting[0], now)
        else:
            self.due = waiting[0] << PAGE if waiting else NEVER

    def crowded(self, before: int, limit: int) -> bool:
        """Return whether there may be something to forget."""
        if self._passed:
            return True
        ended = self._ended
        if not ended:
            return False
        return ended[0].at < before or len(self._ends) - self.live > limit

    def forget(self, before: int, limit: int, most: int) -> Sequence[str]:
        """Forget sessions that ended before `before`, and the oldest beyond `limit` ended ones. At most `most`, oldest
        first."""
        self._settle(most)
        ended, ends = self._ended, self._ends
        forgotten: list[str] = []
        while ended and len(forgotten) < most and (ended[0].at < before or len(ends) - self.live > limit):
            end = ended.popleft()
            if ends.get(end.id) == end.at:  # otherwise it was removed, or its end was moved
                del ends[end.id]
                forgotten.append(end.id)
        return forgotten

    def _begin_page(self, number: int) -> dict[str, int]:
        page = self._pages[number] = {}
        heappush(self._waiting, number)
        return page

    def _turn(self, number: int) -> None:
        """Take a page that has passed as a whole off the calendar."""
        page = self._pages.pop(number)
        self.live -= len(page)
        if page:
            self._passed.append(iter(sorted(page.items(), key=_end) if len(page) <= SMALL else page.items()))

    def _look_into(self, number: int, now: int) -> None:
        """Let the sessions of the present page end that have passed."""
        page = self._pages[number]
        self.due = (number + 1) << PAGE
        if len(page) > SMALL:
            return
        gone = sorted((item for item in page.items() if item[1] <= now), key=_end)
        for id, _ in gone:
            del page[id]
        self.live -= len(gone)
        self._passed.append(iter(gone))
        self.due = min(page.values(), default=self.due)

    def _settle(self, most: int) -> None:
        """Move up to `most` sessions of passed pages to the ended ones."""
        while self._passed and most > 0:
            taken = list(islice(self._passed[0], most))
            self._ended.extend(_End(id, at) for id, at in taken if self._ends.get(id) == at)
            if len(taken) < most:
                self._passed.popleft()
            most -= len(taken)
