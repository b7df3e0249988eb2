"""Connections between a client and a platform in the same process.

A thread under a scheduler waits for the other end of such a connection under its scheduler. So the other end gets its turn,
and a timeout is virtual. Bytes count as sent only after they have reached the other end, so that nothing depends on the speed
of the system.
"""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from contracts.clients.polls import real_poll
from contracts.clients.raised import calling_line
from contracts.clients.scheduled import current_scheduled, current_scheduler
from contracts.clients.scheduler import Scheduler

if TYPE_CHECKING:
    from _typeshed import HasFileno

    from contracts.clients.base import Seat

READABLE, WRITABLE = select.POLLIN, select.POLLOUT

DELIVERY = 1000
"""The longest wait for sent bytes to arrive, in milliseconds of real time; they usually take microseconds."""


class Endpoint:
    """One end of a connection, which does not keep its socket alive. `peer` is the other end, None until the connection is
    accepted."""

    def __init__(self, own: socket.socket) -> None:
        self._socket = ref(own)
        self.peer: Endpoint | None = None
        _ends[own] = self

    @property
    def socket(self) -> socket.socket | None:
        """The socket, or None if it is closed."""
        own = self._socket()
        return None if own is None or own.fileno() < 0 else own

    def has_sent(self) -> None:
        """Wait until the other end has received everything that was sent, or has seen the end of the stream."""
        other = self.peer.socket if self.peer is not None else None
        if other is not None:
            arrived(other)

    def has_read(self, count: int) -> None:
        """Note that `count` bytes were read from the connection; 0 is the end of the stream."""

    def is_closed(self) -> None:
        """Note that the owner closed the socket."""
        self.has_sent()

    def is_shut(self) -> None:
        """Note that the owner shut the socket for reading, but has not closed it yet."""

    def close(self) -> None:
        """Close the socket, even if another object still holds it."""
        own = self.socket
        if own is not None:
            own._real_close()  # type: ignore[attr-defined]


class ClientEnd(Endpoint):
    """A client's end, which tells the seat's `returned` when an answer has come back."""

    def __init__(self, own: socket.socket, scheduler: Scheduler, seat: Seat) -> None:
        super().__init__(own)
        self._scheduler, self._seat = scheduler, seat
        self._line: tuple[str, int] | None = None
        self._has_asked = False
        self._context_id = ""
        self._unread = 0
        self._is_whole = False
        self._is_shut = False
        self._since = 0

    def has_sent(self) -> None:
        """See Endpoint."""
        self._has_asked, self._line = True, calling_line() or self._line
        super().has_sent()

    def has_arrived(self, context_id: str) -> None:
        """Note that the bytes the client sent were a whole request."""
        self._has_asked, self._context_id, self._is_whole, self._unread = False, context_id, False, 0
        self._since = self._scheduler.clock.nanoseconds
        if self._line is not None:
            self._seat.lines[context_id], self._line = self._line, None

    def is_deserted(self) -> None:
        """Note that the platform reads nothing more from the client."""
        self._has_asked = False

    def is_answered(self, count: int) -> None:
        """Note that `count` bytes are on their way to the client, and complete the answer."""
        self._unread += count
        self._is_whole = True

    def has_read(self, count: int) -> None:
        """See Endpoint."""
        self._unread -= count
        if count == 0 or (self._is_whole and self._unread <= 0):
            # A client that stops reading because it shut the socket itself did not get an answer.
            self._came_back(answered=self._is_whole or not self._is_shut)

    def is_shut(self) -> None:
        """See Endpoint. A watchdog shuts the socket to wake the reading thread, as `urllib3.HTTPResponse.shutdown` does."""
        self._is_shut = True

    def is_closed(self) -> None:
        """See Endpoint. Bytes that have left the client arrive before it does anything else, as if they took no time."""
        super().has_sent()
        if self._has_asked:
            self._scheduler.wait_until(lambda: not self._has_asked, None)
        self._came_back(answered=False)

    def _came_back(self, *, answered: bool) -> None:
        if self._context_id:
            took_time = self._scheduler.clock.nanoseconds > self._since
            aside = took_time and current_scheduler() is self._scheduler and not current_scheduled().is_message
            self._seat.returned(self._context_id, answered, 0, aside)
            self._context_id = ""


_ends: WeakKeyDictionary[socket.socket, Endpoint] = WeakKeyDictionary()


def end_of(own: socket.socket) -> Endpoint | None:
    """Return the socket's end of a connection, or None if the other end is not in this process."""
    return _ends.get(own)


def arrived(receiver: socket.socket) -> None:
    """Wait, in real time, until `receiver` has something to read."""
    with suppress(OSError, ValueError):
        is_ready(receiver, READABLE, DELIVERY)


def is_ready(own: HasFileno, event: int, milliseconds: int = 0) -> bool:
    """Return True if the socket need not wait for the event. A closed socket need not, because its next call fails at once."""
    if own.fileno() < 0:
        return True
    poll = real_poll()
    poll.register(own, event)
    return bool(poll.poll(milliseconds))


def wait(scheduler: Scheduler, own: socket.socket, event: int) -> None:
    """Wait for the event in virtual time, as long as the socket's timeout allows. Only scheduled threads call it. Raises
    TimeoutError."""
    seconds = own.gettimeout()
    if seconds == 0 or is_ready(own, event):
        return
    until = None if seconds is None else scheduler.clock.after(seconds)
    if not scheduler.wait_until(lambda: is_ready(own, event), until, files=[own]):
        raise socket.timeout("timed out")  # noqa: UP041 - another class in Python 3.9
