"""The surroundings of a process: its connections, its children, and the threads that are not under its scheduler."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

from contracts.clients.children import is_over

OTHER_SERVER = "a server that is not the platform"
UDP = "a UDP socket"

TCP_INFO = getattr(socket, "TCP_INFO", None)
_COUNTS, _COUNTS_AT, _RECEIVED_AT = struct.Struct("=QQ"), 200, 128
"""Where Linux tells how many bytes a connection has sent, and received."""

_open: Callable[..., Any] = open
_listdir = os.listdir


class Connections:
    """The connections of the process to the platform's `ports`."""

    def __init__(self, ports: Collection[int]) -> None:
        self.ports = frozenset(ports)
        self._made: WeakSet[socket.socket] = WeakSet()

    def add(self, own: socket.socket, address: Any) -> None:
        """Note a connection, if it leads to the platform."""
        if own.family == socket.AF_INET and address[1] in self.ports:
            self._made.add(own)

    def traffic(self) -> dict[int, tuple[int, int]]:
        """Return how many bytes each has received and sent, by its own port; nothing if the system does not tell."""
        counts = {}
        for own in self._made:
            with suppress(OSError, struct.error):
                if own.fileno() >= 0 and TCP_INFO is not None:
                    told = own.getsockopt(socket.IPPROTO_TCP, TCP_INFO, 256)
                    (received,) = struct.unpack_from("=Q", told, _RECEIVED_AT)
                    sent, _ = _COUNTS.unpack_from(told, _COUNTS_AT)
                    counts[own.getsockname()[1]] = received, sent
        return counts

    def foreign(self, files: Iterable[Any]) -> str:
        """Return what is beyond virtual time among the files that a thread waits for; empty if nothing is."""
        return next(filter(None, map(self._foreign, files)), "")

    def _foreign(self, file: Any) -> str:
        try:
            with _socket_of(file) as own:
                return self._beyond(own)
        except (OSError, ValueError, AttributeError, TypeError):  # not a socket
            return ""

    def _beyond(self, own: socket.socket) -> str:
        if own.type == socket.SOCK_DGRAM and own.family != socket.AF_UNIX:
            return UDP
        try:
            other = own.getpeername()
        except OSError:
            is_server = own.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            return "" if is_server or own.family == socket.AF_UNIX else OTHER_SERVER
        if own.family == socket.AF_UNIX:
            return OTHER_SERVER if other else ""
        return "" if other[1] in self.ports or other[:2] in set(_own_names()) else OTHER_SERVER


@contextmanager
def _socket_of(file: Any) -> Iterator[socket.socket]:
    """Give a socket for a file or its descriptor, which stays open."""
    own = socket.socket(fileno=file if isinstance(file, int) else file.fileno())
    try:
        yield own
    finally:
        own.detach()


def _own_names() -> Iterator[Any]:
    """Yield the addresses of all sockets of this process: a connection between two of them does not leave it."""
    for number in _listed("/proc/self/fd"):
        with suppress(OSError, ValueError), _socket_of(number) as own:
            yield own.getsockname()[:2] if own.family != socket.AF_UNIX else None


def children() -> int:
    """Return how many processes of this one's have not ended."""
    numbers = (number for thread in _listed("/proc/self/task") for number in _children_of(thread))
    return sum(not is_over(number) for number in numbers)


def _children_of(thread: int) -> list[int]:
    try:
        with _open(f"/proc/self/task/{thread}/children", "rb") as file:
            return [int(number) for number in file.read().split()]
    except OSError:
        return []


def is_anyone_at_work(known: Collection[int]) -> bool:
    """Return True if a thread that is not `known` runs, or is ready to; native code starts such threads."""
    threads = _listed("/proc/self/task")
    return any(_state(f"/proc/self/task/{thread}/stat") in {"R", "D"} for thread in threads if thread not in known)


def _state(path: str) -> str:
    try:
        with _open(path, "rb") as file:
            return str(file.read().rpartition(b") ")[2][:1].decode())
    except OSError:
        return ""


def _listed(folder: str) -> list[int]:
    try:
        return [int(name) for name in _listdir(folder)]
    except OSError:
        return []
