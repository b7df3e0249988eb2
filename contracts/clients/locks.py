"""Locks on which a client's thread waits under its scheduler. The next holder is then a choice, and timeouts are virtual.

`threading` builds its conditions, events, semaphores and queues on these few primitives, so they all follow.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from contracts.clients.scheduled import Abandoned, current_scheduler, off_schedule
from contracts.clients.scheduler_run import AdoptedThread

_real_lock, _real_rlock, _real_simple_queue = threading.Lock, threading.RLock, queue.SimpleQueue
_real_start, _real_join = threading.Thread.start, threading.Thread.join


class ScheduledLock:
    """A lock that waits under the scheduler for threads on one; an ordinary lock for any other thread."""

    def __init__(self) -> None:
        self._real = _real_lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Acquire as `threading.Lock` does; under a scheduler, `timeout` is virtual seconds."""
        if self._real.acquire(False):
            return True
        scheduler = current_scheduler() if blocking else None
        if scheduler is None:
            return self._real.acquire(blocking, timeout)
        ends = None if timeout < 0 else scheduler.clock.after(timeout)
        while scheduler.wait_until(lambda: not self._real.locked(), ends):
            if self._real.acquire(False):
                return True
        return self._real.acquire(False)

    def release(self) -> None:
        """Release as `threading.Lock` does."""
        self._real.release()

    def locked(self) -> bool:
        """Return True while it is held, as `threading.Lock` does."""
        return self._real.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._real = _real_lock()


class Lock:
    """Stands in for `threading.Lock`, which is a class from Python 3.13 on."""

    def __new__(cls) -> Any:
        """Return a lock of the calling thread's kind."""
        return _real_lock() if current_scheduler() is None else ScheduledLock()


class ScheduledRLock(threading._PyRLock):  # type: ignore[name-defined, misc]
    """A re-entrant lock that waits under the scheduler. It says that it is the system's own, which trio checks."""

    __module__ = "_thread"

    def __init__(self) -> None:
        super().__init__()
        self._block = ScheduledLock()


class RLock:
    """Stands in for `threading.RLock`."""

    def __new__(cls) -> Any:
        """Return a re-entrant lock of the calling thread's kind."""
        return _real_rlock() if current_scheduler() is None else ScheduledRLock()


class SimpleQueue:
    """Stands in for `queue.SimpleQueue`, on which thread pools wait."""

    def __new__(cls) -> Any:
        """Return a queue of the calling thread's kind."""
        return _real_simple_queue() if current_scheduler() is None else queue._PySimpleQueue()  # type: ignore[attr-defined]

    def __class_getitem__(cls, item: object) -> type[SimpleQueue]:
        return cls


def start(thread: threading.Thread) -> None:
    """Stand in for `Thread.start`: a thread that a scheduled thread starts is a scheduled thread too."""
    scheduler = current_scheduler()
    if scheduler is None:
        _real_start(thread)
        return
    thread.run = scheduler.adopt(_telling_when_scheduled(thread))  # type: ignore[method-assign]
    # The new thread reports that it runs before it is scheduled, so the caller cannot wait for that in its turn.
    with off_schedule():
        _real_start(thread)


def _telling_when_scheduled(thread: threading.Thread) -> Callable[[], None]:
    """Return the thread's `run` with a handler that reports its exception under the scheduler, as the client's own output."""
    run = thread.run

    def tell() -> None:
        try:
            run()
        except (Abandoned, SystemExit):
            raise
        except BaseException as error:
            trace = error.__traceback__
            while trace is not None and trace.tb_frame.f_globals.get("__name__") in {__name__, "threading"}:
                trace = trace.tb_next
            error.__traceback__ = trace  # the client's own frames
            threading.excepthook(threading.ExceptHookArgs((type(error), error, trace, thread)))

    return tell


def any_left() -> bool:
    """Return True if a thread that a client started still runs."""
    return any(isinstance(thread.run, AdoptedThread) for thread in threading.enumerate())


def join(thread: threading.Thread, timeout: float | None = None) -> None:
    """Stand in for `Thread.join`: a scheduled thread waits for another in virtual time."""
    scheduler, part = current_scheduler(), thread.run
    if scheduler is None or not isinstance(part, AdoptedThread):
        _real_join(thread, timeout)
        return
    ends = None if timeout is None else scheduler.clock.after(timeout)
    if scheduler.wait_until(part.is_over, ends):
        _real_join(thread)
