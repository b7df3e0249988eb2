"""Stand-ins for socket methods: a client's threads wait on their scheduler for a platform in the same process.

They are in place while `scheduled_sockets()` lasts. Other connections, and calls off any scheduler, are left as they are.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from contracts.clients.connections import READABLE, WRITABLE, Endpoint, end_of, is_ready, wait
from contracts.clients.scheduled import current_scheduler
from contracts.clients.swap import WhileUsed

Connected = Callable[[socket.socket], None]
"""Called with a socket that has connected to a platform."""

_platforms: dict[int, Connected] = {}
"""The listeners by port."""

_HOSTS = frozenset({"127.0.0.1", "localhost"})
_SECOND = 1000

_real_connect, _real_connect_ex = socket.socket.connect, socket.socket.connect_ex
_real_recv, _real_recv_into = socket.socket.recv, socket.socket.recv_into
_real_send, _real_sendmsg, _real_sendall = socket.socket.send, socket.socket.sendmsg, socket.socket.sendall
_real_shutdown = socket.socket.shutdown
_real_close: Callable[[socket.socket], None] = socket.socket._real_close  # type: ignore[attr-defined]


def listen(port: int, connected: Connected) -> None:
    """Let connections to this port lead to a platform in this process, from now on."""
    _platforms[port] = connected


def leave(port: int) -> None:
    """Stop that."""
    _platforms.pop(port, None)


def _scheduled_end(own: socket.socket, event: int) -> Endpoint | None:
    """Wait for the event under the scheduler. None if the thread has no scheduler or the socket is not a platform's."""
    scheduler, end = current_scheduler(), end_of(own)
    if scheduler is None or end is None:
        return None
    wait(scheduler, own, event)
    return end


def _connect(own: socket.socket, address: Any) -> None:
    try:
        _real_connect(own, address)
    finally:
        _follow(own, address)


def _connect_ex(own: socket.socket, address: Any) -> int:
    status = _real_connect_ex(own, address)
    _follow(own, address)
    return status


def _follow(own: socket.socket, address: Any) -> None:
    """Report a connection to its platform, if it leads to one. On this machine it is made at once."""
    if own.family != socket.AF_INET or current_scheduler() is None or address[0] not in _HOSTS:
        return
    connected = _platforms.get(address[1])
    if connected is not None and is_ready(own, WRITABLE, _SECOND):
        connected(own)


def _recv(own: socket.socket, size: int, flags: int = 0, /) -> bytes:
    end = _scheduled_end(own, READABLE)
    received: bytes = _reading(end, lambda: _real_recv(own, size, flags))
    if end is not None and not flags & socket.MSG_PEEK:
        end.has_read(len(received))
    return received


def _recv_into(own: socket.socket, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
    end = _scheduled_end(own, READABLE)
    count: int = _reading(end, lambda: _real_recv_into(own, buffer, nbytes, flags))
    if end is not None and not flags & socket.MSG_PEEK:
        end.has_read(count)
    return count


def _reading(end: Endpoint | None, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ConnectionError:
        if end is not None:
            end.has_read(0)
        raise


def _send(own: socket.socket, data: Any, flags: int = 0, /) -> int:
    end = _scheduled_end(own, WRITABLE)
    if end is None:
        return _real_send(own, data, flags)
    count = _real_send(own, data, flags | socket.MSG_DONTWAIT)  # as much as there is room for; the rest would block
    end.has_sent(count)
    return count


def _sendmsg(own: socket.socket, buffers: Any, *more: Any) -> int:
    end = _scheduled_end(own, WRITABLE)
    count = _real_sendmsg(own, buffers, *more)
    if end is not None:
        end.has_sent(count)
    return count


def _sendall(own: socket.socket, data: Any, flags: int = 0, /) -> None:
    if current_scheduler() is None or end_of(own) is None:
        _real_sendall(own, data, flags)
        return
    rest = memoryview(data).cast("B")
    while rest:
        rest = rest[_send(own, rest, flags) :]


def _shutdown(own: socket.socket, how: int, /) -> None:
    end = end_of(own)
    if end is not None and how != socket.SHUT_WR and current_scheduler() is not None:
        end.is_shut()
    _real_shutdown(own, how)
    if end is not None and how != socket.SHUT_RD and current_scheduler() is not None:
        end.has_ended()


def _close(own: socket.socket) -> None:
    end = end_of(own)
    _real_close(own)
    if end is not None and current_scheduler() is not None:
        end.is_closed()


_STAND_INS: dict[str, Any] = {
    "connect": _connect,
    "connect_ex": _connect_ex,
    "recv": _recv,
    "recv_into": _recv_into,
    "send": _send,
    "sendmsg": _sendmsg,
    "sendall": _sendall,
    "shutdown": _shutdown,
    "_real_close": _close,
}


class _Sockets(WhileUsed):
    """The stand-ins."""

    def __init__(self) -> None:
        super().__init__()
        self._class: Any = socket.socket
        """The class that has them. A client may have replaced `socket.socket` meanwhile."""

    def _install(self) -> None:
        self._class = socket.socket
        for name, stand_in in _STAND_INS.items():
            setattr(self._class, name, stand_in)

    def _undo(self) -> None:
        for name in _STAND_INS:
            delattr(self._class, name)
        self._class._real_close = _real_close


scheduled_sockets = _Sockets().used
"""Let threads under a scheduler wait there for a platform in this process, while this context lasts. May be nested."""
