"""The threads of a client under a scheduler. A thread can ask which scheduled thread it is."""

from __future__ import annotations

import gc
import platform
import sys
import threading
from _thread import allocate_lock
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

from contracts.clients.common import TARGET_PREFIX

if TYPE_CHECKING:
    from contracts.clients.scheduler import Scheduler

PATIENT_TURNS = 3
"""Turns to wait for a scheduled thread that blocks outside the scheduler, before it counts as gone."""

LOOKS = 3
"""Times a thread must be found waiting. A thread that computes also waits for the interpreter now and then, even for this
one."""

COLLECTIONS, MOMENT = 200, 0.0005
"""Times that a thread may be found collecting garbage before it is interrupted, and the seconds of real time between."""

_FUTEX = {"x86_64": "202", "aarch64": "98"}.get(platform.machine(), "")
_FUTEX_TIMEOUT = 4
"""The system call on which locks wait, and the index of its timeout in /proc/…/syscall."""

_own = threading.local()


class Abandoned(BaseException):
    """Raised in a client's threads after the client was given up. It is not an Exception, so that no retry loop swallows it."""


class ScheduledThread:
    """One thread under a scheduler. If it does not run, it waits at `gate` until `ready` returns True or the clock reaches
    `until`."""

    def __init__(self, *, is_message: bool = False) -> None:
        self.is_message = is_message
        """True for the thread that was asked to send, False for a thread that the client started."""
        self.gate = allocate_lock()
        self.gate.acquire()
        self.ready: Callable[[], bool] | None = always
        self.until: int | None = None
        self.running = False
        self.files: Iterable[Any] = ()
        """The files, or their descriptors, on which it waits."""
        self.outside = False
        """True if it waits for something that happens in real time, for example in another process."""
        self.delivering = False
        """True while it waits in real time for bytes that the system has taken and not brought yet."""
        self.missed = 0
        """The turns that went by while it ran without a sign of life."""
        self._thread = 0
        self._native = 0

    @property
    def native(self) -> int:
        """The system's number of its thread, 0 before that has begun."""
        return self._native

    @property
    def lost(self) -> bool:
        """True if it blocks on something that the scheduler does not know. It may come back at any moment."""
        return 0 < self.missed <= PATIENT_TURNS

    def can_go_on(self, now: int) -> bool:
        """Return True if it waits only for its turn."""
        if self.running:
            return False
        return (self.until is not None and self.until <= now) or (self.ready is not None and self.ready())

    def may_go_on(self, now: int) -> bool:
        """Return True if its turn comes without help from another scheduled thread, now or later."""
        return not self.running and (self.until is not None or self.can_go_on(now))

    def is_blocked(self) -> bool:
        """Return True if it runs but waits for something other than a processor or a delivery, as far as the system shows."""
        return not self.delivering and all(self._seems_blocked() for _ in range(LOOKS))

    def _seems_blocked(self) -> bool:
        try:
            status = Path(f"/proc/self/task/{self._native}/stat").read_bytes()
        except OSError:
            return True  # the system does not show it
        return status.rpartition(b") ")[2].startswith(b"S")

    def waits_in_real_time(self) -> bool:
        """Return True if it runs, and waits for something other than a lock without a timeout, which another thread will
        release.

        A thread that has not begun, or has ended, waits only for a processor. If the system does not show it, return True.
        """
        if self._thread not in sys._current_frames():
            return False
        try:
            call = Path(f"/proc/self/task/{self._native}/syscall").read_text(encoding="ascii").split()
        except (OSError, ValueError):
            return True
        is_computing, is_lock = call[0] == "running", call[0] == _FUTEX
        return not is_computing and not (is_lock and call[_FUTEX_TIMEOUT] == "0x0")

    def place(self) -> str:
        """Return the name of the function that it is in."""
        frame = sys._current_frames().get(self._thread)
        if frame is None:
            return "?"
        module = str(frame.f_globals.get("__name__", "?")).removeprefix(TARGET_PREFIX)
        return f"{module}.{getattr(frame.f_code, 'co_qualname', frame.f_code.co_name)}"

    def is_me(self) -> bool:
        """Return True if it runs in the calling thread."""
        return self.running and self._thread == threading.get_ident()

    def go(self) -> None:
        """Let it run."""
        self.running = True
        self.gate.release()

    def enter(self, scheduler: Scheduler) -> None:
        """Make the calling thread this scheduled thread, and wait for its first turn."""
        _own.scheduler, _own.scheduled = scheduler, self
        self._thread, self._native = threading.get_ident(), threading.get_native_id()
        self.gate.acquire()

    def leave(self) -> None:
        """Make the calling thread an ordinary one again."""
        _own.scheduler = _own.scheduled = None

    def interrupt(self) -> None:
        """End it: now if it waits, else as soon as it runs Python code again."""
        import ctypes

        if self.running:
            for _ in range(COLLECTIONS):
                if not self._collects_garbage():
                    break
                sleep(MOMENT)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(Abandoned))
        else:
            self.gate.release()

    def _collects_garbage(self) -> bool:
        """Return True if it is in a callback of the garbage collector, where Python ignores an exception."""
        callbacks = [getattr(callback, "__code__", None) for callback in gc.callbacks]
        frame = sys._current_frames().get(self._thread)
        while frame is not None and frame.f_code not in callbacks:
            frame = frame.f_back
        return frame is not None


def always() -> bool:
    """Return True: ready at any time."""
    return True


def current_scheduler() -> Scheduler | None:
    """Return the scheduler of the calling thread, or None."""
    return getattr(_own, "scheduler", None)


def current_scheduled() -> ScheduledThread:
    """Return the scheduled thread of the calling thread, which must be under a scheduler."""
    scheduled: ScheduledThread = _own.scheduled
    return scheduled


def leave_in_child() -> None:
    """Take a forked child outside the scheduler. Only the parent stays on it."""
    _own.scheduler = None


@contextmanager
def off_schedule() -> Iterator[None]:
    """Make the calling thread an ordinary one for a moment, which must be short."""
    scheduler = current_scheduler()
    _own.scheduler = None
    try:
        yield
    finally:
        _own.scheduler = scheduler
