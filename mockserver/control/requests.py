"""Finding requests in an organisation's journal, and following it as it grows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from msgspec import Struct

from mockserver.clock import pause, to_milliseconds
from mockserver.control import checks
from mockserver.errors import InvalidRequest, NotFound
from mockserver.ids import redact_tokens
from mockserver.journal import Answer, Arrival, Entry, Failure, Perturbed
from mockserver.journal_queries import USUAL, Exchange, Pair, Reader, Vocabulary, number
from mockserver.stores.base import Store

INTERVAL = 0.1
"""Seconds between two reads of a journal that is followed."""


class Filter(Struct, frozen=True, kw_only=True):
    """A choice of requests; all conditions given must hold.

    `path`, `status`, `operation` and `session` are compared exactly. `reason` may be a family: ``session`` stands for
    ``session.consumed`` and its like. `guest` is a name or an email address. `text` is searched in the message, guest, session
    id, contextId and traceparent. Both ignore case. `since` and `until` are seconds on the organisation's clock; `until` is
    exclusive.
    """

    path: str | None = None
    status: int | None = None
    reason: str | None = None
    operation: str | None = None
    guest: str | None = None
    text: str | None = None
    session: str | None = None
    since: float | None = None
    until: float | None = None

    def __post_init__(self) -> None:
        if self.status is not None and not 100 <= self.status <= 599:
            raise InvalidRequest("status", f"{self.status} must be from 100 to 599")
        for field in ("since", "until"):
            to_milliseconds(getattr(self, field) or 0, field)

    def lets(self, exchange: Exchange) -> bool:
        same = (
            self.path in {None, exchange.path}
            and self.status in {None, exchange.status}
            and self.operation in {None, exchange.operation}
            and self.session in {None, exchange.session}
        )
        is_in_time = (self.since or 0) <= exchange.at and (self.until is None or exchange.at < self.until)
        by_reason = self.reason in {None, exchange.reason} or (exchange.reason or "").startswith(f"{self.reason}.")
        return same and is_in_time and by_reason and self._by_words(exchange)

    def _by_words(self, exchange: Exchange) -> bool:
        guest = (exchange.guest.name, exchange.guest.email) if exchange.guest else ()
        if self.guest is not None and self.guest.casefold() not in {word.casefold() for word in guest}:
            return False
        words = (*guest, exchange.text, exchange.session, exchange.context_id, exchange.traceparent)
        return self.text is None or any(self.text.casefold() in word.casefold() for word in words if word)


class RecordedRequest(Struct, frozen=True, kw_only=True):
    """One request with its journal entries as in a trace."""

    exchange: Exchange
    arrival: Arrival
    answer: Answer | None


class Requests:
    """One organisation's requests, as far back as its bounded journal reaches."""

    def __init__(
        self,
        store: Store,
        organization: str,
        hide: Callable[[str], str] = redact_tokens,
        vocabulary: Vocabulary = USUAL,
    ) -> None:
        self._store, self._organization, self._hide, self._vocabulary = store, organization, hide, vocabulary

    def find(
        self,
        path: str | None = None,
        status: int | None = None,
        reason: str | None = None,
        operation: str | None = None,
        guest: str | None = None,
        text: str | None = None,
        session: str | None = None,
        since: float | None = None,
        until: float | None = None,
        after: int | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Exchange]:
        """Return up to `limit` requests that pass the Filter, newest first.

        `after` and `before` are a request's `seq`. With `after`, return those that arrived later, oldest first; with `before`,
        those that arrived earlier.
        """
        wanted = Filter(
            path=path,
            status=status,
            reason=reason,
            operation=operation,
            guest=guest,
            text=text,
            session=session,
            since=since,
            until=until,
        )
        return self.search(wanted, after, before, limit)

    def count(self, **filters: Any) -> int:
        """Return how many requests pass the Filter."""
        return self.tally(Filter(**filters))

    def search(self, wanted: Filter, after: int | None, before: int | None, limit: int) -> list[Exchange]:
        """Return requests; see find."""
        self._vocabulary.check(wanted.operation, wanted.reason)
        for field, place in (("after", after), ("before", before)):
            checks.place(place or 0, field)
        return list(islice(filter(wanted.lets, self._exchanges(after, before)), checks.limit(limit)))

    def tally(self, wanted: Filter) -> int:
        """Return the number of requests; see count."""
        self._vocabulary.check(wanted.operation, wanted.reason)
        return sum(map(wanted.lets, self._exchanges(None, None)))

    def get(self, context_id: str) -> RecordedRequest:
        """Return the request with this contextId. Raises NotFound."""
        reader = Reader(self._store, self._organization, self._hide)
        for pair in chain.from_iterable(reader.backwards()):
            if pair.arrival.context_id == context_id:
                return RecordedRequest(exchange=reader.describe([pair])[0], arrival=pair.arrival, answer=pair.answer)
        raise NotFound("request", context_id, "it has left the bounded journal, or was never made on this server")

    def newest(self) -> int:
        """Return the number of the journal's newest entry, 0 if there is none."""
        return Reader(self._store, self._organization, self._hide).newest()

    def _exchanges(self, after: int | None, before: int | None) -> Iterator[Exchange]:
        reader = Reader(self._store, self._organization, self._hide)
        pages: Iterable[Iterable[Pair]] = reader.backwards(before)
        if after is not None:
            pages = [[pair for pair in reader.forwards(after) if before is None or pair.arrival.seq < before]]
        return chain.from_iterable(map(reader.describe, pages))

    def follow(
        self, after: int | None = None, interval: float = INTERVAL, wait: Callable[[float], object] = pause
    ) -> Iterator[list[Exchange | Perturbed]]:
        """Yield what happens from now on, or after journal entry `after`: answered requests, and changes from outside.

        A request comes again if the journal later shows that the mock failed it.

        Every `interval` seconds, yield the new items, oldest first and possibly none. Before each further round, `wait` is
        called with the interval; if it returns true, the iteration ends. An Exchange's place in this order is its `answer_seq`,
        a Perturbed's its `seq`. To go on without a gap or a repetition, follow again after the last one.
        """
        reader = Reader(self._store, self._organization, self._hide)
        seen = reader.newest() if after is None else after
        following = _Following(self.get)
        while True:
            came: dict[object, Pair | Perturbed] = {}
            for entry in reader.entries(seen):
                seen = number(entry)
                item = following.completed(entry)
                if item is not None:
                    key = item.arrival.context_id if isinstance(item, Pair) else item.seq
                    came.pop(key, None)
                    came[key] = item
            yield _described(reader, list(came.values()))
            if wait(interval):
                return


