"""Requests as people look for them: an arrival and its answer in one record, read from an organisation's journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from msgspec import Struct

from mockserver.engine.model import Operation, Organization, Session
from mockserver.ids import redact_tokens, was_issued
from mockserver.journal import Answer, Arrival, Credential, Delivery, Entry, Guest
from mockserver.stores.base import ORGANIZATION, Key, Store

PAGE = 100
"""Journal entries read at a time: each may have a quarter of a megabyte of text."""


LONGEST_BEGINNING = 4000
"""Characters of a body that could not be decoded, of which a list of requests may have a thousand."""


class Pair(NamedTuple):
    """The two journal entries of one request; `answer` is None while it is on its way, or where the store was lost."""

    arrival: Arrival
    answer: Answer | None


class Exchange(Struct, frozen=True, kw_only=True):
    """A request and what became of it. Times are seconds on the organisation's clock.

    `seq` is its place in the journal, by arrival. `session` is the id it presented, or was issued; `guest` the session's.
    `text` is the message, or the beginning of a body that is no JSON. What came of the answer is None where there is none yet.
    """

    seq: int
    context_id: str
    at: float
    method: str
    path: str
    operation: Operation | None
    credential: Credential
    guest: Guest | None
    text: str | None
    session: str | None
    answer_seq: int | None
    status: int | None
    reason: str | None
    code: str | None
    accepted: bool
    retry_after: int | None
    fault: str | None
    delivery: Delivery | None
    duration: float | None
    traceparent: str | None = None


def exchange_of(pair: Pair, guest: Guest | None) -> Exchange:
    """The pair as one record; `guest` where the journal does not tell."""
    arrival, answer = pair
    return Exchange(
        seq=arrival.seq,
        context_id=arrival.context_id,
        at=arrival.at / 1000,
        method=arrival.method,
        path=arrival.path,
        operation=arrival.operation,
        credential=arrival.credential,
        guest=guest_asked(arrival) or guest,
        text=text_of(arrival),
        session=session_of(pair),
        answer_seq=answer.seq if answer else None,
        status=answer.status if answer else None,
        reason=answer.reason if answer else None,
        code=answer.code if answer else None,
        accepted=answer.accepted if answer else False,
        retry_after=answer.retry_after if answer else None,
        fault=answer.fault if answer else None,
        delivery=answer.delivery if answer else None,
        duration=max(0, answer.at - arrival.at) / 1000 if answer else None,
        traceparent=arrival.traceparent,
    )


def session_of(pair: Pair) -> str | None:
    """The id of the session a request is about: the one it presented, whatever that is, or the one it was issued."""
    if pair.answer is not None and pair.answer.issued is not None:
        return pair.answer.issued
    presented = _member(pair.arrival.body, "webChatSessionId") if pair.arrival.operation == "send" else None
    return presented if isinstance(presented, str) else None


def text_of(arrival: Arrival) -> str | None:
    """The message of a send, or the beginning of a body that could not be decoded."""
    text = _member(arrival.body, "text") if arrival.operation == "send" else None
    return text if isinstance(text, str) or arrival.text is None else arrival.text[:LONGEST_BEGINNING]


def guest_asked(arrival: Arrival) -> Guest | None:
    """The guest a request to create a session names."""
    guest = _member(arrival.body, "guest") if arrival.operation == "create" else None
    name, email = _member(guest, "name"), _member(guest, "email")
    return Guest(name, email) if isinstance(name, str) and isinstance(email, str) else None


def guest_of(session: Session, hide: Callable[[str], str] = redact_tokens) -> Guest | None:
    """The session's guest without secrets; None if it was created for nobody in particular."""
    guest = Guest(hide(session.guest_name), hide(session.guest_email))
    return guest if guest.name or guest.email else None


def _member(document: Any, name: str) -> Any:
    return document.get(name) if isinstance(document, dict) else None


