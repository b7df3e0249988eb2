"""Connections between a client and a platform in the same process.

A thread under a scheduler waits for the other end of such a connection under its scheduler. So the other end gets its turn,
and a timeout is virtual. Whoever sends waits until something has reached the other end, and the clock stands still while bytes
are on their way to a thread that waits for them. So nothing depends on the speed of the system.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from contracts.clients.polls import real_poll
from contracts.clients.raised import calling_line
from contracts.clients.scheduled import current_scheduled, current_scheduler
from contracts.clients.scheduler import Scheduler

if TYPE_CHECKING:
    from _typeshed import HasFileno

    from contracts.clients.base import Seat

READABLE, WRITABLE = select.POLLIN, select.POLLOUT

DELIVERY, LATE = 1000, 5000
"""The longest waits for sent bytes to arrive, in milliseconds of real time, before the sender goes on and before the clock
moves. They usually take microseconds, and longer on a busy machine."""


class Endpoint:
    """One end of a connection, which does not keep its socket alive. `peer` is the other end, None until the connection is
    accepted."""

    def __init__(self, own: socket.socket) -> None:
        self._socket = ref(own)
        self.peer: Endpoint | None = None
        self._sent = self._read = 0
        self._is_over = False
        _ends[own] = self

    @property
    def socket(self) -> socket.socket | None:
        """The socket, or None if it is closed."""
        own = self._socket()
        return None if own is None or own.fileno() < 0 else own

    def has_sent(self, count: int) -> None:
        """Note that `count` bytes were sent, and wait until the other end has something to read."""
        self._sent += count
        self._has_stirred()

    def has_ended(self) -> None:
        """Note that no more bytes will be sent, and wait until the other end has something to read, or sees the end."""
        self._is_over = True
        self._has_stirred()

    def _has_stirred(self) -> None:
        other = self.peer.socket if self.peer is not None else None
        if other is not None:
            arrived(other)

    def has_read(self, count: int) -> None:
        """Note that `count` bytes were read from the connection; 0 is the end of the stream."""
        self._read += count

    def is_late(self) -> bool:
        """Wait, in real time, for what is on its way to this end and has not come yet; return whether anything was."""
        own, peer = self.socket, self.peer
        if own is None or peer is None or is_ready(own, READABLE) or not (peer._is_over or peer._sent > self._read):
            return False
        if not is_ready(own, READABLE, LATE):  # it was read in a way that does not show here
            self._read, peer._is_over = peer._sent, False
        return True

    def is_closed(self) -> None:
        """Note that the owner closed the socket."""
        self.has_ended()

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

    def has_sent(self, count: int) -> None:
        """See Endpoint."""
        self._has_asked, self._line = True, calling_line() or self._line
        super().has_sent(count)

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
        super().has_read(count)
        self._unread -= count
        if count == 0 or (self._is_whole and self._unread <= 0):
            # A client that stops reading because it shut the socket itself did not get an answer.
            self._came_back(answered=self._is_whole or not self._is_shut)

    def is_shut(self) -> None:
        """See Endpoint. A watchdog shuts the socket to wake the reading thread, as `urllib3.HTTPResponse.shutdown` does."""
        self._is_shut = True

    def is_closed(self) -> None:
        """See Endpoint. Bytes that have left the client arrive before it does anything else, as if they took no time."""
        super().is_closed()
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
    """Wait, in real time, until `receiver` has something to read. Only scheduled threads call it.

    On a busy machine that may take a while, in which the thread does not count as blocked.
    """
    scheduled = current_scheduled()
    scheduled.delivering = True
    try:
        with suppress(OSError, ValueError):
            is_ready(receiver, READABLE, DELIVERY)
    finally:
        scheduled.delivering = False


def late(files: Iterable[Any]) -> bool:
    """Wait for what is on its way to these sockets, or descriptors, and has not come yet; return whether anything was."""
    numbers = set(map(_number, files))
    return any(end.is_late() for own, end in list(_ends.items()) if own.fileno() in numbers)


def _number(file: Any) -> int:
    """Return a file's descriptor; -1 if it was closed."""
    try:
        return file if isinstance(file, int) else int(file.fileno())
    except (OSError, ValueError):
        return -1


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
