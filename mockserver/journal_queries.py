"""Requests as people look for them: an arrival and its answer in one record, read from an organisation's journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import cached_property
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from mockserver.engine import model
from mockserver.engine.model import OPERATIONS, Operation, Organization, Reason
from mockserver.errors import InvalidRequest, shown
from mockserver.ids import redact_tokens, was_issued
from mockserver.journal import SESSION_ID, Answer, Arrival, Delivery, Entry, Failure, Guest, ShownCredential, put_on_the_wire
from mockserver.stores.base import ORGANIZATION, Key, Store

PAGE = 100
"""Journal entries read at a time. Each may have a quarter of a megabyte of text."""


LONGEST_BEGINNING = 4000
"""The most characters of a body that could not be decoded. A list of requests may have a thousand of them."""

LATELY = 5000
"""The number of newest journal entries in which a recent answer is searched."""


_REASONS = tuple(reason.value for reason in Reason)


class Vocabulary(NamedTuple):
    """The operations and the reasons of a platform, which a filter may name."""

    operations: tuple[str, ...] = OPERATIONS
    reasons: tuple[str, ...] = _REASONS

    def check(self, operation: str | None, reason: str | None) -> None:
        """Raise InvalidRequest for an unknown word: it would match 0 requests, so a test of that would pass."""
        if operation not in {None, *self.operations}:
            raise InvalidRequest("operation", f"{shown(operation)} must be one of {', '.join(self.operations)}")
        known = {*self.reasons, *(reason.partition(".")[0] for reason in self.reasons)}
        if reason is None or reason in known:
            return
        near = get_close_matches(reason, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"
        raise InvalidRequest("reason", f"{shown(reason)} is not a reason; {hint}")


USUAL = Vocabulary()


class Pair(NamedTuple):
    """A request and its answer. `answer` is None while the request is on its way, or if the store lost it.

    If the mock failed the request, what was sent is from the Failure, and the platform's part from the Answer.
    """

    arrival: Arrival
    answer: Answer | None


class Exchange(Struct, frozen=True, kw_only=True):
    """A request and its answer. Times are in seconds on the organisation's clock.

    `seq` is its place in the journal, by arrival. `session` is the id it presented or was issued; `guest` is the session's.
    `text` is the message, or the beginning of a body that is not JSON. The answer's fields are None until there is one.
    `status`, `code` and `delivery` are what was sent; `reason` and `accepted` are what the platform did. They disagree if the
    mock failed after the platform acted: then `failure` is the reason that was sent.
    """

    seq: int
    context_id: str
    at: float
    method: str
    path: str
    operation: Operation | None
    credential: ShownCredential
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
    failure: str | None = None


def exchange_of(pair: Pair, guest: Guest | None) -> Exchange:
    """Return the pair as one record, with `guest` if the journal does not name one."""
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
        duration=max(0, answer.at - arrival.at) / 1000 if answer else None,
        traceparent=arrival.traceparent,
        **{name: getattr(answer, name) if answer else None for name in _ANSWERED},
        accepted=answer.accepted if answer else False,
    )


_ANSWERED = ("status", "reason", "code", "retry_after", "fault", "delivery", "failure")
"""Fields that are those of the answer."""


def session_of(pair: Pair) -> str | None:
    """Return the session id of a request: the one it presented, whatever that is, or the one it was issued."""
    if pair.answer is not None and pair.answer.issued is not None:
        return pair.answer.issued
    presented = _member(pair.arrival.body, SESSION_ID) if pair.arrival.operation == "send" else None
    return presented if isinstance(presented, str) else None


def text_of(arrival: Arrival) -> str | None:
    """Return the message of a send, or the beginning of a body that could not be decoded."""
    text = _member(arrival.body, "text") if arrival.operation == "send" else None
    if isinstance(text, str):
        return text
    return None if arrival.text is None else arrival.text[:LONGEST_BEGINNING]


def guest_asked(arrival: Arrival) -> Guest | None:
    guest = _member(arrival.body, "guest") if arrival.operation == "create" else None
    name, email = _member(guest, "name"), _member(guest, "email")
    return Guest(name, email) if isinstance(name, str) and isinstance(email, str) else None


def guest_of(session: model.Credential, hide: Callable[[str], str] = redact_tokens) -> Guest | None:
    """Return the session's guest without secrets, None if the session does not have one."""
    guest = Guest(*map(hide, session.parts))
    return guest if guest.name or guest.email else None


def _member(document: Any, name: str) -> Any:
    return document.get(name) if isinstance(document, dict) else None


