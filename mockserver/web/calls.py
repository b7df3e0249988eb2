"""The calls of a worker that wait: for a body to come, or for the delay of an answer to pass.

A wait holds a thread, so there are many threads, of which some are kept for others; a wait ends once its client has hung up;
and a body that does not come is given up. Granian tells of no call which connection it came by. So connections are told apart
by what the system knows of them: one whose answer is waited for has had its last data about when the call began or later,
and nothing has been sent on it since. Only Linux tells that. Elsewhere, and for Unix sockets, waits and bodies just end.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from mockserver.clock import monotonic
from mockserver.web.admin.guard import PREFIX
from mockserver.web.delivery import DELAY, PAUSE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

THREADS = 1024
"""Requests a worker answers at once. A thread is made when it is needed."""

RESERVE = 64
"""Threads kept for requests that wait for nothing: as long as calls hold all but so many, no other may wait."""

RESERVE_FOR_CONTROL = 16
"""How many of those are kept even from bodies that are sent to the control API."""

BODY_WITHIN = 10.0
"""Seconds that a body may take; then its connection is closed."""

LOOKS = 0.25
"""Seconds between two looks at the calls that wait."""

PATIENCE = 0.5
"""Seconds of a wait or of a body after which its connection is looked for."""

LATE = 0.25
"""Seconds by which a call may begin after its data came, if this process gets its turn in time."""

CAUTION = 8
"""How many times as late as the looks have been a call may begin besides: both wait for their turn."""

REMEMBERED = 40
"""Looks of which it is known how late they were: ten seconds."""

TICK = 0.01
"""How exact the system's times are."""

BEGAN = "dayfly.began"
"""Where a call's environ has the time at which it began, if it has no body: a body has it too."""

_ESTABLISHED = 1
_TCP_INFO = struct.Struct("=B7x12I")
_LAST_SENT, _LAST_RECEIVED = 9, 11


class Connection(NamedTuple):
    """A connection that a client has open: its descriptor, and when data was last `sent` and `received` on it."""

    descriptor: int
    sent: float
    received: float

    def may_be_of(self, began: float, late: float = LATE) -> bool:
        """Whether a call that `began` then, at most so `late`, and is not answered yet, may have come by it."""
        return self.sent <= began + TICK and self.received >= began - late


class _Wait(NamedTuple):
    began: float
    over: threading.Event


class Calls:
    """The calls of this process. `port` is the one it listens at, 0 for none; `stopping` ends every delay.

    `threads` is how many requests the server answers at once.
    """

    def __init__(self, stopping: threading.Event, port: int, threads: int = THREADS) -> None:
        self._stopping, self._port = stopping, port
        self._waits: dict[int, _Wait] = {}
        self._reading: set[_Body] = set()
        self._lateness = deque([0.0], REMEMBERED)
        self._may_wait = max(1, threads - RESERVE)
        self._may_read = max(1, threads - RESERVE_FOR_CONTROL)

    def served(self, app: WSGIApplication, refuse: WSGIApplication | None = None) -> WSGIApplication:
        """`app`, its delays and bodies watched. A call that may have to wait is answered by `refuse` if too many do."""
        waits, reading, may_wait, pause, delay = self._waits, self._reading, self._may_wait, self._stopping.wait, self.delay

        def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            waiting = len(waits) + len(reading)
            if waiting >= may_wait and refuse is not None and not self._is_let_in(environ, waiting):
                return refuse(environ, start_response)
            environ[PAUSE] = pause
            environ[DELAY] = delay
            if environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ:
                since = monotonic() if "HTTP_EXPECT" not in environ else 0.0
                environ["wsgi.input"] = _Body(environ["wsgi.input"], reading, since)
            else:
                environ[BEGAN] = monotonic()
            return app(environ, start_response)

        return serve

    def _is_let_in(self, environ: WSGIEnvironment, waiting: int) -> bool:
        return environ["PATH_INFO"].startswith(PREFIX) and (waiting < self._may_read or not _has_body(environ))

    def delay(self, environ: WSGIEnvironment, seconds: float) -> bool:
        """Block the call for `seconds`; true, and sooner, if its client hangs up or the server stops."""
        began = environ.get(BEGAN)
        if began is None:
            began = environ[BEGAN] = _began(environ)
        thread, wait = threading.get_ident(), _Wait(began, threading.Event())
        self._waits[thread] = wait
        try:
            return self._stopping.is_set() or wait.over.wait(seconds)
        finally:
            del self._waits[thread]

    def watch(self) -> None:
        """Look at the calls until the server stops."""
        due = monotonic() + LOOKS
        while not self._stopping.wait(LOOKS):
            self._lateness.append(monotonic() - due)
            self.look(monotonic())
            due = monotonic() + LOOKS
        for wait in list(self._waits.values()):
            wait.over.set()

    def look(self, now: float) -> None:
        """End the delays whose clients have hung up, and give up bodies that have not come in time."""
        waits = list(self._waits.values())
        delays = [wait for wait in waits if wait.began <= now - PATIENCE]
        bodies = [body.since for body in list(self._reading) if body.since <= now - BODY_WITHIN]
        if not self._port or not (delays or bodies):
            return
        connections, late = list(open_at(self._port)), LATE + CAUTION * max(self._lateness)
        for wait in delays:
            if not any(connection.may_be_of(wait.began, late) for connection in connections):
                wait.over.set()
        for connection in given_up(connections, bodies, [wait.began for wait in waits], now, late):
            _shut(connection.descriptor)


