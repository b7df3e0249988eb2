"""Keeps the threads of a client on one core. They run one at a time, so moving between cores only costs cache misses."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

Conduct = Callable[[Callable[[], None]], None]
"""Calls its argument in another thread, and waits for the end unless the client is given up."""

_current: Callable[[], int] | None = None
if sys.platform == "linux":
    _current = getattr(ctypes.CDLL(None), "sched_getcpu", None)


def on_one_core(conduct: Conduct, body: Callable[[], None]) -> None:
    """Let `conduct` call `body` in a thread that stays on its core from now on, with the threads that `body` starts.

    The calling thread is on that core too while it waits. Between two calls the system may move it. If the system cannot pin
    threads, `conduct` is called and nothing else happens.
    """
    waiting, cores = threading.get_native_id(), _allowed()

    def conducted() -> None:
        if _current is not None and cores:
            here = {_current()}
            _allow(0, here)
            _allow(waiting, here)
        try:
            body()
        finally:
            _allow(waiting, cores)

    try:
        conduct(conducted)
    except BaseException:  # the thread may never end
        _allow(waiting, cores)
        raise


def _allowed() -> set[int]:
    """Return the cores that the calling thread may use; an empty set for only one, or if the system does not say."""
    if _current is not None:
        with suppress(OSError):
            cores = os.sched_getaffinity(0)
            return cores if len(cores) > 1 else set()
    return set()


def _allow(thread: int, cores: set[int]) -> None:
    """Restrict a thread (by its native id, 0: the calling one) to these cores; do nothing if `cores` is empty."""
    if cores:
        with suppress(OSError):
            os.sched_setaffinity(thread, cores)
