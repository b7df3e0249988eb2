"""Stand-ins for what a process waits for in native code: sockets, pipes, child processes, and names.

Under a scheduler a thread first waits there until the call need not wait, and then makes it.
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from contracts.clients.children import is_over
from contracts.clients.connections import READABLE, WRITABLE, is_ready, wait
from contracts.clients.polls import is_outside
from contracts.clients.scheduled import current_scheduler
from contracts.clients.shims.process_scheduler import ProcessScheduler

_real: dict[str, Any] = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "send", "sendall")}
_read, _waitpid, _open = os.read, os.waitpid, io.open


def _waiting(name: str, event: int) -> Callable[..., Any]:
    """Return a stand-in for a socket's method that waits for the event first."""
    real = getattr(socket.socket, name)

    def stand_in(own: socket.socket, *args: Any, **more: Any) -> Any:
        scheduler = current_scheduler()
        if scheduler is not None:
            wait(scheduler, own, event)
        return real(own, *args, **more)

    return stand_in


def _connect(own: socket.socket, address: Any) -> None:
    scheduler = current_scheduler()
    if scheduler is None:
        _real["connect"](own, address)
        return
    assert isinstance(scheduler, ProcessScheduler)
    scheduler.connections.add(own, address)
    patience = own.gettimeout()
    if patience == 0:
        _real["connect"](own, address)
        return
    own.setblocking(False)
    try:
        _real["connect"](own, address)
    except BlockingIOError:
        own.settimeout(patience)
        wait(scheduler, own, WRITABLE)
        error = own.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error)) from None
    finally:
        own.settimeout(patience)


def _connect_ex(own: socket.socket, address: Any) -> int:
    scheduler = current_scheduler()
    if isinstance(scheduler, ProcessScheduler):
        scheduler.connections.add(own, address)
    status: int = _real["connect_ex"](own, address)
    return status


def _sendall(own: socket.socket, data: Any, flags: int = 0, /) -> None:
    scheduler = current_scheduler()
    if scheduler is None or own.gettimeout() == 0:
        _real["sendall"](own, data, flags)
        return
    rest = memoryview(data).cast("B")
    while rest:
        wait(scheduler, own, WRITABLE)
        rest = rest[_real["send"](own, rest, flags | socket.MSG_DONTWAIT) :]


SOCKETS: dict[str, Any] = {
    "connect": _connect,
    "connect_ex": _connect_ex,
    "sendall": _sendall,
    **{
        name: _waiting(name, READABLE)
        for name in ("accept", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into")
    },
    **{name: _waiting(name, WRITABLE) for name in ("send", "sendto", "sendmsg")},
}


def _looking_up(real: Callable[..., Any]) -> Callable[..., Any]:
    """Return a stand-in for a function that looks up a name: no time passes meanwhile."""

    def look_up(*args: Any, **more: Any) -> Any:
        scheduler = current_scheduler()
        if not isinstance(scheduler, ProcessScheduler):
            return real(*args, **more)
        scheduler.looking_up += 1
        try:
            return real(*args, **more)
        finally:
            scheduler.looking_up -= 1

    return look_up


# -- pipes ---------------------------------------------------------------------------------------------------------------


def _await_pipe(descriptor: int) -> None:
    scheduler = current_scheduler()
    if scheduler is not None and is_outside(descriptor) and os.get_blocking(descriptor):
        scheduler.wait_until(lambda: is_ready(_Numbered(descriptor), READABLE), None, files=[descriptor])


class _Numbered:
    """A descriptor as a file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor


def read(descriptor: int, size: int, /) -> bytes:
    """Stand in for `os.read`."""
    _await_pipe(descriptor)
    return _read(descriptor, size)


class Pipe(io.FileIO):
    """The reading end of a pipe."""

    def readinto(self, buffer: Any, /) -> Any:
        """Read as FileIO does."""
        _await_pipe(self.fileno())
        return super().readinto(buffer)

    def read(self, size: int | None = -1, /) -> Any:
        """Read as FileIO does."""
        if size is None or size < 0:
            return self.readall()
        _await_pipe(self.fileno())
        return super().read(size)

    def readall(self) -> Any:
        """Read as FileIO does."""
        pieces = []
        while piece := self.read(1 << 16):
            pieces.append(piece)
        return b"".join(pieces)


class Open:
    """Stands in for `open`. An object, because a function that is held by a class would become a method."""

    def __call__(
        self,
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        """Open a file as `open` does."""
        is_pipe = isinstance(file, int) and mode in {"r", "rb", "rt"} and opener is None and is_outside(file)
        if not is_pipe or current_scheduler() is None:
            return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = Pipe(file, "rb", closefd)
        if "b" in mode and buffering == 0:
            return raw
        buffered = io.BufferedReader(raw, buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)


def scheduled_input() -> Any:
    """Return standard input as a thread under a scheduler reads it; the same as before, if it is not a pipe."""
    own = sys.stdin
    if own is None or not is_outside(0):
        return own
    return Open()(0, "r", encoding=own.encoding, errors=own.errors, closefd=False)


# -- child processes -----------------------------------------------------------------------------------------------------


def waitpid(pid: int, options: int, /) -> tuple[int, int]:
    """Stand in for `os.waitpid`."""
    scheduler = current_scheduler()
    if scheduler is not None and pid > 0 and not options & os.WNOHANG:
        scheduler.wait_until(lambda: is_over(pid), None)
    return _waitpid(pid, options)


_real_wait: Callable[..., Any] = subprocess.Popen._wait  # type: ignore[attr-defined]


def wait_for_child(process: subprocess.Popen[Any], timeout: float | None) -> Any:
    """Stand in for `Popen._wait`, which `wait`, `communicate` and `run` call."""
    scheduler = current_scheduler()
    if scheduler is None or process.returncode is not None:
        return _real_wait(process, timeout)
    until = None if timeout is None else scheduler.clock.after(timeout)
    if not scheduler.wait_until(lambda: is_over(process.pid), until):
        raise subprocess.TimeoutExpired(process.args, timeout or 0.0)
    return _real_wait(process, None)


FUNCTIONS: dict[Any, Any] = {
    os.read: read,
    os.waitpid: waitpid,
    io.open: Open(),
    **{
        getattr(socket, name): _looking_up(getattr(socket, name))
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")
    },
}
