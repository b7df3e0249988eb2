"""Units of work: guesses which requests of a recording are for one message, if the recording does not say so.

A recording of requests shows guests, texts and order. That allows more than one sensible reading, so there are two. The finest
takes requests for one message only if they must be: the same text to the same guest, at once after a failure. The coarsest
takes them for one message if they can be. Between them lies what people do: send a text twice, reload a page, open a chat and
not write, or try again after a failure. A verdict that holds in both readings does not depend on such things.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

import msgspec
from msgspec import UNSET

from contracts.history.calls import Call, RequestGroup, SendEffect, UnitReading
from contracts.history.model import History
from mockserver.journal import Guest

AT_ONCE = 2_000
"""Milliseconds after a failure within which a client tries again, and a person does not."""

IN_A_WHILE = 300_000
"""Milliseconds after a failure beyond which the same request is another unit of work."""

MANY = 6
"""Failed creates in a row that count as one client's retries, not as so many messages to one guest."""

MOST = 100
"""Most requests of one unit. An endless loop is cut into units of this size."""


def readings(history: History, *, one_shot: bool = False, scripted: bool = False) -> tuple[UnitReading, ...]:
    """Return the finest and the coarsest reading of a recording without intents; one if they are equal.

    `one_shot`: each message has its own process, which logs in anew. `scripted`: a test gave the messages, which may ask for
    the same again at once, but hardly `MANY` times.
    """
    finest = _Reader(history, False, one_shot, scripted).read()
    coarsest = _Reader(history, True, one_shot, False).read()
    return (finest,) if finest == coarsest else (finest, coarsest)


@dataclass(eq=False, slots=True)
class _Work:
    """A unit in the making; `calls` are in the order in which they left."""

    guest: Guest | None = None
    text: str | None = None
    calls: list[Call] = field(default_factory=list)

    @property
    def over(self) -> float:
        """The place at which its last call came back."""
        return max(float("inf") if call.returned is None else call.returned for call in self.calls)


