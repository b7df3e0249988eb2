"""Determines the order and times of requests from their time stamps.

A time stamp that is cut to whole seconds leaves open when within the second a request left. Requests are then placed so that
they overlap only if they must. Their order must be possible: an id is created before it is used, and accepted before it is
refused.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from contracts.har.requests import HarRequest
from contracts.har.survey import Findings, KeptRequest


class Placed(NamedTuple):
    """A request, and the milliseconds at which it left and its answer was there."""

    one: HarRequest
    left: int
    returned: int


def placed(kept: Sequence[HarRequest], found: Findings, *, other_order: bool = False) -> list[Placed]:
    """Return the requests in order of time. Those with equal time stamps are in the file's order, or reversed if
    `other_order`.
    """
    if found.resolution == 1:
        return [_exactly(one) for one in sorted(kept, key=lambda one: one.left)]
    by_number = {one.number: one for one in kept}
    ordered = [by_number[number] for number in order(found, other_order=other_order)]
    return list(_apart(ordered, found.resolution))


def order(found: Findings, *, other_order: bool = False) -> Iterator[int]:
    """Yield the numbers of the requests in order of time, as far as coarse time stamps show it."""
    backward = (found.direction == "backward") != other_order
    in_file = sorted(found.notes, key=lambda note: note.number, reverse=backward)
    in_time = sorted(in_file, key=lambda note: note.began)
    for _, tied in groupby(in_time, key=lambda note: note.began):
        yield from (note.number for note in _causal(list(tied)))


def has_ties(found: Findings) -> bool:
    """Return whether the time stamps leave open which of two requests came first."""
    return found.resolution > 1 and len({note.began for note in found.notes}) < len(found.notes)


def _exactly(one: HarRequest) -> Placed:
    """Round away from the next request, because a client must not look hastier than it was."""
    left = math.ceil(one.left)
    return Placed(one, left, max(left, math.floor(one.returned)))


def _apart(ordered: Sequence[HarRequest], resolution: int) -> Iterator[Placed]:
    """Place each request as early as its time stamp allows, but after those before it if that is possible."""
    latest, ends = 0, list[int]()
    for one in ordered:
        first = math.floor(one.left)
        last = first + resolution - 1
        left = max([first, latest, *(end for end in ends if end <= last)])
        returned = left + math.floor(max(0.0, one.returned - one.left))
        latest, ends = left, [end for end in (*ends, returned) if end > left]
        yield Placed(one, left, returned)


def _causal(tied: list[KeptRequest]) -> Iterator[KeptRequest]:
    """Yield requests with equal time stamps, in the given order except for those that must have come first."""
    needs = _needs(tied)
    unlocks: dict[int, list[int]] = {}
    for then, needed in enumerate(needs):
        for place in needed:
            unlocks.setdefault(place, []).append(then)
    waiting = [len(needed) for needed in needs]
    ready = [place for place, count in enumerate(waiting) if not count]
    left = dict(enumerate(tied))
    while ready:
        place = heapq.heappop(ready)
        yield left.pop(place)
        for then in unlocks.get(place, ()):
            waiting[then] -= 1
            if not waiting[then]:
                heapq.heappush(ready, then)
    yield from left.values()  # each needs the other, so the recording contradicts itself


def _needs(tied: list[KeptRequest]) -> list[set[int]]:
    """Return, for each request, the places of those that must have come before it."""
    makers: dict[str | None, int] = {}
    accepted: dict[str | None, int] = {}
    for place, one in enumerate(tied):
        made = one.created or one.asked.issued
        if made is not None:
            makers.setdefault(made, place)
        if one.presented is not None and one.status == 200:
            accepted.setdefault(one.presented, place)
    found = []
    for place, one in enumerate(tied):
        names = [makers.get(one.presented), makers.get(one.asked.shown)]
        names.append(accepted.get(one.presented) if one.status != 200 else None)
        found.append({needed for needed in names if needed is not None and needed != place})
    return found
