"""Connections between a client and a platform in the same process: who waits for what, and what has come back.

A thread on a stage that waits for the other end of such a connection waits on its stage, so that the other end gets its turn
and a timeout is virtual. What one end has sent counts once it has reached the other, so that nothing depends on how fast the
system delivers.
"""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from weakref import WeakKeyDictionary, ref

from contracts.clients.actors import current_actor, current_stage
from contracts.clients.base import Returned
from contracts.clients.polls import real_poll
from contracts.clients.stage import Stage

READABLE, WRITABLE = select.POLLIN, select.POLLOUT

DELIVERY = 1000
"""Milliseconds of real time to wait at most for what was sent to arrive; it takes microseconds."""


class End:
    """One end of a connection, which does not keep its socket alive; `peer` is the other end, once somebody has accepted."""

    def __init__(self, own: socket.socket) -> None:
        self._socket = ref(own)
        self.peer: End | None = None
        _ends[own] = self

    @property
    def socket(self) -> socket.socket | None:
        """The socket, as long as it is open."""
        own = self._socket()
        return None if own is None or own.fileno() < 0 else own

    def has_sent(self) -> None:
        """Waits until the other end has got what this one has sent, or knows that there comes no more."""
        other = self.peer.socket if self.peer is not None else None
        if other is not None:
            arrived(other)

    def has_read(self, count: int) -> None:
        """So many bytes were taken from the connection; 0: there come no more."""

    def is_closed(self) -> None:
        """The socket was closed by its owner."""
        self.has_sent()

    def is_shut(self) -> None:
        """The owner of the socket does not want to read any more, and has not closed it yet."""

    def close(self) -> None:
        """Closes the socket, whoever still holds it."""
        own = self.socket
        if own is not None:
            own._real_close()  # type: ignore[attr-defined]


class ClientEnd(End):
    """A client's end, where it is told when an answer has come back; `returned` wants to know."""

    def __init__(self, own: socket.socket, stage: Stage, returned: Returned) -> None:
        super().__init__(own)
        self._stage, self._returned = stage, returned
        self._has_asked = False
        self._context_id = ""
        self._unread = 0
        self._is_whole = False
        self._is_shut = False
        self._since = 0

    def has_sent(self) -> None:
        """See End."""
        self._has_asked = True
        super().has_sent()

    def has_arrived(self, context_id: str) -> None:
        """What the client has sent was a whole request."""
        self._has_asked, self._context_id, self._is_whole, self._unread = False, context_id, False, 0
        self._since = self._stage.clock.nanoseconds

    def is_deserted(self) -> None:
        """Nobody reads any more what the client sends."""
        self._has_asked = False

    def is_answered(self, count: int) -> None:
        """So many bytes are on their way to the client, and with them the whole answer."""
        self._unread += count
        self._is_whole = True

    def has_read(self, count: int) -> None:
        """See End."""
        self._unread -= count
        if count == 0 or (self._is_whole and self._unread <= 0):
            # The client that reads nothing more because it has shut the socket itself has no answer.
            self._came_back(answered=self._is_whole or not self._is_shut)

    def is_shut(self) -> None:
        """See End. A watchdog does so to wake the thread that reads, as `urllib3.HTTPResponse.shutdown` does."""
        self._is_shut = True

    def is_closed(self) -> None:
        """See End. What has left the client arrives before it does anything else, as if it had been on its way no longer."""
        super().has_sent()
        if self._has_asked:
            self._stage.wait_until(lambda: not self._has_asked, None)
        self._came_back(answered=False)

    def _came_back(self, *, answered: bool) -> None:
        if self._context_id:
            took_time = self._stage.clock.nanoseconds > self._since
            aside = took_time and current_stage() is self._stage and not current_actor().is_message
            self._returned(self._context_id, answered, 0, aside)
            self._context_id = ""


_ends: WeakKeyDictionary[socket.socket, End] = WeakKeyDictionary()


def end_of(own: socket.socket) -> End | None:
    """The connection's end that a socket is, where the other end is in this process as well."""
    return _ends.get(own)


def arrived(receiver: socket.socket) -> None:
    """Waits, in real time, until there is something for `receiver` to take."""
    with suppress(OSError, ValueError):
        is_ready(receiver, READABLE, DELIVERY)


def is_ready(own: socket.socket, event: int, milliseconds: int = 0) -> bool:
    """Whether the socket need not wait for the event; one that is closed need not, for it will be told so."""
    if own.fileno() < 0:
        return True
    poll = real_poll()
    poll.register(own, event)
    return bool(poll.poll(milliseconds))


def wait(stage: Stage, own: socket.socket, event: int) -> None:
    """Called by an actor: waits for the event as long as the socket's timeout allows, in virtual time. Raises TimeoutError."""
    seconds = own.gettimeout()
    if seconds == 0 or is_ready(own, event):
        return
    until = None if seconds is None else stage.clock.after(seconds)
    if not stage.wait_until(lambda: is_ready(own, event), until):
        raise TimeoutError("timed out")