class Reader:
    """Reads one organisation's journal. What has left the bounded journal is not found; nothing here changes anything."""

    def __init__(self, store: Store, organization: str, hide: Callable[[str], str] = redact_tokens) -> None:
        """`hide` takes secrets out of what a session's record says of its guest."""
        self._store, self.organization, self._hide = store, organization, hide

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries with a number greater than `after`, oldest first, up to the newest."""
        while page := self._store.entries(self.organization, after, PAGE):
            yield from page
            after = number(page[-1])

    def newest(self) -> int:
        """The number of the newest entry, 0 where there is none: found by halving, for a store tells only what comes after."""
        first = self._next(0)
        step = 1
        while first and self._next(first + step - 1):
            step *= 2
        low, high = first, first + step - 1  # an entry has number `low`, none is greater than `high`
        while low < high:
            middle = (low + high) // 2
            found = self._next(middle)
            low, high = (found, high) if found else (low, middle)
        return low

    def _next(self, after: int) -> int:
        page = self._store.entries(self.organization, after, 1)
        return number(page[0]) if page else 0

    def forwards(self, after: int = 0) -> list[Pair]:
        """The requests that arrived after entry `after`, oldest first."""
        return pair_up(self.entries(after))

    def backwards(self, before: int | None = None) -> Iterator[list[Pair]]:
        """The requests that arrived before entry `before` (None: all), newest first, some at a time."""
        answers: dict[str, Answer] = {}
        last = self.newest()
        while last > 0:
            start = max(0, last - PAGE)
            page = [entry for entry in self._store.entries(self.organization, start, PAGE) if number(entry) <= last]
            if not page:
                return
            yield [pair for pair in _pair_up_backwards(reversed(page), answers) if before is None or pair.arrival.seq < before]
            last = start

    def describe(self, pairs: Iterable[Pair]) -> list[Exchange]:
        """The pairs as records, their guests looked up in one go."""
        kept = list(pairs)
        guests = self._guests({id for pair in kept if (id := session_of(pair)) and pair.arrival.operation == "send"})
        return [exchange_of(pair, guests.get(session_of(pair) or "")) for pair in kept]

    def _guests(self, sessions: set[str]) -> dict[str, Guest]:
        if not sessions:
            return {}
        ids = sorted(sessions)
        organization, *records = self._store.load(
            self.organization, [ORGANIZATION, *(Key("session", id) for id in ids)]
        ).records
        found = {
            record.id: guest for record in records if isinstance(record, Session) and (guest := guest_of(record, self._hide))
        }
        if isinstance(organization, Organization):
            forgotten = [id for id in ids if id not in found and was_issued(id, organization.seal)]
            found.update({id: self._journalled_guests[id] for id in forgotten if id in self._journalled_guests})
        return found

    @cached_property
    def _journalled_guests(self) -> dict[str, Guest]:
        """Guests of sessions that the store may have forgotten, from the requests that created them."""
        guests = {}
        for pair in self.forwards():
            guest = guest_asked(pair.arrival)
            if guest is not None and pair.answer is not None and pair.answer.issued is not None:
                guests[pair.answer.issued] = guest
        return guests


def pair_up(entries: Iterable[Entry]) -> list[Pair]:
    """The requests among journal entries, in order of arrival."""
    pairs: dict[str, Pair] = {}
    for entry in entries:
        if isinstance(entry, Arrival):
            pairs[entry.context_id] = Pair(entry, None)
        elif isinstance(entry, Answer) and entry.context_id in pairs:
            pairs[entry.context_id] = Pair(pairs[entry.context_id].arrival, entry)
    return list(pairs.values())


def _pair_up_backwards(newest_first: Iterable[Entry], answers: dict[str, Answer]) -> Iterator[Pair]:
    """The pairs whose arrivals are met; answers wait in `answers` until theirs is."""
    for entry in newest_first:
        if isinstance(entry, Answer):
            answers[entry.context_id] = entry
        elif isinstance(entry, Arrival):
            yield Pair(entry, answers.pop(entry.context_id, None))


def number(entry: Entry) -> int:
    """An entry's place in the journal; a recording's header has none."""
    return getattr(entry, "seq", 0)
