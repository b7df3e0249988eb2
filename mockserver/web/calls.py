"""The calls of a worker that wait: for a body, or for the end of a delay.

A wait holds a thread. So there are many threads, of which some are reserved for other calls. A wait ends when its client hangs
up, and a body that does not come is given up.

Granian does not say which connection a call came by, so connections are identified by what the system knows of them. If a
client waits for an answer, its connection received its last data about when the call began or later, and has sent nothing
since. Only Linux provides these times. Elsewhere, and for Unix sockets, waits and bodies end only by themselves.
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
"""The most requests a worker answers at once. A thread is made when it is needed."""

RESERVE = 64
"""Threads reserved for requests that do not wait: calls that wait may not use them."""

RESERVE_FOR_CONTROL = 16
"""How many of those are reserved even from bodies that are sent to the control API."""

BODY_WITHIN = 10.0
"""Seconds that a body may take. Then its connection is closed."""

LOOKS = 0.25
"""Seconds between two checks of the calls that wait."""

PATIENCE = 0.5
"""Seconds of a wait or of a body after which its connection is looked for."""

LATE = 0.25
"""The delay, in seconds, with which a call may begin after its data came, if this process is not held up."""

CAUTION = 8
"""A call may begin later by this multiple of the checks' own delay, because both wait for the processor."""

REMEMBERED = 40
"""The number of checks whose delay is remembered: ten seconds."""

TICK = 0.01
"""The precision of the system's times, in seconds."""

BEGAN = "dayfly.began"
"""The key in a call's environ for the time at which it began, if it has no body. A body has its own."""

_ESTABLISHED = 1
_TCP_INFO = struct.Struct("=B7x12I")
_LAST_SENT, _LAST_RECEIVED = 9, 11


class OpenConnection(NamedTuple):
    """A connection that a client has open: its descriptor, and when data was last `sent` and `received` on it."""

    descriptor: int
    sent: float
    received: float

    def may_be_of(self, began: float, late: float = LATE) -> bool:
        """Return whether an unanswered call that `began` then, delayed by at most `late`, may have come by this connection."""
        return self.sent <= began + TICK and self.received >= began - late


class _Wait(NamedTuple):
    began: float
    over: threading.Event


class Calls:
    """The calls of this process. It listens at `port` (0: none); `stopping` ends every delay.

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
        """Return `app` with its delays and bodies watched. If too many calls wait, `refuse` answers those that might wait."""
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
        has_body = "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ
        return environ["PATH_INFO"].startswith(PREFIX) and (waiting < self._may_read or not has_body)

    def delay(self, environ: WSGIEnvironment, seconds: float) -> bool:
        """Block the call for `seconds`. If its client hangs up or the server stops, return true at once."""
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
        """Check the calls until the server stops."""
        due = monotonic() + LOOKS
        while not self._stopping.wait(LOOKS):
            self._lateness.append(monotonic() - due)
            self.look(monotonic())
            due = monotonic() + LOOKS
        for wait in list(self._waits.values()):
            wait.over.set()

    def look(self, now: float) -> None:
        """End the delays of clients that have hung up, and give up bodies that have not come in time."""
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
    connections: list[OpenConnection], bodies: list[float], delays: list[float], now: float, late: float = LATE
) -> list[OpenConnection]:
    """Return the connections of the overdue `bodies`, which are given by the times since when they are awaited.

    `delays` are when the calls began whose clients wait for an answer: they keep their connections.
    """
    possible = [
        connection
        for connection in connections
        if any(connection.may_be_of(since, late) for since in bodies)
        and not any(connection.may_be_of(began, late) for began in delays)
    ]
    if len(possible) <= len(bodies):  # each body has its own connection
        return possible
    return [connection for connection in possible if max(connection.sent, connection.received) <= now - BODY_WITHIN]


def open_at(port: int) -> Iterator[OpenConnection]:
    """Yield this process's connections to its `port` whose client has not hung up."""
    if sys.platform != "linux":
        return
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError), _borrowed(int(name)) as connection:
            if connection.type == socket.SOCK_STREAM and connection.getsockname()[1:2] == (port,):
                state, *numbers = _TCP_INFO.unpack(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size))
                if state == _ESTABLISHED:
                    now = monotonic()
                    yield OpenConnection(int(name), now - numbers[_LAST_SENT] / 1000, now - numbers[_LAST_RECEIVED] / 1000)


def _shut(descriptor: int) -> None:
    with suppress(OSError), _borrowed(descriptor) as connection:
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    """Return the socket of a descriptor that other code closes. Raises OSError if it is not a socket."""
    borrowed = socket.socket(fileno=descriptor)
    try:
        yield borrowed
    finally:
        borrowed.detach()


def _began(environ: WSGIEnvironment) -> float:
    """Return when a call with a body began. If its client waited for `100 Continue`, nothing more comes from now on."""
    body = environ["wsgi.input"]
    return body.since if isinstance(body, _Body) and "HTTP_EXPECT" not in environ else monotonic()


class _Body(Struct, eq=False, gc=False):  # a Struct, because creating it takes a quarter of the time
    """The body of a request. It is in `reading` while a thread waits for it.

    `since` is when the call began. If its client waits for `100 Continue`, it is when the body was first read.
    """

    body: Any
    reading: set[_Body]
    since: float

    def read(self, size: int = -1) -> bytes:
        """Read like the body itself."""
        reading = self.reading
        if not self.since:
            self.since = monotonic()
        reading.add(self)
        try:
            return self.body.read(size) if size >= 0 else self.body.read()  # type: ignore[no-any-return]
        finally:
            reading.discard(self)
