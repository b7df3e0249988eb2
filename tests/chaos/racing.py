"""Clients that race for sessions through several doors, and go on whatever becomes of the servers behind them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle, islice
from typing import NamedTuple

import httpx

from mockserver.journal import Entry
from tests.chaos.ledger import Ledger, Sent
from tests.functional.talking import Talker

TRIES = 40
"""How often a client asks for a token or a session before the scene is given up."""

BATCH = 3_000
"""Journal entries after which they are collected: the journal keeps the newest 10,000."""

END = "/__admin/organizations/default/sessions/{}/revoke"


class Door:
    """A client with one connection. `open` makes a talker to whichever server stands behind the door now."""

    def __init__(self, open: Callable[[], Talker]) -> None:
        self._open = open
        self._talker: Talker | None = None
        self._token = ""

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._talker is not None:
            self._talker.http.close()
            self._talker = None

    def send(self, session: str) -> Sent:
        """Send a message; a server that has gone is an answer too."""
        try:
            answer = self._talking().send(session)
        except (httpx.TransportError, OSError):
            self.close()
            return Sent(session, None)
        return Sent(session, answer.status_code, answer.headers["ININ-Correlation-Id"])

    def create(self) -> str | None:
        """Return the id of a new session, None if none was to be had here."""
        try:
            answer = self._talking().create()
        except (httpx.TransportError, OSError):
            self.close()
            return None
        return answer.json()["webChatSessionId"] if answer.status_code == 200 else None

    def end(self, session: str) -> bool:
        """End a session by the control API; False if that is not certain."""
        try:
            return self._talking().http.post(END.format(session), json={}).status_code == 200
        except (httpx.TransportError, OSError):
            self.close()
            return False

    def _talking(self) -> Talker:
        """The connection, with a token. Raises TransportError if there is none to be had."""
        if self._talker is None:
            talker = self._talker = self._open()
            if self._token:
                talker.http.headers["Authorization"] = self._token
        if not self._token and self._talker.login().status_code == 200:
            self._token = self._talker.http.headers["Authorization"]
        if not self._token:
            raise httpx.ConnectError("no token was to be had")
        return self._talker


class Disturbance(NamedTuple):
    """Something that is done in the midst of each race with a number in `races`, when half of its sends have begun."""

    races: frozenset[int]
    act: Callable[[], object]


NOTHING = Disturbance(frozenset(), lambda: None)


class Racing:
    """Races through `doors`, all of which send at the same moment. `collect` reads the journal after an entry."""

    def __init__(
        self,
        doors: Sequence[Door],
        collect: Callable[[int], Iterator[Entry]],
        disturbance: Disturbance = NOTHING,
        end: Callable[[str], bool] | None = None,
    ) -> None:
        self.ledger = Ledger()
        self._doors, self._collect, self._disturbance, self._end = doors, collect, disturbance, end
        self._turn = cycle(doors)
        self._dead: list[str] = []
        self._begun, self._counting = 0, threading.Lock()
        self._seen = 0

    def run(self, races: int) -> None:
        """Run so many races. Every sixth is for a session that has ended, so no client may win it."""
        sends = 0
        with ExitStack() as stack:
            threads = stack.enter_context(ThreadPoolExecutor(len(self._doors)))
            stack.callback(self._close)
            for number in range(races):
                self._race(threads, number)
                if number % 6 == 5:
                    self._race_for_a_dead_one(threads)
                sends += len(self._doors) + 3
                if sends * 2 > BATCH:
                    self._try_dead_ones()
                    self.collect()
                    sends = 0
            self._try_dead_ones()

    def collect(self) -> None:
        """Read what the journal has got since."""
        for entry in self._collect(self._seen):
            self.ledger.entries.append(entry)
            self._seen = getattr(entry, "seq", self._seen)

    def _race(self, threads: ThreadPoolExecutor, number: int) -> None:
        session = self._session()
        race = self._all_send(threads, session, is_disturbed=number in self._disturbance.races)
        self.ledger.races.append(race)
        if any(one.status == 200 for one in race):
            self._dead.append(session)

    def _race_for_a_dead_one(self, threads: ThreadPoolExecutor) -> None:
        session = self._session()
        if self._end is not None and self._end(session):
            self.ledger.after.extend(self._all_send(threads, session))

    def _all_send(self, threads: ThreadPoolExecutor, session: str, *, is_disturbed: bool = False) -> list[Sent]:
        barrier = threading.Barrier(len(self._doors), timeout=60)
        self._begun = 0 if is_disturbed else len(self._doors)

        def send(door: Door) -> Sent:
            barrier.wait()
            with self._counting:
                self._begun += 1
                is_middle = self._begun == (len(self._doors) + 1) // 2
            if is_middle:
                self._disturbance.act()
            return door.send(session)

        return list(threads.map(send, self._doors))

    def _try_dead_ones(self) -> None:
        """Present each session that was won once more, through another door."""
        for session in self._dead:
            self.ledger.after.append(next(self._turn).send(session))
        self._dead.clear()

    def _session(self) -> str:
        """A new session, from the first door that has one. Raises RuntimeError if none has for long."""
        for door in islice(self._turn, TRIES * len(self._doors)):
            session = door.create()
            if session is not None:
                return session
        raise RuntimeError("no server creates sessions any more")

    def _close(self) -> None:
        for door in self._doors:
            door.close()