class Reader:
    """Reads one organisation's journal, as far back as it reaches, without changing anything."""

    def __init__(self, store: Store, organization: str, hide: Callable[[str], str] = redact_tokens) -> None:
        """`hide` redacts secrets in the guests of session records."""
        self._store, self.organization, self._hide = store, organization, hide

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the entries with a number greater than `after`, oldest first, up to the newest."""
        while page := self._store.entries(self.organization, after, PAGE):
            yield from page
            after = number(page[-1])

    def newest(self) -> int:
        """Return the number of the newest entry, 0 if there are none."""
        return self._store.newest(self.organization)

    def forwards(self, after: int = 0) -> list[Pair]:
        """Return the requests that arrived after entry `after`, oldest first."""
        return pair_up(self.entries(after))

    def backwards(self, before: int | None = None) -> Iterator[list[Pair]]:
        """Yield the requests that arrived before entry `before` (None: all), newest first, some at a time."""
        answers, late = Answers(), set[str]()
        last = self.newest()
        while last > 0:
            start = max(0, last - PAGE)
            page = [entry for entry in self._store.entries(self.organization, start, PAGE) if number(entry) <= last]
            if not page:
                return
            yield [
                pair
                for pair in _pair_up_backwards(reversed(page), answers, late)
                if before is None or pair.arrival.seq < before
            ]
            last = start

    def answer_to(self, context_id: str) -> Answer | None:
        """Return the platform's answer to a recent request, None if it has none."""
        after = max(0, self.newest() - LATELY)
        answers = (entry for entry in self.entries(after) if isinstance(entry, Answer))
        return next((answer for answer in answers if answer.context_id == context_id), None)

    def describe(self, pairs: Iterable[Pair]) -> list[Exchange]:
        """Return the pairs as records. Their guests are looked up together."""
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
            record.id: guest
            for record in records
            if isinstance(record, model.Credential) and (guest := guest_of(record, self._hide))
        }
        if isinstance(organization, Organization):
            forgotten = [id for id in ids if id not in found and was_issued(id, organization.seal)]
            found.update({id: self._journalled_guests[id] for id in forgotten if id in self._journalled_guests})
        return found

    @cached_property
    def _journalled_guests(self) -> dict[str, Guest]:
        """The guests of sessions that the store may have forgotten, from the requests that created them."""
        guests = {}
        for pair in self.forwards():
            guest = guest_asked(pair.arrival)
            if guest is not None and pair.answer is not None and pair.answer.issued is not None:
                guests[pair.answer.issued] = guest
        return guests


class Answers:
    """The answers so far. A request's Answer and Failure may come in any order."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}
        self._failures: dict[str, Failure] = {}

    def take(self, entry: Answer | Failure) -> None:
        if isinstance(entry, Failure):
            self._failures[entry.context_id] = entry
        else:
            self._answers[entry.context_id] = entry

    def of(self, context_id: str) -> Answer | None:
        """Return the answer to a request. Its place in the journal is that of its last entry."""
        answer, failure = self._answers.get(context_id), self._failures.get(context_id)
        if failure is None:
            return answer
        return replace(put_on_the_wire(failure, answer), seq=max(failure.seq, answer.seq if answer else 0))

    def pop(self, context_id: str) -> Answer | None:
        """Return the answer to a request and forget it."""
        found = self.of(context_id)
        self._answers.pop(context_id, None)
        self._failures.pop(context_id, None)
        return found


def pair_up(entries: Iterable[Entry]) -> list[Pair]:
    """Return the requests among journal entries, in order of arrival."""
    arrivals: dict[str, Arrival] = {}
    answers = Answers()
    for entry in entries:
        if isinstance(entry, Arrival):
            arrivals.setdefault(entry.context_id, entry)
        elif isinstance(entry, Answer | Failure):
            answers.take(entry)
    return [Pair(arrival, answers.of(id)) for id, arrival in arrivals.items()]


def _pair_up_backwards(newest_first: Iterable[Entry], answers: Answers, late: set[str]) -> Iterator[Pair]:
    """Yield the pairs from entries, newest first.

    `answers` holds answers until their arrivals are met. `late` holds the ids of late arrivals that were met.
    """
    for entry in newest_first:
        if isinstance(entry, Answer | Failure):
            answers.take(entry)
        elif isinstance(entry, Arrival) and entry.context_id not in late:
            if entry.late:
                late.add(entry.context_id)
            yield Pair(entry, answers.pop(entry.context_id))


def number(entry: Entry) -> int:
    """Return an entry's place in the journal, 0 for a recording's header."""
    return getattr(entry, "seq", 0)
