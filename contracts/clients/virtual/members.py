"""The processes of a client that take part in a simulation, and the door by which they come in."""

from __future__ import annotations

import os
import socket
import tempfile
from contextlib import suppress
from typing import Literal

from contracts.clients.virtual.protocol import LONGEST_LINE, VERSION, BadMessage, Go, Hello, Idle, Welcome, decode, encode

LONGEST_PATH = 100
"""Bytes that a Unix socket's path may have on every system."""

State = Literal["new", "waiting", "running", "idle", "resting"]
"""Waiting: it has said hello. Resting: it waits in its own event loop for what is beyond the simulation, and comes back."""


class Member:
    """One process: the channel on which it asks for the time, and what it last said."""

    def __init__(self, channel: socket.socket, door: EntrySocket) -> None:
        channel.setblocking(False)
        self.channel, self.door = channel, door
        self.pid = 0
        self.state: State = "new"
        self.idle = Idle(at=0)
        self.owed = False
        """Something has come in for it, at which it has to look."""
        self._unread = b""

    @property
    def next(self) -> int | None:
        """When its first timer is due, in microseconds since 1970; None if none is, or if it does not wait."""
        return self.idle.next if self.state == "idle" else None

    def hear(self) -> list[Hello | Idle] | None:
        """Return the messages that have come; None if there come no more. Raises BadMessage."""
        try:
            chunk = self.channel.recv(1 << 16)
        except BlockingIOError:
            return []
        except OSError:
            chunk = b""
        if not chunk:
            return None
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        if len(self._unread) > LONGEST_LINE:
            raise BadMessage(f"it sent a line of more than {LONGEST_LINE} bytes")
        return [self._heard(decode(line)) for line in lines]

    def _heard(self, message: Hello | Idle) -> Hello | Idle:
        if isinstance(message, Hello):
            if self.state != "new":
                raise BadMessage("it said hello a second time")
            if message.hello != VERSION:
                raise BadMessage(f"it speaks version {message.hello} of the protocol, and here version {VERSION} is spoken")
            self.state, self.pid = "waiting", message.pid
        else:
            if self.state not in {"running", "resting"}:
                raise BadMessage("it said that it is idle without being asked")
            self.state, self.idle = "idle", message
        return message

    def welcome(self, welcome: Welcome) -> None:
        """Let it begin."""
        self.state, self.owed = "running", False
        self._tell(welcome)

    def go(self, now: int, rest: int | None = None) -> None:
        """Let it go on, if it waits."""
        if self.state == "idle":
            self.owed = False
            self.state = "running" if rest is None else "resting"
            self._tell(Go(now, rest))

    def _tell(self, message: Welcome | Go) -> None:
        try:
            self.channel.send(encode(message))
        except BlockingIOError:
            raise BadMessage("it does not read what it is told") from None
        except OSError:  # it is gone, which shows when it is next listened to
            pass

    def close(self) -> None:
        """Close the channel; the process ends."""
        self.channel.close()


class EntrySocket:
    """A Unix socket at `path`, by which processes come in."""

    def __init__(self) -> None:
        """Raises OSError if the system has no such sockets."""
        if not hasattr(socket, "AF_UNIX"):
            raise OSError("this system has no Unix sockets")
        self._folder = tempfile.TemporaryDirectory(prefix="dayfly-", dir=_short_folder(), ignore_cleanup_errors=True)
        self.path = os.path.join(self._folder.name, "time")
        self.listening = socket.socket(socket.AF_UNIX)
        try:
            self.listening.bind(self.path)
            self.listening.listen(64)
            self.listening.setblocking(False)
        except OSError:
            self.close()
            raise

    def admit(self) -> Member | None:
        """Return the next process that has come, if one has."""
        try:
            channel, _ = self.listening.accept()
        except OSError:
            return None
        return Member(channel, self)

    def close(self) -> None:
        """Remove the socket."""
        with suppress(OSError):
            self.listening.close()
        self._folder.cleanup()


def _short_folder() -> str | None:
    """The folder for the socket: the usual one, unless its name is too long for a socket in it."""
    usual = tempfile.gettempdir()
    room = len("/dayfly-12345678/time")
    return None if len(os.fsencode(usual)) + room <= LONGEST_PATH else "/tmp"
