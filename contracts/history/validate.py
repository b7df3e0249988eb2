"""Checks whether a trace is consistent. A client cannot be judged by one that is not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from contracts.errors import TraceMalformed
from mockserver.journal import Answer, Arrival, Began, Ended, Entry, Failure, Header, Perturbed, Returned, merged

Numbered = Began | Ended | Perturbed | Arrival | Answer | Returned
"""The entries that have a number and a time, which are all but the header."""


class Trace(NamedTuple):
    """A well-formed trace. Without a header in the recording, `header` has the defaults."""

    header: Header
    entries: list[Numbered]


def well_formed(entries: Iterable[Entry]) -> Trace:
    """Check numbers, times, and that every entry refers to a suitable earlier one. Raises TraceMalformed.

    In the result, failures are merged into the answers.
    """
    checks = _Checks()
    header, checked = Header(), []
    for entry in entries:
        if isinstance(entry, Header):
            checks.header_comes_first()
            header = entry
            checks.virtual = entry.clock == "virtual"
        else:
            checks.look_at(entry)
            checked.append(entry)
    return Trace(header, [entry for entry in merged(checked) if not isinstance(entry, Header | Failure)])


class _Checks:
    """The entries seen so far, which decide what may come next."""

    def __init__(self) -> None:
        self.virtual = False
        self._headers = 0
        self._first: int | None = None
        self._seq = 0
        self._at = 0
        self._arrived: set[str] = set()
        self._answered: set[str] = set()
        self._returned: set[str] = set()
        self._intents: dict[int, bool] = {}

    def header_comes_first(self) -> None:
        self._headers += 1
        if self._headers > 1 or self._first is not None:
            raise TraceMalformed(self._seq, "a header follows it; a header is the first line and the only one")

    def look_at(self, entry: Numbered | Failure) -> None:
        self._order(entry)
        match entry:
            case Arrival(late=True):
                self._arrived.add(entry.context_id)
            case Failure():
                self._known(entry)
                self._has_status(entry)
            case Arrival():
                self._once(self._arrived, entry, "two requests have its contextId")
            case Answer():
                self._known(entry)
                self._once(self._answered, entry, "its request was answered before")
                self._has_status(entry)
            case Returned():
                self._known(entry)
                self._once(self._returned, entry, "its answer came back to the client before")
            case Began():
                self._begin(entry)
            case Ended():
                self._end(entry)

    def _has_status(self, entry: Answer | Failure) -> None:
        if entry.status is not None and not 100 <= entry.status <= 599:
            raise TraceMalformed(entry.seq, f"{entry.status} is not an HTTP status")

    def _order(self, entry: Numbered | Failure) -> None:
        if self._first is None:
            self._first = entry.seq
        elif entry.seq <= self._seq:
            raise TraceMalformed(entry.seq, f"it follows entry {self._seq}; numbers must grow")
        self._seq = entry.seq
        if isinstance(entry, Answer | Failure):  # stamped with the time at which it is to leave, which may lie ahead
            return
        if self.virtual and entry.at < self._at:
            raise TraceMalformed(entry.seq, f"its time {entry.at} is before {self._at}; virtual time does not go back")
        self._at = entry.at

    def _known(self, entry: Answer | Failure | Returned) -> None:
        """Check that a request has arrived before. A bounded journal may have dropped its arrival, which is allowed."""
        if entry.context_id not in self._arrived and self._first is not None and self._first <= 1:
            raise TraceMalformed(entry.seq, f"no request {entry.context_id!r} arrived before it")

    def _once(self, seen: set[str], entry: Arrival | Answer | Returned, problem: str) -> None:
        if entry.context_id in seen:
            raise TraceMalformed(entry.seq, f"{problem}: {entry.context_id!r}")
        seen.add(entry.context_id)

    def _begin(self, entry: Began) -> None:
        if entry.intent in self._intents:
            raise TraceMalformed(entry.seq, f"intent {entry.intent} began before")
        self._intents[entry.intent] = True

    def _end(self, entry: Ended) -> None:
        if not self._intents.get(entry.intent, False):
            raise TraceMalformed(entry.seq, f"intent {entry.intent} is not open")
        self._intents[entry.intent] = False
