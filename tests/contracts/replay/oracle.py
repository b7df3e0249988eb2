"""The limits of what a recording can show of a policy, found by trying values, without the inference's rules.

Values fit if sessions under them could have given every answer. Each answer was decided at some moment between its request's
beginning and end, or at the moment at which the platform acted, if that is known.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from tests.contracts.replay.generated import MESSAGES, Exchange, Generated

FOREVER = 1 << 50


class Moment(NamedTuple):
    """Something happened between these, in milliseconds."""

    earliest: int
    latest: int


class Send(NamedTuple):
    """A send, and whether it was accepted, None if unknown."""

    when: Moment
    accepted: bool | None


class Life(NamedTuple):
    """A session whose creation was recorded, and its sends."""

    created: Moment
    sends: list[Send]


class Known(NamedTuple):
    """The knowledge of a value: it is more than `above`, and at most `at_most` (None: no limit)."""

    above: int
    at_most: int | None


def lives(made: Generated, resolution: int) -> list[Life]:
    """Return all sessions, as known to an observer whose clock ticks in `resolution` milliseconds; 0 knows the exact
    moments."""
    found: dict[str, Life] = {}
    for exchange in sorted(made.exchanges, key=lambda exchange: exchange.acted):
        when = _when(exchange, resolution)
        issued = exchange.told.get("webChatSessionId") if exchange.status == 200 else None
        if exchange.url == MESSAGES and exchange.status in _ACCEPTED:
            id = msgspec.json.decode(exchange.body)["webChatSessionId"]
            found[id].sends.append(Send(when, _ACCEPTED[exchange.status]))
        elif exchange.url != MESSAGES and issued is not None:
            found[issued] = Life(when, [])
    return [life for life in found.values() if life.sends]


def _when(exchange: Exchange, resolution: int) -> Moment:
    if not resolution:
        return Moment(exchange.acted, exchange.acted)
    stamp = exchange.left // resolution * resolution
    return Moment(stamp, stamp + exchange.returned - exchange.left + resolution)


_ACCEPTED = {200: True, 403: False, 0: None, 500: None, 503: None}


def fits(found: Sequence[Life], idle: int, ttl: int, handshakes: int) -> bool:
    """Return whether every session could have answered as it did."""
    return all(_fits(life, idle, ttl, handshakes) for life in found)


def _fits(life: Life, idle: int, ttl: int, handshakes: int) -> bool:
    """Return whether one session could have answered so. If it is unknown whether a send was accepted, both are tried."""
    states, created = {(life.created, handshakes)}, life.created
    for when, accepted in life.sends:
        after = set()
        for active, left in states:
            may_live = left > 0 and when.earliest < active.latest + idle and when.earliest < created.latest + ttl
            may_be_dead = left <= 0 or when.latest >= active.earliest + idle or when.latest >= created.earliest + ttl
            if accepted is not False and may_live:
                after.add((when, left - 1))
            if accepted is None or (accepted is False and may_be_dead):
                after.add((active, left))
        states = after
    return bool(states)


class Oracle:
    """Knows what can be known of the idle timeout and the ttl. One that is longer than the ttl never shows: then the ttl is
    the idle timeout as well."""

    def __init__(self, made: Generated, resolution: int = 0) -> None:
        self._lives = lives(made, resolution)
        gaps = {gap for life in self._lives for gap in _gaps(life)}
        self._values = [*sorted(value for value in gaps if value > 0), FOREVER]
        ages = {age for life in self._lives for send in life.sends for age in _between(life.created, send.when)}
        lived = [send.when.earliest - life.created.latest for life in self._lives for send in life.sends if send.accepted]
        self._ages = [*sorted(age for age in ages if age > max([0, *lived])), FOREVER]
        uses = [[send.accepted for send in life.sends] for life in self._lives]
        most = max((answers.count(True) for answers in uses), default=1)
        counts = {len(answers) - answers.count(False) for answers in uses}
        self._handshakes = sorted(
            {max(1, most), *(use for use in counts if use > most), *(use + 1 for use in counts if use >= most)}
        )
        self._true_ttl = made.policy.ttl
        self._true_idle = min(made.policy.idle_timeout, made.policy.ttl)

    def idle(self) -> Known:
        """Return what can be known of the idle timeout."""
        return self._span(self._true_idle, lambda idle: any(self._fit(idle, max(idle, ttl)) for ttl in self._ages))

    def ttl(self) -> Known:
        """Return what can be known of the ttl."""
        return self._span(self._true_ttl, lambda ttl: any(self._fit(min(idle, ttl), ttl) for idle in self._values))

    def _fit(self, idle: int, ttl: int) -> bool:
        return any(fits(self._lives, idle, ttl, handshakes) for handshakes in self._handshakes)

    def _span(self, truth: int, fitting: Callable[[int], bool]) -> Known:
        """The values that fit lie next to each other, around the truth; between two that are met, all are alike."""
        place = bisect_left(self._values, truth)
        assert fitting(self._values[place])
        first = bisect_left(range(place), True, key=lambda nth: fitting(self._values[nth]))
        later = range(place, len(self._values))
        last = place + bisect_left(later, True, key=lambda nth: not fitting(self._values[nth])) - 1
        most = self._values[last]
        return Known(self._values[first - 1] if first else 0, None if most == FOREVER else most)


def _gaps(life: Life) -> list[int]:
    starts = [life.created, *(send.when for send in life.sends)]
    return [gap for send in life.sends for start in starts for gap in _between(start, send.when)]


def _between(start: Moment, end: Moment) -> tuple[int, int]:
    return end.earliest - start.latest, end.latest - start.earliest