class _Reader:
    """Sorts the calls of a history into a row for each guest, and each row into units."""

    def __init__(self, history: History, coarse: bool, one_shot: bool, scripted: bool) -> None:
        self._history, self._coarse, self._one_shot, self._scripted = history, coarse, one_shot, scripted
        self._limit = IN_A_WHILE if coarse else AT_ONCE
        self._logins = [call.left for call in history.logins]
        self._changes = [] if coarse else [change.place for change in history.changes if not (change.during or change.jump)]
        self._senders = _senders(history)
        self._orphans = frozenset[float]()

    def read(self) -> UnitReading:
        """Return the reading."""
        rows = _rows(self._history)
        self._orphans = self._repeated_orphans(rows.values())
        works = [work for row in rows.values() for work in self._works(row)]
        works.sort(key=lambda work: work.calls[0].left)
        if self._coarse:
            works += list(self._with_failed_logins(works))
        works = [
            _Work(work.guest, work.text, work.calls[start : start + MOST])
            for work in works
            for start in range(0, len(work.calls), MOST)
        ]
        works.sort(key=lambda work: work.calls[0].left)
        return self._whole(works)

    # -- one row: all that is for one guest --------------------------------------------------------------------------

    def _works(self, row: Sequence[Call]) -> Iterator[_Work]:
        texts = {call.text for call in row if call.operation == "send"}
        by_text: dict[str, _Work] = {}
        done: list[_Work] = []
        loose: list[Call] = []
        for call in row:
            if call.operation != "send":
                loose.append(call)
                continue
            work = self._continued(by_text, call, loose)
            if work is None:
                work = _Work(_guest_of(call, self._history), call.text)
                done.append(work)
            if call.text is not None:
                by_text[call.text] = work
            self._take_creates(work, loose, call, len(texts) == 1)
            work.calls.append(call)
        yield from self._asked_again(done, row)
        for chain in self._chains(loose):
            yield from self._left_alone(chain, bool(texts))

    def _asked_again(self, works: Sequence[_Work], row: Sequence[Call]) -> Iterator[_Work]:
        """Yield the units, cut at the places at which a test may have asked for the same text again."""
        repeated = frozenset[str | None]() if self._coarse else _repeated(row)
        for work in works:
            if self._scripted:
                yield from _pieces(work, lambda call: call.operation == "send" or _failed(call))
            elif work.text in repeated:
                # sends whose outcome is unknown
                yield from _pieces(work, lambda call: call.effect is SendEffect.UNKNOWN)
            else:
                yield work

    def _continued(self, by_text: dict[str, _Work], send: Call, loose: Sequence[Call]) -> _Work | None:
        """Return the unit that a send continues: that of the same text, if it failed not long ago; or None."""
        work = by_text.get(send.text) if send.text is not None else None
        if work is None:
            return None
        last = work.calls[-1]
        if not last.was_over(send.left):
            return work if self._coarse else None
        if last.effect is SendEffect.CONSUMED:
            return None
        between = [call for call in loose[-MOST:] if call.left > last.left and self._is_own(call, send)]
        steps = [last, *between, send]
        return work if all(self._follows(one, other) for one, other in pairwise(steps)) else None

    def _is_own(self, create: Call, send: Call) -> bool:
        """Return whether a create may have been made for this send, because no other send uses its session."""
        user = self._senders.get(create.received_session or "")
        return user is send or (user is None and create.left not in self._orphans)

    def _follows(self, one: Call, other: Call) -> bool:
        """Return whether a call left soon after another came back. A login between them may take its time.

        A perturbation between them separates the calls, because a test may well ask for the same text again after it. Moving
        the clock does not separate them, because tests shorten the client's waits that way.
        """
        if one.returned_at is None or one.returned is None or one.returned > other.left:
            return False
        if bisect_left(self._changes, one.returned) < bisect_left(self._changes, other.left):
            return False
        since = one.returned_at
        for login in self._history.logins[bisect_left(self._logins, one.left) : bisect_left(self._logins, other.left)]:
            if login.returned_at is not None and login.was_over(other.left) and login.left_at - since <= self._limit:
                since = max(since, login.returned_at)
        return other.left_at - since <= self._limit

    def _take_creates(self, work: _Work, loose: list[Call], send: Call, is_only_text: bool) -> None:
        """Move to a unit the create of the session that it uses, and the creates that failed before it."""
        window = loose[-MOST:]
        mine = [call for call in window if self._senders.get(call.received_session or "") is send]
        since = work.calls[-1].left if work.calls else -1
        follower = mine[0] if mine else send
        for call in reversed(window):
            if call in mine or call.left > follower.left:
                continue
            is_loose = call.left in self._orphans or (_failed(call) and self._is_own(call, send))
            is_certain = self._coarse or is_only_text or call.left > since >= 0 or call.left in self._orphans
            if not (is_loose and is_certain and self._follows(call, follower)):
                if is_loose:
                    break
                continue
            mine.append(call)
            follower = call
        loose[-MOST:] = [call for call in window if call not in mine]
        work.calls += sorted(mine, key=lambda call: call.left)

    # -- calls without a send ----------------------------------------------------------------------------------------

    def _chains(self, loose: Iterable[Call]) -> Iterator[list[Call]]:
        """Yield runs of calls that follow each other at once, each after one that failed."""
        chain: list[Call] = []
        for call in loose:
            if chain and not (_failed(chain[-1]) and self._follows(chain[-1], call)):
                yield chain
                chain = []
            chain.append(call)
        if chain:
            yield chain

    def _left_alone(self, chain: Sequence[Call], has_texts: bool) -> Iterator[_Work]:
        """Yield one unit if the calls must be retries, else one for each."""
        if self._coarse or chain[0].operation != "create" or self._must_be_retries(chain, has_texts):
            yield _Work(chain[0].guest, None, list(chain))
            return
        work: list[Call] = []
        for call in chain:
            if work and not self._shows_it_again(work[-1], call):
                yield _Work(call.guest, None, work)
                work = []
            work.append(call)
        yield _Work(chain[0].guest, None, work)

    def _must_be_retries(self, chain: Sequence[Call], has_texts: bool) -> bool:
        """Return whether so many creates in a row are retries: as many messages, none of which was sent, are unlikely."""
        if has_texts or chain[0].guest is None:
            return False
        tokens = len({call.token for call in chain})
        return len(chain) >= (MANY if tokens == 1 else 2 * MANY) and not (tokens > 1 and self._one_shot)

    def _shows_it_again(self, refused: Call, call: Call) -> bool:
        """Return whether a refused token is shown again with no login between. No reading excuses that."""
        first, last = bisect_left(self._logins, refused.left), bisect_left(self._logins, call.left)
        return refused.said_dead("token") and refused.token == call.token and first == last

    def _repeated_orphans(self, rows: Iterable[Sequence[Call]]) -> frozenset[float]:
        """Return the places of unused creates right before a used one, if the client does so repeatedly.

        A person who reloads a page does so once, or takes longer.
        """
        found = {unused.left: used for row in rows for unused, used in self._orphan_pairs(row)}
        return frozenset(found) if len({id(used) for used in found.values()}) > 1 else frozenset()

    def _orphan_pairs(self, row: Sequence[Call]) -> Iterator[tuple[Call, Call]]:
        for one, other, send in zip(row, row[1:], row[2:], strict=False):
            is_pattern = one.received_session is not None and one.received_session not in self._senders
            is_used = other.received_session is not None and self._senders.get(other.received_session) is send
            if is_pattern and is_used and one.token == other.token and _quickly(one, other) and _quickly(other, send):
                yield one, other

    # -- the whole ---------------------------------------------------------------------------------------------------

    def _whole(self, works: Sequence[_Work]) -> UnitReading:
        """Add the logins, and give overlapping units the same item."""
        shared = dict[str, tuple[int, int]]()
        first = {work.calls[0].left: work for work in works}
        items, item, open_now, logins = [0] * len(works), 0, list[int](), iter(self._history.logins)
        login = next(logins, None)
        starts = [*((work.calls[0].left, number) for number, work in enumerate(works)), (len(self._history.moments) + 1, -1)]
        over = [work.over for work in works]
        taken = {call.number for work in works for call in work.calls if call.operation == "token"}
        for start, number in starts:
            while login is not None and login.left < start:
                if login.number in taken:
                    login = next(logins, None)
                    continue
                open_now = [one for one in open_now if over[one] > login.left]
                self._place_login(
                    login, [works[one] for one in open_now], first.get(start), items[open_now[0]] if open_now else 0, shared
                )
                login = next(logins, None)
            if number < 0:
                break
            open_now = [one for one in open_now if over[one] > start]
            item += not open_now
            items[number] = item
            open_now.append(number)
        units = (
            RequestGroup(
                tuple(call.arrival.context_id for call in sorted(work.calls, key=lambda call: call.left)),
                work.guest,
                work.text,
                items[number],
            )
            for number, work in enumerate(works)
        )
        return UnitReading(tuple(units), shared, _interleaved(self._history))

    def _with_failed_logins(self, works: Sequence[_Work]) -> Iterator[_Work]:
        """Put rows of failed logins before the unit that follows them; make units of the others."""
        starts = [work.calls[0].left for work in works]
        reach = list(accumulate((work.over for work in works), max))
        idle = []
        for login in self._history.logins:
            before = bisect_left(starts, login.left)
            if not before or reach[before - 1] <= login.left:
                idle.append(login)
        for chain in self._chains(idle):
            if len(chain) < 2:
                continue
            following = bisect_left(starts, chain[-1].left)
            if following < len(works) and self._follows(chain[-1], works[following].calls[0]):
                works[following].calls[:0] = chain
            else:
                yield _Work(calls=chain)

    def _place_login(
        self, login: Call, busy: Sequence[_Work], following: _Work | None, item: int, shared: dict[str, tuple[int, int]]
    ) -> None:
        """Give a login to the only unit under way, or to the one that begins right after it."""
        if len(busy) == 1:
            busy[0].calls.append(login)
        elif busy:
            shared[login.arrival.context_id] = (item, len(busy))
        elif following is not None and self._follows(login, following.calls[0]):
            following.calls.insert(0, login)


