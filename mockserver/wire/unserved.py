"""Requests that the mock failed. They are kept until its store is available, so that the journal has what was sent."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import ClassVar, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from mockserver.clock import monotonic, pause
from mockserver.engine.model import ClockState
from mockserver.errors import StoreUnavailable
from mockserver.journal import Answer, Arrival, Entry, Failure, PendingEntry
from mockserver.journal_queries import Reader
from mockserver.service import Arriving, PlatformService

MOST = 1024
"""The most requests that are kept. The failures of further ones are not journalled."""

MOST_BYTES = 4 << 20
"""The most bytes, chosen by senders, that kept requests may take."""

SOON, LATER = 0.02, 1.0
"""The shortest and the longest wait, in seconds, between two tries to reach the store."""

PATIENCE = 3.0
"""Seconds that the end of a process waits for the thread that tries to reach the store."""

LAST_TRIES = 50
"""How often the remaining requests are tried at the end of a process. An unavailable store answers at once."""

SOME = 16
"""The most failed requests that are journalled before the next request is served."""

CROWD = 16
"""Requests of a crowd that are journalled at once. Of the rest it is one per second, to leave room for served requests."""

_log = logging.getLogger("dayfly")


class LateArrival(Struct, frozen=True, gc=False):
    """The entry for the arrival of a request, written when the store is available again."""

    call: Arriving

    @property
    def weight(self) -> int:
        """The bytes chosen by the sender."""
        return self.call.weight

    def entry(self, seq: int, at: int) -> Entry:
        arrival = self.call.entry(seq, at)
        assert isinstance(arrival, Arrival)
        return replace(arrival, late=True)


class FailureNote(Struct, frozen=True, gc=False):
    """The entry for the answer that was sent instead of the platform's."""

    given: Answer
    weight: ClassVar[int] = 0

    def entry(self, seq: int, at: int) -> Entry:
        given = self.given
        head = (seq, at, given.context_id, given.status, given.reason)
        return Failure(*head, code=given.code, delivery=given.delivery, body=given.body)


class Known(Struct, frozen=True, gc=False):
    """An entry that was read from the journal."""

    read: Entry
    weight: ClassVar[int] = 0

    def entry(self, seq: int, at: int) -> Entry:
        return replace(self.read, seq=seq, at=at)


class _Waiting(NamedTuple):
    organization: str
    clock: ClockState | None
    arrival: LateArrival | None
    failure: FailureNote
    system: int

    @property
    def weight(self) -> int:
        """The bytes, chosen by the request's sender, that it keeps in memory."""
        return 0 if self.arrival is None else self.arrival.weight


class Unserved:
    """The failed requests of one process. They are journalled before the next request, or when the store is available."""

    def __init__(self, platform: PlatformService) -> None:
        self.waiting: deque[_Waiting] = deque()
        self._platform, self._bytes, self._dropped = platform, 0, 0
        self._adding, self._flushing, self._wake = Lock(), Lock(), Event()
        self._closing = False
        self._left, self._counted = float(CROWD), monotonic()
        self._thread: Thread | None = None

    def add(self, call: Arriving, noted: PendingEntry, system: int) -> None:
        """Keep a request that was answered as `noted` at the system's time `system`, in milliseconds."""
        seen, platform, given = call.seen, self._platform, noted.entry(0, 0)
        assert isinstance(given, Answer)
        clock = None if seen is None else seen.organization.clock
        arrival = LateArrival(call) if seen is None else None  # its own `look` failed, which would have journalled it
        name = platform.stray if call.ask.organization is None else call.ask.organization
        organization = name if seen is None else seen.organization.id
        waiting = _Waiting(organization, clock, arrival, FailureNote(given), system + call.effect.after)
        at = (clock or ClockState()).reading(waiting.system)
        if arrival is not None:
            platform.sink(arrival, at)
        platform.sink(waiting.failure, at)
        with self._adding:
            if len(self.waiting) >= MOST or self._bytes + waiting.weight > MOST_BYTES:
                self._dropped += 1
                return
            self._bytes += waiting.weight
            self.waiting.append(waiting)
            if self._thread is None and not self._closing:
                thread = Thread(target=self._try_again, name="dayfly-unserved", daemon=True)
                with suppress(RuntimeError):  # no thread can be started; the next request will do
                    thread.start()
                    self._thread = thread

    def is_sample(self) -> bool:
        """Return whether to journal a request of a crowd that was refused: CROWD at once, then one per second."""
        now = monotonic()
        with self._adding:
            self._left, self._counted = min(CROWD, self._left + now - self._counted), now
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def catch_up(self) -> None:
        """Journal some of the waiting requests before the next one, which will find out whether the store is available."""
        with suppress(StoreUnavailable):
            self.flush(most=SOME)
            self._wake.set()

    def flush(self, patience: float = 0, most: int = MOST) -> None:
        """Journal the waiting requests, unless another thread does so for `patience` seconds. Raises StoreUnavailable."""
        if not self._flushing.acquire(timeout=patience):
            return
        try:
            while self.waiting and most > 0:
                self._journal(self.waiting[0])
                with self._adding:
                    self._bytes -= self.waiting.popleft().weight
                most -= 1
            if self._dropped:
                _log.warning("the store was unavailable: %d more failed requests are not in the journal", self._dropped)
                self._dropped = 0
        finally:
            self._flushing.release()

    def _journal(self, waiting: _Waiting) -> None:
        try:
            self._platform.note_failure(*waiting)
            if self._platform.has_sink and waiting.arrival is None:
                self._sink_answer(waiting)
        except StoreUnavailable:
            raise
        except Exception:
            _log.exception("%s: that this request failed could not be journalled", waiting.failure.given.context_id)

    def _sink_answer(self, waiting: _Waiting) -> None:
        """Give the platform's answer to the sink, if it was written although the store's reply was lost."""
        given = waiting.failure.given
        answer = Reader(self._platform.store, waiting.organization).answer_to(given.context_id)
        if answer is not None:
            self._platform.sink(Known(answer), answer.at)

    def _try_again(self) -> None:
        wait = SOON
        while not self._closing:
            before = len(self.waiting)
            try:
                self.flush()
            except StoreUnavailable:
                wait = min(2 * wait, LATER) if len(self.waiting) >= before else SOON
            with self._adding:
                if not self.waiting:
                    self._thread = None
                    return
            self._wake.wait(wait)
            self._wake.clear()

    def close(self) -> None:
        """Try several more times, but not longer than a server has to stop."""
        self._closing = True
        self._wake.set()
        until = monotonic() + PATIENCE
        for _ in range(LAST_TRIES):
            try:
                self.flush(max(0, until - monotonic()))
            except StoreUnavailable:
                pause(SOON)
            if not self.waiting:
                return
            if monotonic() > until:
                break
        _log.warning("the store is unavailable: %d failed requests are not in the journal", len(self.waiting))
