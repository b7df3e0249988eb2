"""Threads of a client that run on a stage, and how a thread knows that it does."""

from __future__ import annotations

import ctypes
import platform
import sys
import threading
from _thread import allocate_lock
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.clients.target import TARGET_PREFIX

if TYPE_CHECKING:
    from contracts.clients.stage import Stage

PATIENT_TURNS = 3
"""How many turns wait for an actor that blocks on something else than the stage, before it is taken for gone."""

LOOKS = 3
"""How often a thread has to be found waiting: who computes waits for the interpreter now and then, for this one's sake even."""

_FUTEX = {"x86_64": "202", "aarch64": "98"}.get(platform.machine(), "")
_FUTEX_TIMEOUT = 4
"""The system call on which locks wait, and the place of its timeout among the words of /proc/…/syscall."""

_own = threading.local()


class Abandoned(BaseException):
    """Raised in a client's threads once the client was given up: not an Exception, so that no retry loop swallows it."""


class Actor:
    """One thread on a stage. When it does not run it waits at `gate`, until `ready` says yes or the clock reaches `until`."""

    def __init__(self, *, is_message: bool = False) -> None:
        self.is_message = is_message
        """Whether it is the thread that was asked to send, and not one that the client has started."""
        self.gate = allocate_lock()
        self.gate.acquire()
        self.ready: Callable[[], bool] | None = always
        self.until: int | None = None
        self.running = False
        self.outside = False
        """Whether it waits for something that happens in real time, in another process say."""
        self.missed = 0
        """How many turns went by while it ran and showed nothing."""
        self._thread = 0
        self._native = 0

    @property
    def lost(self) -> bool:
        """Whether it blocks on something the stage does not know, and may come back any moment."""
        return 0 < self.missed <= PATIENT_TURNS

    def can_go_on(self, now: int) -> bool:
        """Whether it is waiting for nothing but its turn."""
        if self.running:
            return False
        return (self.until is not None and self.until <= now) or (self.ready is not None and self.ready())

    def may_go_on(self, now: int) -> bool:
        """Whether its turn comes by itself, now or later."""
        return not self.running and (self.until is not None or self.can_go_on(now))

    def is_blocked(self) -> bool:
        """Whether it runs, but waits for something: not for a processor, as far as the system tells."""
        return all(self._seems_blocked() for _ in range(LOOKS))

    def _seems_blocked(self) -> bool:
        try:
            status = Path(f"/proc/self/task/{self._native}/stat").read_bytes()
        except OSError:
            return True  # nobody tells
        return status.rpartition(b") ")[2].startswith(b"S")

    def waits_in_real_time(self) -> bool:
        """Whether it runs, and waits for something else than a lock without a timeout, which another thread is to release.

        A thread that has not begun, or has ended, waits for a processor alone. If the system does not tell, it does.
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
        """The function it is in."""
        frame = sys._current_frames().get(self._thread)
        if frame is None:
            return "?"
        module = str(frame.f_globals.get("__name__", "?")).removeprefix(TARGET_PREFIX)
        return f"{module}.{frame.f_code.co_qualname}"

    def is_me(self) -> bool:
        """Whether it runs in the calling thread."""
        return self.running and self._thread == threading.get_ident()

    def go(self) -> None:
        """Lets it run."""
        self.running = True
        self.gate.release()

    def enter(self, stage: Stage) -> None:
        """The calling thread becomes this actor, and waits for its first turn."""
        _own.stage, _own.actor = stage, self
        self._thread, self._native = threading.get_ident(), threading.get_native_id()
        self.gate.acquire()

    def leave(self) -> None:
        """The calling thread is an ordinary one again."""
        _own.stage = _own.actor = None

    def interrupt(self) -> None:
        """Ends it: now, where it waits, else as soon as it runs Python code again."""
        if self.running:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(Abandoned))
        else:
            self.gate.release()


def always() -> bool:
    """Is ready at any time."""
    return True


def current_stage() -> Stage | None:
    """The stage the calling thread is on."""
    return getattr(_own, "stage", None)


def current_actor() -> Actor:
    """The actor the calling thread is; to be asked on a stage alone."""
    actor: Actor = _own.actor
    return actor


def leave_in_child() -> None:
    """Of a client that forks, only the parent stays on its stage."""
    _own.stage = None


@contextmanager
def off_stage() -> Iterator[None]:
    """Lets the calling thread be an ordinary one for a moment that is bound to be short."""
    stage = current_stage()
    _own.stage = None
    try:
        yield
    finally:
        _own.stage = stage