class _Following:
    """Requests on their way while a journal is followed: arrivals that wait for their answers."""

    def __init__(self, get: Callable[[str], RecordedRequest]) -> None:
        self._get = get
        self._arrivals: dict[str, Arrival] = {}
        self._failed: set[str] = set()

    def completed(self, entry: Entry) -> Pair | Perturbed | None:
        """Return the request that this entry completes. A request that the mock failed may be complete twice."""
        if isinstance(entry, Perturbed):
            return entry
        if isinstance(entry, Arrival):
            if not entry.late:
                self._arrivals[entry.context_id] = entry
            return None
        if isinstance(entry, Failure):
            self._failed.add(entry.context_id)
        elif not isinstance(entry, Answer):
            return None
        arrival = self._arrivals.pop(entry.context_id, None)
        if isinstance(entry, Answer) and arrival is not None and entry.context_id not in self._failed:
            return Pair(arrival, entry)
        return self._found(entry.context_id)

    def _found(self, context_id: str) -> Pair | None:
        """Return a request with all its journal entries, because it may have arrived before the journal was followed."""
        try:
            found = self._get(context_id)
        except NotFound:
            return None
        return Pair(found.arrival, found.answer)


def _described(reader: Reader, came: list[Pair | Perturbed]) -> list[Exchange | Perturbed]:
    exchanges = iter(reader.describe(item for item in came if isinstance(item, Pair)))
    return [item if isinstance(item, Perturbed) else next(exchanges) for item in came]