def given_up(
    connections: list[Connection], bodies: list[float], delays: list[float], now: float, late: float = LATE
) -> list[Connection]:
    """Return the connections by which `bodies` do not come that have been waited for since those times.

    `delays` are when the calls began whose clients wait for an answer: they keep their connections.
    """
    possible = [
        connection
        for connection in connections
        if any(connection.may_be_of(since, late) for since in bodies)
        and not any(connection.may_be_of(began, late) for began in delays)
    ]
    if len(possible) <= len(bodies):  # each body has one of its own
        return possible
    return [connection for connection in possible if max(connection.sent, connection.received) <= now - BODY_WITHIN]


def open_at(port: int) -> Iterator[Connection]:
    """Yield the connections of this process to its `port` whose other end has not hung up."""
    if sys.platform != "linux":
        return
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError), _borrowed(int(name)) as connection:
            if connection.type == socket.SOCK_STREAM and connection.getsockname()[1:2] == (port,):
                state, *numbers = _TCP_INFO.unpack(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size))
                if state == _ESTABLISHED:
                    now = monotonic()
                    yield Connection(int(name), now - numbers[_LAST_SENT] / 1000, now - numbers[_LAST_RECEIVED] / 1000)


def _shut(descriptor: int) -> None:
    with suppress(OSError), _borrowed(descriptor) as connection:
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    """The socket of a descriptor that somebody else closes. Raises OSError if it is none."""
    borrowed = socket.socket(fileno=descriptor)
    try:
        yield borrowed
    finally:
        borrowed.detach()


def _began(environ: WSGIEnvironment) -> float:
    """Return when a call with a body began. If it was told to go on with the body, nothing more is sent from now on."""
    body = environ["wsgi.input"]
    return body.since if isinstance(body, _Body) and "HTTP_EXPECT" not in environ else monotonic()


def _has_body(environ: WSGIEnvironment) -> bool:
    return "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ


class _Body(Struct, eq=False, gc=False):  # as a Struct it is made in a quarter of the time
    """The body of a request, which is one of those `reading` while somebody waits for it.

    `since` is when the call began; if its client waits for a word to go on, when the body was first asked for.
    """

    body: Any
    reading: set[_Body]
    since: float

    def read(self, size: int = -1) -> bytes:
        """Like the body's own."""
        reading = self.reading
        if not self.since:
            self.since = monotonic()
        reading.add(self)
        try:
            return self.body.read(size) if size >= 0 else self.body.read()  # type: ignore[no-any-return]
        finally:
            reading.discard(self)