def _rows(history: History) -> dict[Hashable, list[Call]]:
    """Return the calls by guest. If the guest is unknown, they are grouped by session or by content."""
    rows: dict[Hashable, list[Call]] = {}
    for call in history.calls:
        if call.operation != "token":
            rows.setdefault(_party(call, history), []).append(call)
    return rows


def _party(call: Call, history: History) -> Hashable:
    if call.operation == "create":
        return call.guest or ("create", call.number)
    if call.operation == "send":
        return _guest_of(call, history) or ("session", call.presented or call.number)
    body = call.arrival.text if call.arrival.body is UNSET else msgspec.json.encode(call.arrival.body)
    return call.arrival.method, call.arrival.path, body


def _guest_of(send: Call, history: History) -> Guest | None:
    session = history.sessions.get(send.presented or "")
    return session.created.guest if session is not None and session.created is not None else None


def _senders(history: History) -> dict[str, Call]:
    """Return the first send in each session."""
    senders: dict[str, Call] = {}
    for call in history.calls:
        if call.presented is not None:
            senders.setdefault(call.presented, call)
    return senders


def _failed(call: Call) -> bool:
    return call.status is None or call.status >= 300 or call.unusable


def _quickly(one: Call, other: Call) -> bool:
    return one.was_over(other.left) and one.returned_at is not None and other.left_at - one.returned_at <= AT_ONCE


def _repeated(row: Sequence[Call]) -> frozenset[str | None]:
    """Return the texts that are sent again after they were delivered, as tests with a fixed text do."""
    done, repeated = set[str | None](), set[str | None]()
    for call in row:
        if call.operation == "send" and call.text in done:
            repeated.add(call.text)
        if call.operation == "send" and call.effect is SendEffect.CONSUMED and not _failed(call):
            done.add(call.text)
    return frozenset(repeated)


def _pieces(work: _Work, ends: Callable[[Call], bool]) -> Iterator[_Work]:
    """Yield the pieces of a unit, each up to a call that `ends` it. A unit with many failures stays whole."""
    if sum(map(_failed, work.calls)) >= MANY:
        yield work
        return
    piece: list[Call] = []
    for call in work.calls:
        piece.append(call)
        if ends(call):
            yield _Work(work.guest, work.text, piece)
            piece = []
    if piece:
        yield _Work(work.guest, work.text, piece)


def _interleaved(history: History) -> float | None:
    """Return the place of the first call that shows a token which a newer one had replaced; None if there is none."""
    received: dict[str | None, float] = {}
    for login in sorted(history.logins, key=lambda login: login.returned or 0):
        if login.received_token is not None and login.returned is not None:
            received.setdefault(login.received_token, login.returned)
    newest = -1.0
    for call in history.calls:
        if call.operation == "token" or call.token is None:
            continue
        since = received.get(call.token, -1)
        if since < newest:
            return call.left
        newest = max(newest, since)
    return None
