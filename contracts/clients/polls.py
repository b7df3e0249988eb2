"""Stand-ins for `select`, `poll` and `epoll`. A client's thread waits under its scheduler, with a virtual timeout.

`selectors` and everything built on it follow, and so do the loops of other libraries that poll by themselves (trio's,
eventlet's). A pipe, or a socket that leads out of this process, becomes ready in real time. The clock waits a moment for it.
"""

from __future__ import annotations

import os
import select
import selectors
import stat
from collections.abc import Callable, Iterable
from typing import Any

from contracts.clients.scheduled import current_scheduler, off_schedule
from contracts.clients.scheduler import Scheduler

MILLISECONDS = 1000

real_select, real_poll, real_epoll = select.select, select.poll, getattr(select, "epoll", None)


def _wait(
    scheduler: Scheduler,
    ask: Callable[[], Any],
    seconds: float | None,
    files: Iterable[Any],
    ready: Callable[[], bool] | None = None,
) -> Any:
    """Return the result of `ask`: at once, or as soon as it is not empty, or after `seconds`.

    `ready` says if it is not empty, in case that `ask` forgets what it has told.
    """
    found = ask()
    if found or (seconds is not None and seconds == 0):
        return found
    until = None if seconds is None or seconds < 0 else scheduler.clock.after(seconds)
    files = list(files)
    scheduler.wait_until(ready or (lambda: bool(ask())), until, outside=any(map(is_outside, files)), files=files)
    return ask()


def is_outside(file: Any) -> bool:
    """Return True if another process may be at the other end. Sockets lead to the platform, or to a thread in this process."""
    try:
        return stat.S_ISFIFO(os.fstat(file if isinstance(file, int) else file.fileno()).st_mode)
    except (OSError, ValueError, AttributeError, TypeError):
        return False


def scheduled_select(rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None, /) -> Any:
    """Stand in for `select.select`."""
    scheduler = current_scheduler()
    if scheduler is None or (timeout is not None and timeout < 0):
        return real_select(rlist, wlist, xlist, timeout)
    lists = list(rlist), list(wlist), list(xlist)

    def ask() -> Any:
        found = real_select(*lists, 0)
        return found if any(found) else None

    return _wait(scheduler, ask, timeout, [file for files in lists for file in files]) or ([], [], [])


class _Poller:
    """A poll object that waits under the scheduler of the calling thread."""

    def __init__(self, real: Any, unit: int) -> None:
        self._real, self._unit = real, unit
        self._files: dict[int, Any] = {}

    def register(self, fd: Any, *events: int) -> None:
        """Register as the real one does."""
        self._real.register(fd, *events)
        self._files[_number(fd)] = fd

    def unregister(self, fd: Any) -> None:
        """Unregister as the real one does."""
        self._real.unregister(fd)
        self._files.pop(_number(fd), None)

    def poll(self, timeout: float | None = None, *most: int) -> list[tuple[int, int]]:
        """Poll as the real one does, in virtual time."""
        scheduler = current_scheduler()
        if scheduler is None:
            return list(self._real.poll(timeout, *most))
        seconds = None if timeout is None or timeout < 0 else timeout / self._unit
        ready = self._has_events if scheduler.keeps_events and hasattr(self._real, "fileno") else None
        return list(_wait(scheduler, lambda: self._real.poll(0, *most), seconds, self._files.values(), ready))

    def _has_events(self) -> bool:
        """Return True if an epoll object has events. It is a file itself, and tells of an event with EPOLLONESHOT only once."""
        poll = real_poll()
        poll.register(self._real.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __enter__(self) -> _Poller:
        return self

    def __exit__(self, *about: object) -> None:
        self._real.close()


def _number(file: Any) -> int:
    return file if isinstance(file, int) else int(file.fileno())


def scheduled_poll() -> Any:
    """Stand in for `select.poll`."""
    return real_poll() if current_scheduler() is None else _Poller(real_poll(), MILLISECONDS)


def scheduled_epoll(sizehint: int = -1, flags: int = 0) -> Any:
    """Stand in for `select.epoll`."""
    assert real_epoll is not None
    real = real_epoll(sizehint, flags)
    return real if current_scheduler() is None else _Poller(real, 1)


def real_selector() -> selectors.BaseSelector:
    """Return a selector that does not wait under a scheduler, even if a thread under a scheduler asks for it."""
    with off_schedule():
        return selectors.DefaultSelector()
